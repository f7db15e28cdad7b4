/** Mirrors of a switch (SPAN, RSPAN), with all names resolved. */

/** `owner/port`, and a range of VLANs, as in model.ts. */
type PortName = string;
type VlanRange = { readonly first: number; readonly last: number };

export interface Mirror {
  /** Unique on its switch. */
  readonly name: string;
  /** Ports of the switch whose frames are copied as they come in; with `byVlan` all of them. */
  readonly in: readonly PortName[];
  /** Those whose frames are copied as they leave. */
  readonly out: readonly PortName[];
  /** Only frames of these VLANs; null: of all. */
  readonly vlans: readonly VlanRange[] | null;
  /** Nothing but VLANs was named: a frame is copied as it comes in, by whatever port. */
  readonly byVlan: boolean;
  /** Names of verdicts: frames and copies that die of them, at any port of the switch. */
  readonly drops: readonly string[];
  /** A port, which carries nothing else; or the VLAN that carries the copies to another switch (RSPAN), 1-4094. */
  readonly to: { readonly port: PortName } | { readonly vlan: number };
  /** Bytes kept of a copy, 64-65,535; null: all. */
  readonly snapBytes: number | null;
  /** One in so many of the frames that match; 1: each. */
  readonly sample: number;
  /** RSPAN: copies of what came in by an uplink may leave by one. */
  readonly transit: boolean;
  /** Whether it copies from the start of the run. */
  readonly on: boolean;
}
