/** The limit of one core of the machine: a learning switch in C with nothing round it (calib.c), and what copies cost it. */
import { compile } from './host.ts';
import { CANONICAL, type Case, type Load, type Rate, rateOf, type Settings, type Size } from './peer.ts';

const BURST = 32;
const MANY = { ...CANONICAL, macs: 65_536, pairs: 65_536 };
const SWITCHING = 'descriptor from a ring, refresh the source, look up, queue; no checks, VLANs or counters';

/** calib.c for the canonical traffic, or other options. Throws Unavailable without a compiler. */
export function limitOf(
  { seconds, folder }: Settings,
  options: Readonly<Record<string, Size>> = {},
): Promise<Required<Rate>> {
  const { ports, macs, pairs, size } = CANONICAL;
  const all = { ports, macs, pairs, len: size, burst: BURST, secs: seconds, ...options };
  return rateOf(
    compile('calib.c', folder),
    Object.entries(all).map(([name, value]) => `${name}=${value}`),
  );
}

interface Kind {
  readonly name: string;
  readonly options?: Readonly<Record<string, Size>>;
  readonly does: string;
  readonly sizes?: readonly Size[];
  readonly load?: Partial<Load>;
  readonly aim?: (size: Size) => number | undefined;
}

const kinds: readonly Kind[] = [
  {
    name: '65,536 MACs, prefetch',
    options: { macs: MANY.macs, pairs: MANY.pairs, prefetch: 1 },
    does: `${SWITCHING}; a burst's frames and table places asked for ahead`,
    load: MANY,
    aim: () => 0.7,
  },
  {
    name: '65,536 MACs',
    options: { macs: MANY.macs, pairs: MANY.pairs },
    does: SWITCHING,
  },
  {
    name: '2 ports, 16 MACs, 32 pairs',
    options: { ports: 2, macs: 16, pairs: 32 },
    does: SWITCHING,
    load: { ports: 2, macs: 16, pairs: 32 },
  },
  { name: '1,024 MACs, no copy', options: {}, does: SWITCHING, sizes: [1514], load: {} },
  {
    name: '1,024 MACs, one copy',
    options: { copy: 1 },
    does: `${SWITCHING}; copies the frame for who receives it`,
    sizes: [64, 'imix', 1514],
    load: { copies: 1 },
    aim: (size) => (size === 1514 ? 0.9 : undefined),
  },
  {
    name: '1,024 MACs, copy in and copy out',
    options: { copy: 2 },
    does: `${SWITCHING}; who sends writes the frame, who receives copies it out`,
    sizes: [64, 'imix', 1514],
    load: { copies: 2 },
  },
];

function casesOf({ name, options, does, sizes = [CANONICAL.size], load, aim }: Kind): Case[] {
  return sizes.map((size) => {
    const wanted = aim?.(size);
    return {
      peer: 'C limit',
      name,
      size,
      cores: 1,
      does,
      ...(load !== undefined && size !== 'imix' && { ours: { ...CANONICAL, ...load, size } }),
      ...(wanted !== undefined && { aim: wanted }),
      open: (settings) => () => limitOf(settings, { ...options, len: size }),
    };
  });
}

export const cases: readonly Case[] = [
  { peer: 'C limit', name: '1,024 MACs', size: 64, cores: 1, does: SWITCHING, ours: CANONICAL, aim: 0.7 },
  ...kinds.flatMap(casesOf),
];
