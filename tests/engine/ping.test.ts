/** Guests ping: what leaves, what counts as answered, how long it took; tshark says whether the bytes are right. */
import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import fc from 'fast-check';
import { afterAll, describe, expect, it } from 'vitest';
import { guestLines } from '../../src/cli/summary-guest.ts';
import type { NetworkOptions } from '../../src/engine/options.ts';
import { tshark, tsharkMissing } from '../capture/tshark.ts';
import { at, Lab } from './lab.ts';

const folder = mkdtempSync(join(tmpdir(), 'vswitch-ping-'));
afterAll(() => rmSync(folder, { recursive: true }));
const second = 1_000_000_000n;

/** h1/a and h2/a, 10.0.0.1 and 10.0.0.2, behind a switch: 1 us of cable each. */
function two(traffic: object[], options: NetworkOptions = {}, more: object = {}, cable: object = {}): Lab {
  return new Lab(
    {
      hosts: {
        h: {
          count: 2,
          uplinks: { u: { to: 'tor/{n}', delay: '1us', ...cable } },
          vswitches: { v: { portGroups: { pg: {} } } },
          vms: { a: { ip: '10.0.0.{n}/24' } },
        },
      },
      physical: { switches: { tor: { ports: 2 } } },
      traffic,
      ...more,
    },
    { injectAt: [], ...options },
  );
}

const hex = (bytes: Uint8Array, from: number, to: number) => Buffer.from(bytes.subarray(from, to)).toString('hex');
const one = (lab: Lab) => lab.network.report().pings![0]!;

