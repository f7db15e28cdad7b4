/** What a run tells of the spanning trees of physical switches. */

export interface TreePortReport {
  /** The port; of a LAG the first one. */
  readonly name: string;
  readonly role: 'disabled' | 'alternate' | 'backup' | 'root' | 'designated';
  /** For frames. `disabled`: no link. */
  readonly state: 'disabled' | 'discarding' | 'learning' | 'forwarding';
  readonly cost: number;
  /** No bridge has been heard there. */
  readonly edge: boolean;
  /** The neighbour speaks STP, and is told STP's BPDUs. */
  readonly legacy: boolean;
  readonly bpdusSent: number;
  readonly bpdusReceived: number;
}

export interface SpanningTreeReport {
  /** Priority and address, `32768.02:76:73:00:00:08`. */
  readonly bridgeId: string;
  readonly rootId: string;
  /** 0 at the root itself. */
  readonly rootCost: number;
  /** null at the root itself. */
  readonly rootPort: string | null;
  readonly ports: readonly TreePortReport[];
  /** How often the bridge began to tell of a change. */
  readonly topologyChanges: number;
}
