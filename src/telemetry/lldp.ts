/** What ports have heard by LLDP, as plain data. */

/** Who is at the other end of a cable, as it says itself (IEEE 802.1AB). */
export interface NeighbourReport {
  readonly port: string;
  /** Its chassis ID: a MAC address, or octets in hex where it is of another kind. */
  readonly chassis: string;
  readonly portId: string;
  readonly systemName: string | null;
  /** VLAN of untagged frames, 0: none; null where it says nothing of it. */
  readonly pvid: number | null;
  /** Longest frame with FCS, bytes. */
  readonly frameMax: number | null;
  /** Whether the port is a member of a LAG that is up. */
  readonly inLag: boolean | null;
  /** Seconds until it is forgotten. */
  readonly ttlSeconds: number;
}

export interface LldpReport {
  readonly mode: 'listen' | 'advertise' | 'both';
  readonly lldpSent: number;
  readonly lldpReceived: number;
  /** Frames of the protocol that could not be read. */
  readonly lldpDiscarded: number;
  /** LLDPDUs of a fifth neighbour at a port, and more. */
  readonly lldpTooMany: number;
  readonly neighbours: readonly NeighbourReport[];
}
