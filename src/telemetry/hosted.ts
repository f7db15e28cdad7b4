/** What a type-2 hypervisor tells: its NAT and its DHCP servers. */

export interface ForwardReport {
  readonly protocol: 'udp' | 'tcp';
  readonly hostPort: number;
  /** `192.168.8.10:80` */
  readonly to: string;
}

export interface NatReport {
  /** The host's address, which the outside sees. */
  readonly address: string;
  readonly forwards: readonly ForwardReport[];
  /** Mappings that are alive, of mappingsMax. */
  readonly mappings: number;
  readonly mappingsMax: number;
  /** Packets from behind the NAT, and to there. */
  readonly translatedOut: number;
  readonly translatedIn: number;
  /** Came to a port of the NAT behind which nobody stands, or stands any more. */
  readonly noMapping: number;
  /** Dropped because all mappings were in use. */
  readonly tableFull: number;
  /** Dropped because they were no UDP, TCP, ICMP echo or ICMP error in IPv4. */
  readonly notIpv4: number;
  readonly ttlExpired: number;
  /** Dropped because the first fragment of their packet had not come by. */
  readonly fragments: number;
  /** Longer than the network takes that they were to leave by. */
  readonly tooLong: number;
  /** Neither on the LAN nor by a gateway, or from an address that the segment does not have. */
  readonly noRoute: number;
  /** ICMP errors of the NAT's own, about packets that it dropped. */
  readonly icmpErrors: number;
  /** Given up because nobody answered ARP. */
  readonly unresolved: number;
  /** Waiting for an answer to ARP. */
  readonly waiting: number;
}

export interface LeaseReport {
  readonly address: string;
  readonly mac: string;
  /** Until it runs out; an offer that was not taken is none. */
  readonly secondsLeft: number;
}

export interface DhcpReport {
  /** The port that it serves at. */
  readonly port: string;
  readonly range: string;
  readonly leases: readonly LeaseReport[];
  readonly discovers: number;
  readonly offers: number;
  readonly requests: number;
  readonly acks: number;
  readonly naks: number;
  readonly declines: number;
  readonly releases: number;
  /** No address was left to offer. */
  readonly exhausted: number;
}

export interface HostedReport {
  readonly host: string;
  readonly hypervisor: 'type2';
  readonly networks: readonly { readonly name: string; readonly mode: string; readonly vswitches: readonly string[] }[];
  /** null: no network has one. */
  readonly nat: NatReport | null;
  readonly dhcp: readonly DhcpReport[];
}
