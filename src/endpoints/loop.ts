/**
 * How a replay sees that a network forwards without end: physical switches in a loop, which nothing here breaks up, as
 * they have no spanning tree.
 *
 * A frame in a network without a loop comes to each port at most once a direction, so the frames on their way at an instant
 * bound what may still happen. That bound is looked up only when an unusual number of events has gone by.
 */
import type { Network } from '../engine/network.ts';

/** The network forwards without end: one line. */
export class LoopError extends Error {
  override readonly name = 'LoopError';

  constructor(events: number) {
    super(
      `the network forwards without end: after ${events.toLocaleString('en-US')} events nothing new had come in and frames were still on their way, so the physical switches form a loop; remove a link, or give its links a delay and end the replay with --until`,
    );
  }
}

/** Events at one instant, or steps of time without a new frame, that are nothing unusual yet. */
const USUAL = 100_000;
/** Events between two frames, over any stretch of time. */
const EVENTS_MAX = 2_000_000;
/** Visits to a port for each frame on its way. */
const VISITS_MAX = 4;

/** How many more events the frames on their way may take. */
function boundOf(network: Network): number {
  return VISITS_MAX * network.ledger().held * network.ports().length;
}

/** Counts the events of one stretch of time in which no frame comes in. */
export class LoopGuard {
  readonly #network: Network;
  #events = 0;
  #instantNs = -1n;
  #eventsAtInstant = 0;
  #max = USUAL;
  #steps = 0;
  #stepsMax = USUAL;

  constructor(network: Network) {
    this.#network = network;
  }

  /** After `events` that did not bring the network to where it was to go. */
  onEvents(events: number): void {
    this.#events += events;
    if (this.#events > EVENTS_MAX) throw new LoopError(this.#events);
    const now = this.#network.nowNs;
    if (now !== this.#instantNs) {
      this.#instantNs = now;
      this.#eventsAtInstant = 0;
      this.#max = USUAL;
    }
    this.#eventsAtInstant += events;
    if (this.#eventsAtInstant <= this.#max) return;
    if (this.#max !== USUAL) throw new LoopError(this.#eventsAtInstant);
    this.#max += 1 + boundOf(this.#network);
  }

  /** After a step of time, when nothing comes in any more. */
  onStep(): void {
    if (++this.#steps <= this.#stepsMax) return;
    if (this.#stepsMax !== USUAL) throw new LoopError(this.#steps);
    this.#stepsMax += 1 + boundOf(this.#network);
  }
}
