/**
 * What passes watched ports, kept in memory until it is taken: a stream of bytes like a capture file's, which can be cut back.
 * Places in it are bytes since the start of the run.
 */
export class Tap {
  #pieces: Uint8Array[] = [];
  #from = 0;
  #end = 0;

  /** Up to where it has been taken. */
  get taken(): number {
    return this.#from;
  }

  readonly write = (bytes: Uint8Array): void => {
    // Not by slice: of a Buffer that would be a view.
    this.#pieces.push(new Uint8Array(bytes));
    this.#end += bytes.length;
  };

  take(): Uint8Array[] {
    const pieces = this.#pieces;
    this.#pieces = [];
    this.#from = this.#end;
    return pieces;
  }

  /** Goes back to a place: what came after it is gone. Where that was another run's (`isPast` false), so is all before. */
  goTo(place: number, isPast: boolean): void {
    const keeps = isPast && place >= this.#from && place <= this.#end;
    const kept = keeps ? Buffer.concat(this.#pieces).subarray(0, place - this.#from) : null;
    if (kept === null) this.#from = place;
    this.#pieces = kept === null ? [] : [kept];
    this.#end = place;
  }

  /** Gives up what is before a place. */
  skipTo(place: number): void {
    const until = Math.min(place, this.#end);
    if (until <= this.#from) return;
    this.#pieces = [Buffer.concat(this.#pieces).subarray(until - this.#from)];
    this.#from = until;
  }
}
