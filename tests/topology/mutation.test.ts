import fc from 'fast-check';
import { expect, it } from 'vitest';
import { macNumber } from '../../src/topology/address.ts';
import { parseTopology, topologyFrom } from '../../src/topology/load.ts';
import { TopologyError } from '../../src/topology/problem.ts';
import { exampleYaml } from './example.ts';

/** Fails the test with fast-check's seed in the message if the text makes anything but a topology or a TopologyError. */
function survives(yaml: string): void {
  const lineCount = yaml.split('\n').length;
  try {
    parseTopology(yaml, 'lab.yaml');
  } catch (error) {
    if (!(error instanceof TopologyError)) throw error;
    expect(error.problems.length).toBeGreaterThan(0);
    for (const { line, column, message } of error.problems) {
      expect(line).toBeLessThanOrEqual(lineCount);
      expect(line === 0 || column > 0).toBe(true);
      expect(message).not.toBe('');
    }
  }
}

const oddities = [
  '',
  '{',
  '[',
  '*a',
  '&a',
  '<<',
  '"',
  '- ',
  ': ',
  '!!set',
  '{n}',
  '0',
  '-1',
  '1e99',
  '.nan',
  'null',
  'count',
  '__proto__',
  '*',
];

it('never throws anything but a TopologyError for a mutated file', () => {
  const scalars = [...exampleYaml.matchAll(/[\w.*/"{}-]+/g)].map(({ index, 0: text }) => ({ index, text }));
  const replaced = fc
    .tuple(
      fc.constantFrom(...scalars),
      fc.oneof(fc.constantFrom(...oddities), fc.constantFrom(...scalars.map(({ text }) => text))),
    )
    .map(([{ index, text }, by]) => exampleYaml.slice(0, index) + by + exampleYaml.slice(index + text.length));
  const lines = exampleYaml.split('\n');
  const line = fc.nat(lines.length - 1);
  const linesDeleted = fc
    .array(line, { minLength: 1, maxLength: 4 })
    .map((deleted) => lines.filter((_, i) => !deleted.includes(i)).join('\n'));
  const linesMoved = fc.tuple(line, line).map(([from, to]) => lines.toSpliced(to, 0, lines[from]!).join('\n'));
  fc.assert(fc.property(fc.oneof(replaced, linesDeleted, linesMoved), survives), { numRuns: 200 });
}, 60_000);

it('never throws anything but a TopologyError for nonsense', () => {
  fc.assert(
    fc.property(
      fc.array(fc.constantFrom(...oddities, '\n', ' ', '  ', 'hosts:', 'a')).map((parts) => parts.join('')),
      survives,
    ),
    { numRuns: 500 },
  );
  for (const depth of [10, 100, 400, 700, 1000, 3000, 20_000]) {
    survives('['.repeat(depth) + ']'.repeat(depth));
    survives('- '.repeat(depth));
    survives('? '.repeat(depth));
    survives(`hosts: ${'{ a: '.repeat(depth)}${'}'.repeat(depth)}`);
  }
}, 60_000);

it('gives every vNIC without a MAC its own, out of the range for assigned addresses, the same ones each time', () => {
  const given = fc.integer({ min: 0, max: 40 }).map((last) => `00:50:56:00:00:${last.toString(16).padStart(2, '0')}`);
  const vms = fc.array(fc.option(given), { maxLength: 30 });
  fc.assert(
    fc.property(fc.array(vms, { minLength: 1, maxLength: 4 }), (hosts) => {
      const value = {
        hosts: Object.fromEntries(
          hosts.map((macs, i) => [
            `esx${i}`,
            {
              uplinks: ['vmnic0'],
              vswitches: { v: { portGroups: { web: {} } } },
              vms: Object.fromEntries([...new Set(macs)].map((mac, j) => [`vm${j}`, mac === null ? {} : { mac }])),
              ...(macs.length > 2 && { count: 2 }),
            },
          ]),
        ),
      };
      const topology = topologyFrom(value);
      expect(topologyFrom(value)).toEqual(topology);
      const written = new Set(hosts.flat().filter((mac) => mac !== null));
      const macs = topology.hosts.flatMap(({ vms }) => vms.flatMap(({ nics }) => nics.map(({ mac }) => mac)));
      const generated = macs.filter((mac) => !written.has(mac));
      expect(new Set(generated).size).toBe(generated.length);
      expect(macs.length - generated.length).toBe(macs.filter((mac) => written.has(mac)).length);
      for (const mac of generated) expect(macNumber(mac) >>> 0).toBeLessThanOrEqual(0x563fffff);
      for (const mac of generated) expect(mac).toMatch(/^00:50:56:[0-3]/);
    }),
  );
});
