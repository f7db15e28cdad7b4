import { chmodSync, mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import path from 'node:path';
import { afterAll, describe, expect, it } from 'vitest';
import { CaptureError, readCapture, readCaptureBytes } from '../../src/capture/read.ts';
import {
  enhancedPacket,
  interfaceDescription,
  interfaceStatistics,
  pcapHeader,
  pcapRecord,
  sectionHeader,
} from '../../src/capture/write.ts';
import { ascii, joined, language, octets } from './blocks.ts';

const le = language('le');
const be = language('be');
const { block, shb, idb, epb, spb, u16, u32 } = le;
const start = joined(shb(), idb()); // 48 octets
const MAGIC = 0xa1b2c3d4;

function refusal(read: () => unknown): CaptureError {
  try {
    read();
  } catch (error) {
    expect(error).toBeInstanceOf(CaptureError);
    return error as CaptureError;
  }
  throw new Error('nothing was refused');
}

/** What is refused, and the line that says so, without the file's name. */
const REFUSALS: readonly (readonly [bytes: Uint8Array, line: string])[] = [
  // neither format
  [octets(0), 'offset 0: the file is empty; check that the capture was written and copied as a whole'],
  [
    octets(3),
    'offset 0: the file has 3 octets, too few for a capture; check that the capture was written and copied as a whole',
  ],
  [
    ascii('hello'),
    'offset 0: the file starts with 0x68656c6c, which is neither pcap nor pcapng; give a pcap or pcapng file',
  ],
  [Uint8Array.of(0x1f, 0x8b, 8, 0), 'offset 0: this is gzip data; unpack it with gunzip'],
  [be.u32(0x28b52ffd), 'offset 0: this is Zstandard data; unpack it with unzstd'],
  [be.u32(0x04224d18), 'offset 0: this is LZ4 data; unpack it with unlz4'],
  [ascii('snoop\0\0\0'), 'offset 0: this is a snoop capture; convert it with `editcap -F pcap OLD NEW`'],

  // pcap
  [
    le.pcapHeader(MAGIC).subarray(0, 23),
    'offset 0: the header has 23 octets instead of 24; the file was cut short: copy it again',
  ],
  [be.pcapHeader(MAGIC, 1, [2, 3]), 'offset 4: pcap version 2.3 is not 2.4; convert it with `editcap -F pcap OLD NEW`'],
  [
    le.pcapHeader(MAGIC, 101),
    'offset 20: link type 101 (RAW IP) is not Ethernet; give a capture of an accepted link type',
  ],
  [
    le.pcapHeader(MAGIC, 150),
    'offset 20: link type 150 (private use 3) is not Ethernet; give a capture of an accepted link type',
  ],
  [
    be.pcapHeader(MAGIC, 65535),
    'offset 20: link type 65535 (unknown) is not Ethernet; give a capture of an accepted link type',
  ],
  [
    be.pcapHeader(MAGIC, 0x00010001),
    'offset 20: reserved bits are set beside the link type (0x10001); the header is damaged: copy the file again',
  ],
  [
    joined(le.pcapHeader(MAGIC), octets(15)),
    "offset 24: the file ends 15 octets into a record's header of 16; the file is cut short or damaged here: copy it again",
  ],
  [
    joined(le.pcapHeader(MAGIC), le.pcapRecord(0, 0, octets(9)).subarray(0, 24)),
    'offset 24: the file ends 8 octets into a frame of 9; the file is cut short or damaged here: copy it again',
  ],
  [
    joined(le.pcapHeader(MAGIC), u32(0), u32(0), u32(0x10000001), u32(60)),
    'offset 24: a record claims 268435457 octets, more than the 268435456 a record may have; the file is cut short or damaged here: copy it again',
  ],

  // pcapng: lengths
  [
    joined(start, octets(11)),
    'offset 48: the file ends 11 octets into a block; the file is cut short or damaged here: copy it again',
  ],
  [
    joined(start, epb(0, 0n, octets(4)).subarray(0, 35)),
    'offset 48: the file ends 35 octets into a block of 36; the file is cut short or damaged here: copy it again',
  ],
  [
    joined(start, u32(6), u32(8), u32(8)),
    'offset 48: a block claims 8 octets, which is not a multiple of 4 from 12 to 268435456; the file is cut short or damaged here: copy it again',
  ],
  [
    joined(start, u32(6), u32(33), octets(25), u32(33)),
    'offset 48: a block claims 33 octets, which is not a multiple of 4 from 12 to 268435456; the file is cut short or damaged here: copy it again',
  ],
  [
    joined(start, u32(6), u32(0x10000004), octets(4)),
    'offset 48: a block claims 268435460 octets, which is not a multiple of 4 from 12 to 268435456; the file is cut short or damaged here: copy it again',
  ],
  [
    joined(start, u32(6), u32(16), octets(4), u32(20)),
    'offset 48: a block claims 16 octets in front and 20 behind; the file is cut short or damaged here: copy it again',
  ],

  // pcapng: sections and interfaces
  [
    joined(be.u32(0x0a0d0d0a), u32(28), u32(0x1a2b3c4e), octets(12), u32(28)),
    'offset 0: a section header has the byte-order magic 0x4e3c2b1a; the file is cut short or damaged here: copy it again',
  ],
  [
    block(0x0a0d0d0a, u32(0x1a2b3c4d), u16(1), u16(0)),
    'offset 0: a block of type 168627466 has 20 octets, too few for its fields; the file is damaged here: copy it again',
  ],
  [be.shb(2), 'offset 0: the section has pcapng version 2, not 1; convert it with `editcap -F pcapng OLD NEW`'],
  [
    joined(shb(), block(1, u32(1))),
    'offset 28: an interface description of 16 octets lacks its fields; the file is damaged here: copy it again',
  ],
  [
    joined(shb(), idb(1, 0, [9, octets(2)])),
    'offset 44: option 9 has 2 octets, not 1; the file is damaged here: copy it again',
  ],
  [
    joined(shb(), idb(1, 0, [14, octets(4)])),
    'offset 44: option 14 has 4 octets, not 8; the file is damaged here: copy it again',
  ],

  // pcapng: frames
  [
    joined(shb(), epb(0, 0n, octets(4))),
    'offset 28: a frame names interface 0, but 0 are described before it; the file is damaged here: copy it again',
  ],
  [
    joined(shb(), spb(4, octets(4))),
    'offset 28: a frame names interface 0, but 0 are described before it; the file is damaged here: copy it again',
  ],
  [
    joined(start, epb(0xffffffff, 0n, octets(4))),
    'offset 48: a frame names interface 4294967295, but 1 are described before it; the file is damaged here: copy it again',
  ],
  [
    joined(shb(), idb(276), epb(0, 0n, octets(4))),
    'offset 48: interface 0: link type 276 (Linux cooked v2) is not Ethernet; give a file without its frames, or keep going without them',
  ],
  [
    joined(start, block(6, new Uint8Array(16))),
    'offset 48: a block of type 6 has 28 octets, too few for its fields; the file is damaged here: copy it again',
  ],
  [
    joined(start, block(2, new Uint8Array(16))),
    'offset 48: a block of type 2 has 28 octets, too few for its fields; the file is damaged here: copy it again',
  ],
  [
    joined(start, block(3)),
    'offset 48: a block of type 3 has 12 octets, too few for its fields; the file is damaged here: copy it again',
  ],
  [
    joined(start, block(6, new Uint8Array(12), u32(5), u32(5), octets(4))),
    'offset 48: a block claims 5 octets of frame, but has room for 4; the file is damaged here: copy it again',
  ],
  [
    joined(start, block(6, new Uint8Array(12), u32(0xffffffff), u32(5), octets(4))),
    'offset 48: a block claims 4294967295 octets of frame, but has room for 4; the file is damaged here: copy it again',
  ],
  [
    joined(start, spb(5, octets(4))),
    'offset 48: a block claims 5 octets of frame, but has room for 4; the file is damaged here: copy it again',
  ],
  [
    joined(start, block(6, new Uint8Array(20), u16(1), u16(5), octets(4))),
    'offset 76: option 1 of 5 octets runs past the end of its block; the file is damaged here: copy it again',
  ],
  [
    joined(start, epb(0, 0n, octets(4), [5, octets(7)])),
    'offset 80: option 5 has 7 octets, not 8; the file is damaged here: copy it again',
  ],
  [
    joined(start, epb(0, 0n, octets(4), [2, octets(8)])),
    'offset 80: option 2 has 8 octets, not 4; the file is damaged here: copy it again',
  ],
];

describe('refuses, with the place and what to do', () => {
  it.each(REFUSALS.map(([bytes, line]) => [line, bytes] as const))('%s', (line, bytes) => {
    const error = refusal(() => [...readCaptureBytes('x.pcap', bytes)]);
    expect(error.message).toBe(`x.pcap: ${line}`);
    expect(error).toMatchObject({
      name: 'CaptureError',
      file: 'x.pcap',
      offset: Number(/offset (\d+)/.exec(line)?.[1]),
    });
  });

  it('names the link types that were asked for', () => {
    const options = { linkTypes: [1, 113] };
    const { message } = refusal(() => [...readCaptureBytes('x', le.pcapHeader(MAGIC, 0), options)]);
    expect(message).toContain('link type 0 (BSD loopback) is not Ethernet or Linux cooked v1;');
  });

  it('in one line without control characters, whatever the file is called', () => {
    const { message } = refusal(() => [...readCaptureBytes('a\nb\u001b[31m', octets(0))]);
    expect(message).toMatch(/^a\ufffdb\ufffd\[31m: offset 0: /);
  });
});

describe('refuses files that cannot be read', () => {
  const directory = mkdtempSync(path.join(tmpdir(), 'capture-'));
  afterAll(() => rmSync(directory, { recursive: true }));
  const absent = path.join(directory, 'absent.pcap');
  const secret = path.join(directory, 'secret.pcap');
  writeFileSync(secret, start);
  chmodSync(secret, 0);
  const empty = path.join(directory, 'empty.pcap');
  writeFileSync(empty, '');

  it.each([
    [absent, 'there is no such file; check the path'],
    [path.join(empty, 'x.pcap'), 'a part of the path is not a directory; check the path'],
    [directory, 'this is a directory; name one capture file in it'],
    [empty, 'the file is empty; check that the capture was written and copied as a whole'],
  ])('%s: %s', (file, what) => {
    expect(refusal(() => [...readCapture(file)])).toMatchObject({ message: `${file}: offset 0: ${what}`, offset: 0 });
  });

  it('a file without permission', () => {
    const what = 'the file may not be read; check its permissions';
    // Root may read everything, so it is nobody for the time of the attempt.
    const isRoot = process.geteuid?.() === 0;
    if (isRoot) process.seteuid?.(65_534);
    try {
      expect(refusal(() => [...readCapture(secret)]).message).toBe(`${secret}: offset 0: ${what}`);
    } finally {
      if (isRoot) process.seteuid?.(0);
    }
  });

  it('gives the problem of a file that does not open to onProblem under keepGoing', () => {
    const problems: string[] = [];
    const options = { keepGoing: true, onProblem: (problem: CaptureError) => void problems.push(problem.message) };
    expect([...readCapture(absent, options)]).toEqual([]);
    expect(problems).toEqual([`${absent}: offset 0: there is no such file; check the path`]);
  });
});

describe('refuses to write', () => {
  const text = 'é'.repeat(32768);
  it.each<[string, () => unknown]>([
    ['comment has 65536 octets of UTF-8, an option holds 65535', () => sectionHeader({ comment: text })],
    ['name has 65536 octets of UTF-8, an option holds 65535', () => interfaceDescription({ name: text })],
    ['mac has 5 octets, not 6', () => interfaceDescription({ name: 'p', mac: octets(5) })],
    [
      'snapLength is -1, not an integer from 0 to 4294967295',
      () => interfaceDescription({ name: 'p', snapLength: -1 }),
    ],
    ['fcsLength is 256, not an integer from 0 to 255', () => interfaceDescription({ name: 'p', fcsLength: 256 })],
    [
      'speedBps is 0.5, not an integer from 0 to 18446744073709551615',
      () => interfaceDescription({ name: 'p', speedBps: 0.5 }),
    ],
    [
      'received is 9007199254740992, not an integer from 0 to 18446744073709551615',
      () => interfaceStatistics({ interfaceId: 0, timeNs: 0n, received: 2 ** 53 }),
    ],
    [
      'timeNs is 18446744073709551616, not an integer from 0 to 18446744073709551615',
      () => enhancedPacket({ interfaceId: 0, timeNs: 2n ** 64n, bytes: octets(1) }),
    ],
    [
      'interfaceId is 1.5, not an integer from 0 to 4294967295',
      () => enhancedPacket({ interfaceId: 1.5, timeNs: 0n, bytes: octets(1) }),
    ],
    ['snapLength is 0, but pcap has no such "no limit": give 262144', () => pcapHeader(0)],
    ['timeNs is -1, before 1970', () => pcapRecord(-1n, octets(1))],
    [
      'timeNs in seconds is 4294967296, not an integer from 0 to 4294967295',
      () => pcapRecord(4_294_967_296_000_000_000n, octets(1)),
    ],
    ['originalLength is 4294967296, not an integer from 0 to 4294967295', () => pcapRecord(0n, octets(1), 2 ** 32)],
  ])('%s', (message, write) => {
    expect(write).toThrow(new RangeError(message));
  });
});
