/**
 * Reading captures: the door to pcap.ts and pcapng.ts.
 *
 *     read.ts   what the file is, and what happens at a problem
 *     pcap.ts   pcapng.ts -> section.ts, options.ts, clock.ts, drop.ts      the formats
 *     source.ts                                                             the file as a moving window
 *     unpack.ts -> unpacker.ts, unzstd.ts                                   gzip and Zstandard, in a thread
 *
 * Measured on one core of a two-core cloud machine, Node 20.20, a million frames of 100 octets: pcap 3 to 6, pcapng with
 * flags and packet ids 1.5 to 3.7 million frames a second; `tshark -r` reads 0.17. Windows from 64 KiB to 4 MiB are alike.
 */

import { BLOCK } from './block.ts';
import { CaptureError } from './error.ts';
import type { CapturedFrame, FrameCursor, OnBlock } from './frame.ts';
import { LINKTYPE_ETHERNET, type LinkTypes } from './linktype.ts';
import { isPcap, PcapCursor } from './pcap.ts';
import { PcapngCursor } from './pcapng.ts';
import { openSource, Source } from './source.ts';
import { type Packing, unpacked } from './unpack.ts';

export { CaptureError } from './error.ts';
export type { CapturedDrop, CapturedFrame, CapturedInterface } from './frame.ts';

export interface ReadOptions {
  /**
   * Do not throw a CaptureError but give it to `onProblem`; then go on with the next frame that can be found: behind a
   * bad block of pcapng, nowhere in pcap. Default false.
   */
  readonly keepGoing?: boolean;
  readonly onProblem?: (problem: CaptureError) => void;
  /** Link types whose frames are wanted; frames of any other are a CaptureError. Default: Ethernet alone. */
  readonly linkTypes?: LinkTypes;
}

/**
 * Reads the frames of a pcap or pcapng file in file order, told apart by their content. It may be compressed by gzip or
 * Zstandard (offsets are then those of what is unpacked), be a FIFO, or the standard input as `-`.
 *
 * Memory stays flat: the file is read 1 MiB at a time, a larger block as a whole (256 MiB at most). The frames' bytes are
 * views of these pieces, so a frame kept keeps its piece: copy the bytes to hold few frames of a large file for long.
 * The file is open from the first `next` until the end, an error or `return`.
 *
 * @throws CaptureError from `next`, after all frames before the place at fault.
 */
export function readCapture(file: string, options: ReadOptions = {}): Generator<CapturedFrame, void, undefined> {
  return frames(() => openSource(file), options);
}

/**
 * Reads the frames of a capture held in memory; the frames' bytes are views of `bytes`.
 * @param name stands for the file in errors.
 * @throws CaptureError as `readCapture` does.
 */
export function readCaptureBytes(
  name: string,
  bytes: Uint8Array,
  options: ReadOptions = {},
): Generator<CapturedFrame, void, undefined> {
  return frames(() => new Source(name, bytes, null), options);
}

function* frames(open: () => Source, options: ReadOptions): Generator<CapturedFrame, void, undefined> {
  const { keepGoing = false, onProblem, linkTypes = [LINKTYPE_ETHERNET] } = options;
  let capture: Capture | null = null;
  try {
    for (;;) {
      let frame: CapturedFrame;
      try {
        capture ??= openCapture(open(), linkTypes);
        const { cursor } = capture;
        if (!cursor.step()) return;
        frame = cursor.frame();
      } catch (problem) {
        if (!keepGoing || !(problem instanceof CaptureError)) throw problem;
        onProblem?.(problem);
        if (capture === null) return;
        continue;
      }
      yield frame;
    }
  } finally {
    capture?.close();
  }
}

export interface Capture {
  readonly format: 'pcap' | 'pcapng';
  readonly packing: Packing | null;
  readonly cursor: FrameCursor;
  close(): void;
}

/**
 * The frames of what a source starts with, for readers that want no object for each. Closes the source when that fails.
 * @throws CaptureError when it is no capture, or of a link type that is not accepted.
 */
export function openCapture(source: Source, linkTypes: LinkTypes, onBlock: OnBlock | null = null): Capture {
  let from = source;
  try {
    const packing = packingOf(source);
    if (packing !== null) from = source.through((head, supply) => unpacked(packing, head, supply));
    const format = formatOf(from);
    const cursor = format === 'pcapng' ? new PcapngCursor(from, linkTypes, onBlock) : new PcapCursor(from, linkTypes);
    return { format, packing, cursor, close: () => from.close() };
  } catch (problem) {
    from.close();
    throw problem;
  }
}

const MAGIC_BYTES = 4;
/** As a big-endian reader sees them. */
const GZIP_MAGIC = 0x1f8b;
const ZSTD_MAGIC = 0x28b52ffd;

/** Other formats people hand over, by their first four octets under a mask. */
const OTHER_FORMATS: readonly (readonly [magic: number, mask: number, name: string, remedy: string])[] = [
  [0x1f8b0000, 0xffff0000, 'gzip data', 'unpack it with gunzip'],
  [0x28b52ffd, 0xffffffff, 'Zstandard data', 'unpack it with unzstd'],
  [0x04224d18, 0xffffffff, 'LZ4 data', 'unpack it with unlz4'],
  [0x736e6f6f, 0xffffffff, 'a snoop capture', 'convert it with `editcap -F pcap OLD NEW`'],
];

/** What it is compressed by, unless it is in memory: who has it there unpacks it there. */
function packingOf(source: Source): Packing | null {
  if (source.isInMemory || !source.ensure(MAGIC_BYTES)) return null;
  const magic = source.view.getUint32(source.position);
  if (magic >>> 16 === GZIP_MAGIC) return 'gzip';
  return magic === ZSTD_MAGIC ? 'zstd' : null;
}

function formatOf(source: Source): Capture['format'] {
  if (!source.ensure(MAGIC_BYTES)) {
    const what = source.held === 0 ? 'the file is empty' : `the file has ${source.held} octets, too few for a capture`;
    throw source.error(0, what, 'check that the capture was written and copied as a whole');
  }
  const magic = source.view.getUint32(source.position);
  if (magic === BLOCK.sectionHeader) return 'pcapng';
  if (isPcap(magic)) return 'pcap';
  const other = OTHER_FORMATS.find(([known, mask]) => (magic & mask) >>> 0 === known);
  if (other !== undefined) throw source.error(0, `this is ${other[2]}`, other[3]);
  const what = `the file starts with 0x${magic.toString(16).padStart(8, '0')}, which is neither pcap nor pcapng`;
  throw source.error(0, what, 'give a pcap or pcapng file');
}