describe('a ping', () => {
  it('asks by ARP once, sends a request each interval, and measures the way there and back', () => {
    const lab = two([{ from: 'h1/a', ping: 'h2/a', count: 5 }]);
    lab.settle();
    const frames = lab.network.takeFrames();
    const sent = at(frames, 'h1/a', 'in');
    expect(sent.map(({ bytes }) => hex(bytes, 12, 14))).toEqual(['0806', ...Array(5).fill('0800')]);
    const first = sent[1]!.timeNs;
    expect(first).toBe(4000n);
    expect(sent.slice(1).map(({ timeNs }) => timeNs)).toEqual([0n, 1n, 2n, 3n, 4n].map((n) => first + n * second));
    expect(sent.slice(1).map(({ bytes }) => hex(bytes, 40, 42))).toEqual(['0001', '0002', '0003', '0004', '0005']);
    expect(one(lab)).toEqual({
      from: 'h1/a',
      to: 'h2/a',
      sizeBytes: 64,
      sent: 5,
      answered: 5,
      lost: 0,
      duplicates: 0,
      unreachable: 0,
      noRoute: 0,
      rtt: { minNs: 4000, avgNs: 4000, maxNs: 4000 },
    });
    expect(guestLines(lab.network.report())).toEqual([
      'h1/a -> h2/a: 5 sent, 5 answered, rtt min/avg/max 4.000/4.000/4.000 us',
    ]);
    expect(lab.network.ports()[0]!.guest).toMatchObject({ sent: 6, received: 6, heldBack: 0, ip: '10.0.0.1' });
  });

  it('of an address is the same, whoever has it', () => {
    const lab = two([{ from: 'h1/a', ping: '10.0.0.2', count: 2, interval: '10ms', size: 1518 }]);
    lab.settle();
    expect(one(lab)).toMatchObject({ to: '10.0.0.2', sizeBytes: 1518, sent: 2, answered: 2 });
    const lengths = at(lab.network.takeFrames(), 'h2/a', 'out').map(({ bytes }) => bytes.length);
    expect(lengths).toEqual([42, 1514, 1514]);
  });

  it('that nobody answers by ARP is given up after three requests, and counts as no request', () => {
    const lab = two([{ from: 'h1/a', ping: '10.0.0.9', count: 2, interval: '100ms' }]);
    lab.settle();
    const times = at(lab.network.takeFrames(), 'h1/a', 'in').map(({ timeNs }) => Number(timeNs / 1_000_000n));
    expect(times).toEqual([0, 1000, 2000, 3100, 4100, 5100]);
    expect(one(lab)).toMatchObject({ sent: 0, answered: 0, lost: 0, unreachable: 2, rtt: null });
    expect(guestLines(lab.network.report())).toEqual([
      'h1/a -> 10.0.0.9: 0 sent, 0 answered, 2 unreachable: nobody answered ARP',
    ]);
  });

  it('whose target has stopped loses its requests, and goes on when the target is back', () => {
    const events = [
      { at: '1.5s', stopVm: 'h2/a' },
      { at: '3.5s', startVm: 'h2/a' },
    ];
    const lab = two([{ from: 'h1/a', ping: 'h2/a', count: 6 }], {}, { events });
    lab.network.advance(10n * second);
    expect(one(lab)).toMatchObject({ sent: 6, answered: 4, lost: 2 });
    expect(lab.network.ledger()).toMatchObject({ balanced: true });
  });

  it('shares what it knows with other pings and streams of the guest: one ARP request for all', () => {
    const lab = two([
      { from: 'h1/a', ping: 'h2/a', count: 3 },
      { from: 'h1/a', ping: '10.0.0.2', count: 2, interval: '3ms' },
      { from: 'h1/a', to: '10.0.0.2', count: 4, rate: '1kpps' },
    ]);
    lab.settle();
    const arp = at(lab.network.takeFrames(), 'h1/a', 'in').filter(({ bytes }) => hex(bytes, 12, 14) === '0806');
    expect(arp).toHaveLength(1);
    expect(lab.network.report().pings!.map(({ answered }) => answered)).toEqual([3, 2]);
    expect(lab.network.report().streams[0]).toMatchObject({ sent: 4, unresolved: false });
  });

  it('asks anew when it has not heard of its target for a minute', () => {
    const lab = two([{ from: 'h1/a', ping: 'h2/a', count: 3, interval: '40s' }]);
    lab.settle();
    const types = at(lab.network.takeFrames(), 'h1/a', 'in').map(({ bytes }) => hex(bytes, 12, 14));
    expect(types).toEqual(['0806', '0800', '0800', '0806', '0800']);
  });

  it('pauses with the traffic of its guest, and its guest that starts again knows nobody', () => {
    const events = [
      { at: '1.5s', stopTraffic: 'h1/a' },
      { at: '5.25s', startTraffic: 'h1/a' },
      { at: '5.5s', stopVm: 'h1/a' },
      { at: '7s', startVm: 'h1/a' },
    ];
    const lab = two([{ from: 'h1/a', ping: 'h2/a', stop: '8.5s' }], {}, { events });
    lab.network.advance(20n * second);
    const sent = at(lab.network.takeFrames(), 'h1/a', 'in');
    const told = sent.map(({ bytes, timeNs }) => `${hex(bytes, 12, 14)} ${Number(timeNs / 1_000_000n)}`);
    expect(told).toEqual(['0806 0', '0800 0', '0800 1000', '0800 5250', '0806 7000', '0800 7000', '0800 8000']);
    expect(one(lab)).toMatchObject({ sent: 5, answered: 5 });
  });

  it.each([
    ['virtual', 1],
    ['virtual', 2],
  ] as const)('gives the same on the %s clock with %i workers', async (clock, workers) => {
    const lab = two([{ from: 'h1/a', ping: 'h2/a', count: 3, interval: '5ms' }], { clock, workers });
    lab.settle();
    expect(one(lab)).toMatchObject({ sent: 3, answered: 3, rtt: { minNs: 4000, avgNs: 4000, maxNs: 4000 } });
  });

  it('is measured on the wall clock, too', async () => {
    const lab = two([{ from: 'h1/a', ping: 'h2/a', count: 3, interval: '5ms' }], {
      clock: 'wall',
      workers: 2,
      watch: [],
    });
    await lab.network.start();
    for (let i = 0; i < 400 && one(lab).answered < 3; i++) await new Promise((resolve) => setTimeout(resolve, 10));
    const { pings, ledger } = await lab.network.stop();
    expect(ledger.balanced).toBe(true);
    expect(pings![0]).toMatchObject({ sent: 3, answered: 3, lost: 0 });
    expect(pings![0]!.rtt!.minNs).toBeGreaterThan(0);
    expect(pings![0]!.rtt!.maxNs).toBeGreaterThanOrEqual(pings![0]!.rtt!.minNs);
  });

  it.skipIf(tsharkMissing)(`has right checksums, and replies that match (${tsharkMissing ?? 'tshark'})`, async () => {
    const file = join(folder, 'ping.pcapng');
    const sizes = [64, 65, 66, 67, 99, 1517, 1518];
    const pings = sizes.map((size) => ({ from: 'h1/a', ping: 'h2/a', count: 3, interval: '1ms', size }));
    const lab = two(pings, { captures: [{ file, ports: ['h1/a'], snapLength: 0 }] });
    lab.settle();
    await lab.network.stop();
    const fields = ['icmp.type', 'icmp.checksum.status', 'ip.checksum.status', 'icmp.resp_in', '_ws.malformed'];
    const seen = tshark(file, fields, '-2', '-Y', 'icmp', '-o', 'ip.check_checksum:TRUE');
    expect(seen).toHaveLength(2 * 3 * sizes.length);
    for (const row of seen) expect([...row.slice(1, 3), row[4]]).toEqual(['1', '1', '']);
    expect(seen.filter(([type, , , reply]) => type === '8' && reply === '')).toEqual([]);
  });
});

describe('on a cable that loses, doubles and reorders', () => {
  it('every request is answered or lost, and the count is what came by', () => {
    fc.assert(
      fc.property(
        fc.record({
          loss: fc.integer({ min: 0, max: 40 }),
          duplicate: fc.integer({ min: 0, max: 40 }),
          seed: fc.integer({ min: 0, max: 1000 }),
          count: fc.integer({ min: 1, max: 300 }),
        }),
        ({ loss, duplicate, seed, count }) => {
          const cable = { loss: `${loss}%`, duplicate: `${duplicate}%` };
          const traffic = [{ from: 'h1/a', ping: 'h2/a', count, interval: '1ms' }];
          const lab = two(traffic, {}, { seed }, cable);
          lab.settle();
          const { sent, answered, lost, duplicates, unreachable } = one(lab);
          expect(sent + unreachable).toBe(count);
          expect(answered + lost).toBe(sent);
          const frames = lab.network.takeFrames();
          const replies = at(frames, 'h1/a', 'out').filter(({ bytes }) => bytes[23] === 1 && bytes[34] === 0);
          expect(answered + duplicates).toBe(replies.length);
          expect(new Set(replies.map(({ bytes }) => hex(bytes, 40, 42))).size).toBe(answered);
        },
      ),
      { numRuns: 25 },
    );
  });
});
