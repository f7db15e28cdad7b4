/** Between which vNICs test frames go. */
import { describe, expect, it } from 'vitest';
import { flowsOf } from '../../src/benchmark/flows.ts';
import { parseTopology } from '../../src/topology/load.ts';

const host = (name: string, vms: string, to = ''): string => `
  ${name}:
    uplinks: { vmnic0: {${to === '' ? '' : ` to: ${to}`} } }
    vswitches: { v: { portGroups: { web: { vlan: 10 }, db: { vlan: 20 } } } }
    vms: { ${vms} }`;
const web = (...names: string[]): string => names.map((name) => `${name}: { portGroup: web }`).join(', ');
const db = (...names: string[]): string => names.map((name) => `${name}: { portGroup: db }`).join(', ');
const TOR = '\nphysical: { switches: { tor: { ports: 4 } } }\n';

const ONE = `hosts: ${host('esx1', `${web('a', 'b')}, ${db('c')}, ${web('d')}, ${db('e')}`)}\n`;
const TWO = `hosts: ${host('esx1', web('a'), 'tor/1')}${host('esx2', web('b', 'c'), 'tor/2')}${TOR}`;
const APART = `hosts: ${host('esx1', web('a'))}${host('esx2', web('b'))}\n`;

const NOBODY = { from: null, to: null, bidirectional: false };
const pairs = (text: string, settings: Partial<typeof NOBODY> | Record<string, unknown> = {}): string[] =>
  flowsOf(parseTopology(text, 'lab.yaml'), { ...NOBODY, ...settings }, [64, 128]).map(
    ({ from, to }) => `${from}>${to}`,
  );

describe('the flows of a benchmark', () => {
  it.each([
    ['vNICs of one VLAN in pairs, in order', ONE, {}, 'esx1/a>esx1/b esx1/c>esx1/e'],
    ['both ways when asked', ONE, { bidirectional: true }, 'esx1/a>esx1/b esx1/c>esx1/e esx1/b>esx1/a esx1/e>esx1/c'],
    ['pairs over a physical switch', TWO, {}, 'esx1/a>esx2/b'],
    ['the topology’s traffic', `${TWO}traffic: [{ from: esx1/a, to: "esx2/*" }]`, {}, 'esx1/a>esx2/b'],
    [
      'names before traffic',
      `${TWO}traffic: [{ from: esx1/a, to: esx2/b }]`,
      { from: 'esx2/c', to: 'esx1/a' },
      'esx2/c>esx1/a',
    ],
    ['the i-th with the i-th', ONE, { from: 'esx1/a,esx1/c', to: 'esx1/b, esx1/e' }, 'esx1/a>esx1/b esx1/c>esx1/e'],
    ['all others where one side is named', TWO, { from: 'esx2/*' }, 'esx2/b>esx1/a esx2/c>esx1/a'],
    ['all others as senders', TWO, { to: 'esx1/a' }, 'esx2/b>esx1/a esx2/c>esx1/a'],
    ['broadcasts', TWO, { from: 'esx1/a', to: 'broadcast' }, 'esx1/a>broadcast'],
  ])('are %s', (_, text, settings, expected) => {
    expect(pairs(text, settings).join(' ')).toBe(expected);
  });

  it('all have the sizes that were asked for', () => {
    const [flow] = flowsOf(parseTopology(TWO, 'lab.yaml'), NOBODY, [64, 128]);
    expect(flow).toEqual({ from: 'esx1/a', to: 'esx2/b', sizes: [64, 128] });
  });

  it.each([
    ['one vNIC', `hosts: ${host('esx1', web('a'))}\n`, {}, /lab has one vNIC only; .* declare two VMs/],
    ['none that reach each other', APART, {}, /no two vNICs of lab reach each other; .*--from and --to/],
    ['an unknown port', ONE, { from: 'esx1/z' }, /--from: unknown port esx1\/z; .*esx1 has a, b/],
    ['an unknown host', ONE, { from: 'esx9/a' }, /--from: unknown host or switch esx9 in esx9\/a; /],
    ['a pattern without a vNIC', ONE, { to: 'tor/*' }, /--to tor\/\* matches no vNIC; \* alone matches all/],
    ['an uplink', ONE, { to: 'esx1/vmnic0' }, /--to: esx1\/vmnic0 is no vNIC; test frames go between vNICs/],
    ['a sender alone', ONE, { from: 'esx1/a', to: 'esx1/a' }, /--to esx1\/a is the sender itself; /],
    ['broadcast as a sender', ONE, { from: 'broadcast' }, /--from broadcast; nobody sends from there/],
  ])('cannot be had of %s', (_, text, settings, message) => {
    expect(() => pairs(text, settings)).toThrow(message);
  });
});
