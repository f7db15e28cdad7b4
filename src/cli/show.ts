/** `vswitch ports`, `mac-table`, `moves`, `neighbours` and `groups`: parts of a report that a run or a replay has written. */
import { readFileSync } from 'node:fs';
import { stdout } from 'node:process';
import { reason } from '../engine/drain.ts';
import type { Report, SwitchReport } from '../telemetry/report.ts';
import { hint } from '../topology/suggestion.ts';
import { EXIT_FINE, UsageError } from './errors.ts';
import { groupsTable } from './groups.ts';
import { macTables, movesTable, portsTable } from './summary.ts';
import { neighboursTable } from './summary-outside.ts';

export interface ShowOptions {
  readonly switch?: string;
  readonly json?: boolean;
}

/** What there is to show, as a table and as data. */
const PARTS = {
  ports: { table: portsTable, data: ({ ports }: SwitchReport) => ({ ports }) },
  'mac-table': { table: macTables, data: ({ macTable }: SwitchReport) => ({ macTable }) },
  neighbours: { table: neighboursTable, data: ({ lldp }: SwitchReport) => ({ lldp: lldp ?? null }) },
  moves: { table: movesTable, data: ({ moves }: SwitchReport) => ({ moves }) },
  groups: { table: groupsTable, data: ({ multicast }: SwitchReport) => ({ multicast: multicast ?? null }) },
} as const;

export function show(what: keyof typeof PARTS, file: string, options: ShowOptions): number {
  const report = readReport(file);
  const switches = choose(report, options.switch);
  if (options.json === true) {
    const part = switches.map((sw) => ({ switch: sw.name, ...PARTS[what].data(sw) }));
    stdout.write(`${JSON.stringify(part, null, 2)}\n`);
  } else {
    if (report.teaching) stdout.write(`${report.teaching.banner}\n\n`);
    stdout.write(`${PARTS[what].table(switches)}\n`);
  }
  return EXIT_FINE;
}

const WANTED = 'name the report that vswitch run --report or vswitch replay wrote';

/** Throws a UsageError for what is no report. */
export function readReport(file: string): Report {
  let text: string;
  try {
    text = readFileSync(file, 'utf8');
  } catch (error) {
    const isMissing = (error as NodeJS.ErrnoException).code === 'ENOENT';
    throw new UsageError(`${file}: ${isMissing ? 'no such file' : reason(error)}; ${WANTED}`);
  }
  try {
    const report = JSON.parse(text) as Report;
    if (Array.isArray(report.switches) && report.switches.every(isSwitch)) return report;
  } catch {
    // Told below, as for JSON of another kind.
  }
  throw new UsageError(`${file}: not a report; ${WANTED}`);
}

/** As much as is needed to tell a report from other JSON. */
function isSwitch(value: unknown): value is SwitchReport {
  const { name, ports, macTable, moves } = (value ?? {}) as Partial<SwitchReport>;
  const isPort = (port: SwitchReport['ports'][number] | null): boolean =>
    typeof port?.name === 'string' && typeof port.verdicts === 'object' && typeof port.rxBytes === 'number';
  return (
    typeof name === 'string' &&
    Array.isArray(ports) &&
    ports.every(isPort) &&
    Array.isArray(macTable) &&
    Array.isArray(moves)
  );
}

function choose(report: Report, name: string | undefined): readonly SwitchReport[] {
  if (name === undefined) return report.switches;
  const found = report.switches.filter((sw) => sw.name === name);
  if (found.length === 0)
    throw new UsageError(
      `no switch ${name} in the report; ${hint(
        name,
        report.switches.map((sw) => sw.name),
        'there are',
      )}`,
    );
  return found;
}
