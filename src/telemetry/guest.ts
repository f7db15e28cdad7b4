/** What a run tells of guests at layer 3. */

/** Of guests that ping, have a gateway, a service, an address by DHCP, or send to an address; others have none of these fields. */
export interface GuestIpReport {
  /** null: it has none yet. */
  readonly ip?: string | null;
  readonly gateway?: string | null;
  /** Absent: its address is its own. */
  readonly lease?: LeaseReport;
  /** Datagrams that its service sent back. */
  readonly served?: number;
  /** Attempts to send to where neither its prefix nor a gateway leads. */
  readonly noRoute?: number;
  /** Datagrams and echo replies with a wrong checksum, which it took for nothing. */
  readonly badChecksums?: number;
}

/** A guest's address by DHCP (RFC 2131). */
export interface LeaseReport {
  readonly state: 'init' | 'selecting' | 'requesting' | 'bound' | 'renewing' | 'rebinding';
  /** null: it has heard of none. */
  readonly server: string | null;
  /** When it ends, since the start; null: never, or there is none. */
  readonly endsSeconds: number | null;
  /** Messages: sent, taken. */
  readonly discovers: number;
  readonly offers: number;
  readonly requests: number;
  readonly acks: number;
  readonly naks: number;
}

/** Of streams to an address or a UDP port; others have none of these fields. */
export interface AnsweredReport {
  /** Datagrams that came back from the receiver. */
  readonly answered?: number;
  /** Neither the sender's prefix nor a gateway leads there: nothing was sent. */
  readonly noRoute?: boolean;
}

export interface PingReport {
  readonly from: string;
  /** As written: a port, or an address. */
  readonly to: string;
  readonly sizeBytes: number;
  /** Echo requests. */
  readonly sent: number;
  /** Requests to which a reply came. */
  readonly answered: number;
  /** Requests to which none has come so far: sent - answered. */
  readonly lost: number;
  /** Replies to requests that were answered already, or were sent more than 128 requests ago. */
  readonly duplicates: number;
  /** Attempts for which nobody answered three requests by ARP; nothing was sent. */
  readonly unreachable: number;
  /** Attempts without a route; nothing was sent. */
  readonly noRoute: number;
  /** From the request in the guest's ring to the reply at the guest; null: none came. */
  readonly rtt: { readonly minNs: number; readonly avgNs: number; readonly maxNs: number } | null;
}
