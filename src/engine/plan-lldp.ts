/** Where a switch's LLDP stands in memory. */
import type { DraftSwitch } from './draft.ts';
import * as L from './generated/layout.ts';
import type { Space } from './space.ts';

/** A port's place among the switch's, its LldpPort and its frame. */
export interface PlannedLldpPort {
  readonly number: number;
  readonly address: number;
  readonly frameAt: number;
}

/** A frame of LLDP with names of full length fits. */
const FRAME_MAX = 512;

/** Uplinks of a vSwitch, all ports of a physical switch. */
export function planLldp(space: Space, draft: DraftSwitch): PlannedLldpPort[] {
  if (draft.lldp === undefined) return [];
  return draft.ports
    .map(({ kind }, number) => ({ kind, number }))
    .filter(({ kind }) => kind !== 'vnic')
    .map(({ number }) => ({
      number,
      address: space.reserve('LLDP', L.LLDP_STRIDE),
      frameAt: space.reserve('LLDP', FRAME_MAX),
    }));
}
