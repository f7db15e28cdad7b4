import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import path from 'node:path';
import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { type CapturedFrame, CaptureError, readCapture, readCaptureBytes } from '../../src/capture/read.ts';
import { ascii, type ByteOrder, joined, language, octets } from './blocks.ts';

type Kind = readonly [name: string, parts: readonly Uint8Array[]];

function pcap(order: ByteOrder, magic: number): Uint8Array[] {
  const { pcapHeader, pcapRecord } = language(order);
  return [
    pcapHeader(magic),
    pcapRecord(1, 2, octets(60)),
    pcapRecord(1, 3, octets(7), 90),
    pcapRecord(1, 3, octets(0)),
  ];
}

function section(order: ByteOrder): Uint8Array[] {
  const { shb, idb, epb, pb, spb, block, u32, u64 } = language(order);
  return [
    shb(),
    idb(1, 64, [2, ascii('uplink0')], [9, Uint8Array.of(9)], [14, u64(5n)], [0, octets(0)]),
    epb(0, 5n, octets(61), [2, u32(1)], [5, u64(9n)], [1, ascii('first')], [0, octets(0)]),
    block(5, u32(0), u64(0n)),
    pb(0, 6n, octets(14), [1, ascii('old')]),
    spb(80, octets(64)),
  ];
}

/** A small file of each kind, in its blocks or records. */
const KINDS: readonly Kind[] = [
  ['pcap in microseconds, little endian', pcap('le', 0xa1b2c3d4)],
  ['pcap in microseconds, big endian', pcap('be', 0xa1b2c3d4)],
  ['pcap in nanoseconds, little endian', pcap('le', 0xa1b23c4d)],
  ['pcap in nanoseconds, big endian', pcap('be', 0xa1b23c4d)],
  ['pcapng, little endian', section('le')],
  ['pcapng, big endian', section('be')],
  ['pcapng, sections of both byte orders', [...section('be'), ...section('le')]],
];

interface Outcome {
  readonly frames: CapturedFrame[];
  readonly problem: CaptureError | null;
}

/** Reads until the end or a CaptureError; anything else thrown fails the test. */
function outcome(bytes: Uint8Array): Outcome {
  const frames: CapturedFrame[] = [];
  try {
    for (const frame of readCaptureBytes('test', bytes)) frames.push(frame);
  } catch (problem) {
    if (!(problem instanceof CaptureError)) throw problem;
    return { frames, problem };
  }
  return { frames, problem: null };
}

describe.each(KINDS)('%s', (_, parts) => {
  const whole = joined(...parts);
  const all = outcome(whole).frames;
  const ends = parts.map((__, index) => joined(...parts.slice(0, index + 1)).length);

  it('cut at any octet gives the frames before the cut, then a CaptureError unless it is cut between blocks', () => {
    expect(outcome(whole).problem).toBeNull();
    for (let length = 0; length < whole.length; length++) {
      const { frames, problem } = outcome(whole.subarray(0, length));
      const place = ends.findLast((end) => end <= length) ?? 0;
      expect(frames, `cut at ${length}`).toEqual(all.filter((frame) => frame.offset < place));
      if (ends.includes(length)) expect(problem, `cut at ${length}`).toBeNull();
      else expect(problem?.offset, `cut at ${length}`).toBe(place);
    }
  });

  it('with octets changed throws nothing but a CaptureError and ends, keeping going or not', () => {
    const change = fc.tuple(fc.nat(whole.length - 1), fc.oneof(fc.constantFrom(0, 1, 0x7f, 0x80, 0xff), fc.nat(255)));
    fc.assert(
      fc.property(fc.array(change, { minLength: 1, maxLength: 8 }), (changes) => {
        const damaged = whole.slice();
        for (const [index, octet] of changes) damaged[index] = octet;
        const { frames, problem } = outcome(damaged);
        const kept = [...readCaptureBytes('test', damaged, { keepGoing: true })];
        expect(kept.slice(0, frames.length)).toEqual(frames);
        // No more frames than the smallest records, of 16 octets, can be; no octets but the file's.
        expect(kept.length).toBeLessThanOrEqual(damaged.length / 16);
        expect(kept.every((frame) => frame.bytes.buffer === damaged.buffer)).toBe(true);
        expect(problem?.message.includes('\n') ?? false).toBe(false);
      }),
      { numRuns: 2000 },
    );
  });
});

it('makes no room for octets a file claims but does not have', () => {
  const directory = mkdtempSync(path.join(tmpdir(), 'capture-'));
  const { shb, u32, pcapHeader } = language('le');
  const claims = [
    joined(shb(), u32(6), u32(256 * 2 ** 20), octets(100)),
    joined(pcapHeader(0xa1b2c3d4), u32(0), u32(0), u32(256 * 2 ** 20), u32(60), octets(100)),
  ];
  for (const [index, bytes] of claims.entries()) {
    const file = path.join(directory, `${index}.pcap`);
    writeFileSync(file, bytes);
    const before = process.memoryUsage().arrayBuffers;
    expect(() => [...readCapture(file)]).toThrow(CaptureError);
    expect(process.memoryUsage().arrayBuffers - before).toBeLessThan(16 * 2 ** 20);
  }
  rmSync(directory, { recursive: true });
});
