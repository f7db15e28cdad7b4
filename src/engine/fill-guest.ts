/** Writes what guests do at layer 3 into memory: prefix, gateway, service, pings with a template of the frame each. */
import type { Ping } from '../topology/guest-model.ts';
import type { Topology } from '../topology/model.ts';
import { enlist } from './enlist.ts';
import * as L from './generated/layout.ts';
import { ALL_ONES, inFrame } from './in-memory.ts';
import type { SharedMemory } from './memory.ts';
import type { Plan } from './plan.ts';
import type { PlannedPing, PlannedStack } from './plan-guest.ts';

const FCS_BYTES = 4;
const ICMP_AT = 34;
const DATA_AT = 42;

/** After the streams: who pings or asks for an address is a streamer, too. */
export function fillStacks(m: SharedMemory, plan: Plan, topology: Topology): void {
  for (const stack of plan.stacks) fillStack(m, plan, topology, stack);
}

function fillStack(m: SharedMemory, plan: Plan, topology: Topology, stack: PlannedStack): void {
  const { address, nic, pings } = stack;
  const { sw, port } = plan.ports.get(stack.name)!;
  m.setU32(port.guest + L.Guest_stack, address);
  m.setU32(address + L.Stack_mask, nic.ip === undefined ? 0 : maskOf(nic.ip.prefixLength));
  m.setU32(address + L.Stack_gateway, nic.guest?.gateway === undefined ? 0 : inFrame(nic.guest.gateway));
  m.setU32(address + L.Stack_neighbours, stack.neighbours);
  m.setU32(address + L.Stack_neighbourCount, stack.neighbourCount);
  const listens = nic.guest?.listen ?? [];
  m.setU32(address + L.Stack_listens, stack.listens);
  m.setU32(address + L.Stack_listenCount, listens.length);
  for (const [i, udp] of listens.entries()) m.setU16Be(stack.listens + 2 * i, udp);
  m.setU32(address + L.Stack_pings, pings[0]?.address ?? 0);
  m.setU32(address + L.Stack_pingCount, pings.length);
  if (stack.dhcp !== 0) {
    m.setU32(address + L.Stack_dhcp, stack.dhcp);
    m.setU32(stack.dhcp + L.DhcpClient_xid, firstXid(topology.seed, port.number, sw.number));
    m.setU32(port.guest + L.Guest_isMuted, L.GUEST_UNBOUND);
  }
  for (const ping of pings) fillPing(m, ping, topology.pings![ping.number]!);
  if (pings.length > 0 || stack.dhcp !== 0) enlist(m, sw, port.guest);
}

/** Far from those of other guests, and another one for another seed. */
function firstXid(seed: number, port: number, sw: number): number {
  const mixed = Math.imul(seed ^ Math.imul(sw + 1, 0x9e3779b1) ^ Math.imul(port + 1, 0x85ebca77), 0xc2b2ae3d);
  return (mixed ^ (mixed >>> 15)) >>> 0;
}

function maskOf(prefixLength: number): number {
  return inFrame((2 ** 32 - 2 ** (32 - prefixLength)) >>> 0);
}

/** ICMP echo request (RFC 792) without addresses of cards, sender and sequence number; data as `ping` has it: 0, 1, 2, … */
function fillPing(m: SharedMemory, { number, address, template, times }: PlannedPing, ping: Ping): void {
  const length = ping.sizeBytes - FCS_BYTES;
  const identifier = number & 0xffff;
  m.setU16Be(template + 12, 0x0800);
  m.setU16Be(template + 14, 0x4500);
  m.setU16Be(template + 16, length - 14);
  m.setU16Be(template + 20, 0x4000);
  m.setU16Be(template + 22, 0x4001);
  m.setU32(template + 30, inFrame(ping.address));
  m.setU8(template + ICMP_AT, 8);
  m.setU16Be(template + ICMP_AT + 4, identifier);
  for (let at = DATA_AT; at < length; at++) m.setU8(template + at, (at - DATA_AT) & 255);
  m.setU32(address + L.Ping_number, number);
  m.setU32(address + L.Ping_length, length);
  m.setU32(address + L.Ping_template, template);
  m.setU32(address + L.Ping_sum, sumOf(m.bytes.subarray(template + ICMP_AT, template + length)));
  m.setU32(address + L.Ping_target, inFrame(ping.address));
  m.setU32(address + L.Ping_times, times);
  m.setU64(address + L.Ping_dueNs, BigInt(Math.round(ping.startNs)));
  m.setU64(address + L.Ping_stopNs, BigInt(Math.round(ping.stopNs ?? 0)));
  m.setU64(address + L.Ping_intervalNs, BigInt(Math.round(ping.intervalNs)));
  m.setU64(address + L.Ping_remaining, ping.count === null ? ALL_ONES : BigInt(ping.count));
}

/** Ones' complement sum of octets in pairs (RFC 1071). */
function sumOf(bytes: Uint8Array): number {
  let sum = 0;
  for (let at = 0; at < bytes.length; at += 2) sum += (bytes[at]! << 8) | (bytes[at + 1] ?? 0);
  while (sum > 0xffff) sum = (sum & 0xffff) + (sum >>> 16);
  return sum;
}

/** Whom a guest's stream asks for by ARP, as in a frame, and what its Stream.hasIp is. */
export function routeOf(stack: PlannedStack | undefined, to: number, isNamed: boolean): { hop: number; hasIp: number } {
  const own = stack?.nic.ip;
  if (stack === undefined || own === undefined) return { hop: inFrame(to), hasIp: 1 };
  const { prefixLength, address } = own;
  const size = 2 ** (32 - prefixLength);
  if (Math.floor(to / size) === Math.floor(address / size)) return { hop: inFrame(to), hasIp: 1 };
  const gateway = stack.nic.guest?.gateway;
  if (gateway !== undefined) return { hop: inFrame(gateway), hasIp: 1 };
  // Between vNICs that the topology names, prefixes are not looked at unless there is a gateway.
  return isNamed ? { hop: inFrame(to), hasIp: L.STREAM_ON_LINK } : { hop: L.NO_ROUTE_HOP, hasIp: 1 };
}
