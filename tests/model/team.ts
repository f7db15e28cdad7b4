/** A team of uplinks of the reference model: which of them are in use, and which one serves whom. */
import type { Teaming } from '../../src/topology/model.ts';
import { lastOctet } from './frame.ts';

/** More than there are ports, and all last octets. */
const placesMax = 256;

interface Pin {
  readonly uplink: string | undefined;
  /** The uplink before this one, and when it was given up. */
  readonly former: string | undefined;
  readonly sinceNs: bigint;
}

export class ReferenceTeam {
  readonly policy: Teaming['policy'];
  readonly #failback: boolean;
  readonly #activeCount: number;
  /** The active ones first, then those in reserve. */
  #order: readonly string[];
  #usable: readonly string[] = [];
  #pins: readonly Pin[] = Array.from({ length: placesMax }, () => ({
    uplink: undefined,
    former: undefined,
    sinceNs: 0n,
  }));

  constructor({ policy, active, standby, failback }: Teaming, hasLink: (uplink: string) => boolean) {
    this.policy = policy;
    this.#failback = failback;
    this.#activeCount = active.length;
    this.#order = [...active, ...standby];
    this.update(hasLink, 0n);
  }

  /** The uplinks in use, the first choice first. */
  get usable(): readonly string[] {
    return this.#usable;
  }

  has(uplink: string): boolean {
    return this.#order.includes(uplink);
  }

  /** Without failback those in use stay in use, and a pin stays where it is, as long as there is link. */
  update(hasLink: (uplink: string) => boolean, nowNs: bigint): void {
    this.#employ(this.#failback ? [] : this.#usable, hasLink, nowNs);
  }

  #employ(first: readonly string[], hasLink: (uplink: string) => boolean, nowNs: bigint): void {
    const candidates = new Set([...first, ...this.#order].filter(hasLink));
    this.#usable = [...candidates].slice(0, this.#activeCount);
    const keepsPins = !this.#failback && this.policy !== 'source-mac';
    this.#pins = this.#pins.map((pin, place) => {
      const stays = keepsPins && pin.uplink !== undefined && this.#usable.includes(pin.uplink);
      const uplink = stays ? pin.uplink : this.#choose(place);
      return uplink === pin.uplink ? pin : { uplink, former: pin.uplink ?? pin.former, sinceNs: nowNs };
    });
  }

  /**
   * The operator's choice comes first from now on; the last active uplink makes room for one that was in reserve. Which ones are
   * in use is worked out afresh, whatever failback says.
   */
  setActive(uplink: string, hasLink: (uplink: string) => boolean, nowNs: bigint): void {
    this.#order = [uplink, ...this.#order.filter((each) => each !== uplink)];
    this.#employ([], hasLink, nowNs);
  }

  /** The uplink of the `place`-th user: its own active one if that is usable, else a usable one by turns. */
  #choose(place: number): string | undefined {
    if (this.policy === 'explicit') return this.#usable[0];
    const preferred = this.#order[place % this.#activeCount];
    if (preferred !== undefined && this.#usable.includes(preferred)) return preferred;
    return this.#usable[place % this.#usable.length];
  }

  #pin(portIndex: number, mac: string): Pin {
    return this.#pins[this.policy === 'source-mac' ? lastOctet(mac) : portIndex]!;
  }

  /** The uplink that carries frames of `mac` from the local port; undefined when none is usable. */
  pin(portIndex: number, mac: string): string | undefined {
    return this.#pin(portIndex, mac).uplink;
  }

  /** R9: the uplink that floods of a VLAN are taken on. */
  designated(vid: number): string | undefined {
    return this.#choose(vid);
  }

  /** Whether the uplink is the one that served the local port before, given up less than `graceNs` ago. */
  isInGrace(portIndex: number, mac: string, uplink: string, graceNs: bigint, nowNs: bigint): boolean {
    const { former, sinceNs } = this.#pin(portIndex, mac);
    return former === uplink && nowNs - sinceNs < graceNs;
  }
}
