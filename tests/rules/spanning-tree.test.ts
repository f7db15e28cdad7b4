/**
 * RSTP between physical switches (IEEE 802.1D-2004, clause 17): what the tree lets through, when it comes to be and how it mends, and
 * what happens without it. Networks and names are those of trees.ts.
 */
import { describe, expect, it } from 'vitest';
import { Lab, portOf } from '../engine/lab.ts';
import { mac } from './networks.ts';
import {
  cable,
  expected,
  found,
  labOf,
  type Mesh,
  ring,
  SECOND,
  stationsOf,
  topologyOf,
  treeOf,
  wait,
} from './trees.ts';
import { Twins } from './twins.ts';

const MICRO = 1000n;
const triangle = ring(3);
const stations = ['s1/h', 's2/h', 's3/h'];

async function pull(lab: Lab, ...ports: string[]): Promise<void> {
  for (const port of ports) await lab.network.setLink(port, false);
}

async function plug(lab: Lab, ...ports: string[]): Promise<void> {
  for (const port of ports) await lab.network.setLink(port, true);
}

describe('a triangle', () => {
  it('without spanning tree carries a broadcast round and round', () => {
    const lab = labOf(triangle, {}, 'none');
    expect(lab.network.inject('s1/h', lab.frame(mac.all, mac.x), lab.nowNs)).toBe(true);
    // Two copies, one each way, which leave one at each station that they pass.
    lab.network.advance(300n * MICRO);
    const copies = lab.network.takeFrames().filter((f) => portOf(f) === 's2/h' && f.direction === 'out');
    expect(copies.length).toBe(200);
    expect(lab.network.ledger()).toMatchObject({ balanced: true, held: 2 });
  });

  it('with it carries a broadcast to everybody once', () => {
    const lab = wait(labOf(triangle), 10n * MICRO);
    for (const from of stations) {
      const outcome = lab.send(from, lab.frame(mac.all, mac.x));
      expect(stationsOf(outcome)).toEqual(stations.filter((port) => port !== from));
    }
  });

  it('is a tree two microseconds after the start, when its cables take one', () => {
    const lab = labOf(triangle);
    lab.network.advance(2n * MICRO - 1n);
    expect(found(lab)).not.toEqual(expected(triangle));
    lab.network.advance(2n * MICRO);
    expect(found(lab)).toEqual(expected(triangle));
    expect(found(lab)).toEqual([
      's1/1a designated forwarding',
      's1/3b designated forwarding',
      's2/1b root forwarding',
      's2/2a designated forwarding',
      's3/2b alternate discarding',
      's3/3a root forwarding',
    ]);
  });

  it('drops what comes by the blocked port, and learns nothing from it', () => {
    const lab = wait(labOf(triangle), SECOND);
    const { drops } = lab.send('s1/h', lab.frame(mac.all, mac.x));
    expect(drops).toEqual(['s3/2b stp_discarding']);
    expect(lab.table('s3')).toEqual([`0 ${mac.x} s3/3a`]);
  });

  it('tells who is the root, and at what cost', () => {
    const lab = wait(labOf(triangle), SECOND);
    const rootId = '4096.02:76:73:00:00:03';
    expect(treeOf(lab, 's1')).toMatchObject({ bridgeId: rootId, rootId, rootCost: 0, rootPort: null });
    expect(treeOf(lab, 's3')).toMatchObject({ rootId, rootCost: 2000, rootPort: 's3/3a', topologyChanges: 1 });
  });
});

