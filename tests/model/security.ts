/** What a port lets its station do, for the reference model: the refusals before a frame is switched at all. */
import { isBpdu } from './frame.ts';
import type { PortState } from './port.ts';
import type { Station } from './stations.ts';

/** A refusal, and whether the port is shut for it. */
export interface Refusal {
  readonly verdict: string;
  readonly shuts: boolean;
}

/** R15: a guest that bridges sends BPDUs, and switches outside would shut an uplink for that. */
export function refusedBpdu({ kind, policy: { bpdu } }: PortState, dst: string): Refusal | undefined {
  if (kind === 'uplink' || bpdu === 'pass' || !isBpdu(dst)) return undefined;
  return { verdict: `bpdu_${bpdu}`, shuts: bpdu === 'guard' };
}

/** Why a frame from `src` may not come from this local port, `known` being where the station is known. */
export function refusedSource(port: PortState, src: string, known: Station | undefined): Refusal | undefined {
  const isGuests = port.kind !== 'vnic' || src === port.guestMac;
  const isHere = known?.place === port.name;
  if (!port.policy.forgedTransmits && !isGuests && !(isHere && known.isBound && known.entry !== undefined)) {
    return { verdict: 'forged_transmit', shuts: false };
  }
  const { staticConflict } = port.policy;
  if (known?.isBound && !isHere && staticConflict !== 'forward') {
    return { verdict: 'static_violation', shuts: staticConflict === 'shut' };
  }
  return undefined;
}
