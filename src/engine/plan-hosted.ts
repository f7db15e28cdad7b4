/** Where the NAT and the DHCP servers of type-2 hosts stand in memory. */
import type { DhcpServer, Hosted, Nat } from '../topology/hosted-model.ts';
import type { PortName, Topology } from '../topology/model.ts';
import * as L from './generated/layout.ts';
import { align, type Space } from './space.ts';

export interface PlannedNat extends Nat {
  readonly address: number;
  readonly segmentsAt: number;
  /** The dynamic mappings, then one for each forward. */
  readonly mappingsAt: number;
  readonly bucketsAt: number;
  readonly neighboursAt: number;
  readonly pendingAt: number;
  readonly pendingBytes: number;
  readonly fragmentsAt: number;
}

export interface PlannedDhcp extends DhcpServer {
  readonly address: number;
  readonly leasesAt: number;
}

export interface PlannedHosted {
  readonly host: string;
  readonly hosted: Hosted;
  readonly nat: PlannedNat | null;
  readonly dhcp: readonly PlannedDhcp[];
  /** A Services record for each vNIC of the host that has one of them. */
  readonly services: readonly { readonly port: PortName; readonly address: number }[];
}

const ETHERNET_BYTES = 14;

export function planHosted(space: Space, topology: Topology): PlannedHosted[] {
  return topology.hosts.flatMap((host) => {
    const { name, hosted } = host;
    if (hosted === undefined) return [];
    const frameMax = Math.max(...host.vswitches.map(({ mtu }) => mtu)) + ETHERNET_BYTES;
    const nat = hosted.nat === null ? null : planNat(space, hosted.nat, frameMax);
    const dhcp = hosted.dhcp.map((server): PlannedDhcp => {
      const leasesAt = space.reserve('NAT and DHCP', (server.last - server.first + 1) * L.Lease_BYTES);
      return { ...server, leasesAt, address: space.reserve('NAT and DHCP', L.DhcpServer_BYTES) };
    });
    const nats = nat === null ? [] : [nat.outside, ...nat.segments.map(({ port }) => port)];
    const ports = new Set([...nats, ...dhcp.map(({ port }) => port)]);
    const services = [...ports].map((port) => ({ port, address: space.reserve('NAT and DHCP', L.Services_BYTES) }));
    return [{ host: name, hosted, nat, dhcp, services }];
  });
}

function planNat(space: Space, nat: Nat, frameMax: number): PlannedNat {
  const reserve = (bytes: number) => space.reserve('NAT and DHCP', bytes);
  const pendingBytes = align(L.Pending_BYTES + frameMax, 16);
  return {
    ...nat,
    address: reserve(L.Nat_BYTES),
    segmentsAt: reserve(nat.segments.length * L.Segment_BYTES),
    mappingsAt: reserve((L.NAT_MAPPINGS + nat.forwards.length) * L.Mapping_BYTES),
    bucketsAt: reserve(L.NAT_BUCKETS_BYTES),
    neighboursAt: reserve(L.NAT_NEIGHBOURS * L.NatNeighbour_BYTES),
    pendingAt: reserve(L.NAT_PENDING * pendingBytes),
    pendingBytes,
    fragmentsAt: reserve(L.NAT_FRAGMENTS * L.Fragment_BYTES),
  };
}
