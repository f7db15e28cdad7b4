/** The tables at the end of a run: ports, MAC tables, drops by rule, the ledger. */
import { formatBytes } from '../telemetry/bytes.ts';
import { VERDICTS } from '../telemetry/generated/verdicts.ts';
import type {
  CaptureReport,
  DeathReport,
  EventReport,
  IsolatedReport,
  Ledger,
  Report,
  SwitchReport,
} from '../telemetry/report.ts';
import { flapsOf } from '../telemetry/teaching.ts';
import { spokenName } from '../topology/capture-name.ts';
import { flowsTable } from './flows.ts';
import { counted, grouped, paint, scaled, table } from './format.ts';
import { groupsSummary } from './groups.ts';
import { changesTable } from './summary-change.ts';
import { asksByArp, guestLines } from './summary-guest.ts';
import { hostedLines } from './summary-hosted.ts';
import { mirrorsTable } from './summary-mirror.ts';
import { nicsTable } from './summary-nics.ts';
import { consolidationTable, neighboursTable } from './summary-outside.ts';
import { shapingTables } from './summary-shaping.ts';
import { suppressionTable } from './summary-suppression.ts';
import { treeLines } from './summary-tree.ts';

const ROWS = new Map(VERDICTS.map((row) => [row.name, row]));

/** Rows of the table of ports in a summary: about a screen. */
const PORTS_MAX = 40;
/** Guests of a switch that gave up frames. */
const HELD_BACK_MAX = 5;
/** Deaths of workers that a summary shows. */
const DEATHS_MAX = 8;

/** Events in a summary: the latest. */
const EVENTS_MAX = 20;

const right = (title: string) => ({ title, align: 'right' as const });

export function portsTable(switches: readonly SwitchReport[]): string {
  const columns = [
    { title: 'port' },
    { title: 'kind' },
    { title: 'link' },
    { title: 'uplink' },
    right('rx frames'),
    right('rx bytes'),
    right('tx frames'),
    right('tx bytes'),
    right('drops'),
  ];
  const rows = switches.flatMap((sw) =>
    sw.ports.map((port) => {
      const drops = Object.entries(port.verdicts).reduce(
        (sum, [name, n]) => sum + (ROWS.get(name)?.fate === 'drop' ? n : 0),
        0,
      );
      const uplink =
        port.kind === 'uplink'
          ? port.inUse
            ? 'in use'
            : 'not in use'
          : (port.pinnedTo ?? (port.kind === 'vnic' && sw.lags.length > 0 ? 'LAG' : '-'));
      return [
        port.name,
        port.kind,
        port.link,
        uplink,
        grouped(port.rxFrames),
        grouped(port.rxBytes),
        grouped(port.txFrames),
        grouped(port.txBytes),
        grouped(drops),
      ];
    }),
  );
  return table(columns, rows);
}

export function macTables(switches: readonly SwitchReport[]): string {
  const columns = [{ title: 'switch' }, right('VLAN'), { title: 'MAC' }, { title: 'port' }, right('age')];
  const rows = switches.flatMap((sw) =>
    sw.macTable.map((e) => {
      const vlan = e.vlan === 4095 ? 'any' : String(e.vlan);
      return [sw.name, vlan, e.mac, e.port, e.static ? 'static' : `${e.ageSeconds.toFixed(1)} s`];
    }),
  );
  return rows.length === 0 ? 'the MAC tables are empty' : table(columns, rows);
}

/** Stations that were heard on another port than before, the latest of each switch. */
export function movesTable(switches: readonly SwitchReport[]): string {
  const columns = [
    right('at'),
    { title: 'switch' },
    right('VLAN'),
    { title: 'MAC' },
    { title: 'from' },
    { title: 'to' },
    right('frame'),
  ];
  const rows = switches.flatMap((sw) =>
    sw.moves.map((e) => [`${e.seconds.toFixed(6)} s`, sw.name, String(e.vlan), e.mac, e.from, e.to, String(e.frame)]),
  );
  return rows.length === 0 ? 'no station has moved' : table(columns, rows);
}

