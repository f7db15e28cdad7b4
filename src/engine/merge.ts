/**
 * Puts what several workers captured into one file's order: by time, and at one instant first what commands captured (aside.ts), then by
 * island, which is how a single worker writes it. Each ring is in that order by itself. A block can go out once all workers are past its time.
 */
import { padded } from '../capture/block.ts';
import type { DrainOrder } from './floor.ts';
import * as L from './generated/layout.ts';

const RECORD_HEAD_BYTES = 16;
const PACKET_BYTES = 28;
const BLOCK_HEAD_BYTES = 20;
const OUT_BYTES = 1024 * 1024;
/** Before every island. */
const COMMANDS = -1;

interface Queue {
  bytes: Buffer;
  at: number;
  /** Of the block at `at`: time in two words, and island. */
  high: number;
  low: number;
  island: number;
  end: number;
}

type MergeOrder = Pick<DrainOrder, 'islandsOf' | 'epochNs' | 'ofCommands'>;

export class Merge {
  readonly #queues: Queue[];
  readonly #order: MergeOrder;
  readonly #isPcap: boolean;

  /** A classic pcap's records name no interface: at one instant they stand by ring. */
  constructor(rings: number, order: MergeOrder, isPcap: boolean) {
    this.#queues = Array.from({ length: rings }, () => ({
      bytes: Buffer.alloc(0),
      at: 0,
      high: Number.POSITIVE_INFINITY,
      low: 0,
      island: 0,
      end: 0,
    }));
    this.#order = order;
    this.#isPcap = isPcap;
  }

  get isHolding(): boolean {
    return this.#queues.some(({ bytes, at }) => at < bytes.length);
  }

  /** What waits, by ring. */
  get held(): Uint8Array[] {
    return this.isHolding ? this.#queues.map(({ bytes, at }) => Uint8Array.from(bytes.subarray(at))) : [];
  }

  hold(held: readonly Uint8Array[]): void {
    for (const [i, queue] of this.#queues.entries()) {
      queue.bytes = Buffer.alloc(0);
      queue.at = 0;
      this.add(i, held[i] === undefined ? [] : [held[i]]);
    }
  }

  /** Takes whole blocks from a ring; they are copied. */
  add(ring: number, pieces: readonly Uint8Array[]): void {
    const queue = this.#queues[ring]!;
    queue.bytes = Buffer.concat([queue.bytes.subarray(queue.at), ...pieces]);
    queue.at = 0;
    this.#look(queue, ring);
  }

  /** Writes, in order, all blocks before `floorNs`, internal time; with null all there are. */
  flush(floorNs: bigint | null, write: (bytes: Uint8Array) => void): void {
    const [high, low] = floorNs === null ? [Number.POSITIVE_INFINITY, 0] : this.#words(this.#order.epochNs + floorNs);
    const out = new Output(write);
    for (;;) {
      const first = this.#queues.reduce((least, queue) => (isBefore(queue, least) ? queue : least));
      if (first.high === Number.POSITIVE_INFINITY || !isEarlier(first, high, low)) break;
      out.add(first.bytes.subarray(first.at, first.end));
      first.at = first.end;
      this.#look(first, this.#queues.indexOf(first));
    }
    out.end();
  }

  #words(ns: bigint): [number, number] {
    if (this.#isPcap) return [Number(ns / 1_000_000_000n), Number(ns % 1_000_000_000n)];
    return [Number(ns >> 32n), Number(ns & 0xffff_ffffn)];
  }

  #look(queue: Queue, ring: number): void {
    const { bytes, at } = queue;
    if (at === bytes.length) {
      queue.high = Number.POSITIVE_INFINITY;
    } else if (this.#isPcap) {
      queue.high = bytes.readUInt32LE(at);
      queue.low = bytes.readUInt32LE(at + 4);
      queue.island = ring;
      queue.end = at + RECORD_HEAD_BYTES + bytes.readUInt32LE(at + 8);
    } else {
      queue.high = bytes.readUInt32LE(at + BLOCK_HEAD_BYTES - 8);
      queue.low = bytes.readUInt32LE(at + BLOCK_HEAD_BYTES - 4);
      queue.island = this.#islandOf(bytes, at);
      queue.end = at + bytes.readUInt32LE(at + 4);
    }
    if (ring === this.#order.ofCommands) queue.island = COMMANDS;
  }

  /** Of the switch that captured a block: epb_flags, the first of its options, say which way the frame went. */
  #islandOf(bytes: Buffer, at: number): number {
    const [incoming, outgoing] = this.#order.islandsOf[bytes.readUInt32LE(at + 8)]!;
    if (incoming === outgoing) return incoming;
    const flags = at + PACKET_BYTES + padded(bytes.readUInt32LE(at + BLOCK_HEAD_BYTES)) + 4;
    return bytes.readUInt32LE(flags) === L.CAPTURE_IN ? incoming : outgoing;
  }
}

function isEarlier(queue: Queue, high: number, low: number): boolean {
  return queue.high < high || (queue.high === high && queue.low < low);
}

function isBefore(a: Queue, b: Queue): boolean {
  return isEarlier(a, b.high, b.low) || (a.high === b.high && a.low === b.low && a.island < b.island);
}

/** Gathers pieces, so that many small ones become a few writes. */
class Output {
  readonly #write: (bytes: Uint8Array) => void;
  #buffer: Buffer | null = null;
  #length = 0;

  constructor(write: (bytes: Uint8Array) => void) {
    this.#write = write;
  }

  add(bytes: Buffer): void {
    if (this.#length + bytes.length > OUT_BYTES) this.end();
    this.#buffer ??= Buffer.allocUnsafe(OUT_BYTES);
    bytes.copy(this.#buffer, this.#length);
    this.#length += bytes.length;
  }

  end(): void {
    if (this.#buffer !== null && this.#length > 0) this.#write(this.#buffer.subarray(0, this.#length));
    this.#length = 0;
  }
}
