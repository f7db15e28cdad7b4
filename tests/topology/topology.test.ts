import { describe, expect, it } from 'vitest';
import { parse } from 'yaml';
import { parseTopology, topologyFrom } from '../../src/topology/load.ts';
import type { PortVlan, Topology } from '../../src/topology/model.ts';
import { exampleYaml } from './example.ts';

const load = (yaml: string) => parseTopology(yaml, 'lab.yaml');

describe('a topology file', () => {
  const example = load(exampleYaml);

  it('gives the network that it describes', () => {
    expect(example.name).toBe('example');
    expect(example.seed).toBe(7);
    expect(example.hosts.map(({ name }) => name)).toEqual(['esx1', 'esx2', 'probe', 'bundle', 'spare', 'other', 'pc']);
    expect(example.hosts[1]).toMatchObject({
      uplinks: ['vmnic0', 'vmnic1'],
      vswitches: [
        {
          name: 'vSwitch0',
          uplinks: ['vmnic0', 'vmnic1'],
          macModel: 'learning',
          teaming: { policy: 'port-id', active: ['vmnic0', 'vmnic1'], standby: [], failback: true },
          table: { entriesMax: 8192, ageingSeconds: 300, whenFull: 'evict' },
          mtu: 1500,
        },
      ],
    });
    expect(example.hosts[1]!.vms[0]).toEqual({
      name: 'vm1',
      nics: [
        {
          name: 'vm1',
          vswitch: 'vSwitch0',
          portGroup: 'web',
          mac: '00:50:56:00:00:01',
          ip: { address: 0x0a000201, prefixLength: 24 },
          listening: { groups: ['239.1.1.1', 'ff15::1'], igmp: 3, mld: 1 },
        },
      ],
    });
    expect(example.links).toEqual([
      { a: 'esx1/vmnic0', b: 'tor/1', rateBps: 10e9, delayNs: 2000, queueFrames: 512 },
      { a: 'esx1/vmnic1', b: 'tor/2', rateBps: null, delayNs: 0, queueFrames: 1024 },
      { a: 'esx2/vmnic0', b: 'tor/3', rateBps: 10e9, delayNs: 2000, queueFrames: 1024 },
      { a: 'esx2/vmnic1', b: 'tor/4', rateBps: null, delayNs: 0, queueFrames: 1024 },
      { a: 'bundle/vmnic0', b: 'agg/4', rateBps: null, delayNs: 0, queueFrames: 1024 },
      { a: 'bundle/vmnic1', b: 'agg/5', rateBps: null, delayNs: 0, queueFrames: 1024 },
      {
        a: 'tor/8',
        b: 'agg/2',
        rateBps: null,
        delayNs: 0,
        queueFrames: 1024,
        impairments: {
          loss: 0.01,
          duplicate: 0.005,
          corrupt: 0.001,
          reorder: { share: 0.02, byNs: 50_000 },
          jitterNs: 20_000,
        },
      },
    ]);
    expect(example.streams.slice(0, 1)).toEqual([
      {
        from: 'esx1/vm1',
        to: 'esx2/vm1',
        sizeBytes: 64,
        rate: { kind: 'max' },
        flows: 16,
        startNs: 1e9,
        stopNs: 5e9,
        count: 1000,
      },
    ]);
    expect(example.captures[0]).toMatchObject({ file: 'all.pcapng', snapLength: 0 });
    expect(example.captures[0]!.ports).toHaveLength(2 * (16 + 2) + 3 + 2 + (2 + 2) + 1 + 8 + 5 + 8 + 6);
  });

  it('may be JSON, or an object', () => {
    const value: unknown = parse(exampleYaml);
    const unplaced = (topology: Topology) => ({ ...topology, warnings: [] });
    expect(unplaced(load(JSON.stringify(value, null, '\t')))).toEqual(unplaced(example));
    expect(unplaced(topologyFrom(value))).toEqual(unplaced(example));
  });

  it('is named after the file unless it says its name', () => {
    expect(parseTopology('physical: { switches: { s: { ports: 1 } } }', 'labs/loop.yaml').name).toBe('loop');
    expect(topologyFrom({ physical: { switches: { s: { ports: 1 } } } }).name).toBe('topology');
  });

  it('may use anchors, aliases and merge keys', () => {
    const { hosts } = load(`
      hosts:
        a: &host { uplinks: [vmnic0], vswitches: { v: { mtu: 9000, portGroups: { web: {} } } } }
        b: *host
        c: { <<: *host, vms: { vm1: {} } }
    `);
    expect(hosts.map(({ vswitches }) => vswitches[0]!.mtu)).toEqual([9000, 9000, 9000]);
    expect(hosts[2]!.vms).toHaveLength(1);
  });
});

