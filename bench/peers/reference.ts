/**
 * How fast is the same job in JavaScript alone? Two points of reference, both ours, with the traffic of all peers:
 *
 *     ring    calib.c in typed arrays: rings of descriptors, an open-addressed table, nothing else
 *     naive   what one writes first: a Buffer a frame, a Map by hexadecimal text
 *
 *     npx tsx bench/peers/reference.ts [--kind ring|naive] [--copy 0|1] [--seconds 0.5] [--macs 1024] [--pairs 4096] [--ports 8]
 *                                      [--burst 32] [--size 64]
 *
 * Prints million frames a second of the wall clock and of CPU time.
 */
import { options } from '../options.ts';
import { framesOf, station } from '../traffic.ts';

const settings = options(
  { kind: 'ring', copy: 0, seconds: 0.5, macs: 1024, pairs: 4096, ports: 8, burst: 32, size: 64 },
  { seconds: 0.05 },
);
const { kind, copy, seconds, macs, pairs, ports, burst, size } = settings;
const WARM_UP_MS = 700;
const ROUNDS = 64;
const TX_ENTRIES = 1024;
const TX_MASK = TX_ENTRIES - 1;
/** Places for each station; words of a place: address low, address high, port + 1, time. */
const SPARSE = 4;
const PLACE = 4;
/** Words of a cursor: a cache line each. */
const CURSOR = 16;
/** Frames up to so many words are copied faster by a loop than by `set`. */
const LOOP_WORDS = 32;

const perPort = pairs / ports;
const stride = (size + 63) & ~63;
const home = (i: number): number => Math.floor(i / (macs / ports));
// Views of 32-bit integers: V8 keeps those in registers.
const octets = new Uint8Array(new SharedArrayBuffer(pairs * stride));
const words = new Int32Array(octets.buffer);
for (const [port, frames] of framesOf({ ports, stations: macs, pairs, bytes: size }).entries())
  for (const [i, frame] of frames.entries()) octets.set(frame, (port * perPort + i) * stride);

