/** Flow records as data and as text. Field names are IPFIX's (IANA, IPFIX information elements) where it has one that fits. */

export interface FlowRecord {
  /** The switch that saw it. */
  readonly switch: string;
  readonly ingressInterface: string;
  /** Where the latest frame was forwarded to; null: flooded, dropped or taken. */
  readonly egressInterface: string | null;
  /** The frame's tag, or the VLAN that its port gives it; 0: none. */
  readonly vlanId: number;
  readonly sourceMacAddress: string;
  readonly destinationMacAddress: string;
  readonly ethernetType: number;
  /** IPv4 or IPv6; null for all else. */
  readonly sourceIPAddress: string | null;
  readonly destinationIPAddress: string | null;
  readonly protocolIdentifier: number;
  readonly ipClassOfService: number;
  readonly sourceTransportPort: number;
  /** Of ICMP its type and code, 256 times the type and the code. */
  readonly destinationTransportPort: number;
  /** All TCP flags that were seen, or-ed. */
  readonly tcpControlBits: number;
  readonly packetDeltaCount: number;
  /** Octets of whole frames, without FCS. */
  readonly layer2OctetDeltaCount: number;
  /** Frames of these that were dropped on their way in. */
  readonly droppedPacketDeltaCount: number;
  /** Seconds since the start of the run, of the first and the latest frame. */
  readonly flowStartSeconds: number;
  readonly flowEndSeconds: number;
  /** Of the latest frame. */
  readonly verdict: string;
  /** `evicted`: a new flow needed its place; `forced`: it was alive at the end of the run. */
  readonly flowEndReason: 'idle' | 'active' | 'evicted' | 'forced';
}

/** Records of a switch. Frames in records + flowsLostFrames + flowsUnsampled = frames received by its ports. */
export interface FlowReport {
  readonly flowsLive: number;
  readonly flowsBegun: number;
  readonly flowsEnded: number;
  /** Of those that ended: their place was needed. */
  readonly flowsEvicted: number;
  /** Records that were lost because they were not taken fast enough, or were too many to be kept. */
  readonly flowsLost: number;
  readonly flowsLostFrames: number;
  /** Frames that sampling left out. */
  readonly flowsUnsampled: number;
}

const columns: readonly (keyof FlowRecord)[] = [
  'switch',
  'ingressInterface',
  'egressInterface',
  'vlanId',
  'sourceMacAddress',
  'destinationMacAddress',
  'ethernetType',
  'sourceIPAddress',
  'destinationIPAddress',
  'protocolIdentifier',
  'ipClassOfService',
  'sourceTransportPort',
  'destinationTransportPort',
  'tcpControlBits',
  'packetDeltaCount',
  'layer2OctetDeltaCount',
  'droppedPacketDeltaCount',
  'flowStartSeconds',
  'flowEndSeconds',
  'verdict',
  'flowEndReason',
];

/** As the ending of a file's name says: `.csv` with a head (RFC 4180), `.json` one list, `.ndjson` an object a line. */
export function flowText(records: readonly FlowRecord[], file: string): string {
  if (file.endsWith('.json')) return `${JSON.stringify(records, null, 2)}\n`;
  if (file.endsWith('.ndjson')) return records.map((record) => `${JSON.stringify(record)}\n`).join('');
  // Names of ports and switches have neither commas nor quotes.
  const rows = records.map((record) => columns.map((column) => record[column] ?? '').join(','));
  return [columns.join(','), ...rows].map((row) => `${row}\r\n`).join('');
}
