/**
 * What is done about a worker's death: its switches are put right where they stand, in the one memory that outlived it, so that
 * another thread can go on with them. The core does the work (core/repair.ts, core/sweep.ts); all workers stand still meanwhile.
 *
 * Deaths are remembered: a host whose switch was in hand at too many of them within a while is to blame, and is isolated.
 */
import type { Core } from './core.ts';
import * as L from './generated/layout.ts';
import type { SharedMemory } from './memory.ts';
import type { Plan, PlannedSwitch } from './plan.ts';

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
  if (inHand !== 0) for (const each of sw === null ? own : [sw]) framesLost += core.repair(each.address);
  sweepPools(core, plan);
  memory.setU32(address + L.Worker_inHand, 0);
  memory.setU32(address + L.Worker_sleeping, 0);
  return { sw, framesLost };
}

function sweepPools(core: Core, plan: Plan): void {
  const pools = [...plan.switches.map(({ poolAt }) => poolAt), plan.injectPoolAt];
  for (const pool of pools) core.openPool(pool);
  for (const { address } of plan.switches) core.markFrames(address);
  for (const pool of pools) core.sweepPool(pool);
}
