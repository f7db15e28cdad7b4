/**
 * Random runs: how many, from which seed, and what a failure says.
 *
 * `MODEL_RUNS=5000` makes a long run and prints its seed; `MODEL_SEED=n` with `MODEL_RUNS=m` repeats one. A failing life is
 * shortened for at most half a minute; fast-check's own shrinking of long arrays takes many.
 */
import fc from 'fast-check';
import { seed as chance } from '../chance.ts';
import { type Life, lives } from './arbitraries.ts';
import { shorten } from './shorten.ts';
import { story } from './story.ts';

const asked = process.env['MODEL_RUNS'];
const seedAsked = process.env['MODEL_SEED'];
const shortenMs = 30_000;
/** Runs from one seed, so that a failure is soon repeated. */
const chunk = 100;

/** Whether this is a run on demand, which may be shorter or longer than the tests'. */
export const isOnDemand = asked !== undefined;

/** As long as a test with random runs may take. */
export const timeoutMs = isOnDemand ? 86_400_000 : 300_000;

/** Checks `runs` random lives of so many steps at most, or as many as were asked for. `check` throws where something is wrong. */
export async function checkLives(
  name: string,
  runs: number,
  stepsMax: number,
  check: (life: Life) => void,
): Promise<void> {
  const seed = Number(seedAsked ?? (isOnDemand ? Math.trunc(Math.random() * 0x7fffffff) : chance));
  const total = Number(asked ?? runs);
  if (isOnDemand) console.log(`${name}: MODEL_SEED=${seed} MODEL_RUNS=${total}`);
  for (let done = 0; done < total; done += chunk) {
    checkChunk(name, { seed: seed + done, numRuns: Math.min(chunk, total - done) }, lives(stepsMax), check);
    // What networks have promised comes true only now, and lets go of their memory.
    await new Promise(setImmediate);
  }
}

function checkChunk(
  name: string,
  { seed, numRuns }: { seed: number; numRuns: number },
  of: fc.Arbitrary<Life>,
  check: (life: Life) => void,
): void {
  const details = fc.check(fc.property(of, check), { seed, numRuns, endOnFailure: true });
  if (!details.failed) return;
  const [life] = details.counterexample!;
  let cause = details.errorInstance;
  const fails = (each: Life) => {
    try {
      check(each);
      return false;
    } catch (error) {
      cause = error;
      return true;
    }
  };
  const told = story(shorten(life, fails, shortenMs));
  throw new Error(`${name}: repeat it with MODEL_SEED=${seed} MODEL_RUNS=${details.numRuns}\n${told}`, { cause });
}
