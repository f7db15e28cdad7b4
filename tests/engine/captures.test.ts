/** Captures of a run as other tools read them, and that nothing is missing without being counted. */
import { execFileSync, spawn } from 'node:child_process';
import { closeSync, constants, mkdtempSync, openSync, readFileSync, readSync, rmSync, statSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, describe, expect, it } from 'vitest';
import { readCapture } from '../../src/capture/read.ts';
import { Network } from '../../src/engine/network.ts';
import type { NetworkOptions } from '../../src/engine/options.ts';
import type { Report } from '../../src/telemetry/report.ts';
import { topologyFrom } from '../../src/topology/load.ts';
import { epochNs, tshark, tsharkBlocks, tsharkMissing } from '../capture/tshark.ts';
import { moreFrames, until } from './waiting.ts';

const folder = mkdtempSync(join(tmpdir(), 'vswitch-captures-'));
afterAll(() => rmSync(folder, { recursive: true }));
const path = (name: string) => join(folder, name);

/** Two hosts over a switch; a stream of 50 frames each way, in a VLAN. */
function topology(capture: object, more: object = {}): unknown {
  return {
    name: 'two hosts',
    seed: 3,
    hosts: {
      h: {
        count: 2,
        uplinks: { u: { to: 'tor/{n}', rate: '10G', delay: '1us' } },
        vswitches: { v: { portGroups: { pg: { vlan: 10 } } } },
        vms: { a: { ip: '10.0.0.{n}/24' } },
      },
    },
    physical: { switches: { tor: { ports: { 1: { vlan: '1-4094' }, 2: { vlan: '1-4094' }, 3: {} } } } },
    traffic: [
      { from: 'h1/a', to: 'h2/a', rate: '100kpps', count: 50, size: 512 },
      { from: 'h2/a', to: 'h1/a', rate: '50kpps', count: 50, size: 64 },
    ],
    captures: [capture],
    ...more,
  };
}

async function run(of: unknown, options: NetworkOptions = {}): Promise<Report> {
  const network = new Network(topologyFrom(of), options);
  await network.runUntil(5_000_000n);
  const report = await network.stop();
  expect(report.ledger).toMatchObject({ balanced: true, held: 0 });
  return report;
}

const portsOf = (report: Report) => report.switches.flatMap(({ ports }) => ports);
const passed = (report: Report) =>
  portsOf(report).reduce((sum, { rxFrames, txFrames }) => sum + rxFrames + txFrames, 0);
const names = ['h1/a', 'h1/u', 'h1/DROP', 'h2/a', 'h2/u', 'h2/DROP', 'tor/1', 'tor/2', 'tor/3', 'tor/DROP'];

