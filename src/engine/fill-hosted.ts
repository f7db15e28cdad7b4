/** Writes the NAT and the DHCP servers of type-2 hosts into memory. */
import type { PortName } from '../topology/model.ts';
import type { Core } from './core.ts';
import * as L from './generated/layout.ts';
import { ALL_ONES, inFrame, macBits } from './in-memory.ts';
import type { SharedMemory } from './memory.ts';
import type { Plan } from './plan.ts';
import type { PlannedDhcp, PlannedNat } from './plan-hosted.ts';

const PROTOCOL = { udp: 17, tcp: 6 } as const;
const TAKEN = 3;

export function fillHosted(m: SharedMemory, core: Core, plan: Plan): void {
  for (const { nat, dhcp, services } of plan.hosted) {
    const servicesOf = new Map(services.map(({ port, address }) => [port, address]));
    for (const { port, address } of services) m.setU32(guestOf(plan, port) + L.Guest_services, address);
    if (nat !== null) {
      fillNat(m, plan, nat);
      const ends: [PortName, number][] = nat.segments.map(({ port }, i) => [port, i]);
      for (const [port, segment] of [...ends, [nat.outside, L.NAT_OUTSIDE] as const]) {
        m.setU32(servicesOf.get(port)! + L.Services_nat, nat.address);
        m.setU32(servicesOf.get(port)! + L.Services_segment, segment);
      }
      core.openNat(nat.address);
    }
    for (const server of dhcp) {
      fillDhcp(m, server);
      m.setU32(servicesOf.get(server.port)! + L.Services_dhcp, server.address);
    }
  }
}

function guestOf(plan: Plan, port: PortName): number {
  return plan.ports.get(port)!.port.guest;
}

/** As an address of 32 bits in a frame. */
function maskOf(prefixLength: number): number {
  return inFrame(2 ** 32 - 2 ** (32 - prefixLength));
}

function fillNat(m: SharedMemory, plan: Plan, nat: PlannedNat): void {
  const at = nat.address;
  const { sw, port } = plan.ports.get(nat.outside)!;
  m.setU32(at + L.Nat_ip, inFrame(port.ip!));
  m.setU32(at + L.Nat_mask, maskOf(nat.prefixLength));
  m.setU32(at + L.Nat_gateway, nat.gateway === null ? 0 : inFrame(nat.gateway));
  m.setU32(at + L.Nat_guest, port.guest);
  m.setU32(at + L.Nat_sw, sw.address);
  m.setU32(at + L.Nat_segments, nat.segmentsAt);
  m.setU32(at + L.Nat_segmentCount, nat.segments.length);
  m.setU32(at + L.Nat_mappings, nat.mappingsAt);
  m.setU32(at + L.Nat_buckets, nat.bucketsAt);
  m.setU32(at + L.Nat_forwardCount, nat.forwards.length);
  m.setU32(at + L.Nat_neighbours, nat.neighboursAt);
  m.setU32(at + L.Nat_pending, nat.pendingAt);
  m.setU32(at + L.Nat_pendingBytes, nat.pendingBytes);
  m.setU32(at + L.Nat_fragmentTable, nat.fragmentsAt);
  for (const [i, segment] of nat.segments.entries()) {
    const inside = plan.ports.get(segment.port)!;
    const segmentAt = nat.segmentsAt + i * L.Segment_BYTES;
    m.setU32(segmentAt + L.Segment_guest, inside.port.guest);
    m.setU32(segmentAt + L.Segment_sw, inside.sw.address);
    m.setU32(segmentAt + L.Segment_mask, maskOf(segment.ip.prefixLength));
  }
  for (const [i, forward] of nat.forwards.entries()) {
    const mappingAt = nat.mappingsAt + (L.NAT_MAPPINGS + i) * L.Mapping_BYTES;
    m.setU32(mappingAt + L.Mapping_ip, inFrame(forward.address));
    m.setU16Be(mappingAt + L.Mapping_port, forward.port);
    m.setU16Be(mappingAt + L.Mapping_outsidePort, forward.hostPort);
    m.setU32(mappingAt + L.Mapping_segment, forward.segment);
    m.setU8(mappingAt + L.Mapping_protocol, PROTOCOL[forward.protocol]);
    m.setU64(mappingAt + L.Mapping_endNs, ALL_ONES);
  }
}

function fillDhcp(m: SharedMemory, server: PlannedDhcp): void {
  const at = server.address;
  m.setU32(at + L.DhcpServer_leases, server.leasesAt);
  m.setU32(at + L.DhcpServer_first, server.first);
  m.setU32(at + L.DhcpServer_count, server.last - server.first + 1);
  m.setU32(at + L.DhcpServer_router, server.router === null ? 0 : inFrame(server.router));
  m.setU32(at + L.DhcpServer_mask, maskOf(server.ip.prefixLength));
  m.setU32(at + L.DhcpServer_seconds, server.leaseSeconds);
  for (const { mac, address } of server.reserved) {
    const lease = server.leasesAt + (address - server.first) * L.Lease_BYTES;
    if (mac === null) {
      m.setU8(lease + L.Lease_state, TAKEN);
      m.setU64(lease + L.Lease_endNs, ALL_ONES);
    } else {
      m.setU64(lease + L.Lease_mac, macBits(mac));
      m.setU8(lease + L.Lease_isKept, 1);
    }
  }
}
