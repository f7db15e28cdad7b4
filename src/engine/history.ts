/**
 * What lets a network on the virtual clock go back: states taken on the way, and a journal of what came from outside.
 *
 *     states    ●─────────────●──────●───●──●──▶ now      thinned out with age; the first one always stays
 *     journal   ──i────c───i──────────i────────▶          inputs, each with its place
 *
 * To go back is to put the nearest state before, and to run on from there: with the same inputs at the same places the same happens, to the
 * byte, captures included. A place in the journal is (frames moved, events happened, time), which says exactly between which two an input
 * came.
 * Inputs that lie ahead after going back come again when the run gets there, until a new one cuts them off.
 */
import { dropImage, PageStore } from './image.ts';
import { NEVER } from './in-memory.ts';
import type { Moment } from './moment.ts';
import { type HistoryOptions, NetworkError, wholeFrames } from './options.ts';

/** What a history needs of the network whose history it is. */
export interface Stage {
  readonly nowNs: bigint;
  readonly position: number;
  /** Events that have happened, and what was told among them. */
  readonly happened: number;
  /** Has the next event happen if it comes before the next frame or with it. */
  meet(): boolean;
  /** Runs on, without history: true when nothing is due any more at or before `untilNs`, false after `budget` frames. */
  run(untilNs: bigint, budget: number): boolean;
  /** Takes the state as it is. */
  moment(store: PageStore, before: Moment | null): Moment;
  /** Puts a state, has `replay` run, and leaves out what a watcher has seen already. */
  goTo(moment: Moment, replay: () => void): void;
  /** What follows is another course of events than what was ahead. */
  leave(): void;
}

interface State {
  readonly moment: Moment;
  /** Journal entries that it includes. */
  readonly applied: number;
}

interface Entry {
  readonly position: number;
  readonly timeNs: bigint;
  readonly happened: number;
  /** Brings the input again. */
  readonly again: () => void;
}

const EVERY_FRAMES = 100_000;
const KEEP = 64;
const BYTES_MAX = 256 * 1024 * 1024;
/** Frames between two looks at the time. */
const LOOK_FRAMES = 256;

export class History {
  readonly #stage: Stage;
  readonly #everyFrames: number;
  readonly #everyNs: bigint;
  readonly #keep: number;
  readonly #bytesMax: number;
  readonly #store = new PageStore();
  readonly #states: State[] = [];
  readonly #journal: Entry[] = [];
  #applied = 0;
  /** Whether something that happened lies ahead. */
  #isBack = false;

  constructor(stage: Stage, options: HistoryOptions) {
    this.#stage = stage;
    this.#everyFrames = options.everyFrames ?? EVERY_FRAMES;
    this.#everyNs = options.everyNs ?? NEVER;
    this.#keep = options.keep ?? KEEP;
    this.#bytesMax = options.bytesMax ?? BYTES_MAX;
    this.begin();
  }

