/** Going on from a snapshot under living threads, in several futures, and what is refused. */
import { execFileSync } from 'node:child_process';
import { closeSync, mkdtempSync, openSync, readFileSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, describe, expect, it } from 'vitest';
import { readCapture } from '../../src/capture/read.ts';
import { diff } from '../../src/engine/diff.ts';
import { Network } from '../../src/engine/network.ts';
import type { NetworkOptions } from '../../src/engine/options.ts';
import { topologyFrom } from '../../src/topology/load.ts';
import { moreFrames, sleep, until } from './waiting.ts';
import { told } from './world.ts';

const folder = mkdtempSync(join(tmpdir(), 'vswitch-restore-'));
afterAll(() => rmSync(folder, { recursive: true }));
let files = 0;
const newFile = (): string => join(folder, `${++files}.pcapng`);

const VM1 = '00:50:56:00:00:01';
const ports = ['esx1/vm1', 'esx1/vmnic0', 'esx1/vmnic1', 'esx2/vm1', 'tor/1'];

function declared(seed = 1): ReturnType<typeof topologyFrom> {
  return topologyFrom({
    name: 'pair',
    seed,
    hosts: {
      esx: {
        count: 2,
        uplinks: {
          vmnic0: { to: 'tor/{n*2-1}', rate: '10G', delay: '2us' },
          vmnic1: { to: 'tor/{n*2}', rate: '10G', delay: '2us' },
        },
        vswitches: { v: { portGroups: { web: { vlan: 10 } } } },
        vms: { vm: { count: 2, portGroup: 'web', ip: '10.0.{n}.{v}/16' } },
      },
    },
    physical: { switches: { tor: { ports: 4 } } },
    traffic: [
      { from: 'esx1/vm1', to: 'esx2/vm1', rate: '20kpps', size: 128 },
      { from: 'esx1/vm2', to: 'esx1/vm1', rate: '10kpps', size: 300 },
      { from: 'esx2/vm2', to: 'broadcast', rate: '2kpps' },
    ],
  });
}

function build(options: NetworkOptions = {}, seed = 1): { network: Network; file: string } {
  const file = newFile();
  return { network: new Network(declared(seed), { captures: [{ file, ports, snapLength: 0 }], ...options }), file };
}

describe('on the virtual clock in a thread', () => {
  it('a snapshot is what it is in this thread, and goes on in either', async () => {
    const inThread = build({ inline: false });
    const here = build();
    await inThread.network.start();
    await inThread.network.runUntil(3_000_000n);
    here.network.advance(3_000_000n);
    const snapshot = await inThread.network.snapshot();
    expect(diff(await here.network.snapshot(), snapshot, { ages: true })).toEqual([]);
    const fork = Network.from(snapshot, { inline: true });
    await inThread.network.runUntil(5_000_000n);
    // Back in place, while the threads live.
    await inThread.network.restore(snapshot);
    expect(inThread.network.nowNs).toBe(3_000_000n);
    await sleep(20);
    expect(inThread.network.nowNs).toBe(3_000_000n);
    await inThread.network.runUntil(6_000_000n);
    for (const each of [here.network, fork]) each.advance(6_000_000n);
    const expected = told(here.network);
    expect(told(fork)).toEqual(expected);
    expect(told(inThread.network)).toEqual(expected);
    await inThread.network.stop();
    await here.network.stop();
    expect(readFileSync(inThread.file).equals(readFileSync(here.file))).toBe(true);
  });

  it('a network from a snapshot can be started in a thread', async () => {
    const { network } = build();
    network.advance(2_000_000n);
    const later = Network.from(await network.snapshot(), { inline: false });
    await later.start();
    expect(later.nowNs).toBe(2_000_000n);
    await later.runUntil(4_000_000n);
    network.advance(4_000_000n);
    expect(told(later)).toEqual(told(network));
    await later.stop();
  });

  it.each([1, 2, 3])('a snapshot can be taken while a run is under way, with %i workers', async (workers) => {
    const { network, file } = build({ inline: false, workers });
    const reference = build({ workers });
    await network.start();
    const running = network.runUntil(300_000_000n);
    await sleep(10);
    const snapshot = await network.snapshot();
    const again = await network.snapshot();
    await expect(network.restore(snapshot)).rejects.toThrow(
      'a run is under way; restore the snapshot when it has come to its end',
    );
    await running;
    expect(network.nowNs).toBe(300_000_000n);
    reference.network.advance(300_000_000n);
    const expected = told(reference.network);
    expect(told(network)).toEqual(expected);
    for (const each of [snapshot, again]) {
      const fork = Network.from(each);
      expect(fork.ledger().balanced).toBe(true);
      fork.advance(300_000_000n);
      expect(told(fork)).toEqual(expected);
    }
    // Back to the middle, and on from there.
    await network.restore(again);
    expect(network.nowNs).toBe(again.timeNs);
    await sleep(20);
    expect(network.nowNs).toBe(again.timeNs);
    await network.runUntil(300_000_000n);
    expect(told(network)).toEqual(expected);
    await network.stop();
    await reference.network.stop();
    expect(readFileSync(file).equals(readFileSync(reference.file))).toBe(true);
  });

  it('a snapshot can be taken while it is paused, and it stays so', async () => {
    const { network } = build({ inline: false, workers: 2 });
    await network.start();
    const running = network.runUntil(50_000_000n);
    await network.pause();
    const { timeNs } = await network.snapshot();
    await sleep(20);
    expect(network.nowNs).toBe(timeNs);
    network.resume();
    await running;
    expect(network.nowNs).toBe(50_000_000n);
    expect(await network.step(1)).toBeGreaterThan(50_000_000n);
    await network.stop();
  });
});

