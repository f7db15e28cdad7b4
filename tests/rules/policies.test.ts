/**
 * What is taken from outside: receivers of floods (R9), the way back of unicast (R8) with its grace, unknown unicast (R6).
 *
 * Host h has the uplinks u1 to u3, which lead nowhere here, and VMs a, b and c, pinned to u1, u2 and u3 in turn.
 */
import { describe, expect, it } from 'vitest';
import { mac, type Name } from './networks.ts';
import { Twins, told } from './twins.ts';

type Model = 'learning' | 'registered';
const models = ['learning', 'registered'] as const;
const MILLISECOND = 1_000_000n;

interface Settings {
  readonly vswitch?: { readonly teaming?: object; readonly [key: string]: unknown };
  readonly groups?: Readonly<Record<string, object>>;
  /** VMs with their port groups; default a, b and c in the first one. */
  readonly vms?: Readonly<Record<string, string>>;
}

function host({ vswitch = {}, groups = { pg: { vlan: 10 } }, vms }: Settings): Twins {
  const [first] = Object.keys(groups);
  const nics = Object.entries(vms ?? { a: first!, b: first!, c: first! }).map(([name, portGroup]) => {
    return [name, { portGroup, mac: mac[name as Name] }];
  });
  // Announcements have tests of their own.
  const vswitches = { v: { portGroups: groups, ...vswitch, teaming: { notify: false, ...vswitch.teaming } } };
  return new Twins({ hosts: { h: { uplinks: ['u1', 'u2', 'u3'], vswitches, vms: Object.fromEntries(nics) } } });
}

/** What comes of a frame that arrives by an uplink in a VLAN. */
function arrive(lab: Twins, uplink: string, to: Name, vlan = 10, from: Name = 'x', atNs?: bigint): string {
  return told(lab.send(`h/${uplink}`, lab.frame(mac[to], mac[from], { tags: [vlan] }), atNs));
}

const uplinks = ['u1', 'u2', 'u3'];
const floods = (lab: Twins, to: Name, vlan: number) =>
  uplinks.map((uplink) => arrive(lab, uplink, to, vlan)).join('; ');
const cables = async (lab: Twins, what: string) => {
  for (const each of what.split(' ').filter((word) => word !== '')) {
    await lab.operate((network) => network.setLink(`h/${each.slice(1)}`, each.startsWith('+')));
  }
};

