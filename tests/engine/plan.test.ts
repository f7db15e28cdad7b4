/** The memory plan and the compiled core: sums that add up, places that do not overlap, and nothing outside the memory. */
import { readFileSync } from 'node:fs';
import { describe, expect, it } from 'vitest';
import * as L from '../../src/engine/generated/layout.ts';
import { Network } from '../../src/engine/network.ts';
import { type Plan, PlanError } from '../../src/engine/plan.ts';
import { parseTopology, topologyFrom } from '../../src/topology/load.ts';
import { exampleYaml } from '../topology/example.ts';

const page = 65_536;
const all = { injectAt: ['*'], watch: ['*'] } as const;
const example = () => new Network({ ...parseTopology(exampleYaml, 'example.yaml'), captures: [] }, all);

/** Everything in the plan that has an address and a known size. */
function places(plan: Plan): [what: string, from: number, end: number][] {
  return [
    ...plan.switches.flatMap((sw) => [
      [`table of ${sw.name}`, sw.tableAt, sw.tableAt + 16 * sw.tableSlots] as const,
      [`locks of ${sw.name}`, sw.locksAt, sw.locksAt + 8 * sw.tableSlots] as const,
      [`lists of ${sw.name}`, sw.listsAt, sw.listsAt + sw.ports.length * 20] as const,
      ...sw.poolClasses.map(({ slotBytes, from, end }) => [`pool of ${sw.name}, ${slotBytes}`, from, end] as const),
      ...sw.ports.flatMap(({ name, address, rxRing, txRing }) => [
        [name, address, address + 384] as const,
        ...[rxRing, txRing]
          .filter((ring) => ring !== 0)
          .map((ring) => [`a ring of ${name}`, ring, ring + 256 * 8] as const),
      ]),
    ]),
    ...plan.wires.flatMap(({ address, to, entriesAt, entries, departuresAt, departures }) => [
      [`wire to ${to}`, address, address + L.Wire_BYTES] as const,
      [`entries to ${to}`, entriesAt, entriesAt + 16 * entries] as const,
      ...(departures === 0 ? [] : [[`departures to ${to}`, departuresAt, departuresAt + 8 * departures] as const]),
    ]),
    ...plan.injectClasses.map(({ slotBytes, from, end }) => [`injected, ${slotBytes}`, from, end] as const),
    ...plan.captures.flatMap(({ rings }) =>
      rings.map(({ bufferAt, bytes }) => ['capture', bufferAt, bufferAt + bytes] as const),
    ),
    ...plan.streams.map(({ template }) => ['template', template, template + 60] as const),
  ].map(([what, from, end]) => [what, from, end]);
}

describe('a memory plan', () => {
  it('has sums that add up to its bytes', () => {
    const { plan } = example();
    const sum = [...plan.sums.values()].reduce((total, bytes) => total + bytes, 0);
    expect(plan.bytes % page).toBe(0);
    expect(plan.bytes - (page + sum)).toBeGreaterThanOrEqual(0);
    expect(plan.bytes - (page + sum)).toBeLessThan(page);
  });

  it('gives everything a place of its own, and page 0 to nothing', () => {
    const { plan } = example();
    const sorted = places(plan).sort((a, b) => a[1] - b[1]);
    expect(sorted.length).toBeGreaterThan(100);
    expect(sorted[0]![1]).toBeGreaterThanOrEqual(page);
    sorted.forEach(([what, from, end], i) => {
      expect(end, what).toBeGreaterThan(from);
      const next = sorted[i + 1];
      expect(end, `${what} and ${next?.[0]}`).toBeLessThanOrEqual(next?.[1] ?? plan.bytes);
    });
  });

  it('never lets a run write to page 0, where address 0 stands for none', () => {
    const network = example();
    network.advance(1_001_000_000n);
    expect(network.report().ledger.framesIn).toBeGreaterThan(0);
    expect(Buffer.from(network.memory.bytes.subarray(0, page)).every((byte) => byte === 0)).toBe(true);
  });

  const tables = (count: number) => ({
    physical: {
      switches: Object.fromEntries(
        Array.from({ length: count }, (_, i) => [`s${i}`, { ports: 2, table: { max: 1_000_000 } }]),
      ),
    },
  });

  it('that does not fit into 4 GiB is refused in one line with the figures and a remedy', () => {
    const refused = () => new Network(topologyFrom(tables(100)));
    expect(refused).toThrow(PlanError);
    expect(refused).toThrow(
      /^the network needs [\d.]+ GiB of memory, more than the 4 GiB that there are: MAC tables [\d.]+ GiB, .*; use fewer hosts[^\n]*$/,
    );
  });

  it('takes large tables as long as they fit', () => {
    const { plan } = new Network(topologyFrom(tables(20)));
    // Places of 24 bytes, and a line behind each table.
    expect(plan.sums.get('MAC tables')).toBe(20 * (2 ** 21 * 24 + 64));
  });

  it('puts each host on one worker, and shares the work out', () => {
    const topology = topologyFrom({
      hosts: {
        h: {
          count: 6,
          vswitches: { v: { portGroups: { pg: {} } }, w: { portGroups: { pg2: {} } } },
          vms: { vm: { count: 4, portGroup: 'pg' } },
        },
      },
    });
    const { plan } = new Network(topology, { clock: 'wall', workers: 3 });
    for (const host of topology.hosts) {
      expect(new Set(plan.switches.filter((sw) => sw.host === host.name).map((sw) => sw.worker)).size).toBe(1);
    }
    expect(plan.workers.map(({ switches }) => switches.length)).toEqual([4, 4, 4]);
  });
});

