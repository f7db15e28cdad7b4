/** Where captures look: drops with their reasons, the inside of switches, cables; what filters, sampling, directions and times choose. */
import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, describe, expect, it } from 'vitest';
import { type CapturedFrame, readCapture } from '../../src/capture/read.ts';
import { survey } from '../../src/capture/survey.ts';
import { Network } from '../../src/engine/network.ts';
import type { NetworkOptions } from '../../src/engine/options.ts';
import { VERDICTS } from '../../src/telemetry/generated/verdicts.ts';
import type { Report } from '../../src/telemetry/report.ts';
import { capturePorts } from '../../src/topology/capture-port.ts';
import { topologyFrom } from '../../src/topology/load.ts';
import type { CaptureRequest } from '../../src/topology/model.ts';
import { allPorts } from '../../src/topology/ports.ts';
import { networks } from './loads.ts';
import { moreFrames } from './waiting.ts';
import { assertWhole } from './whole.ts';

const folder = mkdtempSync(join(tmpdir(), 'vswitch-points-'));
afterAll(() => rmSync(folder, { recursive: true }));
let files = 0;

const MS = 1_000_000;
type Asked = Omit<CaptureRequest, 'file' | 'ports' | 'snapLength'> &
  Partial<Pick<CaptureRequest, 'ports' | 'snapLength'>>;

/** What a capture of a network's first milliseconds holds, on the virtual clock. */
async function captured(topology: unknown, asked: Asked, options: NetworkOptions = {}, forNs = 3 * MS) {
  const checked = { ...topologyFrom(topology), captures: [] };
  const file = join(folder, `${++files}.pcapng`);
  const request = { ports: capturePorts(checked), snapLength: 0, ...asked, file };
  const network = new Network(checked, { captures: [request], ...options });
  if (options.inline === false) await network.start();
  await network.runUntil(BigInt(forNs));
  const report = await network.stop();
  assertWhole(network);
  expect(report.captures[0]).toMatchObject({ lost: 0, failure: null });
  const frames = [...readCapture(file)];
  expect(report.captures[0]!.frames).toBe(frames.length);
  return { file, frames, report, topology: checked, network };
}

const portsOf = (report: Report) => report.switches.flatMap(({ ports }) => ports);
const key = (frame: CapturedFrame) => `${frame.timeNs} ${frame.packetId} ${Buffer.from(frame.bytes).toString('hex')}`;
const named = (frames: readonly CapturedFrame[], name: string) =>
  frames.filter((frame) => frame.interface.name === name);
const isTagged = ({ bytes }: CapturedFrame) => bytes[12] === 0x81 && bytes[13] === 0;

/** A wire that loses and damages frames, short queues, a VM in a wrong VLAN, floods that come back by the other uplink. */
const rough = {
  hosts: {
    h: {
      count: 2,
      uplinks: {
        u1: { to: 'tor/{n*2-1}', rate: '1G', delay: '5us', queue: 3, loss: '10%', corrupt: '10%' },
        u2: { to: 'tor/{n*2}', delay: '1us' },
      },
      vswitches: { v: { portGroups: { pg: { vlan: 10 }, other: { vlan: 20 } } } },
      vms: { vm: { count: 2, portGroup: 'pg', ip: '10.0.{n}.{v}/16' }, o: { portGroup: 'other' } },
    },
  },
  physical: { switches: { tor: { ports: 4 } } },
  traffic: [
    { from: 'h1/vm*', to: 'h2/vm*', rate: '200kpps', size: 1000 },
    { from: 'h2/vm1', to: 'broadcast', rate: '100kpps' },
    { from: 'h1/o', to: 'broadcast', rate: '100kpps' },
  ],
};
const loads = { ...networks, rough };

