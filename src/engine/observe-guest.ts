/** Reads from the shared memory what guests did at layer 3. */
import type { AnsweredReport, GuestIpReport, LeaseReport, PingReport } from '../telemetry/guest.ts';
import { addressText } from '../topology/address.ts';
import type { Stream, Topology } from '../topology/model.ts';
import * as L from './generated/layout.ts';
import { inFrame, NEVER } from './in-memory.ts';
import type { SharedMemory } from './memory.ts';
import type { Plan } from './plan.ts';

/** Of a guest that has a layer 3 part; nothing of any other. */
export function guestIpReport(m: SharedMemory, guest: number): GuestIpReport {
  const at = m.u32(guest + L.Guest_stack);
  if (at === 0) return {};
  const ip = m.u32(guest + L.Guest_ip);
  const gateway = m.u32(at + L.Stack_gateway);
  const client = m.u32(at + L.Stack_dhcp);
  return {
    ip: ip === 0 ? null : addressText(inFrame(ip)),
    gateway: gateway === 0 ? null : addressText(inFrame(gateway)),
    ...(client !== 0 && { lease: leaseReport(m, client, ip !== 0) }),
    served: m.count(at + L.Stack_served),
    noRoute: m.count(at + L.Stack_noRoute),
    badChecksums: m.count(at + L.Stack_badChecksums),
  };
}

/** As the core numbers them. */
const STATES = ['init', 'selecting', 'requesting', 'bound', 'renewing', 'rebinding'] as const;

function leaseReport(m: SharedMemory, at: number, isLeased: boolean): LeaseReport {
  const server = m.u32(at + L.DhcpClient_server);
  const endNs = m.u64(at + L.DhcpClient_endNs);
  return {
    state: STATES[m.u32(at + L.DhcpClient_state)]!,
    server: server === 0 ? null : addressText(inFrame(server)),
    endsSeconds: isLeased && endNs !== NEVER ? Number(endNs) / 1e9 : null,
    discovers: m.count(at + L.DhcpClient_discovers),
    offers: m.count(at + L.DhcpClient_offers),
    requests: m.count(at + L.DhcpClient_requests),
    acks: m.count(at + L.DhcpClient_acks),
    naks: m.count(at + L.DhcpClient_naks),
  };
}

/** Of a stream that goes to an address or a UDP port. */
export function answeredOf(m: SharedMemory, at: number, { target }: Stream): AnsweredReport {
  if (target === undefined) return {};
  const isLost = m.u32(at + L.Stream_resolve) === L.NO_ROUTE_HOP;
  return { answered: m.count(at + L.Stream_answered), ...(isLost && { noRoute: true }) };
}

export function pingReports(m: SharedMemory, plan: Plan, topology: Topology): PingReport[] {
  const places = new Map(plan.stacks.flatMap(({ pings }) => pings.map(({ number, address }) => [number, address])));
  return (topology.pings ?? []).map(({ from, to, sizeBytes }, number) => {
    const at = places.get(number)!;
    const sent = m.count(at + L.Ping_sent);
    const answered = m.count(at + L.Ping_answered);
    const rtt = {
      minNs: m.count(at + L.Ping_rttMin),
      avgNs: Math.round(m.count(at + L.Ping_rttSum) / answered),
      maxNs: m.count(at + L.Ping_rttMax),
    };
    return {
      from,
      to,
      sizeBytes,
      sent,
      answered,
      lost: sent - answered,
      duplicates: m.count(at + L.Ping_duplicates),
      unreachable: m.count(at + L.Ping_unreachable),
      noRoute: m.count(at + L.Ping_noRoute),
      rtt: answered === 0 ? null : rtt,
    };
  });
}
