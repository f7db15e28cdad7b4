/** Guests' own traffic on the virtual clock: how many frames, when, and what is in them. */
import { describe, expect, it } from 'vitest';
import type { CapturedFrame } from '../../src/capture/read.ts';
import { at, Lab } from './lab.ts';

const second = 1_000_000_000n;

/** Two VMs on one vSwitch, `a` with the streams; addresses only if asked for. */
function pair(traffic: object, { ip = true, mtu = 1500 } = {}): Lab {
  const vm = (n: number) => ({ portGroup: 'pg', ...(ip && { ip: `10.0.0.${n}/24` }) });
  return new Lab(
    {
      hosts: { h: { vswitches: { v: { mtu, portGroups: { pg: {} } } }, vms: { a: vm(1), b: vm(2) } } },
      traffic: [{ from: 'h/a', to: 'h/b', ...traffic }],
    },
    { injectAt: [] },
  );
}

const view = ({ bytes }: CapturedFrame) => new DataView(bytes.buffer, bytes.byteOffset, bytes.length);
const etherType = (frame: CapturedFrame) => view(frame).getUint16(12);

/** Test frames that `a` sent until `untilNs`. */
function sent(lab: Lab, untilNs: bigint): CapturedFrame[] {
  lab.network.advance(untilNs);
  return at(lab.network.takeFrames(), 'h/a', 'in').filter((frame) => etherType(frame) !== 0x0806);
}

type Rate = readonly [rate: string, more: object, until: bigint, frames: number];

const rates: Rate[] = [
  ['1000pps', { stop: '2s' }, 2n * second, 2000],
  ['1000pps', {}, 2n * second - 1n, 2000],
  ['1000pps', {}, 2n * second, 2001], // one at 0 and one at the end itself
  ['3pps', { stop: '10s' }, 20n * second, 30],
  ['1kpps', { start: '500ms', stop: '1s' }, 2n * second, 500],
  ['1kpps', { start: '500ms' }, 500n * 1_000_000n, 1],
  ['1kpps', { start: '500ms' }, 500n * 1_000_000n - 1n, 0],
  ['1kpps', { count: 7 }, 2n * second, 7],
  ['1kpps', { count: 7, stop: '4ms' }, 2n * second, 4],
  ['1kpps', { count: 1 }, 2n * second, 1],
  // Bits on the wire: with preamble and gap, 84 bytes for 64.
  ['672kbps', { size: 64, stop: '2s' }, 2n * second, 2000],
  ['10Gbps', { size: 1518, stop: '1ms' }, second, 813],
  ['1Mbps', { size: 105, stop: '1s' }, second, 1000],
  ['max', { size: 64, stop: '10us' }, second, 149], // paced at 10 Gb/s: 67.2 ns
];

