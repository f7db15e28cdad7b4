/** JavaScript without WebAssembly, two ways (reference.ts): ours, since no switch of anybody else's is to be had. */
import { wordsFor } from '../node.ts';
import { isSmoke } from '../options.ts';
import { CANONICAL, type Case, type Load, rateOf } from './peer.ts';

const PROGRAM = wordsFor('peers/reference.ts');
const RING = 'descriptor from a ring, refresh the source, look up, queue; no checks, VLANs or counters';
const NAIVE = 'a view of the frame, both addresses to text, a Map, a copy';

function reference(name: string, kind: string, does: string, copy: 0 | 1, change: Partial<Load> = {}): Case {
  const { copies: _, ...traffic } = { ...CANONICAL, ...change };
  return {
    peer: 'Node.js reference',
    name,
    size: traffic.size,
    cores: 1,
    does,
    ours: copy === 0 ? traffic : { ...traffic, copies: 1 },
    open: ({ seconds }) => {
      const flags = Object.entries({ kind, copy, seconds, ...traffic }).flatMap(([key, value]) => [`--${key}`, value]);
      return () => rateOf(process.execPath, [...PROGRAM, ...flags, ...(isSmoke ? ['--smoke'] : [])]);
    },
  };
}

export const cases: readonly Case[] = [
  reference('typed arrays, 1,024 MACs', 'ring', RING, 0),
  reference('typed arrays, 65,536 MACs', 'ring', RING, 0, { macs: 65_536, pairs: 65_536 }),
  reference('typed arrays, 1,024 MACs, one copy', 'ring', `${RING}; copies the frame`, 1),
  reference('typed arrays, 1,024 MACs, one copy', 'ring', `${RING}; copies the frame`, 1, { size: 1514 }),
  reference('naive, 1,024 MACs', 'naive', NAIVE, 1),
  reference('naive, 1,024 MACs', 'naive', NAIVE, 1, { size: 1514 }),
];