describe.skipIf(tsharkMissing)(
  `a pcapng capture of every port, read by tshark (${tsharkMissing ?? 'installed'})`,
  async () => {
    const file = path('all.pcapng');
    const epoch = 1_700_000_000_000_000_001n;
    const report = tsharkMissing ? null! : await run(topology({ file }), { epochNs: epoch });
    const fields = [
      'frame.interface_name',
      'frame.packet_flags_direction',
      'frame.packet_id',
      'frame.time_epoch',
      'frame.len',
      'frame.cap_len',
      'vlan.id',
      '_ws.malformed',
    ];
    const rows = tsharkMissing ? [] : tshark(file, fields, '-Y', 'udp.length == 474 || udp.length == 26');

    it('names its interfaces host/port and says what they are', () => {
      const { captures } = report;
      expect(captures).toEqual([
        { file, bytes: readFileSync(file).length, frames: passed(report), lost: 0, failure: null },
      ]);
      const blocks = tsharkBlocks(file, [
        'pcapng.options.option.data.interface.name',
        'pcapng.options.option.data.interface.description',
        'pcapng.options.option.data.interface.speed',
        'pcapng.options.option.data.comment',
        'pcapng.options.option.data.user_application',
      ]);
      expect(Object.values(blocks)).toEqual([
        names,
        [
          'vNIC of h1/v',
          'uplink of h1/v',
          'frames that died at h1, with the reason',
          'vNIC of h2/v',
          'uplink of h2/v',
          'frames that died at h2, with the reason',
          'port of tor',
          'port of tor',
          'port of tor',
          'frames that died at tor, with the reason',
        ],
        Array(4).fill('10000000000'),
        [expect.stringMatching(/^topology two hosts, seed 3, virtual clock, vSwitch \d/)],
        [expect.stringMatching(/^vSwitch \d+\.\d+\.\d+$/)],
      ]);
    });

    it('gives each frame one number on all its hops, in order of time, with the direction as the switch sees it', () => {
      const ids = new Set(rows.map(([, , id]) => id));
      expect(ids.size).toBe(100);
      const [to, from] = [
        ['h1/a', 'h1/u', 'tor/1', 'tor/2', 'h2/u', 'h2/a'],
        ['h2/a', 'h2/u', 'tor/2', 'tor/1', 'h1/u', 'h1/a'],
      ];
      for (const id of ids) {
        const hops = rows.filter((row) => row[2] === id);
        expect([to, from]).toContainEqual(hops.map(([name]) => name));
        expect(hops.map(([, direction]) => Number(direction))).toEqual([1, 2, 1, 2, 1, 2]);
        const [, , arrives, leaves, back] = hops.map(([, , , time]) => epochNs(time!));
        const length = Number(hops[1]![4]);
        const start = epochNs(hops[1]![3]!);
        const wireNs = BigInt(Math.ceil((Math.max(length, 60) + 24) * 0.8)) + 1000n;
        // It may wait for a frame before it, no longer than that one takes.
        for (const took of [arrives! - start, back! - leaves!]) {
          expect(took).toBeGreaterThanOrEqual(wireNs);
          expect(took).toBeLessThan(wireNs + 500n);
        }
        expect(leaves).toBe(arrives);
        expect(hops.map((row) => row[6])).toEqual(['', '10', '10', '10', '10', '']);
        expect(hops.map((row) => Number(row[4]) - (row[6] === '10' ? 4 : 0))).toEqual(
          Array(6).fill(Number(hops[0]![4])),
        );
      }
      expect(rows.every((row) => row[4] === row[5] && row[7] === '')).toBe(true);
    });

    it('has times in nanoseconds since the epoch that was asked for', () => {
      const [first] = tshark(file, ['frame.time_epoch'], '-c', '1');
      expect(epochNs(first![0]!)).toBe(epoch);
    });

    it('ends with statistics that are the counters', () => {
      const blocks = tsharkBlocks(file, [
        'pcapng.options.option.data.interface.received',
        'pcapng.options.option.data.interface.dropped',
        '_ws.expert.message',
      ]);
      expect(Object.values(blocks)).toEqual([
        names
          .map((name) => portsOf(report).find((port) => port.name === name))
          .map((port) => String(port === undefined ? 0 : port.rxFrames + port.txFrames)),
        names.map(() => '0'),
        [''],
      ]);
    });
  },
);

