/**
 * Frame sizes of a test: single ones, Internet mixes, and the genomes of RFC 6985.
 *
 * All sizes are octets of the Ethernet frame with its FCS, as in RFC 2544 section 9.1; a capture shows 4 less.
 */
import { BenchError } from './error.ts';

/** What a stream sends: one size or several, again and again. */
export interface FrameMix {
  /** `64`, `imix:csit`, `genome:aaafg`, `64:7,570:4,1518:1`. Equal names mean equal sizes, but for a genome with `z`. */
  readonly name: string;
  /** One period in sending order. A mix by weights is interleaved evenly; a genome is in the order of its letters. */
  readonly sizes: readonly number[];
  /** Mean over the period. */
  readonly meanBytes: number;
}

export interface SizeOptions {
  /** Largest payload of the network, bytes (1500): what the genome's letter `z` and frames at the limit are made of. */
  readonly mtu?: number;
}

const bytesMin = 64;
/** A payload of 65,535 with header and FCS: the largest that a topology can declare. */
const bytesMax = 65_553;
/** Header and FCS of an untagged frame. */
const framingBytes = 18;
/** A period is laid out in memory for each stream. */
const periodMax = 4_096;

/** RFC 2544 section 9.1, Ethernet. */
export const standardSizes = [64, 128, 256, 512, 1024, 1280, 1518] as const;

type Weights = ReadonlyArray<readonly [bytes: number, weight: number]>;

/**
 * Mixes that other tools made common. Names alone mislead: many mixes are called IMIX, so the sizes belong in a report.
 * - `csit`: FD.io CSIT's IMIX_v4_1, 28 x 64, 16 x 570, 4 x 1518; mean 353.83.
 * - `trex`: TRex's 28 x 60, 16 x 590, 4 x 1514, which it states without FCS; here with it, so 64, 594 and 1518; mean 361.83.
 * - `classic`: 7:4:1 of 64, 570 and 1518, the "simple IMIX" of testers; the same proportions as `csit`.
 */
const imixes: Readonly<Record<string, Weights>> = {
  csit: [
    [64, 28],
    [570, 16],
    [1518, 4],
  ],
  trex: [
    [64, 28],
    [594, 16],
    [1518, 4],
  ],
  classic: [
    [64, 7],
    [570, 4],
    [1518, 1],
  ],
};

/** RFC 6985 section 4; `z` is the MTU, which the report has to name. */
const letters: Readonly<Record<string, number>> = {
  a: 64,
  b: 128,
  c: 256,
  d: 512,
  e: 1024,
  f: 1280,
  g: 1518,
  h: 2112,
  i: 9000,
  j: 16_000,
};

const whatThereIs =
  'sizes are 64 to 65553, rfc2544, imix:csit, imix:trex, imix:classic, genome:aaafg, or weights such as 64:7,570:4,1518:1';

/**
 * Reads a list such as `64,128,imix:csit,genome:aaafg,1518`. `rfc2544` stands for the seven standard sizes. Neighbours with
 * weights (`64:7,570:4`) are one mix; `;` separates like `,` and also ends a mix.
 * @throws BenchError for anything else, and for a letter `z` without `mtu`.
 */
export function parseSizes(text: string, options: SizeOptions = {}): FrameMix[] {
  const mixes = text.split(';').flatMap((part) => readPart(part, options));
  if (mixes.length === 0) throw new BenchError('no frame sizes', whatThereIs);
  return mixes;
}

function readPart(part: string, options: SizeOptions): FrameMix[] {
  const mixes: FrameMix[] = [];
  let weights: [number, number][] = [];
  const endMix = (): void => {
    if (weights.length > 0) mixes.push(weighted(weights.map((pair) => pair.join(':')).join(','), weights));
    weights = [];
  };
  for (const item of part.split(',').map((each) => each.trim())) {
    if (item === '') continue;
    const pair = /^(\d+):(\d+)$/.exec(item);
    if (pair !== null) {
      weights.push([bytes(pair[1]!), weight(pair[2]!, item)]);
      continue;
    }
    endMix();
    mixes.push(...readItem(item, options));
  }
  endMix();
  return mixes;
}

