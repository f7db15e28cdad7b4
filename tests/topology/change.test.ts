/** What comes and goes, in a topology: what is planned for, and what is refused with its place. */
import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, describe, expect, it } from 'vitest';
import { withSeats } from '../../src/topology/change.ts';
import { loadTopology, parseTopology } from '../../src/topology/load.ts';
import type { PortName } from '../../src/topology/model.ts';
import { allPorts } from '../../src/topology/ports.ts';
import { TopologyError } from '../../src/topology/problem.ts';

const base = `hosts:
  esx1:
    uplinks: { vmnic0: { to: tor/1 }, vmnic1: { absent: true } }
    vswitches: { vSwitch0: { portGroups: { web: {}, db: { vlan: 7, absent: true } } } }
    vms: { web1: { portGroup: web, ip: 10.0.0.1/24 }, db1: { portGroup: db, absent: true }, two: { nics: [{ portGroup: web }, { portGroup: web }] } }
  esx2: { uplinks: { vmnic0: { to: tor/2 } }, vswitches: { vSwitch0: { portGroups: { web: {} } } }, vms: { two: { portGroup: web } } }
  esx3: { uplinks: [vmnic0, vmnic1], vswitches: { vSwitch0: { teaming: { lag: static }, portGroups: { app: {} } } } }
  esx4: { vswitches: { v1: { portGroups: { web: {} } }, v2: { portGroups: { web: {} } } } }
physical: { switches: { tor: { ports: 4 } } }
`;
const load = (event: string) => parseTopology(`${base}events: [{ at: 1ms, ${event} }]\n`, 'lab');

const refusals: [event: string, line: string][] = [
  [
    'migrate: { vm: esx1/web1, to: esx3 }',
    'events[0].migrate.to: esx3 has no port group web, which esx1/web1 is on; esx3 has app',
  ],
  [
    'migrate: { vm: esx1/web1, to: esx4 }',
    'events[0].migrate.to: port group web of esx1/web1 is on several vSwitches of esx4, v1, v2, and none is called vSwitch0; rename one',
  ],
  [
    'migrate: { vm: esx1/two, to: esx2 }',
    'events[0].migrate.to: esx2 has a VM two of its own; give the VM a name that is free there',
  ],
  [
    'migrate: { vm: esx1/web1, to: esx1 }',
    'events[0].migrate.to: esx1/web1 is at esx1 all the time; name the host that it moves to',
  ],
  ['migrate: { vm: esx1/web1, to: esx9 }', 'events[0].migrate.to: unknown host esx9; known: esx1, esx2, esx3, esx4'],
  ['migrate: { vm: esx1/web9, to: esx2 }', 'events[0].migrate.vm: unknown VM esx1/web9; esx1 has web1, db1, two'],
  ['migrate: { vm: web1, to: esx2 }', 'events[0].migrate.vm: web1 is not a VM; write host/vm, such as esx1/web1'],
  [
    'migrate: { vm: esx1/web1, to: esx2, downtime: -1ms }',
    'events[0].migrate.downtime: -1ms is not a duration; a number with ns, us, ms, s, m or h, such as 2us or 1.5s; at most 100 days',
  ],
  ['attach: esx1/web9', 'events[0].attach: unknown VM esx1/web9; esx1 has web1, db1, two'],
  ['attach: { vm: esx1/web1, to: esx7 }', 'events[0].attach.to: unknown host esx7; known: esx1, esx2, esx3, esx4'],
  ['detach: esx7/web1', 'events[0].detach: unknown host esx7 in esx7/web1; known: esx1, esx2, esx3, esx4'],
  ['detach: esx2/web1', 'events[0].detach: unknown VM esx2/web1; esx2 has two'],
  [
    'removeUplink: esx1/web1',
    "events[0].removeUplink: esx1/web1 is a vNIC; only an uplink comes and goes with its host's card",
  ],
  [
    'removeUplink: esx3/vmnic0',
    'events[0].removeUplink: esx3/vmnic0 belongs to the LAG of vSwitch0, whose members stay; use unplug and plug',
  ],
  [
    'addUplink: { uplink: esx1/vmnic1, as: spare }',
    'events[0].addUplink.as: spare is not one of the choices; allowed: active, standby',
  ],
  [
    'addPortGroup: web',
    'events[0].addPortGroup: web is no port group; write host/vSwitch/port group, such as esx1/vSwitch0/web',
  ],
  [
    'removePortGroup: esx1/vSwitch0/app',
    'events[0].removePortGroup: unknown port group esx1/vSwitch0/app; esx1/vSwitch0 has web, db',
  ],
  [
    'addPortGroup: esx1/vSwitch9/web',
    'events[0].addPortGroup: unknown vSwitch vSwitch9 in esx1/vSwitch9/web; esx1 has vSwitch0',
  ],
];

