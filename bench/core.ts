/**
 * How many frames a second does the switch itself forward? 8 vNICs, 1,024 stations, 4,096 pairs, 64-byte known unicast, all
 * rules, counters and the ledger on, one core. Sources are always full and sinks always empty (rig.ts).
 *
 *     npx tsx bench/core.ts [--seconds 1] [--windows 5] [--macs 1024] [--pairs 4096] [--ports 8] [--burst 64]
 *                           [--model learning|registered] [--size 64] [--policy plain|snooping|access|outside|trunk|shaped|guarded|suppressing|mirrorOff|mirrorOne|mirrorOut|mirrorAll|flows]
 */
import { knownUnicast } from './known.ts';
import { dropsBetween, figure, print } from './line.ts';
import { options } from './options.ts';

const settings = options(
  {
    seconds: 1,
    windows: 5,
    macs: 1024,
    pairs: 4096,
    ports: 8,
    burst: 64,
    model: 'learning',
    size: 64,
    policy: 'plain',
  },
  { seconds: 0.05, windows: 2 },
);
const { seconds, windows, macs, pairs, ports, burst, model, size, policy } = settings;
const WARM_UP_MS = 300;
/** Rounds between two looks at the clock: about a millisecond. */
const ROUNDS = 64;

const { rig, checksum } = knownUnicast({ ports, stations: macs, pairs, bytes: size, burst, model, policy });
let total = 0;

interface Rate {
  /** Million frames a second of the wall clock. */
  readonly wall: number;
  /** Million frames a second of this process on a core: nearly the same, but when others want the core too. */
  readonly cpu: number;
}

function run(forMs: number): Rate {
  const used = process.cpuUsage();
  const from = performance.now();
  let moved = 0;
  let elapsed = 0;
  do {
    for (let i = 0; i < ROUNDS; i++) moved += rig.round();
    rig.tick();
    elapsed = performance.now() - from;
  } while (elapsed < forMs);
  total += moved;
  const { user, system } = process.cpuUsage(used);
  return { wall: moved / elapsed / 1000, cpu: moved / (user + system) };
}

run(Math.min(WARM_UP_MS, seconds * 1000));
total = 0;
const floodedBefore = rig.verdict('flood_unknown');
const before = rig.ledger();
const rates = Array.from({ length: windows }, () => run((seconds * 1000) / windows));
const after = rig.ledger();
const drops = dropsBetween(before, after);
const isForwarded =
  rig.verdict('flood_unknown') === floodedBefore &&
  after.delivered - before.delivered === total + after.copiesMade - before.copiesMade;
const name = `known unicast, ${macs} stations, ${ports} vNICs, ${size} bytes${policy === 'plain' ? '' : `, ${policy}`}`;
print({
  bench: 'core',
  settings,
  figures: [
    figure(
      name,
      'Mframes/s',
      rates.map(({ wall }) => wall),
    ),
    figure(
      `${name}, by CPU time`,
      'Mframes/s',
      rates.map(({ cpu }) => cpu),
    ),
  ],
  balanced: after.balanced && isForwarded && Object.keys(drops).length === 0,
  drops,
  checksum,
});