/** What a reader should know of teams and stations beyond the counters. */
function remarks(switches: readonly SwitchReport[], isPaced: boolean): string[] {
  return switches.flatMap((sw) => {
    const flaps = flapsOf(sw.moves).map(
      ({ mac, vlan, moves, ports }) =>
        `${sw.name}: ${mac} in VLAN ${vlan} flaps: ${counted(moves, 'move')} between ${ports.join(', ')}`,
    );
    const shut = sw.ports
      .filter(({ link }) => link === 'shut')
      .map(({ name }) => `${name} was shut by a guard; plug it again to open it`);
    const doubt = sw.team?.doubtful
      ? [
          `${sw.name}: its uplinks do not hear each other's beacons, and nobody can tell which one has failed: all stay in use`,
        ]
      : [];
    const lags = sw.lags
      .filter(({ inUse }) => inUse.length === 0)
      .map(
        ({ mode, members }) =>
          `${sw.name}: the ${mode === 'static' ? 'static LAG' : 'LACP LAG'} of ${members.join(', ')} is down${mode === 'static' ? '' : ': no partner has agreed'}`,
      );
    return [...heldBackLines(sw, isPaced), ...doubt, ...lags, ...shut, ...flaps];
  });
}

/** Guests whose frames never entered the network: no drop tells of them. On the wall clock those of a full ring without a shaper are sent later. */
function heldBackLines({ name: switchName, ports }: SwitchReport, isPaced: boolean): string[] {
  const silent = ports
    .flatMap(({ name, guest, shaping }) =>
      guest !== null && guest.heldBack > 0 && (isPaced || shaping?.in !== undefined)
        ? [{ name, heldBack: guest.heldBack }]
        : [],
    )
    .sort((a, b) => b.heldBack - a.heldBack);
  const rest = silent.slice(HELD_BACK_MAX);
  const sum = rest.reduce((frames, { heldBack }) => frames + heldBack, 0);
  return [
    ...silent
      .slice(0, HELD_BACK_MAX)
      .map(
        ({ name, heldBack }) =>
          `${name} gave up ${grouped(heldBack)} of its own frames before they entered: its ring was full`,
      ),
    ...(rest.length > 0
      ? [`… and ${counted(rest.length, 'more guest')} of ${switchName} gave up ${grouped(sum)}`]
      : []),
  ];
}

/** Drops of all switches by verdict, with the port that had most of each. */
export function dropsTable(switches: readonly SwitchReport[]): string {
  const ports = switches.flatMap((sw) => sw.ports);
  const rows = [...ROWS.values()]
    .filter(({ fate }) => fate === 'drop')
    .map(({ name, rule, sentence }) => {
      const at = ports
        .map((port) => ({ port: port.name, frames: port.verdicts[name] ?? 0 }))
        .filter(({ frames }) => frames > 0)
        .sort((a, b) => b.frames - a.frames);
      const where = at.length > 1 ? `${at[0]!.port} and ${at.length - 1} more` : (at[0]?.port ?? '');
      return { frames: at.reduce((sum, { frames }) => sum + frames, 0), cells: [name, rule, where, sentence] };
    })
    .filter(({ frames }) => frames > 0)
    .sort((a, b) => b.frames - a.frames)
    .map(({ frames, cells }) => [grouped(frames), ...cells]);
  if (rows.length === 0) return 'no drops';
  const columns = [right('frames'), { title: 'verdict' }, { title: 'rule' }, { title: 'at' }, { title: 'because' }];
  return table(columns, rows);
}

/** What happened, the latest; all of it is in the report. */
function eventsTable(events: readonly EventReport[]): string[] {
  if (events.length === 0) return [];
  const shown = events.slice(-EVENTS_MAX);
  const rows = shown.map((event) => [eventTime(event), event.what]);
  const more = events.length - shown.length;
  const before = more === 0 ? [] : [`… and ${counted(more, 'event')} before; --report has them`];
  return [table([right('at'), { title: 'event' }], rows), ...before, ''];
}

export function eventTime({ seconds }: EventReport): string {
  return `${seconds.toFixed(6)} s`;
}

export function ledgerLine(ledger: Ledger): string {
  const dropped = Object.values(ledger.drops).reduce((sum, n) => sum + n, 0);
  const parts = `in ${grouped(ledger.framesIn)} + copies ${grouped(ledger.copiesMade)} = delivered ${grouped(ledger.delivered)} + dropped ${grouped(dropped)} + held ${grouped(ledger.held)}`;
  return ledger.balanced
    ? `ledger  ${parts}  ${paint('green', 'balanced')}`
    : `ledger  ${parts}  ${paint('red', 'DOES NOT BALANCE')}`;
}

