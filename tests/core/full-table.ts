/**
 * A vSwitch with a small table, seen from outside: frames go in one by one, and the whole table is read between them. Nothing
 * is captured, so that frames take the short cuts, which refresh entries where nobody notices.
 */
import { expect } from 'vitest';
import * as L from '../../src/engine/generated/layout.ts';
import { Network } from '../../src/engine/network.ts';
import { topologyFrom } from '../../src/topology/load.ts';

export const ageNs = 10_000_000_000n;
export const everybody = 0xffff_ffff_ffffn;
const limit = 5;
/** vNICs where nothing is special; a listener is the only port that never sends. */
export const plain = ['h/a', 'h/b', 'h/c', 'h/d'];
export const uplinks = ['h/u0', 'h/u1'];
export const senders = [...plain, ...uplinks, 'h/limited', 'h/sticky'];

export type WhenFull = 'evict' | 'forward' | 'drop';

export interface Entry {
  readonly logical: number;
  readonly heardNs: bigint;
  readonly isBound: boolean;
}

/** An address of which the lowest bits stand in the last octets. */
export const station = (n: number): bigint => 0x02n | (BigInt(n >>> 8) << 32n) | (BigInt(n & 0xff) << 40n);
export const keyOf = (mac: bigint): bigint => (1n << 60n) | mac;

function frame(dst: bigint, src: bigint): Uint8Array {
  const view = new DataView(new ArrayBuffer(60));
  view.setBigUint64(0, dst, true);
  view.setUint32(6, Number(src & 0xffffffffn), true);
  view.setUint16(10, Number(src >> 32n), true);
  view.setUint16(12, 0x88b5);
  return new Uint8Array(view.buffer);
}

export class FullTable {
  readonly network: Network;
  readonly #table: BigUint64Array;
  readonly #at: number;
  readonly max: number;
  readonly whenFull: WhenFull;
  nowNs = 1n;
  frames = 0;
  /** What frames found out of date or aged, one by one: in all, and one frame at most. */
  steps = 0;
  stepsMost = 0;

  constructor(max: number, whenFull: WhenFull = 'evict') {
    this.max = max;
    this.whenFull = whenFull;
    this.network = new Network(
      topologyFrom({
        hosts: {
          h: {
            uplinks: ['u0', 'u1'],
            vswitches: {
              s: {
                macModel: 'learning',
                table: { max, ageing: '10s', whenFull },
                portGroups: { g: {}, limited: { macLimit: limit }, sticky: { sticky: true } },
              },
            },
            vms: {
              ...Object.fromEntries(['a', 'b', 'c', 'd', 'listener'].map((name) => [name, { portGroup: 'g' }])),
              limited: { portGroup: 'limited' },
              sticky: { portGroup: 'sticky' },
            },
          },
        },
      }),
      { injectAt: senders },
    );
    const sw = this.network.plan.switches[0]!;
    this.#at = sw.eviction!.address;
    this.#table = new BigUint64Array(this.network.memory.memory.buffer, sw.tableAt, 2 * sw.tableSlots);
  }

