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

const MIXED = `hosts: ${host('esx1', `${web('a')}, ${db('b', 'c')}`, 'tor/1')}${host(
  'esx2',
  `${db('u')}, ${web('w')}, ${db('x')}`,
  'tor/2',
)}${TOR}`;
const SPLIT = `hosts: ${host('esx1', web('a'), 'tor/1')}${host('esx2', db('b'), 'tor/2')}${TOR}`;
const ACCESS = SPLIT.replace('{ ports: 4 }', '{ ports: { 1: { vlan: 10 }, 2: { vlan: 20 } } }');
const TRAFFIC = 'traffic: [{ from: esx1/a, to: esx1/d }]';

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
    ['the next that is reached', MIXED, { from: 'esx1/*', to: 'esx2/*' }, 'esx1/a>esx2/w esx1/b>esx2/x esx1/c>esx2/u'],
    ['the traffic of a named sender', `${ONE}${TRAFFIC}`, { from: 'esx1/a' }, 'esx1/a>esx1/d'],
    ['the traffic to a named receiver', `${ONE}${TRAFFIC}`, { to: 'esx1/d' }, 'esx1/a>esx1/d'],
    [
      'what a named sender reaches, without traffic of its own',
      `${ONE}${TRAFFIC}`,
      { from: 'esx1/c' },
      'esx1/c>esx1/e',
    ],
    ['those that reach a named receiver', ONE, { to: 'esx1/e' }, 'esx1/c>esx1/e'],
    ['what a physical switch may give another VLAN', ACCESS, { from: 'esx1/a', to: 'esx2/b' }, 'esx1/a>esx2/b'],
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
    [
      'a receiver in another VLAN',
      SPLIT,
      { from: 'esx1/a', to: 'esx2/b' },
      /^esx2\/b cannot get frames of esx1\/a: VLANs 10 and 20 differ; /,
    ],
    [
      'traffic into another VLAN',
      `${SPLIT}traffic: [{ from: esx1/a, to: esx2/b }]`,
      {},
      /^esx2\/b cannot get frames of esx1\/a: VLANs 10 and 20 differ; /,
    ],
    [
      'a sender alone in its VLAN',
      SPLIT,
      { from: 'esx1/a' },
      /^esx1\/a reaches no other vNIC: nobody else is in VLAN 10; /,
    ],
    [
      'a receiver alone in its VLAN',
      SPLIT,
      { to: 'esx2/b' },
      /^esx2\/b is reached by no other vNIC: nobody else is in /,
    ],
    ['hosts without a cable', APART, { from: 'esx1/a' }, /^esx1\/a reaches no other vNIC: no cable leads to them; /],
    ['a receiver behind no cable', APART, { from: 'esx1/a', to: 'esx2/b' }, /: no cable joins their vSwitches; /],
    ['broadcast as a sender', ONE, { from: 'broadcast' }, /--from broadcast; nobody sends from there/],
  ])('cannot be had of %s', (_, text, settings, message) => {
    expect(() => pairs(text, settings)).toThrow(message);
  });
});
