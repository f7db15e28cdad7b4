/**
 * What a port of a spanning tree hears from others than its like: guests that send BPDUs, STP bridges, nonsense; with guards, VLANs and
 * LAGs; and what its own BPDUs look like to Wireshark.
 */
import { mkdtempSync, readFileSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { Network } from '../../src/engine/network.ts';
import type { NetworkOptions } from '../../src/engine/options.ts';
import { topologyFrom } from '../../src/topology/load.ts';
import { allPorts } from '../../src/topology/ports.ts';
import { tshark, tsharkMissing } from '../capture/tshark.ts';
import { at, Lab } from '../engine/lab.ts';
import { mac } from './networks.ts';
import { found, isBpdu, labOf, ring, SECOND, stationsOf, topologyOf, treeOf, wait } from './trees.ts';

const folder = mkdtempSync(join(tmpdir(), 'vswitch-stp-'));
afterAll(() => rmSync(folder, { recursive: true }));

interface Told {
  readonly version?: 0 | 2;
  readonly type?: number;
  readonly flags?: number;
  readonly priority?: number;
  readonly cost?: number;
  readonly port?: number;
  /** In seconds. */
  readonly age?: number;
  readonly maxAge?: number;
}

/** A BPDU of a bridge 02:00:00:00:00:99 that takes itself for the root. */
function bpdu({
  version = 2,
  type = version,
  flags = 0x0e,
  priority = 0,
  cost = 0,
  port = 0x8001,
  ...times
}: Told = {}) {
  const frame = Buffer.alloc(60);
  const bridge = Buffer.from([priority >> 8, priority & 255, 2, 0, 0, 0, 0, 0x99]);
  frame.set([1, 0x80, 0xc2, 0, 0, 0, 2, 0, 0, 0, 0, 0x99, 0, version === 2 ? 39 : 38, 0x42, 0x42, 3]);
  frame.set([version, type, flags], 19);
  frame.set(bridge, 22);
  frame.writeUInt32BE(cost, 30);
  frame.set(bridge, 34);
  frame.writeUInt16BE(port, 42);
  for (const [i, seconds] of [times.age ?? 0, times.maxAge ?? 20, 2, 15].entries())
    frame.writeUInt16BE(seconds * 256, 44 + 2 * i);
  return new Uint8Array(frame);
}

const one = (port: object = {}) =>
  wait(new Lab({ physical: { switches: { s: { ports: 2, spanningTree: { ports: { 1: port } } } } } }), SECOND / 2n);
const portOf1 = (lab: Lab) => treeOf(lab, 's').ports[0]!;
/** `version type flags` of what the switch says by a port. */
const said = (lab: Lab, port: string) =>
  at(lab.network.takeFrames(), port, 'out')
    .filter(({ bytes }) => isBpdu(bytes))
    .map(({ bytes }) => `${bytes[19]} ${bytes[20]} ${bytes[21]!.toString(16)}`);

describe('a BPDU', () => {
  it('of a better bridge makes its port the way to the root, and is answered with an agreement', () => {
    const lab = one();
    lab.network.takeFrames();
    expect(lab.send('s/1', bpdu()).drops).toEqual([]);
    expect(portOf1(lab)).toMatchObject({ role: 'root', state: 'forwarding', bpdusReceived: 1 });
    expect(treeOf(lab, 's')).toMatchObject({ rootId: '0.02:00:00:00:00:99', rootCost: 2000, rootPort: 's/1' });
    expect(lab.network.ports().find(({ name }) => name === 's/1')!.verdicts).toMatchObject({ consumed: 1 });
  });

  it('holds for three hellos', () => {
    const lab = one();
    lab.send('s/1', bpdu());
    wait(lab, 6n * SECOND - 1n);
    expect(treeOf(lab, 's').rootPort).toBe('s/1');
    wait(lab, 1n);
    expect(treeOf(lab, 's').rootPort).toBe(null);
  });

  type Row = readonly [what: string, frame: (good: Uint8Array) => Uint8Array];
  const rows: Row[] = [
    ['cut off', (good) => good.subarray(0, 52)],
    ['cut off behind its LLC header', (good) => good.subarray(0, 17)],
    ['whose length says less', (good) => good.with(13, 38)],
    ['of another protocol', (good) => good.with(18, 1)],
    ['of an unknown type', (good) => good.with(20, 7)],
    ['of version 0 with the type of RSTP', (good) => good.with(19, 0)],
    ['that is too old', () => bpdu({ version: 0, flags: 0, age: 20 })],
    ['of nobody knows which role', (good) => good.with(21, 0x02)],
  ];
  it.each(rows)('%s is taken without effect', (_, change) => {
    const lab = one();
    expect(lab.send('s/1', change(bpdu())).drops).toEqual([]);
    expect(treeOf(lab, 's').rootPort).toBe(null);
  });

  it('of a second less than the greatest age, rounded to whole ones, counts', () => {
    const lab = one();
    lab.send('s/1', bpdu({ age: 19.25 }));
    expect(treeOf(lab, 's').rootPort).toBe('s/1');
    const late = one();
    late.send('s/1', bpdu({ age: 19.75 }));
    expect(treeOf(late, 's').rootPort).toBe(null);
  });

  it('with another LLC header is none', () => {
    const lab = one();
    expect(lab.send('s/1', bpdu().with(14, 0xaa)).drops).toEqual(['s/1 reserved_mac']);
  });

  it('of the port itself that comes back changes nothing', () => {
    const lab = one({ edge: true });
    const own = at(lab.network.takeFrames(), 's/1', 'out').find(({ bytes }) => isBpdu(bytes))!;
    lab.send('s/1', own.bytes);
    expect(portOf1(lab)).toMatchObject({ role: 'designated', state: 'forwarding', edge: true });
  });

  it('comes at most six times in a second, whatever happens', () => {
    const lab = one();
    lab.network.takeFrames();
    for (let i = 0; i < 40; i++) {
      lab.send('s/1', bpdu({ cost: i }));
      wait(lab, SECOND / 20n);
    }
    const times = lab.network.takeFrames().filter((f) => f.direction === 'out' && f.interface.name === 's/1');
    for (const [i, { timeNs }] of times.entries())
      expect((times[i + 6]?.timeNs ?? timeNs + SECOND) - timeNs >= SECOND).toBe(true);
  });
});

describe('a neighbour that speaks STP', () => {
  const config = (more: Told = {}) => bpdu({ version: 0, flags: 0, ...more });

  it('is told configuration BPDUs after the first 3 s, and its topology changes are acknowledged', () => {
    const lab = one();
    wait(lab, 3n * SECOND);
    lab.network.takeFrames();
    lab.send('s/1', config({ priority: 61_440 }));
    wait(lab, 2n * SECOND);
    expect(new Set(said(lab, 's/1'))).toEqual(new Set(['0 0 1'])); // the port has just begun to forward
    expect(portOf1(lab)).toMatchObject({ legacy: true, role: 'designated' });
    wait(lab, 2n * SECOND);
    const change = bpdu({ version: 0, type: 0x80 });
    lab.send('s/1', change.with(13, 7));
    wait(lab, 2n * SECOND);
    expect(said(lab, 's/1')).toContain('0 0 81');
  });

  it('is told of topology changes by notifications where it is the way to the root', () => {
    const lab = one();
    wait(lab, 4n * SECOND);
    lab.send('s/1', config());
    const told: string[] = [];
    for (let second = 0; second < 40; second += 2) {
      wait(lab, 2n * SECOND);
      told.push(...said(lab, 's/1'));
      lab.send('s/1', config());
    }
    expect(portOf1(lab)).toMatchObject({ legacy: true, role: 'root', state: 'forwarding' });
    expect(told).toContain('0 128 0');
  });

  it('is told RSTP again when it speaks it', () => {
    const lab = one();
    wait(lab, 3n * SECOND);
    lab.send('s/1', config({ priority: 61_440 }));
    wait(lab, 4n * SECOND);
    lab.send('s/1', bpdu({ priority: 61_440 }));
    expect(portOf1(lab).legacy).toBe(false);
  });
});

describe('a guard', () => {
  const guest = (guard: object) => ({
    hosts: {
      h: {
        uplinks: { u: { to: 's/1', delay: '1us' } },
        vswitches: { v: { bpdu: 'pass', relayReserved: ['00'], portGroups: { pg: {} } } },
        vms: { bad: { mac: mac.a } },
      },
    },
    physical: { switches: { s: { ports: 2, spanningTree: { ports: { 1: { edge: true, ...guard } } } } } },
  });

  it('that is missing lets a guest become the root of the network', () => {
    const lab = wait(new Lab(guest({})), SECOND);
    lab.send('h/bad', bpdu());
    expect(treeOf(lab, 's')).toMatchObject({ rootId: '0.02:00:00:00:00:99', rootPort: 's/1' });
  });

  it('against BPDUs shuts the port, and takes all guests of the host from the network', () => {
    const lab = wait(new Lab(guest({ guard: 'bpdu' })), SECOND);
    expect(lab.send('h/bad', bpdu()).drops).toEqual(['s/1 bpdu_guard']);
    expect(treeOf(lab, 's')).toMatchObject({ rootPort: null });
    expect(treeOf(lab, 's').ports[0]).toMatchObject({ state: 'disabled' });
    expect(lab.send('h/bad', lab.frame(mac.x, mac.a)).drops).toEqual(['s/1 port_shut']);
  });

  it('of the vSwitch, which filters them, saves the port', () => {
    const topology = guest({ guard: 'bpdu' });
    Object.assign(topology.hosts.h.vswitches.v, { bpdu: 'filter' });
    const lab = wait(new Lab(topology), SECOND);
    expect(lab.send('h/bad', bpdu()).drops).toEqual(['h/bad bpdu_filter']);
    expect(stationsOf(lab.send('h/bad', lab.frame(mac.all, mac.a)))).toEqual([]);
    expect(lab.network.ports().find(({ name }) => name === 's/1')!.link).toBe('up');
  });

  it('of the root never takes the port for the way to the root, and blocks it as long as it hears of a better one', () => {
    const lab = wait(new Lab(guest({ guard: 'root' })), SECOND);
    lab.send('h/bad', bpdu());
    expect(treeOf(lab, 's')).toMatchObject({ rootPort: null });
    expect(treeOf(lab, 's').ports[0]).toMatchObject({ role: 'alternate', state: 'discarding' });
    expect(lab.send('h/bad', lab.frame(mac.all, mac.a)).drops).toEqual(['s/1 stp_discarding']);
    wait(lab, 12n * SECOND);
    expect(treeOf(lab, 's').ports[0]).toMatchObject({ role: 'designated', state: 'forwarding' });
  });
});

describe('VLANs and LAGs', () => {
  /** s1 and s2 are joined by a LAG, s3 by single cables to both; stations in VLANs 10 and 20. */
  const topology = (mode: string, rate?: string) => {
    const trunk = { vlan: '10,20' };
    const sw = (priority: number, lag: boolean) => ({
      ports: { 1: trunk, 2: trunk, ...(lag && { 3: trunk }), a: { vlan: 10 }, b: { vlan: 20 } },
      ...(lag && { lags: { l: { mode, ports: [1, 2] } } }),
      spanningTree: { priority, ports: { a: { edge: true }, b: { edge: true } } },
    });
    const link = (a: string, b: string) => ({ a, b, delay: '1us', ...(rate !== undefined && { rate }) });
    return {
      physical: {
        switches: { s1: sw(4096, true), s2: sw(8192, true), s3: sw(12_288, false) },
        links: [link('s1/1', 's2/1'), link('s1/2', 's2/2'), link('s1/3', 's3/1'), link('s2/3', 's3/2')],
      },
    };
  };
  const got = (lab: Lab, from: string) =>
    lab
      .send(from, lab.frame(mac.all, mac.x))
      .frames.filter((f) => f.direction === 'out' && /[ab]$/.test(f.interface.name!) && !isBpdu(f.bytes))
      .map((f) => f.interface.name!)
      .sort();

  it.each(['static', 'active'])(
    'go together with it: one tree for all VLANs, in which a %s LAG is a port',
    async (mode) => {
      const lab = wait(new Lab(topology(mode)), SECOND);
      const roles = () => found(lab).filter((row) => !/[ab] /.test(row));
      expect(roles()).toEqual([
        's1/1 designated forwarding',
        's1/3 designated forwarding',
        's2/1 root forwarding',
        's2/3 designated forwarding',
        's3/1 root forwarding',
        's3/2 alternate discarding',
      ]);
      expect([got(lab, 's1/a'), got(lab, 's2/b'), got(lab, 's3/a')]).toEqual([
        ['s2/a', 's3/a'],
        ['s1/b', 's3/b'],
        ['s1/a', 's2/a'],
      ]);
      // A member less changes nothing; without any the other way is taken.
      for (const port of ['s1/1', 's2/1']) await lab.network.setLink(port, false);
      wait(lab, 10_000n);
      expect(roles()).toContain('s2/1 root forwarding');
      expect(got(lab, 's1/a')).toEqual(['s2/a', 's3/a']);
      for (const port of ['s1/2', 's2/2']) await lab.network.setLink(port, false);
      wait(lab, 10_000n);
      expect(roles()).toContain('s2/3 root forwarding');
      expect(got(lab, 's1/a')).toEqual(['s2/a', 's3/a']);
      for (const port of ['s1/2', 's2/2']) await lab.network.setLink(port, true);
      wait(lab, 5n * SECOND);
      expect(roles()).toContain('s2/1 root forwarding');
      expect(got(lab, 's3/b')).toEqual(['s1/b', 's2/b']);
    },
  );

  it('a LAG costs what the rates of its members make together', () => {
    const lab = wait(new Lab(topology('static', '1G')), SECOND);
    expect(
      treeOf(lab, 's2')
        .ports.map(({ name, cost }) => `${name} ${cost}`)
        .slice(0, 2),
    ).toEqual(['s2/1 10000', 's2/3 20000']);
  });
});

describe('explain', () => {
  it('names the tree where it keeps a frame out', async () => {
    const lab = wait(labOf(ring(3)), SECOND);
    const told = await lab.network.explain('s3/2b', lab.frame(mac.all, mac.x));
    expect(told.verdict.name).toBe('stp_discarding');
    expect(told.checks.at(-1)).toMatchObject({ check: { name: 'tree' }, outcome: 'failed', fact: 'it is discarding' });
    const flooded = await lab.network.explain('s3/h', lab.frame(mac.all, mac.x));
    expect(flooded.checks).toContainEqual(
      expect.objectContaining({ check: expect.objectContaining({ name: 'out_tree' }), fact: 's3/2b does not forward' }),
    );
  });
});

describe('a run with spanning trees', () => {
  const topology = topologyFrom({
    ...topologyOf(ring(5)),
    events: [
      { at: '3ms', unplug: 's1/1a' },
      { at: '6ms', plug: 's1/1a' },
      { at: '2s', crash: 's3' },
      { at: '9s', boot: 's3' },
    ],
  });
  let runs = 0;
  async function run(options: NetworkOptions) {
    const file = join(folder, `${++runs}.pcapng`);
    const captures = [{ file, ports: allPorts(topology), snapLength: 0 }];
    const network = new Network({ ...topology, captures }, options);
    if (options.inline === false) await network.start();
    await network.runUntil(12n * SECOND);
    const { ledger, switches } = await network.stop();
    expect(ledger.balanced).toBe(true);
    return { bytes: readFileSync(file), trees: switches.map(({ spanningTree }) => spanningTree) };
  }

  it('is the same with one worker and with two, here and in threads', async () => {
    const first = await run({});
    expect(first.trees[0]!.ports.map(({ state }) => state).slice(0, 2)).toEqual(['forwarding', 'forwarding']);
    for (const options of [{ workers: 2 }, { workers: 2, inline: false }, { burst: 1 }]) {
      const other = await run(options);
      expect(other.trees).toEqual(first.trees);
      expect(other.bytes.equals(first.bytes)).toBe(true);
    }
  });
});

describe.skipIf(tsharkMissing !== null)(`BPDUs in a capture, read by tshark (${tsharkMissing ?? 'installed'})`, () => {
  const file = join(folder, 'told.pcapng');
  beforeAll(async () => {
    const lab = wait(
      new Lab({
        ...topologyOf(ring(3)),
        captures: [{ file, ports: ['s3/2b', 's3/3a', 's2/2a'] }],
      }),
      3n * SECOND,
    );
    await lab.network.stop();
  });

  it('are Rapid Spanning Tree, with nothing to complain of', () => {
    const rows = tshark(file, ['frame.len', 'stp.protocol', 'stp.version', 'stp.type', '_ws.malformed', '_ws.expert']);
    expect(rows.length).toBeGreaterThan(5);
    expect(new Set(rows.map((row) => row.join(' ').trim()))).toEqual(new Set(['60 0x0000 2 0x02']));
  });

  it('say who is the root, how far it is, and what the port is', () => {
    const fields = [
      'bridge.prio',
      'bridge.hw',
      'root.prio',
      'root.hw',
      'root.cost',
      'port',
      'msg_age',
      'max_age',
      'hello',
      'forward',
    ];
    const rows = tshark(file, [...fields.map((field) => `stp.${field}`), 'stp.flags.port_role', 'eth.src']);
    const last = rows.findLast((row) => row[1] === '02:76:73:00:08:03')!;
    expect(last.slice(0, 10)).toEqual([
      ...['8192', '02:76:73:00:08:03', '4096', '02:76:73:00:00:03', '2000', '0x8002', '1', '20', '2', '15'],
    ]);
  });
});
