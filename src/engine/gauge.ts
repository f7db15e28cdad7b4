/**
 * What a condition looks at: a figure that only grows, read from the shared memory with no message to a worker. For a
 * station that moves it is counted here, from the histories that the switches keep of their latest moves.
 */

import { VERDICTS } from '../telemetry/generated/verdicts.ts';
import { type EventCondition, portCounters } from '../topology/event-model.ts';
import type { Directory } from './directory.ts';
import * as L from './generated/layout.ts';
import { macBits } from './in-memory.ts';
import type { SharedMemory } from './memory.ts';
import type { Observer } from './observe.ts';
import { individualAddress, NetworkError, ruleNumber } from './options.ts';
import type { Plan, PlannedPort, PlannedSwitch } from './plan.ts';

const DROPS = VERDICTS.filter(({ fate }) => fate === 'drop');
const MAC_MASK = 0xffff_ffff_ffffn;

/** What a condition has seen so far, as a snapshot keeps it. */
export interface Seen {
  figure: number;
  /** For a station that moves: how many moves each switch had made at the last look. */
  moves: number[];
}

export interface Gauge {
  /** `deja_vu of esx1/vmnic0 passed 100`. */
  readonly why: string;
  /** The figure that has to be passed. */
  readonly above: number;
  /** Brings `seen` up to date. */
  look(seen: Seen): void;
}

export class Gauges {
  readonly #memory: SharedMemory;
  readonly #plan: Plan;
  readonly #observer: Observer;
  readonly #directory: Directory;

  constructor(memory: SharedMemory, plan: Plan, observer: Observer, directory: Directory) {
    this.#memory = memory;
    this.#plan = plan;
    this.#observer = observer;
    this.#directory = directory;
  }

  /** Throws NetworkError for a name or counter that there is not. */
  gauge(condition: EventCondition): Gauge {
    if ('counter' in condition) return this.#counter(condition);
    const switches = condition.in === undefined ? this.#plan.switches : [this.#directory.switch(condition.in)];
    const where = condition.in === undefined ? '' : ` in ${condition.in}`;
    if ('moved' in condition) {
      individualAddress(condition.moved);
      const key = macBits(condition.moved);
      return {
        why: `${condition.moved} moved${where}`,
        above: 0,
        look: (seen) => this.#countMoves(switches, key, seen),
      };
    }
    if (typeof condition.rule !== 'string') throw new NetworkError('a condition is a counter, moved or a rule');
    ruleNumber(condition.rule);
    const rows = DROPS.filter(({ rule }) => rule === condition.rule);
    if (rows.length === 0) throw new NetworkError(`${condition.rule} drops no frame itself`);
    const above = figure(condition.above ?? 0);
    const why = `${condition.rule} dropped ${above === 0 ? 'a frame' : `more than ${frames(above)}`}${where}`;
    const ports = switches.flatMap((sw) => sw.ports);
    return { why, above, look: (seen) => this.#sum(seen, ports, rows) };
  }

  #counter({ counter, port: name, above }: Extract<EventCondition, { readonly counter: string }>): Gauge {
    const { port } = this.#directory.port(name);
    const why = `${counter} of ${port.name} passed ${figure(above)}`;
    const row = VERDICTS.find((each) => each.name === counter);
    if (row !== undefined) return { why, above, look: (seen) => this.#sum(seen, [port], [row]) };
    const m = this.#memory;
    const own = portCounters.find((each) => each === counter);
    const isGuests = own === 'sent' || own === 'received';
    if (own === undefined || (isGuests && port.guest === 0)) {
      throw new NetworkError(
        `${port.name} has no counter ${counter}; there are the verdicts and ${portCounters.join(', ')}`,
      );
    }
    const read: Record<typeof own, () => number> = {
      rxFrames: () => this.#observer.rxFrames(port),
      txFrames: () => this.#observer.txFrames(port),
      rxBytes: () => m.count(port.address + L.Port_rxBytes),
      txBytes: () => m.count(port.address + L.Port_txBytes),
      drops: () => this.#verdicts([port], DROPS),
      sent: () => m.count(port.guest + L.Guest_sent),
      received: () => m.count(port.guest + L.Guest_received),
    };
    return {
      why,
      above,
      look: (seen) => {
        seen.figure = read[own]();
      },
    };
  }

  #sum(seen: Seen, ports: readonly PlannedPort[], rows: readonly { readonly number: number }[]): void {
    seen.figure = this.#verdicts(ports, rows);
  }

  #verdicts(ports: readonly PlannedPort[], rows: readonly { readonly number: number }[]): number {
    let sum = 0;
    for (const { address } of ports)
      for (const { number } of rows) sum += this.#memory.count(address + L.Port_verdicts + 8 * number);
    return sum;
  }

  /** Of more than 256 moves on a switch between two looks only the latest are known. */
  #countMoves(switches: readonly PlannedSwitch[], key: bigint, seen: Seen): void {
    const m = this.#memory;
    const isFirst = seen.moves.length === 0;
    switches.forEach((sw, i) => {
      const made = m.count(sw.address + L.Switch_moved);
      const from = isFirst ? made : Math.max(seen.moves[i]!, made - L.MOVES_KEPT);
      for (let n = from; n < made; n++) {
        if ((m.u64(sw.movesAt + (n % L.MOVES_KEPT) * L.MOVE_RECORD) & MAC_MASK) === key) seen.figure++;
      }
      seen.moves[i] = made;
    });
  }
}

function figure(above: number): number {
  if (Number.isSafeInteger(above) && above >= 0) return above;
  throw new NetworkError(`above ${above} is not in range; allowed is a whole number from 0`);
}

function frames(n: number): string {
  return n === 1 ? 'one frame' : `${n} frames`;
}
