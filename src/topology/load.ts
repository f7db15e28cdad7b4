/**
 * The door of this room: a file, a text or an object becomes a checked topology, or a TopologyError that holds every
 * problem. Nothing else is ever thrown for what a user wrote.
 */
import { readFileSync, statSync } from 'node:fs';
import { basename, extname } from 'node:path';
import { check } from './check.ts';
import { readYaml, wholeFile } from './document.ts';
import { expand } from './expand.ts';
import { limits } from './limits.ts';
import type { Topology } from './model.ts';
import { type MoreEvents, withEvents } from './more-events.ts';
import { type Locate, type Problem, Problems, TopologyError } from './problem.ts';
import { readFile } from './reading.ts';

export { type Problem, TopologyError } from './problem.ts';
export { topologyJsonSchema } from './schema.ts';

/** Reads a YAML or JSON file in UTF-8, at most 16 MiB; `eventsFile` holds events beside its own. */
export function loadTopology(file: string, eventsFile?: string): Topology {
  return parseTopology(readText(file), file, eventsFile === undefined ? undefined : readEvents(eventsFile));
}

/** A file of events, for `parseTopology`. */
export function readEvents(file: string): MoreEvents {
  if (file === '-')
    throw wholeFile(file, 'events come from a file, for what is wrong with them is told by its name; name one');
  return { name: file, text: readText(file) };
}

/** The file's text, UTF-8 and at most 16 MiB; throws a TopologyError. */
export function readText(file: string): string {
  let bytes: Uint8Array;
  try {
    // A device such as /dev/zero never ends.
    if (statSync(file).isCharacterDevice()) throw wholeFile(file, 'is a device; name a topology file');
    bytes = readFileSync(file);
  } catch (error) {
    if (error instanceof TopologyError) throw error;
    throw wholeFile(file, whyUnreadable(error as NodeJS.ErrnoException));
  }
  if (bytes.length > limits.fileBytes) throw wholeFile(file, 'the file is too large; at most 16 MiB');
  try {
    return new TextDecoder('utf-8', { fatal: true }).decode(bytes);
  } catch {
    throw wholeFile(file, 'the file is not UTF-8 text; save it as UTF-8');
  }
}

function whyUnreadable({ code, message }: NodeJS.ErrnoException): string {
  if (code === 'ENOENT') return 'no such file';
  if (code === 'EISDIR') return 'is a directory; name a topology file';
  if (code === 'EACCES' || code === 'EPERM') return 'may not be read; check its permissions';
  return `cannot be read: ${message}`;
}

/** Reads YAML or JSON text; `name` stands in front of every problem, and gives the topology's name if the text has none. */
export function parseTopology(text: string, name: string, events?: MoreEvents): Topology {
  if (name.endsWith('.json')) assertJson(text, name);
  const { value, locate, duplicates } = readYaml(text, name);
  if (value === null) throw wholeFile(name, 'the file is empty; write hosts: and what they hold');
  if (events === undefined) return build(value, name, locate, duplicates);
  const merged = withEvents(value, locate, events);
  return build(merged.value, name, merged.locate, duplicates);
}

/** YAML takes much that JSON does not; who names a file .json gets to know. */
function assertJson(text: string, name: string): void {
  if (text.trim() === '' || jsonError(text) === null) return;
  // Up to the mistake, what there is could still be gone on with.
  let [good, bad] = [0, text.length];
  while (bad - good > 1) {
    const middle = (good + bad) >>> 1;
    if (isUnfinished(text.slice(0, middle))) good = middle;
    else bad = middle;
  }
  const before = text.slice(0, good).split('\n');
  const found = isUnfinished(text) ? 'it ends too early' : `${JSON.stringify(text[good])} cannot stand here`;
  const message = `this is not JSON: ${found}; mend it, or name the file .yaml`;
  throw new TopologyError([{ file: name, line: before.length, column: before.at(-1)!.length + 1, path: '', message }]);
}

function jsonError(text: string): string | null {
  try {
    JSON.parse(text);
    return null;
  } catch (error) {
    return (error as SyntaxError).message;
  }
}

/** Whether the text is right as far as it goes: the mistake is its end. */
function isUnfinished(text: string): boolean {
  const error = jsonError(text);
  if (error === null || /end of JSON|Unterminated/.test(error)) return true;
  return Number(/at position (\d+)/.exec(error)?.[1] ?? -1) >= text.length;
}

/** Checks an object built by code. Problems carry paths but no lines; `name` is as for parseTopology. */
export function topologyFrom(value: unknown, name = ''): Topology {
  return build(value, name);
}

function build(value: unknown, file: string, locate?: Locate, known: readonly Problem[] = []): Topology {
  const problems = new Problems();
  const readable = readFile(expand(value, problems), problems);
  const topology = check(readable, basename(file, extname(file)) || 'topology', problems);
  problems.throwIfAny(file, locate, known);
  return { ...topology, warnings: problems.warnings(file, locate) };
}
