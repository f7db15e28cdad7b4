/**
 * Teams: who chooses which uplink (R3, R4, R19), what failures, returns, delays and the operator change, teams of port groups, and
 * load-based balancing.
 *
 * Host h has the uplinks u1 to u4 and VMs a, b and c, in this order, whose addresses end in 0a, 0b and 0c. Orders are `-u1` and
 * `+u1` for its cable, `!u1` to make it active. The team is written as `active | standby`.
 */
import { describe, expect, it } from 'vitest';
import { at } from '../engine/lab.ts';
import { mac, type Name } from './networks.ts';
import { Twins, told } from './twins.ts';

const SECOND = 1_000_000_000n;
const MILLISECOND = 1_000_000n;
const uplinks = ['u1', 'u2', 'u3', 'u4'];

function teamOf(text: string): { active: string[]; standby?: string[] } {
  const [active, standby] = text.split(' | ').map((names) => names.split(' '));
  return { active: active!, ...(standby && { standby }) };
}

function host(
  teaming: object,
  groups: Readonly<Record<string, object>> = { pg: {} },
  vms?: Record<string, string>,
): Twins {
  const [first] = Object.keys(groups);
  const nics = Object.entries(vms ?? { a: first!, b: first!, c: first! }).map(([name, portGroup]) => {
    return [name, { portGroup, mac: mac[name as Name] }];
  });
  const vswitches = { v: { portGroups: groups, teaming: { notify: false, ...teaming } } };
  return new Twins({ hosts: { h: { uplinks, vswitches, vms: Object.fromEntries(nics) } } });
}

async function order(lab: Twins, what: string): Promise<void> {
  for (const each of what.split(' ').filter((word) => word !== '')) {
    const name = `h/${each.slice(1)}`;
    await lab.operate((network) => {
      return each.startsWith('!') ? network.setActive(name) : network.setLink(name, each.startsWith('+'));
    });
  }
}

const pin = (lab: Twins, vm: string) => lab.pinOf(`h/${vm}`)?.slice(2) ?? '-';
const pins = (lab: Twins, vms = 'abc') => [...vms].map((vm) => pin(lab, vm)).join(' ');
const inUse = (lab: Twins) =>
  lab.network
    .ports()
    .flatMap((port) => (port.inUse ? [port.name.slice(2)] : []))
    .join(' ');

/** The uplinks that a frame leaves by. */
function exits(lab: Twins, vm: string, to: Name = 'all', src: Name = vm as Name): string {
  const { frames } = lab.send(`h/${vm}`, lab.frame(mac[to], mac[src]));
  return uplinks.flatMap((uplink) => at(frames, `h/${uplink}`, 'out').map(() => uplink)).join(' ') || '-';
}

/** Policy, team, orders, pins of a, b and c, and uplinks in use. */
type Row = readonly [policy: string, team: string, orders: string, pins: string, inUse: string];