function readItem(item: string, options: SizeOptions): FrameMix[] {
  if (/^\d+$/.test(item)) return [single(bytes(item))];
  if (item === 'rfc2544') return standardSizes.map(single);
  const [, imix] = /^imix:(\w+)$/.exec(item) ?? [];
  if (imix !== undefined) {
    const weights = Object.hasOwn(imixes, imix) ? imixes[imix] : undefined;
    if (weights !== undefined) return [weighted(item, weights)];
    const known = Object.keys(imixes).join(', ');
    throw new BenchError(`${item} is no known IMIX`, `there are ${known}, or weights such as 64:7,570:4,1518:1`);
  }
  const [, genome] = /^(?:genome:|IMIX\s*-\s*)(\S+)$/i.exec(item) ?? [];
  if (genome !== undefined) return [mix(`genome:${genome}`, readGenome(genome, options))];
  throw new BenchError(`${item} is no frame size`, whatThereIs);
}

/**
 * Sizes of an RFC 6985 genome (section 4), in its order: `aaafg`, also written `IMIX - aaafg`. `z` is a frame of the MTU: mtu + 18.
 * @throws BenchError for a letter that the RFC has not, and for `z` where the MTU is not known.
 */
function readGenome(genome: string, { mtu }: SizeOptions): number[] {
  if (genome.length > periodMax) throw new BenchError('genome too long', `at most ${periodMax} letters`);
  return [...genome].map((letter) => {
    if (letter === 'z') {
      if (mtu !== undefined) return mtu + framingBytes;
      throw new BenchError(`genome ${genome} has a z, which stands for the MTU`, 'say which MTU it is');
    }
    const size = Object.hasOwn(letters, letter) ? letters[letter] : undefined;
    if (size !== undefined) return size;
    throw new BenchError(`genome ${genome} has no letter ${letter}`, 'RFC 6985 has a to j, and z for the MTU');
  });
}

function bytes(text: string): number {
  const size = Number(text);
  if (size >= bytesMin && size <= bytesMax) return size;
  throw new BenchError(`${text} is no frame size`, `octets with FCS, ${bytesMin} to ${bytesMax}`);
}

function weight(text: string, item: string): number {
  const times = Number(text);
  if (times >= 1 && times <= periodMax) return times;
  throw new BenchError(`${item} has no usable weight`, `whole numbers from 1 to ${periodMax}`);
}

const single = (size: number): FrameMix => mix(String(size), [size]);

function mix(name: string, sizes: readonly number[]): FrameMix {
  return { name, sizes, meanBytes: sizes.reduce((sum, size) => sum + size, 0) / sizes.length };
}

/**
 * A period of the least length. The k-th of n frames of a size stands as near as can be to (k + 1/2)/n of it, so that
 * equal sizes are as far apart as their number allows: a burst of large frames would measure buffers instead.
 */
function weighted(name: string, weights: Weights): FrameMix {
  const divisor = weights.reduce((common, [, times]) => greatestDivisor(common, times), 0);
  const counts = weights.map(([size, times]) => [size, times / divisor] as const);
  const total = counts.reduce((sum, [, count]) => sum + count, 0);
  if (total > periodMax) {
    throw new BenchError(`${name} repeats after ${total} frames`, `at most ${periodMax}: use smaller weights`);
  }
  const placed = counts.flatMap(([size, count]) =>
    Array.from({ length: count }, (_, k) => ({ size, at: (k + 0.5) / count })),
  );
  return mix(
    name,
    placed.sort((a, b) => a.at - b.at).map(({ size }) => size),
  );
}

function greatestDivisor(a: number, b: number): number {
  return b === 0 ? a : greatestDivisor(b, a % b);
}
