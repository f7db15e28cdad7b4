/** Multicast as a checked topology has it: what a switch makes of groups, and which ones a guest joins. */

/** `239.1.1.1` or `ff15::1`, as RFC 5952 writes it. */
export type GroupAddress = string;

export interface Querier {
  /** Between general queries, ns. */
  readonly intervalNs: number;
  /** 32 bits; null: proxy queries from 0.0.0.0, which give way to any other querier (RFC 4541, 2.1.1). */
  readonly address: number | null;
}

/** Absent where groups are flooded. */
export interface Multicast {
  /** `filter`: each vNIC gets the groups that its guest has reported, by MAC address; `snooping`: RFC 4541. */
  readonly mode: 'filter' | 'snooping';
  readonly querier: Querier | null;
  /** Frames to groups that nobody has reported go to all, else to router ports only. */
  readonly floodUnregistered: boolean;
  /** Without a report for so long, a member is none any more. */
  readonly ageingNs: number;
  /** Who leaves is out at once; else it is asked for who is left. */
  readonly fastLeave: boolean;
  /** Of the queries that the switch sends. */
  readonly versions: { readonly igmp: 1 | 2 | 3; readonly mld: 1 | 2 };
  /** Most groups in the table, 1-65,536. */
  readonly groupsMax: number;
  /** Ports by their own names that always get reports and all groups; any uplink stands for all. */
  readonly routerPorts: readonly string[];
}

/** Absent: the guest's card takes every group, and the guest reports none. */
export interface Listening {
  /** Joined from the start. */
  readonly groups: readonly GroupAddress[];
  readonly igmp: 1 | 2 | 3;
  readonly mld: 1 | 2;
}

/** Groups that a guest may have joined at a time. */
export const groupsOfGuestMax = 64;
