/** Captures that are attached while a network runs. */
import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, describe, expect, it } from 'vitest';
import { type CapturedFrame, readCapture, readCaptureBytes } from '../../src/capture/read.ts';
import type { LiveRequest } from '../../src/engine/live-capture.ts';
import type { NetworkOptions } from '../../src/engine/options.ts';
import { capturePorts } from '../../src/topology/capture-port.ts';
import { topologyFrom } from '../../src/topology/load.ts';
import { built } from './built.ts';
import { networks } from './loads.ts';
import { assertWhole } from './whole.ts';

const { folder, Network } = await built();
const files = mkdtempSync(join(tmpdir(), 'vswitch-live-'));
afterAll(() => {
  rmSync(folder, { recursive: true });
  rmSync(files, { recursive: true });
});

const MS = 1_000_000n;
const checked = topologyFrom(networks.learning);
const sleep = (ms: number) => new Promise((resolve) => setTimeout(resolve, ms));
const key = ({ timeNs, packetId, bytes, interface: where, direction }: CapturedFrame) =>
  `${timeNs} ${where.name} ${direction} ${packetId} ${Buffer.from(bytes).toString('hex')}`;

type Running = InstanceType<typeof Network>;

/** Attaches, and keeps what comes. */
async function look(network: Running, request: LiveRequest) {
  const pieces: Buffer[] = [];
  const live = await network.attach(request, (bytes) => pieces.push(Buffer.from(bytes)) > 0);
  return { live, frames: () => [...readCaptureBytes('live', Buffer.concat(pieces))] };
}

async function running(options: NetworkOptions): Promise<Running> {
  const network = new Network(checked, { live: 2, ...options });
  if (options.inline !== true) await network.start();
  return network;
}