  /** Forgets all: the first state is the present one. */
  begin(): void {
    for (const { moment } of this.#states) dropImage(moment.image);
    this.#states.length = 0;
    this.#journal.length = 0;
    this.#applied = 0;
    this.#isBack = false;
    this.#take();
  }

  /** States there are, and the bytes that they take. */
  get size(): { readonly states: number; readonly bytes: number } {
    return { states: this.#states.length, bytes: this.#store.bytes };
  }

  /** Whether inputs lie ahead. */
  get hasAhead(): boolean {
    return this.#applied < this.#journal.length;
  }

  /** An input comes from outside, here and now. What lay ahead will not happen any more. */
  note(again: () => void): void {
    if (this.#isBack) {
      this.#journal.length = this.#applied;
      this.#isBack = false;
      this.#stage.leave();
    }
    const { position, nowNs, happened } = this.#stage;
    this.#journal.push({ position, timeNs: nowNs, happened, again });
    this.#applied++;
  }

  /** Runs on as the stage does, with the inputs that lie ahead, and takes states on the way. */
  run(untilNs: bigint, budget: number): boolean {
    const stage = this.#stage;
    const end = stage.position + budget;
    for (;;) {
      const { position } = stage;
      if (position >= end) return false;
      const ahead = this.#journal[this.#applied];
      if (ahead !== undefined && ahead.position === position && ahead.timeNs <= untilNs) {
        this.#bring(ahead);
        continue;
      }
      const stop = ahead === undefined || ahead.timeNs > untilNs ? untilNs : ahead.timeNs;
      const look = this.#everyNs === NEVER ? end : position + LOOK_FRAMES;
      const most = Math.min(end, ahead?.position ?? end, look, this.#due()) - position;
      // No frame is due before an input that comes at this very place later.
      const isOver = stage.run(stop, Math.max(most, 1));
      this.#look();
      if (!isOver) continue;
      if (ahead === undefined || ahead.timeNs > untilNs) return true;
      // Nothing is due before it: it comes now, at the end of the run, too.
      if (stage.position !== ahead.position) throw astray(stage);
    }
  }

  /** Goes back by frames; at that place, nothing has come from outside yet. */
  back(frames: number): void {
    const first = this.#states[0]!.moment.position;
    const { position } = this.#stage;
    wholeFrames('back', frames);
    if (frames > position - first)
      throw new NetworkError(
        `cannot go ${frames} frames back: ${position - first} have been moved since history began`,
      );
    const target = position - frames;
    // A state at the very place may have an input already that came there.
    const state = this.#states.findLast(({ moment }) => moment.position < target) ?? this.#states[0]!;
    this.#goTo(state, () => this.run(NEVER, target - this.#stage.position));
    if (this.#stage.position !== target) throw astray(this.#stage);
  }

  /** Goes back to a time: all that was due and all that came from outside at or before it has happened. */
  backTo(timeNs: bigint): void {
    const first = this.#states[0]!.moment.timeNs;
    const { nowNs } = this.#stage;
    if (timeNs > nowNs)
      throw new NetworkError(`${timeNs} ns is ahead of the present, ${nowNs} ns: to go on, call runUntil or advance`);
    if (timeNs < first) throw new NetworkError(`cannot go back to ${timeNs} ns: history began at ${first} ns`);
    const state = this.#states.findLast(({ moment }) => moment.timeNs <= timeNs)!;
    this.#goTo(state, () => this.run(timeNs, Number.POSITIVE_INFINITY));
  }

  #goTo(state: State, replay: () => void): void {
    this.#stage.goTo(state.moment, () => {
      for (const { moment } of this.#states.splice(this.#states.indexOf(state) + 1)) dropImage(moment.image);
      this.#applied = state.applied;
      this.#isBack = true;
      replay();
    });
  }

  /** Brings an input again, at the time at which it came. */
  #bring(entry: Entry): void {
    const stage = this.#stage;
    while (stage.happened < entry.happened) if (!stage.meet()) throw astray(stage);
    if (stage.nowNs < entry.timeNs) stage.run(entry.timeNs, 1);
    const isThere = stage.position === entry.position && stage.nowNs === entry.timeNs;
    if (!isThere || stage.happened !== entry.happened) throw astray(stage);
    this.#applied++;
    entry.again();
  }

  /** Up to where the next state is not due by frames. */
  #due(): number {
    return this.#states.at(-1)!.moment.position + this.#everyFrames;
  }

  #look(): void {
    const last = this.#states.at(-1)!.moment;
    const { position, nowNs } = this.#stage;
    if (position === last.position) return;
    if (position >= this.#due() || nowNs - last.timeNs >= this.#everyNs) this.#take();
  }

  #take(): void {
    const moment = this.#stage.moment(this.#store, this.#states.at(-1)?.moment ?? null);
    this.#states.push({ moment, applied: this.#applied });
    while (this.#states.length > this.#keep) this.#thin();
    while (this.#store.bytes > this.#bytesMax && this.#states.length > 2) this.#thin();
  }

  /** Gives up the state whose going leaves the smallest gap for its age. */
  #thin(): void {
    const now = this.#states.at(-1)!.moment.position + 1;
    const at = (i: number) => this.#states[i]!.moment.position;
    let least = 1;
    let leastCost = Number.POSITIVE_INFINITY;
    for (let i = 1; i < this.#states.length - 1; i++) {
      const cost = (at(i + 1) - at(i - 1)) / (now - at(i));
      if (cost < leastCost) [least, leastCost] = [i, cost];
    }
    const [gone] = this.#states.splice(least, 1);
    dropImage(gone!.moment.image);
  }
}

/** An assertion: a run with the same inputs must do the same. */
function astray({ position, nowNs }: Stage): Error {
  return new Error(`the replay went another way: ${position} frames at ${nowNs} ns`);
}
