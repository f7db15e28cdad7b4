/** What may come and go while a network runs: planned before it, so that there is memory for all of it. */

/** `owner/port`, as in model.ts. */
type PortName = string;

/** A place that a VM may be at: a vNIC port of a host, whether or not it is there at the start. */
export interface Seat {
  readonly port: PortName;
  /** The same vNIC where its VM is declared. */
  readonly of: PortName;
  /** Whether the VM is attached here at the start: at one of its seats, or at none. */
  readonly isHere: boolean;
}

/** A port group that may be added or removed. */
export interface ChangeableGroup {
  /** `esx1/vSwitch0/web`. */
  readonly name: string;
  readonly isHere: boolean;
}

export interface Changes {
  readonly seats: readonly Seat[];
  /** Uplinks that are not in their host at the start. */
  readonly absentUplinks: readonly PortName[];
  readonly portGroups: readonly ChangeableGroup[];
}

/** A VM, `host/vm` at any place that it may be at, and the host that it comes to. */
export interface Attach {
  readonly vm: string;
  /** Default: where it is declared. */
  readonly to?: string;
}

export interface Migrate {
  readonly vm: string;
  readonly to: string;
  /** ns from when it stops at the one host to when it goes on at the other. Default 0. */
  readonly downtimeNs?: number;
}

export type UplinkRole = 'active' | 'standby';

export interface AddUplink {
  readonly uplink: PortName;
  /** In the vSwitch's team. Default: as its teaming says. */
  readonly as?: UplinkRole;
}

const actions = ['attach', 'detach', 'migrate', 'addUplink', 'removeUplink', 'addPortGroup', 'removePortGroup'];

export function isChange(action: object): action is ChangeAction {
  return actions.some((key) => key in action);
}

export type ChangeAction =
  /** A VM comes: it begins anew, with its streams from now on. */
  | { readonly attach: Attach }
  /** A VM goes, and is nowhere. */
  | { readonly detach: string }
  /** A VM goes on at another host, with all its state. */
  | { readonly migrate: Migrate }
  | { readonly addUplink: AddUplink }
  | { readonly removeUplink: PortName }
  /** `esx1/vSwitch0/web`. */
  | { readonly addPortGroup: string }
  | { readonly removePortGroup: string };
