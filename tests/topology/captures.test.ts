/** What a user may say of a capture, as it comes out of the check. */
import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { captureName, numberedFile } from '../../src/topology/capture-name.ts';
import { capturePorts, matchCapturePorts } from '../../src/topology/capture-port.ts';
import { parseTopology } from '../../src/topology/load.ts';
import { TopologyError } from '../../src/topology/problem.ts';
import { readSize } from '../../src/topology/quantity.ts';
import { captureOf } from '../../src/topology/request.ts';

const lab = (captures = '[]') =>
  parseTopology(
    `
  hosts:
    a: { uplinks: { u0: { to: s/1 }, u1: { to: s/2 } }, vswitches: { v: { portGroups: { g: {} } } }, vms: { m: {} } }
  physical:
    switches: { s: { ports: 3 }, t: { ports: 1 } }
    links: [{ a: s/3, b: t/1 }]
  captures: ${captures}`,
    'lab.yaml',
  );
const requests = (captures: string) => lab(captures).captures;
const ALL = ['a/m', 'a/u0', 'a/u1', 'a/DROP', 's/1', 's/2', 's/3', 's/DROP', 't/1', 't/DROP'];

describe('a capture', () => {
  it('of which nothing is said but its file has every port and every DROP', () => {
    expect(requests('[{ file: all.pcapng }]')).toEqual([{ file: 'all.pcapng', ports: ALL, snapLength: 0 }]);
    expect(capturePorts(lab())).toEqual(ALL);
  });

  it('as a classic pcap has every port, and no DROP', () => {
    const ports = ALL.filter((name) => !name.endsWith('DROP'));
    expect(requests('[{ file: a.pcap }, { file: b.pcap.gz, ports: ["a/*", "s/*", "t/*"] }]')).toMatchObject([
      { ports },
      { ports },
    ]);
  });

  it.each([
    ['{ file: a.pcapng }, { file: x/../a.pcapng }', /a\.pcapng is the file of another capture, a\.pcapng; each/],
    [
      '{ file: a.pcapng, rotate: { frames: 1 } }, { file: a_00001.pcapng }',
      /is a file that another capture begins, a\./,
    ],
    ['{ file: a_123456.pcapng }, { file: ./a.pcapng, rotate: { frames: 1 } }', /begins a_123456\.pcapng, which is the/],
    ['{ file: a.pcapng, ports: [], wires: [] }', /ports: no ports; leave ports out/],
    ['{ file: a.pcapng, wires: [] }', /wires: no wires; leave wires out/],
  ])('is refused: %s', (captures, why) => {
    expect(() => requests(`[${captures}]`)).toThrow(why);
  });

  it.each([
    '{ file: a.pcapng, rotate: { frames: 1 } }, { file: a_1.pcapng }, { file: a_000001.pcapng }',
    '{ file: a.pcapng, rotate: { frames: 1 } }, { file: a_00001.pcapng, rotate: { frames: 1 } }',
    '{ file: a.pcapng, rotate: { frames: 1 } }, { file: a_00001.pcap }, { file: "-" }, { file: ./- }',
  ])('beside others has its own file: %s', (captures) => {
    expect(requests(`[${captures}]`).length).toBeGreaterThan(1);
  });

  it.each([
    ['a/*', ['a/m', 'a/u0', 'a/u1', 'a/DROP']],
    ['*/DROP', ['a/DROP', 's/DROP', 't/DROP']],
    ['s/DROP', ['s/DROP']],
    ['a/m.eth0', ['a/m']],
    ['x/DROP', []],
    ['DROP', []],
    ['*x', []],
  ])('of %s has %j', (pattern, names) => {
    expect(matchCapturePorts(lab(), pattern)).toEqual(names);
  });

  it('has all that is asked for, in units of the engine', () => {
    const all = `[{ file: "-", ports: [t/DROP, a/m], wires: [s/1, "t/*"], stages: [inside, wire, inside], direction: out,
      filter: arp, snap: 64, sample: 7, start: 1ms, stop: 2s, limit: { size: 1MiB, after: 3ms, frames: 9 }, onError: continue }]`;
    expect(requests(all)).toEqual([
      {
        file: '-',
        ports: ['a/m', 't/DROP'],
        snapLength: 64,
        wires: ['a/u0', 's/3'],
        stages: ['wire', 'inside'],
        direction: 'out',
        filter: 'arp',
        sample: 7,
        startNs: 1_000_000,
        stopNs: 2_000_000_000,
        limit: { bytes: 1_048_576, ns: 3_000_000, frames: 9 },
        onError: 'continue',
      },
    ]);
    const ring = '[{ file: x.pcap, rotate: { size: 2kB, every: 1s, frames: 3, keep: 4 } }]';
    expect(requests(ring)[0]!.rotate).toEqual({ bytes: 2000, ns: 1_000_000_000, frames: 3, keep: 4 });
  });

  it('of cables has no port that is not asked for', () => {
    expect(requests('[{ file: w.pcapng, wires: ["*"] }]')).toEqual([
      { file: 'w.pcapng', ports: [], snapLength: 0, wires: ['a/u0', 'a/u1', 's/3'] },
    ]);
  });

  it('can be added to a checked topology, by the same words', () => {
    const topology = lab('[{ file: all.pcapng }]');
    expect(captureOf({ file: 'x.pcap', ports: ['a/m'], snap: '64' }, topology)).toEqual({
      file: 'x.pcap',
      ports: ['a/m'],
      snapLength: 64,
    });
    const told = (entry: object) => () => captureOf(entry, topology);
    expect(told({ file: 'all.pcapng' })).toThrow('file: all.pcapng is the file of another capture; each needs its own');
    expect(told({ file: 'x', rotate: { size: 'big' } })).toThrow(TopologyError);
    expect(told({ file: 'x', rotate: { size: 'big' } })).toThrow('rotate.size: big is not a size');
    expect(told({ file: 'x', ports: ['a/x'] })).toThrow('ports[0]: unknown port a/x; did you mean m? a has m, u0, u1');
  });
});

