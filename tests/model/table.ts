/** The address table of the reference model: one Map, and every rule written out. A VLAN here is a FID: the first of those that share. */
import type { TableFull } from '../../src/topology/model.ts';

/** How long a station that has announced itself here is not believed to be outside (R13). */
export const lockNs = 5_000_000_000n;
/** What the table holds for stations outside: all uplinks are one. */
export const outside = 'uplink';

export interface Entry {
  readonly vid: number;
  readonly mac: string;
  /** Name of a local port, or `outside`. */
  place: string;
  /** `bound` by the operator, or `sticky`: learned by a port that lets nothing go. Neither ages or moves because of a frame. */
  kind: 'dynamic' | 'sticky' | 'bound';
  heardNs: bigint;
  /** R13: an announcement from outside is not believed before this. */
  lockedUntilNs: bigint;
}

/** A station was heard elsewhere than before. */
export interface Move {
  readonly timeNs: bigint;
  readonly vlan: number;
  readonly mac: string;
  readonly from: string;
  readonly to: string;
}

export interface TableConfig {
  readonly ageNs: bigint;
  readonly entriesMax: number;
  readonly whenFull: TableFull;
  /** `outside` first, then the local ports in order: of places equally full the first loses an entry. */
  readonly places: readonly string[];
}

export class ReferenceTable {
  readonly #config: TableConfig;
  readonly #entries = new Map<string, Entry>();
  /** Places of the table that registered addresses take up. */
  registered = 0;
  readonly moves: Move[] = [];

  constructor(config: TableConfig) {
    this.#config = config;
  }

  #isLive(entry: Entry, nowNs: bigint): boolean {
    return entry.kind !== 'dynamic' || nowNs - entry.heardNs < this.#config.ageNs;
  }

  find(vid: number, mac: string, nowNs: bigint): Entry | undefined {
    const entry = this.#entries.get(`${vid} ${mac}`);
    return entry !== undefined && this.#isLive(entry, nowNs) ? entry : undefined;
  }

  /** A station is heard at a place: it is entered, moved or refreshed. Undefined: it is new and there is no room for it. */
  learn(vid: number, mac: string, place: string, nowNs: bigint): Entry | undefined {
    const entry = this.#entries.get(`${vid} ${mac}`);
    if (entry === undefined) return this.#hasRoom(nowNs) ? this.#put(vid, mac, place, 'dynamic', nowNs) : undefined;
    if (entry.kind !== 'dynamic') return entry;
    const isLive = this.#isLive(entry, nowNs);
    if (isLive && entry.place !== place)
      this.moves.push({ timeNs: nowNs, vlan: vid, mac, from: entry.place, to: place });
    if (!isLive || entry.place !== place) entry.lockedUntilNs = 0n;
    entry.place = place;
    entry.heardNs = nowNs;
    return entry;
  }

  /** R13 for a station that was learned. */
  lock(vid: number, mac: string, nowNs: bigint): void {
    const entry = this.find(vid, mac, nowNs);
    if (entry?.kind === 'dynamic') entry.lockedUntilNs = nowNs + lockNs;
  }

  /** How many stations a port has to answer for. */
  learnedAt(place: string, nowNs: bigint): number {
    return this.live(nowNs).filter((entry) => entry.place === place && entry.kind !== 'bound').length;
  }

  setStatic(vid: number, mac: string, place: string, nowNs: bigint): void {
    this.#entries.delete(`${vid} ${mac}`);
    if (this.#hasRoom(nowNs)) this.#put(vid, mac, place, 'bound', nowNs);
  }

  deleteStatic(vid: number, mac: string): void {
    if (this.#entries.get(`${vid} ${mac}`)?.kind !== 'dynamic') this.#entries.delete(`${vid} ${mac}`);
  }

  /** Forgets a station in those VLANs. */
  forget(mac: string, isMeant: (vid: number) => boolean): void {
    for (const [key, entry] of this.#entries) if (entry.mac === mac && isMeant(entry.vid)) this.#entries.delete(key);
  }

  /** Forgets what was learned: of one place or VLAN, or all; sticky entries only with `sticky`. */
  flush({ place, vid, sticky }: { place?: string | undefined; vid?: number | undefined; sticky: boolean }): void {
    for (const [key, entry] of this.#entries) {
      const isMeant = (place ?? entry.place) === entry.place && (vid ?? entry.vid) === entry.vid;
      if (isMeant && (entry.kind === 'dynamic' || (sticky && entry.kind === 'sticky'))) this.#entries.delete(key);
    }
  }

  live(nowNs: bigint): Entry[] {
    return [...this.#entries.values()].filter((entry) => this.#isLive(entry, nowNs));
  }

  #put(vid: number, mac: string, place: string, kind: Entry['kind'], heardNs: bigint): Entry {
    const entry = { vid, mac, place, kind, heardNs, lockedUntilNs: 0n };
    this.#entries.set(`${vid} ${mac}`, entry);
    return entry;
  }

  #isFull(): boolean {
    return this.#entries.size + this.registered >= this.#config.entriesMax;
  }

  /** Whether one more entry fits, after what the rules let go of a full table. */
  #hasRoom(nowNs: bigint): boolean {
    if (!this.#isFull()) return true;
    for (const [key, entry] of this.#entries) if (!this.#isLive(entry, nowNs)) this.#entries.delete(key);
    if (!this.#isFull()) return true;
    if (this.#config.whenFull !== 'evict') return false;
    const victim = this.#leastRecentlyHeard(this.#fullest());
    if (victim === undefined) return false;
    this.#entries.delete(`${victim.vid} ${victim.mac}`);
    return true;
  }

  #dynamicAt(place: string): Entry[] {
    return [...this.#entries.values()].filter((entry) => entry.kind === 'dynamic' && entry.place === place);
  }

  #fullest(): string {
    const { places } = this.#config;
    const most = Math.max(...places.map((place) => this.#dynamicAt(place).length));
    return places.find((place) => this.#dynamicAt(place).length === most)!;
  }

  #leastRecentlyHeard(place: string): Entry | undefined {
    return this.#dynamicAt(place).sort((a, b) => (a.heardNs < b.heardNs ? -1 : 1))[0];
  }
}
