/** Writes the guests' streams into memory: a template of the frame, when the first one is due, how far apart they are. */
import type { StreamTarget } from '../topology/guest-model.ts';
import type { PortName, Stream, Topology } from '../topology/model.ts';
import { enlist } from './enlist.ts';
import { groupMac, ipv4Of, isIpv6, writeIpv6 } from './fill-group.ts';
import { routeOf } from './fill-guest.ts';
import * as L from './generated/layout.ts';
import { ALL_ONES, macBits } from './in-memory.ts';
import type { SharedMemory } from './memory.ts';
import type { Plan, PlannedPort } from './plan.ts';
import type { PlannedStack } from './plan-guest.ts';

const VNIC_BPS = 10_000_000_000;
/** FCS, preamble and gap are 24 bytes; a stream's size has the FCS already. */
const GAP_BYTES = 20;
/** 802.1 local experimental EtherType 1, for test frames between guests without addresses. */
const ETHERTYPE_TEST = 0x88b5;
const UDP_DISCARD = 9;
const UDP_SOURCE_FIRST = 1024;
const IPV4_BROADCAST = 0xffff_ffff;
const FCS_BYTES = 4;
/** A series of stations: 06, two octets that say whose, and three that number them. */
const STATIONS = 0x06n;

export function fillStreams(m: SharedMemory, plan: Plan, topology: Topology, isVirtual: boolean): void {
  const portOf = (name: PortName) => plan.ports.get(name)!;
  const stacks = new Map(plan.stacks.map((stack) => [stack.name, stack]));
  for (const [name, numbers] of plan.streamsOf) {
    const { sw, port } = portOf(name);
    m.setU32(port.guest + L.Guest_streams, plan.streams[numbers[0]!]!.address);
    m.setU32(port.guest + L.Guest_streamCount, numbers.length);
    enlist(m, sw, port.guest);
    for (const number of numbers) fillStream(m, plan, number, topology.streams[number]!, stacks.get(name), isVirtual);
  }
  fillTests(m, plan, topology, isVirtual);
}

function fillStream(
  m: SharedMemory,
  plan: Plan,
  number: number,
  stream: Stream,
  stack: PlannedStack | undefined,
  isVirtual: boolean,
): void {
  const portOf = (name: PortName) => plan.ports.get(name)!;
  const planned = plan.streams[number]!;
  const { address, template } = planned;
  const from = portOf(stream.from).port;
  const { target, group } = stream;
  const ipv6 = group !== undefined && isIpv6(group);
  const to = stream.to === 'broadcast' || target?.address !== undefined ? null : portOf(stream.to).port;
  const toIp =
    group !== undefined ? (ipv6 ? null : ipv4Of(group)) : (target?.address ?? (to === null ? IPV4_BROADCAST : to.ip));
  const hasSource = group !== undefined || from.ip !== null || (stack?.dhcp ?? 0) !== 0;
  const hasIp = hasSource && toIp !== null;
  const length = stream.sizeBytes - FCS_BYTES;
  // A test bed knows where its frames go.
  const asks = hasIp && stream.to !== 'broadcast' && stream.test === undefined;
  const route = asks ? routeOf(stack, toIp, target?.address === undefined) : { hop: 0, hasIp: hasIp ? 1 : 0 };
  m.setU32(address + L.Stream_number, number);
  m.setU32(address + L.Stream_length, length);
  m.setU32(address + L.Stream_template, template);
  m.setU32(address + L.Stream_flows, hasIp ? stream.flows : 1);
  m.setU32(address + L.Stream_portFirst, target?.fromPort ?? UDP_SOURCE_FIRST);
  m.setU32(address + L.Stream_resolve, route.hop);
  m.setU32(address + L.Stream_hasIp, ipv6 ? L.STREAM_IPV6 : route.hasIp);
  m.setU64(address + L.Stream_startNs, BigInt(Math.round(stream.startNs)));
  m.setU64(address + L.Stream_dueNs, BigInt(Math.round(stream.startNs)));
  m.setU64(address + L.Stream_stopNs, BigInt(Math.round(stream.stopNs ?? 0)));
  m.setU64(address + L.Stream_remaining, stream.count === null ? ALL_ONES : BigInt(stream.count));
  const { num, den } = intervalOf(stream, isVirtual);
  if (num !== 0n) {
    m.setU64(address + L.Stream_intervalNs, num / den);
    m.setU64(address + L.Stream_intervalRest, num % den);
    m.setU64(address + L.Stream_intervalDen, den);
  }
  const write = (at: number, bytes: number): void => {
    const source = stationsOf(plan, from, stream.test?.sources ?? 0);
    const destination =
      group !== undefined
        ? groupMac(group)
        : to === null || asks
          ? 0xffff_ffff_ffffn
          : stationsOf(plan, to, stream.test?.destinations ?? 0);
    m.setU64(at, BigInt.asUintN(64, destination | (source << 48n)));
    m.setU32(at + 8, Number(source >> 16n));
    if (ipv6) writeIpv6(m.bytes.subarray(at, at + bytes), group);
    else if (hasIp) writeUdp(m.bytes.subarray(at, at + bytes), from.ip ?? 0, toIp, target);
    else m.setU16Be(at + 12, ETHERTYPE_TEST);
  };
  write(template, length);
  if (planned.test === null) return;
  const { pattern, steps, templates } = planned.test;
  m.setU32(address + L.Stream_pattern, pattern);
  m.setU32(pattern + L.Pattern_steps, steps);
  m.setU32(pattern + L.Pattern_stepCount, templates.length);
  m.setU32(pattern + L.Pattern_isWall, isVirtual ? 0 : 1);
  for (const [i, at] of templates.entries()) {
    const bytes = stream.test!.sizes[i]! - FCS_BYTES;
    write(at, bytes);
    m.setU32(steps + i * L.SizeStep_BYTES + L.SizeStep_template, at);
    m.setU32(steps + i * L.SizeStep_BYTES + L.SizeStep_length, bytes);
  }
}