describe('refused with its place', () => {
  it.each(refusals)('%s', (event, line) => {
    let told = '';
    try {
      load(event);
    } catch (error) {
      told = (error as TopologyError).message;
    }
    expect(told.replace(/^lab:10:\d+: /, '')).toBe(line);
  });

  it('a VM that is there while its port group is not', () => {
    const wrong = base.replace('db1: { portGroup: db, absent: true }', 'db1: { portGroup: db }');
    expect(() => parseTopology(wrong, 'lab')).toThrow(
      'hosts.esx1.vms.db1: its port group db is absent at the start, and so it has to be; write absent: true',
    );
  });

  it('a VM whose address another one has where it would come', () => {
    const mac = 'mac: 00:50:56:00:00:42';
    const same = base
      .replace('web1: {', `web1: { ${mac}, `)
      .replace('vms: { two: {', `vms: { other: { portGroup: web, ${mac} }, two: {`);
    const told = () => parseTopology(`${same}events: [{ at: 1s, migrate: { vm: esx1/web1, to: esx2 } }]`, 'lab');
    expect(told).toThrow(
      'migrate.to: esx2/other has its address 00:50:56:00:00:42 already; leave mac out at one of them',
    );
  });
});

describe('what is planned for', () => {
  it('is a seat wherever an event brings a VM to, by the names that it has there', () => {
    const { changes, hosts } = parseTopology(
      `${base}events: [{ at: 1s, migrate: { vm: esx1/web1, to: esx2 } }, { at: 2s, migrate: { vm: esx2/web1, to: esx1 } }, { at: 3s, stopVm: esx2/web1 }]`,
      'lab',
    );
    expect(changes).toEqual({
      seats: [
        { port: 'esx1/db1', of: 'esx1/db1', isHere: false },
        { port: 'esx1/web1', of: 'esx1/web1', isHere: true },
        { port: 'esx2/web1', of: 'esx1/web1', isHere: false },
      ],
      absentUplinks: ['esx1/vmnic1'],
      portGroups: [{ name: 'esx1/vSwitch0/db', isHere: false }],
    });
    expect(hosts[1]!.vms.map(({ name }) => name)).toEqual(['two', 'web1']);
    const uplinkVlan = hosts[0]!.vswitches[0]!.uplinkVlan;
    expect(uplinkVlan).toMatchObject({ vids: [{ first: 0, last: 0 }], own: 'esx1/vSwitch0' });
  });

  it('is nothing where nothing comes or goes', () => {
    const plain = parseTopology('hosts: { h: { vswitches: { v: { portGroups: { g: {} } } }, vms: { a: {} } } }', 'lab');
    expect(plain).not.toHaveProperty('changes');
  });

  it('has no traffic of its own, and is captured', () => {
    const { streams, captures } = parseTopology(
      `${base}traffic: [{ from: "esx*/*", to: esx1/web1, rate: 1kpps }]\ncaptures: [{ file: a.pcapng }]\nevents: [{ at: 1s, migrate: { vm: esx1/web1, to: esx2 } }]`,
      'lab',
    );
    expect(streams.map(({ from }) => from)).not.toContain('esx2/web1');
    expect(captures[0]!.ports).toContain('esx2/web1');
  });

  it('warns of the last uplink that goes', () => {
    const { warnings } = load('removeUplink: esx2/vmnic0');
    expect(warnings.map(({ message }) => message)).toContain(
      'esx2/vmnic0 is the only uplink of vSwitch0; without it nothing reaches the outside',
    );
  });
});

