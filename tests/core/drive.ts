/** Takes switches through the same steps, side by side, and shows what each of them did. */
import type { TableRow } from '../model/reference.ts';
import type { Gap, Life, Step } from './arbitraries.ts';
import { frameOf } from './frames.ts';
import type { SwitchUnderTest } from './switch-under-test.ts';

const lockNs = 5_000_000_000n;

export interface Received {
  readonly port: string;
  readonly bytes: Uint8Array;
}

export interface Shown {
  readonly verdict: string | null;
  /** `port hex`, sorted: a multiset. */
  readonly copies: readonly string[];
  readonly table: readonly string[];
}

/** Tells `see` of each step, what was received in it if anything, and what each switch showed. */
export function drive(
  { config, steps }: Life,
  switches: readonly SwitchUnderTest[],
  see: (step: Step, received: Received | null, shown: readonly Shown[]) => void,
): void {
  const names = config.ports.map((port) => port.name);
  const uplinks = config.ports.filter((port) => port.kind === 'uplink').map((port) => port.name);
  const local = names.filter((name) => !uplinks.includes(name));
  const pick = (list: readonly string[], index: number) => list[index % list.length]!;
  let nowNs = 1_000_000n;
  let sent: Received | undefined; // the last copy that left by an uplink

  const showAll = (replies: readonly ReturnType<SwitchUnderTest['receive']>[]) =>
    switches.map((each, i) => ({
      verdict: replies[i]?.verdict ?? null,
      copies: (replies[i]?.copies ?? [])
        .map(({ port, bytes }) => `${port} ${Buffer.from(bytes).toString('hex')}`)
        .sort(),
      table: each.table(nowNs).map(written).sort(),
    }));
  const receive = (step: Step, received: Received, gap: Gap) => {
    nowNs += lengthOf(gap, config.ageNs);
    const replies = switches.map((each) => each.receive(received.port, received.bytes, nowNs));
    for (const { port, bytes } of replies[0]!.copies) if (uplinks.includes(port)) sent = { port, bytes };
    see(step, received, showAll(replies));
  };

  for (const [id, step] of steps.entries()) {
    if (step.do === 'frame') {
      receive(step, { port: pick(names, step.port), bytes: frameOf(step.frame, id) }, step.gap);
      continue;
    }
    if (step.do === 'reflect') {
      const others = uplinks.filter((uplink) => uplink !== sent?.port);
      if (sent !== undefined && others.length > 0) {
        receive(step, { port: pick(others, step.port), bytes: sent.bytes }, step.gap);
      }
      continue;
    }
    for (const each of switches) {
      if (step.do === 'link') each.setLink(pick(names, step.port), step.up);
      else if (step.do === 'flush') each.flush(step.port === null ? undefined : pick(names, step.port));
      else if (step.do === 'bind') each.setStatic(step.vid, step.mac, pick(local, step.port));
      else each.deleteStatic(step.vid, step.mac);
    }
    see(step, null, showAll([]));
  }
}

function lengthOf(gap: Gap, ageNs: bigint): bigint {
  if (!('after' in gap)) return BigInt(gap.ns);
  return (gap.after === 'ageing' ? ageNs : lockNs) + BigInt(gap.ns);
}

function written({ vlan, mac, port, static: bound }: TableRow): string {
  return `${vlan} ${mac} ${port}${bound ? ' static' : ''}`;
}
