/** Where frames are kept: pools of slots of a few sizes. */
import * as L from './generated/layout.ts';
import { align, CACHE_LINE, powerOfTwo, type Space } from './space.ts';

export interface PlannedClass {
  readonly slotBytes: number;
  readonly from: number;
  readonly end: number;
  /** Where slots come back from others: a u64 for each slot, rounded up to a power of two. */
  readonly returnsAt: number;
  readonly returnsEntries: number;
}

const SMALL_SLOT = 128;

/**
 * Half for small frames, half for those of full size; jumbo frames get a class of their own. `waiting`: so many more of each may wait
 * in queues of the switch, and shall not keep others from sending.
 */
export function planPool(space: Space, bytes: number, mtu: number, vnics: number, waiting: number): PlannedClass[] {
  const slots = [SMALL_SLOT];
  const fullSlot = align(Math.min(mtu, 1500) + 22 + L.FRAME_HEADER, CACHE_LINE);
  if (fullSlot > SMALL_SLOT) slots.push(fullSlot);
  const classes = slots.map((slot) => cut(space, slot, Math.floor(bytes / slots.length / slot) + waiting));
  if (mtu > 1500)
    classes.push(cut(space, align(mtu + 22 + L.FRAME_HEADER, CACHE_LINE), 16 * Math.max(1, vnics) + waiting));
  return classes;
}

/** Frames from outside, up to sizes that no MTU allows; a single one where only `explain` may ask. */
export function planInjectPool(space: Space, frameMax: number, isUsed: boolean): PlannedClass[] {
  if (!isUsed) return [cut(space, 131_072, 1)];
  const full = align(frameMax + L.FRAME_HEADER, CACHE_LINE);
  return [
    cut(space, SMALL_SLOT, 8192),
    cut(space, full, Math.max(64, Math.floor(2 ** 23 / full))),
    cut(space, 131_072, 16),
  ];
}

function cut(space: Space, slotBytes: number, count: number): PlannedClass {
  const from = space.reserve('frame pools', slotBytes * count);
  const returnsEntries = powerOfTwo(count);
  const returnsAt = space.reserve('frame pools', returnsEntries * 8);
  return { slotBytes, from, end: from + slotBytes * count, returnsAt, returnsEntries };
}
