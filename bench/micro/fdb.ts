/**
 * What does a table with many stations cost a frame? Two look-ups each, from caches at 1,024 stations, from memory at
 * 65,536. A million takes more frames than a pool has room for: ../table.ts writes other addresses into a few.
 */
import { knownUnicast } from '../known.ts';
import { isSmoke } from '../options.ts';
import { suite } from './suite.ts';

const PORTS = 16;
const BURST = 64;
const COUNTS = isSmoke ? [1024, 4096] : [1024, 65_536];

const loads = COUNTS.map((stations) => ({
  stations,
  ...knownUnicast({ ports: PORTS, stations, pairs: stations, bytes: 60, burst: BURST, model: 'learning' }),
}));
const flooded = loads.map(({ rig }) => rig.verdict('flood_unknown'));
await suite(
  'fdb',
  loads.map(({ stations, rig }) => ({
    name: `known unicast, ${stations} stations`,
    frames: PORTS * BURST,
    run: () => rig.round(),
  })),
  () => ({
    balanced: loads.every(({ rig }, i) => rig.ledger().balanced && rig.verdict('flood_unknown') === flooded[i]),
    drops: Object.assign({}, ...loads.map(({ rig }) => rig.ledger().drops)),
    checksum: loads.map(({ checksum }) => checksum).join(' '),
  }),
);