describe('the uplink of a vNIC', () => {
  const rows: Row[] = [
    // By its place
    ['port-id', 'u1 u2 u3', '', 'u1 u2 u3', 'u1 u2 u3'],
    ['port-id', 'u3 u1', '', 'u3 u1 u3', 'u1 u3'],
    ['load-based', 'u1 u2 u3', '', 'u1 u2 u3', 'u1 u2 u3'],
    ['load-based', 'u1 u2 u3', '-u2', 'u1 u3 u3', 'u1 u3'],
    // By the last octet of its address: 10, 11 and 12
    ['source-mac', 'u1 u2 u3', '', 'u2 u3 u1', 'u1 u2 u3'],
    ['source-mac', 'u1 u2', '', 'u1 u2 u1', 'u1 u2'],
    ['source-mac', 'u1 u2 u3 u4', '', 'u3 u4 u1', 'u1 u2 u3 u4'],
    ['source-mac', 'u1 u2 u3', '-u3', 'u2 u2 u1', 'u1 u2'],
    ['source-mac', 'u1 u2 u3', '-u2', 'u1 u3 u1', 'u1 u3'],
    ['source-mac', 'u1 u2 | u3', '-u1', 'u2 u2 u2', 'u2 u3'],
    ['source-mac', 'u1 u2 u3', '-u2 +u2', 'u2 u3 u1', 'u1 u2 u3'],
    ['source-mac', 'u1', '', 'u1 u1 u1', 'u1'],
    // The first of the order
    ['explicit', 'u1 u2 u3', '', 'u1 u1 u1', 'u1 u2 u3'],
    ['explicit', 'u3 u1', '', 'u3 u3 u3', 'u1 u3'],
    ['explicit', 'u1 u2 u3', '-u1', 'u2 u2 u2', 'u2 u3'],
    ['explicit', 'u1 | u2 u3', '', 'u1 u1 u1', 'u1'],
    ['explicit', 'u1 | u2 u3', '-u1', 'u2 u2 u2', 'u2'],
    ['explicit', 'u1 | u2 u3', '-u1 -u2', 'u3 u3 u3', 'u3'],
    ['explicit', 'u1 | u2 u3', '-u1 -u2 +u1', 'u1 u1 u1', 'u1'],
    ['explicit', 'u1 u2 | u3', '-u1', 'u2 u2 u2', 'u2 u3'],
    ['explicit', 'u1 | u2', '-u1 -u2', '- - -', ''],
    // Without an active one the standby ones have nobody to stand in for.
    ['port-id', 'u1 u2 | u3 u4', '-u1 -u2', 'u3 u4 u3', 'u3 u4'],
    ['port-id', 'u1 u2 | u3 u4', '-u1 -u2 -u3', 'u4 u4 u4', 'u4'],
  ];

  it.each(rows)('%s, team %s, orders "%s": %s', async (policy, team, orders, expected, used) => {
    const lab = host({ policy, ...teamOf(team) });
    await order(lab, orders);
    expect([pins(lab), inUse(lab)]).toEqual([expected, used]);
    for (const to of ['all', 'group', 'nobody'] as const) {
      expect([...'abc'].map((vm) => exits(lab, vm, to)).join(' '), to).toBe(expected);
    }
    // The outside is heard by all that are in use.
    lab.send(`h/${used.split(' ')[0] || 'u1'}`, lab.frame(mac.all, mac.x));
    for (const uplink of uplinks.filter((each) => !orders.includes(`-${each}`) && !used.includes(each))) {
      expect(told(lab.send(`h/${uplink}`, lab.frame(mac.all, mac.y)))).toBe(`${uplink} uplink_not_active`);
    }
  });

  it('by source MAC is that of each frame, not of the vNIC', () => {
    const lab = host({ policy: 'source-mac', ...teamOf('u1 u2 u3') });
    // 0a, f1, f2 and 99 are 10, 241, 242 and 153.
    const sources = ['a', 'x', 'y', 'nobody'] as const;
    expect(sources.map((src) => exits(lab, 'a', 'all', src))).toEqual(['u2', 'u2', 'u3', 'u1']);
    // To a station that is known to be outside, too
    lab.send('h/u1', lab.frame(mac.all, mac.d));
    expect(sources.map((src) => exits(lab, 'a', 'd', src))).toEqual(['u2', 'u2', 'u3', 'u1']);
    expect(sources.map((src) => exits(lab, 'a', 'd', src))).toEqual(['u2', 'u2', 'u3', 'u1']);
  });

  it('by source MAC changes with the guest’s address', async () => {
    const lab = host({ policy: 'source-mac', ...teamOf('u1 u2 u3') });
    await lab.operate((network) => network.setGuestMac('h/a', mac.b));
    expect(pin(lab, 'a')).toBe('u3');
  });
});

