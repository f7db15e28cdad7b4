/** `vswitch snapshot info` and `diff`, and the snapshots that a run takes. */
import { dirname } from 'node:path';
import { stdout } from 'node:process';
import { diff } from '../engine/diff.ts';
import type { Network } from '../engine/network.ts';
import { Snapshot } from '../engine/snapshot.ts';
import { formatBytes } from '../telemetry/bytes.ts';
import { captureName, STANDARD_OUTPUT } from '../topology/capture-name.ts';
import type { TimeFile } from './arguments.ts';
import { EXIT_FINE, UsageError } from './errors.ts';
import { counted, grouped } from './format.ts';
import { makeFolder } from './output.ts';

export async function info(file: string, options: { readonly json?: boolean }): Promise<number> {
  const snapshot = await Snapshot.load(file);
  const { topology, timeNs, position, bytes } = snapshot;
  const { clock = 'virtual', workers = 1 } = snapshot.options;
  const captures = Object.keys(continued(snapshot));
  if (options.json === true) {
    const told = { topology: topology.name, clock, workers, timeNs: Number(timeNs), position, bytes, captures };
    stdout.write(`${JSON.stringify(told, null, 2)}\n`);
    return EXIT_FINE;
  }
  const counts = [counted(topology.hosts.length, 'host'), counted(topology.switches.length, 'physical switch')];
  const lines = [
    `${topology.name}: ${counts.join(', ')}`,
    `taken at ${timeWords(timeNs)} on the ${clock} clock with ${counted(workers, 'worker')}, after ${grouped(position)} steps`,
    `${formatBytes(bytes)} of memory in use`,
    ...(captures.length > 0 ? [`captures: ${captures.join(', ')}`] : []),
  ];
  stdout.write(`${lines.join('\n')}\n`);
  return EXIT_FINE;
}

export async function tellDiff(
  before: string,
  after: string,
  options: { readonly ages?: boolean; readonly json?: boolean },
): Promise<number> {
  const [a, b] = [await Snapshot.load(before), await Snapshot.load(after)];
  if (shapeOf(a) !== shapeOf(b))
    throw new UsageError(
      `${before} is of ${a.topology.name} and ${after} of ${b.topology.name}, which differ; name two states of one network`,
    );
  const found = diff(a, b, { ages: options.ages === true });
  if (options.json === true) stdout.write(`${JSON.stringify(found, null, 2)}\n`);
  else stdout.write(found.length === 0 ? 'no difference\n' : `${found.map(({ sentence }) => sentence).join('\n')}\n`);
  return EXIT_FINE;
}

/** What two states must have in common to be compared: hosts, switches and cables. */
function shapeOf({ topology: { hosts, switches, links } }: Snapshot): string {
  return JSON.stringify([hosts, switches, links]);
}

/** New names for the captures of a snapshot: `all.pcapng` goes on in `all.from-5ms.pcapng`. */
export function continued(snapshot: Snapshot): Record<string, string> {
  const from = `from-${timeWords(snapshot.timeNs).replace(' ', '')}`;
  const files = [...snapshot.topology.captures, ...(snapshot.options.captures ?? [])].map(({ file }) => file);
  return Object.fromEntries(files.map((file) => [file, nameFrom(file, from)]));
}

function nameFrom(file: string, from: string): string {
  const { stem, ending } = captureName(file);
  return file === STANDARD_OUTPUT ? file : `${stem}.${from}${ending}`;
}

/** `5 ms`, in the largest unit that leaves no fraction. */
function timeWords(ns: bigint): string {
  for (const [size, unit] of [
    [1_000_000_000n, 's'],
    [1_000_000n, 'ms'],
    [1_000n, 'us'],
  ] as const)
    if (ns % size === 0n) return `${ns / size} ${unit}`;
  return `${ns} ns`;
}

/** The snapshots that a run is to take: each is copied at its time and written while the run goes on. */
export class Snapshots {
  readonly #network: Network;
  readonly #ahead: TimeFile[];
  readonly #saves: Promise<string | null>[] = [];

  /** Throws UsageError for times that the run does not come to. `endNs` 0: it has no end. */
  constructor(network: Network, asked: readonly TimeFile[], startNs: bigint, endNs: bigint) {
    this.#network = network;
    this.#ahead = asked.toSorted((a, b) => Number(a.atNs - b.atNs));
    const files = new Set<string>();
    for (const { atNs, file } of asked) {
      if (files.has(file))
        throw new UsageError(`--snapshot-at: ${file} is named twice; give each snapshot its own file`);
      files.add(file);
      makeFolder(dirname(file), 'give another path for the snapshot');
      const wrong = atNs < startNs ? 'begins at' : endNs > 0n && atNs > endNs ? 'ends at' : null;
      if (wrong !== null) {
        const bound = wrong === 'begins at' ? startNs : endNs;
        throw new UsageError(
          `--snapshot-at ${timeWords(atNs)}=${file}: the run ${wrong} ${timeWords(bound)}; name a time in between, or change --duration`,
        );
      }
    }
  }

  /** When the next one is to be taken, ns; null when all have been. */
  get nextNs(): bigint | null {
    return this.#ahead[0]?.atNs ?? null;
  }

  async takeDue(): Promise<void> {
    while (this.#ahead.length > 0 && this.#ahead[0]!.atNs <= this.#network.nowNs) {
      const { file } = this.#ahead.shift()!;
      const taken = this.#network.snapshot().then((snapshot) => ({ saved: snapshot.save(file) }));
      const failed = (error: Error): string => error.message;
      this.#saves.push(taken.then(({ saved }) => saved).then(() => null, failed));
      await taken.catch(() => {});
    }
  }

  /** Waits until all are written; says what went wrong. */
  async saved(): Promise<(string | null)[]> {
    const missed = this.#ahead.map(({ file }) => `${file}: the run ended before its snapshot was due`);
    return [...(await Promise.all(this.#saves)), ...missed];
  }
}
