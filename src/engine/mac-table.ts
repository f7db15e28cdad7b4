/**
 * A switch's MAC table as users read it, straight from the shared memory.
 *
 * A network of a thousand hosts has a million entries, so they are taken apart in 32-bit pieces: with a BigInt for each key and
 * value, and texts to sort by, reading one cost 5 us; now it is 1.
 */
import type { MacEntry } from '../telemetry/report.ts';
import * as L from './generated/layout.ts';
import type { SharedMemory } from './memory.ts';
import type { PlannedSwitch } from './plan.ts';

const ENTRY_BYTES = 16;
const STATIC_BIT = 0x800;
const PORT_MASK = 0x7ff;
const TIME_SHIFT = 12;
const VLAN_MASK = 0xfff;
const READ_TRIES = 100;
const HEX = Array.from({ length: 256 }, (_, octet) => octet.toString(16).padStart(2, '0'));

/** Live entries by VLAN and address. A reader may meet an entry on the move, so it reads until nothing moved meanwhile. */
export function macTable(memory: SharedMemory, sw: PlannedSwitch): MacEntry[] {
  const version = memory.word(sw.address + L.Switch_tableVersion);
  for (let attempt = 1; ; attempt++) {
    const before = Atomics.load(memory.words, version);
    const entries = read(memory, sw);
    const quiet = (before & 1) === 0 && Atomics.load(memory.words, version) === before;
    if (quiet || attempt === READ_TRIES) return entries;
  }
}

function read(m: SharedMemory, sw: PlannedSwitch): MacEntry[] {
  const now = m.count(sw.address + L.Switch_stampNow);
  const age = m.count(sw.address + L.Switch_ageNs);
  const found: { order: number; entry: MacEntry }[] = [];
  const end = sw.tableAt + sw.tableSlots * ENTRY_BYTES;
  for (let at = sw.tableAt; at < end; at += ENTRY_BYTES) {
    // Octets 0 to 3; then 4 and 5, and the VLAN (core/fdb.ts draws it).
    const first = m.u32(at);
    const last = m.u32(at + 4);
    if (first === 0 && last === 0) continue;
    const value = m.u32(at + 8);
    const isStatic = (value & STATIC_BIT) !== 0;
    const heard = m.u32(at + 12) * 2 ** (32 - TIME_SHIFT) + (value >>> TIME_SHIFT);
    if (!isStatic && heard + age <= now) continue;
    const logical = value & PORT_MASK;
    const entry = {
      vlan: (last >>> 16) & VLAN_MASK,
      mac: textOf(first, last),
      port: logical === L.LOGICAL_TEAM ? 'uplink' : (sw.ports[logical]?.name ?? '?'),
      static: isStatic,
      ageSeconds: isStatic || now < heard ? 0 : (now - heard) / 1e9,
    };
    found.push({ order: orderOf(first, last), entry });
  }
  found.sort((a, b) => a.entry.vlan - b.entry.vlan || a.order - b.order);
  return found.map(({ entry }) => entry);
}

function textOf(first: number, last: number): string {
  const low = `${HEX[first & 255]}:${HEX[(first >>> 8) & 255]}:${HEX[(first >>> 16) & 255]}:${HEX[first >>> 24]}`;
  return `${low}:${HEX[last & 255]}:${HEX[(last >>> 8) & 255]}`;
}

/** The address as a number whose most significant octet is the first one. */
function orderOf(first: number, last: number): number {
  const high = ((first & 255) << 16) | (first & 0xff00) | ((first >>> 16) & 255);
  return high * 2 ** 24 + (((first >>> 24) << 16) | ((last & 255) << 8) | ((last >>> 8) & 255));
}

/** A key, or an address as a little-endian load sees it, as users write it. */
export function macText(key: bigint): string {
  return textOf(Number(key & 0xffff_ffffn), Number((key >> 32n) & 0xffffn));
}
