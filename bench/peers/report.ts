/** What was measured, as Markdown for people and as figures for the line that every bench prints. */
import type { Figure, Target } from '../line.ts';
import type { Machine } from '../machine.ts';
import type { Load } from './peer.ts';
import type { Measured, Result, Spread } from './turns.ts';

export interface Report {
  readonly machine: Machine;
  readonly settings: Readonly<Record<string, number | string>>;
  readonly results: readonly Result[];
  /** What was not measured, and why. */
  readonly skipped: Readonly<Record<string, string>>;
  /** What was measured, but otherwise than one would want. */
  readonly remarks: Readonly<Record<string, string>>;
}

const NONE = '–';
const THEIRS = [
  'peer',
  'case',
  'bytes',
  'Mframes/s',
  'least – most',
  'of the limit',
  'by CPU time',
  'of the limit',
  'cores',
  'for each frame',
];
const OURS = [
  'against',
  'case',
  'bytes',
  'what ours is given',
  'ours',
  'theirs',
  'ratio',
  'ratio by CPU time',
  'ours of the limit',
  'aim',
];

const OURS_DOES =
  'descriptor from a ring, checks of link, length, source and reserved addresses, VLAN, learn, look up, queue; counts ' +
  'frames, bytes and the verdict';

function target(aim: number | null): Target | null {
  return aim === null ? null : { of: 'ratio', sign: '>=', value: aim };
}

function row(cells: readonly (string | number | null)[]): string {
  return `| ${cells.map((cell) => cell ?? NONE).join(' | ')} |`;
}

function table(headings: readonly string[], rows: readonly string[]): string[] {
  return [row(headings), row(headings.map(() => '---')), ...rows];
}

function loadText({ ports, macs, pairs, copies }: Load): string {
  const copied = copies === undefined ? '' : copies === 1 ? ', one copy' : ', copy in and copy out';
  return `${ports} ports, ${macs.toLocaleString('en')} MACs, ${pairs.toLocaleString('en')} pairs${copied}`;
}

type Named = Pick<Result, 'peer' | 'case' | 'bytes' | 'cores' | 'does'>;

function measuredRow({ peer, case: name, bytes, cores, does }: Named, { wall, cpu }: Measured): string {
  const range = `${wall.min} – ${wall.max}`;
  return row([peer, name, bytes, wall.median, range, wall.ratio, cpu?.median ?? null, cpu?.ratio ?? null, cores, does]);
}

/** Ours where it is first measured: what it does is the same for all. */
function ourOwnRow(results: readonly Result[]): string[] {
  const first = results.find(({ oursOfLimit }) => oursOfLimit !== null);
  if (first === undefined) return [];
  const named = { peer: 'ours', case: loadText(first.load!), bytes: first.bytes, cores: 1, does: OURS_DOES };
  return [measuredRow(named, first.oursOfLimit!)];
}

function theirRow(result: Result): string[] {
  return result.theirs === null ? [] : [measuredRow(result, result.theirs)];
}

function ourRow({ peer, case: name, bytes, load, theirs, ours, oursOfLimit, aim }: Result): string[] {
  if (ours === null || load === null) return [];
  const { median, ratio } = ours.wall;
  const wanted = aim === null || ratio === null ? null : `${aim}: ${ratio >= aim ? 'met' : 'missed'}`;
  const [byCpu, ofLimit] = [ours.cpu?.ratio ?? null, oursOfLimit?.wall.ratio ?? null];
  return [row([peer, name, bytes, loadText(load), median, theirs?.wall.median ?? null, ratio, byCpu, ofLimit, wanted])];
}

function list(title: string, entries: Readonly<Record<string, string>>): string[] {
  const lines = Object.entries(entries).map(([what, why]) => `- ${what}: ${why}`);
  return lines.length === 0 ? [] : [`## ${title}`, '', ...lines, ''];
}

export function markdown({ machine, settings, results, skipped, remarks }: Report): string {
  const { cpu, cores, memoryGiB, load, node, commit, date } = machine;
  const limits = results.flatMap(({ limit }) => limit);
  return [
    '# Other switches beside ours',
    '',
    `${cpu}, ${cores} cores, ${memoryGiB} GiB, load ${load} before; Node ${node}, commit ${commit}, ${date.slice(0, 10)}. ` +
      `${settings['repeats']} turns of ${settings['seconds']} s.` +
      (limits.length === 0 ? '' : ` The limit was ${Math.min(...limits)} to ${Math.max(...limits)} Mframes/s.`),
    'Million frames a second, medians. How to read it: bench/peers/README.md.',
    '',
    '## Ours against them',
    '',
    ...table(OURS, results.flatMap(ourRow)),
    '',
    '## What each does',
    '',
    ...table(THEIRS, [...ourOwnRow(results), ...results.flatMap(theirRow)]),
    '',
    ...list('Remarks', remarks),
    ...list('Not measured', skipped),
  ]
    .join('\n')
    .trimEnd();
}

function figuresOf(name: string, { wall, cpu }: Measured, ratioTo: string, aim: Target | null): Figure[] {
  const one = (title: string, { ratio, ...values }: Spread, wanted: Target | null): Figure => ({
    case: title,
    unit: 'Mframes/s',
    ...values,
    ...(ratio !== null && { ratio, ratioTo }),
    ...(ratio !== null && wanted !== null && { target: wanted }),
  });
  return [one(name, wall, aim), ...(cpu === null ? [] : [one(`${name}, by CPU time`, cpu, null)])];
}

export function figures(results: readonly Result[]): Figure[] {
  return results.flatMap(({ peer, case: name, bytes, theirs, ours, aim }) => {
    const title = `${peer}: ${name}, ${bytes === 'imix' ? 'IMIX' : `${bytes} bytes`}`;
    return [
      ...(theirs === null ? [] : figuresOf(title, theirs, 'C limit', null)),
      ...(ours === null ? [] : figuresOf(`ours beside ${title}`, ours, peer, target(aim))),
    ];
  });
}