  /** How often the core looked at its whole table. */
  get walks(): number {
    return this.network.memory.u32(this.#at + L.Eviction_walks);
  }

  send(port: string, src: bigint, dst: bigint, gapNs = 1n): void {
    this.nowNs += gapNs;
    this.frames++;
    if (!this.network.inject(port, frame(dst, src), this.nowNs)) throw new Error('the injection queue is full');
    this.network.memory.setU32(this.#at + L.Eviction_steps, 0);
    this.network.advance(this.nowNs);
    const steps = this.network.memory.u32(this.#at + L.Eviction_steps);
    this.steps += steps;
    this.stepsMost = Math.max(this.stepsMost, steps);
  }

  entries(): Map<bigint, Entry> {
    const found = new Map<bigint, Entry>();
    for (let i = 0; i < this.#table.length; i += 2) {
      if (this.#table[i] === 0n) continue;
      const value = this.#table[i + 1]!;
      const [heardNs, isBound, logical] = [value >> 12n, (value & 0x800n) !== 0n, Number(value & 0x7ffn)];
      found.set(this.#table[i]!, { logical, heardNs, isBound });
    }
    return found;
  }

  /** Who has to go from such a table: all that has aged, or the most silent of the fullest port. */
  leaving(entries: ReadonlyMap<bigint, Entry>): bigint[] {
    const dynamic = [...entries].filter(([, { isBound }]) => !isBound);
    const aged = dynamic.filter(([, { heardNs }]) => heardNs + ageNs <= this.nowNs);
    if (aged.length > 0 || this.whenFull !== 'evict' || entries.size < this.max) return aged.map(([key]) => key);
    const byPort = this.#order.map((logical) => dynamic.filter(([, entry]) => entry.logical === logical));
    const most = Math.max(...byPort.map(({ length }) => length));
    const there = byPort.find(({ length }) => length === most)!;
    const isBefore = (a: [bigint, Entry], b: [bigint, Entry]) =>
      a[1].heardNs === b[1].heardNs ? a[0] < b[0] : a[1].heardNs < b[1].heardNs;
    return there.length === 0 ? [] : [there.reduce((first, each) => (isBefore(each, first) ? each : first))[0]];
  }

  get #order(): number[] {
    const { ports } = this.network.plan.switches[0]!;
    return [L.LOGICAL_TEAM, ...ports.filter(({ kind }) => kind === 'vnic').map(({ number }) => number)];
  }

  /** Candidates are in a heap or free, each in one place; and each dynamic entry has one on its port, not later than itself. */
  assertListed(): void {
    const { memory } = this.network;
    const field = (name: number): number => memory.u32(this.#at + name);
    if (field(L.Eviction_isKept) === 0) return;
    const seen = new Set<number>();
    const listed = new Map<string, bigint>();
    const see = (address: number): void => {
      expect(seen.has(address)).toBe(false);
      seen.add(address);
    };
    for (const [seat, logical] of this.#order.entries()) {
      const open = [memory.u32(field(L.Eviction_firsts) + 4 * seat)];
      for (let address = open.pop(); address !== undefined; address = open.pop()) {
        if (address === 0) continue;
        see(address);
        const station = `${memory.u64(address + L.Candidate_key)} ${logical}`;
        const time = memory.u64(address + L.Candidate_time);
        if (time < (listed.get(station) ?? time + 1n)) listed.set(station, time);
        open.push(memory.u32(address + L.Candidate_child), memory.u32(address + L.Candidate_sibling));
      }
    }
    for (let free = field(L.Eviction_free); free !== 0; free = memory.u32(free + L.Candidate_sibling)) see(free);
    expect(seen.size).toBe((field(L.Eviction_fresh) - field(L.Eviction_candidates)) / L.Candidate_BYTES);
    for (const [key, { logical, heardNs, isBound }] of this.entries())
      if (!isBound) expect(listed.get(`${key} ${logical}`)).toBeLessThanOrEqual(heardNs);
  }

  /** The core's own counts of dynamic entries, by logical port. */
  assertCounts(): void {
    const { memory, plan } = this.network;
    const sw = plan.switches[0]!;
    const entries = [...this.entries().values()];
    for (const logical of this.#order) {
      const isTeam = logical === L.LOGICAL_TEAM;
      const at = isTeam ? sw.address + L.Switch_teamEntryCount : sw.ports[logical]!.address + L.Port_entryCount;
      expect(memory.u32(at)).toBe(entries.filter((each) => !each.isBound && each.logical === logical).length);
    }
  }
}

export function text(mac: bigint): string {
  return Array.from({ length: 6 }, (_, i) => ((mac >> BigInt(8 * i)) & 0xffn).toString(16).padStart(2, '0')).join(':');
}
