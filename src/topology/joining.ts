/** Events by which guests join groups: whether one joins more than it has room for, as far as that can be told before the run. */
import type { EventEntry } from './event-schema.ts';
import { groupsOfGuestMax } from './multicast-model.ts';
import { portIndex } from './ports.ts';
import type { Path, Problems } from './problem.ts';
import type { Scene } from './scene.ts';
import type { File } from './schema.ts';

interface Step {
  readonly atNs: number;
  readonly group: string;
  readonly joins: boolean;
  readonly path: Path;
}

/** A group that a guest may leave at a time that nobody knows counts for nothing; so does one that it joins then. */
export function checkJoins({ events = [] }: File, scene: Scene, problems: Problems): void {
  const ports = portIndex(scene.world);
  const names = new Map((scene.changes?.seats ?? []).map(({ port, of }) => [port, of]));
  const steps = new Map<string, Step[]>();
  const vague = new Map<string, Set<string>>();
  for (const [i, entry] of events.entries()) {
    const asked = entry?.join ?? entry?.leave;
    if (entry === undefined || asked === undefined) continue;
    const name = names.get(asked.port) ?? asked.port;
    const joins = entry.join !== undefined;
    const path = ['events', i, joins ? 'join' : 'leave', 'group'];
    if (isOnce(entry))
      steps.set(name, [...(steps.get(name) ?? []), { atNs: entry.at!, group: asked.group, joins, path }]);
    else if (!joins) vague.set(name, new Set([...(vague.get(name) ?? []), asked.group]));
  }
  for (const [name, own] of steps) {
    const found = ports.get(name);
    if (found?.kind !== 'vNIC' || found.nic.listening === undefined) continue;
    const joined = new Set(found.nic.listening.groups);
    for (const group of vague.get(name) ?? []) joined.delete(group);
    for (const { group, joins, path } of own.toSorted((a, b) => a.atNs - b.atNs)) {
      if (!joins) joined.delete(group);
      else if (!vague.get(name)?.has(group)) joined.add(group);
      if (joined.size <= groupsOfGuestMax) continue;
      const why = `the guest at ${name} is in ${groupsOfGuestMax} groups by then, the most that it may join; let it leave one first`;
      problems.add(path, why);
      break;
    }
  }
}

function isOnce({ at, every }: EventEntry): boolean {
  return at !== undefined && every === undefined;
}
