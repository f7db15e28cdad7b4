/**
 * What makes a network's state an object: it can be taken, put back, and stepped back in.
 *
 * State is the memory (image.ts) and the little that the control side knows (EngineState). Both are taken while nobody moves the memory
 * and captures have been emptied, so that a capture file's length is part of the state: going back cuts it.
 */
import { captureName } from '../topology/capture-name.ts';
import type { Core } from './core.ts';
import * as L from './generated/layout.ts';
import { History, type Stage } from './history.ts';
import { type Image, PageStore, putImage, takeImage } from './image.ts';
import { Lineage } from './lineage.ts';
import type { LiveCaptures } from './live-capture.ts';
import type { Moment, Origin } from './moment.ts';
import { Operator } from './operator.ts';
import { type HistoryOptions, NetworkError } from './options.ts';
import type { Outlets } from './outlets.ts';
import type { Plan } from './plan.ts';
import { fingerprintOf } from './planning.ts';
import { anotherBuild, Snapshot } from './snapshot.ts';
import type { EngineState, FixedOptions } from './snapshot-content.ts';

export abstract class Restorable extends Operator {
  /** @internal Addresses and sums, for tests and benches. */
  abstract override readonly plan: Plan;
  protected abstract readonly core: Core;
  protected abstract readonly outlets: Outlets;
  protected abstract readonly live: LiveCaptures;
  protected abstract readonly fixed: FixedOptions;
  abstract override readonly clock: 'wall' | 'virtual';
  readonly #lineage = new Lineage();
  #history: History | null = null;
  #fingerprint: string | null = null;

  abstract override get nowNs(): bigint;
  protected abstract assertOpen(): void;
  /** Virtual clock in this thread: runs on; true when nothing is due any more at or before `untilNs`, false after `budget` frames. */
  protected abstract run(untilNs: bigint, budget: number): boolean;
  /** Has the next event of the agenda happen if it comes before the next frame or with it. */
  protected abstract meet(): boolean;
  /** A run in threads is on its way to its end. */
  protected abstract get isUnderWay(): boolean;
  /** Holds whoever moves the memory, and empties the captures; resolves with what lets go again. */
  protected abstract hold(): Promise<() => Promise<void>>;
  protected abstract engineState(): EngineState;
  protected abstract setEngineState(state: EngineState, timeNs: bigint): void;

  /** Frames moved so far: what steps are counted in. */
  get position(): number {
    return this.plan.workers.reduce((sum, { address }) => sum + this.memory.count(address + L.Worker_rounds), 0);
  }

