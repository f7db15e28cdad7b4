/** The keys of spanning trees: what they become, and what is refused. */
import { describe, expect, it } from 'vitest';
import { parseTopology } from '../../src/topology/load.ts';
import { TopologyError } from '../../src/topology/problem.ts';

const physical = (text: string, all?: string) =>
  `physical:\n${all === undefined ? '' : `  spanningTree: ${all}\n`}  switches:\n    s: { ports: 4, ${text} }\n`;
const treeOf = (text: string, all?: string) => parseTopology(physical(text, all), 'lab.yaml').switches[0]!;
const unset = { priority: 32_768, helloSeconds: 2, maxAgeSeconds: 20, forwardDelaySeconds: 15, ports: {} };
const port = { cost: null, priority: 128, edge: 'auto', guard: null, enabled: true };

describe('a spanning tree', () => {
  type Row = readonly [what: string, own: string, all: string | undefined, tree: object | undefined];
  const rows: Row[] = [
    ['is none unless somebody asks for it', 'mtu: 1500', undefined, undefined],
    ['has the defaults of 802.1D-2004', 'spanningTree: rstp', undefined, unset],
    ['is meant by any of its keys', 'spanningTree: { priority: 4096 }', undefined, { ...unset, priority: 4096 }],
    ['of all switches is that of each', 'mtu: 1500', 'rstp', unset],
    ['may be left out of that', 'spanningTree: none', 'rstp', undefined],
    [
      'has its own keys before those of all',
      'spanningTree: { priority: 0 }',
      '{ priority: 4096, hello: 1s }',
      { ...unset, priority: 0, helloSeconds: 1 },
    ],
    ['is off with all others', 'spanningTree: { priority: 0 }', 'none', undefined],
    ['may be on where all others are off', 'spanningTree: rstp', 'none', unset],
    [
      'knows its ports',
      'spanningTree: { ports: { 1: { cost: 5, edge: true }, 2: { guard: root, enabled: false } } }',
      undefined,
      { ...unset, ports: { 1: { ...port, cost: 5, edge: true }, 2: { ...port, guard: 'root', enabled: false } } },
    ],
  ];
  it.each(rows)('%s', (_, own, all, tree) => {
    expect(treeOf(own, all).spanningTree).toEqual(tree);
  });

  it('with a guard against BPDUs is one with the guard of the port, of a LAG with that of each member', () => {
    const { ports } = treeOf('lags: { l: { ports: [1, 2] } }, spanningTree: { ports: { 1: { guard: bpdu } } }');
    expect(ports.map(({ policy }) => policy.bpdu)).toEqual(['guard', 'guard', 'pass', 'pass']);
  });
});

describe('refused is', () => {
  const place = /^lab\.yaml:3:\d+: physical\.switches\.s\.spanningTree/;
  const rows: readonly [own: string, message: string][] = [
    ['spanningTree: stp', 's.spanningTree: stp is not one of the choices; did you mean rstp? allowed: rstp, none'],
    ['spanningTree: 7', '7 is not a spanning tree; rstp, none, or a map such as { priority: 4096 }'],
    ['spanningTree: { priority: 1 }', 'priority: 1 is not a priority; 0 to 61,440 in steps of 4,096'],
    ['spanningTree: { priority: 65536 }', 'priority: 65536 is not in range; 0 to 61,440'],
    ['spanningTree: { hello: 1.5s }', 'hello: 1.5s is not in range; 1s to 10s in whole seconds'],
    ['spanningTree: { maxAge: 41s }', 'maxAge: 41s is not in range; 6s to 40s in whole seconds'],
    ['spanningTree: { ports: { 1: { priority: 8 } } }', '8 is not a priority; 0 to 240 in steps of 16'],
    ['spanningTree: { ports: { 1: { cost: 0 } } }', 'cost: 0 is not in range; 1 to 200,000,000'],
    [
      'spanningTree: { ports: { 1: { edge: maybe } } }',
      'edge: maybe is not one of the choices; allowed: auto, true, false',
    ],
    ['spanningTree: { ports: { 9: {} } }', 'unknown port 9; the switch has 1, 2, 3, 4'],
    [
      'spanningTree: { mode: none, priority: 0 }',
      'priority is that of a spanning tree, and mode is none; write rstp, or leave it out',
    ],
    [
      'lags: { l: { ports: [1, 2] } }, spanningTree: { ports: { 2: {} } }',
      '2 is in LAG l, which is one port, named by its first; write 1',
    ],
    [
      'spanningTree: { hello: 10s }',
      'maxAge (20 s) is less than twice (hello + 1 s), 22 s: what is told of the root would age between two BPDUs; write more, or a shorter hello',
    ],
    [
      'spanningTree: { forwardDelay: 10s }',
      'maxAge (20 s) is more than twice (forwardDelay - 1 s), 18 s: a port could forward before old information is gone; write less, or a longer forwardDelay',
    ],
  ];
  it.each(rows)('%s', (own, message) => {
    expect(() => treeOf(own)).toThrow(TopologyError);
    expect(() => treeOf(own)).toThrow(message);
    expect(() => treeOf(own)).toThrow(place);
  });

  it('a guard that its port filter leaves nothing to see', () => {
    const text =
      'physical: { switches: { s: { ports: { 1: { bpdu: filter } }, spanningTree: { ports: { 1: { guard: bpdu } } } } } }';
    expect(() => parseTopology(text, 'lab.yaml')).toThrow(
      'bpdu: filter of port 1 drops what the guard is to see; leave one of them out',
    );
  });

  it('times of all switches that contradict each other, once', () => {
    const text = 'physical:\n  spanningTree: { hello: 10s }\n  switches: { a: { ports: 1 }, b: { ports: 1 } }\n';
    const told = () => parseTopology(text, 'lab.yaml');
    expect(told).toThrow(/^lab.yaml:2:3: physical.spanningTree: maxAge \(20 s\)[^\n]*$/);
  });
});
