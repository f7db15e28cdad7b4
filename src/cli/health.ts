/** `vswitch health`: whether both ends of each cable agree, and what a run saw of it. */
import { stdout } from 'node:process';
import type { Report } from '../telemetry/report.ts';
import { loadHealth } from '../topology/health-load.ts';
import type { Topology } from '../topology/model.ts';
import { EXIT_FAILED, EXIT_FINE, tellWarnings } from './errors.ts';
import { counted, grouped, paint } from './format.ts';
import { readReport } from './show.ts';

export interface HealthOptions {
  readonly report?: string;
  readonly json?: boolean;
}

/** Drops at the end of a cable that come of two ends that do not agree. */
const SIGNS: Readonly<Record<string, string>> = {
  vlan_not_member: 'of VLANs that the port does not carry',
  frame_type: 'tagged or untagged against what the port takes',
  giant: 'longer than its MTU',
  lag_not_ready: 'while its LAG was not up',
  bad_fcs: 'damaged on the cable',
};

/** What a port of a cable dropped of what came by it. */
interface Sign {
  readonly port: string;
  readonly verdict: string;
  readonly frames: number;
  readonly what: string;
}

export function health(file: string, options: HealthOptions): number {
  const { topology, findings } = loadHealth(file);
  tellWarnings(topology);
  const seen = options.report === undefined ? null : signsIn(readReport(options.report), topology);
  const errors = findings.filter(({ severity }) => severity === 'error').length;
  if (options.json === true) {
    stdout.write(`${JSON.stringify({ findings, ...(seen !== null && { seen }) }, null, 2)}\n`);
    return errors === 0 ? EXIT_FINE : EXIT_FAILED;
  }
  for (const { severity, place, message } of findings)
    stdout.write(`${paint(severity === 'error' ? 'red' : 'yellow', severity)}: ${place}: ${message}\n`);
  for (const { port, frames, what } of seen ?? [])
    stdout.write(`seen: ${port} dropped ${grouped(frames)} frames ${what}\n`);
  const cables = counted(topology.links.length, 'cable');
  const told = errors === 0 ? paint('green', 'no errors') : counted(errors, 'error');
  const more = findings.length === errors ? '' : `, ${counted(findings.length - errors, 'warning')}`;
  stdout.write(`${topology.name}: ${cables} compared at both ends: ${told}${more}\n`);
  return errors === 0 ? EXIT_FINE : EXIT_FAILED;
}

function signsIn({ switches }: Report, { links }: Topology): Sign[] {
  const cabled = new Set(links.flatMap(({ a, b }) => [a, b]));
  return switches
    .flatMap(({ ports }) => ports)
    .filter(({ name }) => cabled.has(name))
    .flatMap(({ name: port, verdicts }) =>
      Object.entries(SIGNS)
        .map(([verdict, what]) => ({ port, verdict, frames: verdicts[verdict] ?? 0, what }))
        .filter(({ frames }) => frames > 0),
    );
}
