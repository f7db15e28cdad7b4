/** R16: what no bridge relays. R17: what no topology may ask for. */
import { describe, expect, it } from 'vitest';
import { topologyFrom } from '../../src/topology/load.ts';
import { Lab } from '../engine/lab.ts';
import { mac } from './networks.ts';

const topology = {
  hosts: {
    h1: {
      uplinks: ['u1'],
      vswitches: {
        v: { portGroups: { plain: {} } },
        w: { uplinks: [], portGroups: { web: { vlan: 10 }, vgt: { vlan: '1-4094' } } },
      },
      vms: {
        a: { portGroup: 'plain' },
        b: { portGroup: 'plain' },
        c: { portGroup: 'web' },
        d: { portGroup: 'vgt' },
      },
    },
  },
  physical: { switches: { tor: { ports: { 1: {}, 2: {}, 3: {} } } } },
};
// Two vSwitches share no uplink, so v says which it has.
(topology.hosts.h1.vswitches.v as { uplinks?: string[] }).uplinks = ['u1'];

const reserved = Array.from({ length: 16 }, (_, i) => `01:80:c2:00:00:0${i.toString(16)}`);
const neighbours = [
  '01:80:c2:00:00:10',
  '01:80:c2:00:01:00',
  '01:80:c1:00:00:00',
  '03:80:c2:00:00:00',
  '01:00:0c:cc:cc:cd',
];
const doors = [
  ['h1/a', 'a transparent vNIC port', []],
  ['h1/u1', 'an uplink', []],
  ['h1/c', 'an access port', []],
  ['h1/c', 'an access port, with a priority tag,', [0xe000]],
  ['h1/d', 'a trunk port, tagged,', [10]],
  ['tor/1', 'a port of a physical switch', []],
] as const;

describe('R16, the sixteen reserved addresses', () => {
  it.each(doors)('at %s, %s, go nowhere; those beside them do', (port, _what, tags) => {
    const lab = new Lab(topology);
    for (const dst of reserved) {
      const { recipients, drops } = lab.send(port, lab.frame(dst, mac.x, { tags }));
      expect(recipients, dst).toEqual([]);
      expect(drops, dst).toEqual([`${port} reserved_mac`]);
    }
    for (const dst of neighbours) {
      const { recipients, drops } = lab.send(port, lab.frame(dst, mac.x, { tags }));
      expect(recipients.length, dst).toBeGreaterThan(0);
      expect(drops, dst).toEqual([]);
    }
  });

  it('belong to the port and not to a VLAN: they end so where the port carries none that they could be of, too', () => {
    const lab = new Lab({ physical: { switches: { s: { ports: { 1: { vlan: '10,20' }, 2: { vlan: '10,20' } } } } } });
    expect(lab.send('s/1', lab.frame(mac.all, mac.x)).drops).toEqual(['s/1 vlan_not_member']);
    for (const tags of [[], [30], [4095]])
      expect(lab.send('s/1', lab.frame(reserved[14]!, mac.x, { tags })).drops).toEqual(['s/1 reserved_mac']);
  });

  it('those of BPDUs shut a port with a guard, whatever VLANs it carries', () => {
    const ports = { 1: { vlan: '10,20', bpdu: 'guard' }, 2: { vlan: '10,20' } };
    const lab = new Lab({ physical: { switches: { s: { ports } } } });
    expect(lab.send('s/1', lab.frame(reserved[0]!, mac.x)).drops).toEqual(['s/1 bpdu_guard']);
    expect(lab.send('s/1', lab.frame(mac.all, mac.x, { tags: [10] })).drops).toEqual(['s/1 port_shut']);
  });

  it('teach the switch nothing', () => {
    const lab = new Lab(topology);
    lab.send('h1/a', lab.frame(reserved[0]!, mac.a));
    expect(lab.table('h1/v')).toEqual([]);
  });
});

describe('R17, one tier', () => {
  const refuses = (value: unknown) => () => topologyFrom(value);
  const group = { portGroups: { pg: {} } };

  it('refuses an uplink in two vSwitches', () => {
    const vswitches = { v: { uplinks: ['u1'], ...group }, w: { uplinks: ['u1'], ...group } };
    expect(refuses({ hosts: { h1: { uplinks: ['u1'], vswitches } } })).toThrow(/u1 belongs to v already.*R17/);
  });

  it('refuses a cable between a vSwitch and a vNIC', () => {
    const hosts = { h1: { uplinks: { u1: { to: 'h1/a' } }, vswitches: { v: group }, vms: { a: {} } } };
    expect(refuses({ hosts })).toThrow(/only uplinks and physical ports can be cabled/);
  });

  // Not so today: topologyFrom takes it. Harmless to R1, but the wording of R17 forbids it.
  it('refuses a cable between two vSwitches of one host', () => {
    const vswitches = { v: { uplinks: ['u1'], ...group }, w: { uplinks: ['u2'], ...group } };
    const hosts = { h1: { uplinks: { u1: { to: 'h1/u2' }, u2: {} }, vswitches } };
    expect(refuses({ hosts })).toThrow(/R17/);
  });
});
