import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import path from 'node:path';
import fc from 'fast-check';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { compileFilter, runFilter } from '../../src/capture/filter.ts';
import { coreModule, instantiate } from '../../src/engine/core.ts';
import { expressions, randomExpression } from './filter-expressions.ts';
import { capturedFrames, cutFrames, wholeFrames } from './filter-frames.ts';
import { passedBy, type Sample, save, tcpdumpMissing } from './tcpdump.ts';

/** How many random expressions are tried: a process each, where tcpdump is asked. */
const RUNS = Number(process.env['FILTER_RUNS'] ?? 60);

const uncut = [...wholeFrames, ...capturedFrames()];
const every = [...uncut, ...cutFrames];

/** Indices of the frames that pass. */
function passed(filter: string, samples: readonly Sample[]): number[] {
  const program = compileFilter(filter);
  return samples.flatMap(({ bytes, length }, i) => (runFilter(program, bytes, length) ? [i] : []));
}

const because = tcpdumpMissing === null ? '' : ` (skipped: ${tcpdumpMissing})`;

describe.skipIf(tcpdumpMissing !== null)(`a filter against tcpdump${because}`, () => {
  let directory = '';
  const file = (name: string): string => path.join(directory, name);
  beforeAll(() => {
    directory = mkdtempSync(path.join(tmpdir(), 'filter-'));
    save(file('uncut.pcap'), uncut);
    save(file('every.pcap'), every);
  });
  afterAll(() => rmSync(directory, { recursive: true }));

  it.each(expressions)('lets the same frames pass, cut ones too: %s', (filter) => {
    expect(passed(filter, every)).toEqual(passedBy(file('every.pcap'), filter, false));
  });

  it('lets the same whole frames pass as with the optimiser of libpcap', () => {
    // It adds a negative index to the offset when it compiles, and then finds octets before the header.
    for (const filter of expressions.filter((each) => each !== 'ip[-2:2] = 0x0800' && !each.includes('(3 - 3)')))
      expect([filter, passed(filter, uncut)]).toEqual([filter, passedBy(file('uncut.pcap'), filter, true)]);
  });

  it('lets the same frames pass for random expressions', { timeout: 300_000 }, () => {
    const agrees = (filter: string): void => {
      const expected = passedBy(file('every.pcap'), filter, false);
      fc.pre(expected !== null);
      expect(passed(filter, every)).toEqual(expected);
    };
    fc.assert(fc.property(randomExpression, agrees), { numRuns: RUNS });
  });
});

describe('a filter in the core', () => {
  const memory = new WebAssembly.Memory({ initial: 4, maximum: 65_536, shared: true });
  const core = instantiate(coreModule(), memory);
  const [programAt, bytesAt] = [0x10000, 0x30000 - 1000];

  const passedInCore = (filter: string, samples: readonly Sample[]): number[] => {
    const { words } = compileFilter(filter);
    new Uint32Array(memory.buffer, programAt, 1)[0] = words.length / 2;
    new Uint32Array(memory.buffer, programAt + 8, words.length).set(words);
    return samples.flatMap(({ bytes, length }, i) => {
      // What stands behind a cut frame must not be seen.
      new Uint8Array(memory.buffer, bytesAt, 400).fill(0x5a).set(bytes);
      return core.accepts(programAt, bytesAt, bytes.length, length) !== 0 ? [i] : [];
    });
  };

  it('lets the same frames pass as here, for every written expression', () => {
    for (const filter of expressions)
      expect([filter, passedInCore(filter, every)]).toEqual([filter, passed(filter, every)]);
  });

  it('lets the same frames pass as here, for random expressions', { timeout: 300_000 }, () => {
    const agrees = (filter: string): void => {
      expect(passedInCore(filter, every)).toEqual(passed(filter, every));
    };
    fc.assert(fc.property(randomExpression, agrees), { numRuns: 2 * RUNS });
  });
});

describe('a compiled filter', () => {
  it('looks no further than it says', () => {
    const agrees = (filter: string): void => {
      const program = compileFilter(filter);
      for (const { bytes, length } of uncut) {
        if (program.reach >= bytes.length) continue;
        expect(runFilter(program, bytes.subarray(0, program.reach), length)).toBe(runFilter(program, bytes, length));
      }
    };
    for (const filter of expressions) agrees(filter);
    fc.assert(fc.property(randomExpression, agrees), { numRuns: RUNS });
  });

  it.each<[string, number]>([
    ['', 0],
    ['len > 100', 0],
    ['arp', 14],
    ['arp or icmp', 24],
    ['host fe80::1', 54],
    ['tcp port 80', 78],
    ['vlan and tcp port 80', 82],
    ['ether[ether[0]] = 1', 0xffffffff],
  ])('says how far it looks: %s', (filter, reach) => {
    expect(compileFilter(filter).reach).toBe(reach);
  });

  it.each<[string, number]>([
    ['arp or icmp', 7],
    ['tcp port 80', 20],
    ['vlan 10 and host 10.0.0.1 and tcp port 80', 24],
  ])('asks nothing twice: %s', (filter, instructions) => {
    expect(compileFilter(filter).words.length / 2).toBe(instructions);
  });

  it('takes every frame when nothing is asked', () => {
    expect(passed(' \n', every)).toHaveLength(every.length);
  });

  it('jumps as far as a long list of hosts needs', () => {
    const hosts = Array.from({ length: 400 }, (_, i) => `11.0.${i >> 8}.${i & 0xff}`);
    const filter = `not ip src (${hosts.join(' or ')} or 192.168.1.7) and ip`;
    expect(passed(filter, every)).toEqual(passed('ip and not ip src 192.168.1.7 and len >= 0', every));
    const many = `ip6 or host ${[...hosts.slice(0, 100), '10.0.0.1'].join(' or ')}`;
    expect(passed(many, uncut)).toEqual(passed('ip6 or host 10.0.0.1', uncut));
  });
});