describe('without failback', () => {
  const rows: Row[] = [
    // What moved away stays until its uplink fails; who did not move does not move now.
    ['port-id', 'u1 u2 u3', '-u1 +u1', 'u2 u2 u3', 'u1 u2 u3'],
    ['port-id', 'u1 u2 u3', '-u1 +u1 -u2', 'u1 u1 u3', 'u1 u3'],
    ['port-id', 'u1 u2 u3', '-u1 -u2 +u1 +u2', 'u3 u3 u3', 'u1 u2 u3'],
    ['port-id', 'u1 u2 u3', '-u1 -u2 -u3 +u3 +u2 +u1', 'u3 u3 u3', 'u1 u2 u3'],
    ['load-based', 'u1 u2 u3', '-u1 +u1', 'u2 u2 u3', 'u1 u2 u3'],
    // A standby uplink that took over keeps its place, and the recovered one waits.
    ['port-id', 'u1 u2 | u3', '-u1', 'u2 u2 u2', 'u2 u3'],
    ['port-id', 'u1 u2 | u3', '-u1 +u1', 'u2 u2 u2', 'u2 u3'],
    ['port-id', 'u1 u2 | u3', '-u2', 'u1 u3 u1', 'u1 u3'],
    ['port-id', 'u1 u2 | u3', '-u2 +u2', 'u1 u3 u1', 'u1 u3'],
    ['port-id', 'u1 u2 | u3', '-u2 +u2 -u3', 'u1 u2 u1', 'u1 u2'],
    ['port-id', 'u1 u2 | u3', '-u2 +u2 -u1', 'u3 u3 u3', 'u2 u3'],
    ['explicit', 'u1 | u2 u3', '-u1 +u1', 'u2 u2 u2', 'u2'],
    ['explicit', 'u1 | u2 u3', '-u1 +u1 -u2', 'u1 u1 u1', 'u1'],
    ['explicit', 'u1 | u2 u3', '-u1 -u2 +u2 +u1', 'u3 u3 u3', 'u3'],
    ['explicit', 'u1 u2', '-u1 +u1', 'u2 u2 u2', 'u1 u2'],
    // A station's uplink by its address is nobody's to keep, as long as it is in use.
    ['source-mac', 'u1 u2 u3', '-u2 +u2', 'u2 u3 u1', 'u1 u2 u3'],
    ['source-mac', 'u1 u2 | u3', '-u1 +u1', 'u2 u2 u2', 'u2 u3'],
    ['source-mac', 'u1 | u2', '-u1 +u1', 'u2 u2 u2', 'u2'],
  ];

  it.each(rows)('%s, team %s, orders "%s": %s', async (policy, team, orders, expected, used) => {
    const lab = host({ policy, failback: false, ...teamOf(team) });
    await order(lab, orders);
    expect([pins(lab), inUse(lab)]).toEqual([expected, used]);
    expect([...'abc'].map((vm) => exits(lab, vm)).join(' ')).toBe(expected);
  });

  it('the receiver of an explicit team stays where its VMs are', async () => {
    const lab = host({ policy: 'explicit', failback: false, ...teamOf('u1 u2') });
    await order(lab, '-u1 +u1');
    expect(told(lab.send('h/u2', lab.frame(mac.all, mac.x)))).toBe('a, b, c');
    expect(told(lab.send('h/u1', lab.frame(mac.all, mac.x)))).toBe('u1 not_designated');
  });
});

describe('an uplink that the operator makes active', () => {
  const rows: (readonly [...Row, failback: boolean])[] = [
    ['port-id', 'u1 u2 | u3', '!u3', 'u3 u1 u3', 'u1 u3', true],
    ['port-id', 'u1 u2 | u3', '!u2', 'u2 u1 u2', 'u1 u2', true],
    ['port-id', 'u1 u2 | u3', '!u1', 'u1 u2 u1', 'u1 u2', true],
    ['port-id', 'u1 u2 | u3', '!u3 !u1', 'u1 u3 u1', 'u1 u3', true],
    ['port-id', 'u1 | u2 u3', '!u3', 'u3 u3 u3', 'u3', true],
    ['port-id', 'u1 | u2 u3', '!u3 -u3', 'u1 u1 u1', 'u1', true],
    ['port-id', 'u1 | u2 u3', '!u3 -u3 +u3', 'u3 u3 u3', 'u3', true],
    ['explicit', 'u1 | u2 u3', '!u2', 'u2 u2 u2', 'u2', true],
    ['explicit', 'u1 u2 u3', '!u3', 'u3 u3 u3', 'u1 u2 u3', true],
    ['source-mac', 'u1 u2 | u3', '!u3', 'u3 u1 u3', 'u1 u3', true],
    // Of the others, the last active one stands by first.
    ['port-id', 'u1 u2 | u3 u4', '!u4 -u4', 'u1 u1 u1', 'u1 u2', true],
    ['explicit', 'u1 u2 | u3 u4', '!u4 -u4 -u1', 'u2 u2 u2', 'u2 u3', true],
    // Without link it is first in the order, and comes when it can.
    ['port-id', 'u1 u2 | u3', '-u3 !u3', 'u1 u1 u1', 'u1 u2', true],
    ['port-id', 'u1 u2 | u3', '-u3 !u3 +u3', 'u3 u1 u3', 'u1 u3', true],
    // Failback or not, it comes into use; but who has a usable uplink keeps it.
    ['port-id', 'u1 u2 | u3', '!u3', 'u1 u1 u1', 'u1 u3', false],
    ['explicit', 'u1 | u2 u3', '!u2', 'u2 u2 u2', 'u2', false],
    ['explicit', 'u1 | u2 u3', '-u1 +u1 !u1', 'u1 u1 u1', 'u1', false],
    ['explicit', 'u1 u2', '!u2', 'u1 u1 u1', 'u1 u2', false],
    ['source-mac', 'u1 | u2', '-u1 +u1 !u1', 'u1 u1 u1', 'u1', false],
    ['port-id', 'u1 | u2 u3', '-u1 +u1 !u3 -u3', 'u1 u1 u1', 'u1', false],
  ];

  it.each(rows)(
    '%s, team %s, orders "%s": %s, in use %s, failback %s',
    async (policy, team, orders, expected, used, failback) => {
      const lab = host({ policy, failback, ...teamOf(team) });
      await order(lab, orders);
      expect([pins(lab), inUse(lab)]).toEqual([expected, used]);
      expect([...'abc'].map((vm) => exits(lab, vm)).join(' ')).toBe(expected);
    },
  );

  it('must be an uplink', async () => {
    const lab = host({});
    await expect(lab.network.setActive('h/a')).rejects.toThrow(
      /^h\/a is no uplink; only an uplink can be made active$/,
    );
  });
});

