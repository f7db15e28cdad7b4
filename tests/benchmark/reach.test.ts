/** Which vNICs the frames of another come to. */
import { describe, expect, it } from 'vitest';
import { groupsOf, Reach, receiversOf, vnicsOf } from '../../src/benchmark/reach.ts';
import { parseTopology } from '../../src/topology/load.ts';

const receivers = (text: string, from: string): string => receiversOf(parseTopology(text, 'lab.yaml'), from).join(' ');

const TWO = `
hosts:
  esx1:
    uplinks: { vmnic0: { to: tor/1 } }
    vswitches: { v: { portGroups: { web: { vlan: 10 }, db: { vlan: 20 } } } }
    vms: { a: { portGroup: web }, b: { portGroup: db }, c: { portGroup: web } }
  esx2:
    uplinks: { vmnic0: { to: tor/2 } }
    vswitches: { v: { portGroups: { web: { vlan: 10 }, db: { vlan: 20 } } } }
    vms: { d: { portGroup: web }, e: { portGroup: db } }
physical: { switches: { tor: { ports: 2 } } }
`;
const APART = TWO.replace('{ to: tor/2 }', '{}');
const TEAMS = `
hosts:
  esx1:
    uplinks: { u: { to: tor/1 }, w: {} }
    vswitches:
      v:
        uplinks: [u, w]
        portGroups: { one: { teaming: { active: [u] } }, other: { teaming: { active: [w] } } }
    vms: { a: { portGroup: one }, b: { portGroup: other } }
physical: { switches: { tor: { ports: 2 } } }
`;

describe('broadcasts of a vNIC', () => {
  it.each([
    ['its VLAN, here and over the cable', TWO, 'esx1/a', 'esx1/c esx2/d'],
    ['its VLAN alone, where nobody else on its host is', TWO, 'esx1/b', 'esx2/e'],
    ['its own host, when no cable leads away', APART, 'esx1/a', 'esx1/c'],
    ['nobody, when it is alone in its VLAN', APART, 'esx1/b', ''],
    ['its vSwitch, though the teams have no uplink in common', TEAMS, 'esx1/a', 'esx1/b'],
  ])('come to %s', (_, text, from, expected) => {
    expect(receivers(text, from)).toBe(expected);
  });
});

describe('vNICs', () => {
  it('are grouped by who reaches whom, the largest group first, the lonely ones left out', () => {
    const groups = (text: string): string[] => {
      const topology = parseTopology(text, 'lab.yaml');
      return groupsOf(topology, vnicsOf(topology)).map((group) => group.join(' '));
    };
    expect(groups(TWO)).toEqual(['esx1/a esx1/c esx2/d', 'esx1/b esx2/e']);
    expect(groups(APART)).toEqual(['esx1/a esx1/c']);
  });

  it.each([
    ['esx1/a', 'esx1/t', 'null'],
    ['esx1/t', 'esx1/a', 'the trunk of esx1/t has no VLAN for untagged frames'],
    ['esx1/d', 'esx1/t', 'the trunk of esx1/t does not carry VLAN 40'],
    ['esx1/p', 'esx1/i', 'null'],
    ['esx1/a', 'esx1/i', 'the private VLAN of esx1/i takes nothing from VLAN 10'],
    ['esx1/i', 'esx1/k', 'the private VLAN of esx1/k takes nothing from VLAN 101'],
  ])('%s to %s: %s', (from, to, why) => {
    const text = `
hosts:
  esx1:
    vswitches:
      v:
        privateVlans: [{ primary: 100, isolated: 101 }]
        portGroups:
          { web: { vlan: 10 }, far: { vlan: 40 }, all: { vlan: 10-20 }, pro: { vlan: 100 }, iso: { vlan: 101 } }
    vms:
      a: { portGroup: web }
      d: { portGroup: far }
      t: { portGroup: all }
      p: { portGroup: pro }
      i: { portGroup: iso }
      k: { portGroup: iso }
`;
    expect(String(new Reach(parseTopology(text, 'lab.yaml')).obstacle(from, to))).toBe(why);
  });
});
