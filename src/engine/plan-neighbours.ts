/** What a switch needs in memory that answers ARP and neighbour discovery for others. core/neighbour-table.ts draws it. */
import type { NeighbourSuppression } from '../topology/neighbour-model.ts';
import type { DraftSwitch } from './draft.ts';
import * as L from './generated/layout.ts';
import { powerOfTwo, type Space } from './space.ts';

export interface PlannedNeighbours extends NeighbourSuppression {
  readonly address: number;
  readonly recordsAt: number;
  /** A power of two, 2 at least. */
  readonly heads: number;
  readonly headsAt: number;
}

const WHAT = 'neighbours';

/** Nothing where the switch floods every request. */
export function planNeighbours(
  space: Space,
  { neighbourSuppression: suppression }: DraftSwitch,
): { readonly neighbours?: PlannedNeighbours } {
  if (suppression === undefined) return {};
  const heads = powerOfTwo(2 * suppression.entriesMax);
  const neighbours = {
    ...suppression,
    address: space.reserve(WHAT, L.NeighbourTable_BYTES),
    recordsAt: space.reserve(WHAT, suppression.entriesMax * L.Owner_BYTES),
    heads,
    headsAt: space.reserve(WHAT, heads * 4),
  };
  return { neighbours };
}
