import { closeSync, mkdtempSync, openSync, readdirSync, readlinkSync, rmSync, writeFileSync, writeSync } from 'node:fs';
import { tmpdir } from 'node:os';
import path from 'node:path';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { type CapturedFrame, type CaptureError, readCapture, readCaptureBytes } from '../../src/capture/read.ts';
import { enhancedPacket, interfaceDescription, sectionHeader } from '../../src/capture/write.ts';
import { ascii, type ByteOrder, joined, language, type OptionSpec, octets } from './blocks.ts';

function read(...parts: Uint8Array[]): CapturedFrame[] {
  return [...readCaptureBytes('test', joined(...parts))];
}

const ORDERS: ByteOrder[] = ['le', 'be'];

describe.each(ORDERS)('pcap (%s)', (order) => {
  const { pcapHeader, pcapRecord } = language(order);

  it.each([
    [0xa1b2c3d4, 'microseconds', 1_700_000_000_000_999_000n],
    [0xa1b23c4d, 'nanoseconds', 1_700_000_000_000_000_999n],
  ])('reads magic %x as %s', (magic, _, timeNs) => {
    const frames = read(
      pcapHeader(magic),
      pcapRecord(1_700_000_000, 999, octets(5), 1500),
      pcapRecord(1, 0, octets(0)),
    );
    const from = { id: 0, name: null, linkType: 1, snapLength: 65535, fcsLength: null, section: 0 };
    const unknown = { direction: null, packetId: null, comment: null, drop: null, interface: from };
    expect(frames).toEqual([
      { timeNs, bytes: octets(5), originalLength: 1500, offset: 24, ...unknown },
      { timeNs: 1_000_000_000n, bytes: octets(0), originalLength: 0, offset: 45, ...unknown },
    ]);
  });

  it('reads the modified records of old Linux tools, which say more than others', () => {
    const record = pcapRecord(1, 3, octets(5));
    const modified = joined(record.subarray(0, 16), octets(8), record.subarray(16));
    const frames = read(pcapHeader(0xa1b2cd34), modified, modified);
    expect(frames).toMatchObject([
      { timeNs: 1_000_003_000n, bytes: octets(5), offset: 24 },
      { timeNs: 1_000_003_000n, bytes: octets(5), offset: 53 },
    ]);
  });

  it('reads times up to 2106', () => {
    const [frame] = read(pcapHeader(0xa1b2c3d4), pcapRecord(0xffffffff, 999_999, octets(1)));
    expect(frame?.timeNs).toBe(4_294_967_295_999_999_000n);
  });

  it('takes the length of the frame check sequence from the bits beside the link type', () => {
    const [frame] = read(pcapHeader(0xa1b2c3d4, 0x24000001), pcapRecord(0, 0, octets(4)));
    expect(frame?.interface).toMatchObject({ linkType: 1, fcsLength: 4 });
  });

  it('reads a file without records as no frames', () => {
    expect(read(pcapHeader(0xa1b2c3d4))).toEqual([]);
  });
});

