/** `vswitch pcap info`: what is in captures, by one walk over each. */
import { stdout } from 'node:process';
import { linkTypeName } from '../../capture/linktype.ts';
import { type InterfaceSurvey, type Survey, survey } from '../../capture/survey.ts';
import { formatBytes } from '../../telemetry/bytes.ts';
import { VERDICTS } from '../../telemetry/generated/verdicts.ts';
import { EXIT_BAD_INPUT, EXIT_FINE, explainFailure, tell } from '../errors.ts';
import { counted, grouped, scaled, table } from '../format.ts';
import { date, seconds } from './time.ts';

const NS_PER_SECOND = 1e9;
const BLOCK_NAMES: ReadonlyMap<number, string> = new Map([
  [4, 'name resolution'],
  [5, 'interface statistics'],
  [9, 'systemd journal'],
  [10, 'decryption secrets'],
  [0x0bad, 'custom'],
  [0x40000bad, 'custom, not to be copied'],
]);

export function info(files: readonly string[], options: { readonly json?: boolean }): number {
  const told: object[] = [];
  let code = EXIT_FINE;
  for (const [i, file] of files.entries()) {
    let found: Survey;
    try {
      found = survey(file);
    } catch (error) {
      // The other files are told of all the same.
      code = Math.max(code, explainFailure(error, false));
      continue;
    }
    if (options.json === true) told.push(asData(found));
    else stdout.write(`${i > 0 ? '\n' : ''}${lines(found).join('\n')}\n`);
    for (const { message } of found.problems) tell(message);
    if (found.problems.length > 0) code = EXIT_BAD_INPUT;
  }
  if (options.json === true)
    stdout.write(`${JSON.stringify(files.length === 1 ? (told[0] ?? null) : told, null, 2)}\n`);
  return code;
}

/** The name of a verdict, and its rule. */
export function verdictOf(number: number): { readonly verdict: string; readonly rule: string | null } {
  const row = VERDICTS.find((each) => each.number === number);
  return { verdict: row?.name ?? `verdict ${number}`, rule: row === undefined || row.rule === '-' ? null : row.rule };
}

function lines(found: Survey): string[] {
  const { format, packing, sections, frames, firstNs, lastNs, backwards, cutFrames, names, blocks, drops } = found;
  const span = firstNs === null || lastNs === null ? 0 : Number(lastNs - firstNs) / NS_PER_SECOND;
  const kinds = [...blocks].map(([type, n]) => `${n} ${BLOCK_NAMES.get(type) ?? `of type 0x${type.toString(16)}`}`);
  return [
    [
      `${plain(found.file)}: ${format}${packing === null ? '' : ` in ${packing}`}`,
      ...(format === 'pcapng' ? [counted(sections.length, 'section')] : []),
      counted(frames, 'frame'),
      formatBytes(found.bytes),
    ].join(', '),
    ...(firstNs === null ? [] : [`time     ${date(firstNs)} to ${date(lastNs!)}, ${seconds(lastNs! - firstNs)} s`]),
    ...(span > 0
      ? [`rate     ${scaled(frames / span, 'frames/s')}, ${scaled((8 * found.wireBytes) / span, 'b/s')} in frames`]
      : []),
    `order    ${backwards === 0 ? 'by time' : `${counted(backwards, 'frame')} earlier than the one in front`}`,
    ...(frames === 0
      ? []
      : [
          `bytes    ${grouped(found.capturedBytes)} captured of ${grouped(found.wireBytes)}${cutFrames === 0 ? '' : `, ${counted(cutFrames, 'frame')} cut`}`,
        ]),
    ...sections.flatMap(({ byteOrder, hardware, os, application, comment }, i) => [
      `section  ${[String(i), `${byteOrder} endian`, hardware, os, application]
        .filter((text) => text !== null)
        .map(plain)
        .join(', ')}`,
      ...(comment === null ? [] : comment.split('\n').map((line) => `         ${plain(line)}`)),
    ]),
    ...(kinds.length === 0
      ? []
      : [`blocks   ${kinds.join(', ')}${names === 0 ? '' : ` with ${counted(names, 'name')}`}`]),
    ...(found.interfaces.length === 0 ? [] : ['', interfaceTable(found)]),
    ...(drops.length === 0 ? [] : ['', dropTable(found)]),
  ];
}

