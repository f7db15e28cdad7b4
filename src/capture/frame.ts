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
  /** Octets from the start of the file to the frame's block or record. */
  readonly offset: number;
}

/** What a file format gives: its frames in file order. */
export interface FrameReader {
  /**
   * The next frame, or null at the end. A reader that throws has stepped over what it could not read, or has ended,
   * so that calling again always comes nearer to the end of the file.
   * @throws CaptureError what is wrong at this place.
   */
  next(): CapturedFrame | null;
}