describe('the receivers of floods (R9)', () => {
  const all = 'a, b, c';
  const none = (...names: string[]) => names.map((name) => `${name} not_designated`);
  /** Outcomes at u1, u2 and u3. */
  type Row = readonly [receivers: string, vlan: number, pulled: string, outcome: string];
  const rows: Row[] = [
    ['per-vlan', 12, '', [all, ...none('u2', 'u3')].join('; ')],
    ['per-vlan', 10, '', [...none('u1'), all, ...none('u3')].join('; ')],
    ['per-vlan', 11, '', [...none('u1', 'u2'), all].join('; ')],
    ['per-vlan', 10, '-u2', [all, 'u2 link_down', ...none('u3')].join('; ')],
    ['per-vlan', 11, '-u3', [...none('u1'), all, 'u3 link_down'].join('; ')],
    ['per-vlan', 10, '-u1 -u3', ['u1 link_down', all, 'u3 link_down'].join('; ')],
    ['active', 12, '', [all, ...none('u2', 'u3')].join('; ')],
    ['active', 10, '', [all, ...none('u2', 'u3')].join('; ')],
    ['active', 11, '', [all, ...none('u2', 'u3')].join('; ')],
    ['active', 11, '-u1', ['u1 link_down', all, ...none('u3')].join('; ')],
    ['active', 11, '-u1 -u2', ['u1 link_down', 'u2 link_down', all].join('; ')],
    ['active', 11, '-u1 +u1', [all, ...none('u2', 'u3')].join('; ')],
    ['per-recipient', 10, '', 'a; b; c'],
    ['per-recipient', 11, '', 'a; b; c'],
    ['per-recipient', 10, '-u1', 'u1 link_down; a, b; c'],
    ['per-recipient', 10, '-u3', 'a, c; b; u3 link_down'],
    ['per-recipient', 10, '-u1 -u2', 'u1 link_down; u2 link_down; a, b, c'],
    ['per-recipient', 10, '-a', 'u1 rpf_group; b; c'],
    ['per-recipient', 10, '-b -c', 'a; u2 rpf_group; u3 rpf_group'],
  ];

  it.each(rows)('%s, VLAN %i, cables "%s": %s', async (receivers, vlan, pulled, outcome) => {
    for (const macModel of models) {
      // Registered vNICs are told to take unknown unicast, too, so that it can be looked at in both.
      const lab = host({ vswitch: { macModel, receivers, unknownFromOutside: 'flood' }, groups: { pg: { vlan } } });
      await cables(lab, pulled);
      for (const to of ['all', 'group', 'nobody'] as const)
        expect(floods(lab, to, vlan), `${macModel} ${to}`).toBe(outcome);
    }
  });

  it('learn from what is taken, and from no group frame that is not', () => {
    for (const [receivers, uplink, learned] of [
      ['per-vlan', 'u1', false],
      ['per-vlan', 'u2', true],
      ['active', 'u1', true],
      ['active', 'u2', false],
      ['per-recipient', 'u1', true],
      ['per-recipient', 'u3', false],
    ] as const) {
      const lab = host({ vswitch: { receivers }, vms: { a: 'pg', b: 'pg' } });
      arrive(lab, uplink, 'all');
      expect(lab.table('h/v'), `${receivers} ${uplink}`).toEqual(learned ? [`10 ${mac.x} uplink`] : []);
    }
  });

  it('per recipient are asked for in the frame’s VLAN', () => {
    const groups = { ten: { vlan: 10 }, twenty: { vlan: 20 } };
    const lab = host({ vswitch: { receivers: 'per-recipient' }, groups, vms: { a: 'ten', b: 'twenty', c: 'ten' } });
    expect(floods(lab, 'all', 10)).toBe('a; u2 rpf_group; c');
    expect(floods(lab, 'all', 20)).toBe('u1 rpf_group; b; u3 rpf_group');
  });

  it('per recipient go by the guest’s address where the team does', async () => {
    // 0a, 0b and 0c modulo 3
    const lab = host({ vswitch: { receivers: 'per-recipient', teaming: { policy: 'source-mac' } } });
    expect(floods(lab, 'all', 10)).toBe('c; a; b');
    await lab.operate((network) => network.setGuestMac('h/a', mac.c));
    expect(floods(lab, 'all', 10)).toBe('a, c; u2 rpf_group; b');
  });

  it('do not count a guest out whose address is refused: its copy is, by name', async () => {
    const lab = host({ vswitch: { receivers: 'per-recipient', security: { macChanges: 'reject' } } });
    await lab.operate((network) => network.setGuestMac('h/a', mac.d));
    expect(floods(lab, 'all', 10)).toBe('a mac_change; b; c');
  });
});

describe('the receivers of port groups with teams of their own', () => {
  /** web uses u1 and u2, db u3 and, should that fail, u1. */
  const groups = {
    web: { vlan: '10,11,30', teaming: { active: ['u1', 'u2'] } },
    db: { vlan: '10,11,40', teaming: { active: ['u3'], standby: ['u1'] } },
  };
  const vms = { a: 'web', b: 'web', c: 'db', d: 'db' };
  type Row = readonly [receivers: string, vlan: number, pulled: string, outcome: string];
  const rows: Row[] = [
    ['per-vlan', 10, '', 'a, b; u2 not_designated; c, d'],
    ['per-vlan', 11, '', 'u1 not_designated; a, b; c, d'],
    ['per-vlan', 10, '-u3', 'a, b, c, d; u2 not_designated; u3 link_down'],
    ['per-vlan', 11, '-u3', 'c, d; a, b; u3 link_down'],
    ['per-vlan', 10, '-u1', 'u1 link_down; a, b; c, d'],
    // u1 is the receiver of web’s team, which has nobody in VLAN 40.
    ['per-vlan', 40, '', 'u1 no_recipient; u2 not_designated; c, d'],
    ['per-vlan', 30, '', 'a, b; u2 not_designated; u3 no_recipient'],
    ['active', 10, '', 'a, b; u2 not_designated; c, d'],
    ['active', 11, '', 'a, b; u2 not_designated; c, d'],
    ['active', 11, '-u3', 'a, b, c, d; u2 not_designated; u3 link_down'],
    ['per-recipient', 10, '', 'a; b; c, d'],
    ['per-recipient', 10, '-u3', 'a, c, d; b; u3 link_down'],
    ['per-recipient', 40, '', 'u1 rpf_group; u2 rpf_group; c, d'],
  ];

  it.each(rows)('%s, VLAN %i, cables "%s": %s', async (receivers, vlan, pulled, outcome) => {
    for (const macModel of models) {
      // The vSwitch's own team is that of one of them: a third would be a receiver, too.
      const teaming = groups.web.teaming;
      const lab = host({ vswitch: { macModel, receivers, teaming, unknownFromOutside: 'flood' }, groups, vms });
      await cables(lab, pulled);
      expect(floods(lab, 'all', vlan), macModel).toBe(outcome);
      expect(floods(lab, 'nobody', vlan), macModel).toBe(outcome);
    }
  });
});

