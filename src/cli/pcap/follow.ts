/**
 * `vswitch pcap follow`: the journey of one frame as a ladder. A column for each host and switch, from left to right as the
 * frame came to them, a row for each place where it was captured.
 */
import { stdout } from 'node:process';
import type { CapturedFrame } from '../../capture/frame.ts';
import { EXIT_FAILED, EXIT_FINE, UsageError } from '../errors.ts';
import { counted, paint } from '../format.ts';
import { plain, verdictOf } from './info.ts';
import { dropWords, headersOf } from './line.ts';
import { Inputs } from './select.ts';
import { date, seconds } from './time.ts';

export interface FollowOptions {
  readonly json?: boolean;
  readonly keepGoing?: boolean;
}

interface Hop {
  readonly frame: CapturedFrame;
  readonly file: string;
  readonly owner: string;
  readonly port: string;
  /** How many times the frame had been seen here in this direction. */
  readonly before: number;
}

const NEAR_MAX = 3;

export function follow(files: readonly string[], id: bigint, options: FollowOptions): number {
  const found: Omit<Hop, 'before'>[] = [];
  const near = new Near(id);
  const inputs = new Inputs(files, options);
  for (const { file, cursor } of inputs.frames({})) {
    const frame = cursor.frame();
    if (frame.packetId === null) continue;
    near.add(frame.packetId);
    if (frame.packetId !== id) continue;
    const name = frame.interface.name ?? `${file}#${frame.interface.id}`;
    const slash = name.lastIndexOf('/');
    // A cable is named by both its ends, and belongs to neither.
    const isCable = name.includes('--');
    const [owner, port] = slash < 0 || isCable ? [name, ''] : [name.slice(0, slash), name.slice(slash + 1)];
    found.push({ frame: { ...frame, bytes: frame.bytes.slice() }, file, owner, port });
  }
  if (found.length === 0) throw new UsageError(`${files.join(', ')}: ${near.words()}`);
  // Sorting is stable: at one time the order of the files stays.
  found.sort((a, b) => (a.frame.timeNs < b.frame.timeNs ? -1 : a.frame.timeNs > b.frame.timeNs ? 1 : 0));
  const hops = withCounts(found);
  stdout.write(options.json === true ? `${JSON.stringify(asData(id, hops), null, 2)}\n` : ladder(id, hops));
  return inputs.problems > 0 ? EXIT_FAILED : EXIT_FINE;
}

function withCounts(found: readonly Omit<Hop, 'before'>[]): Hop[] {
  const seen = new Map<string, number>();
  return found.map((hop) => {
    const key = `${hop.owner}/${hop.port} ${hop.frame.direction}`;
    const before = seen.get(key) ?? 0;
    seen.set(key, before + 1);
    return { ...hop, before };
  });
}

/** The ids around one that is not there. */
class Near {
  readonly #id: bigint;
  #below: bigint[] = [];
  #above: bigint[] = [];

  constructor(id: bigint) {
    this.#id = id;
  }

  add(id: bigint): void {
    if (id < this.#id) this.#below = kept(this.#below, id, (a, b) => (a > b ? -1 : 1));
    else if (id > this.#id) this.#above = kept(this.#above, id, (a, b) => (a < b ? -1 : 1));
  }

  words(): string {
    const ids = [...this.#below.toReversed(), ...this.#above];
    if (ids.length === 0)
      return 'no frame has a packet id; give a capture that was written with them, such as by vswitch run';
    return `no frame has the id ${this.#id}; near it are ${ids.join(', ')}`;
  }
}

/** The first few in an order, each once. */
function kept(ids: readonly bigint[], id: bigint, order: (a: bigint, b: bigint) => number): bigint[] {
  if (ids.includes(id) || (ids.length === NEAR_MAX && order(ids.at(-1)!, id) < 0)) return [...ids];
  return [...ids, id].sort(order).slice(0, NEAR_MAX);
}

/** What stands in a column: `→ web1`, `vmnic0 →`, `✗ vmnic1`. */
function cellOf({ frame: { direction, drop }, port, before }: Hop): string {
  const place = drop === null ? port : (drop.port ?? port);
  const again = before === 0 ? '' : ` (${before + 1})`;
  const name = `${plain(place === '' ? '' : place)}${again}`;
  if (drop !== null) return `✗ ${name}`.trimEnd();
  if (direction === 'in') return `→ ${name}`.trimEnd();
  if (direction === 'out') return `${name} →`.trimStart();
  return `· ${name}`;
}

function ladder(id: bigint, hops: readonly Hop[]): string {
  const [{ frame: first }] = hops as readonly [Hop];
  const owners = [...new Set(hops.map(({ owner }) => owner))];
  const cells = hops.map(cellOf);
  const widths = owners.map((owner) =>
    Math.max(plain(owner).length, ...hops.map((hop, i) => (hop.owner === owner ? cells[i]!.length : 0))),
  );
  const times = hops.map(({ frame }) => `+${seconds(frame.timeNs - first.timeNs)}`);
  const timeWidth = Math.max(...times.map((time) => time.length));
  const { source, destination, type } = headersOf(first);
  const rows = hops.map(({ frame, owner }, i) => {
    const columns = owners.map((each, column) => (each === owner ? cells[i]! : '│').padEnd(widths[column]!));
    const { tags } = headersOf(frame);
    const more = [...(tags.length === 0 ? ['untagged'] : tags), String(frame.originalLength)];
    const drop = frame.drop === null ? '' : paint('red', dropWords(frame.drop));
    return `${times[i]!.padStart(timeWidth)}  ${columns.join('  ')}  ${more.join(', ')}${drop === '' ? '' : `  ${drop}`}`;
  });
  const drops = hops.filter(({ frame }) => frame.drop !== null).length;
  const repeats = hops.filter(({ before }) => before > 0).length;
  const counts = [
    counted(hops.length, 'hop'),
    ...(drops === 0 ? [] : [counted(drops, 'drop')]),
    ...(repeats === 0 ? [] : [`${repeats} seen there before`]),
  ];
  const heading = `${' '.repeat(timeWidth)}  ${owners.map((owner, i) => plain(owner).padEnd(widths[i]!)).join('  ')}`;
  const addresses = source === null ? type : `${source} > ${destination}, ${type}`;
  return [
    `frame ${id}: ${addresses}, first at ${date(first.timeNs)}, ${counts.join(', ')}`,
    '',
    paint('bold', heading.trimEnd()),
    ...rows,
    '',
  ].join('\n');
}

function asData(id: bigint, hops: readonly Hop[]): object {
  return {
    id: String(id),
    hops: hops.map(({ frame, file, owner, port, before }) => ({
      file,
      offset: frame.offset,
      timeNs: String(frame.timeNs),
      sinceNs: Number(frame.timeNs - hops[0]!.frame.timeNs),
      interface: frame.interface.name,
      owner,
      port,
      direction: frame.direction,
      before,
      ...headersOf(frame),
      length: frame.originalLength,
      drop: frame.drop === null ? null : { ...frame.drop, ...verdictOf(frame.drop.verdict) },
      comment: frame.comment,
    })),
  };
}
