/** What a switch that looks at IGMP and MLD tells of groups, and a guest of those it has joined. */

export interface GroupReport {
  /** The VLAN; of several that share their addresses the first one. */
  readonly vlan: number;
  readonly group: string;
  /** Of the last report: IGMP 1-3, MLD 1-2. */
  readonly version: number;
  /** Members; `uplink` for outside. `expiresSeconds`: until it is forgotten without a report, null: it is not. */
  readonly ports: readonly { readonly port: string; readonly expiresSeconds: number | null }[];
  /** Since its first report, and since its last. */
  readonly ageSeconds: number;
  readonly heardSeconds: number;
}

export interface QuerierReport {
  readonly vlan: number;
  readonly family: 'IPv4' | 'IPv6';
  /** `self`, or the address of the one that has been heard. */
  readonly querier: string;
}

export interface MulticastReport {
  readonly mode: 'filter' | 'snooping';
  readonly groups: readonly GroupReport[];
  readonly groupsMax: number;
  /** `vlan`, `family` and `expiresSeconds` null: named by the operator. */
  readonly routerPorts: readonly {
    readonly vlan: number | null;
    readonly family: 'IPv4' | 'IPv6' | null;
    readonly port: string;
    readonly expiresSeconds: number | null;
  }[];
  readonly queriers: readonly QuerierReport[];
  readonly counters: {
    /** Reports and leaves heard; records of IGMPv3 and MLDv2 that leave count as leaves, too. */
    readonly reports: number;
    readonly leaves: number;
    readonly queriesHeard: number;
    readonly queriesSent: number;
    /** PIM hellos. */
    readonly routerHellos: number;
    /** Messages with a wrong checksum or length; flooded and not learned from. */
    readonly malformed: number;
    /** Reports for which the table had no room, and messages of VLANs of which routers cannot be known. */
    readonly overflow: number;
    /** Members that have aged. */
    readonly aged: number;
    /** Frames to groups that somebody has reported, and to others. */
    readonly registered: number;
    readonly unregistered: number;
  };
}

export interface ListenerReport {
  readonly groups: readonly string[];
  /** Sent. */
  readonly reports: number;
  readonly leaves: number;
  /** Queries heard. */
  readonly queries: number;
  /** Reports that another guest's made needless. */
  readonly suppressed: number;
}