describe('a capture', () => {
  it('keeps as many bytes of a frame as it is asked to, and its whole length', async () => {
    for (const [name, snap, kept] of [
      ['a.pcapng', 64, 64],
      ['b.pcapng', 17, 17],
      ['c.pcapng', 1, 16],
      ['d.pcap', 64, 64],
      ['e.pcap', 15, 16],
    ] as const) {
      await run(topology({ file: path(name), snap, ports: ['h1/*', 'tor/*'] }));
      const whole = path(`whole-${name}`);
      await run(topology({ file: whole, ports: ['h1/*', 'tor/*'] }));
      const [cut, full] = [[...readCapture(path(name))], [...readCapture(whole)]];
      expect(cut.length).toBe(full.length);
      for (const [i, frame] of cut.entries()) {
        expect(frame.originalLength).toBe(full[i]!.bytes.length);
        expect(Buffer.from(frame.bytes).equals(full[i]!.bytes.subarray(0, kept)), `${name} frame ${i}`).toBe(true);
        expect(frame.timeNs).toBe(full[i]!.timeNs);
      }
    }
  });

  it.skipIf(tsharkMissing)('as classic pcap has the same frames and times', async () => {
    const [modern, classic] = [path('same.pcapng'), path('same.pcap')];
    await run(topology({ file: modern }, { captures: [{ file: modern }, { file: classic }] }), {
      epochNs: 123_456_789n,
    });
    const read = (file: string) =>
      tshark(file, [
        'frame.time_epoch',
        'frame.len',
        'frame.cap_len',
        'eth.src',
        'eth.dst',
        'vlan.id',
        'ip.id',
        'udp.srcport',
      ]);
    expect(read(classic)).toEqual(read(modern));
    expect(readFileSync(classic).readUInt32LE(0)).toBe(0xa1b23c4d);
  });

  it.each([
    ['from a time on', { start: '400us' }, 400_000n, 5_000_000n],
    ['up to a time', { stop: '700us' }, 0n, 700_000n],
    ['between two times', { start: '400us', stop: '700us' }, 400_000n, 700_000n],
  ])('%s has all that passed then and nothing else', async (_, bounds, fromNs, toNs) => {
    const [whole, part] = [path('throughout.pcapng'), path('part.pcapng')];
    await run(topology({}, { captures: [{ file: whole }, { file: part, ...bounds }] }));
    const then = [...readCapture(whole)].filter(({ timeNs }) => timeNs >= fromNs && timeNs < toNs);
    expect(then.length).toBeGreaterThan(0);
    expect([...readCapture(part)].map(({ timeNs, packetId }) => [timeNs, packetId])).toEqual(
      then.map(({ timeNs, packetId }) => [timeNs, packetId]),
    );
  });

  it('of one port holds what passed it and nothing else', async () => {
    const file = path('one.pcapng');
    const report = await run(topology({ file, ports: ['h2/a'] }));
    const frames = [...readCapture(file)];
    const port = portsOf(report).find(({ name }) => name === 'h2/a')!;
    expect(new Set(frames.map((frame) => frame.interface.name))).toEqual(new Set(['h2/a']));
    const count = (direction: string) => frames.filter((frame) => frame.direction === direction).length;
    expect([count('in'), count('out')]).toEqual([port.rxFrames, port.txFrames]);
  });

  it('whose reader goes away ends there, says why, and the run goes on', async () => {
    const file = path('pipe');
    execFileSync('mkfifo', [file]);
    const reader = openSync(file, constants.O_RDONLY | constants.O_NONBLOCK);
    const network = new Network(topologyFrom(topology({ file })));
    expect(readSync(reader, Buffer.alloc(65_536))).toBeGreaterThan(100);
    closeSync(reader);
    await network.runUntil(5_000_000n);
    const report = await network.stop();
    expect(report.captures[0]!.failure).toMatch(/pipe: the reader has closed the pipe; .* can be read$/);
    expect(report.ledger).toMatchObject({ balanced: true, held: 0 });
    expect(report.streams.map(({ sent }) => sent)).toEqual([50, 50]);
    expect(report.captures[0]!.frames + report.captures[0]!.lost).toBe(passed(report));
  });

  it('that nobody reads holds no snapshot up', async () => {
    const file = path('unread');
    execFileSync('mkfifo', [file]);
    const network = new Network(topologyFrom(topology({ file })), { clock: 'wall' });
    await network.start();
    await moreFrames(network, 50);
    const snapshot = await network.snapshot();
    // A reader, so that the end is not waited for.
    const reader = spawn('cat', [file], { stdio: 'ignore' });
    await network.stop();
    reader.kill();
    const copy = Network.from(snapshot);
    await copy.start();
    expect((await copy.stop()).ledger.balanced).toBe(true);
  });

  it('that cannot be written is refused before anything starts', () => {
    const refused = (file: string) => () => new Network(topologyFrom(topology({ file })));
    expect(refused(join(folder, 'none', 'x.pcapng'))).toThrow(/no such directory; give another path/);
    expect(refused(folder)).toThrow(/that is a directory; give another path/);
    expect(refused('/dev/full')).toThrow(/the disk is full; give another path/);
  });
});

describe('a capture on the wall clock at full speed', () => {
  const busy = (file: string) => ({
    hosts: { h: { vswitches: { v: { portGroups: { pg: {} } } }, vms: { vm: { count: 4 } } } },
    traffic: [
      { from: 'h/vm1', to: 'h/vm2', size: 1518 },
      { from: 'h/vm3', to: 'broadcast', size: 1518 },
    ],
    captures: [{ file, ports: ['*'], snap: 0 }],
  });

  it('never waits for the disk: what it could not write is counted, and the file is whole', async () => {
    const file = path('fast.pcapng');
    const network = new Network(topologyFrom(busy(file)), { clock: 'wall' });
    await network.start();
    await until(() => statSync(file).size > 100_000, 'a capture');
    const report = await network.stop();
    const [capture] = report.captures;
    expect(capture).toMatchObject({ failure: null, bytes: readFileSync(file).length });
    expect(capture!.frames + capture!.lost).toBe(passed(report));
    let frames = 0;
    for (const _ of readCapture(file)) frames++;
    expect(frames).toBe(capture!.frames);
    expect(frames).toBeGreaterThan(0);
    rmSync(file);
  });
});
