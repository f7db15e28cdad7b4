/**
 * Whatever stands in a frame to a group, a switch that snoops neither loses nor doubles it and keeps its tables within their bounds: messages of
 * IGMP and MLD with octets changed, cut off or made up, with right checksums or not, and floods of reports of groups that nobody has.
 */
import fc from 'fast-check';
import { expect, it } from 'vitest';
import { data, lateQuery, leave, longQuery, pimHello, query, report } from './igmp-frames.ts';
import { Twins } from './twins.ts';

const SECOND = 1_000_000_000n;
const G = '239.1.1.1';
const SIX = 'ff15::1';
const own = { src: '02:00:00:00:00:01', ip: '10.0.0.1' };
const own6 = { src: '02:00:00:00:00:01', ip: 'fe80::1' };
const messages = [
  report(G, own, 1),
  report(G, own, 2),
  report(G, own, 3, 4, ['10.0.0.7', '10.0.0.8']),
  leave(G, own),
  query(null, own),
  query(G, own),
  lateQuery(G, own, ['10.0.0.7']),
  longQuery(5, own),
  pimHello(own),
  data(G, own),
  report(SIX, own6, 1),
  report(SIX, own6, 2, 3, ['2001::7']),
  leave(SIX, own6),
  query(SIX, own6),
  lateQuery(SIX, own6, ['2001::7']),
  data(SIX, own6),
];

/** Makes the checksums right again, where they can be, so that what was changed is looked at. */
function seal(bytes: Uint8Array): Uint8Array {
  const isV6 = bytes[12] === 0x86;
  const header = isV6 ? 48 : (bytes[14]! & 15) * 4;
  const at = 14 + header;
  const end = isV6 ? 54 + ((bytes[18]! << 8) | bytes[19]!) : 14 + ((bytes[16]! << 8) | bytes[17]!);
  if (header < 20 || end > bytes.length || at + 4 > end) return bytes;
  const put = (place: number, from: number, to: number, start = 0) => {
    bytes[place] = 0;
    bytes[place + 1] = 0;
    let sum = start;
    for (let i = from; i < to; i += 2) sum += (bytes[i]! << 8) | (i + 1 < to ? bytes[i + 1]! : 0);
    while (sum > 0xffff) sum = (sum & 0xffff) + (sum >>> 16);
    bytes[place] = (~sum >> 8) & 255;
    bytes[place + 1] = ~sum & 255;
  };
  if (!isV6) put(24, 14, at);
  let start = 0;
  if (isV6) for (let i = 22; i < 54; i += 2) start += (bytes[i]! << 8) | bytes[i + 1]!;
  put(at + 2, at, end, isV6 ? start + 58 + end - at : 0);
  return bytes;
}

const frames = fc.record({
  message: fc.nat(messages.length - 1),
  port: fc.integer({ min: 1, max: 3 }),
  changes: fc.array(fc.record({ at: fc.integer({ min: 14, max: 120 }), octet: fc.nat(255) }), { maxLength: 4 }),
  cut: fc.oneof({ weight: 3, arbitrary: fc.constant(0) }, { weight: 1, arbitrary: fc.nat(60) }),
  sealed: fc.boolean(),
  seconds: fc.constantFrom(0, 0, 0, 1, 3, 130, 300),
});

const modes = [
  { mode: 'snooping', max: 3 },
  { mode: 'snooping', max: 3, floodUnregistered: false, fastLeave: true, querier: { address: '10.0.0.9' } },
  { mode: 'filter', max: 3 },
];

it('no message does more than be counted', () => {
  fc.assert(
    fc.property(fc.constantFrom(...modes), fc.array(frames, { minLength: 1, maxLength: 30 }), (multicast, all) => {
      const lab = new Twins({ physical: { switches: { s: { ports: 4, multicast } } } });
      for (const { message, port, changes, cut, sealed, seconds } of all) {
        const bytes = Uint8Array.from(messages[message]!);
        for (const { at, octet } of changes) if (at < bytes.length) bytes[at] = octet;
        if (sealed) seal(bytes);
        bytes[11] = port;
        lab.send(`s/${port}`, bytes.slice(0, Math.max(15, bytes.length - cut)));
        lab.pass(lab.nowNs + BigInt(seconds) * SECOND);
        const { groups, routerPorts } = lab.network.report().switches[0]!.multicast!;
        expect(groups.length).toBeLessThanOrEqual(3);
        for (const group of groups) expect(group.ports.length).toBeGreaterThan(0);
        expect(routerPorts.length).toBeLessThanOrEqual(9);
      }
      lab.pass(lab.nowNs + 600n * SECOND);
      if (multicast.mode === 'snooping') {
        expect(lab.network.report().switches[0]!.multicast, 'all is forgotten').toMatchObject({
          groups: [],
          routerPorts: [],
        });
      }
    }),
    { numRuns: 80 },
  );
}, 120_000);

it('a flood of reports of other groups takes nobody what he has asked for', () => {
  const lab = new Twins({ physical: { switches: { s: { ports: 4, multicast: { max: 64 } } } } });
  const from = (port: number) => ({ src: `02:00:00:00:00:0${port}`, ip: `10.0.0.${port}` });
  lab.send('s/2', report(G, from(2)));
  const flood = Array.from({ length: 300 }, (_, i) => ['s/3', report(`239.9.${i >> 8}.${i & 255}`, from(3))] as const);
  for (let i = 0; i < flood.length; i += 50) lab.sendAll(flood.slice(i, i + 50));
  const told = lab.network.report().switches[0]!.multicast!;
  expect(told.groups).toHaveLength(64);
  expect(told.counters.overflow).toBe(301 - 64);
  expect(lab.send('s/1', data(G, from(1))).recipients).toEqual(['s/2']);
  lab.send('s/4', report('239.8.8.8', from(4)));
  expect(lab.send('s/1', data('239.8.8.8', from(1))).recipients, 'for want of room').toEqual(['s/2', 's/3', 's/4']);
  lab.pass(261n * SECOND);
  expect(lab.network.report().switches[0]!.multicast!.groups).toEqual([]);
  lab.send('s/4', report('239.8.8.8', from(4)));
  expect(lab.send('s/1', data('239.8.8.8', from(1))).recipients, 'when they are forgotten').toEqual(['s/4']);
});

it('groups that go leave those beside them in the table where they are found', () => {
  const lab = new Twins({ physical: { switches: { s: { ports: 4, multicast: { max: 64, fastLeave: true } } } } });
  const from = (port: number) => ({ src: `02:00:00:00:00:0${port}`, ip: `10.0.0.${port}` });
  const groups = Array.from({ length: 64 }, (_, i) => `239.${(i * 37) & 255}.${(i * 91) & 255}.${i}`);
  for (const group of groups) lab.send('s/2', report(group, from(2)));
  const isGone = (i: number) => (i * 7) % 3 === 0;
  for (const [i, group] of groups.entries()) if (isGone(i)) lab.send('s/2', leave(group, from(2)));
  for (const [i, group] of groups.entries())
    expect(lab.send('s/1', data(group, from(1))).recipients, group).toEqual(
      isGone(i) ? ['s/2', 's/3', 's/4'] : ['s/2'],
    );
});