describe.each([1, 2])('on the wall clock with %i workers', (workers) => {
  it('a snapshot is consistent, and the network goes back to it', async () => {
    const { network, file } = build({ clock: 'wall', workers });
    await network.start();
    await moreFrames(network, 100);
    // Taken as it runs, and taken as it stands still.
    expect(Network.from(await network.snapshot()).ledger().balanced).toBe(true);
    await moreFrames(network, 100);
    await network.pause();
    const snapshot = await network.snapshot();
    const cut = readFileSync(file).length;
    network.resume();
    const frozen = Network.from(snapshot);
    const then = told(frozen);
    expect(frozen.nowNs).toBe(snapshot.timeNs);
    await moreFrames(network, 100);
    await network.pause();
    expect(network.nowNs).toBeGreaterThan(snapshot.timeNs);
    await network.restore(snapshot);
    expect(network.nowNs).toBe(snapshot.timeNs);
    expect(readFileSync(file).length).toBe(cut);
    expect(told(network)).toEqual(then);
    network.resume();
    await moreFrames(network, 100);
    const report = await network.stop();
    expect(report.ledger.balanced).toBe(true);
    expect(report.seconds).toBeGreaterThan(Number(snapshot.timeNs) / 1e9);
    expect(report.captures[0]).toMatchObject({ failure: null, lost: 0, bytes: readFileSync(file).length });
    // Each frame that was counted is in the file once: nothing of the time that was given up.
    expect([...readCapture(file)]).toHaveLength(report.captures[0]!.frames);
    await frozen.stop();
  });

  it('a network from a snapshot goes on with its time', async () => {
    const { network, file } = build({ clock: 'wall', workers });
    await network.start();
    await moreFrames(network, 100);
    const snapshot = await network.snapshot();
    await network.stop();
    const rest = newFile();
    const later = Network.from(snapshot, { captureAs: { [file]: rest } });
    await later.start();
    expect(later.nowNs).toBeGreaterThanOrEqual(snapshot.timeNs);
    await moreFrames(later, 100);
    const report = await later.stop();
    expect(report.ledger.balanced).toBe(true);
    const { frames } = Network.from(snapshot).report().captures[0] ?? { frames: 0 };
    expect([...readCapture(rest)].length).toBeGreaterThan(frames);
    expect([...readCapture(rest)].every(({ timeNs }) => timeNs >= snapshot.options.epochNs! + snapshot.timeNs)).toBe(
      true,
    );
  });
});

describe('two futures', () => {
  it('go their own ways, and the difference is told', async () => {
    const { network } = build();
    network.advance(2_000_000n);
    const fork = await network.fork();
    const pinned = network.ports().find(({ name }) => name === 'esx1/vm1')!.pinnedTo!;
    const other = pinned === 'esx1/vmnic0' ? 'esx1/vmnic1' : 'esx1/vmnic0';
    await fork.setCable(pinned, false);
    for (const each of [network, fork]) each.advance(3_000_000n);
    const found = diff(network, fork);
    const sentences = found.map(({ sentence }) => sentence);
    expect(sentences).toContain(`${pinned}: link: up became down`);
    expect(sentences).toContain(`esx1/vm1: pinned to: ${pinned} became ${other}`);
    expect(found.find(({ where, what }) => where === pinned && what === 'link')).toMatchObject({
      before: 'up',
      after: 'down',
    });
    const [from, to] = [pinned, other].map((name) => declared().links.find(({ a }) => a === name)!.b);
    expect(sentences).toContain(`tor: ${VM1} in VLAN 0 moved from ${from} to ${to}`);
    expect(sentences.some((sentence) => /^stream/.test(sentence))).toBe(false);
    expect(diff(network, network)).toEqual([]);
    expect(network.ledger().balanced && fork.ledger().balanced).toBe(true);
  });

  it('are compared with their past', async () => {
    const { network } = build();
    network.advance(1_000_000n);
    const before = await network.snapshot();
    network.advance(1_500_000n);
    await network.flush({ switch: 'tor' });
    const sentences = diff(before, network).map(({ sentence }) => sentence);
    expect(sentences[0]).toBe('time: 1 ms became 1.5 ms, 0.5 ms later');
    expect(sentences.filter((sentence) => sentence.startsWith('tor: ') && / gone from /.test(sentence))).not.toEqual(
      [],
    );
    expect(sentences.find((sentence) => sentence.startsWith('stream 1 (esx1/vm1 to esx2/vm1): sent '))).toMatch(
      /\(\+10\)$/,
    );
    expect(diff(before, before)).toEqual([]);
  });

  it('may be of different topologies', () => {
    const a = new Network(topologyFrom({ physical: { switches: { p: { ports: 1 } } } }));
    const b = new Network(topologyFrom({ physical: { switches: { p: { ports: 2 }, q: { ports: 1 } } } }));
    expect(diff(a, b).map(({ sentence }) => sentence)).toEqual(['p/2: is new', 'q: is new']);
    expect(diff(b, a).map(({ sentence }) => sentence)).toEqual(['p/2: is there no more', 'q: is there no more']);
  });

  it('have captures where they are told to', async () => {
    const { network, file } = build();
    network.advance(1_000_000n);
    const before = readFileSync(file).length;
    const silent = await network.fork();
    silent.advance(2_000_000n);
    expect((await silent.stop()).captures).toEqual([]);
    expect(readFileSync(file).length).toBe(before);
    await expect(network.fork({ captureAs: { 'x.pcapng': 'y.pcapng' } })).rejects.toThrow(
      `no capture x.pcapng in pair; there are ${file}`,
    );
    await expect(network.fork({ captureAs: { [file]: 'y.pcap' } })).rejects.toThrow(
      `y.pcap: what went to ${file} cannot go on in another format; give a name that ends alike`,
    );
  });
});

