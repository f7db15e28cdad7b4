/** Plays a scenario on a switch and writes down what can be seen of it. */
import type { SwitchUnderTest } from '../core/switch-under-test.ts';
import type { TableRow } from '../model/reference.ts';
import { type EventStep, playableSteps, type Scenario } from './scenario.ts';

export interface Outcome {
  /** One for each step played; an event has no verdict and sends nothing. */
  readonly steps: readonly {
    readonly verdict: string | null;
    readonly out: readonly { readonly port: string; readonly frame: string }[];
  }[];
  /** By step: the table after it, where the scenario tells it. */
  readonly fdb: ReadonlyMap<number, readonly TableRow[]>;
}

export function play(scenario: Scenario, sut: SwitchUnderTest): Outcome {
  const steps: Outcome['steps'][number][] = [];
  const fdb = new Map<number, readonly TableRow[]>();
  const asked = new Set(scenario.fdb.map((each) => each.after_step));
  for (const [index, step] of scenario.steps.slice(0, playableSteps(scenario)).entries()) {
    const timeNs = BigInt(step.at_ms) * 1_000_000n;
    if ('event' in step) {
      sut.table(timeNs); // sets its clock
      happen(sut, step);
      steps.push({ verdict: null, out: [] });
    } else {
      const { verdict, copies } = sut.receive(step.port, Buffer.from(step.frame, 'hex'), timeNs);
      const out = copies.map(({ port, bytes }) => ({ port, frame: Buffer.from(bytes).toString('hex') }));
      steps.push({ verdict, out });
    }
    if (asked.has(index)) fdb.set(index, sut.table(timeNs));
  }
  return { steps, fdb };
}

function happen(sut: SwitchUnderTest, { event, port, vlan = 0, mac, on }: EventStep): void {
  if (event === 'flush') sut.flush(port);
  else if (event === 'link-down') sut.setLink(port!, false);
  else if (event === 'link-up') sut.setLink(port!, true);
  else if (event === 'set-static') sut.setStatic(vlan, mac!, on!);
  else if (event === 'del-static') sut.deleteStatic(vlan, mac!);
  else if (event !== 'age') throw new Error(`no event ${event}`); // in `age` nothing but the clock moves
}
