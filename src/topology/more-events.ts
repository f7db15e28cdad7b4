/**
 * Events from a file of their own, behind those of the topology: a list, or a map with the key `events`, as YAML or JSON. What is wrong
 * with one of them is told with its place in that file.
 */
import { readYaml, wholeFile } from './document.ts';
import type { Locate } from './problem.ts';
import { isMap } from './value.ts';

/** A file of events, read. */
export interface MoreEvents {
  readonly name: string;
  readonly text: string;
}

export interface Merged {
  readonly value: unknown;
  readonly locate: Locate;
}

/** The topology's value with more events at the end of its own. Throws a TopologyError for a text that is no list of events. */
export function withEvents(value: unknown, locate: Locate, { name, text }: MoreEvents): Merged {
  const more = readYaml(text, name);
  const isList = Array.isArray(more.value);
  const list = isMap(more.value) ? more.value['events'] : more.value;
  const others = isMap(more.value) ? Object.keys(more.value).filter((key) => key !== 'events') : [];
  if (others.length > 0)
    throw wholeFile(name, `${others[0]} is no part of a file of events; write events: and a list, or the list alone`);
  if (!Array.isArray(list))
    throw wholeFile(name, 'there is no list of events; write such as [{ at: 1s, note: begin }]');
  const own = isMap(value) && Array.isArray(value['events']) ? value['events'] : [];
  return {
    value: isMap(value) ? { ...value, events: [...own, ...list] } : value,
    locate: (path, place) => {
      const [key, i] = path;
      if (key !== 'events' || typeof i !== 'number' || i < own.length) return locate(path, place);
      const written = [i - own.length, ...path.slice(2)];
      const at = more.locate(isList ? written : ['events', ...written], place);
      const found = at.path ?? (isList ? written : ['events', ...written]);
      return { ...at, file: name, path: isList ? ['events', ...found] : found };
    },
  };
}