/** Where the test bed's checks and probes look. */
function fillTests(m: SharedMemory, plan: Plan, topology: Topology, isVirtual: boolean): void {
  if (plan.tests === null) return;
  const { checksAt, probes, groups } = plan.tests;
  for (const [i, { to }] of topology.streams.entries()) {
    const at = checksAt + i * L.CHECK_STRIDE;
    m.setU32(at + L.Check_port, to === 'broadcast' ? 0 : plan.ports.get(to)!.port.address);
  }
  for (const [place, number] of groups.entries()) {
    m.setU32(checksAt + number * L.CHECK_STRIDE + L.Check_group, place + 1);
  }
  for (const [name, { probe, histogram, groups: checks }] of probes) {
    m.setU32(plan.ports.get(name)!.port.guest + L.Guest_probe, probe);
    m.setU32(probe + L.Probe_checks, checksAt);
    m.setU32(probe + L.Probe_checkCount, topology.streams.length);
    m.setU32(probe + L.Probe_histogram, histogram);
    m.setU32(probe + L.Probe_groups, checks);
    m.setU32(probe + L.Probe_isWall, isVirtual ? 0 : 1);
  }
}

/** The address of a vNIC, or of the first station of its series: locally administered, with the vNIC's place among all ports. */
function stationsOf(plan: Plan, port: PlannedPort, stations: number): bigint {
  if (stations === 0) return macBits(port.effectiveMac!);
  const place = [...plan.ports.keys()].indexOf(port.name);
  return STATIONS | (BigInt(place >>> 8) << 8n) | (BigInt(place & 255) << 16n);
}

/** ns between frames as a fraction, so that the n-th frame is where the rate says, without drift. */
function intervalOf(stream: Stream, isVirtual: boolean): { num: bigint; den: bigint } {
  const { rate } = stream;
  const bits = BigInt((stream.sizeBytes + GAP_BYTES) * 8) * 1_000_000_000n;
  if (rate.kind === 'frames') return { num: 1_000_000_000_000n, den: BigInt(Math.round(rate.perSecond * 1000)) };
  if (rate.kind === 'bits') return { num: bits, den: BigInt(Math.round(rate.perSecond)) };
  return isVirtual ? { num: bits, den: BigInt(VNIC_BPS) } : { num: 0n, den: 1n };
}

/** IPv4 (RFC 791) and UDP (RFC 768, checksum left out as IPv4 allows) headers for a frame of `bytes.length`. */
function writeUdp(bytes: Uint8Array, from: number, to: number, target: StreamTarget | undefined): void {
  const view = new DataView(bytes.buffer, bytes.byteOffset, bytes.length);
  view.setUint16(12, 0x0800);
  view.setUint16(14, 0x4500);
  view.setUint16(16, bytes.length - 14);
  view.setUint16(20, 0x4000);
  view.setUint16(22, 0x4011);
  view.setUint32(26, from);
  view.setUint32(30, to);
  let sum = 0;
  for (let at = 14; at < 34; at += 2) sum += view.getUint16(at);
  while (sum > 0xffff) sum = (sum & 0xffff) + (sum >>> 16);
  view.setUint16(24, ~sum & 0xffff);
  view.setUint16(34, target?.fromPort ?? UDP_SOURCE_FIRST);
  view.setUint16(36, target?.port ?? UDP_DISCARD);
  view.setUint16(38, bytes.length - 34);
}