function interfaceTable({ interfaces, sections, firstNs }: Survey): string {
  const since = (ns: bigint | null): string => (ns === null ? '' : seconds(ns - (firstNs ?? 0n)));
  const rows = interfaces.map((each) => {
    const { interface: captured, details, frames, framesIn, framesOut, capturedBytes } = each;
    const { section, id, name, linkType } = captured;
    return [
      sections.length > 1 ? `${section}/${id}` : String(id),
      plain(name ?? '-'),
      linkTypeName(linkType),
      details?.speedBps ? scaled(Number(details.speedBps), 'b/s') : '',
      details?.mac ? [...details.mac].map((octet) => octet.toString(16).padStart(2, '0')).join(':') : '',
      grouped(frames),
      grouped(framesIn),
      grouped(framesOut),
      grouped(capturedBytes),
      since(each.firstNs),
      since(each.lastNs),
      lost(each),
      plain(details?.description ?? ''),
    ];
  });
  const columns = [
    { title: 'id' },
    { title: 'interface' },
    { title: 'type' },
    { title: 'speed', align: 'right' as const },
    { title: 'mac' },
    ...['frames', 'in', 'out', 'bytes', 'first', 'last', 'lost'].map((title) => ({ title, align: 'right' as const })),
    { title: 'description' },
  ];
  // Columns of which nothing is known are left out.
  const kept = columns.map((_, i) => rows.some((row) => row[i] !== '' && (i < 6 || i === 12 || row[i] !== '0')));
  const pick = <T>(cells: readonly T[]): T[] => cells.filter((_, i) => kept[i]);
  return table(pick(columns), rows.map(pick));
}

/** Frames that the interface had and the capture has not. */
function lost({ statistics }: InterfaceSurvey): string {
  if (statistics === null) return '';
  const { dropped, droppedByOs } = statistics;
  return dropped === null && droppedByOs === null ? '' : String((dropped ?? 0n) + (droppedByOs ?? 0n));
}

function dropTable({ drops }: Survey): string {
  const rows = drops
    .toSorted((a, b) => b.frames - a.frames)
    .map(({ interface: { name }, drop, frames }) => {
      const { verdict, rule } = verdictOf(drop.verdict);
      return [grouped(frames), verdict, rule ?? '-', drop.side, plain(name ?? '-')];
    });
  const titles = ['verdict', 'rule', 'side', 'interface'].map((title) => ({ title }));
  return table([{ title: 'drops', align: 'right' }, ...titles], rows);
}

function asData(found: Survey): object {
  const blocks = Object.fromEntries(
    [...found.blocks].map(([type, n]) => [BLOCK_NAMES.get(type) ?? `0x${type.toString(16)}`, n]),
  );
  return {
    ...found,
    firstNs: text(found.firstNs),
    lastNs: text(found.lastNs),
    blocks,
    drops: found.drops.map(({ interface: { name }, drop: { verdict, side }, frames }) => ({
      interface: name,
      side,
      ...verdictOf(verdict),
      frames,
    })),
    interfaces: found.interfaces.map(({ interface: captured, details, statistics, ...rest }) => ({
      ...captured,
      description: details?.description ?? null,
      mac: details?.mac ? Buffer.from(details.mac).toString('hex') : null,
      speedBps: text(details?.speedBps ?? null),
      filter: details?.filter ?? null,
      comment: details?.comment ?? null,
      ...rest,
      firstNs: text(rest.firstNs),
      lastNs: text(rest.lastNs),
      statistics:
        statistics === null ? null : Object.fromEntries(Object.entries(statistics).map(([key, n]) => [key, text(n)])),
    })),
    problems: found.problems.map(({ message }) => message),
  };
}

/** Numbers that may be too large for JSON's readers are text. */
function text(value: bigint | null): string | null {
  return value === null ? null : String(value);
}

/** Text of a file, which must not drive a terminal. */
export function plain(value: string): string {
  return value.replace(/[\p{Cc}\u2028\u2029]/gu, '\ufffd');
}
