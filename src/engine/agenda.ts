/**
 * The agenda of a network: what is still to happen, and what has happened. It knows times and conditions, but neither
 * clocks nor threads: whoever moves the network asks when the next thing is (`nextNs`), moves it to just before, and takes
 * what is to be done then (`due`).
 *
 * A timed event happens at its time, after everything earlier and before any frame at that instant. Conditions are looked
 * at on a grid of virtual time, and only at the first point of it after something has moved, since nothing else can have
 * changed what they ask for. Grid and order (time, then registration) depend on neither workers nor steps, and so nothing
 * that comes of an event does.
 */

import type { EventReport } from '../telemetry/report.ts';
import type { EventAction, EventCondition, EventTrigger, TopologyEvent } from '../topology/event-model.ts';
import type { Act, Deed } from './act.ts';
import type { Actions } from './action.ts';
import type { Gauge, Gauges, Seen } from './gauge.ts';
import { NEVER } from './in-memory.ts';
import { NetworkError, TIME_NS_MAX } from './options.ts';

export type By = EventReport['by'];

/** Of what has happened so much is kept; of a link that flaps for days it is the end that counts. */
const HAPPENED_MAX = 1000;
const TIMES_MAX = 1_000_000;

interface TimedState {
  /** Place among those of the same instant. */
  readonly order: number;
  readonly dueNs: bigint;
  readonly everyNs: bigint;
  /** How often it is still to happen; null: without end. */
  readonly left: number | null;
  readonly action: EventAction;
  /** Of a flap: the link's end, or its return. Of a migration: that the VM leaves, or comes. */
  readonly isUp: boolean;
  readonly because: string;
  readonly by: By;
  /** By how much it has been put off, this once. */
  readonly lateNs?: bigint;
}

interface AwaitedState {
  readonly order: number;
  readonly when: EventCondition;
  readonly seen: Seen;
  /** The figure when it last happened. */
  readonly from: number;
  readonly afterNs: bigint;
  readonly left: number | null;
  readonly action: EventAction;
  readonly by: By;
}

/** All that an agenda knows, as plain data. */
export interface AgendaState {
  readonly timed: readonly TimedState[];
  readonly awaited: readonly AwaitedState[];
  readonly happened: readonly EventReport[];
  readonly count: number;
  readonly order: number;
  readonly lookNs: bigint;
}

type Changing<T, K extends keyof T> = Omit<T, K> & { -readonly [P in K]: T[P] };
type Timed = Changing<TimedState, 'dueNs' | 'left' | 'lateNs'> & { readonly act: Act };
type Awaited = Changing<AwaitedState, 'from' | 'left'> & { readonly gauge: Gauge };

/** Something that is to be done now, and what is to be called then. */
export interface Due {
  readonly deeds: readonly Deed[];
  /** To be told when they were done. */
  readonly done: (nowNs: bigint) => void;
  /** What comes after it may depend on it. */
  readonly isLate: boolean;
}

export interface AgendaOptions {
  /** Virtual time between two looks at the conditions, ns. */
  readonly lookEveryNs: bigint;
}

export class Agenda {
  readonly #actions: Actions;
  readonly #gauges: Gauges;
  readonly #lookEveryNs: bigint;
  #timed: Timed[] = [];
  #awaited: Awaited[] = [];
  #happened: EventReport[] = [];
  #forgotten = 0;
  #order = 0;
  /** The next point of the grid at which the conditions are looked at; NEVER while nothing has moved. */
  #lookNs = NEVER;

  constructor(actions: Actions, gauges: Gauges, events: readonly TopologyEvent[], options: AgendaOptions) {
    this.#actions = actions;
    this.#gauges = gauges;
    this.#lookEveryNs = options.lookEveryNs;
    for (const { trigger, action } of events) this.add(trigger, action, 0n, 'topology');
  }

  /** Throws NetworkError, and then nothing has been added. Returns what takes it off the agenda again; false: it is over already. */
  add(trigger: EventTrigger, action: EventAction, nowNs: bigint, by: By): () => boolean {
    const gauge = 'when' in trigger ? this.#gauges.gauge(trigger.when) : null;
    this.#check(action);
    const order = this.#order++;
    if ('when' in trigger) {
      const left = leftOf(trigger.times);
      const seen: Seen = { figure: 0, moves: [] };
      if ('moved' in trigger.when) gauge!.look(seen);
      const { when, afterNs } = trigger;
      this.#awaited.push({ order, when, gauge: gauge!, seen, from: 0, afterNs: whole(afterNs), left, action, by });
      this.#lookAt(this.#gridAfter(nowNs));
    } else {
      const { atNs, everyNs, times } = trigger;
      this.#addTimed(order, whole(atNs), whole(everyNs ?? 0), leftOf(times), action, '', by);
    }
    return () => this.#remove(order);
  }