describe('count', () => {
  const counted = load(`
    hosts:
      esx:
        count: 3
        vswitches: { v: { portGroups: { web: {} } } }
        vms:
          a: { count: 2, ip: "10.0.{n*2-1}.9/24", mac: "00:50:56:aa:0{n}:ff" }
          b: { count: 2, ip: "10.1.{n+8}.{v*10}/24" }
          c: { count: 2, nics: [{ ip: "10.2.{n}.1/24" }, {}] }
  `);
  const nics = counted.hosts.map(({ vms }) => vms.flatMap((vm) => vm.nics));
  const ips = nics.map((each) => each.map(({ ip }) => ip?.address.toString(16)));

  it('makes name1 to nameN of a host and of a VM', () => {
    expect(counted.hosts.map(({ name }) => name)).toEqual(['esx1', 'esx2', 'esx3']);
    expect(nics[0]!.map(({ name }) => name)).toEqual(['a1', 'a2', 'b1', 'b2', 'c1', 'c1.eth1', 'c2', 'c2.eth1']);
  });

  it('replaces {n} and {v}, and counts an address up that has no {v}', () => {
    expect(ips[0]).toEqual(['a000109', 'a00010a', 'a01090a', 'a010914', 'a020101', undefined, 'a020102', undefined]);
    expect(ips[2]!.slice(0, 3)).toEqual(['a000509', 'a00050a', 'a010b0a']);
    expect(nics[1]!.slice(0, 2).map(({ mac }) => mac)).toEqual(['00:50:56:aa:02:ff', '00:50:56:aa:03:00']);
  });
});

describe('VLANs', () => {
  const vlansOf = (portGroups: string, more = '') => {
    const yaml = `hosts: { h: { uplinks: [u], vswitches: { v: { portGroups: { ${portGroups} }${more} } } } }`;
    const vswitch = load(yaml).hosts[0]!.vswitches[0]!;
    return { ports: vswitch.portGroups.map(({ vlan }) => show(vlan)), uplinks: show(vswitch.uplinkVlan) };
  };

  it.each([
    ['no VLAN anywhere: transparent', 'a: {}, b: {}', '', ['transparent', 'transparent'], 'transparent'],
    ['a port group without vlan beside others: VLAN 0', 'a: {}, b: { vlan: 7 }', '', ['0', '7'], 'trunk 0-0,7-7'],
    ['4095: all VLANs and untagged frames', 'a: { vlan: 4095 }', '', ['trunk 0-4094'], 'trunk 0-4094'],
    ['a text of several: merged', 'a: { vlan: "20-30,10,31" }', '', ['trunk 10-10,20-31'], 'trunk 10-10,20-31'],
    ['a list of several', 'a: { vlan: [5, "8-9, 7"] }', '', ['trunk 5-5,7-9'], 'trunk 5-5,7-9'],
    ['a native VLAN', 'a: { vlan: 5-6, native: 6 }', '', ['trunk 5-6 native 6'], 'trunk 5-6'],
    ['a service VLAN', 'a: { vlan: 7, tunnel: true }, b: { vlan: 4 }', '', ['tunnel 7', '4'], 'trunk 4-4,7-7'],
    [
      'private VLANs, all of which the uplinks carry',
      'a: { vlan: 100 }, b: { vlan: 101 }, c: { vlan: 103 }, d: { vlan: 100-103 }, e: { vlan: 5 }',
      ', privateVlans: [{ primary: 100, isolated: 101, community: [102, 103, 104] }]',
      ['100 from 100,101,102,103,104', '101 from 100', '103 from 100,103', 'trunk 100-103', '5'],
      'trunk 5-5,100-104',
    ],
    ['uplinkVlans instead of the union', 'a: { vlan: 5 }', ', uplinkVlans: 9', ['5'], 'trunk 9-9'],
    ['nativeTagged', 'a: { vlan: 5-6, native: 5, nativeTagged: true }', '', ['trunk 5-6 native 5 tagged'], 'trunk 5-6'],
  ])('%s', (_, portGroups, more, ports, uplinks) => {
    expect(vlansOf(portGroups, more)).toEqual({ ports, uplinks });
  });

  it('of a physical switch are those of a switch as delivered, where a port says nothing', () => {
    const { switches } = load('physical: { switches: { a: { ports: { 1: {}, 2: { vlan: 5 } } }, b: { ports: 1 } } }');
    expect(switches[0]!.ports.map(({ vlan }) => show(vlan))).toEqual(['trunk 1-4094 native 1', '5']);
    expect(switches[1]!.ports.map(({ vlan }) => show(vlan))).toEqual(['transparent']);
  });

  function show(vlan: PortVlan): string {
    if (vlan.mode === 'transparent') return 'transparent';
    if (vlan.mode === 'access') return String(vlan.vid);
    if (vlan.mode === 'tunnel') return `tunnel ${vlan.vid}`;
    if (vlan.mode === 'private') return `${vlan.vid} from ${vlan.receives.join(',')}`;
    const vids = vlan.vids.map(({ first, last }) => `${first}-${last}`).join(',');
    return `trunk ${vids}${vlan.native === undefined ? '' : ` native ${vlan.native}`}${vlan.nativeTagged ? ' tagged' : ''}`;
  }
});

