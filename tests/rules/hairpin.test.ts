/** The exception of R2: a port with `hairpin` (802.1Qbg reflective relay) gives back what is for stations behind it, and floods. */
import { describe, expect, it } from 'vitest';
import { parseTopology } from '../../src/topology/load.ts';
import { TopologyError } from '../../src/topology/problem.ts';
import { mac } from './networks.ts';
import { Twins, told } from './twins.ts';

const topology = (hairpin: boolean, vlan?: number) => ({
  hosts: {
    h: {
      uplinks: { u1: { to: 'tor/3' }, u2: { to: 'tor/4' } },
      vswitches: { v: { portGroups: { g: { ...(vlan && { vlan }) } } } },
      vms: { a: { mac: mac.a }, b: { mac: mac.b } },
    },
  },
  physical: {
    switches: {
      tor: { ports: Object.fromEntries([1, 2, 3, 4].map((n) => [n, { ...(n !== 2 && { hairpin }) }])) },
    },
  },
});

describe('two stations behind one port', () => {
  // Who sends from tor/1 to whom after c and d were heard there: without hairpin, and with it.
  const rows = [
    ['to each other', mac.c, mac.d, 'tor/1 same_port', 'tor/1'],
    ['to itself', mac.c, mac.c, 'tor/1 same_port', 'tor/1'],
    ['to nobody known', mac.c, mac.nobody, 'a, b, tor/2', 'a, b, tor/1, tor/2'],
    ['to all', mac.c, mac.all, 'a, b, tor/2', 'a, b, tor/1, tor/2'],
    ['to a group', mac.c, mac.group, 'a, b, tor/2', 'a, b, tor/1, tor/2'],
    ['to a station elsewhere', mac.c, mac.x, 'tor/2', 'tor/2'],
  ] as const;
  it.each(rows)('%s', (_what, src, dst, plain, reflected) => {
    for (const [hairpin, expected] of [
      [false, plain],
      [true, reflected],
    ] as const) {
      const lab = new Twins(topology(hairpin), {}, !hairpin);
      for (const [port, station] of [
        ['tor/1', mac.c],
        ['tor/1', mac.d],
        ['tor/2', mac.x],
      ] as const)
        lab.send(port, lab.frame(mac.all, station));
      const outcome = lab.send('tor/1', lab.frame(dst, src));
      // With two uplinks one of them takes a flood from outside (R9).
      const rest = outcome.drops.filter((what) => !/not_designated|unknown/.test(what));
      expect(told({ ...outcome, drops: rest }), `hairpin: ${hairpin}`).toBe(expected);
    }
  });
});

describe('the reflection that a vSwitch gets of its own', () => {
  it.each([undefined, 10])('is dropped by R7, whatever came back (VLAN %s)', (vlan) => {
    const lab = new Twins(topology(true, vlan));
    const { recipients, drops } = lab.send('h/a', lab.frame(mac.all, mac.a));
    expect(recipients).toEqual(['h/b', 'tor/1', 'tor/2']);
    expect(drops).toEqual(['h/u1 deja_vu', 'h/u2 deja_vu']);
    expect(lab.table('h/v')).toEqual([`${vlan ?? 0} ${mac.a} h/a`]);
  });

  it('moves VM to VM traffic outside and back for nobody: local frames stay local', () => {
    const lab = new Twins(topology(true));
    lab.send('h/b', lab.frame(mac.all, mac.b));
    expect(lab.send('h/a', lab.frame(mac.b, mac.a)).recipients).toEqual(['h/b']);
  });
});

describe('a vNIC with several stations behind it', () => {
  it('gets what they say to each other', () => {
    const lab = new Twins({
      hosts: { h: { vswitches: { v: { portGroups: { g: { hairpin: true } } } }, vms: { a: {}, b: {} } } },
    });
    for (const station of [mac.c, mac.d]) lab.send('h/a', lab.frame(mac.all, station));
    expect(told(lab.send('h/a', lab.frame(mac.c, mac.d)))).toBe('a');
    expect(told(lab.send('h/a', lab.frame(mac.all, mac.c)))).toBe('a, b');
  });
});

describe('hairpin is refused', () => {
  const load = (physical: string) => () => parseTopology(`physical:\n  switches:\n${physical}`, 'lab');
  it.each([
    [
      'towards another switch, where two would make a loop',
      '    p: { ports: { 1: { hairpin: true } } }\n    q: { ports: 1 }\n  links: [{ a: q/1, b: p/1 }]',
      'lab:3:33: physical.switches.p.ports.1.hairpin: the cable leads to q/1, a switch, which would flood what comes back; leave hairpin out',
    ],
    [
      'at a member of a LAG',
      '    p: { ports: { 1: { hairpin: true }, 2: }, lags: { l: { mode: static, ports: [1, 2] } } }',
      'lab:3:33: physical.switches.p.ports.1.hairpin: the port belongs to LAG l; leave hairpin out',
    ],
    [
      'where it is no yes or no',
      '    p: { ports: { 1: { hairpin: always } } }',
      'lab:3:33: physical.switches.p.ports.1.hairpin: always is not a boolean; true or false',
    ],
  ])('%s', (_what, physical, message) => {
    expect(load(physical)).toThrow(TopologyError);
    expect(load(physical)).toThrow(message);
  });
});
