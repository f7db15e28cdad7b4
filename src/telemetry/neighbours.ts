/** What a switch tells that answers ARP and neighbour discovery for others. */

export interface NeighbourEntry {
  /** The VLAN; of several that share their addresses the first one. */
  readonly vlan: number;
  readonly ip: string;
  readonly mac: string;
  /** `uplink` for a station outside. */
  readonly port: string;
  /** Since it was last heard. */
  readonly ageSeconds: number;
}

export interface NeighbourReport {
  readonly neighbours: readonly NeighbourEntry[];
  readonly neighboursMax: number;
  /** Requests that went no further; the verdict `answered` of all ports. */
  readonly neighboursAnswered: number;
  /** Requests that were flooded: nobody was known, or the owner is where they came from. */
  readonly neighboursUnanswered: number;
  readonly neighboursLearned: number;
  /** Addresses that came to another station. */
  readonly neighboursChanged: number;
  /** Not learned, for the table was full. */
  readonly neighboursRefused: number;
}
