/**
 * Replay: the frames of capture files enter a network at their capture times, on the virtual clock.
 *
 * Files are read as streams and merged by time; at one instant frames go in order of port, then of the file's place in the
 * list. The network runs up to just before the next frame that has not been fed yet, so that nothing overtakes it.
 */
import { type CapturedFrame, CaptureError, readCapture } from '../capture/read.ts';
import type { Network } from '../engine/network.ts';
import { NetworkError, TIME_NS_MAX } from '../engine/options.ts';
import type { PortName } from '../topology/model.ts';
import { LoopGuard } from './loop.ts';

export interface ReplayInput {
  readonly port: PortName;
  readonly file: string;
}

export interface ReplayOptions {
  readonly inputs: readonly ReplayInput[];
  /** Goes on after what is wrong in a file, telling it to `onProblem`; else the first problem is thrown as a CaptureError. */
  readonly keepGoing?: boolean;
  readonly onProblem?: (problem: CaptureError) => void;
  /** How far to run, ns from the first frame. Default: until nothing is on its way any more. */
  readonly untilNs?: bigint;
  /** Asked now and then; true ends the replay early. */
  readonly shouldStop?: () => boolean;
}

export interface ReplayResult {
  readonly frames: number;
  /** Frames whose time was before the one before them in their file; they entered at that one's time. */
  readonly outOfOrder: number;
  /** Frames that the capture held only in part; they entered as short as they were captured. */
  readonly cutShort: number;
}

/** Frames fed before the network runs on. */
const FEED_MAX = 512;
/** Events between two looks at whether a network goes round in a loop. */
const EVENTS_AT_ONCE = 4096;
const YIELD_EVERY = 64;
const LOOKS_A_YIELD = 16;

/** The capture time of the first frame of all inputs, ns since 1970; null when they hold none. */
export function firstTimeNs(inputs: readonly ReplayInput[], options: Pick<ReplayOptions, 'keepGoing'>): bigint | null {
  let first: bigint | null = null;
  for (const { file } of inputs) {
    const frames = readCapture(file, { keepGoing: options.keepGoing ?? false });
    const { value } = frames.next();
    frames.return();
    if (value !== undefined && (first === null || value.timeNs < first)) first = value.timeNs;
  }
  return first;
}

/** One input file, with the frame that is next. */
class Source {
  readonly port: PortName;
  readonly place: number;
  readonly #frames: Generator<CapturedFrame, void, undefined>;
  readonly #originNs: bigint;
  next: CapturedFrame | null = null;
  /** When `next` enters, ns from the first frame of all. */
  timeNs = 0n;
  outOfOrder = 0;
  cutShort = 0;

  constructor(input: ReplayInput, place: number, originNs: bigint, options: ReplayOptions) {
    this.port = input.port;
    this.place = place;
    this.#originNs = originNs;
    const onProblem = options.onProblem === undefined ? {} : { onProblem: options.onProblem };
    this.#frames = readCapture(input.file, { keepGoing: options.keepGoing ?? false, ...onProblem });
    this.advance();
  }

  advance(): void {
    const { value } = this.#frames.next();
    this.next = value ?? null;
    if (this.next === null) return;
    const time = this.next.timeNs - this.#originNs;
    if (time < this.timeNs) this.outOfOrder++;
    else this.timeNs = time;
    if (this.timeNs > TIME_NS_MAX) {
      throw new NetworkError(
        `the captures are more than 52 days apart, further than the virtual clock goes; replay them one by one`,
      );
    }
    if (this.next.originalLength > this.next.bytes.length) this.cutShort++;
  }

  close(): void {
    this.#frames.return();
  }
}

/** Feeds all inputs into a network on the virtual clock in this thread, whose `injectAt` names their ports, and runs it. */
export async function replay(network: Network, originNs: bigint, options: ReplayOptions): Promise<ReplayResult> {
  const order = new Map(network.ports().map((port, i) => [port.name, i]));
  const sources = options.inputs.map(
    (input, i) => new Source(input, (order.get(input.port) ?? 0) * 65_536 + i, originNs, options),
  );
  sources.sort((a, b) => a.place - b.place);
  const until = options.untilNs ?? TIME_NS_MAX;
  let frames = 0;
  try {
    for (let round = 0; ; round++) {
      const fed = feed(network, sources, until);
      frames += fed;
      const next = earliest(sources);
      if (next === null || next.timeNs > until) break;
      // When nothing could be fed, the queue is full of frames of this very instant.
      const to = fed === 0 ? next.timeNs : next.timeNs - 1n;
      if (to >= 0n && !(await runTo(network, to, options))) break;
      if (round % YIELD_EVERY === 0 && (await interrupted(options))) return summary(sources, frames);
    }
    await settle(network, options);
  } catch (problem) {
    // What came in before the place at fault is forwarded to its end, so that the captures show it.
    if (problem instanceof CaptureError) await settle(network, options);
    throw problem;
  } finally {
    for (const source of sources) source.close();
  }
  return summary(sources, frames);
}

function summary(sources: readonly Source[], frames: number): ReplayResult {
  const sum = (of: (source: Source) => number): number => sources.reduce((total, source) => total + of(source), 0);
  return { frames, outOfOrder: sum((s) => s.outOfOrder), cutShort: sum((s) => s.cutShort) };
}

/** The source whose frame is next; sources stand in order of port, so that the first of equals is right. */
function earliest(sources: readonly Source[]): Source | null {
  let first: Source | null = null;
  for (const source of sources) {
    if (source.next !== null && (first === null || source.timeNs < first.timeNs)) first = source;
  }
  return first;
}

/** Lets frames enter until a port's queue is full; returns how many did. */
function feed(network: Network, sources: readonly Source[], until: bigint): number {
  let fed = 0;
  for (
    let source = earliest(sources);
    source !== null && fed < FEED_MAX && source.timeNs <= until;
    source = earliest(sources)
  ) {
    if (!network.inject(source.port, source.next!.bytes, source.timeNs)) return fed;
    fed++;
    source.advance();
  }
  return fed;
}

/** Runs up to an instant; false when the user has had enough. A network that never gets there is a loop. */
async function runTo(network: Network, timeNs: bigint, options: ReplayOptions): Promise<boolean> {
  const guard = new LoopGuard(network);
  for (let looks = 1; !network.advance(timeNs, EVENTS_AT_ONCE); looks++) {
    guard.onEvents(EVENTS_AT_ONCE);
    if (looks % LOOKS_A_YIELD === 0 && (await interrupted(options))) return false;
  }
  return true;
}

/** Runs to the end that was asked for, or until nothing moves any more. */
async function settle(network: Network, options: ReplayOptions): Promise<void> {
  if (options.untilNs !== undefined) return void (await runTo(network, options.untilNs, options));
  const guard = new LoopGuard(network);
  let steps = 0;
  for (let next = network.nextEventNs(); next !== null; next = network.nextEventNs()) {
    guard.onStep();
    if (!(await runTo(network, next, options))) return;
    if (++steps % LOOKS_A_YIELD === 0 && (await interrupted(options))) return;
  }
}

async function interrupted(options: ReplayOptions): Promise<boolean> {
  await new Promise((resolve) => setImmediate(resolve));
  return options.shouldStop?.() ?? false;
}
