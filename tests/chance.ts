/**
 * Where all chance in the tests begins. A run of the tests is the same each time, so that a red one speaks of what was changed;
 * `TEST_SEED=random npm test` looks further and prints its seed, and `TEST_SEED=n` repeats that.
 */
import fc from 'fast-check';

const asked = process.env['TEST_SEED'] ?? '1';

/** 0 to 2^31 - 1. */
export const seed = asked === 'random' ? Math.trunc(Math.random() * 0x7fffffff) : Number(asked);
if (!Number.isInteger(seed) || seed < 0 || seed > 0x7fffffff) {
  throw new Error(`TEST_SEED=${asked}: give a whole number up to 2147483647, or random`);
}

if (asked === 'random') console.log(`TEST_SEED=${seed}`);

// A property that names a seed of its own keeps it.
fc.configureGlobal({ ...fc.readConfigureGlobal(), seed });