describe('the way back of unicast (R8)', () => {
  /** A frame to a, which is pinned to u1; what comes of it at u1, u2 and u3. */
  type Row = readonly [rpf: string, teaming: object, outcome: string];
  const refused = (...names: string[]) => names.map((name) => `${name} rpf_unicast`);
  const rows: Row[] = [
    ['strict', {}, ['a', ...refused('u2', 'u3')].join('; ')],
    ['loose', {}, 'a; a; a'],
    ['off', {}, 'a; a; a'],
    ['strict', { active: ['u1', 'u2'], standby: ['u3'] }, ['a', ...refused('u2'), 'u3 uplink_not_active'].join('; ')],
    ['loose', { active: ['u1', 'u2'], standby: ['u3'] }, 'a; a; u3 uplink_not_active'],
    ['off', { active: ['u1', 'u2'] }, 'a; a; u3 uplink_not_active'],
    ['strict', { policy: 'explicit' }, ['a', ...refused('u2', 'u3')].join('; ')],
    // 0a is 10: the second of three
    ['strict', { policy: 'source-mac' }, [...refused('u1'), 'a', ...refused('u3')].join('; ')],
    ['loose', { policy: 'source-mac' }, 'a; a; a'],
  ];

  it.each(rows)('%s, team %j: %s', (rpf, teaming, outcome) => {
    for (const macModel of models) {
      const lab = host({ vswitch: { macModel, rpf, teaming } });
      lab.send('h/a', lab.frame(mac.all, mac.a));
      expect(floods(lab, 'a', 10), macModel).toBe(outcome);
    }
  });

  it('is that of the owner’s team: another’s uplink is loose no more, and off alone takes it', () => {
    const groups = {
      web: { vlan: 10, teaming: { active: ['u1'], standby: ['u2'] } },
      db: { vlan: 10, teaming: { active: ['u3', 'u2'] } },
    };
    const outcome = (rpf: string) => {
      const lab = host({
        vswitch: { rpf, teaming: { active: ['u1', 'u2', 'u3'] } },
        groups,
        vms: { a: 'web', b: 'db' },
      });
      lab.send('h/a', lab.frame(mac.all, mac.a));
      return floods(lab, 'a', 10);
    };
    expect(outcome('strict')).toBe('a; u2 rpf_unicast; u3 rpf_unicast');
    expect(outcome('loose'), 'standby uplinks of the team are its own').toBe('a; a; u3 rpf_unicast');
    expect(outcome('off')).toBe('a; a; a');
  });

  it('of a station behind a vNIC goes by that station’s address where the team does', () => {
    const lab = host({ vswitch: { teaming: { policy: 'source-mac' } } });
    // nobody: 99 is 153, the first of three; a itself uses the second.
    lab.send('h/a', lab.frame(mac.all, mac.nobody));
    expect(floods(lab, 'nobody', 10)).toBe('a; u2 rpf_unicast; u3 rpf_unicast');
  });

  it('never lets out again what is for a station outside (R1)', () => {
    for (const rpf of ['strict', 'loose', 'off']) {
      const lab = host({ vswitch: { rpf } });
      arrive(lab, 'u2', 'all');
      expect(arrive(lab, 'u2', 'x', 10, 'y')).toBe('u2 no_transit');
    }
  });
});

