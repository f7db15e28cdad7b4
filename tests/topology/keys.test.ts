/** What each key of a vSwitch, port group, physical switch or port makes of the model; beside it everything is as by default. */
import { describe, expect, it } from 'vitest';
import { careDefault, policyDefault, tagRulesDefault } from '../../src/topology/defaults.ts';
import { parseTopology } from '../../src/topology/load.ts';
import type { PortPolicy, VSwitch } from '../../src/topology/model.ts';
import { exampleYaml } from './example.ts';

const load = (yaml: string) => parseTopology(yaml, 'lab.yaml');
const vswitch = (keys: string) => {
  const groups = keys.includes('portGroups') ? '' : ', portGroups: { g: { vlan: 10 } }';
  return load(`hosts: { h: { uplinks: [a, b, c], vswitches: { v: { ${keys}${groups} } } } }`).hosts[0]!.vswitches[0]!;
};
const group = (keys: string, more = '') =>
  vswitch(`portGroups: { g: { ${keys} }, other: { vlan: 10 } }${more}`).portGroups[0]!;
const port = (keys: string, more = '') =>
  load(`physical: { switches: { s: { ports: { 1: { ${keys} }, 2: { vlan: 10 } }${more} } } }`).switches[0]!.ports[0]!;

describe('without any key', () => {
  it('a learning vSwitch floods, and one that registers does not', () => {
    const plain: Partial<VSwitch> = {
      lag: null,
      care: careDefault,
      uplinkTags: tagRulesDefault,
      receivers: 'per-vlan',
      rpf: 'strict',
      rpfGraceMs: 0,
      sharedVlans: [],
      padding: false,
    };
    expect(vswitch('mtu: 1500')).toMatchObject({
      ...plain,
      uplinkPolicy: policyDefault('learning'),
      floodUnknown: [{ first: 0, last: 4094 }],
    });
    expect(vswitch('macModel: registered')).toMatchObject({
      ...plain,
      uplinkPolicy: policyDefault('registered'),
      floodUnknown: [],
    });
  });

  it('a port group has the teaming of its vSwitch and the policy of its MAC model', () => {
    const learning = vswitch('teaming: { policy: explicit, standby: [b] }');
    expect(learning.portGroups[0]).toEqual({
      name: 'g',
      vlan: { mode: 'access', vid: 10 },
      tags: tagRulesDefault,
      policy: policyDefault('learning'),
      teaming: learning.teaming,
    });
    expect(vswitch('macModel: registered').portGroups[0]!.policy).toEqual(policyDefault('registered'));
  });

  it('a physical port learns, floods and is in no LAG', () => {
    const [sw] = load('physical: { switches: { s: { ports: 1 } } }').switches;
    expect(sw).toMatchObject({ lags: [], sharedVlans: [], padding: false });
    const vlan = { mode: 'transparent' };
    expect(sw!.ports).toEqual([{ name: '1', vlan, tags: tagRulesDefault, policy: policyDefault('learning') }]);
  });

  it('there is no lesson and nothing to warn of', () => {
    expect(load('physical: { switches: { s: { ports: 1 } } }')).toMatchObject({ teaching: null, warnings: [] });
  });
});

