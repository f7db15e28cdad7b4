/**
 * What happens in a plot, as rows:
 *
 *     a > all              VM a sends a broadcast; the row tells who gets how many copies: `b c×2 x`
 *     y as a > all rarp    where y is, a frame of a's enters, with this payload (frames.ts names them)
 *     -u1, +u1             a cable is pulled, or plugged; tells nothing
 *     forget tor           the physical switch forgets what it has learned; tells nothing
 *     table v              tells who stands in a table: `a@a x@uplink`
 *     moves tor            tells who moved from port to port there: `a:1>2`
 */
import { type FrameSpec, frameOf } from '../core/frames.ts';
import type { Stage } from './clocks.ts';
import { addresses, type Name, placeOf, stations } from './network.ts';

/** What happens, what the sentence promises, and what comes of it without the rule where that is something else. */
export type Step = readonly [what: string, promised?: string, without?: string];

const names = new Map(Object.entries(addresses).map(([name, address]) => [address as string, name]));
const sentence = /^(?<at>\w+)(?: as (?<src>\w+))? > (?<dst>\w+)(?: (?<payload>.+))?$/;

let sent = 0;

/** Tells each step of a story in plot `n` on the stage. */
export async function tell(stage: Stage, n: number, steps: readonly Step[]): Promise<string[]> {
  const told: string[] = [];
  for (const [what] of steps) told.push(`${what}: ${await happen(stage, n, what)}`);
  return told;
}

/** What `tell` has to say when the sentence is true, and without the rule. */
export function script(steps: readonly Step[], isOn: boolean): string[] {
  return steps.map(([what, promised = '', without = promised]) => `${what}: ${isOn ? promised : without}`);
}

async function happen(stage: Stage, n: number, what: string): Promise<string> {
  if (/^[+-]/.test(what)) {
    await stage.setLink(placeOf(what.slice(1), n), what.startsWith('+'));
    return '';
  }
  const [verb, owner] = what.split(' ');
  if (verb === 'forget') {
    await stage.network.flush({ switch: `${owner}${n}` });
    return '';
  }
  if (verb === 'table') return tableOf(stage, `h${n}/${owner}`);
  if (verb === 'moves') return movesAt(stage, `${owner}${n}`);
  const { at, src = at, dst, payload } = sentence.exec(what)!.groups!;
  const bytes = frame(src as Name, dst as Name, payload as FrameSpec['payload'] | undefined);
  return recipients(await stage.send([placeOf(at!, n), bytes]), n);
}

/** A frame with a number in it that no other has. */
export function frame(src: Name, dst: Name, payload: FrameSpec['payload'] = 'ip'): Uint8Array {
  return frameOf({ dst: addresses[dst], src: addresses[src], tags: [], payload }, ++sent);
}

/** `a b×2`: who got a copy, and how many. */
function recipients(ports: readonly string[], n: number): string {
  const nameAt = new Map(stations.map((name) => [placeOf(name, n), name]));
  const counts = new Map<string, number>();
  for (const port of ports) {
    const name = nameAt.get(port) ?? port;
    counts.set(name, (counts.get(name) ?? 0) + 1);
  }
  return [...counts].map(([name, count]) => (count === 1 ? name : `${name}×${count}`)).join(' ');
}

const localName = (port: string) => port.slice(port.indexOf('/') + 1);

function tableOf({ network }: Stage, name: string): string {
  return network
    .macTable(name)
    .map(({ mac, port }) => `${names.get(mac)}@${localName(port)}`)
    .join(' ');
}

function movesAt({ network }: Stage, name: string): string {
  return network
    .moves(name)
    .map(({ mac, from, to }) => `${names.get(mac)}:${localName(from)}>${localName(to)}`)
    .join(' ');
}