const bytes = readFileSync(new URL('../../src/engine/generated/core.wasm', import.meta.url));
const module = new WebAssembly.Module(bytes);

/** What TypeScript's lib without the DOM does not tell of. */
const reflection = WebAssembly.Module as unknown as {
  imports(of: WebAssembly.Module): unknown;
  exports(of: WebAssembly.Module): { readonly name: string; readonly kind: string }[];
};

/** Section numbers of a WebAssembly module with their contents (core specification, 5.5). */
function sections(): Map<number, Buffer> {
  const found = new Map<number, Buffer>();
  for (let at = 8; at < bytes.length; ) {
    const id = bytes[at++]!;
    let size = 0;
    for (let shift = 0; ; shift += 7) {
      const byte = bytes[at++]!;
      size |= (byte & 127) << shift;
      if (byte < 128) break;
    }
    found.set(id, bytes.subarray(at, at + size));
    at += size;
  }
  return found;
}

const now = () => 0n;

describe('the compiled core', () => {
  it('imports its memory and the time, and nothing else', () => {
    const imports = (reflection.imports(module) as { name: string }[]).sort((a, b) => a.name.localeCompare(b.name));
    expect(imports).toEqual([
      { module: 'env', name: 'memory', kind: 'memory' },
      { module: 'env', name: 'now', kind: 'function' },
    ]);
  });

  it('exports no mutable global', () => {
    const memory = new WebAssembly.Memory({ initial: 1, maximum: 65_536, shared: true });
    const { exports } = new WebAssembly.Instance(module, { env: { memory, now } });
    const globals = reflection.exports(module).filter(({ kind }) => kind === 'global');
    expect(globals.length).toBeGreaterThan(50);
    for (const { name } of globals) {
      const global = exports[name] as { value: unknown };
      expect(() => Reflect.set(global, 'value', global.value), name).toThrow(TypeError);
    }
  });

  it('has no data segment, which every instance would write again', () => {
    const data = sections().get(11);
    expect(data === undefined || (data.length === 1 && data[0] === 0)).toBe(true);
  });

  it('has no mutable global of its own, which would belong to one thread', () => {
    const section = sections().get(6) ?? Buffer.from([0]);
    const mutable: number[] = [];
    let at = 0;
    const leb = () => {
      let value = 0;
      for (let shift = 0; ; shift += 7) {
        const byte = section[at++]!;
        value += (byte & 127) * 2 ** shift;
        if (byte < 128) return value;
      }
    };
    const count = leb();
    for (let i = 0; i < count; i++) {
      at++; // value type
      if (section[at++] === 1) mutable.push(i);
      const opcode = section[at++]!;
      expect([0x41, 0x42], 'a constant, i32 or i64').toContain(opcode);
      leb();
      expect(section[at++], 'end').toBe(0x0b);
    }
    expect(at).toBe(section.length);
    expect(mutable).toEqual([]);
  });

  it('writes nothing to a memory by being instantiated', () => {
    const memory = new WebAssembly.Memory({ initial: 4, maximum: 65_536, shared: true });
    new Uint8Array(memory.buffer).fill(0xa5);
    new WebAssembly.Instance(module, { env: { memory, now } });
    expect(new Uint8Array(memory.buffer).every((byte) => byte === 0xa5)).toBe(true);
  });
});