export function deathLine({ seconds, worker, host, why, framesLost, tookMs }: DeathReport): string {
  const moving = host === null ? '' : ` while it moved ${host}`;
  const after = `after ${Math.ceil(tookMs)} ms its hosts went on`;
  return `worker ${worker} died at ${seconds.toFixed(3)} s${moving}: ${why}; ${after}, ${counted(framesLost, 'frame')} lost`;
}

export function isolatedLine({ host, why }: IsolatedReport): string {
  return `${host} is isolated, and its cables are down: ${why}`;
}

/** The first deaths, for there may be many. */
function deathLines(deaths: readonly DeathReport[]): string[] {
  const lines = deaths.slice(0, DEATHS_MAX).map(deathLine);
  return deaths.length > DEATHS_MAX ? [...lines, `… and ${counted(deaths.length - DEATHS_MAX, 'death')} more`] : lines;
}

/** All ports of a small network, of a large one those that moved most; the whole table is `vswitch ports`. */
function busiestPorts(switches: readonly SwitchReport[]): string[] {
  const moved = switches.flatMap((sw) =>
    sw.ports.map((port) => ({ name: port.name, sum: port.rxFrames + port.txFrames })),
  );
  if (moved.length <= PORTS_MAX) return [portsTable(switches)];
  const shown = new Set(
    moved
      .sort((a, b) => b.sum - a.sum)
      .slice(0, PORTS_MAX)
      .map(({ name }) => name),
  );
  const some = switches.map((sw) => ({ ...sw, ports: sw.ports.filter(({ name }) => shown.has(name)) }));
  const more = counted(moved.length - PORTS_MAX, 'quieter port');
  return [portsTable(some), `… and ${more}; vswitch ports shows all of a report`];
}

/** `3 files to all_00007.pcapng, `, where there are several. */
function filesOf({ files }: CaptureReport): string {
  return files === undefined ? '' : `${counted(files.length, 'file')} to ${files.at(-1)}, `;
}

/** Who is at the other end of cables, and how much never went there. */
function outside({ switches, consolidation }: Report): string[] {
  const neighbours = switches.some(({ lldp }) => lldp !== undefined) ? [neighboursTable(switches), ''] : [];
  const inside = consolidationTable(consolidation);
  return [...(inside === null ? [] : [inside, '']), ...neighbours];
}

/** `flowsLine` tells where flow records went. */
export function summary(report: Report, flowsLine: string | null = null): string {
  const unit = report.clock === 'wall' ? 's' : 's simulated';
  const moved = report.switches.reduce((sum, sw) => sum + sw.ledger.framesIn, 0);
  const rate =
    report.clock === 'wall' && report.seconds > 0 ? `, ${scaled(moved / report.seconds, 'frames/s')} switched` : '';
  const lines = [
    ...(report.teaching === null ? [] : [paint('yellow', report.teaching.banner), '']),
    `${report.name}: ${report.seconds.toFixed(3)} ${unit}, ${counted(report.switches.length, 'switch')}, memory ${formatBytes(report.memoryBytes)}${rate}`,
    '',
    ...busiestPorts(report.switches),
    '',
    dropsTable(report.switches),
    '',
    ...outside(report),
    ...treeLines(report.switches),
    ...shapingTables(report.switches),
    ...groupsSummary(report.switches),
    ...suppressionTable(report.switches),
    ...mirrorsTable(report.switches),
    ...flowsTable(report.switches),
    ...nicsTable(report.switches),
    ...eventsTable(report.events),
    ...changesTable(report.changes),
  ];
  lines.push(
    ...remarks(report.switches, report.clock === 'virtual'),
    ...deathLines(report.deaths),
    ...report.isolated.map(isolatedLine),
  );
  if (report.teaching !== null && report.teaching.cycle !== '') lines.push(paint('yellow', report.teaching.cycle));
  lines.push(...guestLines(report));
  const waiting = report.streams.filter((s) => s.unresolved && asksByArp(report, s));
  for (const stream of waiting) lines.push(`${stream.from} is still asking by ARP for ${stream.to}: nothing was sent`);
  for (const capture of report.captures) {
    const lost = capture.lost > 0 ? `, ${counted(capture.lost, 'frame')} lost because the file could not keep up` : '';
    lines.push(
      capture.failure ??
        `capture ${spokenName(capture.file)}  ${filesOf(capture)}${counted(capture.frames, 'frame')}, ${formatBytes(capture.bytes)}${lost}`,
    );
  }
  if (flowsLine !== null) lines.push(flowsLine);
  lines.push(...hostedLines(report));
  lines.push(ledgerLine(report.ledger));
  return lines.join('\n');
}