describe('port groups with teams of their own', () => {
  const groups = {
    web: {},
    db: { teaming: { active: ['u3'], standby: ['u4'] } },
    mgmt: { teaming: { policy: 'explicit', active: ['u2', 'u1'], standby: ['u3'] } },
    hash: { teaming: { policy: 'source-mac', active: ['u1', 'u2', 'u3', 'u4'] } },
  };
  const vms = { a: 'web', b: 'web', c: 'db', d: 'mgmt', e: 'hash', f: 'hash' };
  const lab = (teaming: object = {}) => host({ active: ['u1', 'u2'], ...teaming }, groups, vms);

  type GroupRow = readonly [orders: string, pins: string, inUse: string];
  const rows: GroupRow[] = [
    // 0e and 0f are 14 and 15: the third and fourth of four.
    ['', 'u1 u2 u3 u2 u3 u4', 'u1 u2 u3 u4'],
    ['-u3', 'u1 u2 u4 u2 u4 u4', 'u1 u2 u4'],
    ['-u2', 'u1 u1 u3 u1 u3 u4', 'u1 u3 u4'],
    ['-u1 -u2', '- - u3 u3 u3 u4', 'u3 u4'],
    ['-u3 -u4', 'u1 u2 - u2 u1 u2', 'u1 u2'],
    ['-u3 +u3', 'u1 u2 u3 u2 u3 u4', 'u1 u2 u3 u4'],
    // Each team that has it puts it first.
    ['!u1', 'u1 u2 u3 u1 u3 u4', 'u1 u2 u3 u4'],
    ['!u3', 'u1 u2 u3 u3 u2 u4', 'u1 u2 u3 u4'],
    ['!u4', 'u1 u2 u4 u2 u2 u3', 'u1 u2 u3 u4'],
  ];

  it.each(rows)('orders "%s": %s', async (orders, expected, used) => {
    const net = lab();
    await order(net, orders);
    expect([pins(net, 'abcdef'), inUse(net)]).toEqual([expected, used]);
    expect(
      Object.keys(vms)
        .map((vm) => exits(net, vm))
        .join(' '),
    ).toBe(expected);
  });

  it('inherit what they do not say', async () => {
    const own = {
      web: {},
      one: { teaming: { policy: 'explicit' } },
      two: { teaming: { active: ['u2'] } },
      three: { teaming: { failback: true } },
    };
    const net = host({ active: ['u1'], standby: ['u3'], failback: false }, own, {
      a: 'web',
      b: 'one',
      c: 'two',
      d: 'three',
    });
    expect(pins(net, 'abcd')).toBe('u1 u1 u2 u1');
    await order(net, '-u1 -u2');
    expect(pins(net, 'abcd')).toBe('u3 u3 u3 u3');
    await order(net, '+u1 +u2');
    expect(pins(net, 'abcd')).toBe('u3 u3 u3 u1');
  });

  it('do not fall back because the operator made another team’s uplink active', async () => {
    const own = { web: {}, db: { teaming: { active: ['u3'], standby: ['u4'], failback: false } } };
    const net = host({ active: ['u1', 'u2'] }, own, { a: 'web', b: 'web', c: 'db' });
    await order(net, '-u3 +u3');
    expect(pins(net)).toBe('u1 u2 u4');
    await order(net, '!u2');
    expect(pins(net)).toBe('u2 u1 u4');
  });

  it('talk to each other inside, whatever their uplinks', () => {
    const net = lab();
    for (const vm of Object.keys(vms)) net.send(`h/${vm}`, net.frame(mac.all, mac[vm as Name]));
    for (const from of Object.keys(vms)) {
      for (const to of Object.keys(vms).filter((vm) => vm !== from)) {
        expect(told(net.send(`h/${from}`, net.frame(mac[to as Name], mac[from as Name])))).toBe(to);
      }
    }
  });
});

