/**
 * One reading of a file by the schema: everything that can be understood is kept, everything else is a problem.
 */
import type { z } from 'zod';
import type { Path, Place, Problems } from './problem.ts';
import type { File } from './schema.ts';
import { fileSchema } from './schema.ts';
import { isMap } from './value.ts';

/**
 * The file with all that was refused left out, so that the meaning of the rest can still be checked.
 *
 * zod gives no value at all if there is an issue anywhere. So the refused places are cut out and the remainder is read
 * again, until it passes. What is still refused after a cut misses something it needs: then the map or list around it
 * goes too, hence an end is reached after as many rounds as a file has levels.
 */
export function readFile(value: unknown, problems: Problems): File {
  let remainder = value;
  const cuts: Cut = new Map();
  for (;;) {
    const result = fileSchema.safeParse(remainder);
    if (result.success) return result.data;
    for (const issue of result.error.issues) {
      const path = issue.path as Path;
      problems.refuse(path, issue.message, placeOf(issue), lostBy(path));
      // Nothing is left to read when the whole file is refused.
      if (!cut(cuts, path)) return {};
    }
    remainder = without(value, cuts);
  }
}

function placeOf(issue: z.core.$ZodIssue): Place {
  return issue.code === 'custom' && issue.params?.['place'] === 'key' ? 'key' : 'value';
}

/** A VM whose vNICs are refused is in doubt as a whole, because its first vNIC bears its name. */
function lostBy(path: Path): Path {
  const nics = path.indexOf('nics');
  return nics !== -1 && path.length <= nics + 2 ? path.slice(0, nics) : path;
}

/** What to leave out of a map or list, by key: all of it, or parts. */
type Cut = Map<string | number, Cut | 'all'>;

/** Marks a place; if it is marked already, the map or list around it. False if that is the whole file. */
function cut(cuts: Cut, path: Path): boolean {
  let level = cuts;
  for (const [i, key] of path.entries()) {
    const below = level.get(key);
    if (below === 'all') return cut(cuts, path.slice(0, i));
    if (i === path.length - 1) {
      level.set(key, 'all');
      return true;
    }
    const next: Cut = below ?? new Map();
    level.set(key, next);
    level = next;
  }
  return false;
}

/** A copy without the marked places. A list keeps its length: what is cut out of it becomes undefined. */
function without(value: unknown, cuts: Cut): unknown {
  const pruned = (key: string | number, each: unknown) => {
    const below = cuts.get(key);
    if (below === undefined) return each;
    return below === 'all' ? undefined : without(each, below);
  };
  if (Array.isArray(value)) return value.map((each, i) => pruned(i, each));
  if (!isMap(value)) return value;
  const kept = Object.entries(value).filter(([key]) => cuts.get(key) !== 'all');
  return Object.fromEntries(kept.map(([key, each]) => [key, pruned(key, each)]));
}
