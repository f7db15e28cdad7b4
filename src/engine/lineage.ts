/**
 * Which past the files of a network tell: what has been written to captures cannot be called back by another past.
 *
 * A branch is one course of events, places on it are bytes captured since the start of the run. Going back to a place and on from there
 * begins a new branch; the files hold the old one up to that place.
 */
import type { Origin } from './moment.ts';

export class Lineage {
  readonly #past: { readonly branch: object; readonly until: number }[] = [];
  #branch: object = {};

  /** What happens now belongs to this. */
  get branch(): object {
    return this.#branch;
  }

  /** Whether a place is part of what the files, `written` bytes long by now, tell. */
  holds(place: Origin, written: number): boolean {
    if (place.branch === this.#branch) return place.written <= written;
    return this.#past.some(({ branch, until }) => branch === place.branch && place.written <= until);
  }

  /** From here on another course is taken than before; `from` is what the files hold of which branch, null for nothing. */
  leave(from: Origin | null): void {
    const at = from === null ? 0 : this.#past.findIndex(({ branch }) => branch === from.branch);
    if (at >= 0) this.#past.length = at;
    if (from !== null) this.#past.push({ branch: from.branch, until: from.written });
    this.#branch = {};
  }
}