describe('a live capture', () => {
  it.each([
    ['in the calling thread', { inline: true }],
    ['of three workers in the calling thread', { inline: true, workers: 3 }],
    ['of two threads', { inline: false, workers: 2 }],
  ] as const)('on the virtual clock, %s, has what a file has', async (_, options) => {
    const file = join(files, 'same.pcapng');
    const ports = capturePorts(checked);
    const network = await running({
      ...options,
      captures: [{ file, ports, snapLength: 0, stages: ['wire', 'inside'] }],
    });
    const { live, frames } = await look(network, { ports: ['*'], stages: ['wire', 'inside'] });
    await network.runUntil(2n * MS);
    await live.close();
    await network.runUntil(3n * MS);
    await network.stop();
    assertWhole(network);
    const inTime = [...readCapture(file)].filter(({ timeNs }) => timeNs <= 2n * MS);
    expect(frames().map(key)).toEqual(inTime.map(key));
    expect(live.frames).toBe(inTime.length);
    expect(live.lost).toBe(0);
  });

  it('begins in the middle of a run, with all that its filter takes from then on', async () => {
    const file = join(files, 'middle.pcapng');
    const network = await running({ inline: true, captures: [{ file, ports: capturePorts(checked), snapLength: 0 }] });
    await network.runUntil(MS);
    const { live, frames } = await look(network, { ports: ['h2/*'], filter: 'broadcast', snapLength: 40 });
    await network.runUntil(2n * MS);
    await live.close();
    await network.stop();
    const isMeant = ({ timeNs, interface: { name }, bytes }: CapturedFrame) =>
      timeNs >= MS && name!.startsWith('h2/') && Buffer.from(bytes.subarray(0, 6)).equals(Buffer.alloc(6, 255));
    const [from] = frames();
    const late = [...readCapture(file)].filter(isMeant).filter(({ timeNs }) => timeNs >= from!.timeNs);
    expect(frames().map(({ packetId, interface: { name } }) => `${packetId} ${name}`)).toEqual(
      late.map(({ packetId, interface: { name } }) => `${packetId} ${name}`),
    );
    expect(Number(from!.timeNs - MS), 'no later than a cell of time').toBeLessThan(20_000);
    expect(frames().every(({ bytes }) => bytes.length === 40)).toBe(true);
  });

  it('comes and goes again and again on the wall clock, while threads die, and changes nothing', async () => {
    const network = await running({ clock: 'wall', workers: 2 });
    for (let i = 0; i < 25; i++) {
      const both = await Promise.all([
        look(network, { ports: ['*'] }),
        look(network, { ports: ['h1/*', 'tor/DROP'], sample: 3 }),
      ]);
      if (i % 8 === 3) void network.threadOf(i % 2)!.terminate();
      await sleep(10);
      for (const { live } of both) await live.close();
      for (const { frames } of both) {
        const times = frames().map(({ timeNs }) => timeNs);
        expect(times.every((time, j) => j === 0 || times[j - 1]! <= time)).toBe(true);
      }
    }
    await network.pause();
    assertWhole(network);
    const heads = network.plan.switches.flatMap(({ address }) => network.memory.u32(address));
    expect(heads).toHaveLength(3);
    network.resume();
    const report = await network.stop();
    assertWhole(network);
    expect(report.ledger.balanced).toBe(true);
    expect(network.failure).toBeNull();
  });

  it('whose reader is slow loses frames on the wall clock, says so, and holds nobody up', async () => {
    const network = await running({ clock: 'wall', workers: 2 });
    const pieces: Buffer[] = [];
    const live = await network.attach({ ports: ['*'] }, (bytes) => pieces.push(Buffer.from(bytes)) < 3);
    for (let i = 0; i < 300 && live.lost === 0; i++) await sleep(20);
    expect(live.lost).toBeGreaterThan(0);
    const before = pieces.length;
    live.drained();
    for (let i = 0; i < 100 && pieces.length === before; i++) await sleep(10);
    await live.close();
    await network.stop();
    assertWhole(network);
    const frames = [...readCaptureBytes('live', Buffer.concat(pieces))];
    expect(frames).toHaveLength(live.frames);
  });

  it('goes on when the network is put back to a state from before', async () => {
    const network = await running({ inline: true });
    await network.runUntil(MS);
    const early = await network.snapshot();
    const { live, frames } = await look(network, { ports: ['h1/ip1'] });
    await network.runUntil(2n * MS);
    const with1 = await network.snapshot();
    await network.restore(early);
    await network.runUntil(2n * MS);
    await network.restore(with1);
    await network.runUntil(3n * MS);
    await live.close();
    await network.restore(with1);
    await network.runUntil(3n * MS);
    await network.stop();
    assertWhole(network);
    const at = frames().map(({ timeNs }) => timeNs);
    const count = (from: bigint, to: bigint) => at.filter((time) => time > from && time <= to).length;
    expect(count(MS + 20_000n, 2n * MS) % 2, 'each twice').toBe(0);
    expect(count(2n * MS + 20_000n, 3n * MS)).toBeGreaterThan(0);
  });

  it('is closed once however often it is asked to, and takes a stage once', async () => {
    const network = await running({ inline: true });
    const first = await look(network, { ports: ['h1/ip1'], stages: ['wire', 'wire'] });
    const second = await look(network, { ports: ['h1/ip1'] });
    await network.runUntil(MS);
    await Promise.all([second.live.close(), second.live.close(), network.restore(await network.snapshot())]);
    const third = await look(network, { ports: ['h1/ip1'] });
    await network.runUntil(2n * MS);
    await Promise.all([first.live.close(), third.live.close()]);
    expect(first.frames().length).toBeGreaterThan(second.frames().length + 50);
    expect(third.frames().length).toBeGreaterThan(50);
    await network.runUntil(3n * MS);
    await network.stop();
    assertWhole(network);
  });

  it('is refused by name', async () => {
    const none = new Network(checked);
    const nothing = () => true;
    await expect(none.attach({ ports: ['*'] }, nothing)).rejects.toThrow(
      /^this network has no places for live captures/,
    );
    await none.stop();
    const network = await running({ inline: true, live: 1 });
    const refused: [LiveRequest, RegExp][] = [
      [{ ports: [] }, /^no ports to capture; \* stands for all$/],
      [{ ports: ['h1/nobody'] }, /^h1\/nobody is no port of /],
      [{ ports: ['*'], filter: 'arp and' }, /^filter, column \d+: /],
      [{ ports: ['*'], sample: 0 }, /^sample 0 is not in range/],
      [{ ports: ['*'], snapLength: -1 }, /^snapLength -1 is not in range/],
      [{ ports: ['*'], sample: 2 ** 32 }, /^sample 4294967296 is not in range/],
      [{ ports: ['*'], stages: [] }, /^stages none: there are wire and inside/],
      [{ ports: ['*'], direction: 'sideways' as 'in' }, /^direction sideways is none of in, out and both$/],
    ];
    for (const [request, line] of refused) {
      await expect(network.attach(request, nothing)).rejects.toThrow(line);
    }
    const live = await network.attach({ ports: ['*'] }, nothing);
    await expect(network.attach({ ports: ['*'] }, nothing)).rejects.toThrow(
      /^no place for one more live capture is free, of 1; /,
    );
    await live.close();
    await (await network.attach({ ports: ['*'] }, nothing)).close();
    await network.stop();
    await expect(network.attach({ ports: ['*'] }, nothing)).rejects.toThrow(/has been stopped/);
  });
});
