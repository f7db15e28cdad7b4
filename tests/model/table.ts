/** The address table of the reference model: one Map, and every rule written out. */

/** What the table holds for stations outside: all uplinks are one. */
export const outside = 'uplink';

export interface Entry {
  readonly vid: number;
  readonly mac: string;
  /** Name of a local port, or `outside`. */
  place: string;
  /** Never changes where a station is because of a frame, never ages. */
  readonly isStatic: boolean;
  heardNs: bigint;
  /** R13: an announcement from outside is not believed before this. */
  lockedUntilNs: bigint;
}

export interface TableConfig {
  ageNs: bigint;
  readonly entriesMax: number;
  readonly whenFull: 'evict' | 'forward';
  /** `outside` first, then the local ports in order: of places equally full the first loses an entry. */
  readonly places: readonly string[];
}

export class ReferenceTable {
  readonly #config: TableConfig;
  readonly #entries = new Map<string, Entry>();

  constructor(config: TableConfig) {
    this.#config = config;
  }

  setAgeing(ageNs: bigint): void {
    this.#config.ageNs = ageNs;
  }

  #isLive(entry: Entry, nowNs: bigint): boolean {
    return entry.isStatic || nowNs - entry.heardNs < this.#config.ageNs;
  }

  find(vid: number, mac: string, nowNs: bigint): Entry | undefined {
    const entry = this.#entries.get(`${vid} ${mac}`);
    return entry !== undefined && this.#isLive(entry, nowNs) ? entry : undefined;
  }

  learn(vid: number, mac: string, place: string, nowNs: bigint): void {
    const entry = this.#entries.get(`${vid} ${mac}`);
    if (entry?.isStatic) return;
    if (entry === undefined) {
      if (this.#hasRoom(nowNs)) this.#put(vid, mac, place, false, nowNs);
      return;
    }
    if (!this.#isLive(entry, nowNs) || entry.place !== place) entry.lockedUntilNs = 0n;
    entry.place = place;
    entry.heardNs = nowNs;
  }

  setStatic(vid: number, mac: string, place: string, nowNs: bigint): void {
    this.#entries.delete(`${vid} ${mac}`);
    if (this.#hasRoom(nowNs)) this.#put(vid, mac, place, true, nowNs);
  }

  deleteStatic(vid: number, mac: string): void {
    if (this.#entries.get(`${vid} ${mac}`)?.isStatic) this.#entries.delete(`${vid} ${mac}`);
  }

  /** Forgets what was learned, at one place or everywhere. */
  flush(place?: string): void {
    for (const [key, entry] of this.#entries) {
      if (!entry.isStatic && (place === undefined || entry.place === place)) this.#entries.delete(key);
    }
  }

  live(nowNs: bigint): Entry[] {
    return [...this.#entries.values()].filter((entry) => this.#isLive(entry, nowNs));
  }

  #put(vid: number, mac: string, place: string, isStatic: boolean, heardNs: bigint): void {
    this.#entries.set(`${vid} ${mac}`, { vid, mac, place, isStatic, heardNs, lockedUntilNs: 0n });
  }

  /** Whether one more entry fits, after what the rules let go of a full table. */
  #hasRoom(nowNs: bigint): boolean {
    if (this.#entries.size < this.#config.entriesMax) return true;
    const before = this.#entries.size;
    for (const [key, entry] of this.#entries) if (!this.#isLive(entry, nowNs)) this.#entries.delete(key);
    if (this.#entries.size < before) return true;
    if (this.#config.whenFull === 'forward') return false;
    const victim = this.#leastRecentlyHeard(this.#fullest());
    if (victim === undefined) return false;
    this.#entries.delete(`${victim.vid} ${victim.mac}`);
    return true;
  }

  #dynamicAt(place: string): Entry[] {
    return [...this.#entries.values()].filter((entry) => !entry.isStatic && entry.place === place);
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