describe.each(ORDERS)('pcapng (%s)', (order) => {
  const { block, shb, idb, epb, pb, spb, u16, u32, u64 } = language(order);
  const name: OptionSpec = [2, ascii('uplink0')];

  it('reads an enhanced packet block with its options', () => {
    const options: OptionSpec[] = [
      [2, u32(2)],
      [3, octets(5)],
      [4, u64(7n)],
      [5, u64(2n ** 63n)],
      [1, ascii('one')],
      [2988, joined(u32(32473), ascii('custom'))],
      [1, ascii('two')],
      [0, octets(0)],
    ];
    expect(read(shb(), idb(1, 96, name), epb(0, 2n ** 32n + 5n, octets(5), ...options))).toEqual([
      {
        timeNs: (2n ** 32n + 5n) * 1000n,
        bytes: octets(5),
        originalLength: 5,
        interface: { id: 0, name: 'uplink0', linkType: 1, snapLength: 96, fcsLength: null, section: 0 },
        direction: 'out',
        packetId: 2n ** 63n,
        comment: 'one\ntwo',
        drop: null,
        offset: 28 + 32,
      },
    ]);
  });

  it('reads the obsolete packet block', () => {
    const frames = read(shb(), idb(), idb(1, 0, name), pb(1, 1n, octets(6), [2, u32(1)], [0, octets(0)]));
    expect(frames).toMatchObject([
      { timeNs: 1000n, bytes: octets(6), interface: { id: 1, name: 'uplink0' }, direction: 'in' },
    ]);
  });

  it.each([
    ['no snap length', 0, 6, 6],
    ['a snap length below the frame', 3, 9, 3],
    ['a snap length above the frame', 9, 6, 6],
  ])('reads a simple packet block with %s, without time', (_, snapLength, originalLength, captured) => {
    const frames = read(shb(), idb(1, snapLength), spb(originalLength, octets(captured)));
    expect(frames).toMatchObject([{ timeNs: 0n, bytes: octets(captured), originalLength }]);
  });

  it.each([
    [0, null],
    [1, 'in'],
    [2, 'out'],
    [3, null],
    [0xfffffffd, 'in'],
  ])('reads direction from epb_flags %i as %s', (flags, direction) => {
    expect(read(shb(), idb(), epb(0, 0n, octets(1), [2, u32(flags)]))).toMatchObject([{ direction }]);
  });

  it.each<[string, OptionSpec[], bigint, bigint]>([
    ['microseconds when not told', [], 1_700_000_000_000_001n, 1_700_000_000_000_001_000n],
    ['seconds', [[9, Uint8Array.of(0)]], 4_323_283_200n, 4_323_283_200_000_000_000n],
    ['nanoseconds past 2106', [[9, Uint8Array.of(9)]], 4_323_283_200_000_000_007n, 4_323_283_200_000_000_007n],
    ['the last nanosecond', [[9, Uint8Array.of(9)]], 2n ** 64n - 1n, 2n ** 64n - 1n],
    ['picoseconds, rounded down', [[9, Uint8Array.of(12)]], 1_999n, 1n],
    ['10^-127 seconds', [[9, Uint8Array.of(127)]], 2n ** 64n - 1n, 0n],
    ['1/1024 seconds', [[9, Uint8Array.of(0x80 | 10)]], 1024n * 3n + 1n, 3_000_976_562n],
    ['2^-127 seconds', [[9, Uint8Array.of(0xff)]], 2n ** 64n - 1n, 0n],
    ['an offset', [[14, u64(1_700_000_000n)]], 1n, 1_700_000_000_000_001_000n],
    ['a negative offset', [[14, u64(-1n)]], 1n, -999_999_000n],
  ])('reads time in %s', (_, options, ticks, timeNs) => {
    expect(read(shb(), idb(1, 0, ...options), epb(0, ticks, octets(1)))).toMatchObject([{ timeNs }]);
  });

  it.each<[string, Uint8Array, string]>([
    ['ends at a zero octet', joined(ascii('a'), Uint8Array.of(0), ascii('b')), 'a'],
    ['keeps a leading byte order mark', Uint8Array.of(0xef, 0xbb, 0xbf, 0x61), '\ufeffa'],
    ['has U+FFFD for what is not UTF-8', Uint8Array.of(0x61, 0xff), 'a\ufffd'],
    ['may be empty', octets(0), ''],
  ])('reads text that %s', (_, value, text) => {
    expect(read(shb(), idb(1, 0, [2, value]), epb(0, 0n, octets(1), [1, value]))).toMatchObject([
      { comment: text, interface: { name: text } },
    ]);
  });

  it('ignores what follows opt_endofopt', () => {
    const frames = read(shb(), idb(), epb(0, 0n, octets(1), [0, octets(0)], [0x0101, octets(0)], [1, ascii('after')]));
    expect(frames).toMatchObject([{ comment: null }]);
  });

  it('steps over every block that holds no frame', () => {
    const others = [
      block(4, u16(0), u16(0)),
      block(5, u32(0), u64(0n)),
      block(10, u32(0x544c534b), u32(3), octets(3)),
      block(0xbad, u32(32473), octets(7)),
      block(0x40000bad, u32(32473)),
      block(0x80000001),
    ];
    const frames = read(shb(), ...others, idb(), ...others, epb(0, 5n, octets(4)), ...others);
    expect(frames).toMatchObject([{ timeNs: 5000n }]);
  });

  it('reads a file without packet blocks as no frames', () => {
    expect(read(shb())).toEqual([]);
    expect(read(shb(), idb())).toEqual([]);
  });

  it('takes minor version 2 for version 1.0', () => {
    expect(read(shb(1, 2), idb(), epb(0, 0n, octets(1)))).toHaveLength(1);
  });

  it('gives frames of one interface one interface object', () => {
    const [first, second] = read(shb(), idb(), epb(0, 0n, octets(1)), epb(0, 1n, octets(1)));
    expect(first?.interface).toBe(second?.interface);
  });

  it('reads frames of the link types asked for', () => {
    const bytes = joined(shb(), idb(1), idb(113), epb(1, 0n, octets(1)), epb(0, 0n, octets(2)));
    const frames = [...readCaptureBytes('test', bytes, { linkTypes: [1, 113] })];
    expect(frames).toMatchObject([{ interface: { linkType: 113 } }, { interface: { linkType: 1 } }]);
  });
});