describe('a stream', () => {
  it.each(rates)('at %s with %j has sent by %i ns %i frames', (rate, more, until, frames) => {
    for (const ip of [true, false]) {
      const lab = pair({ rate, ...more }, { ip });
      expect(sent(lab, until), ip ? 'with addresses' : 'without addresses').toHaveLength(frames);
      const { streams, ledger } = lab.network.report();
      expect(streams).toEqual([
        {
          from: 'h/a',
          to: 'h/b',
          sizeBytes: (more as { size?: number }).size ?? 64,
          sent: frames,
          unresolved: ip && frames === 0,
        },
      ]);
      expect(ledger.balanced).toBe(true);
    }
  });

  it('keeps its rate without drift, though the interval is no whole number of ns', () => {
    const times = sent(pair({ rate: '3Mpps' }, { ip: false }), second / 1000n).map(({ timeNs }) => timeNs);
    expect(times).toHaveLength(3001);
    expect(times).toEqual(times.map((_, i) => (BigInt(i) * 1000n) / 3n));
  });

  it('has the length that RFC 2544 means: with FCS, which a capture does not show', () => {
    for (const size of [64, 65, 128, 1518]) {
      for (const ip of [true, false]) {
        const frames = sent(pair({ rate: '1kpps', count: 2, size }, { ip }), second);
        expect(frames.map(({ bytes }) => bytes.length)).toEqual([size - 4, size - 4]);
      }
    }
    const [jumbo] = sent(pair({ rate: '1kpps', count: 1, size: 9018 }, { mtu: 9000 }), second);
    expect(jumbo!.bytes.length).toBe(9014);
  });

  it('carries the number of the stream, of the frame, and the time', () => {
    for (const [ip, offset] of [
      [true, 42],
      [false, 14],
    ] as const) {
      const frames = sent(pair({ rate: '1kpps', count: 3 }, { ip }), second);
      frames.forEach((frame, i) => {
        const signature = view(frame);
        expect(signature.getUint32(offset, true)).toBe(0);
        expect(signature.getUint32(offset + 4, true)).toBe(i);
        expect(signature.getBigUint64(offset + 8, true)).toBe(frame.timeNs);
      });
    }
  });

  it('between guests without addresses is EtherType 0x88b5 and asks nobody', () => {
    const lab = pair({ rate: '1kpps', count: 2 }, { ip: false });
    lab.network.advance(second);
    const frames = at(lab.network.takeFrames(), 'h/a', 'in');
    expect(frames.map(etherType)).toEqual([0x88b5, 0x88b5]);
  });

  it('varies its UDP source port over its flows in turn', () => {
    const ports = (flows: number, count: number) =>
      sent(pair({ rate: '1Mpps', count, flows }), second).map((frame) => view(frame).getUint16(34));
    expect(ports(1, 3)).toEqual([1024, 1024, 1024]);
    expect(ports(3, 7)).toEqual([1024, 1025, 1026, 1024, 1025, 1026, 1024]);
    const all = ports(65_536, 65_537);
    expect(new Set(all).size).toBe(65_536);
    expect(all.at(-1)).toBe(1024);
  });

  it('to broadcast needs no ARP and reaches everyone', () => {
    for (const ip of [true, false]) {
      const lab = pair({ to: 'broadcast', rate: '1kpps', count: 3 }, { ip });
      lab.network.advance(second);
      const frames = lab.network.takeFrames();
      expect(at(frames, 'h/b', 'out')).toHaveLength(3);
      for (const frame of frames) {
        expect(Buffer.from(frame.bytes.subarray(0, 6)).toString('hex')).toBe('ffffffffffff');
        if (ip) expect(view(frame).getUint32(30)).toBe(0xffff_ffff);
      }
    }
  });

  it('that nobody answers asks again every second and sends nothing', () => {
    const lab = new Lab(
      {
        hosts: {
          h: {
            vswitches: { v: { portGroups: { x: { vlan: 10 }, y: { vlan: 20 } } } },
            vms: { a: { portGroup: 'x', ip: '10.0.0.1/24' }, b: { portGroup: 'y', ip: '10.0.0.2/24' } },
          },
        },
        traffic: [{ from: 'h/a', to: 'h/b', rate: '1kpps' }],
      },
      { injectAt: [] },
    );
    lab.network.advance(5n * second);
    const frames = at(lab.network.takeFrames(), 'h/a', 'in');
    expect(frames.map(({ timeNs }) => timeNs)).toEqual([0n, 1n, 2n, 3n, 4n, 5n].map((s) => s * second));
    expect(frames.map(etherType)).toEqual(Array(6).fill(0x0806));
    expect(lab.network.report().streams[0]).toMatchObject({ sent: 0, unresolved: true });
  });

  it.each([undefined, '10.0.0.254'])(
    'waits for its start although its receiver was heard before (gateway %s)',
    (gateway) => {
      const vm = (n: number) => ({ ip: `10.0.0.${n}/24`, ...(gateway !== undefined && { gateway }) });
      const lab = new Lab(
        {
          hosts: { h: { vswitches: { v: { portGroups: { pg: {} } } }, vms: { a: vm(1), b: vm(2) } } },
          traffic: [
            { from: 'h/a', to: 'h/b', rate: '1kpps', count: 5, start: '8ms' },
            { from: 'h/b', to: 'h/a', rate: '1kpps', count: 2 },
          ],
        },
        { injectAt: [] },
      );
      lab.settle();
      const frames = at(lab.network.takeFrames(), 'h/a', 'in').filter((frame) => etherType(frame) !== 0x0806);
      expect(frames.map(({ timeNs }) => Number(timeNs) / 1e6)).toEqual([8, 9, 10, 11, 12]);
    },
  );

  it('shares its vNIC with others of the same guest, and each keeps its own rate', () => {
    const lab = new Lab(
      {
        hosts: { h: { vswitches: { v: { portGroups: { pg: {} } } }, vms: { vm: { count: 4 } } } },
        traffic: [
          { from: 'h/vm1', to: 'h/vm2', rate: '1kpps', stop: '1s' },
          { from: 'h/vm1', to: 'h/vm3', rate: '700pps', stop: '1s', size: 256 },
          { from: 'h/vm1', to: 'h/vm4', rate: '1pps', stop: '1s' },
        ],
      },
      { injectAt: [] },
    );
    lab.network.advance(2n * second);
    expect(lab.network.report().streams.map(({ sent: frames }) => frames)).toEqual([1000, 700, 1]);
  });
});
