/**
 * The captures of a run: patterns become ports and cables, and what a file cannot hold is refused.
 */
import { resolve } from 'node:path';
import { filterProblem } from './capture-filter.ts';
import { captureName, numberedFile, STANDARD_OUTPUT } from './capture-name.ts';
import { capturePorts, isDrop, matchCapturePorts } from './capture-port.ts';
import { type CaptureEntry, capture } from './capture-schema.ts';
import type { CaptureBounds, CaptureRequest, CaptureStage, Link, PortName, Topology } from './model.ts';
import { fits, isGlob, type World } from './ports.ts';
import { type Path, Problems } from './problem.ts';
import { inDoubt, portAt } from './reference.ts';
import type { File } from './schema.ts';

type Written = { readonly file: string; readonly rotate?: unknown };
type Wired = World & { readonly links: readonly Link[] };

export function capturesOf(file: File, world: Wired, problems: Problems): CaptureRequest[] {
  const before: Written[] = [];
  const isLesson = (file.teaching?.disable ?? []).length > 0 || (file.events ?? []).some((event) => event?.ruleOff);
  return (file.captures ?? []).flatMap((entry, i) => {
    if (entry === undefined) return [];
    const path = ['captures', i];
    checkFile(entry, before, [...path, 'file'], problems);
    before.push(entry);
    if (captureName(entry.file).isPcap && isLesson) {
      const why = 'a classic pcap has no room to say that rules are switched off; name it .pcapng';
      problems.warn([...path, 'file'], why);
    }
    return [requestOf(entry, world, path, problems)];
  });
}

/**
 * One more capture of a checked topology, from the same keys. Throws a TopologyError whose problems have the paths of the keys: `file`,
 * `rotate.size`.
 */
export function captureOf(entry: unknown, topology: Topology): CaptureRequest {
  const problems = new Problems();
  const read = capture.safeParse(entry);
  for (const issue of read.error?.issues ?? []) problems.add(issue.path as Path, issue.message);
  problems.throwIfAny('');
  checkFile(read.data!, topology.captures, ['file'], problems);
  const request = requestOf(read.data!, topology, [], problems);
  problems.throwIfAny('');
  return request;
}

/** `before`: the captures before it. */
function checkFile(entry: CaptureEntry, before: readonly Written[], path: Path, problems: Problems): void {
  const { file, rotate } = entry;
  const own = placeOf(file);
  const one = before.find((other) => placeOf(other.file) === own || begins(other, entry) || begins(entry, other));
  const alias = one === undefined || one.file === file ? '' : `, ${one.file}`;
  if (one !== undefined && placeOf(one.file) === own)
    problems.add(path, `${file} is the file of another capture${alias}; each needs its own`);
  else if (one !== undefined && begins(one, entry))
    problems.add(path, `${file} is a file that another capture begins, ${one.file}; each needs its own`);
  else if (one !== undefined)
    problems.add(path, `${file} begins ${one.file}, which is the file of another capture; each needs its own`);
  if (file === STANDARD_OUTPUT && rotate !== undefined)
    problems.add(path, `the standard output cannot begin another file; give rotate a path`);
}

/** The same for all ways to write a path. */
function placeOf(file: string): string {
  return file === STANDARD_OUTPUT ? file : resolve(file);
}

/** Whether the file of `other` is one of those that a capture begins in turn. */
function begins({ file, rotate }: Written, other: Written): boolean {
  if (rotate === undefined || other.rotate !== undefined) return false;
  const { stem, ending } = captureName(placeOf(file));
  const place = placeOf(other.file);
  if (!place.startsWith(stem) || !place.endsWith(ending)) return false;
  const number = /^_(\d+)$/.exec(place.slice(stem.length, place.length - ending.length));
  return number !== null && numberedFile(placeOf(file), Number(number[1])) === place;
}

function requestOf(entry: CaptureEntry, world: Wired, path: Path, problems: Problems): CaptureRequest {
  const { file, snap = 0, direction, filter, sample, onError } = entry;
  const isPcap = captureName(file).isPcap;
  const ports = portsOf(entry, isPcap, world, path, problems);
  const wires = wiresOf(entry.wires ?? [], world, [...path, 'wires'], problems);
  const stages = stagesOf(entry, path, problems);
  if (isPcap) checkPcap(entry, path, problems);
  const wrong = filter === undefined ? null : filterProblem(filter);
  if (wrong !== null) problems.add([...path, 'filter'], wrong);
  const rotate = rotationOf(entry, path, problems);
  const limit = limitOf(entry, path, problems);
  checkTimes(entry, path, problems);
  const request: CaptureRequest = { file, ports, snapLength: snap };
  const more = { wires, stages, direction, filter, sample, startNs: entry.start, stopNs: entry.stop };
  const asked = Object.entries({ ...more, rotate, limit, onError }).filter(([, value]) => value !== undefined);
  return { ...request, ...Object.fromEntries(asked) };
}

