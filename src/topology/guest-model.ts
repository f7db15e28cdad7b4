/** What guests do at layer 3 beside answering ARP and ICMP echo: where their address comes from, their gateway, their service; pings. */

/** Of a vNIC; without any of these it has none. */
export interface GuestIp {
  /** Its address comes from a DHCP server. */
  readonly dhcp?: true;
  /** 32-bit address, in the vNIC's own prefix: where everything goes that is not. */
  readonly gateway?: number;
  /** UDP ports at which it sends back what comes. */
  readonly listen?: readonly number[];
  /** A type-2 host with a NAT, which hears what it sends to its own address. */
  readonly hearsItself?: true;
}

/** Where a stream's datagrams go, where that is said. */
export interface StreamTarget {
  /** 32-bit address; absent: that of the vNIC that the stream names. */
  readonly address?: number;
  /** UDP destination port, 1-65535, default 9 (discard). */
  readonly port: number;
  /** UDP source port of the first flow, 1-65535, default 1024. */
  readonly fromPort: number;
}

/** ICMP echo requests (RFC 792). */
export interface Ping {
  /** A vNIC. */
  readonly from: string;
  /** As written: a port, or an address. */
  readonly to: string;
  readonly address: number;
  /** From one request to the next, 1 ms to 1 h. */
  readonly intervalNs: number;
  /** Requests to send; null: no limit. */
  readonly count: number | null;
  /** Frame length with FCS, 64 to mtu + 18. */
  readonly sizeBytes: number;
  readonly startNs: number;
  /** null: until the end of the run. */
  readonly stopNs: number | null;
}