  /** The whole state, as it is now; a network in threads is held for as long as the copy takes, milliseconds where it is small. */
  async snapshot(): Promise<Snapshot> {
    const letGo = await this.hold();
    try {
      const moment = this.#moment(new PageStore());
      const { topology, fixed: options } = this;
      return new Snapshot({ ...moment, fingerprint: this.#print(), topology, options }, moment.origin);
    } finally {
      await letGo();
    }
  }

  /**
   * Goes back (or on) to a snapshot of this topology with these options; what follows is as if it had never been left. Capture files
   * are cut back to what they had; where the snapshot is not from this network's own past, they begin anew. A history begins anew as
   * well. Throws NetworkError, with nothing changed, for a snapshot of another network and where a capture goes to a pipe.
   */
  async restore(snapshot: Snapshot): Promise<void> {
    this.assertOpen();
    if (snapshot.fingerprint !== this.#print()) {
      const what =
        snapshot.topology.name === this.topology.name
          ? 'another topology, or of this one with other options'
          : `another topology, ${snapshot.topology.name}`;
      throw new NetworkError(
        `the snapshot is of ${what}, and cannot be put into ${this.topology.name}; make a network of it with Network.from`,
      );
    }
    if (this.isUnderWay) throw new NetworkError('a run is under way; restore the snapshot when it has come to its end');
    const letGo = await this.hold();
    try {
      const isPast = this.goTo(snapshot);
      this.#lineage.leave(isPast ? snapshot.origin : null);
      this.#history?.begin();
    } finally {
      await letGo();
    }
  }

  /**
   * Virtual clock with `history`: goes back by so many frames, to where so many fewer had been moved and nothing had come from outside yet.
   * Returns the time reached, ns. What is ahead from there is what was, inputs among it, until a new input comes.
   */
  back(frames = 1): bigint {
    this.#past().back(frames);
    return this.nowNs;
  }

  /** The same to a time, ns: with all that was due, or came from outside, at or before it. */
  rewindTo(timeNs: bigint): bigint {
    this.#past().backTo(timeNs);
    return this.nowNs;
  }

  #past(): History {
    this.assertOpen();
    if (this.clock === 'wall')
      throw new NetworkError('the wall clock does not go back; restore a snapshot, or use the virtual clock');
    if (this.#history === null)
      throw new NetworkError('going back takes a history; build the network with the option history: {}');
    return this.#history;
  }

  /** From here on the network can go back. */
  protected keepHistory(options: HistoryOptions): void {
    const network = this;
    const stage: Stage = {
      get nowNs() {
        return network.nowNs;
      },
      get position() {
        return network.position;
      },
      get happened() {
        return network.agenda.count;
      },
      meet: () => this.meet(),
      run: (untilNs, budget) => this.run(untilNs, budget),
      moment: (store, before) => this.#moment(store, before?.image),
      goTo: (moment, replay) => {
        const { taken } = this.outlets;
        this.goTo(moment);
        replay();
        this.outlets.skipTo(taken);
      },
      leave: () => this.#lineage.leave(this.#origin),
    };
    // In the order of time, so that a place between two frames is the same however the network has come there.
    this.memory.setU32(this.plan.workers[0]!.address + L.Worker_inOrder, 1);
    this.#history = new History(stage, options);
  }

  /** `run`, with the states and inputs of a history if there is one. */
  protected go(untilNs: bigint, budget: number): boolean {
    return this.#history === null ? this.run(untilNs, budget) : this.#history.run(untilNs, budget);
  }

  protected get hasHistory(): boolean {
    return this.#history !== null;
  }

  /** Whether inputs lie ahead. */
  protected get hasAhead(): boolean {
    return this.#history?.hasAhead ?? false;
  }

  protected override note(again: () => void): void {
    this.#history?.note(again);
  }

  #print(): string {
    this.#fingerprint ??= fingerprintOf(this.topology, this.fixed, this.plan);
    return this.#fingerprint;
  }

  /** The state as it is now; nobody moves the memory, and captures are empty. */
  #moment(store: PageStore, before?: Image): Moment {
    return {
      image: takeImage(this.memory, this.core, this.plan, store, before),
      state: this.engineState(),
      timeNs: this.nowNs,
      position: this.position,
      origin: this.#origin,
    };
  }

  /** Puts a state in place of the one there is; the same holds. Says whether the files hold all of its past. */
  protected goTo({ image, state, timeNs, origin }: Moment | Snapshot): boolean {
    this.outlets.assertGoBack();
    const isPast = origin !== null && this.#lineage.holds(origin, this.outlets.written);
    this.live.leaveState();
    putImage(this.memory, this.core, this.plan, image);
    this.outlets.goBack(isPast, state.captured);
    this.live.relink();
    this.setEngineState(state, timeNs);
    return isPast;
  }

  get #origin(): Origin {
    return { branch: this.#lineage.branch, written: this.outlets.written };
  }

  /** Throws when a snapshot, of which this network is being made, was taken of one with another memory. */
  protected assertSame(snapshot: Snapshot): void {
    if (snapshot.fingerprint !== this.#print()) throw anotherBuild();
  }
}

/** Captures that a network from a snapshot is told to go on with. */
export function checkCaptures(snapshot: Snapshot, captureAs: Readonly<Record<string, string>>): void {
  const files = [...snapshot.topology.captures, ...(snapshot.options.captures ?? [])].map(({ file }) => file);
  for (const [file, as] of Object.entries(captureAs)) {
    if (!files.includes(file))
      throw new NetworkError(
        `no capture ${file} in ${snapshot.topology.name}; there are ${files.join(', ') || 'none'}`,
      );
    const [was, is] = [captureName(file), captureName(as)];
    if (was.isPcap !== is.isPcap || was.compression !== is.compression)
      throw new NetworkError(`${as}: what went to ${file} cannot go on in another format; give a name that ends alike`);
  }
}
