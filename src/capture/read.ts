/**
 * Reading captures: the door to pcap.ts and pcapng.ts.
 *
 *     read.ts   what the file is, and what happens at a problem
 *     pcap.ts   pcapng.ts -> section.ts, options.ts, clock.ts        the formats
 *     source.ts                                                      the file as a moving window
 *
 * Measured on one core of a two-core cloud machine, Node 20.20, a million frames of 100 octets: pcap 3 to 6, pcapng with
 * flags and packet ids 1.5 to 3.7 million frames a second; `tshark -r` reads 0.17. Windows from 64 KiB to 4 MiB are alike.
 */

import { BLOCK } from './block.ts';
import { CaptureError } from './error.ts';
import type { CapturedFrame, FrameReader } from './frame.ts';
import { LINKTYPE_ETHERNET } from './linktype.ts';
import { isPcap, PcapReader } from './pcap.ts';
import { PcapngReader } from './pcapng.ts';
import { openSource, Source } from './source.ts';

export { CaptureError } from './error.ts';
export type { CapturedFrame, CapturedInterface } from './frame.ts';

export interface ReadOptions {
  /**
   * Do not throw a CaptureError but give it to `onProblem`; then go on with the next frame that can be found: behind a
   * bad block of pcapng, nowhere in pcap. Default false.
   */
  readonly keepGoing?: boolean;
  readonly onProblem?: (problem: CaptureError) => void;
  /** Link types whose frames are wanted; frames of any other are a CaptureError. Default: Ethernet alone. */
  readonly linkTypes?: readonly number[];
}

/**
 * Reads the frames of a pcap or pcapng file in file order, told apart by their content.
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
  let source: Source | null = null;
  let reader: FrameReader | null = null;
  try {
    for (;;) {
      let frame: CapturedFrame | null;
      try {
        source ??= open();
        reader ??= readerOf(source, linkTypes);
        frame = reader.next();
      } catch (problem) {
        if (!keepGoing || !(problem instanceof CaptureError)) throw problem;
        onProblem?.(problem);
        if (reader === null) return;
        continue;
      }
      if (frame === null) return;
      yield frame;
    }
  } finally {
    source?.close();
  }
}

const MAGIC_BYTES = 4;

/** Other formats people hand over, by their first four octets under a mask. */
const OTHER_FORMATS: readonly (readonly [magic: number, mask: number, name: string, remedy: string])[] = [
  [0x1f8b0000, 0xffff0000, 'gzip data', 'unpack it with gunzip'],
  [0x28b52ffd, 0xffffffff, 'Zstandard data', 'unpack it with unzstd'],
  [0x04224d18, 0xffffffff, 'LZ4 data', 'unpack it with unlz4'],
  [0xa1b2cd34, 0xffffffff, 'a modified pcap of old Linux tools', 'convert it with `editcap -F pcap OLD NEW`'],
  [0x34cdb2a1, 0xffffffff, 'a modified pcap of old Linux tools', 'convert it with `editcap -F pcap OLD NEW`'],
  [0x736e6f6f, 0xffffffff, 'a snoop capture', 'convert it with `editcap -F pcap OLD NEW`'],
];

/** The reader for what the file starts with. */
function readerOf(source: Source, linkTypes: readonly number[]): FrameReader {
  if (!source.ensure(MAGIC_BYTES)) {
    const what = source.held === 0 ? 'the file is empty' : `the file has ${source.held} octets, too few for a capture`;
    throw source.error(0, what, 'check that the capture was written and copied as a whole');
  }
  const magic = source.view.getUint32(source.position);
  if (magic === BLOCK.sectionHeader) return new PcapngReader(source, linkTypes);
  if (isPcap(magic)) return new PcapReader(source, linkTypes);
  const other = OTHER_FORMATS.find(([known, mask]) => (magic & mask) >>> 0 === known);
  if (other !== undefined) throw source.error(0, `this is ${other[2]}`, other[3]);
  const what = `the file starts with 0x${magic.toString(16).padStart(8, '0')}, which is neither pcap nor pcapng`;
  throw source.error(0, what, 'give a pcap or pcapng file');
}