describe('the grace of a former uplink', () => {
  const grace = 200n * MILLISECOND;
  /** a leaves u1 at 1 s for u2 and comes back at 2 s; then a frame to it by u2, so much later. */
  type Row = readonly [rpfGrace: string, after: bigint, outcome: string];
  const rows: Row[] = [
    ['0ms', 0n, 'u2 rpf_unicast'],
    ['200ms', 0n, 'a'],
    ['200ms', 1n, 'a'],
    ['200ms', grace - 1n, 'a'],
    ['200ms', grace, 'u2 rpf_unicast'],
    ['200ms', 100n * grace, 'u2 rpf_unicast'],
    ['1ms', MILLISECOND - 1n, 'a'],
    ['1ms', MILLISECOND, 'u2 rpf_unicast'],
  ];

  async function moved(rpfGrace: string, macModel: Model, more: object = {}): Promise<Twins> {
    const lab = host({ vswitch: { macModel, rpfGrace, ...more } });
    lab.send('h/a', lab.frame(mac.all, mac.a));
    lab.pass(1000n * MILLISECOND);
    await cables(lab, '-u1');
    lab.pass(2000n * MILLISECOND);
    await cables(lab, '+u1');
    return lab;
  }

  it.each(rows)('%s: %i ns after the change %s', async (rpfGrace, after, outcome) => {
    for (const macModel of models) {
      const lab = await moved(rpfGrace, macModel);
      const atNs = 2000n * MILLISECOND + after;
      expect(arrive(lab, 'u2', 'a', 10, 'x', atNs), macModel).toBe(outcome);
      expect(arrive(lab, 'u1', 'a', 10, 'x', atNs), 'its pin is always good').toBe('a');
      expect(arrive(lab, 'u3', 'a', 10, 'x', atNs), 'any other never is').toBe('u3 rpf_unicast');
    }
  });

  it('is of no use while that uplink is out of use', async () => {
    const lab = await moved('1s', 'registered');
    await cables(lab, '-u2');
    expect(arrive(lab, 'u2', 'a')).toBe('u2 link_down');
    const standby = host({ vswitch: { rpfGrace: '1s', teaming: { active: ['u1'], standby: ['u2'] } } });
    standby.send('h/a', standby.frame(mac.all, mac.a));
    await cables(standby, '-u1 +u1');
    expect(arrive(standby, 'u2', 'a')).toBe('u2 uplink_not_active');
  });

  it('is that of the latest change only', async () => {
    const lab = await moved('1s', 'registered');
    // To u3, when u1 and then u2 fail; then back by way of u2.
    await cables(lab, '-u1 -u2');
    expect(arrive(lab, 'u3', 'a')).toBe('a');
    await cables(lab, '+u2');
    expect([arrive(lab, 'u2', 'a'), arrive(lab, 'u3', 'a')]).toEqual(['a', 'a']);
    await cables(lab, '+u1');
    expect([arrive(lab, 'u1', 'a'), arrive(lab, 'u2', 'a'), arrive(lab, 'u3', 'a')]).toEqual([
      'a',
      'a',
      'u3 rpf_unicast',
    ]);
  });

  it('is nobody’s who did not move', async () => {
    const lab = await moved('1s', 'registered');
    expect(floods(lab, 'b', 10)).toBe('u1 rpf_unicast; b; u3 rpf_unicast');
  });

  it('is good for unicast, not for floods', async () => {
    const lab = await moved('1s', 'registered', { receivers: 'per-recipient' });
    expect(floods(lab, 'all', 10)).toBe('a; b; c');
  });
});