it('numbers interfaces anew in every section, whatever its byte order', () => {
  const le = language('le');
  const be = language('be');
  const frames = read(
    ...[le.shb(), le.idb(1, 0, [2, ascii('a')]), le.epb(0, 1n, octets(1))],
    ...[be.shb(), be.idb(1, 0, [2, ascii('b')]), be.epb(0, 2n, octets(2))],
    ...[le.shb(), le.idb(1, 0, [2, ascii('c')]), le.epb(0, 3n, octets(3))],
  );
  expect(
    frames.map((frame) => [frame.timeNs, frame.interface.section, frame.interface.id, frame.interface.name]),
  ).toEqual([
    [1000n, 0, 0, 'a'],
    [2000n, 1, 0, 'b'],
    [3000n, 2, 0, 'c'],
  ]);
});

describe('keepGoing', () => {
  const { block, shb, idb, epb, spb, u32 } = language('le');
  const { pcapHeader, pcapRecord } = language('be');
  const good = epb(0, 0n, octets(4));
  /** Interface 0, time 0, no octets. */
  const epbFields = new Uint8Array(20);

  it.each<[string, Uint8Array[], number, number]>([
    ['behind a frame of an unknown interface', [shb(), idb(), epb(7, 0n, octets(1)), good], 1, 1],
    ['behind a frame longer than its block', [shb(), idb(), spb(99, octets(4)), good], 1, 1],
    ['behind an option longer than its block', [shb(), idb(), block(6, epbFields, u32(0xffff0001)), good], 1, 1],
    [
      'behind frames of another link type, saying so once',
      [shb(), idb(), idb(101), epb(1, 0n, octets(1)), epb(1, 0n, octets(1)), good],
      1,
      1,
    ],
    [
      'behind a damaged description, which keeps its number',
      [shb(), idb(), block(1), idb(), good, epb(1, 0n, octets(1)), epb(2, 0n, octets(1))],
      2,
      2,
    ],
    [
      'in the next section behind one of another version',
      [shb(), idb(), good, shb(2), idb(), good, shb(), idb(), good],
      2,
      1,
    ],
    [
      'nowhere behind a block whose lengths differ',
      [shb(), idb(), good, joined(u32(6), u32(32), octets(24), u32(36)), good],
      1,
      1,
    ],
    ['nowhere behind a cut block', [shb(), idb(), good, good.subarray(0, 20)], 1, 1],
    ['nowhere behind a cut pcap record', [pcapHeader(0xa1b2c3d4), pcapRecord(0, 0, octets(4)), octets(15)], 1, 1],
    ['nowhere without a capture', [ascii('hello')], 0, 1],
  ])('reads on %s', (_, parts, frameCount, problemCount) => {
    const problems: CaptureError[] = [];
    const onProblem = (problem: CaptureError): void => void problems.push(problem);
    const frames = [...readCaptureBytes('test', joined(...parts), { keepGoing: true, onProblem })];
    expect([frames.length, problems.length]).toEqual([frameCount, problemCount]);
  });

  it('does not need anyone to listen', () => {
    const bytes = joined(shb(), idb(), epb(7, 0n, octets(1)), good);
    expect([...readCaptureBytes('test', bytes, { keepGoing: true })]).toHaveLength(1);
  });
});