describe('a vSwitch', () => {
  it.each<[string, object]>([
    ['uplinkTag: s', { uplinkTags: { accepts: 'default', ingressFilter: true, tpid: 0x88a8 } }],
    [
      'uplinkStorm: { multicast: 1kpps }',
      { uplinkPolicy: { storm: { broadcast: null, multicast: 1000, unknownUnicast: null } } },
    ],
    [
      'relayReserved: ["00", 2, 0E]',
      { uplinkPolicy: { relayReserved: 0x4005 }, portGroups: [{ policy: { relayReserved: 0x4005 } }] },
    ],
    ['bpdu: guard', { uplinkPolicy: { bpdu: 'pass' }, portGroups: [{ policy: { bpdu: 'guard' } }] }],
    ['preset: vss', { portGroups: [{ policy: { promiscuous: false, macChanges: true, forgedTransmits: true } }] }],
    ['preset: vds', { portGroups: [{ policy: { promiscuous: false, macChanges: false, forgedTransmits: false } }] }],
    [
      'preset: vds, security: { promiscuous: accept, macChanges: accept, staticConflict: shut }',
      {
        portGroups: [
          { policy: { promiscuous: true, macChanges: true, forgedTransmits: false, staticConflict: 'shut' } },
        ],
      },
    ],
    ['receivers: per-recipient', { receivers: 'per-recipient' }],
    ['rpf: loose', { rpf: 'loose' }],
    ['rpf: off', { rpf: 'off' }],
    ['rpfGrace: 1.5s', { rpfGraceMs: 1500 }],
    ['unknownFromOutside: drop', { floodUnknown: [] }],
    ['unknownFromOutside: flood, macModel: registered', { floodUnknown: [{ first: 0, last: 4094 }] }],
    [
      'unknownFromOutside: "10,20-30"',
      {
        floodUnknown: [
          { first: 10, last: 10 },
          { first: 20, last: 30 },
        ],
      },
    ],
    ['unknownFromOutside: 10', { floodUnknown: [{ first: 10, last: 10 }] }],
    ['padding: true', { padding: true }],
    [
      'sharedVlans: [[10, 20], [0, 5]]',
      {
        sharedVlans: [
          [10, 20],
          [0, 5],
        ],
      },
    ],
    [
      'sharedVlans: [[10, 20]], privateVlans: [{ primary: 100, community: [102, 101] }, { primary: 200 }]',
      { sharedVlans: [[10, 20], [100, 102, 101], [200]] },
    ],
    ['table: { whenFull: drop }', { table: { whenFull: 'drop' } }],
  ])('%s', (keys, expected) => {
    expect(vswitch(keys)).toMatchObject(expected);
  });
});

describe('teaming', () => {
  it.each<[string, object]>([
    ['policy: source-mac', { teaming: { policy: 'source-mac', active: ['a', 'b', 'c'], standby: [], failback: true } }],
    ['policy: load-based, failback: false', { teaming: { policy: 'load-based', failback: false } }],
    ['lag: static', { lag: { mode: 'static', fast: false }, teaming: { policy: 'ip-hash' } }],
    ['lag: active, policy: source-mac', { lag: { mode: 'active', fast: false }, teaming: { policy: 'source-mac' } }],
    ['lag: passive, lacpRate: fast', { lag: { mode: 'passive', fast: true } }],
    ['upDelay: 100ms, downDelay: 2s', { care: { ...careDefault, upDelayNs: 1e8, downDelayNs: 2e9 } }],
    ['detection: beacon', { care: { ...careDefault, detection: 'beacon' } }],
    ['detection: beacon, beaconInterval: 250ms', { care: { detection: 'beacon', beaconNs: 25e7 } }],
    ['notify: true', { care: careDefault }],
    ['notify: false', { care: { notify: { repeat: 0, intervalNs: 1e9 } } }],
    ['notify: { repeat: 5, interval: 30s }', { care: { notify: { repeat: 5, intervalNs: 3e10 } } }],
  ])('%s', (keys, expected) => {
    expect(vswitch(`teaming: { ${keys} }`)).toMatchObject(expected);
  });

  it.each<[string, object]>([
    ['policy: explicit', { policy: 'explicit', active: ['a', 'b'], standby: ['c'], failback: true }],
    ['active: [b]', { policy: 'port-id', active: ['b'], standby: ['c'], failback: true }],
    ['active: [c], standby: [b]', { policy: 'port-id', active: ['c'], standby: ['b'], failback: true }],
    ['standby: [], failback: false', { policy: 'port-id', active: ['a', 'b'], standby: [], failback: false }],
  ])('of a port group: %s', (keys, expected) => {
    expect(group(`teaming: { ${keys} }`, ', teaming: { standby: [c] }').teaming).toEqual(expected);
  });
});

