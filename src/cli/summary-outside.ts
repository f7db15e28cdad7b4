/** What a summary tells of the world outside the hosts: who is at the other end of cables, and how much went there. */
import { type HostTraffic, insideShare } from '../telemetry/consolidation.ts';
import type { SwitchReport } from '../telemetry/report.ts';
import { counted, grouped, table } from './format.ts';

/** Hosts and VMs in a summary's table: it shall stay small beside the table of ports. */
const ROWS_MAX = 10;

const right = (title: string) => ({ title, align: 'right' as const });

/** Who is at the other end of a port, as LLDP tells. */
export function neighboursTable(switches: readonly SwitchReport[]): string {
  const rows = switches.flatMap(({ lldp }) =>
    (lldp?.neighbours ?? []).map((each) => [
      each.port,
      each.systemName ?? each.chassis,
      each.portId,
      each.pvid === null ? '-' : each.pvid === 0 ? 'none' : String(each.pvid),
      each.frameMax === null ? '-' : String(each.frameMax),
      each.inLag === null ? '-' : each.inLag ? 'yes' : 'no',
      `${each.ttlSeconds.toFixed(0)} s`,
    ]),
  );
  if (rows.length === 0) {
    const isOn = switches.some(({ lldp }) => lldp !== undefined);
    return isOn
      ? 'nobody was heard by LLDP'
      : 'no switch listens by LLDP; write lldp: both at a vSwitch and a physical switch';
  }
  const columns = [
    { title: 'port' },
    { title: 'neighbour' },
    { title: 'its port' },
    right('PVID'),
    right('longest frame'),
    { title: 'in a LAG' },
    right('known for'),
  ];
  return table(columns, rows);
}

/** How many frames never touched a wire, by host, and by VM where there are few; null where no VM sent or got one. */
export function consolidationTable(hosts: readonly HostTraffic[]): string | null {
  const moving = hosts.filter(hasTraffic);
  if (moving.length === 0) return null;
  const withVms = moving.reduce((sum, { vms }) => sum + 1 + vms.length, 0) <= ROWS_MAX;
  const rows = moving.flatMap((host) => [
    rowOf(host.host, host),
    ...(withVms ? host.vms.filter(hasTraffic) : []).map((vm) => rowOf(`  ${vm.vm}`, vm)),
  ]);
  const columns = [
    { title: 'never touched a wire' },
    right('passed on'),
    right('stayed inside'),
    right('share'),
    right('left by uplink'),
    right('from inside'),
    right('from outside'),
  ];
  const shown = rows.slice(0, ROWS_MAX);
  const more = rows.length - shown.length;
  return [
    table(columns, shown),
    ...(more === 0 ? [] : [`… and ${counted(more, 'host')} more; --report has them`]),
  ].join('\n');
}

/** A host that only listens has copies from outside, and no frame of its own. */
function hasTraffic({ passedOn, fromInside, fromOutside }: Omit<HostTraffic, 'host' | 'vms'>): boolean {
  return passedOn + fromInside + fromOutside > 0;
}

function rowOf(name: string, traffic: Omit<HostTraffic, 'host' | 'vms'>): string[] {
  const share = insideShare(traffic);
  return [
    name,
    grouped(traffic.passedOn),
    grouped(traffic.stayedInside),
    // 100.0 % is for all of them.
    share === null ? '-' : `${(Math.floor((1000 * traffic.stayedInside) / traffic.passedOn) / 10).toFixed(1)} %`,
    grouped(traffic.leftByUplink),
    grouped(traffic.fromInside),
    grouped(traffic.fromOutside),
  ];
}
