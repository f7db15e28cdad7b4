import { OPTION, TRAILER_BYTES } from './block.ts';
import { type Clock, clockOf, TSRESOL_DEFAULT } from './clock.ts';
import type { SourceInterface } from './frame.ts';
import { isAccepted, type LinkTypes, linkTypeRefusal } from './linktype.ts';
import { OptionCursor } from './options.ts';
import type { Source } from './source.ts';

const INTERFACE_DESCRIPTION_BYTES = 16;
const MAC_BYTES = 6;

/** The interfaces of one pcapng section, in the order of their descriptions, which numbers them. */
export class Section {
  private readonly source: Source;
  private readonly index: number;
  private readonly little: boolean;
  private readonly linkTypes: LinkTypes;
  private readonly clocks: Map<string, Clock>;
  /** Null where frames are refused: the interface keeps its number, so that no frame is put on a wrong one. */
  readonly interfaces: (SourceInterface | null)[] = [];
  /** Why they are refused, by the interface's number, until that was said: once is enough. */
  private readonly refusals = new Map<number, string>();

  constructor(source: Source, index: number, little: boolean, linkTypes: LinkTypes, clocks: Map<string, Clock>) {
    this.source = source;
    this.index = index;
    this.little = little;
    this.linkTypes = linkTypes;
    this.clocks = clocks;
  }

  /**
   * Adds the interface of the Interface Description Block (section 4.2) at `block` in the source's window.
   * A link type not accepted is no error yet: many tools describe interfaces on which they then capture nothing.
   * @throws CaptureError when the block is malformed.
   */
  describe(block: number, length: number): void {
    const { source, little } = this;
    const id = this.interfaces.push(null) - 1;
    this.refusals.set(id, 'its description could not be read');
    if (length < INTERFACE_DESCRIPTION_BYTES + TRAILER_BYTES) {
      const what = `an interface description of ${length} octets lacks its fields`;
      throw source.error(source.offsetOf(block), what, 'the file is damaged here: copy it again');
    }
    const codes = OPTION.interfaceDescription;
    let name: string | null = null;
    let tsresol = TSRESOL_DEFAULT;
    let tsoffset = 0n;
    let fcsLength: number | null = null;
    let description: string | null = null;
    let mac: Uint8Array | null = null;
    let speedBps: bigint | null = null;
    let filter: string | null = null;
    let comment: string | null = null;
    const options = new OptionCursor(source);
    options.enter(block + INTERFACE_DESCRIPTION_BYTES, block, length, little);
    while (options.next()) {
      if (options.code === codes.name) name = options.text();
      else if (options.code === codes.tsresol) tsresol = options.u8();
      else if (options.code === codes.tsoffset) tsoffset = options.i64();
      else if (options.code === codes.fcsLength) fcsLength = options.u8();
      else if (options.code === codes.description) description = options.text();
      else if (options.code === codes.mac && options.length === MAC_BYTES) mac = options.octets().slice();
      else if (options.code === codes.speed && options.length === 8) speedBps = options.u64();
      // The first octet says of which kind the filter is: 0 is text.
      else if (options.code === codes.filter && options.length > 1) filter = options.textFrom(1);
      else if (options.code === OPTION.comment) comment = commentJoined(comment, options.text());
    }
    const linkType = source.view.getUint16(block + 8, little);
    if (!isAccepted(linkType, this.linkTypes)) {
      this.refusals.set(id, linkTypeRefusal(linkType, this.linkTypes));
      return;
    }
    const snapLength = source.view.getUint32(block + 12, little);
    this.interfaces[id] = {
      captured: { id, name, linkType, snapLength, fcsLength, section: this.index },
      clock: this.clockOf(tsresol, tsoffset),
      details: {
        description,
        mac,
        speedBps,
        filter,
        comment,
        options: new Uint8Array(
          source.frame(block + INTERFACE_DESCRIPTION_BYTES, length - INTERFACE_DESCRIPTION_BYTES - TRAILER_BYTES),
        ),
      },
    };
  }

  /**
   * The interface of a frame, or null when its frames are refused and that has been said.
   * @param offset of the frame's block in the file.
   * @throws CaptureError when there is no such interface, or, the first time, when its frames are refused.
   */
  interfaceOf(id: number, offset: number): SourceInterface | null {
    const found = this.interfaces[id];
    if (found) return found;
    if (found === undefined) {
      const what = `a frame names interface ${id}, but ${this.interfaces.length} are described before it`;
      throw this.source.error(offset, what, 'the file is damaged here: copy it again');
    }
    const refusal = this.refusals.get(id);
    if (refusal === undefined) return null;
    this.refusals.delete(id);
    const what = `interface ${id}: ${refusal}`;
    throw this.source.error(offset, what, 'give a file without its frames, or keep going without them');
  }

  /** Interfaces that count time alike share one clock, so that to compare clocks is to compare times. */
  private clockOf(tsresol: number, tsoffset: bigint): Clock {
    const key = `${tsresol} ${tsoffset}`;
    const known = this.clocks.get(key);
    if (known !== undefined) return known;
    const clock = clockOf(tsresol, tsoffset);
    this.clocks.set(key, clock);
    return clock;
  }
}

/** Several comments are one of several lines. */
export function commentJoined(comment: string | null, more: string): string {
  return comment === null ? more : `${comment}\n${more}`;
}