describe.each(Object.keys(loads) as (keyof typeof loads)[])('what dies on a %s network', (name) => {
  it('is at owner/DROP with its reason, frame by frame as the counters say', async () => {
    const { file, frames, report } = await captured(loads[name], {});
    const dead = frames.filter((frame) => frame.interface.name!.endsWith('/DROP'));
    const told = new Map<string, number>();
    for (const { drop, comment, direction, interface: where } of dead) {
      const { name: verdict, rule, side } = VERDICTS[drop!.verdict]!;
      const words = [
        `drop=${verdict}`,
        rule === '-' ? [] : `rule=${rule}`,
        `port=${drop!.port}`,
        drop!.vid === null ? [] : `vid=${drop!.vid}`,
        drop!.owner === null ? [] : `owner=${drop!.owner}`,
        drop!.pin === null ? [] : `pin=${drop!.pin}`,
      ];
      expect(comment).toBe(words.flat().join(' '));
      expect([drop!.side, direction]).toEqual(side === 'ingress' ? ['ingress', 'in'] : ['egress', 'out']);
      const port = `${where.name!.slice(0, -'DROP'.length)}${drop!.port} ${verdict}`;
      told.set(port, (told.get(port) ?? 0) + 1);
    }
    const counted = portsOf(report).flatMap((port) =>
      VERDICTS.filter(({ fate }) => fate === 'drop').map(
        (row) => [`${port.name} ${row.name}`, port.verdicts[row.name] ?? 0] as const,
      ),
    );
    expect([...told].sort()).toEqual(counted.filter(([, count]) => count > 0).sort());
    expect(dead.length, 'something has died').toBeGreaterThan(40);

    const { interfaces, backwards } = survey(file);
    expect(backwards, 'times never go back').toBe(0);
    for (const { interface: where, statistics, frames: held } of interfaces) {
      const port = portsOf(report).find((each) => each.name === where.name);
      // A frame that a cable loses has been sent.
      const passed = port === undefined ? held : port.rxFrames + port.txFrames + (port.verdicts['wire_loss'] ?? 0);
      expect({ name: where.name, received: Number(statistics!.received) }).toEqual({
        name: where.name,
        received: passed,
      });
      expect([Number(statistics!.delivered), Number(statistics!.dropped)]).toEqual([held, 0]);
      if (port !== undefined) expect(held).toBe(passed - (port.verdicts['bad_fcs'] ?? 0));
    }
  });

  it('is captured without changing anything, and the same with three workers', async () => {
    const one = await captured(loads[name], { stages: ['wire', 'inside'] });
    const several = await captured(loads[name], { stages: ['wire', 'inside'] }, { workers: 3 });
    expect(several.frames.map(key)).toEqual(one.frames.map(key));
    const plain = new Network(topologyFrom(loads[name]));
    await plain.runUntil(BigInt(3 * MS));
    const { workers: _, captures: __, memoryBytes: ___, ...same } = await plain.stop();
    expect(one.report).toMatchObject(same);
  });
});

describe('the inside of a switch', () => {
  it('shows what is relayed with the tag of its VLAN, before it is tagged or stripped on its way out', async () => {
    const { frames, topology } = await captured(rough, {
      stages: ['wire', 'inside'],
      ports: ['h1/vm1', 'h1/vm2', 'h1/u1', 'h1/u2'],
    });
    expect(topology.hosts).toHaveLength(2);
    for (const port of ['h1/vm1', 'h1/vm2']) {
      const [wire, inside] = [named(frames, port), named(frames, `${port}:inside`)];
      expect(wire.length).toBeGreaterThan(20);
      expect(inside.length).toBe(wire.length);
      expect(wire.some(isTagged)).toBe(false);
      for (const [i, frame] of inside.entries()) {
        expect(isTagged(frame)).toBe(true);
        expect(frame.bytes[15]).toBe(10);
        expect(frame.originalLength).toBe(wire[i]!.originalLength + 4);
        const stripped = Buffer.concat([frame.bytes.subarray(0, 12), frame.bytes.subarray(16)]);
        expect(stripped.equals(wire[i]!.bytes)).toBe(true);
        expect([frame.packetId, frame.timeNs, frame.direction]).toEqual([
          wire[i]!.packetId,
          wire[i]!.timeNs,
          wire[i]!.direction,
        ]);
      }
    }
  });

  it('is cut at the snap length, tag and all', async () => {
    const { frames } = await captured(rough, { stages: ['inside'], ports: ['h1/vm1'], snapLength: 17 });
    expect(frames.length).toBeGreaterThan(20);
    expect(frames.every((frame) => frame.bytes.length === 17 && isTagged(frame) && frame.bytes[15] === 10)).toBe(true);
  });
});

describe('a cable', () => {
  it('is one interface with what both of its ends send', async () => {
    const { frames } = await captured(rough, { ports: ['h1/u1', 'tor/1'], wires: ['tor/1', 'h1/u1'] });
    const cable = named(frames, 'h1/u1--tor/1');
    const sent = (name: string) => named(frames, name).filter(({ direction }) => direction === 'out');
    expect(cable.filter(({ direction }) => direction === 'out').map(key)).toEqual(sent('h1/u1').map(key));
    expect(cable.filter(({ direction }) => direction === 'in').map(key)).toEqual(sent('tor/1').map(key));
    expect(sent('h1/u1').length).toBeGreaterThan(20);
    const arrived = named(frames, 'tor/1').filter(({ direction }) => direction === 'in');
    expect(arrived.length, 'some were lost or damaged on the way').toBeLessThan(sent('h1/u1').length);
  });
});

