import { OPTION, TRAILER_BYTES } from './block.ts';
import { type Clock, clockOf, TSRESOL_DEFAULT } from './clock.ts';
import type { CapturedInterface } from './frame.ts';
import { linkTypeRefusal } from './linktype.ts';
import { OptionCursor } from './options.ts';
import type { Source } from './source.ts';

const INTERFACE_DESCRIPTION_BYTES = 16;

/** What reading the frames of an interface needs. */
export interface SectionInterface {
  readonly captured: CapturedInterface;
  readonly clock: Clock;
}

/** The interfaces of one pcapng section, in the order of their descriptions, which numbers them. */
export class Section {
  private readonly source: Source;
  private readonly index: number;
  private readonly little: boolean;
  private readonly linkTypes: readonly number[];
  /** Null where frames are refused: the interface keeps its number, so that no frame is put on a wrong one. */
  private readonly interfaces: (SectionInterface | null)[] = [];
  /** Why they are refused, by the interface's number, until that was said: once is enough. */
  private readonly refusals = new Map<number, string>();

  constructor(source: Source, index: number, little: boolean, linkTypes: readonly number[]) {
    this.source = source;
    this.index = index;
    this.little = little;
    this.linkTypes = linkTypes;
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
    const options = new OptionCursor(source);
    options.enter(block + INTERFACE_DESCRIPTION_BYTES, block, length, little);
    while (options.next()) {
      if (options.code === codes.name) name = options.text();
      else if (options.code === codes.tsresol) tsresol = options.u8();
      else if (options.code === codes.tsoffset) tsoffset = options.i64();
      else if (options.code === codes.fcsLength) fcsLength = options.u8();
    }
    const linkType = source.view.getUint16(block + 8, little);
    if (!this.linkTypes.includes(linkType)) {
      this.refusals.set(id, linkTypeRefusal(linkType, this.linkTypes));
      return;
    }
    const snapLength = source.view.getUint32(block + 12, little);
    this.interfaces[id] = {
      captured: { id, name, linkType, snapLength, fcsLength, section: this.index },
      clock: clockOf(tsresol, tsoffset),
    };
  }

  /**
   * The interface of a frame, or null when its frames are refused and that has been said.
   * @param offset of the frame's block in the file.
   * @throws CaptureError when there is no such interface, or, the first time, when its frames are refused.
   */
  interfaceOf(id: number, offset: number): SectionInterface | null {
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
}
