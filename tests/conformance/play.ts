/** Plays a scenario on a switch and writes down what can be seen of it. */
import { receive, type Sent, type SwitchUnderTest } from '../core/switch-under-test.ts';
import type { TableRow } from '../model/stations.ts';
import type { EventStep, Scenario } from './scenario.ts';

export interface Outcome {
  /** One for each step; an event has no verdict, and what leaves then are announcements (R14). */
  readonly steps: readonly {
    readonly verdict: string | null;
    readonly out: readonly { readonly port: string; readonly frame: string }[];
  }[];
  /** By step: the table after it, at every event and where the scenario tells it. */
  readonly fdb: ReadonlyMap<number, readonly TableRow[]>;
}

export function play(scenario: Scenario, sut: SwitchUnderTest): Outcome {
  const steps: Outcome['steps'][number][] = [];
  const fdb = new Map<number, readonly TableRow[]>();
  const asked = new Set(scenario.fdb.map((each) => each.after_step));
  const hexOf = (sent: readonly Sent[]) =>
    sent.map(({ port, bytes }) => ({ port, frame: Buffer.from(bytes).toString('hex') }));
  for (const [index, step] of scenario.steps.entries()) {
    const timeNs = BigInt(step.at_ms) * 1_000_000n;
    if ('event' in step) {
      sut.advance(timeNs);
      happen(sut, step);
      steps.push({ verdict: null, out: hexOf(sut.advance(timeNs)) });
    } else {
      const { verdict, copies } = receive(sut, step.port, Buffer.from(step.frame, 'hex'), timeNs);
      steps.push({ verdict, out: hexOf(copies) });
    }
    if ('event' in step || asked.has(index)) fdb.set(index, sut.table(timeNs));
  }
  return { steps, fdb };
}

function happen(sut: SwitchUnderTest, { event, port, vlan = 0, mac, on }: EventStep): void {
  if (event === 'flush') sut.flush(port);
  else if (event === 'link-down') sut.setLink(port!, false);
  else if (event === 'link-up') sut.setLink(port!, true);
  else if (event === 'set-active') sut.setActive(port!);
  else if (event === 'port-vlan') sut.setPortVlan(port!, { mode: 'access', vid: vlan });
  else if (event === 'set-static') sut.setStatic(vlan, mac!, on!);
  else if (event === 'del-static') sut.deleteStatic(vlan, mac!);
  else if (event !== 'age') throw new Error(`no event ${event}`); // in `age` nothing but the clock moves
}