describe('files', () => {
  let directory = '';
  beforeAll(() => {
    directory = mkdtempSync(path.join(tmpdir(), 'capture-'));
  });
  afterAll(() => rmSync(directory, { recursive: true }));

  it('gives frames that stay as they were while reading goes on', () => {
    const file = path.join(directory, 'frames.pcapng');
    // Frames up to 3 MiB: many in one window, across windows, and larger than a window.
    const sizes = [60, 1514, 700_000, 3_000_000, 9000, 0, 1_048_576, 64];
    const bytes = Array.from({ length: 40 }, (_, index) => Buffer.alloc(sizes[index % sizes.length]!, index + 1));
    const packets = bytes.map((frame) => enhancedPacket({ interfaceId: 0, timeNs: 1n, bytes: frame }));
    writeFileSync(file, Buffer.concat([sectionHeader(), interfaceDescription({ name: 'p0' }), ...packets]));
    const frames = [...readCapture(file)];
    expect(frames).toHaveLength(40);
    // Buffer.equals, for a matcher would print megabytes on failure and walk them slowly.
    expect(frames.every((frame, index) => bytes[index]!.equals(frame.bytes))).toBe(true);
  });

  it('finds frames behind 2 GiB, at their offset', () => {
    const file = path.join(directory, 'large.pcapng');
    const mebibyte = 2 ** 20;
    const { shb, idb, epb, u32 } = language('le');
    const head = joined(shb(), idb());
    const end = head.length + 2100 * mebibyte;
    const fd = openSync(file, 'w');
    writeSync(fd, head);
    // Blocks of an unknown type with a hole for a body: 2100 MiB that take almost no room on disk.
    for (let offset = head.length; offset < end; offset += mebibyte) {
      writeSync(fd, joined(u32(0xbad), u32(mebibyte)), 0, 8, offset);
      writeSync(fd, u32(mebibyte), 0, 4, offset + mebibyte - 4);
    }
    writeSync(fd, epb(0, 7n, octets(60)), 0, 92, end);
    closeSync(fd);
    const before = process.memoryUsage().rss;
    expect([...readCapture(file)]).toMatchObject([{ timeNs: 7000n, bytes: octets(60), offset: end }]);
    expect(process.memoryUsage().rss - before).toBeLessThan(256 * mebibyte);
  }, 60_000);

  it.skipIf(process.platform !== 'linux')(
    'closes the file at the end, at an error and at return (seen in /proc)',
    () => {
      const { shb, idb, epb } = language('le');
      const file = path.join(directory, 'closed.pcapng');
      const isOpen = (): boolean =>
        readdirSync('/proc/self/fd').some((fd) => {
          try {
            return readlinkSync(`/proc/self/fd/${fd}`) === file;
          } catch {
            return false; // closed since it was listed
          }
        });
      writeFileSync(file, joined(shb(), idb(), epb(0, 0n, octets(1)), epb(0, 1n, octets(1)), epb(9, 0n, octets(1))));

      const frames = readCapture(file);
      expect(isOpen()).toBe(false);
      frames.next();
      expect(isOpen()).toBe(true);
      frames.return();
      expect(isOpen()).toBe(false);
      expect(() => [...readCapture(file)]).toThrow('interface 9');
      expect(isOpen()).toBe(false);
      expect([...readCapture(file, { keepGoing: true })]).toHaveLength(2);
      expect(isOpen()).toBe(false);
    },
  );
});
