import type { Clock } from './clock.ts';
import type { Source } from './source.ts';

/** The interface a frame was captured on. Frames of one interface share one object, so it can key a Map. */
export interface CapturedInterface {
  /** Index of its description within its section; 0 in a pcap file, which knows no interfaces. */
  readonly id: number;
  /** `if_name`, or null where the file does not say. */
  readonly name: string | null;
  /** LINKTYPE_ number, see linktype.ts. */
  readonly linkType: number;
  /** Most octets kept of a frame; 0 is no limit. */
  readonly snapLength: number;
  /** Octets of frame check sequence at the end of every frame's bytes, or null where the file does not say. */
  readonly fcsLength: number | null;
  /** Index of the pcapng section; 0 in a pcap file. */
  readonly section: number;
}

/** Why and where a frame died, as an interface `owner/DROP` of ours tells it in a custom option; see drop.ts. */
export interface CapturedDrop {
  /** Number of the verdict (proto/verdicts.proto). */
  readonly verdict: number;
  readonly side: 'ingress' | 'egress';
  /** 0-4095, or null where the frame had no VLAN yet. */
  readonly vid: number | null;
  /** The port where it died, without its owner. */
  readonly port: string | null;
  /** The local station that has its source. */
  readonly owner: string | null;
  /** The uplink that was expected. */
  readonly pin: string | null;
}

/** One frame as the file holds it, nothing corrected. */
export interface CapturedFrame {
  /** Nanoseconds since 1970-01-01 UTC, rounded down; 0 for a pcapng Simple Packet Block, which carries no time. */
  readonly timeNs: bigint;
  /** The captured octets. Never written again by the reader, so safe to keep; see `readCapture` for what that holds. */
  readonly bytes: Uint8Array;
  /** Octets the frame had on the wire: 0 to 2^32-1, more than `bytes.length` where it was cut (in odd files, less). */
  readonly originalLength: number;
  readonly interface: CapturedInterface;
  /** As the capturing interface saw it (`epb_flags`), or null where the file does not say. */
  readonly direction: 'in' | 'out' | null;
  /** `epb_packetid`, equal for all captures of one frame, 0 to 2^64-1, or null. */
  readonly packetId: bigint | null;
  /** `opt_comment`; several are joined by newlines; null when there is none. */
  readonly comment: string | null;
  /** Of a frame that died; null for all others. */
  readonly drop: CapturedDrop | null;
  /** Octets from the start of the file to the frame's block or record. */
  readonly offset: number;
}

/** An interface and what reading and copying its frames needs. */
export interface SourceInterface {
  readonly captured: CapturedInterface;
  readonly clock: Clock;
  /** What pcapng says beyond that; null in pcap. */
  readonly details: InterfaceDetails | null;
}

/** The rest of an Interface Description Block. */
export interface InterfaceDetails {
  readonly description: string | null;
  /** 6 octets. */
  readonly mac: Uint8Array | null;
  readonly speedBps: bigint | null;
  readonly filter: string | null;
  readonly comment: string | null;
  /** Its options as they stand in the file, in its byte order. */
  readonly options: Uint8Array;
}

/**
 * What a file format gives: its frames in file order, without an object for each. `step`, then the fields describe the frame
 * at hand, all places being indexes of the source's window and good until the next step.
 */
export interface FrameCursor {
  readonly source: Source;
  /**
   * Steps to the next frame; false at the end. A cursor that throws has stepped over what it could not read, or has
   * ended, so that calling again always comes nearer to the end of the file.
   * @throws CaptureError what is wrong at this place.
   */
  step(): boolean;
  readonly from: SourceInterface;
  /** Of the section at hand, by number; null where frames of one are refused. */
  readonly interfaces: readonly (SourceInterface | null)[];
  readonly little: boolean;
  /** The time as two words, the more significant one first: of frames with one clock, these tell which is earlier. */
  readonly high: number;
  readonly low: number;
  /** False for a pcapng Simple Packet Block, which carries no time. */
  readonly isTimed: boolean;
  /** Where the block or record begins, and its length. */
  readonly block: number;
  readonly blockLength: number;
  /** Where the frame's octets begin. */
  readonly start: number;
  readonly capturedLength: number;
  readonly originalLength: number;
  /** Where its options begin; `optionsEnd` or beyond where there are none. */
  readonly options: number;
  readonly optionsEnd: number;
  /** Nanoseconds of a time in two words. */
  timeOf(from: SourceInterface, high: number, low: number): bigint;
  /** Of the frame at hand, as `CapturedFrame.timeNs`. */
  timeNs(): bigint;
  /** The frame at hand. @throws CaptureError when its options are malformed. */
  frame(): CapturedFrame;
}

/** Is told of each block of pcapng that holds no frame, once the cursor has read it. */
export type OnBlock = (type: number, block: number, length: number, little: boolean) => void;
