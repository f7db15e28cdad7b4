/** A switch that answers ARP and neighbour discovery for others, as a checked topology has it. */

export interface NeighbourSuppression {
  /** Most addresses in its table, 1-65,536. */
  readonly entriesMax: number;
  /** What has not been heard for so long is not answered any more. */
  readonly ageingNs: number;
}

/** Absent: every request is flooded. */
export interface Suppressing {
  readonly neighbourSuppression?: NeighbourSuppression;
}
