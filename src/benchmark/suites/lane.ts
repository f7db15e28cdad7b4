/**
 * One size of frames on a bed of its own: what 100 % is there, and trials that count (counted.ts).
 */
import type { PortName, Topology } from '../../topology/model.ts';
import type { Bed, BedOptions, Flow, TrialOptions } from '../bed.ts';
import { flowsOf } from '../flows.ts';
import { Reach, vnicsOf } from '../reach.ts';
import { type FrameMix, parseSizes } from '../sizes.ts';
import type { SuiteContext } from '../suite.ts';
import { type Attempt, attempt, highestRate } from './counted.ts';
import { type Draft, short, sizeOf, sizeText } from './draft.ts';
import { crosses, leastMtu, mediaOf } from './media.ts';

/** Latencies taken on the wall clock, a second: enough for p99.9 of a short trial, too few to be felt. */
const STAMPS_PER_SECOND = 20_000;
/** Header and FCS of an untagged frame. */
const FRAMING_BYTES = 18;
/** Frames/s of the idle load: each is gone long before the next one. */
const IDLE_RATE = 1000;

/** Durations that do not depend on the test. Seconds. */
export interface Pace {
  /** Of a trial while searching. */
  readonly search: number;
  readonly final: number;
  /** How near the bounds of a search come, frames/s. */
  readonly resolution: number;
}

export interface Lane {
  readonly context: SuiteContext;
  readonly mix: FrameMix;
  readonly bed: Bed;
  /** 100 %, frames/s over all flows. */
  readonly maximum: number;
  /** Theoretical maximum of the way, frames/s; null: no media limit. */
  readonly line: number | null;
  readonly pace: Pace;
  /** The trial that counts; `draft` keeps all of them. `isOnce`: a load that was not reached is not tried again. */
  offer(draft: Draft, options: TrialOptions, isOnce?: boolean): Promise<Attempt>;
}

/** What is known of a size once it has been looked at, for the suite's later tests. */
export interface Known {
  maximum?: number;
  line?: number | null;
  /** null: no load passed. */
  throughput?: number | null;
}

/** What flows depend on. */
type Asked = Pick<SuiteContext, 'topology' | 'settings'>;

/** By run and by flows: settings are one object for a run. */
const known = new WeakMap<object, Map<string, Known>>();

export function knownOf(context: SuiteContext, flows: readonly Flow[], mix: FrameMix): Known {
  const run = known.get(context.settings) ?? new Map<string, Known>();
  known.set(context.settings, run);
  const key = JSON.stringify([mix.name, flows]);
  const found = run.get(key) ?? {};
  run.set(key, found);
  return found;
}

/** The sizes asked for, or those of the suite, that the way of a throughput suite's flows carries. Throws BenchError. */
export function mixesOf(context: SuiteContext, draft: Draft, full: string, quick: string): FrameMix[] {
  const flows = loadFlows(context, { name: '64', sizes: [64], meanBytes: 64 });
  return mixesFor(context, draft, { full, quick, vnics: endsOf(context.topology, flows) });
}

export interface Sizes {
  /** As a user writes them. */
  readonly full: string;
  readonly quick: string;
  /** Between which frames go. */
  readonly vnics: readonly PortName[];
  /** Default: the user's. */
  readonly topology?: Topology;
}

/** The sizes asked for, or those of the suite, that the way between some vNICs carries; notes name the others. Throws BenchError. */
export function mixesFor(context: SuiteContext, draft: Draft, { full, quick, vnics, topology }: Sizes): FrameMix[] {
  const { settings } = context;
  const { mtu, at } = leastMtu(topology ?? context.topology, vnics);
  const longest = mtu + FRAMING_BYTES;
  const mixes = parseSizes(settings.sizes ?? (settings.quick ? quick : full), { mtu });
  const fitting = mixes.filter(({ sizes }) => Math.max(...sizes) <= longest);
  const others = mixes.filter((mix) => !fitting.includes(mix)).map(sizeText);
  const why = `${others.join(', ')}: longer than the MTU of ${at} allows, ${mtu} bytes, which is a frame of ${longest}`;
  if (others.length > 0) draft.note(`${why}.`);
  if (fitting.length === 0) draft.unfit(why);
  return fitting;
}

/** vNICs between which flows go. */
export function endsOf(topology: Topology, flows: readonly Flow[]): PortName[] {
  if (flows.some(({ to }) => to === 'broadcast')) return vnicsOf(topology);
  return [...new Set(flows.flatMap(({ from, to }) => [from, to]))];
}

/**
 * The flows of a suite about throughput. On the virtual clock only a medium limits: there, unless the user says otherwise, frames
 * cross from host to host where the usual pairs would stay within their hosts.
 */
export function loadFlows({ topology, settings }: Asked, mix: FrameMix): Flow[] {
  const flows = flowsOf(topology, settings, mix.sizes);
  const isFree = settings.from === null && settings.to === null && topology.streams.length === 0;
  if (settings.clock === 'wall' || !isFree || flows.some((flow) => crosses(topology, flow))) return flows;
  return crossFlows({ topology, settings }, mix) ?? flows;
}

