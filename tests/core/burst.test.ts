/** Invariant I11: a burst gives what its frames one by one would, whatever the size of a visit. */
import { it } from 'vitest';
import { topologyOf } from '../model/topology.ts';
import { referenceUnderTest } from '../model/under-test.ts';
import { assertSameBatch, assertSameTable } from './agreement.ts';
import type { Life } from './arbitraries.ts';
import { Cast, pick } from './cast.ts';
import { frameOf } from './frames.ts';
import { checkLives, timeoutMs } from './runs.ts';
import { throughRings } from './through-rings.ts';

const visits = [1, 7, 64];
const framesMax = 64;

/** The frames of a life without its operator, in batches that each wait at one port. */
function batchesOf({ config, steps }: Life, size: number) {
  const cast = new Cast(config);
  const sent = steps.flatMap((step) => (step.do === 'frames' ? step.frames : []));
  const ports = steps.flatMap((step) => (step.do === 'frames' ? [pick(config.ports, step.port).name] : []));
  return Array.from({ length: Math.ceil(sent.length / size) }, (_, i) => {
    const port = pick(ports, i);
    const frames = sent.slice(i * size, (i + 1) * size);
    return { port, frames: frames.map((frame, id) => frameOf(cast.spell(frame, port), id)) };
  });
}

function agrees({ config: { ports, ...settings }, steps }: Life, size: number): void {
  // Frames of one instant are heard at one time, and of equals any may be evicted: so there is room for all.
  const config = { ports, ...settings, entriesMax: 128 };
  const model = referenceUnderTest(config);
  const visited = visits.map((burst) => throughRings(topologyOf(config), { burst }));
  let nowNs = 1_000_000n;
  try {
    for (const { port, frames } of batchesOf({ config, steps }, size)) {
      nowNs += 100_000_000n;
      const want = model.receiveAll(port, frames, nowNs);
      for (const [i, each] of visited.entries()) {
        const name = `visits of ${visits[i]}`;
        assertSameBatch(name, each.receiveAll(port, frames, nowNs), want);
        assertSameTable(name, each, model, nowNs);
        each.assertLedger();
      }
    }
  } finally {
    for (const each of visited) each.close();
  }
}

it(
  'gives for a burst what its frames give one by one, in order, with visits of 1, 7 and 64',
  async () => {
    await checkLives('burst', 150, 100, (life) => {
      // As long as the life is, so long are its bursts.
      agrees(life, Math.min(framesMax, 2 + life.steps.length));
    });
  },
  timeoutMs,
);
