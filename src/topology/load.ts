/**
 * The door of this room: a file, a text or an object becomes a checked topology, or a TopologyError that holds every
 * problem. Nothing else is ever thrown for what a user wrote.
 */
import { readFileSync } from 'node:fs';
import { basename, extname } from 'node:path';
import { check } from './check.ts';
import { readYaml, wholeFile } from './document.ts';
import { expand } from './expand.ts';
import { limits } from './limits.ts';
import type { Topology } from './model.ts';
import { type Locate, type Problem, Problems } from './problem.ts';
import { readFile } from './reading.ts';

export { type Problem, TopologyError } from './problem.ts';
export { topologyJsonSchema } from './schema.ts';

/** Reads a YAML or JSON file in UTF-8, at most 16 MiB. */
export function loadTopology(file: string): Topology {
  let bytes: Uint8Array;
  try {
    bytes = readFileSync(file);
  } catch (error) {
    throw wholeFile(file, whyUnreadable(error as NodeJS.ErrnoException));
  }
  if (bytes.length > limits.fileBytes) throw wholeFile(file, 'the file is too large; at most 16 MiB');
  let text: string;
  try {
    text = new TextDecoder('utf-8', { fatal: true }).decode(bytes);
  } catch {
    throw wholeFile(file, 'the file is not UTF-8 text; save it as UTF-8');
  }
  return parseTopology(text, file);
}

function whyUnreadable({ code, message }: NodeJS.ErrnoException): string {
  if (code === 'ENOENT') return 'no such file';
  if (code === 'EISDIR') return 'is a directory; name a topology file';
  if (code === 'EACCES' || code === 'EPERM') return 'may not be read; check its permissions';
  return `cannot be read: ${message}`;
}

/** Reads YAML or JSON text; `name` stands in front of every problem, and gives the topology's name if the text has none. */
export function parseTopology(text: string, name: string): Topology {
  const { value, locate, duplicates } = readYaml(text, name);
  if (value === null) throw wholeFile(name, 'the file is empty; write hosts: and what they hold');
  return build(value, name, locate, duplicates);
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
  return topology;
}