describe('a ring', () => {
  const sizes = [3, 4, 5, 6, 7];
  it.each(sizes)(
    'of %i switches mends itself within microseconds when a cable is pulled and plugged',
    async (count) => {
      const mesh = ring(count);
      const lab = wait(labOf(mesh), 10n * SECOND);
      const delays = BigInt(count) * MICRO;
      await pull(lab, 's1/1a', 's2/1b');
      wait(lab, delays);
      expect(found(lab)).toEqual(expected(mesh, new Set([0])));
      wait(lab, 10n * SECOND);
      await plug(lab, 's1/1a', 's2/1b');
      wait(lab, delays);
      expect(found(lab)).toEqual(expected(mesh));
    },
  );

  it('mends itself three hellos later when only one end of the cable knows', async () => {
    const lab = wait(labOf(triangle), (21n * SECOND) / 2n);
    const heardNs = 10n * SECOND;
    await pull(lab, 's1/1a'); // s2 is told nothing any more
    lab.network.advance(heardNs + 6n * SECOND - 10n * MICRO);
    expect(found(lab)).toContain('s2/1b root forwarding');
    wait(lab, 20n * MICRO);
    expect(found(lab)).toContain('s2/2a root forwarding');
    expect(found(lab)).toContain('s2/1b designated discarding');
  });

  it('forgets stations where the way to them has changed, so that nothing is sent the old way', async () => {
    const lab = wait(labOf(triangle), 10n * SECOND);
    lab.send('s2/h', lab.frame(mac.all, mac.y));
    lab.send('s3/h', lab.frame(mac.all, mac.x));
    expect(lab.table('s3')).toEqual([`0 ${mac.x} s3/h`, `0 ${mac.y} s3/3a`]);
    await pull(lab, 's1/1a', 's2/1b');
    wait(lab, 10n * MICRO);
    expect([lab.table('s1'), lab.table('s2'), lab.table('s3')]).toEqual([
      [`0 ${mac.x} s1/3b`],
      [`0 ${mac.y} s2/h`],
      [`0 ${mac.x} s3/h`],
    ]);
    expect(stationsOf(lab.send('s3/h', lab.frame(mac.y, mac.x)))).toEqual(['s1/h', 's2/h']);
    expect(stationsOf(lab.send('s2/h', lab.frame(mac.x, mac.y)))).toEqual(['s3/h']);
  });

  it('chooses another root when the root loses its power, and takes it back', async () => {
    const lab = wait(labOf(triangle), 10n * SECOND);
    await lab.network.setPower('s1', false);
    wait(lab, 60n * SECOND);
    expect(treeOf(lab, 's3')).toMatchObject({ rootId: treeOf(lab, 's2').bridgeId, rootPort: 's3/2b' });
    await lab.network.setPower('s1', true);
    wait(lab, 10n * SECOND);
    expect(found(lab)).toEqual(expected(triangle));
  });
});

describe('between two switches', () => {
  const pair = (...cables: Mesh['cables']): Mesh => ({ priorities: [4096, 8192], cables });

  it('one of several cables is used, the others when it fails', async () => {
    const mesh = pair(cable(0, 1), cable(0, 1), cable(0, 1, { costB: 1000 }));
    const lab = wait(labOf(mesh), SECOND);
    expect(found(lab).filter((row) => row.endsWith('discarding'))).toEqual([
      's2/1b alternate discarding',
      's2/2b alternate discarding',
    ]);
    await pull(lab, 's2/3b', 's1/3a');
    wait(lab, 10n * MICRO);
    expect(found(lab)).toEqual(expected(mesh, new Set([2])));
    expect(treeOf(lab, 's2').rootPort).toBe('s2/1b');
  });

  it('a cable from a switch to itself has a backup end', () => {
    const lab = wait(labOf(pair(cable(0, 1), cable(1, 1))), SECOND);
    expect(found(lab)).toContain('s2/2b backup discarding');
  });

  it('the cost of a cable follows from its rate (802.1D-2004, table 17-3)', () => {
    const rates = ['10M', '100M', '1G', '10G', '100G', '1T'];
    const links = rates.map((rate, i) => ({ a: `p/${i + 1}`, b: `q/${i + 1}`, rate }));
    const switches = { p: { ports: 7 }, q: { ports: 7 } };
    const lab = new Lab({ physical: { spanningTree: 'rstp', switches, links } });
    const costs = treeOf(lab, 'p').ports.map((port) => port.cost);
    expect(costs).toEqual([2_000_000, 200_000, 20_000, 2000, 200, 20, 2000]);
  });
});

describe('a port to a station', () => {
  const to = (port: object) =>
    new Lab({ physical: { switches: { s: { ports: { 1: {}, 2: {} }, spanningTree: { ports: { 1: port } } } } } });
  const state = (lab: Lab) => treeOf(lab, 's').ports[0]!.state;
  /** Seconds until it learns and until it forwards, tried at whole ones. */
  const times = (port: object) => {
    const lab = to(port);
    const seen = Array.from({ length: 30 }, (_, second) => {
      lab.network.advance(BigInt(second) * SECOND);
      return state(lab);
    });
    return [seen.findIndex((each) => each !== 'discarding'), seen.indexOf('forwarding')];
  };

  it.each([
    ['at once', { edge: true }, [0, 0]],
    ['when no bridge has been heard for 3 s', {}, [3, 3]],
    ['after max age and a hello', { edge: false }, [20, 22]],
    ['at once, taking no part', { enabled: false }, null],
  ] as const)('forwards %s', (_, port, expected) => {
    if (expected !== null) return expect(times(port)).toEqual(expected);
    const lab = to(port);
    expect(treeOf(lab, 's').ports.map(({ name }) => name)).toEqual(['s/2']);
    expect(lab.send('s/1', lab.frame(mac.all, mac.x)).drops).toEqual(['s/1 no_recipient']);
  });

  it('learns before it forwards', () => {
    const lab = wait(to({ edge: false }), 21n * SECOND);
    expect(lab.send('s/1', lab.frame(mac.all, mac.x)).drops).toEqual(['s/1 stp_discarding']);
    expect(lab.table('s')).toEqual([`0 ${mac.x} s/1`]);
    // To a station there nobody may send yet.
    expect(lab.send('s/2', lab.frame(mac.x, mac.y)).drops).toEqual(['s/1 egress_stp']);
    expect(lab.send('s/2', lab.frame(mac.all, mac.y)).drops).toEqual(['s/2 no_recipient']);
  });

  it('is none any more when a bridge is heard there', () => {
    const topology = topologyOf(triangle) as {
      physical: { switches: Record<string, { spanningTree: { ports: object } }> };
    };
    for (const { spanningTree } of Object.values(topology.physical.switches)) {
      for (const port of Object.values(spanningTree.ports)) Object.assign(port, { edge: true });
    }
    const lab = wait(new Lab(topology, {}, false), SECOND);
    expect(found(lab)).toEqual(expected(triangle));
  });
});