/** A turn of the rings: a burst from each port; returns frames forwarded. */
function ring(): () => number {
  const places = 2 ** Math.ceil(Math.log2(macs * SPARSE));
  const shift = 32 - Math.log2(places);
  const last = places * PLACE - 1;
  const table = new Int32Array(places * PLACE);
  const place = (low: number, high: number): number => {
    let h = Math.imul(low ^ Math.imul(high, 0x9e3779b1), 0x85ebca6b);
    h ^= h >>> 15;
    return (Math.imul(h, 0xc2b2ae35) >>> shift) * PLACE;
  };
  const shared = (bytes: number): SharedArrayBuffer => new SharedArrayBuffer(bytes);
  const rx = Array.from({ length: ports }, (_, port) =>
    Int32Array.from({ length: perPort * 2 }, (__, i) => (i % 2 === 0 ? (port * perPort + i / 2) * stride : size)),
  );
  const tx = rx.map(() => new Int32Array(shared(TX_ENTRIES * 8)));
  const slabs = rx.map(() => new Uint8Array(shared(copy === 0 ? 64 : TX_ENTRIES * stride)));
  const slabWords = slabs.map(({ buffer }) => new Int32Array(buffer));
  // Of each port: head and tail of what it sends, head and tail of what it receives.
  const cursors = new Int32Array(shared(ports * 4 * CURSOR * 4));
  const at = (port: number, which: number): number => (port * 4 + which) * CURSOR;
  const heads = new Int32Array(ports);
  const tails = new Int32Array(ports);
  const rxMask = perPort - 1;
  const length = size >> 2;
  let now = 1;

  for (let i = 0; i < macs; i++) {
    const [low, high] = [Number(BigInt.asIntN(32, station(i))), Number(station(i) >> 32n)];
    let e = place(low, high);
    while (table[e + 2] !== 0) e = (e + PLACE) & last;
    table.set([low, high, home(i) + 1, now], e);
  }

  function learn(low: number, high: number, port: number): void {
    let e = place(low, high);
    while (table[e + 2] !== 0 && (table[e] !== low || table[e + 1] !== high)) e = (e + PLACE) & last;
    if (table[e + 2] !== port + 1) {
      table[e] = low;
      table[e + 1] = high;
      table[e + 2] = port + 1;
    }
    table[e + 3] = now;
  }

  function lookUp(low: number, high: number): number {
    let e = place(low, high);
    while (table[e + 2] !== 0 && (table[e] !== low || table[e + 1] !== high)) e = (e + PLACE) & last;
    return table[e + 2]! - 1;
  }

  function visit(port: number): number {
    const tail = cursors[at(port, 1)]!;
    const n = Math.min((Atomics.load(cursors, at(port, 0)) - tail) | 0, burst);
    const from = rx[port]!;
    let dirty = 0;
    for (let i = 0; i < n; i++) {
      const k = ((tail + i) & rxMask) << 1;
      const w = from[k]! >>> 2;
      const [second, third] = [words[w + 1]!, words[w + 2]!];
      learn((second >>> 16) | (third << 16), third >>> 16, port);
      const target = (words[w]! & 1) === 0 ? lookUp(words[w]!, second & 0xffff) : -1;
      if (target < 0) throw new Error('a frame is flooded');
      if (((dirty >>> target) & 1) === 0) {
        dirty |= 1 << target;
        heads[target] = cursors[at(target, 2)]!;
      }
      const head = heads[target]!;
      if (((head - tails[target]!) | 0) > TX_MASK) {
        tails[target] = Atomics.load(cursors, at(target, 3));
        if (((head - tails[target]!) | 0) > TX_MASK) throw new Error('a ring is full');
      }
      const to = (head & TX_MASK) * stride;
      if (copy !== 0 && length <= LOOP_WORDS) {
        const slab = slabWords[target]!;
        for (let j = 0, word = to >> 2; j < length; j++) slab[word + j] = words[w + j]!;
      } else if (copy !== 0) slabs[target]!.set(octets.subarray(w << 2, (w << 2) + size), to);
      const entry = (head & TX_MASK) << 1;
      tx[target]![entry] = copy === 0 ? from[k]! : to;
      tx[target]![entry + 1] = from[k + 1]!;
      heads[target] = (head + 1) | 0;
    }
    while (dirty !== 0) {
      const target = 31 - Math.clz32(dirty);
      dirty ^= 1 << target;
      Atomics.store(cursors, at(target, 2), heads[target]!);
    }
    Atomics.store(cursors, at(port, 1), (tail + n) | 0);
    return n;
  }

  return () => {
    let moved = 0;
    for (let port = 0; port < ports; port++) {
      Atomics.store(cursors, at(port, 0), (cursors[at(port, 1)]! + perPort) | 0);
      moved += visit(port);
      for (let target = 0; target < ports; target++) Atomics.store(cursors, at(target, 3), cursors[at(target, 2)]!);
    }
    now = (now + 1) | 0;
    return moved;
  };
}

/** As many frames as a turn of the rings. */
function naive(): () => number {
  const table = new Map<string, { port: number; seen: number }>();
  const frames = Buffer.from(octets.buffer);
  let next = 0;
  let sent = 0;
  const out = Array.from({ length: ports }, () => (frame: Buffer) => {
    sent += frame.length > 0 ? 1 : 0;
  });
  const receive = (port: number, frame: Buffer): void => {
    table.set(frame.toString('hex', 6, 12), { port, seen: Date.now() });
    const known = table.get(frame.toString('hex', 0, 6));
    if (known !== undefined) out[known.port]!(Buffer.from(frame));
    else for (const [i, send] of out.entries()) if (i !== port) send(Buffer.from(frame));
  };
  // Everybody has spoken once.
  for (let i = 0; i < pairs; i++) receive(Math.floor(i / perPort), frames.subarray(i * stride, i * stride + size));
  return () => {
    sent = 0;
    for (let i = ports * burst; i > 0; i--, next = (next + 1) % pairs)
      receive(Math.floor(next / perPort), frames.subarray(next * stride, next * stride + size));
    return sent;
  };
}

const kinds: Readonly<Record<string, () => () => number>> = { ring, naive };
const make = kinds[kind];
if (make === undefined) throw new Error(`no kind ${kind}; there are ${Object.keys(kinds).join(', ')}`);
const turn = make();

function run(forMs: number): string {
  const used = process.cpuUsage();
  const from = performance.now();
  let moved = 0;
  let elapsed = 0;
  do {
    for (let i = 0; i < ROUNDS; i++) moved += turn();
    elapsed = performance.now() - from;
  } while (elapsed < forMs);
  const { user, system } = process.cpuUsage(used);
  return `${(moved / elapsed / 1000).toFixed(4)} ${(moved / (user + system)).toFixed(4)}`;
}

run(Math.min(WARM_UP_MS, seconds * 1000));
console.log(run(seconds * 1000));