function portsOf(entry: CaptureEntry, isPcap: boolean, world: World, path: Path, problems: Problems): PortName[] {
  const wanted = entry.ports ?? (entry.wires === undefined ? ['*'] : []);
  if (wanted.length === 0 && (entry.wires ?? []).length === 0) {
    const key = entry.ports === undefined ? 'wires' : 'ports';
    problems.add([...path, key], `no ${key}; leave ${key} out, or write ["*"], for all`);
  }
  const found = new Set(
    wanted.flatMap((text, i) => {
      if (text === undefined) return [];
      const place = [...path, 'ports', i];
      const names = matching(text, world, place, problems);
      if (!isPcap) return names;
      const kept = names.filter((name) => !isDrop(name));
      if (names.length > 0 && kept.length === 0)
        problems.add(place, `a classic pcap has no interfaces, so that ${text} could not be told; name it .pcapng`);
      return kept;
    }),
  );
  return capturePorts(world).filter((name) => found.has(name));
}

function matching(text: string, world: World, path: Path, problems: Problems): PortName[] {
  const names = matchCapturePorts(world, text);
  if (names.length > 0) return names;
  if (!isGlob(text)) {
    portAt(text, world, path, problems);
  } else if (!inDoubt(text, world, problems)) {
    problems.add(path, `${text} matches no port; * alone matches all`);
  }
  return [];
}

/** Cables by the end that stands first in the topology; undefined where none are asked for. */
function wiresOf(
  wanted: readonly (string | undefined)[],
  world: Wired,
  path: Path,
  problems: Problems,
): PortName[] | undefined {
  if (wanted.length === 0) return undefined;
  const found = new Set<Link>();
  for (const [i, text] of wanted.entries()) {
    if (text === undefined) continue;
    const place = [...path, i];
    const port = isGlob(text) ? null : portAt(text, world, place, problems);
    if (!isGlob(text) && port === null) continue;
    const fitting = (name: PortName) => (port === null ? fits(text, name) : name === port);
    const cables = world.links.filter(({ a, b }) => fitting(a) || fitting(b));
    for (const cable of cables) found.add(cable);
    if (cables.length === 0 && !inDoubt(text, world, problems))
      problems.add(place, port === null ? `${text} matches no end of a cable` : `${text} has no cable; ${ends(world)}`);
  }
  return world.links.filter((link) => found.has(link)).map(({ a }) => a);
}

function ends({ links }: Wired): string {
  return links.length === 0 ? 'the topology has none' : `cables end at ${links[0]!.a}, ${links[0]!.b} and so on`;
}

function stagesOf({ stages }: CaptureEntry, path: Path, problems: Problems): CaptureStage[] | undefined {
  if (stages === undefined) return undefined;
  if (stages.length === 0) problems.add([...path, 'stages'], 'no stages; leave stages out for [wire]');
  return (['wire', 'inside'] as const).filter((stage) => stages.includes(stage));
}

/** A classic pcap holds frames and times, and nothing about where they were. */
function checkPcap(entry: CaptureEntry, path: Path, problems: Problems): void {
  const why = (what: string) => `a classic pcap has no interfaces to tell ${what} by; name it .pcapng`;
  if (entry.stages?.includes('inside') === true) problems.add([...path, 'stages'], why('stages'));
  if ((entry.wires ?? []).length > 0) problems.add([...path, 'wires'], why('cables'));
}

function rotationOf(
  { file, rotate }: CaptureEntry,
  path: Path,
  problems: Problems,
): CaptureRequest['rotate'] | undefined {
  if (rotate === undefined) return undefined;
  const place = [...path, 'rotate'];
  const { size, every, frames, keep } = rotate;
  if (size === undefined && every === undefined && frames === undefined)
    problems.add(place, `nothing says when ${numberedFile(file, 2)} begins; write size, every or frames`);
  if (every === 0) problems.add([...place, 'every'], '0 is not in range; from 1ns');
  return { ...boundsOf(size, every, frames), ...(keep === undefined ? {} : { keep }) };
}

function limitOf({ limit }: CaptureEntry, path: Path, problems: Problems): CaptureBounds | undefined {
  if (limit === undefined) return undefined;
  const { size, after, frames } = limit;
  if (size === undefined && after === undefined && frames === undefined)
    problems.add([...path, 'limit'], 'no limit; write size, after or frames');
  if (after === 0) problems.add([...path, 'limit', 'after'], '0 is not in range; from 1ns');
  return boundsOf(size, after, frames);
}

function boundsOf(bytes: number | undefined, ns: number | undefined, frames: number | undefined): CaptureBounds {
  const bounds = Object.entries({ bytes, ns, frames }).filter(([, value]) => value !== undefined);
  return Object.fromEntries(bounds);
}

function checkTimes({ start = 0, stop }: CaptureEntry, path: Path, problems: Problems): void {
  if (stop !== undefined && stop <= start)
    problems.add([...path, 'stop'], 'is not after start: nothing would be captured');
}