describe('hosts with two uplinks into a ring', () => {
  const host = (n: number, first: string, second: string) => ({
    uplinks: { u1: { to: `${first}/h${n}`, delay: '1us' }, u2: { to: `${second}/h${n}`, delay: '1us' } },
    vswitches: { v: { portGroups: { pg: {} } } },
    vms: { a: { mac: `02:00:00:00:0${n}:0a` }, b: { mac: `02:00:00:00:0${n}:0b` } },
  });
  const names = ['s1', 's2', 's3', 's4'];
  const topology = {
    hosts: { e1: host(1, 's1', 's2'), e2: host(2, 's2', 's4'), e3: host(3, 's1', 's3') },
    physical: {
      switches: Object.fromEntries(
        names.map((name, i) => [
          name,
          {
            ports: { 1: {}, 2: {}, h1: {}, h2: {}, h3: {} },
            spanningTree: {
              priority: 4096 * (i + 1),
              ports: { h1: { edge: true }, h2: { edge: true }, h3: { edge: true } },
            },
          },
        ]),
      ),
      links: names.map((name, i) => ({ a: `${name}/1`, b: `${names[(i + 1) % 4]}/2`, delay: '1us' })),
    },
  };
  const vms = ['e1/a', 'e1/b', 'e2/a', 'e2/b', 'e3/a', 'e3/b'];

  it('need no spanning tree of their own: every VM gets a broadcast once, and BPDUs end at their uplinks', async () => {
    const lab = wait(new Lab(topology, { unplugged: 'down' }), SECOND);
    const check = () => {
      for (const from of vms) {
        const { recipients: all } = lab.send(from, lab.frame(mac.all, `02:00:00:00:0${from[1]}:0${from[3]}`));
        const recipients = all.filter((port) => port.startsWith('e'));
        expect(recipients).toEqual(vms.filter((vm) => vm !== from));
      }
    };
    check();
    for (const port of ['s1/1', 's2/2']) await lab.network.setLink(port, false);
    wait(lab, 5n * SECOND);
    check();
    const dropped = lab.network.ports().filter(({ verdicts }) => (verdicts['reserved_mac'] ?? 0) > 0);
    expect(dropped.map(({ name }) => name)).toEqual(['e1/u1', 'e1/u2', 'e2/u1', 'e2/u2', 'e3/u1', 'e3/u2']);
    expect(lab.network.ports().filter(({ kind, link }) => kind === 'uplink' && link !== 'up')).toEqual([]);
  });
});

describe('what takes a short cut', () => {
  it('is what would go the whole way, before, while and after a cable is pulled', async () => {
    const twins = new Twins(topologyOf(ring(4)));
    const all = [mac.a, mac.b, mac.c, mac.d];
    const talk = () => {
      for (const [i, from] of all.entries()) {
        for (const to of all) if (to !== from) twins.send(`s${i + 1}/h`, twins.frame(to, from));
      }
    };
    twins.pass(SECOND);
    for (const order of [
      async () => {},
      () => twins.operate((network) => network.setLink('s1/1a', false)),
      () => twins.operate((network) => network.setLink('s2/1b', false)),
      () => twins.operate((network) => network.setLink('s1/1a', true)),
      () => twins.operate((network) => network.setLink('s2/1b', true)),
    ]) {
      await order();
      talk();
      twins.pass(twins.nowNs + 3n * MICRO);
      talk();
      twins.pass(twins.nowNs + 10n * SECOND);
      talk();
      talk();
    }
  });
});

describe('a snapshot', () => {
  it('has the tree in it: a network that goes back does what it did', async () => {
    const lab = wait(labOf(ring(4)), SECOND / 2n);
    const before = await lab.network.snapshot();
    const play = async () => {
      await pull(lab, 's1/1a', 's2/1b');
      lab.network.advance(lab.nowNs + 5n * SECOND);
      return lab.network.report().switches.map(({ spanningTree }) => spanningTree);
    };
    const first = await play();
    await lab.network.restore(before);
    expect(found(lab)).toEqual(expected(ring(4)));
    expect(await play()).toEqual(first);
  });
});
