import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { readCaptureBytes } from '../../src/capture/read.ts';
import {
  enhancedPacket,
  interfaceDescription,
  interfaceStatistics,
  pcapHeader,
  pcapRecord,
  sectionHeader,
} from '../../src/capture/write.ts';
import { joined, language, octets } from './blocks.ts';

const u32 = fc.nat(2 ** 32 - 1);
const u64 = fc.bigInt(0n, 2n ** 64n - 1n);
const bytes = fc.uint8Array({ maxLength: 1600 });
// A zero octet ends text for readers, and half a surrogate pair has no UTF-8.
const text = fc.string({ unit: 'grapheme', maxLength: 40 }).filter((value) => !value.includes('\0'));

const section = fc.record({ hardware: text, os: text, application: text, comment: text }, { requiredKeys: [] });
const described = fc.record(
  {
    name: text,
    description: text,
    mac: fc.uint8Array({ minLength: 6, maxLength: 6 }),
    speedBps: u64,
    snapLength: u32,
    fcsLength: fc.nat(255),
  },
  { requiredKeys: ['name'] },
);
const packet = fc.record({
  timeNs: u64,
  bytes,
  originalLength: u32,
  direction: fc.constantFrom('in', 'out', null),
  packetId: fc.option(u64),
  comment: fc.option(text),
  dropCount: fc.option(u64),
});

describe('reads back what was written', () => {
  it('as pcapng', () => {
    const file = fc.record({
      section,
      interfaces: fc.array(described, { minLength: 1, maxLength: 4 }),
      packets: fc.array(fc.tuple(fc.nat(), packet), { maxLength: 12 }),
    });
    fc.assert(
      fc.property(file, ({ section, interfaces, packets }) => {
        const frames = packets.map(([pick, fields]) => ({ interfaceId: pick % interfaces.length, ...fields }));
        const statistics = interfaceStatistics({ interfaceId: 0, timeNs: 0n, received: packets.length });
        const written = [
          sectionHeader(section),
          ...interfaces.map(interfaceDescription),
          ...frames.flatMap((frame) => [enhancedPacket(frame), statistics]),
        ];
        const expected = frames.map(({ interfaceId, dropCount: _, ...frame }, index) => {
          const { name, snapLength = 0, fcsLength = null } = interfaces[interfaceId]!;
          const offset = joined(...written.slice(0, 1 + interfaces.length + 2 * index)).length;
          return {
            ...frame,
            drop: null,
            interface: { id: interfaceId, name, linkType: 1, snapLength, fcsLength, section: 0 },
            offset,
          };
        });
        expect([...readCaptureBytes('test', joined(...written))]).toEqual(expected);
      }),
    );
  });

  it('as pcap', () => {
    const record = fc.tuple(fc.bigInt(0n, 2n ** 32n * 1_000_000_000n - 1n), bytes, u32);
    fc.assert(
      fc.property(
        fc.integer({ min: 1, max: 2 ** 32 - 1 }),
        fc.array(record, { maxLength: 12 }),
        (snapLength, records) => {
          const written = [pcapHeader(snapLength), ...records.map((fields) => pcapRecord(...fields))];
          const frames = [...readCaptureBytes('test', joined(...written))];
          expect(frames.map((frame) => [frame.timeNs, frame.bytes, frame.originalLength])).toEqual(records);
          expect(frames.every((frame) => frame.interface.snapLength === snapLength)).toBe(true);
        },
      ),
    );
  });

  it('when a frame that was read is written again', () => {
    const { shb, idb, epb, u32, u64 } = language('be');
    const file = joined(shb(), idb(), epb(0, 7n, octets(9), [1, octets(3)], [2, u32(2)], [5, u64(8n)]));
    const [frame] = readCaptureBytes('test', file);
    const start = joined(sectionHeader(), interfaceDescription({ name: 'p0' }));
    const again = [...readCaptureBytes('test', joined(start, enhancedPacket({ interfaceId: 0, ...frame! })))];
    expect(again).toMatchObject([
      { timeNs: 7000n, bytes: octets(9), comment: '\u0001\u0002\u0003', direction: 'out', packetId: 8n },
    ]);
  });
});

describe('writes, octet for octet', () => {
  const { block, shb, u16, u32, u64 } = language('le');
  const option = (code: number, ...value: Uint8Array[]): Uint8Array => {
    const length = joined(...value).length;
    return joined(u16(code), u16(length), ...value, new Uint8Array(-length & 3));
  };
  const end = u32(0);

  it.each<[string, Uint8Array, Uint8Array]>([
    ['a section header without options', sectionHeader(), shb()],
    [
      'an enhanced packet block with its options in the order of the data path',
      enhancedPacket({
        interfaceId: 3,
        timeNs: 2n ** 32n,
        bytes: octets(5),
        originalLength: 60,
        direction: 'in',
        packetId: 7n,
        comment: '\u0001',
        dropCount: 2,
      }),
      block(
        6,
        ...[u32(3), u32(1), u32(0), u32(5), u32(60), octets(5), new Uint8Array(3)],
        ...[option(2, u32(1)), option(4, u64(2n)), option(5, u64(7n)), option(1, octets(1)), end],
      ),
    ],
    [
      'an enhanced packet block without options, whose list then needs no end',
      enhancedPacket({ interfaceId: 0, timeNs: 1n, bytes: octets(4) }),
      block(6, u32(0), u32(0), u32(1), u32(4), u32(4), octets(4)),
    ],
    [
      'an interface description',
      interfaceDescription({
        name: '\u0001\u0002',
        description: '\u0001',
        mac: octets(6),
        speedBps: 10_000_000_000,
        snapLength: 96,
        fcsLength: 4,
      }),
      block(
        1,
        ...[u16(1), u16(0), u32(96), option(2, octets(2)), option(3, octets(1)), option(6, octets(6))],
        ...[option(8, u64(10_000_000_000n)), option(9, Uint8Array.of(9)), option(13, Uint8Array.of(4)), end],
      ),
    ],
    [
      'interface statistics, times with their upper word first',
      interfaceStatistics({
        interfaceId: 1,
        timeNs: 2n ** 32n,
        startNs: 2n ** 33n,
        endNs: 5n,
        received: 10,
        dropped: 2n,
        accepted: 8,
        droppedByOs: 1,
        delivered: 7,
      }),
      block(
        5,
        ...[u32(1), u32(1), u32(0), option(2, u32(2), u32(0)), option(3, u32(0), u32(5)), option(4, u64(10n))],
        ...[option(5, u64(2n)), option(6, u64(8n)), option(7, u64(1n)), option(8, u64(7n)), end],
      ),
    ],
  ])('%s', (_, written, expected) => {
    expect(written).toEqual(expected);
  });
});