describe('uplinks', () => {
  const teamings = (host: string) =>
    load(`hosts: { h: { ${host} } }`).hosts[0]!.vswitches.map(({ teaming: { active, standby } }) => ({
      active,
      standby,
    }));

  it('all belong to the only vSwitch and are active, unless it says otherwise', () => {
    expect(teamings('uplinks: [b, a], vswitches: { v: {} }')).toEqual([{ active: ['b', 'a'], standby: [] }]);
    expect(teamings('uplinks: [a, b, c], vswitches: { v: { teaming: { standby: [b] } } }')).toEqual([
      { active: ['a', 'c'], standby: ['b'] },
    ]);
    expect(teamings('uplinks: [a, b], vswitches: { v: { uplinks: [b] }, w: { uplinks: [] } }')).toEqual([
      { active: ['b'], standby: [] },
      { active: [], standby: [] },
    ]);
  });

  it('merge what is said about one cable at its ends and in links', () => {
    const { links } = load(`
      hosts:
        a: { uplinks: { u: { to: b/u, rate: 2.5G }, w: { delay: 1ms } } }
        b: { uplinks: { u: { to: a/u, delay: 1.5us } } }
      physical:
        switches: { s: { ports: 1 } }
        links: [{ a: b/u, b: a/u, queue: 9, rate: 2500Mbps }, { a: s/1, b: a/w, rate: unlimited }]
    `);
    expect(links).toEqual([
      { a: 'a/u', b: 'b/u', rateBps: 2.5e9, delayNs: 1500, queueFrames: 9 },
      { a: 's/1', b: 'a/w', rateBps: null, delayNs: 1e6, queueFrames: 1024 },
    ]);
  });
});

describe('traffic', () => {
  const hosts = `hosts:
    a: { uplinks: [u], vswitches: { v: { mtu: 9000, portGroups: { g: {} } } }, vms: { vm: { count: 3 } } }
    b: { vswitches: { v: { portGroups: { g: {} } } }, vms: { vm: { nics: [{}, {}] } } }
  `;
  const streams = (stream: string): Topology['streams'] => load(`${hosts}\ntraffic: [{ ${stream} }]`).streams;
  const pairs = (from: string, to: string) =>
    streams(`from: "${from}", to: "${to}"`).map((each) => `${each.from} ${each.to}`);

  it.each([
    ['a/vm1', 'b/vm.eth0', ['a/vm1 b/vm']],
    ['a/*', 'b/*', ['a/vm1 b/vm', 'a/vm2 b/vm.eth1', 'a/vm3 b/vm']],
    ['a/*', 'a/*', ['a/vm1 a/vm2', 'a/vm2 a/vm3', 'a/vm3 a/vm1']],
    ['*', 'a/vm2', ['a/vm1 a/vm2', 'a/vm3 a/vm2', 'b/vm a/vm2', 'b/vm.eth1 a/vm2']],
    ['b/*', 'broadcast', ['b/vm broadcast', 'b/vm.eth1 broadcast']],
  ])('from %s to %s pairs in turn and never with itself', (from, to, expected) => {
    expect(pairs(from, to)).toEqual(expected);
  });

  it.each([
    ['max', { kind: 'max' }],
    ['100kpps', { kind: 'frames', perSecond: 1e5 }],
    ['1.5 Mpps', { kind: 'frames', perSecond: 1.5e6 }],
    ['1G', { kind: 'bits', perSecond: 1e9 }],
    ['500bps', { kind: 'bits', perSecond: 500 }],
  ])('has the rate %s', (rate, expected) => {
    expect(streams(`from: a/vm1, to: b/vm, rate: ${rate}`)[0]!.rate).toEqual(expected);
  });

  it('may be as long as the mtu of the sender allows', () => {
    expect(streams('from: a/vm1, to: b/vm, size: 9018')[0]!.sizeBytes).toBe(9018);
    expect(() => streams('from: b/vm, to: a/vm1, size: 9018')).toThrow('mtu 1500; 64 to 1518');
  });

  it.each([
    ['0.5', 5e8],
    ['2us', 2000],
    ['2µs', 2000],
    ['100ns', 100],
    ['10ms', 1e7],
    ['5m', 3e11],
    ['1h', 3.6e12],
  ])('starts at %s', (start, ns) => {
    expect(streams(`from: a/vm1, to: b/vm, start: ${start}`)[0]!.startNs).toBe(ns);
  });
});

it('loads 1,000 hosts with 8 VMs each', () => {
  const text = `hosts: { esx: { count: 1000, uplinks: [vmnic0], vswitches: { v: { portGroups: { web: { vlan: 10 } } } },
    vms: { vm: { count: 8, portGroup: web } } } }`;
  expect(load(text).hosts).toHaveLength(1000);
});
