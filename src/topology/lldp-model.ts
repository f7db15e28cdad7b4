/** LLDP of a switch (IEEE 802.1AB): what its ports tell of themselves, and whether they listen. */
export interface Lldp {
  /** What ESXi's distributed switch calls listen, advertise and both; of a vSwitch its uplinks do so, of a physical switch all ports. */
  readonly mode: 'listen' | 'advertise' | 'both';
  /** Between two LLDPDUs, 1 s to 1 h; a neighbour keeps what it heard for four of them and a second. */
  readonly intervalNs: number;
}
