/** The key of ARP and ND suppression: what it makes of the model, and what is refused. */
import { expect, it } from 'vitest';
import { parseTopology } from '../../src/topology/load.ts';

const host = (value: string) =>
  `hosts: { h: { vswitches: { v: { neighbourSuppression: ${value}, portGroups: { pg: {} } } }, vms: { a: {} } } }`;
const read = (value: string) => parseTopology(host(value), 'lab.yaml').hosts[0]!.vswitches[0]!.neighbourSuppression;
const usual = { entriesMax: 1024, ageingNs: 60e9 };

it.each([
  ['true', usual],
  ['{}', usual],
  ['{ on: true }', usual],
  ['{ max: 16, ageing: 5m }', { entriesMax: 16, ageingNs: 300e9 }],
  ['false', undefined],
  ['{ on: false, max: 16 }', undefined],
])('%s', (value, expected) => {
  expect(read(value)).toEqual(expected);
});

it('is a key of physical switches, too', () => {
  const text = 'physical: { switches: { s: { ports: 2, neighbourSuppression: true } } }';
  expect(parseTopology(text, 'lab.yaml').switches[0]!.neighbourSuppression).toEqual(usual);
});

it.each([
  ['5', 'neighbourSuppression: 5 is not true, false or a map; such as { max: 4096, ageing: 30s }'],
  ['{ max: 0 }', 'neighbourSuppression.max: 0 is not in range; 1 to 65,536'],
  ['{ ageing: 10ms }', 'neighbourSuppression.ageing: 10ms is not in range; 1s to 1,000,000s'],
])('%s is refused', (value, why) => {
  expect(() => read(value)).toThrow(`hosts.h.vswitches.v.${why}`);
});
