/**
 * How much of what VMs say to each other never touches a wire: what a virtual switch saves the network outside.
 *
 * A frame of a VM that its vSwitch passed on stayed inside, unless one of its copies was meant for an uplink. A copy for a VM is from
 * outside if its frame came in by an uplink. Drops on the way out (a full queue) do not change where a copy was meant to go. Frames
 * that the vSwitch refused are neither.
 */
export interface VmTraffic {
  /** `host/vm`. */
  readonly vm: string;
  /** Its frames that the vSwitch passed on: stayedInside + leftByUplink. */
  readonly passedOn: number;
  /** Of them those of which no copy was meant for an uplink: they never touched a wire. */
  readonly stayedInside: number;
  readonly leftByUplink: number;
  /** Copies for this VM of frames that came in by an uplink, and of frames of the same host. */
  readonly fromOutside: number;
  readonly fromInside: number;
}

export interface HostTraffic extends Omit<VmTraffic, 'vm'> {
  readonly host: string;
  readonly vms: readonly VmTraffic[];
}

/** Share of the frames passed on that never touched a wire, 0-1; null where none was. */
export function insideShare({ passedOn, stayedInside }: Omit<VmTraffic, 'vm'>): number | null {
  return passedOn === 0 ? null : stayedInside / passedOn;
}
