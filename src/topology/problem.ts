/**
 * What is wrong with a topology, and what is only unwise, collected so that a user sees all of it at once.
 */
import type { Warning } from './model.ts';

/** Keys and list indexes from the top of the file. */
export type Path = readonly (string | number)[];

export interface Problem {
  /** As given to the loader; empty when the topology comes from code without a name. */
  readonly file: string;
  /** From 1; 0 when there is no text to point into. */
  readonly line: number;
  /** From 1, in UTF-16 units; 0 as above. */
  readonly column: number;
  /** `hosts.esx1.uplinks.vmnic0.to`, `traffic[0].from`; empty for the whole file. */
  readonly path: string;
  /** `what is wrong; what is allowed` */
  readonly message: string;
}

/** Thrown by every loader, and the only thing a loader throws. `message` holds one problem a line. */
export class TopologyError extends Error {
  readonly problems: readonly Problem[];

  constructor(problems: readonly Problem[]) {
    super(problems.map(line).join('\n'));
    this.name = 'TopologyError';
    this.problems = problems;
  }
}

function line(problem: Problem): string {
  return joined(placeOf(problem), problem.message);
}

function placeOf({ file, line, column, path }: Problem): string {
  return joined(line === 0 ? file : `${file}:${line}:${column}`, path);
}

function joined(...parts: readonly string[]): string {
  return parts.filter((part) => part !== '').join(': ');
}

export type Place = 'key' | 'value';
/** Where a path stands; in another file than the one that was named, by the path that it has there. */
export type Locate = (
  path: Path,
  place: Place,
) => { readonly line: number; readonly column: number; readonly file?: string; readonly path?: Path };

/** Where a copied host came from: the name the user wrote, and the same for its VMs. */
export interface Origin {
  readonly host: string;
  readonly vms: ReadonlyMap<string, string>;
}

interface Entry {
  readonly path: Path;
  readonly place: Place;
  readonly message: string;
}

/**
 * The problems found so far. One place has one problem, the first found: the second would mostly be a consequence of it,
 * and the copies of a counted host would repeat theirs a thousand times.
 *
 * Paths may name a copy (`hosts.esx7`); they are led back to what the user wrote (`hosts.esx`) by the origins.
 */
export class Problems {
  readonly #entries = new Map<string, Entry>();
  readonly #warnings = new Map<string, Entry>();
  readonly #lost = new Map<string, Path>();
  #origins: ReadonlyMap<string, Origin> = new Map();

  get count(): number {
    return this.#entries.size;
  }

  setOrigins(origins: ReadonlyMap<string, Origin>): void {
    this.#origins = origins;
  }

  add(path: Path, message: string, place: Place = 'value'): void {
    this.#note(this.#entries, path, message, place);
  }

  /** What is legal, but hardly wanted. */
  warn(path: Path, message: string, place: Place = 'value'): void {
    this.#note(this.#warnings, path, message, place);
  }

  #note(entries: Map<string, Entry>, path: Path, message: string, place: Place): void {
    const written = this.#written(path);
    const key = JSON.stringify(written);
    if (!entries.has(key)) entries.set(key, { path: written, place, message });
  }

  /** As add, for a value that could not be read and is missing from here on, together with all that stands in `lost`. */
  refuse(path: Path, message: string, place: Place = 'value', lost: Path = path): void {
    this.add(path, message, place);
    this.lose(lost);
  }

  /** What stands at `path` hangs on something that was refused, which is enough to be told. */
  lose(path: Path): void {
    const written = this.#written(path);
    this.#lost.set(JSON.stringify(written), written);
  }

  /**
   * Whether something was refused above `path`, at it, or up to `depth` levels below it.
   * Then a name that seems unknown may stand in what was refused, and its user is not to blame.
   */
  lost(path: Path, depth = 0): boolean {
    if (this.#lost.size === 0) return false;
    const wanted = this.#written(path);
    return [...this.#lost.values()].some((lost) => {
      const common = Math.min(lost.length, wanted.length);
      return lost.length <= wanted.length + depth && lost.slice(0, common).every((key, i) => key === wanted[i]);
    });
  }

  /** Throws a TopologyError with `known` and all problems, in file order if `locate` knows the file; returns if there are none. */
  throwIfAny(file: string, locate?: Locate, known: readonly Problem[] = []): void {
    const problems = inOrder([...known, ...located(this.#entries, file, locate)], file);
    if (problems.length > 0) throw new TopologyError(problems);
  }

  warnings(file: string, locate?: Locate): Warning[] {
    return inOrder(located(this.#warnings, file, locate), file).map((each) => ({
      place: placeOf(each),
      message: each.message,
    }));
  }

  #written(path: Path): Path {
    const origin = path[0] === 'hosts' ? this.#origins.get(String(path[1])) : undefined;
    if (origin === undefined) return path;
    const [hosts, , part, vm, ...rest] = path;
    const source = part === 'vms' && vm !== undefined ? (origin.vms.get(String(vm)) ?? vm) : vm;
    return [hosts!, origin.host, ...[part, source].filter((key) => key !== undefined), ...rest];
  }
}

function located(entries: ReadonlyMap<string, Entry>, file: string, locate: Locate | undefined): Problem[] {
  return [...entries.values()].map(({ path, place, message }) => {
    const at = locate?.(path, place) ?? { line: 0, column: 0 };
    const { line, column } = at;
    return { file: at.file ?? file, line, column, path: pathText(at.path ?? path), message };
  });
}

/** Those of `first`, then those of a file beside it. */
function inOrder(problems: readonly Problem[], first: string): Problem[] {
  const rank = ({ file }: Problem) => (file === first ? 0 : 1);
  return problems.toSorted((a, b) => rank(a) - rank(b) || a.line - b.line || a.column - b.column);
}

/** The path as a user reads it. */
export function pathText(path: Path): string {
  return path
    .map((key, i) => {
      if (typeof key === 'number') return `[${key}]`;
      return i === 0 ? key : `.${key}`;
    })
    .join('');
}