describe('seats for a program', () => {
  const topology = parseTopology(base, 'lab');
  const seats = (wanted: string[]): PortName[] => {
    const before = new Set(allPorts(topology));
    return allPorts(withSeats(topology, wanted)).filter((name) => !before.has(name));
  };

  it('are at every host that has the port groups, where the name is free', () => {
    expect(seats(['esx1/web1'])).toEqual(['esx2/web1']);
    expect(seats(['*'])).toEqual(['esx2/web1']);
    const once = withSeats(topology, ['*']);
    expect(withSeats(once, ['*'])).toBe(once);
  });

  it('are refused for a VM that there is not, or that nobody else could take', () => {
    expect(() => withSeats(topology, ['esx1/web'])).toThrow('no VM esx1/web; there are esx1/web1');
    expect(() => withSeats(topology, ['esx1/two'])).toThrow(
      'esx1/two can be at no other host: esx2 has a VM two of its own',
    );
  });
});

describe('a file of events', () => {
  const folder = mkdtempSync(join(tmpdir(), 'vswitch-events-'));
  afterAll(() => rmSync(folder, { recursive: true }));
  const lab = join(folder, 'lab.yaml');
  const more = join(folder, 'more.yaml');
  const read = (events: string, own = '') => {
    writeFileSync(lab, base + own);
    writeFileSync(more, events);
    return loadTopology(lab, more);
  };

  it.each([
    ['a list', '- { at: 1s, migrate: { vm: esx1/web1, to: esx2 } }\n'],
    ['events:', 'events:\n  - { at: 1s, migrate: { vm: esx1/web1, to: esx2 } }\n'],
    ['JSON', '[{ "at": "1s", "migrate": { "vm": "esx1/web1", "to": "esx2" } }]'],
  ])('is %s, and comes behind those of the topology', (_, events) => {
    const topology = read(events, 'events: [{ at: 2s, note: own }]\n');
    expect(topology.events.map(({ action }) => Object.keys(action)[0])).toEqual(['note', 'migrate']);
    expect(topology.changes!.seats).toHaveLength(3);
  });

  it.each([
    [
      '- { at: 1s, note: x }\n- { at: 1s, detach: esx1/web9 }\n',
      `${more}:2:21: events[1].detach: unknown VM esx1/web9; esx1 has web1, db1, two`,
    ],
    [
      'events:\n  - { at: 1s, plug: esx1/web1 }\n',
      `${more}:2:21: events[0].plug: esx1/web1 has no cable; linkDown and linkUp are for one port alone`,
    ],
    ['hosts: {}\n', `${more}: hosts is no part of a file of events; write events: and a list, or the list alone`],
    ['7', `${more}: there is no list of events; write such as [{ at: 1s, note: begin }]`],
    ['', `${more}: there is no list of events; write such as [{ at: 1s, note: begin }]`],
    ['- {', `${more}:1:4: not YAML: Flow map in block collection must be sufficiently indented and end with a }`],
  ])('tells what is wrong with its own name: %j', (events, line) => {
    let told = '';
    try {
      read(events, 'events: [{ at: 2s, note: own }]\n');
    } catch (error) {
      expect(error).toBeInstanceOf(TopologyError);
      told = (error as Error).message;
    }
    expect(told).toBe(line);
  });

  it('tells mistakes of both files, those of the topology first', () => {
    const told = () => read('- { at: 1s, detach: esx1/web9 }\n', 'events: [{ at: 2s, plug: esx1/vmnic9 }]\n');
    expect(told).toThrow(/lab\.yaml:10:.*events\[0\]\.plug.*\n.*more\.yaml:1:.*events\[0\]\.detach/);
  });
});