describe('the delays of a team', () => {
  const up = { upDelay: '100ms' };
  const down = { downDelay: '50ms' };

  it('for a link that comes: until then nothing is taken from it; exact to the nanosecond', async () => {
    for (const [waited, expected, verdict] of [
      [100n * MILLISECOND - 1n, 'u2 u2 u2', 'uplink_not_active'],
      [100n * MILLISECOND, 'u1 u2 u1', 'flood_group'],
    ] as const) {
      const lab = host({ ...up, ...teamOf('u1 u2') });
      await order(lab, '-u1');
      expect(pins(lab), 'a loss counts at once').toBe('u2 u2 u2');
      lab.pass(SECOND);
      await order(lab, '+u1');
      lab.network.inject('h/u1', lab.frame(mac.all, mac.x), SECOND + waited);
      lab.network.advance(SECOND + waited);
      expect(pins(lab)).toBe(expected);
      expect(lab.network.ports().find(({ name }) => name === 'h/u1')!.verdicts).toEqual({ [verdict]: 1 });
    }
  });

  it('for a link that goes: until then what leaves by it is lost, by name', async () => {
    const lab = host({ ...down, ...teamOf('u1 u2') });
    lab.pass(SECOND);
    await order(lab, '-u1');
    expect([pins(lab), inUse(lab)]).toEqual(['u1 u2 u1', 'u1 u2']);
    const lost = (atNs: bigint) => {
      lab.network.inject('h/a', lab.frame(mac.all, mac.a), atNs);
      lab.network.advance(atNs);
      return lab.network.ports().find(({ name }) => name === 'h/u1')!.verdicts['egress_link_down'] ?? 0;
    };
    expect(lost(SECOND)).toBe(1);
    expect(lost(SECOND + 50n * MILLISECOND - 1n)).toBe(2);
    expect(pins(lab)).toBe('u1 u2 u1');
    expect(lost(SECOND + 50n * MILLISECOND)).toBe(2);
    expect(pins(lab)).toBe('u2 u2 u2');
  });

  type Row = readonly [what: string, delays: object, events: string, pins: string];
  const rows: Row[] = [
    ['a loss that is shorter than its delay is none', down, '0-u1 49+u1 200', 'u1 u2 u1'],
    ['a link that comes for less than its delay does not count', up, '0-u1 1000+u1 1099-u1 2000', 'u2 u2 u2'],
    ['a delay begins anew with each change', up, '0-u1 1000+u1 1090-u1 1095+u1 1194', 'u2 u2 u2'],
    ['and ends by itself', up, '0-u1 1000+u1 1090-u1 1095+u1 1195', 'u1 u2 u1'],
    ['each uplink has its own', down, '0-u1 20-u2 49', 'u1 u2 u1'],
    ['each uplink has its own', down, '0-u1 20-u2 50', 'u2 u2 u2'],
    ['each uplink has its own', down, '0-u1 20-u2 70', '- - -'],
    ['both ways', { ...up, ...down }, '0-u1 50', 'u2 u2 u2'],
    ['both ways', { ...up, ...down }, '0-u1 60+u1 159', 'u2 u2 u2'],
    ['both ways', { ...up, ...down }, '0-u1 60+u1 160', 'u1 u2 u1'],
    ['both ways, a flap within the first', { ...up, ...down }, '0-u1 40+u1 300', 'u1 u2 u1'],
  ];

  it.each(rows)('%s: %j, %s', async (_what, delays, events, expected) => {
    const lab = host({ ...delays, ...teamOf('u1 u2') });
    for (const event of events.split(' ')) {
      const [, ms, what] = /^(\d+)(.*)$/.exec(event)!;
      lab.network.advance(SECOND + BigInt(ms!) * MILLISECOND);
      if (what !== '') await lab.network.setLink(`h/${what!.slice(1)}`, what!.startsWith('+'));
    }
    expect(pins(lab)).toBe(expected);
  });
});

