/** Which vNICs the frames of another come to. */
import { describe, expect, it } from 'vitest';
import { receiversOf } from '../../src/benchmark/reach.ts';
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