describe('a capture chooses', () => {
  it('by a filter, which sees a frame as it is captured', async () => {
    const all = await captured(rough, {});
    const isArp = ({ bytes }: CapturedFrame) => {
      const at = isTagged({ bytes } as CapturedFrame) ? 16 : 12;
      return bytes[at] === 8 && bytes[at + 1] === 6;
    };
    const some = await captured(rough, { filter: 'arp or (vlan 10 and arp)' });
    expect(some.frames.map(key)).toEqual(all.frames.filter(isArp).map(key));
    const { interfaces } = survey(some.file);
    const accepted = interfaces.reduce((sum, { statistics }) => sum + Number(statistics!.accepted), 0);
    const received = interfaces.reduce((sum, { statistics }) => sum + Number(statistics!.received), 0);
    expect(accepted).toBe(some.frames.length);
    expect(received).toBeGreaterThan(accepted);
  });

  it('one in so many at each interface, the first one among them', async () => {
    const all = await captured(rough, { ports: ['h1/vm1', 'tor/1'] });
    const some = await captured(rough, { ports: ['h1/vm1', 'tor/1'], sample: 7 });
    for (const name of ['h1/vm1', 'tor/1'])
      expect(named(some.frames, name).map(key)).toEqual(
        named(all.frames, name)
          .filter((_, i) => i % 7 === 0)
          .map(key),
      );
  });

  it.each(['in', 'out'] as const)('frames that go %s', async (direction) => {
    const all = await captured(rough, {});
    const some = await captured(rough, { direction });
    expect(some.frames.map(key)).toEqual(all.frames.filter((frame) => frame.direction === direction).map(key));
  });

  it('from one time to another', async () => {
    const all = await captured(rough, {});
    const some = await captured(rough, { startNs: MS, stopNs: 2 * MS });
    const isIn = ({ timeNs }: CapturedFrame) => timeNs >= BigInt(MS) && timeNs < BigInt(2 * MS);
    expect(some.frames.map(key)).toEqual(all.frames.filter(isIn).map(key));
    expect(some.frames.length).toBeGreaterThan(100);
  });

  it('while it is switched on, by an event or by hand', async () => {
    const file = join(folder, 'switched.pcapng');
    const { frames } = await captured(rough, { ports: ['h1/vm1'] });
    const topology = {
      ...rough,
      captures: [{ file, ports: ['h1/vm1'] }],
      events: [
        { at: '1ms', captureOff: file },
        { at: '2ms', captureOn: file },
      ],
    };
    const network = new Network(topologyFrom(topology));
    await network.runUntil(BigInt(2.5 * MS));
    await network.setCapture(file, false);
    await network.runUntil(BigInt(3 * MS));
    await network.stop();
    expect(network.events().map(({ what }) => what)).toEqual([
      `capture to ${file} pauses`,
      `capture to ${file} goes on`,
      `capture to ${file} pauses`,
    ]);
    const isOn = ({ timeNs }: CapturedFrame) => timeNs < MS || (timeNs >= 2 * MS && timeNs <= 2.5 * MS);
    expect([...readCapture(file)].map(key)).toEqual(frames.filter(isOn).map(key));
    await expect(network.setCapture('other.pcapng', true)).rejects.toThrow(/^no capture goes to other.pcapng in /);
  });
});

describe('several workers on the wall clock', () => {
  it('write one file in order of time, pauses and commands in between', async () => {
    const checked = topologyFrom(rough);
    const file = join(folder, 'wall.pcapng');
    const network = new Network(checked, {
      clock: 'wall',
      workers: 2,
      captures: [{ file, ports: capturePorts(checked), snapLength: 64, stages: ['wire', 'inside'] }],
    });
    await network.start();
    for (let i = 0; i < 5; i++) {
      await moreFrames(network, 500);
      await network.pause();
      await network.setLink(allPorts(checked)[i]!, i % 2 === 0);
      network.resume();
      await network.setLink(allPorts(checked)[i]!, true);
    }
    const report = await network.stop();
    assertWhole(network);
    const { backwards, frames } = survey(file);
    expect(frames).toBe(report.captures[0]!.frames);
    expect(frames).toBeGreaterThan(1000);
    expect(backwards).toBe(0);
  });
});
