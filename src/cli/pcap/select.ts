/** Which frames of which files: reading several captures one after another or together by time, and choosing among their frames. */
import type { FrameCursor, OnBlock, SourceInterface } from '../../capture/frame.ts';
import { type Capture, CaptureError, openCapture } from '../../capture/read.ts';
import { openSource } from '../../capture/source.ts';
import { tell } from '../errors.ts';
import type { Moment } from './time.ts';

export interface Choice {
  /** Names and patterns of interfaces, any of which will do. */
  readonly interface?: readonly string[];
  readonly id?: bigint;
  readonly from?: Moment;
  readonly to?: Moment;
  readonly accepts?: (bytes: Uint8Array, length: number) => boolean;
}

export interface Reading {
  readonly keepGoing?: boolean;
  readonly merge?: boolean;
  /** A block that holds no frame. */
  readonly onBlock?: (input: Input, ...block: Parameters<OnBlock>) => void;
}

/** One of the files being read, with the frame at hand. */
export interface Input {
  readonly file: string;
  readonly cursor: FrameCursor;
}

/** Reads files and knows afterwards what had to be passed over. */
export class Inputs {
  readonly #files: readonly string[];
  readonly #reading: Reading;
  /** Things passed over. */
  problems = 0;
  /** When the first frame of all was seen, chosen or not: what times are told from, here as in `--from`. */
  firstNs: bigint | null = null;

  constructor(files: readonly string[], reading: Reading) {
    this.#files = files;
    this.#reading = reading;
  }

  /** The frames that were chosen; the cursor of each is at it until the next one is asked for. */
  *frames(choice: Choice): Generator<Input, void, undefined> {
    const chosen = chooser(choice);
    for (const input of this.#reading.merge === true ? this.#merged() : this.#inTurn()) {
      this.firstNs ??= input.cursor.timeNs();
      if (chosen(input.cursor)) yield input;
    }
  }

  *#inTurn(): Generator<Input> {
    for (const file of this.#files) {
      const opened = this.#open(file);
      if (opened === null) continue;
      try {
        while (this.#step(opened)) yield opened;
      } finally {
        opened.capture.close();
      }
    }
  }

  /** By time, where each file is in order; of frames at one time, those of the file named first. */
  *#merged(): Generator<Input> {
    const opened: Opened[] = [];
    try {
      for (const file of this.#files) {
        const one = this.#open(file);
        if (one !== null) opened.push(one);
      }
      let ahead = opened.filter((one) => this.#step(one));
      while (ahead.length > 0) {
        const first = ahead.reduce((best, each) => (each.timeNs < best.timeNs ? each : best));
        yield first;
        if (!this.#step(first)) ahead = ahead.filter((each) => each !== first);
      }
    } finally {
      for (const { capture } of opened) capture.close();
    }
  }

  #open(file: string): Opened | null {
    let opened: Opened | null = null;
    try {
      const { onBlock } = this.#reading;
      const told: OnBlock | null =
        onBlock === undefined ? null : (...block) => onBlock({ file, cursor: opened!.capture.cursor }, ...block);
      opened = new Opened(file, openCapture(openSource(file, true), 'any', told));
    } catch (problem) {
      this.#pass(problem);
    }
    return opened;
  }

  #step(one: Opened): boolean {
    for (;;) {
      try {
        return one.step(this.#reading.merge === true);
      } catch (problem) {
        this.#pass(problem);
      }
    }
  }

  #pass(problem: unknown): void {
    if (this.#reading.keepGoing !== true || !(problem instanceof CaptureError)) throw problem;
    this.problems++;
    tell(problem.message);
  }
}

class Opened implements Input {
  readonly file: string;
  readonly capture: Capture;
  timeNs = 0n;

  constructor(file: string, capture: Capture) {
    this.file = file;
    this.capture = capture;
  }

  get cursor(): FrameCursor {
    return this.capture.cursor;
  }

  step(isTimed: boolean): boolean {
    const there = this.cursor.step();
    if (there && isTimed) this.timeNs = this.cursor.timeNs();
    return there;
  }
}

function chooser({ interface: names, id, from, to, accepts }: Choice): (cursor: FrameCursor) => boolean {
  const isNamed = new Map<SourceInterface, boolean>();
  const named = (one: SourceInterface): boolean => {
    let is = isNamed.get(one);
    if (is === undefined) {
      is = names!.some((pattern) => matches(pattern, one.captured.name ?? ''));
      isNamed.set(one, is);
    }
    return is;
  };
  let firstNs: bigint | null = null;
  const atNs = (moment: Moment): bigint => (moment.isRelative ? firstNs! + moment.ns : moment.ns);
  return (cursor) => {
    if (from !== undefined || to !== undefined) {
      const timeNs = cursor.timeNs();
      firstNs ??= timeNs;
      if (from !== undefined && timeNs < atNs(from)) return false;
      if (to !== undefined && timeNs > atNs(to)) return false;
    }
    if (names !== undefined && !named(cursor.from)) return false;
    if (id !== undefined && cursor.frame().packetId !== id) return false;
    if (accepts === undefined) return true;
    return accepts(cursor.source.frame(cursor.start, cursor.capturedLength), cursor.originalLength);
  };
}

/** Whether a whole name fits a pattern, in which `*` stands for any characters, the slash among them. */
function matches(pattern: string, name: string): boolean {
  const parts = pattern.split('*').map((part) => part.replace(/[.+?^${}()|[\]\\]/g, '\\$&'));
  return new RegExp(`^${parts.join('.*')}$`, 's').test(name);
}
