/** Groups, router ports and queriers of switches that look at IGMP and MLD: for the summary, and for `vswitch groups`. */
import type { MulticastReport } from '../telemetry/multicast.ts';
import type { SwitchReport } from '../telemetry/report.ts';
import { counted, grouped, table } from './format.ts';

/** Rows of the table in a summary: about half a screen. */
const GROUPS_MAX = 20;

type Snooping = SwitchReport & { readonly multicast: MulticastReport };

const right = (title: string) => ({ title, align: 'right' as const });

function snoopingOf(switches: readonly SwitchReport[]): Snooping[] {
  return switches.filter((sw): sw is Snooping => sw.multicast !== undefined);
}

const expiry = (seconds: number | null): string => (seconds === null ? 'never' : `${seconds.toFixed(1)} s`);

function rowsOf(switches: readonly Snooping[]): string[][] {
  return switches.flatMap(({ name, multicast }) =>
    multicast.groups.flatMap(({ vlan, group, ports, version, ageSeconds }) =>
      ports.map(({ port, expiresSeconds }, i) =>
        i === 0
          ? [name, String(vlan), group, String(version), `${ageSeconds.toFixed(1)} s`, port, expiry(expiresSeconds)]
          : ['', '', '', '', '', port, expiry(expiresSeconds)],
      ),
    ),
  );
}

function countersTable(switches: readonly Snooping[]): string {
  const names = ['reports', 'leaves', 'queriesHeard', 'queriesSent', 'registered', 'unregistered', 'aged'] as const;
  const odd = (['routerHellos', 'malformed', 'overflow'] as const).filter((name) =>
    switches.some(({ multicast }) => multicast.counters[name] > 0),
  );
  const shown = [...names, ...odd];
  const columns = [{ title: 'groups of' }, right('known'), ...shown.map(right)];
  const rows = switches.map(({ name, multicast: { groups, counters } }) => [
    name,
    grouped(groups.length),
    ...shown.map((counter) => grouped(counters[counter])),
  ]);
  return table(columns, rows);
}

function routerLines(switches: readonly Snooping[]): string[] {
  return switches.flatMap(({ name, multicast: { routerPorts, queriers } }) => [
    ...routerPorts.map(({ vlan, family, port, expiresSeconds }) =>
      vlan === null
        ? `${name}: ${port} is a router port, as configured`
        : `${name}: ${port} is a router port for ${family} in VLAN ${vlan}, for ${expiry(expiresSeconds)}`,
    ),
    ...queriers.map(
      ({ vlan, family, querier }) =>
        `${name}: ${querier === 'self' ? 'it is the querier' : `${querier} is the querier`} for ${family} in VLAN ${vlan}`,
    ),
  ]);
}

/** All of it, for `vswitch groups`. */
export function groupsTable(switches: readonly SwitchReport[]): string {
  const snooping = snoopingOf(switches);
  if (snooping.length === 0) return 'no switch looks at groups; write multicast: snooping';
  return [membersTable(rowsOf(snooping)), '', countersTable(snooping), '', ...routerLines(snooping)]
    .join('\n')
    .trimEnd();
}

function membersTable(rows: string[][]): string {
  const columns = [
    { title: 'switch' },
    right('VLAN'),
    { title: 'group' },
    right('version'),
    right('age'),
    { title: 'port' },
    right('expires'),
  ];
  return rows.length === 0 ? 'no groups' : table(columns, rows);
}

/** A part of the summary: the first rows, and the counters; nothing where groups are flooded. */
export function groupsSummary(switches: readonly SwitchReport[]): string[] {
  const snooping = snoopingOf(switches);
  if (snooping.length === 0) return [];
  const rows = rowsOf(snooping);
  const more = rows.length - GROUPS_MAX;
  const rest = more > 0 ? [`… and ${counted(more, 'member')} more; vswitch groups shows all of a report`] : [];
  return [membersTable(rows.slice(0, GROUPS_MAX)), ...rest, '', countersTable(snooping), ''];
}