describe('unknown unicast from outside (R6)', () => {
  const unknown = (name: string) => `${name} unknown_unicast_uplink`;
  const dropped = uplinks.map(unknown).join('; ');
  /** The designated receiver is u2 in VLAN 10, u1 in 12. */
  const flood10 = 'u1 not_designated; a, b, c; u3 not_designated';
  const flood12 = 'd; u2 not_designated; u3 not_designated';
  type Row = readonly [model: Model, unknownFromOutside: string | undefined, in10: string, in12: string];
  const rows: Row[] = [
    ['learning', undefined, flood10, flood12],
    ['learning', 'flood', flood10, flood12],
    ['learning', 'drop', dropped, dropped],
    ['learning', '10', flood10, dropped],
    ['learning', '11-4094', dropped, flood12],
    ['registered', undefined, dropped, dropped],
    ['registered', 'drop', dropped, dropped],
    ['registered', 'flood', flood10, flood12],
    ['registered', '12', dropped, flood12],
    ['registered', '10,12', flood10, flood12],
  ];

  it.each(rows)('%s, %s: VLAN 10 %s', (macModel, unknownFromOutside, in10, in12) => {
    const groups = { ten: { vlan: 10 }, twelve: { vlan: 12 } };
    const vswitch = { macModel, ...(unknownFromOutside !== undefined && { unknownFromOutside }) };
    const lab = host({ vswitch, groups, vms: { a: 'ten', b: 'ten', c: 'ten', d: 'twelve' } });
    expect(floods(lab, 'nobody', 10)).toBe(in10);
    expect(floods(lab, 'nobody', 12)).toBe(in12);
    const learned = macModel === 'learning' ? [`10 ${mac.x} uplink`, `12 ${mac.x} uplink`] : [];
    expect(
      lab.table('h/v').filter((row) => !row.endsWith('static')),
      'it is learned before it is looked up',
    ).toEqual(learned);
  });

  it('is for those ports that want it', () => {
    /** yes and no say whether unknown unicast is flooded to them; default is the model's. */
    const groups = {
      yes: { vlan: 10, floodUnknown: true },
      no: { vlan: 10, floodUnknown: false },
      unset: { vlan: 10 },
    };
    const vms = { a: 'yes', b: 'no', c: 'unset' };
    const outcomes = (macModel: Model, unknownFromOutside: string) => {
      const lab = host({ vswitch: { macModel, unknownFromOutside }, groups, vms });
      return [arrive(lab, 'u2', 'nobody'), told(lab.send('h/b', lab.frame(mac.nobody, mac.b)))];
    };
    expect(outcomes('learning', 'flood')).toEqual(['a, c', 'a, c, u2']);
    expect(outcomes('learning', 'drop')).toEqual(['u2 unknown_unicast_uplink', 'a, c, u2']);
    // Where the VLAN floods, every registered port has it; else those that ask for it.
    expect(outcomes('registered', 'flood')).toEqual(['a, b, c', 'a, u2']);
    expect(outcomes('registered', 'drop')).toEqual(['a', 'a, u2']);
  });

  it('is for registered ports that learn, whose stations nobody else can know', () => {
    const groups = {
      nested: { vlan: 10, learning: true },
      plain: { vlan: 10 },
      deaf: { vlan: 10, learning: true, floodUnknown: false },
    };
    const lab = host({ vswitch: { macModel: 'registered' }, groups, vms: { a: 'nested', b: 'plain', c: 'deaf' } });
    expect(arrive(lab, 'u2', 'nobody')).toBe('a');
    lab.send('h/a', lab.frame(mac.all, mac.nobody));
    expect(arrive(lab, 'u1', 'nobody')).toBe('a');
    expect(arrive(lab, 'u2', 'nobody')).toBe('u2 rpf_unicast');
    expect(arrive(lab, 'u2', 'all', 10, 'nobody')).toBe('u2 deja_vu');
  });
});

describe('a frame that the outside brings by every uplink', () => {
  const policies = ['port-id', 'source-mac', 'explicit', 'load-based'];
  const pulls = ['', '-u1', '-u2', '-u1 -u3', '-u1 +u1'];
  const rows = policies.flatMap((policy) =>
    ['per-vlan', 'active', 'per-recipient'].map((receivers) => [policy, receivers] as const),
  );

  it.each(rows)('%s, receivers %s: each VM gets it once, whatever cables are pulled', async (policy, receivers) => {
    for (const macModel of models) {
      const vswitches = {
        v: { macModel, receivers, portGroups: { pg: { vlan: 10 } }, teaming: { policy, notify: false } },
      };
      const cabled = Object.fromEntries(uplinks.map((uplink, i) => [uplink, { to: `tor/${i + 1}`, delay: '1us' }]));
      const vms = { a: { mac: mac.a }, b: { mac: mac.b }, c: { mac: mac.c } };
      const ports = { 1: {}, 2: {}, 3: {}, 8: { vlan: 10 } };
      const lab = new Twins({
        hosts: { h: { uplinks: cabled, vswitches, vms } },
        physical: { switches: { tor: { ports } } },
      });
      const outcome = (to: Name) => lab.send('tor/8', lab.frame(mac[to], mac.x)).recipients;
      for (const vm of ['a', 'b', 'c'] as const) lab.send(`h/${vm}`, lab.frame(mac.all, mac[vm]));
      for (const pulled of pulls) {
        await cables(lab, '+u1 +u2 +u3');
        await cables(lab, pulled);
        await lab.operate((network) => network.flush({ switch: 'tor' }));
        const all = ['h/a', 'h/b', 'h/c'];
        expect([outcome('all'), outcome('group')], `${macModel} "${pulled}"`).toEqual([all, all]);
        expect(outcome('nobody')).toEqual(macModel === 'learning' ? all : []);
        for (const vm of ['a', 'b', 'c'] as const) expect(outcome(vm)).toEqual([`h/${vm}`]);
      }
    }
  });
});
