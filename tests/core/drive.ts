/** Takes the reference model and other switches through the same steps, side by side, and shows what each of them did. */
import type { ReferenceConfig, ReferencePort } from '../model/config.ts';
import type { Reception } from '../model/reference.ts';
import { batchOf, type ModelUnderTest } from '../model/under-test.ts';
import type { Gap, Life, Step } from './arbitraries.ts';
import { Cast, operation, pick } from './cast.ts';
import { frameOf } from './frames.ts';
import type { Batch, Sent, SwitchUnderTest } from './switch-under-test.ts';

const secondNs = 1_000_000_000n;
const lockNs = 5n * secondNs;

/** Frames that came in together, what the model made of each, and what each switch showed of them, the model first. */
export interface Arrival {
  readonly step: Step;
  readonly port: string;
  readonly frames: readonly Uint8Array[];
  readonly timeNs: bigint;
  /** The ports as they are now. */
  readonly ports: readonly ReferencePort[];
  readonly receptions: readonly Reception[];
  readonly batches: readonly Batch[];
}

/** What an operator or a guest did, and what each switch sent of itself on that, the model first. */
export interface Happening {
  readonly step: Step;
  readonly timeNs: bigint;
  readonly sent: readonly (readonly Sent[])[];
}

export interface Watcher {
  arrived?(arrival: Arrival): void;
  happened?(happening: Happening): void;
}

/** Tells `watcher` of each step. Returns how many frames came in. */
export function drive(
  { config, steps }: Life,
  model: ModelUnderTest,
  others: readonly SwitchUnderTest[],
  watcher: Watcher,
): number {
  const cast = new Cast(config);
  let nowNs = 1_000_000n;
  let frameCount = 0;
  let lastOut: Sent | undefined; // the last copy that left by an uplink

  const arrive = (step: Step, port: string, frames: readonly Uint8Array[]) => {
    const receptions = model.receiveEach(port, frames, nowNs);
    const batches = [batchOf(receptions), ...others.map((each) => each.receiveAll(port, frames, nowNs))];
    for (const sent of batches[0]!.copies) if (cast.uplinks.includes(sent.port)) lastOut = sent;
    frameCount += frames.length;
    watcher.arrived?.({ step, port, frames, timeNs: nowNs, ports: cast.ports, receptions, batches });
  };
  const pass = (gap: Gap) => {
    nowNs += lengthOf(gap, config);
  };

  for (const step of steps) {
    if (step.do === 'frames') {
      pass(step.gap);
      const port = pick(config.ports, step.port).name;
      const frames = step.frames.map((frame, i) => frameOf(cast.spell(frame, port), frameCount + i));
      const bursts = cast.hearsTogether ? [frames] : frames.map((frame) => [frame]);
      for (const [i, burst] of bursts.entries()) {
        if (i > 0) nowNs += 1n;
        arrive(step, port, burst);
      }
    } else if (step.do === 'everywhere') {
      pass(step.gap);
      const { uplinks } = cast;
      const frame = uplinks.length === 0 ? undefined : frameOf(cast.spell(step.frame, uplinks[0]!), frameCount);
      for (const [i, uplink] of uplinks.entries()) {
        if (i > 0) nowNs += 1n;
        arrive(step, uplink, [frame!]);
      }
    } else if (step.do === 'reflect') {
      const ways = cast.uplinks.filter((uplink) => uplink !== lastOut?.port);
      if (lastOut === undefined || ways.length === 0) continue;
      pass(step.gap);
      arrive(step, pick(ways, step.port), [lastOut.bytes]);
    } else {
      const all = [model, ...others];
      all.forEach(operation(step, cast));
      const sent = all.map((each) => each.advance(nowNs));
      lastOut = sent[0]!.at(-1) ?? lastOut;
      watcher.happened?.({ step, timeNs: nowNs, sent });
    }
  }
  return frameCount;
}

function lengthOf(gap: Gap, { ageNs, rpfGraceMs }: ReferenceConfig): bigint {
  if (!('after' in gap)) return BigInt(gap.ns);
  const times = { ageing: ageNs, lock: lockNs, grace: BigInt(Math.max(rpfGraceMs, 1)) * 1_000_000n, second: secondNs };
  return times[gap.after] + BigInt(gap.ns);
}
