/** The core against the reference model, over random switches and random traffic: a failure is a seed and a short story. */
import fc from 'fast-check';
import { expect, it } from 'vitest';
import { topologyOf } from '../model/topology.ts';
import { referenceUnderTest } from '../model/under-test.ts';
import { type Life, lives } from './arbitraries.ts';
import { drive } from './drive.ts';
import { throughRings } from './through-rings.ts';
import { underTest } from './under-test.ts';

const runs = Number(process.env['MODEL_RUNS'] ?? 300);
const seed = process.env['MODEL_SEED'];

function agrees(life: Life): void {
  const topology = topologyOf(life.config);
  const switches = [
    referenceUnderTest(life.config),
    underTest(topology, { burst: 1 }),
    underTest(topology, { burst: 64 }),
    throughRings(topology, { burst: 64 }),
  ];
  try {
    drive(life, switches, (_step, _received, [model, oneByOne, inBursts, visited]) => {
      expect(oneByOne, 'the core, frame by frame').toEqual(model);
      expect(inBursts, 'the core, in bursts').toEqual(model);
      expect(visited, 'the core, through rings').toEqual(model);
    });
  } finally {
    for (const each of switches) each.close();
  }
}

const parameters = { numRuns: runs, ...(seed !== undefined && { seed: Number(seed) }) };

it('does what the reference model does, in verdict, copies and table, at every step of a random life', () => {
  fc.assert(fc.property(lives(100), agrees), parameters);
}, 120_000);