describe('a port', () => {
  const policies: [string, Partial<PortPolicy>][] = [
    ['bpdu: filter', { bpdu: 'filter' }],
    ['relayReserved: ["0f"]', { relayReserved: 0x8000 }],
    [
      'storm: { broadcast: 100pps, unknownUnicast: 1kpps }',
      { storm: { broadcast: 100, multicast: null, unknownUnicast: 1000 } },
    ],
    ['learning: false', { learning: false }],
    ['floodUnknown: false', { floodUnknown: false }],
    ['macLimit: 4', { macLimit: { max: 4, whenFull: 'drop' } }],
    ['macLimit: { max: 5 }', { macLimit: { max: 5, whenFull: 'drop' } }],
    ['macLimit: { max: 6, whenFull: shut }', { macLimit: { max: 6, whenFull: 'shut' } }],
    ['sticky: true', { sticky: true }],
    ['security: { staticConflict: drop }', { staticConflict: 'drop' }],
  ];
  it.each(policies)('of a port group and of a physical switch: %s', (keys, expected) => {
    const policy = { ...policyDefault('learning'), ...expected };
    expect(group(keys).policy).toEqual(policy);
    expect(port(keys).policy).toEqual(policy);
  });

  it.each<[string, object, object]>([
    ['vlan: 1-9, tag: s', { tpid: 0x88a8 }, { mode: 'trunk' }],
    ['vlan: 1-9, tag: c, ingressFilter: false', { ingressFilter: false }, { mode: 'trunk' }],
    ['vlan: 5, accept: all', { accepts: 'all' }, { mode: 'access', vid: 5 }],
    ['vlan: 5, accept: untagged', { accepts: 'untagged' }, { mode: 'access', vid: 5 }],
    ['vlan: 1-9, accept: tagged', { accepts: 'tagged' }, { mode: 'trunk' }],
    ['vlan: 1-9, native: 2, accept: untagged', { accepts: 'untagged' }, { mode: 'trunk', native: 2 }],
    ['vlan: 4095, accept: untagged', { accepts: 'untagged' }, { mode: 'trunk' }],
    ['vlan: 5, tunnel: true', {}, { mode: 'tunnel', vid: 5 }],
  ])('of both: %s', (keys, tags, vlan) => {
    for (const each of [group(keys), port(keys)]) {
      expect(each.tags).toEqual({ ...tagRulesDefault, ...tags });
      expect(each.vlan).toMatchObject(vlan);
    }
  });

  it('of a physical switch may have tags of its own without a vlan, as the trunk it is', () => {
    expect(port('tag: s')).toMatchObject({ tags: { tpid: 0x88a8 }, vlan: { mode: 'trunk', native: 1 } });
  });

  it('that learns in a registered vSwitch gets unknown unicast, unless it says otherwise', () => {
    const registered = (keys: string) => group(keys, ', macModel: registered').policy;
    expect(registered('learning: true')).toMatchObject({ learning: true, floodUnknown: true });
    expect(registered('learning: true, floodUnknown: false')).toMatchObject({ learning: true, floodUnknown: false });
    expect(registered('floodUnknown: true')).toMatchObject({ learning: false, floodUnknown: true });
  });

  it('has its own settings in place of those of the switch', () => {
    const own = 'bpdu: pass, relayReserved: [], security: { forgedTransmits: accept }';
    const { policy } = group(own, ', bpdu: guard, relayReserved: ["00"], preset: vds');
    expect(policy).toEqual({ ...policyDefault('learning'), macChanges: false });
    expect(port('relayReserved: []', ', relayReserved: ["00"]').policy.relayReserved).toBe(0);
    expect(port('', ', relayReserved: ["00"]').policy.relayReserved).toBe(1);
  });
});

it('a physical switch has its LAGs in the order of its ports', () => {
  const lags = 'lags: { l1: { ports: [3, 1] }, l2: { mode: passive, rate: fast, ports: [2] } }';
  const [sw] = load(`physical: { switches: { s: { ports: 4, padding: true, sharedVlans: [], ${lags} } } }`).switches;
  expect(sw!.padding).toBe(true);
  expect(sw!.lags).toEqual([
    { name: 'l1', mode: 'static', fast: false, ports: ['1', '3'] },
    { name: 'l2', mode: 'passive', fast: true, ports: ['2'] },
  ]);
  expect(sw!.ports.map(({ lag }) => lag)).toEqual(['l1', 'l2', 'l1', undefined]);
});

it('a vNIC has an effective MAC where it differs, which counts up and is not given away', () => {
  const { vms } = load(`hosts:
    h:
      vswitches: { v: { portGroups: { g: {} } } }
      vms:
        a: { count: 2, effectiveMac: "00:50:56:00:00:01" }
        b: { mac: "00:aa:00:00:00:01", effectiveMac: "00-AA-00-00-00-01" }
  `).hosts[0]!;
  expect(vms.flatMap(({ nics }) => nics).map(({ mac, effectiveMac }) => [mac, effectiveMac])).toEqual([
    ['00:50:56:00:00:03', '00:50:56:00:00:01'],
    ['00:50:56:00:00:04', '00:50:56:00:00:02'],
    ['00:aa:00:00:00:01', undefined],
  ]);
});