/** Flows from the first host to the second, from the third to the fourth and so on; null where frames cross no cable so. */
export function crossFlows({ topology, settings }: Asked, mix: FrameMix): Flow[] | null {
  const reach = new Reach(topology);
  const names = topology.hosts
    .map((host) => host.vms.flatMap(({ nics }) => nics.map(({ name }) => `${host.name}/${name}`)))
    .filter((list) => list.length > 0);
  const flows = names.flatMap((all, i) => {
    const near = names[i + 1] ?? [];
    const from = i % 2 === 1 ? [] : all.filter((each) => near.some((other) => reach.carries(each, other)));
    if (from.length === 0) return [];
    return flowsOf(topology, { ...settings, from: from.join(','), to: near.join(',') }, mix.sizes);
  });
  return flows.some((flow) => crosses(topology, flow)) ? flows : null;
}

export interface LaneOptions {
  readonly flows: readonly Flow[];
  readonly bed?: Omit<BedOptions, 'topology' | 'flows' | 'clock'>;
  /** 100 % where no medium limits and it has been measured with other flows. */
  readonly maximum?: number;
}

/** Opens a bed for a size, finds out what 100 % is, and closes the bed again. `why` is null where 100 % exists. */
export async function withLane<T>(
  context: SuiteContext,
  draft: Draft,
  mix: FrameMix,
  { flows, bed: options, maximum: given }: LaneOptions,
  use: (lane: Lane) => Promise<T>,
): Promise<T | null> {
  const { topology, settings } = context;
  context.check();
  const bed = await context.bed({ topology, flows, clock: settings.clock, workers: settings.workers, ...options });
  try {
    context.progress({ text: `${sizeText(mix)}: warm-up` });
    await bed.warmUp();
    const offer = offering(context, bed, mix);
    const media = mediaOf(topology, bed, mix);
    const found = knownOf(context, flows, mix);
    const maximum = media.maximum ?? given ?? found.maximum ?? (await measured(context, draft, mix, offer));
    if (maximum === null) return null;
    found.maximum = maximum;
    found.line = media.line;
    const pace = paceOf(context, media.line ?? maximum, media.queueFrames);
    return await use({ context, mix, bed, maximum, line: media.line, pace, offer });
  } finally {
    await bed.close();
  }
}

/** Why a load in percent means nothing, where `withLane` gives null. */
export const noMaximum =
  'on the virtual clock a switch takes no time and no cable on the way has a rate: nothing limits the load; give a cable a rate or use the wall clock';

type Offer = Lane['offer'];

/** Trials that count, on a bed of whatever kind. */
export function offering(context: SuiteContext, bed: Bed, mix: FrameMix): Offer {
  return (draft, options, isOnce = false) => attempt(context, draft, bed, options, { size: sizeOf(mix), isOnce });
}

/** Wall clock without a medium: the receive rate at the highest load that the generator makes (MRR); null on the virtual clock. */
async function measured(context: SuiteContext, draft: Draft, mix: FrameMix, offer: Offer): Promise<number | null> {
  if (context.settings.clock === 'virtual') return null;
  const rate = await highestRate(() => {
    context.progress({ text: `${sizeText(mix)}: highest rate` });
    return offer(draft, { load: 'max', seconds: context.settings.quick ? 0.2 : 1 });
  });
  context.progress({ text: `${sizeText(mix)}: at most ${short(rate, 'frames/s')}` });
  return rate;
}

/**
 * On the virtual clock a trial is long enough for a load that is above the line by the resolution to overflow the longest queue;
 * a longer one finds the same. On the wall clock final trials take 60 s (RFC 2544 section 24).
 * @param line Frames/s that the way carries at most.
 */
function paceOf({ settings: { clock, quick, seconds } }: SuiteContext, line: number, queueFrames: number): Pace {
  if (clock === 'wall') {
    const final = seconds ?? (quick ? 0.5 : 60);
    return { search: Math.min(final, quick ? 0.2 : 1), final, resolution: line * (quick ? 0.03 : 0.005) };
  }
  const share = quick ? 0.005 : 0.001;
  const frames = Math.min(Math.max((1.25 * queueFrames) / share, 20_000), 5_000_000);
  const length = seconds ?? Math.min(frames / line, 60);
  return { search: length, final: length, resolution: line * share };
}

/** Repeats of a measurement: on the virtual clock each would be the same. */
export function repeatsOf({ settings }: SuiteContext, full: number, quick: number): number {
  if (settings.repeats !== null) return settings.repeats;
  return settings.clock === 'virtual' ? 1 : settings.quick ? quick : full;
}

/** The load at which no frame meets another, over all flows. */
export const idleRate = (lane: Lane): number => Math.min(IDLE_RATE, lane.maximum / 100);

/** One frame in so many has its latency taken. */
export function stampEvery({ context }: Pick<Lane, 'context'>, rate: number): number {
  return context.settings.clock === 'virtual' ? 1 : Math.max(1, Math.round(rate / STAMPS_PER_SECOND));
}