  /** The second half of a migration that a program has begun. */
  arrive(action: EventAction, atNs: bigint, by: By): void {
    const act = this.#actions.arrival(action);
    const item = { order: this.#order++, dueNs: atNs, everyNs: 0n, left: 1, action, isUp: true, because: '', by };
    this.#insert({ ...item, act });
  }

  #addTimed(
    order: number,
    atNs: bigint,
    everyNs: bigint,
    left: number | null,
    action: EventAction,
    because: string,
    by: By,
  ): void {
    const item = { order, dueNs: atNs, everyNs, left, action, isUp: false, because, by };
    if ('migrate' in action) {
      this.#insert({ ...item, act: this.#actOf(action, false) });
      const comesNs = atNs + whole(action.migrate.downtimeNs ?? 0);
      this.#insert({ ...item, act: this.#actOf(action, true), isUp: true, dueNs: comesNs });
      return;
    }
    if (!('flap' in action)) {
      this.#insert({ ...item, act: this.#actOf(action, false) });
      return;
    }
    const { downNs, upNs, times } = action.flap;
    const flap = { ...item, everyNs: whole(downNs + upNs), left: times };
    this.#insert({ ...flap, act: this.#actOf(action, false) });
    this.#insert({ ...flap, act: this.#actOf(action, true), isUp: true, dueNs: atNs + whole(downNs) });
  }