describe('teaching', () => {
  const base = 'physical: { switches: { s: { ports: 1 } } }\n';
  it.each<[string, object]>([
    ['{ disable: [R9, R19, R1], stormLimit: 8 }', { disabled: [1, 9, 19], stormLimit: 8 }],
    ['{}', { disabled: [], stormLimit: 64 }],
  ])('%s', (keys, expected) => {
    expect(load(`${base}teaching: ${keys}`).teaching).toEqual(expected);
  });

  it('without R17 lets two vSwitches of one host be joined', () => {
    const yaml = `hosts: { h: { uplinks: { a: { to: h/b }, b: }, vswitches: { v: { uplinks: [a] }, w: { uplinks: [b] } } } }\n`;
    expect(() => load(yaml)).toThrow('rule R17');
    expect(load(`${yaml}teaching: { disable: [R17] }`).links).toHaveLength(1);
  });
});

it('a file with every key gives all of the model', () => {
  const { hosts, switches, teaching } = load(exampleYaml);
  const [esx1, , probe, bundle] = hosts.map(({ vswitches }) => vswitches[0]!);
  const storm = { broadcast: null, multicast: null, unknownUnicast: null };
  const policy: PortPolicy = {
    ...policyDefault('learning'),
    bpdu: 'filter',
    staticConflict: 'drop',
    relayReserved: 0x4000,
  };
  expect(esx1).toMatchObject({
    care: { ...careDefault, upDelayNs: 1e8 },
    lag: null,
    uplinkVlan: { mode: 'trunk', vids: [{ first: 0, last: 4094 }], nativeTagged: false },
    uplinkPolicy: {
      ...policyDefault('learning'),
      storm: { broadcast: 1000, multicast: 2000, unknownUnicast: 3000 },
      relayReserved: 0x4000,
    },
    receivers: 'per-vlan',
    rpf: 'strict',
    rpfGraceMs: 200,
    floodUnknown: [
      { first: 10, last: 10 },
      { first: 20, last: 20 },
    ],
    sharedVlans: [
      [10, 20],
      [100, 101, 102, 103],
    ],
    padding: true,
  });
  const groups = Object.fromEntries(esx1!.portGroups.map((each) => [each.name, each]));
  expect(groups['web']!.policy).toEqual({
    ...policy,
    storm: { ...storm, broadcast: 100 },
    macLimit: { max: 4, whenFull: 'drop' },
    sticky: true,
  });
  expect(groups['trunk']!.tags).toEqual({ accepts: 'tagged', ingressFilter: false, tpid: 0x88a8 });
  expect(groups['plain']).toEqual({
    name: 'plain',
    vlan: { mode: 'access', vid: 0 },
    tags: tagRulesDefault,
    policy,
    teaming: esx1!.teaming,
    shaping: {
      in: { averageBps: 1e8, peakBps: 2e8, burstBytes: 64_000 },
      out: { averageBps: 2e8, peakBps: null, burstBytes: 65_536 },
    },
  });
  expect(groups['customer']).toMatchObject({
    vlan: { mode: 'tunnel', vid: 200 },
    policy: { ...policy, macLimit: { max: 16, whenFull: 'shut' } },
  });
  expect(groups['alone']).toMatchObject({
    vlan: { mode: 'private', vid: 101, receives: [100] },
    teaming: { policy: 'explicit', active: ['vmnic1'], standby: ['vmnic0'], failback: false },
  });
  expect(groups['guest']!.policy).toEqual({
    ...policy,
    bpdu: 'guard',
    relayReserved: 0,
    floodUnknown: false,
    macChanges: false,
  });
  expect(hosts[0]!.vms[1]!.nics[0]).toMatchObject({ effectiveMac: '00:50:56:00:00:99' });
  const notify = { repeat: 3, intervalNs: 2e9 };
  expect(probe!.care).toEqual({ ...careDefault, detection: 'beacon', beaconNs: 5e8, notify });
  expect(bundle).toMatchObject({ lag: { mode: 'active', fast: true }, teaming: { policy: 'ip-hash' } });
  expect(switches[1]).toMatchObject({
    lags: [{ name: 'l1', mode: 'passive', fast: false, ports: ['4', '5'] }],
    sharedVlans: [[1, 2]],
    padding: true,
  });
  expect(switches[1]!.ports[0]!.policy).toEqual({
    ...policyDefault('learning'),
    staticConflict: 'shut',
    relayReserved: 4,
  });
  expect(teaching).toEqual({ disabled: [17], stormLimit: 32 });
});
