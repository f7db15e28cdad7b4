/**
 * The memory at an instant: copies of its used pages, 4 KiB each.
 *
 * The memory starts all zero, so that pages of zeros are left out. What is no state (`bounds.ts`) is neither taken nor put back.
 * Pages are kept in a store, which counts who refers to each: images of one network that follow each other share what did
 * not change in between.
 */
import { type Bounds, boundsOf } from './bounds.ts';
import type { Core } from './core.ts';
import { PAGE_BYTES } from './generated/layout.ts';
import { SharedMemory } from './memory.ts';
import type { Plan } from './plan.ts';

/** Pages that are allocated together. */
const SLAB_PAGES = 256;

/** Copies of pages, by place. */
export class PageStore {
  readonly #slabs: Uint8Array[] = [];
  readonly #users: number[] = [];
  readonly #free: number[] = [];

  /** A store that already holds the pages in `bytes`, one after the other, each with one user. */
  static over(bytes: Uint8Array): PageStore {
    const store = new PageStore();
    for (let at = 0; at < bytes.length; at += SLAB_PAGES * PAGE_BYTES)
      store.#slabs.push(bytes.subarray(at, at + SLAB_PAGES * PAGE_BYTES));
    for (let i = 0; i < bytes.length / PAGE_BYTES; i++) store.#users.push(1);
    return store;
  }

  /** Bytes of the pages that somebody refers to. */
  get bytes(): number {
    return (this.#users.length - this.#free.length) * PAGE_BYTES;
  }

  /** A place for a page, with one user. */
  take(): number {
    const place = this.#free.pop() ?? this.#users.length;
    if (place >> 8 === this.#slabs.length)
      this.#slabs.push(new Uint8Array(Buffer.allocUnsafeSlow(SLAB_PAGES * PAGE_BYTES).buffer));
    this.#users[place] = 1;
    return place;
  }

  share(place: number): number {
    this.#users[place]!++;
    return place;
  }

  release(place: number): void {
    if (--this.#users[place]! === 0) this.#free.push(place);
  }

  page(place: number): Uint8Array {
    const at = (place & (SLAB_PAGES - 1)) * PAGE_BYTES;
    return this.#slabs[place >> 8]!.subarray(at, at + PAGE_BYTES);
  }
}

export interface Image {
  readonly store: PageStore;
  /** Numbers of the used pages, ascending. */
  readonly pages: readonly number[];
  /** Where each is in the store. */
  readonly places: readonly number[];
}

/** Copies the used pages; those that are as in `before`, an image in the same store, are shared with it. */
export function takeImage(memory: SharedMemory, core: Core, plan: Plan, store: PageStore, before?: Image): Image {
  const live = Buffer.from(memory.memory.buffer);
  const pages = usedPages(memory, core, plan);
  let seen = 0;
  const places = pages.map((page) => {
    const at = page * PAGE_BYTES;
    if (before !== undefined) {
      while (seen < before.pages.length && before.pages[seen]! < page) seen++;
      const place = before.pages[seen] === page ? before.places[seen]! : -1;
      if (place >= 0 && live.compare(store.page(place), 0, PAGE_BYTES, at, at + PAGE_BYTES) === 0)
        return store.share(place);
    }
    const place = store.take();
    store.page(place).set(memory.bytes.subarray(at, at + PAGE_BYTES));
    return place;
  });
  return { store, pages, places };
}

export function dropImage({ store, places }: Image): void {
  for (const place of places) store.release(place);
}

/** The image in a memory of its own, to be looked at. */
export function unpackImage({ store, pages, places }: Image, bytes: number): SharedMemory {
  const wasmPages = bytes / 65_536;
  const memory = new SharedMemory(new WebAssembly.Memory({ initial: wasmPages, maximum: wasmPages, shared: true }));
  for (const [i, page] of pages.entries()) memory.bytes.set(store.page(places[i]!), page * PAGE_BYTES);
  return memory;
}

/** Makes the memory what it was when the image was taken, but for the words that are whoever's moves it. Nobody may move it meanwhile. */
export function putImage(memory: SharedMemory, core: Core, plan: Plan, image: Image): void {
  const write = writer(memory, boundsOf(memory, plan));
  const empty = new Uint8Array(PAGE_BYTES);
  let next = 0;
  for (const page of usedPages(memory, core, plan)) {
    while (next < image.pages.length && image.pages[next]! < page) next++;
    if (image.pages[next] !== page) write(page, empty);
  }
  for (const [i, page] of image.pages.entries()) write(page, image.store.page(image.places[i]!));
}

function usedPages(memory: SharedMemory, core: Core, plan: Plan): number[] {
  const pages: number[] = [];
  let from = 0;
  const scan = (end: number): void => {
    while (from < end) {
      const first = core.firstPage(from, end, true) >>> 0;
      from = core.firstPage(first, end, false) >>> 0;
      for (let page = first / PAGE_BYTES; page < from / PAGE_BYTES; page++) pages.push(page);
    }
  };
  for (const { at, end } of boundsOf(memory, plan).skipped) {
    scan(Math.ceil(at / PAGE_BYTES) * PAGE_BYTES);
    from = Math.max(from, Math.floor(end / PAGE_BYTES) * PAGE_BYTES);
  }
  scan(plan.bytes);
  return pages;
}

/** Writes a page round the words that are kept. */
function writer({ bytes }: SharedMemory, { kept }: Bounds): (page: number, content: Uint8Array) => void {
  const holes = new Map<number, { at: number; end: number }[]>();
  for (const { at, end } of kept) {
    const page = Math.floor(at / PAGE_BYTES);
    holes.set(page, [...(holes.get(page) ?? []), { at: at % PAGE_BYTES, end: end - page * PAGE_BYTES }]);
  }
  return (page, content) => {
    const to = page * PAGE_BYTES;
    let from = 0;
    for (const { at, end } of holes.get(page) ?? []) {
      bytes.set(content.subarray(from, at), to + from);
      from = end;
    }
    bytes.set(content.subarray(from), to + from);
  };
}