describe('captures of a network that goes back', () => {
  it('begin anew where the snapshot is another one’s', async () => {
    const { network, file } = build();
    const other = build();
    network.advance(1_000_000n);
    other.network.advance(1_500_000n);
    const headers = readFileSync(build().file).length;
    // Same topology and options but for the file's name, which is one: so a fork of the network itself.
    const fork = await network.fork();
    fork.advance(2_000_000n);
    await network.restore(await fork.snapshot());
    expect(readFileSync(file).length).toBe(headers);
    network.advance(3_000_000n);
    const frames = [...readCapture(file)];
    expect(frames.length).toBeGreaterThan(0);
    expect(frames.every(({ timeNs }) => timeNs > 2_000_000n)).toBe(true);
  });

  it('cannot where they go to a pipe, and nothing changes', async () => {
    const pipe = join(folder, 'pipe.pcapng');
    execFileSync('mkfifo', [pipe]);
    const reader = openSync(pipe, 'r+');
    const network = new Network(declared(), {
      captures: [{ file: pipe, ports: ['tor/1'], snapLength: 0 }],
      history: {},
    });
    network.advance(100_000n);
    const snapshot = await network.snapshot();
    network.advance(200_000n);
    const before = told(network);
    const line = `${pipe} is no regular file, and what has gone there cannot be called back; capture to a file`;
    await expect(network.restore(snapshot)).rejects.toThrow(line);
    expect(() => network.back()).toThrow(line);
    expect(told(network)).toEqual(before);
    network.advance(300_000n);
    expect(network.ledger().balanced).toBe(true);
    await network.stop();
    closeSync(reader);
  });
});

describe('a snapshot is refused', () => {
  it('by a network of another topology or with other options, and nothing changes', async () => {
    const { network } = build();
    network.advance(1_000_000n);
    const before = told(network);
    const small = new Network(topologyFrom({ name: 'small', physical: { switches: { p: { ports: 1 } } } }));
    const rest = 'and cannot be put into pair; make a network of it with Network.from';
    await expect(network.restore(await small.snapshot())).rejects.toThrow(
      `the snapshot is of another topology, small, ${rest}`,
    );
    for (const other of [build({}, 2).network, new Network(declared(), { burst: 1 })])
      await expect(network.restore(await other.snapshot())).rejects.toThrow(
        `the snapshot is of another topology, or of this one with other options, ${rest}`,
      );
    expect(told(network)).toEqual(before);
  });

  it('by threads that run, which go on', async () => {
    const { network } = build({ clock: 'wall' });
    await network.start();
    await sleep(10);
    const small = new Network(topologyFrom({ name: 'small', physical: { switches: { p: { ports: 1 } } } }));
    await expect(network.restore(await small.snapshot())).rejects.toThrow('the snapshot is of another topology, small');
    const then = network.nowNs;
    await until(() => network.nowNs > then, 'later');
    expect((await network.stop()).ledger.balanced).toBe(true);
  });

  it('by a network that has been stopped', async () => {
    const { network } = build();
    const snapshot = await network.snapshot();
    await network.stop();
    await expect(network.restore(snapshot)).rejects.toThrow('the network has been stopped; build another one');
    // It can still be looked at.
    expect(diff(snapshot, await network.snapshot())).toEqual([]);
  });
});
