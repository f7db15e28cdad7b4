/** Reads the NAT and the DHCP servers of type-2 hosts from the shared memory, as observe.ts does. */
import type { DhcpReport, HostedReport, LeaseReport, NatReport } from '../telemetry/hosted.ts';
import { addressText } from '../topology/address.ts';
import * as L from './generated/layout.ts';
import { macText } from './mac-table.ts';
import type { SharedMemory } from './memory.ts';
import type { Plan } from './plan.ts';
import type { PlannedDhcp, PlannedNat } from './plan-hosted.ts';

const BOUND = 2;

/** Nothing without a type-2 host, so that a report has no word of them. */
export function hostedReports(m: SharedMemory, plan: Plan, nowNs: bigint): { hosted?: readonly HostedReport[] } {
  if (plan.hosted.length === 0) return {};
  const hosted = plan.hosted.map(
    ({ host, hosted: { networks }, nat, dhcp }): HostedReport => ({
      host,
      hypervisor: 'type2',
      networks: networks.map(({ name, mode, vswitches }) => ({ name, mode, vswitches })),
      nat: nat === null ? null : natReport(m, plan, nat, nowNs),
      dhcp: dhcp.map((server) => dhcpReport(m, server, nowNs)),
    }),
  );
  return { hosted };
}

function natReport(m: SharedMemory, plan: Plan, nat: PlannedNat, nowNs: bigint): NatReport {
  const at = nat.address;
  const count = (of: number, isOne: (i: number) => boolean) =>
    Array.from({ length: of }, (_, i) => i).filter(isOne).length;
  const waits = Array.from({ length: L.NAT_PENDING }, (_, i) => nat.pendingAt + i * nat.pendingBytes)
    .filter((pending) => m.u32(pending + L.Pending_ip) !== 0)
    .map((pending) => m.u64(pending + L.Pending_sinceNs));
  const isOver = (since: bigint) => nowNs > since + BigInt(L.NAT_WAIT_MS) * 1_000_000n;
  return {
    address: addressText(plan.ports.get(nat.outside)!.port.ip!),
    forwards: nat.forwards.map(({ protocol, hostPort, address, port }) => ({
      protocol,
      hostPort,
      to: `${addressText(address)}:${port}`,
    })),
    mappings: count(L.NAT_MAPPINGS, (i) => m.u64(nat.mappingsAt + i * L.Mapping_BYTES + L.Mapping_endNs) > nowNs),
    mappingsMax: L.NAT_MAPPINGS,
    translatedOut: m.count(at + L.Nat_translatedOut),
    translatedIn: m.count(at + L.Nat_translatedIn),
    noMapping: m.count(at + L.Nat_noMapping),
    tableFull: m.count(at + L.Nat_tableFull),
    notIpv4: m.count(at + L.Nat_notIpv4),
    ttlExpired: m.count(at + L.Nat_ttlExpired),
    fragments: m.count(at + L.Nat_fragments),
    tooLong: m.count(at + L.Nat_tooLong),
    noRoute: m.count(at + L.Nat_noRoute),
    icmpErrors: m.count(at + L.Nat_icmpErrors),
    // Nothing in the core has a timer, so what waited for too long stands there until its place is needed.
    unresolved: m.count(at + L.Nat_unresolved) + waits.filter((since) => isOver(since)).length,
    waiting: waits.filter((since) => !isOver(since)).length,
  };
}

function dhcpReport(m: SharedMemory, server: PlannedDhcp, nowNs: bigint): DhcpReport {
  const at = server.address;
  const leases: LeaseReport[] = [];
  for (let address = server.first; address <= server.last; address++) {
    const lease = server.leasesAt + (address - server.first) * L.Lease_BYTES;
    const left = m.u64(lease + L.Lease_endNs) - nowNs;
    if (m.u8(lease + L.Lease_state) !== BOUND || left <= 0n) continue;
    leases.push({
      address: addressText(address),
      mac: macText(m.u64(lease + L.Lease_mac)),
      secondsLeft: Number(left) / 1e9,
    });
  }
  return {
    port: server.port,
    range: `${addressText(server.first)}-${addressText(server.last)}`,
    leases,
    discovers: m.count(at + L.DhcpServer_discovers),
    offers: m.count(at + L.DhcpServer_offers),
    requests: m.count(at + L.DhcpServer_requests),
    acks: m.count(at + L.DhcpServer_acks),
    naks: m.count(at + L.DhcpServer_naks),
    declines: m.count(at + L.DhcpServer_declines),
    releases: m.count(at + L.DhcpServer_releases),
    exhausted: m.count(at + L.DhcpServer_exhausted),
  };
}
