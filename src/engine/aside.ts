/**
 * Virtual clock, several workers: what commands capture. One worker alone writes it before all frames of that instant, in the order of
 * the commands; of several each would put it among its own. So each capture has a ring more, which nobody writes but the thread that
 * carries commands out while all workers rest, and merge.ts puts what is in it first.
 */
import type { CommandBody } from './command.ts';
import * as L from './generated/layout.ts';
import type { SharedMemory } from './memory.ts';
import type { Plan } from './plan.ts';
import { OF_COMMANDS, type PlannedRing } from './plan-capture.ts';

interface Redirected {
  /** Of a capture point: where the address of its ring stands. */
  readonly at: number;
  readonly ring: number;
}

export class Aside {
  readonly #memory: SharedMemory;
  /** By address of a switch. */
  readonly #points: ReadonlyMap<number, readonly Redirected[]>;

  constructor(memory: SharedMemory, plan: Plan) {
    this.#memory = memory;
    this.#points = pointsOf(plan);
  }

  /** Has something done to a command's switch; what is captured there meanwhile goes to the rings of commands. */
  during<T>(body: CommandBody, act: () => T): T {
    const points = this.#points.get(switchOf(body) ?? 0) ?? [];
    const before = points.map(({ at }) => this.#memory.u32(at));
    for (const { at, ring } of points) this.#memory.setU32(at, ring);
    const done = act();
    for (const [i, { at }] of points.entries()) this.#memory.setU32(at, before[i]!);
    return done;
  }
}

function switchOf(body: CommandBody): number | undefined {
  const [command] = Object.values(body) as { readonly switchAddress?: number }[];
  return command?.switchAddress;
}

function pointsOf(plan: Plan): Map<number, Redirected[]> {
  const found = new Map<number, Redirected[]>();
  const add = (number: number, point: number, rings: readonly PlannedRing[]) => {
    const ring = rings.find(({ worker }) => worker === OF_COMMANDS);
    if (ring === undefined) return;
    const { address } = plan.switches[number]!;
    found.set(address, [...(found.get(address) ?? []), { at: point + L.CapturePoint_ring, ring: ring.address }]);
  };
  for (const { rings, points } of plan.captures) for (const point of points) add(point.switch, point.address, rings);
  for (const { rings, pointsAt } of plan.live) {
    let at = pointsAt;
    for (const { number, ports } of plan.switches) {
      for (let i = 0; i < 1 + 2 * ports.length; i++, at += L.CapturePoint_BYTES) add(number, at, rings);
    }
  }
  return found;
}
