/**
 * Changes to a cable while the network runs: what may be asked for, and the command for each of its directions.
 *
 * What a wire has now is read from the memory, where the state of the network is, not remembered here.
 */
import type { Link, PortName } from '../topology/model.ts';
import { hint } from '../topology/suggestion.ts';
import type { vswitch } from './generated/control.js';
import { NetworkError } from './options.ts';
import type { Plan } from './plan.ts';
import type { PlannedWire } from './plan-wires.ts';

interface Reorder {
  readonly share: number;
  readonly byNs: bigint;
}

/** What is absent stays as it is. Shares are 0 to 1. */
export interface WireChange {
  /** Whole bit/s, 1 to 10^15; null: no limit. */
  readonly rateBps?: number | null;
  /** ns, up to 100 days; a cable without delay keeps none, and one with a delay keeps some. */
  readonly delayNs?: bigint;
  /** Frames that may wait, from 1 to the power of two at or above the topology's. */
  readonly queueFrames?: number;
  readonly loss?: number;
  readonly duplicate?: number;
  readonly corrupt?: number;
  /** `byNs` is 1 ns to 1 s. Where the topology has no `reorder` only null, nothing. */
  readonly reorder?: Reorder | null;
  /** ns, up to 1 s. */
  readonly jitterNs?: bigint;
}

const KEYS: readonly (keyof WireChange)[] = [
  'rateBps',
  'delayNs',
  'queueFrames',
  'loss',
  'duplicate',
  'corrupt',
  'reorder',
  'jitterNs',
];
const RATE_MAX = 1e15;
const DELAY_NS_MAX = BigInt(Number.MAX_SAFE_INTEGER);
const SMALL_NS_MAX = 1_000_000_000n;

/** The direction of a cable that `from` sends by, and the other one. */
export function directionsOf(plan: Plan, link: Link, from: PortName): PlannedWire[] {
  const wires = plan.wires.filter((wire) => wire.link === link && !wire.isLane);
  return wires.toSorted((a, b) => Number(b.from === from) - Number(a.from === from));
}

/** The change as the command that a wire's sender carries out. Throws NetworkError, with the cable's name, for what cannot be. */
export function wireCommand(name: PortName, wire: PlannedWire, change: WireChange): vswitch.SetWire.$Properties {
  for (const key of Object.keys(change)) {
    if (!(KEYS as readonly string[]).includes(key))
      throw new NetworkError(`${name}: a cable has no ${key}; ${hint(key, KEYS, 'there are')}`);
  }
  const { rateBps, delayNs, queueFrames, loss, duplicate, corrupt, reorder, jitterNs } = change;
  const check = new Check(name);
  return {
    wireAddress: wire.address,
    ...(rateBps !== undefined && { rateBps: rateBps === null ? 0 : check.rate(rateBps) }),
    ...(delayNs !== undefined && { delayNs: check.delay(delayNs, wire.link!.delayNs === 0) }),
    ...(queueFrames !== undefined && { queueFrames: check.queue(queueFrames, wire.departures) }),
    ...(loss !== undefined && { loss: check.share('loss', loss) }),
    ...(duplicate !== undefined && { duplicate: check.share('duplicate', duplicate) }),
    ...(corrupt !== undefined && { corrupt: check.share('corrupt', corrupt) }),
    ...(reorder !== undefined && check.reorder(reorder, wire.pairedWith !== 0)),
    ...(jitterNs !== undefined && { jitterNs: check.time('jitterNs', jitterNs, 0n, SMALL_NS_MAX) }),
  };
}

class Check {
  readonly #name: PortName;

  constructor(name: PortName) {
    this.#name = name;
  }

  #refuse(key: string, value: unknown, allowed: string): NetworkError {
    return new NetworkError(`${this.#name}: ${key} ${String(value)} is not in range; allowed is ${allowed}`);
  }

  rate(value: number): number {
    if (Number.isInteger(value) && value >= 1 && value <= RATE_MAX) return value;
    throw this.#refuse('rateBps', value, 'whole bits a second from 1 to 10^15, or null for no limit');
  }

  time(key: string, value: bigint, first: bigint, last: bigint): number {
    if (typeof value === 'bigint' && value >= first && value <= last) return Number(value);
    throw this.#refuse(key, value, `a bigint of nanoseconds from ${first} to ${last}`);
  }

  delay(value: bigint, isNone: boolean): number {
    const ns = this.time('delayNs', value, 0n, DELAY_NS_MAX);
    if ((ns === 0) === isNone) return ns;
    throw new NetworkError(
      isNone
        ? `${this.#name}: its cable has no delay, and a worker moves both ends as one; write a delay of 1ns or more in the topology to change it in the run`
        : `${this.#name}: its cable has a delay, and its ends may be two workers'; ask for 1 ns or more`,
    );
  }

  queue(value: number, planned: number): number {
    if (Number.isInteger(value) && value >= 1 && value <= planned) return value;
    throw this.#refuse(
      'queueFrames',
      value,
      `a whole number from 1 to ${planned}, for which there is memory; write the largest in the topology`,
    );
  }

  share(key: string, value: number): number {
    if (value >= 0 && value <= 1) return value;
    throw this.#refuse(key, value, 'a share from 0 to 1');
  }

  reorder(value: Reorder | null, hasLane: boolean): { reorder: number; reorderNs?: number } {
    if (value === null) return { reorder: 0 };
    if (!hasLane) {
      throw new NetworkError(
        `${this.#name}: its cable has no memory for frames that are held back; write reorder: { share: 0%, by: 50us } in the topology`,
      );
    }
    const share = this.share('reorder.share', value.share);
    return { reorder: share, reorderNs: this.time('reorder.byNs', value.byNs, 1n, SMALL_NS_MAX) };
  }
}
