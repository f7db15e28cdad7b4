/** Writes a switch's mirrors, and what its ports know of them; after the ports, before their addresses are registered. */

import { VERDICTS } from '../telemetry/generated/verdicts.ts';
import type { PortVlan, VlanRange } from '../topology/model.ts';
import * as L from './generated/layout.ts';
import type { SharedMemory } from './memory.ts';
import type { PlannedSwitch } from './plan.ts';
import type { PlannedMirror } from './plan-mirror.ts';

const VLAN_MIRROR = 7;
const TAGS: Record<PortVlan['mode'], number> = { transparent: 0, access: 1, tunnel: 1, private: 1, trunk: 2 };

export function fillMirrors(m: SharedMemory, sw: PlannedSwitch): void {
  const { mirroring, address: at } = sw;
  if (mirroring === undefined) return;
  const { mirrors, remoteVlans, remoteAt, noVlansAt } = mirroring;
  if (remoteAt !== 0) {
    setBits(
      m,
      remoteAt,
      remoteVlans.map((vid) => ({ first: vid, last: vid })),
    );
    m.setU32(at + L.Switch_remoteVlans, remoteAt);
  }
  if (mirrors.length === 0) return;
  m.setU32(at + L.Switch_mirrors, mirrors[0]!.address);
  m.setU32(at + L.Switch_mirrorCount, mirrors.length);
  for (const planned of mirrors) fillMirror(m, sw, planned, noVlansAt);
}

function fillMirror(m: SharedMemory, sw: PlannedSwitch, planned: PlannedMirror, noVlansAt: number): void {
  const { mirror, number, address: at, vlansAt } = planned;
  m.setU32(at + L.Mirror_vlans, vlansAt);
  if (mirror.vlans !== null) setBits(m, vlansAt, mirror.vlans);
  m.setU32(at + L.Mirror_snap, mirror.snapBytes ?? 0);
  m.setU32(at + L.Mirror_sample, mirror.sample);
  m.setU8(at + L.Mirror_isOff, mirror.on ? 0 : 1);
  m.setU8(at + L.Mirror_byVlan, mirror.byVlan ? 1 : 0);
  m.setU8(at + L.Mirror_mayTransit, mirror.transit ? 1 : 0);
  m.setU64(at + L.Mirror_drops, bitsOf(mirror.drops));
  const bit = 1 << number;
  const add = (field: number) => m.setU32(field, (m.u32(field) | bit) >>> 0);
  if (mirror.on && mirror.drops.length > 0) add(sw.address + L.Switch_mirrorDrops);
  for (const port of sw.ports) {
    if (mirror.in.includes(port.name)) add(port.address + L.Port_mirrorsIn);
    if (mirror.out.includes(port.name)) add(port.address + L.Port_mirrorsOut);
    if (mirror.on && mirror.in.includes(port.name)) add(port.address + L.Port_mirrorIn);
    if (mirror.on && mirror.out.includes(port.name)) add(port.address + L.Port_mirrorOut);
  }
  if ('vlan' in mirror.to) {
    m.setU32(at + L.Mirror_vid, mirror.to.vlan);
    return;
  }
  const { port: name } = mirror.to;
  const target = sw.ports.find((port) => port.name === name)!;
  m.setU32(at + L.Mirror_to, target.address);
  m.setU8(at + L.Mirror_tags, TAGS[target.vlan.mode]);
  m.setU8(target.address + L.Port_vlanMode, VLAN_MIRROR);
  m.setU32(target.address + L.Port_members, noVlansAt);
  m.setU8(target.address + L.Port_learns, 0);
  // Nobody is there for the switch.
  m.setU64(target.address + L.Port_configuredMac, 0n);
}

function bitsOf(names: readonly string[]): bigint {
  return VERDICTS.filter(({ name }) => names.includes(name)).reduce(
    (bits, row) => bits | (1n << BigInt(row.number)),
    0n,
  );
}

function setBits(m: SharedMemory, at: number, ranges: readonly VlanRange[]): void {
  for (const { first, last } of ranges) {
    for (let vid = first; vid <= last; vid++) m.setU8(at + (vid >>> 3), m.u8(at + (vid >>> 3)) | (1 << (vid & 7)));
  }
}