  #actOf(action: EventAction, isUp: boolean): Act {
    if (isUp && 'migrate' in action) return this.#actions.arrival(action);
    return 'flap' in action ? this.#actions.either(action.flap.port, isUp) : this.#actions.act(action);
  }

  /** Throws NetworkError for what cannot be done. */
  #check(action: EventAction): void {
    const keys = typeof action === 'object' && action !== null ? Object.keys(action) : [];
    if (keys.length !== 1)
      throw new NetworkError(
        `an event has one action, such as { unplug: 'esx1/vmnic0' }, not ${keys.join(' and ') || String(action)}`,
      );
    this.#actOf(action, false);
    if (!('flap' in action)) return;
    const { port, downNs, upNs, times } = action.flap;
    leftOf(times);
    if (!(downNs > 0 && upNs > 0 && downNs + upNs <= Number(TIME_NS_MAX)))
      throw new NetworkError(`a flap of ${port} takes downNs and upNs above 0 and below 52 days`);
  }

  #insert(item: Timed): void {
    let at = this.#timed.length;
    while (at > 0 && isBefore(item, this.#timed[at - 1]!)) at--;
    this.#timed.splice(at, 0, item);
  }

  #remove(order: number): boolean {
    const before = this.#timed.length + this.#awaited.length;
    for (const list of [this.#timed, this.#awaited]) {
      for (let i = list.length - 1; i >= 0; i--) if (list[i]!.order === order) list.splice(i, 1);
    }
    return this.#timed.length + this.#awaited.length < before;
  }

  /** Nothing is to happen any more. */
  get isOver(): boolean {
    return this.#timed.length + this.#awaited.length === 0;
  }

  /** Whether conditions are waited for. */
  get isLooking(): boolean {
    return this.#awaited.length > 0;
  }

  /** Time of the next timed event; NEVER: none. */
  get nextTimedNs(): bigint {
    return this.#timed[0]?.dueNs ?? NEVER;
  }

  /** Virtual clock: when to ask `due` again. `nextFrameNs` tells when the network moves next; it is asked only if conditions wait. */
  nextNs(nowNs: bigint, nextFrameNs: () => bigint): bigint {
    if (this.#awaited.length > 0) {
      const frameNs = nextFrameNs();
      if (frameNs <= TIME_NS_MAX) this.#lookAt(this.#gridAfter(frameNs < nowNs ? nowNs : frameNs));
    }
    const isTimed = this.nextTimedNs < this.#lookNs;
    return isTimed ? this.nextTimedNs : this.#lookNs;
  }

  #gridAfter(ns: bigint): bigint {
    return (ns / this.#lookEveryNs + 1n) * this.#lookEveryNs;
  }

  #lookAt(ns: bigint): void {
    if (ns < this.#lookNs) this.#lookNs = ns;
  }

  /**
   * What happens at `nowNs`, in order; each is to be done before the next one is asked for, if it could not be told before. What cannot be
   * done when it is due is noted as such, and the run goes on. On the wall clock conditions are looked at each time.
   */
  *due(nowNs: bigint, isWall = false): Generator<Due> {
    if (isWall || this.#lookNs <= nowNs) this.#look(nowNs);
    for (let item = this.#timed[0]; item !== undefined && item.dueNs <= nowNs; item = this.#timed[0]) {
      this.#timed.shift();
      const { what, deeds, done, isLate } = dueNow(item.act, nowNs);
      this.note(nowNs, item.because === '' ? what : `${what}, because ${item.because}`, item.by);
      item.left = fewer(item.left);
      if (item.left !== 0) {
        const dueNs = item.dueNs - (item.lateNs ?? 0n) + item.everyNs;
        this.#insert(Object.assign(item, { dueNs, lateNs: 0n }));
      }
      const left = (leftNs: bigint) => {
        done();
        this.#putOff(item, leftNs);
      };
      yield { deeds, done: left, isLate };
    }
  }

  /** A VM that has left at `leftNs`, later than it was to on the wall clock, is away for all of its downtime. */
  #putOff({ order, action, isUp }: Timed, leftNs: bigint): void {
    if (isUp || !('migrate' in action) || (action.migrate.downtimeNs ?? 0) === 0) return;
    const comesNs = leftNs + whole(action.migrate.downtimeNs!);
    const at = this.#timed.findIndex((item) => item.order === order && item.isUp);
    const item = this.#timed[at];
    if (item === undefined || item.dueNs >= comesNs) return;
    this.#timed.splice(at, 1);
    this.#insert(Object.assign(item, { dueNs: comesNs, lateNs: (item.lateNs ?? 0n) + comesNs - item.dueNs }));
  }

  #look(nowNs: bigint): void {
    this.#lookNs = NEVER;
    for (const item of [...this.#awaited]) {
      item.gauge.look(item.seen);
      if (item.seen.figure - item.from <= item.gauge.above) continue;
      item.from = item.seen.figure;
      item.left = fewer(item.left);
      this.#addTimed(item.order, nowNs + item.afterNs, 0n, 1, item.action, item.gauge.why, item.by);
      if (item.left === 0) this.#awaited.splice(this.#awaited.indexOf(item), 1);
    }
  }

  /** Puts a line among what has happened. */
  note(nowNs: bigint, what: string, by: By): void {
    this.#happened.push({ seconds: Number(nowNs) / 1e9, what, by });
    if (this.#happened.length <= 2 * HAPPENED_MAX) return;
    this.#forgotten += this.#happened.length - HAPPENED_MAX;
    this.#happened.splice(0, this.#happened.length - HAPPENED_MAX);
  }

  /** The latest of what has happened, oldest first. */
  happened(): EventReport[] {
    return this.#happened.slice(-HAPPENED_MAX);
  }

  /** All that is still to come and has been, for a snapshot. */
  save(): AgendaState {
    return {
      timed: this.#timed.map(({ act: _, ...state }) => state),
      awaited: this.#awaited.map(({ gauge: _, ...state }) => ({ ...state, seen: structuredClone(state.seen) })),
      happened: this.happened(),
      count: this.count,
      order: this.#order,
      lookNs: this.#lookNs,
    };
  }

  /** Takes the place of everything that is on the agenda; what handles were given out for is theirs no more. */
  load(state: AgendaState): void {
    this.#timed = state.timed.map((item) => ({ ...item, act: this.#actOf(item.action, item.isUp) }));
    this.#awaited = state.awaited.map((item) => ({
      ...item,
      seen: structuredClone(item.seen),
      gauge: this.#gauges.gauge(item.when),
    }));
    this.#happened = [...state.happened];
    this.#forgotten = state.count - state.happened.length;
    this.#order = state.order;
    this.#lookNs = state.lookNs;
  }

  /** How much has happened in all. */
  get count(): number {
    return this.#forgotten + this.#happened.length;
  }
}

/** An act as it is when it happens; one that cannot be done has no deeds. */
function dueNow(act: Act, nowNs: bigint): Omit<Due, 'done'> & { readonly what: string; readonly done: () => void } {
  const nothing = () => {};
  if (act.late === undefined) return { what: act.what, deeds: act.deeds, done: act.done ?? nothing, isLate: false };
  try {
    const { what, deeds, done = nothing } = act.late(nowNs);
    return { what, deeds, done, isLate: true };
  } catch (error) {
    if (!(error instanceof NetworkError)) throw error;
    return { what: `${act.what}: refused, ${error.message}`, deeds: [], done: nothing, isLate: true };
  }
}

function isBefore(a: Timed, b: Timed): boolean {
  return a.dueNs === b.dueNs ? a.order < b.order : a.dueNs < b.dueNs;
}

/** Times in ns are whole, whatever a program has computed. */
function whole(ns: number): bigint {
  return BigInt(Math.round(ns));
}

function fewer(left: number | null): number | null {
  return left === null ? null : left - 1;
}

function leftOf(times: number | null): number | null {
  if (times === null) return null;
  if (Number.isInteger(times) && times >= 1 && times <= TIMES_MAX) return times;
  throw new NetworkError(`times ${times} is not in range; allowed is a whole number from 1 to 1,000,000`);
}
