/** What a type-2 hypervisor adds to a host's vSwitches: whose ports they are, and its NAT and DHCP servers. */

interface Ipv4 {
  readonly address: number;
  readonly prefixLength: number;
}

/** VMware Workstation and VirtualBox: how a network of VMs is joined to its host and to the LAN. */
export type HostedMode = 'bridged' | 'nat' | 'nat-network' | 'host-only' | 'internal';

export interface HostedNetwork {
  readonly name: string;
  readonly mode: HostedMode;
  /** What it became: one vSwitch, with `nat` one for each VM. */
  readonly vswitches: readonly string[];
  /** The LAN's is not the network's: null for bridged and internal ones. */
  readonly subnet: Ipv4 | null;
}

/** UDP or TCP that comes to a port of the host goes to a VM. */
export interface PortForward {
  readonly protocol: 'udp' | 'tcp';
  readonly hostPort: number;
  /** Place among the NAT's segments. */
  readonly segment: number;
  /** 32-bit address. */
  readonly address: number;
  readonly port: number;
}

/** One NAT for all of a host's NAT networks, as they share the host's address and its ports. */
export interface Nat {
  /** The host's own vNIC on the LAN, whose address and MAC are all that the outside sees. */
  readonly outside: string;
  readonly prefixLength: number;
  /** The next hop for what is not on the LAN; null: nothing else is reached. */
  readonly gateway: number | null;
  /** The NAT's ports, each the gateway of a segment. */
  readonly segments: readonly { readonly port: string; readonly ip: Ipv4 }[];
  readonly forwards: readonly PortForward[];
}

/** A DHCP server (RFC 2131) on a port of the host. */
export interface DhcpServer {
  readonly port: string;
  readonly ip: Ipv4;
  /** 32-bit addresses, both inclusive. */
  readonly first: number;
  readonly last: number;
  readonly router: number | null;
  readonly leaseSeconds: number;
  /** Addresses kept for somebody: a VM that a port forward names, or (null) one with an address of its own. */
  readonly reserved: readonly { readonly mac: string | null; readonly address: number }[];
}

export interface Hosted {
  readonly networks: readonly HostedNetwork[];
  readonly nat: Nat | null;
  readonly dhcp: readonly DhcpServer[];
}
