/** `vswitch check`: the topology is loaded as a run would, and told back with what it takes. */
import { stdout } from 'node:process';
import { settle } from '../engine/options.ts';
import { parallelismOf } from '../engine/placement.ts';
import { plan } from '../engine/plan.ts';
import { formatBytes } from '../telemetry/bytes.ts';
import { loadTopology } from '../topology/load.ts';
import type { Topology } from '../topology/model.ts';
import { EXIT_FINE, tellWarnings } from './errors.ts';
import { counted, table } from './format.ts';
import { hostedText } from './summary-hosted.ts';

/** Names told before the rest is counted. */
const NAMES_MAX = 5;

export function checkFile(file: string, options: { readonly json?: boolean; readonly events?: string }): number {
  const topology = loadTopology(file, options.events);
  tellWarnings(topology);
  const { captures } = topology;
  // As a run on the wall clock with one worker would; more workers take a little more for captures.
  const { workers, burst, ringEntries } = settle({ clock: 'wall' });
  const planned = plan(topology, { workers, injectAt: [], captures, burst, ringEntries, virtual: false });
  if (options.json === true) {
    stdout.write(`${JSON.stringify(topology, null, 2)}\n`);
    return EXIT_FINE;
  }
  const vnics = topology.hosts.reduce((sum, host) => sum + host.vms.reduce((n, vm) => n + vm.nics.length, 0), 0);
  const sizes = [...planned.sums].sort((a, b) => b[1] - a[1]).map(([what, bytes]) => [what, formatBytes(bytes)]);
  const counts = [
    counted(topology.hosts.length, 'host'),
    counted(vnics, 'vNIC'),
    counted(topology.switches.length, 'physical switch'),
    linksIn(topology),
    counted(topology.streams.length, 'stream'),
    ...(topology.pings === undefined ? [] : [counted(topology.pings.length, 'ping')]),
    counted(captures.length, 'capture'),
    ...(topology.events.length === 0 ? [] : [counted(topology.events.length, 'event')]),
  ];
  stdout.write(`${topology.name}: fine: ${counts.join(', ')}\n\n`);
  stdout.write(
    `${table([{ title: 'memory for' }, { title: 'size', align: 'right' }], [...sizes, ['all', formatBytes(planned.bytes)]])}\n`,
  );
  stdout.write(hostedText(topology));
  stdout.write(`\n${sharing(topology)}\n`);
  return EXIT_FINE;
}

/** How the virtual clock can be shared among workers. */
function sharing(topology: Topology): string {
  const { groups, cellNs } = parallelismOf(topology);
  const bound = boundText(groups);
  if (groups.length === 1) return `virtual clock: one worker${bound === '' ? '' : `; ${bound}`}`;
  const meet = cellNs === 0 ? '' : `, which meet every ${duration(cellNs)}`;
  return `virtual clock: up to ${groups.length} workers${meet}${bound === '' ? '' : `; ${bound}`}`;
}

/** Which hosts and switches one worker has to move, and why; empty when each can have its own. */
export function boundText(groups: readonly (readonly string[])[]): string {
  const bound = groups.filter((names) => names.length > 1).map((names) => listed(names));
  return bound.length === 0 ? '' : `links without delay bind ${bound.join('; ')} to one worker`;
}

function listed(names: readonly string[]): string {
  if (names.length > NAMES_MAX) return `${names.slice(0, NAMES_MAX).join(', ')} and ${names.length - NAMES_MAX} more`;
  return `${names.slice(0, -1).join(', ')} and ${names.at(-1)}`;
}

function duration(ns: number): string {
  return ns < 1000 ? `${ns} ns` : `${ns / 1000} us`;
}

function linksIn({ links }: Topology): string {
  const impaired = links.filter(({ impairments }) => impairments !== undefined).length;
  return impaired === 0 ? counted(links.length, 'link') : `${counted(links.length, 'link')} (${impaired} impaired)`;
}
