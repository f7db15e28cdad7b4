/** What a port lets its station do. */

/** Frames a second that storm control lets in by a port, by kind, with a bucket of one second; null: no limit. */
export interface StormLimits {
  readonly broadcast: number | null;
  readonly multicast: number | null;
  readonly unknownUnicast: number | null;
}

/** What a port lets its station do. */
export interface PortPolicy {
  /** Gets every frame of its VLANs that the switch passes on (ESXi, promiscuous mode). */
  readonly promiscuous: boolean;
  /** false: a guest whose effective address is not its configured one gets nothing (ESXi, MAC address changes: reject). */
  readonly macChanges: boolean;
  /** false: frames whose source is not the guest's effective address are dropped (ESXi, forged transmits: reject). */
  readonly forgedTransmits: boolean;
  /** BPDUs from the port: let through to the other rules, dropped, or dropped and the port shut. */
  readonly bpdu: 'pass' | 'filter' | 'guard';
  /** Messages that only DHCP servers and relays send are dropped (Hyper-V, DHCP guard; RFC 7610). */
  readonly dhcpGuard: boolean;
  /** Routers' advertisements and redirects are dropped (Hyper-V, router guard; RFC 6105). */
  readonly routerGuard: boolean;
  /** Frames may leave by the port that they came in by (802.1Qbg reflective relay; Linux bridge, hairpin). */
  readonly hairpin: boolean;
  readonly storm: StormLimits;
  /** Most dynamic entries of the port, 1-1,000,000; null: no limit but the table's. */
  readonly macLimit: { readonly max: number; readonly whenFull: 'drop' | 'forward' | 'shut' } | null;
  /** What is learned on the port stays: it neither ages nor moves. */
  readonly sticky: boolean;
  /** Sources are learned on the port. In the learning model the default is true, in the registered one false. */
  readonly learning: boolean;
  /** Unknown unicast is flooded to the port. In the learning model the default is true, in the registered one false (R5). */
  readonly floodUnknown: boolean;
  /** A source that is bound to another port: forwarded and counted, dropped, or dropped and the port shut. */
  readonly staticConflict: 'forward' | 'drop' | 'shut';
  /** Bit n: 01-80-C2-00-00-0n is relayed from this port. */
  readonly relayReserved: number;
}
