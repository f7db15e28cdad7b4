/**
 * The uplinks of a vSwitch, and names of uplinks in its lists.
 */
import { limits } from './limits.ts';
import type { Path, Problems } from './problem.ts';
import type { HostEntry } from './schema.ts';
import { hint, listed } from './suggestion.ts';
import type { VSwitchEntry } from './vswitch-schema.ts';

/** The uplinks of the vSwitch at `path`: those it lists, or all of the host if it is `alone`. */
export function uplinksOf(
  { uplinks }: VSwitchEntry,
  alone: boolean,
  host: HostEntry,
  path: Path,
  problems: Problems,
): string[] {
  const hostUplinks = Object.keys(host.uplinks ?? {});
  const found = uplinks ?? (alone ? hostUplinks : []);
  if (found.length > limits.uplinksPerVSwitch) {
    problems.add([...path, 'uplinks'], `${found.length} uplinks; at most ${limits.uplinksPerVSwitch} on a vSwitch`);
  }
  if (uplinks !== undefined) {
    const hostPath = path.slice(0, 2);
    const complete = !problems.lost(hostPath, 1) && !problems.lost([...hostPath, 'uplinks'], 1);
    return knownUplinks(uplinks, 'uplinks', hostUplinks, 'this host', complete, [...path, 'uplinks'], problems);
  }
  if (alone) return hostUplinks;
  if (hostUplinks.length > 0) {
    const remedy = `a host with several vSwitches says which uplinks each has; ${listed(hostUplinks)}, or [] for none`;
    problems.add([...path, 'uplinks'], `missing; ${remedy}`);
  }
  return [];
}

/** Whether the uplinks of the vSwitch at `path` could all be read. */
export function uplinksKnown(path: Path, problems: Problems): boolean {
  return !problems.lost([...path, 'uplinks'], 1) && !problems.lost([...path.slice(0, 2), 'uplinks'], 1);
}

/** The names of the list that exist, each once; the others are problems, unless `known` is known to be incomplete. */
export function knownUplinks(
  names: readonly (string | undefined)[],
  listName: string,
  known: readonly string[],
  owner: string,
  complete: boolean,
  path: Path,
  problems: Problems,
): string[] {
  const result: string[] = [];
  for (const [i, name] of names.entries()) {
    if (name === undefined) continue;
    if (result.includes(name)) {
      problems.add([...path, i], `${name} stands twice in ${listName}; each uplink once`);
    } else if (known.includes(name)) {
      result.push(name);
    } else if (complete) {
      problems.add([...path, i], `unknown uplink ${name} in ${listName}; ${hint(name, known, `${owner} has`)}`);
    }
  }
  return result;
}