describe('a load-based team', () => {
  /** Uplinks of 1 Mbit/s; a and c begin on u1, b on u2. What each sends outside, in percent of an uplink's rate. */
  function run(loads: Readonly<Record<string, number>>, more: object = {}): Twins {
    // 1,250 bytes a second are one percent.
    const traffic = Object.entries(loads).map(([vm, load]) => {
      return { from: `h/${vm}`, to: 'far/x', size: 1254, rate: `${load}pps` };
    });
    const cable = (n: number) => ({ to: `tor/${n}`, rate: '1M' });
    const vms = { a: { mac: mac.a }, b: { mac: mac.b }, c: { mac: mac.c } };
    const far = {
      uplinks: { u: { to: 'tor/8' } },
      vswitches: { v: { portGroups: { pg: {} } } },
      vms: { x: { mac: mac.x } },
    };
    return new Twins(
      {
        hosts: {
          h: {
            uplinks: { u1: cable(1), u2: cable(2), ...more },
            vswitches: { v: { portGroups: { pg: {} }, teaming: { policy: 'load-based', active: ['u1', 'u2'] } } },
            vms,
          },
          far,
        },
        physical: { switches: { tor: { ports: 8 } } },
        traffic,
      },
      { watch: [], unplugged: 'down' },
    );
  }
  const after = (lab: Twins, seconds: bigint) => {
    lab.network.advance(seconds * SECOND);
    return pins(lab);
  };

  type Row = readonly [loads: Readonly<Record<string, number>>, after30: string, after120: string];
  const rows: Row[] = [
    // The busiest one moves, if the other uplink is then less full than this one was.
    [{ a: 50, c: 40 }, 'u2 u2 u1', 'u2 u2 u1'],
    [{ a: 40, c: 50 }, 'u1 u2 u2', 'u1 u2 u2'],
    [{ a: 40, b: 20, c: 40 }, 'u2 u2 u1', 'u2 u2 u1'],
    // Three quarters are not too much.
    [{ a: 40, c: 35 }, 'u1 u2 u1', 'u1 u2 u1'],
    [{ a: 40, c: 36 }, 'u2 u2 u1', 'u2 u2 u1'],
    // Alone on its uplink it would take its load along.
    [{ a: 90 }, 'u1 u2 u1', 'u1 u2 u1'],
    [{ a: 80, b: 10 }, 'u1 u2 u1', 'u1 u2 u1'],
    [{}, 'u1 u2 u1', 'u1 u2 u1'],
  ];

  it.each(rows)('with %j: %s after 30 s', (loads, after30, after120) => {
    const lab = run(loads);
    expect(after(lab, 29n)).toBe('u1 u2 u1');
    expect(after(lab, 30n)).toBe(after30);
    expect(after(lab, 120n)).toBe(after120);
    expect(lab.network.ledger().balanced).toBe(true);
  });

  it('goes back to the place’s own uplink when the one that was chosen fails, and does not return', async () => {
    const lab = run({ a: 50, c: 40 });
    expect(after(lab, 31n)).toBe('u2 u2 u1');
    await lab.network.setLink('h/u2', false);
    expect(pins(lab)).toBe('u1 u1 u1');
    await lab.network.setLink('h/u2', true);
    expect(pins(lab)).toBe('u1 u2 u1');
    // Until it is too full again
    expect(after(lab, 90n)).toBe('u2 u2 u1');
  });

  it('tells the outside', () => {
    const lab = run({ a: 50, c: 40 });
    expect(after(lab, 31n)).toBe('u2 u2 u1');
    expect(lab.network.macTable('tor').find(({ mac: address }) => address === mac.a)!.port).toBe('tor/2');
  });
});