describe('the name of a capture', () => {
  it.each([
    ['all.pcapng', 'all', '.pcapng', false, 'none'],
    ['d/all.pcap', 'd/all', '.pcap', true, 'none'],
    ['all.pcap.gz', 'all', '.pcap.gz', true, 'gzip'],
    ['all.pcapng.zst', 'all', '.pcapng.zst', false, 'zstd'],
    ['v1.2/all', 'v1.2/all', '', false, 'none'],
    ['all.gz', 'all', '.gz', false, 'gzip'],
    ['.hidden', '.hidden', '', false, 'none'],
    ['d/.pcap', 'd/.pcap', '', false, 'none'],
    ['-', '-', '', false, 'none'],
  ])('%s is taken apart', (file, stem, ending, isPcap, compression) => {
    expect(captureName(file)).toEqual({ stem, ending, isPcap, compression });
  });

  it('is numbered before its endings', () => {
    expect(numberedFile('d/all.pcapng.gz', 1)).toBe('d/all_00001.pcapng.gz');
    expect(numberedFile('all', 123_456)).toBe('all_123456');
  });
});

describe('a size', () => {
  it.each([
    [1, 1],
    ['65536', 65_536],
    ['10MB', 10_000_000],
    ['1.5 kB', 1500],
    ['64MiB', 67_108_864],
    ['2G', 2e9],
    ['1KiB', 1024],
    ['7B', 7],
  ])('%s is %d bytes', (text, bytes) => {
    expect(readSize(text)).toBe(bytes);
  });

  it('that is none is refused', () => {
    for (const bad of [0, -1, 'x', '1XB', '1iB', '', '0.1', '1e9', null, [], '99999999TB']) {
      expect(() => readSize(bad), String(bad)).toThrow(/is not a size|missing/);
    }
  });

  it('is what was written, in every unit', () => {
    const units = fc.constantFrom(['', 1], ['kB', 1e3], ['MB', 1e6], ['KiB', 1024], ['MiB', 1024 ** 2]);
    fc.assert(
      fc.property(fc.integer({ min: 1, max: 1_000_000 }), units, (number, [unit, factor]) => {
        expect(readSize(`${number}${unit}`)).toBe(number * Number(factor));
      }),
    );
  });
});
