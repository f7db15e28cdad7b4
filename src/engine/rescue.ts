/**
 * What is done about a worker's death: its switches are put right where they stand, in the one memory that outlived it, so that
 * another thread can go on with them. The core does the work (core/repair.ts, core/sweep.ts); all workers stand still meanwhile.
 *
 * Deaths are remembered: a host whose switch was in hand at too many of them within a while is to blame, and is isolated. Nobody
 * moves its switches any more, what is in its rings stays there, and the far ends of its cables lose their link, so that
 * others look for another way.
 */
import type { Core } from './core.ts';
import * as L from './generated/layout.ts';
import type { SharedMemory } from './memory.ts';
import type { Plan, PlannedSwitch } from './plan.ts';

/** Deaths that a host is forgiven, less one, and how long each is remembered. */
const DEATHS_MAX = 3;
const REMEMBERED_MS = 10_000;

/** A worker that died, and when. */
export interface Loss {
  readonly worker: number;
  readonly error: Error;
  readonly sinceMs: number;
}

export interface Repaired {
  /** The switch that was being moved; null when that is not known, or none was. */
  readonly sw: PlannedSwitch | null;
  /** Frames and copies that were in hand and are counted as lost. */
  readonly framesLost: number;
}

/** Makes the switches of a dead worker whole. Called while no worker moves. */
export function repairWorker(core: Core, memory: SharedMemory, plan: Plan, worker: number): Repaired {
  const { address } = plan.workers[worker]!;
  const inHand = memory.u32(address + L.Worker_inHand);
  const own = plan.switches.filter((sw) => sw.worker === worker);
  const sw = own.find((each) => each.address === inHand) ?? null;
  let framesLost = 0;
  // In a command, or where the mark itself makes no sense, it may have been any of them.
  if (inHand !== 0) for (const each of sw === null ? own : touchedBy(plan, sw)) framesLost += core.repair(each.address);
  sweepPools(core, plan);
  memory.setU32(address + L.Worker_inHand, 0);
  memory.setU32(address + L.Worker_sleeping, 0);
  return { sw, framesLost };
}

/** A switch that was being moved, and others that it may have sent at: what a type-2 host's NAT hears at one it sends at another. */
function touchedBy(plan: Plan, sw: PlannedSwitch): PlannedSwitch[] {
  const isHosted = plan.hosted.some(({ host, nat }) => nat !== null && host === sw.host);
  return isHosted ? plan.switches.filter(({ host }) => host === sw.host) : [sw];
}

function sweepPools(core: Core, plan: Plan): void {
  const pools = [...plan.switches.map(({ poolAt }) => poolAt), plan.injectPoolAt];
  for (const pool of pools) core.openPool(pool);
  for (const { address } of plan.switches) core.markFrames(address);
  for (const pool of pools) core.sweepPool(pool);
}

/** Writes a worker's list of switches anew, without those of isolated hosts; returns how many it has. */
export function listSwitches(
  memory: SharedMemory,
  plan: Plan,
  worker: number,
  isolated: readonly { readonly host: string }[],
): number {
  const { address, listAt } = plan.workers[worker]!;
  const isLeft = ({ host }: PlannedSwitch) => !isolated.some((each) => each.host === host);
  const left = plan.switches.filter((sw) => sw.worker === worker && isLeft(sw)).map((sw) => sw.address);
  memory.setU32(address + L.Worker_switches, listAt);
  memory.setU32(address + L.Worker_switchCount, left.length);
  memory.setU32s(listAt, left);
  for (const sw of plan.switches)
    if (!isLeft(sw)) memory.setU32(plan.islands[sw.island]!.address + L.Island_current, 0);
  return left.length;
}

/** Takes the link away from the far ends of a host's cables. */
export function isolate(core: Core, plan: Plan, host: string): void {
  for (const { from, to } of plan.wires) {
    if (from === null || plan.ports.get(from)!.sw.host !== host) continue;
    const { sw, port } = plan.ports.get(to)!;
    if (sw.host !== host) core.setLink(sw.address, port.number, false, L.LINK_ISOLATED);
  }
}

/** The memory has been put back to where isolated hosts were moved: they stay given up. */
export function keepIsolated(
  core: Core,
  memory: SharedMemory,
  plan: Plan,
  isolated: readonly { readonly host: string }[],
): void {
  for (const worker of plan.workers.keys()) listSwitches(memory, plan, worker, isolated);
  for (const { host } of isolated) isolate(core, plan, host);
}

/** Of a thread that was ended from outside, as piscina says it. */
const ENDED = /^worker exited with code/;

/** Why a worker died, in one line; `isFault`: not because somebody wanted it. */
export interface Cause {
  readonly isFault: boolean;
  readonly why: string;
}

export function causeOf({ message }: Error): Cause {
  const isFault = !ENDED.test(message);
  return { isFault, why: isFault ? message.split('\n')[0]! : 'its thread was ended' };
}

export function hung(ms: number): Cause {
  return { isFault: true, why: `no sign of life for ${ms} ms` };
}

/** Who has been in hand at how many deaths lately: a host, or a worker without one. */
export class Blame {
  readonly #deaths = new Map<string | number, number[]>();

  /** Notes a death, and says whether it is one too many. */
  isTooOften(who: string | number): boolean {
    const now = performance.now();
    const recent = [...(this.#deaths.get(who) ?? []), now].filter((at) => now - at < REMEMBERED_MS);
    this.#deaths.set(who, recent);
    return recent.length >= DEATHS_MAX;
  }
}
