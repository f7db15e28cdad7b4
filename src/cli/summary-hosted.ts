/** What a summary and `vswitch check` tell of type-2 hypervisors: what their networks became, their NAT and their DHCP servers. */
import type { DhcpReport, NatReport } from '../telemetry/hosted.ts';
import type { Report } from '../telemetry/report.ts';
import { formatIpv4 } from '../topology/address.ts';
import type { HostedNetwork } from '../topology/hosted-model.ts';
import type { Host, Topology } from '../topology/model.ts';
import { counted, grouped, table } from './format.ts';

/** What a NAT did not translate, by the names of its counters, and how often it said so. */
const LOST = [
  'noMapping',
  'tableFull',
  'notIpv4',
  'ttlExpired',
  'fragments',
  'tooLong',
  'noRoute',
  'unresolved',
  'icmpErrors',
] as const satisfies readonly (keyof NatReport)[];

export function hostedLines({ hosted = [] }: Report): string[] {
  return hosted.flatMap(({ host, nat, dhcp }) => [
    ...(nat === null ? [] : [natLine(host, nat)]),
    ...dhcp.filter(({ discovers, requests }) => discovers + requests > 0).map(dhcpLine),
  ]);
}

/** `pc1 NAT 192.168.1.10: translatedOut 5, translatedIn 5, 1 of 1,024 mappings; noMapping 2`. */
function natLine(host: string, nat: NatReport): string {
  const lost = LOST.filter((name) => nat[name] > 0).map((name) => `${name} ${grouped(nat[name])}`);
  const through = `translatedOut ${grouped(nat.translatedOut)}, translatedIn ${grouped(nat.translatedIn)}`;
  const waiting = nat.waiting > 0 ? `, ${grouped(nat.waiting)} waiting for ARP` : '';
  const mappings = `${grouped(nat.mappings)} of ${counted(nat.mappingsMax, 'mapping')}${waiting}`;
  return `${host} NAT ${nat.address}: ${through}, ${mappings}${lost.length === 0 ? '' : `; ${lost.join(', ')}`}`;
}

/** `pc1/nat-vmnet8 DHCP: 2 leases (192.168.8.128, 192.168.8.129), offers 2, acks 2`. */
function dhcpLine({ port, leases, ...counts }: DhcpReport): string {
  const names = leases.slice(0, 3).map(({ address }) => address);
  const more = leases.length > names.length ? [`… ${leases.length - names.length} more`] : [];
  const held = leases.length === 0 ? '' : ` (${[...names, ...more].join(', ')})`;
  const told = (['offers', 'acks', 'naks', 'declines', 'releases', 'exhausted'] as const)
    .filter((name) => counts[name] > 0)
    .map((name) => `${name} ${grouped(counts[name])}`);
  return `${port} DHCP: ${[`${counted(leases.length, 'lease')}${held}`, ...told].join(', ')}`;
}

/** What presets became, as a table with an empty line before it; nothing without a type-2 host. */
export function hostedText({ hosts }: Topology): string {
  const rows = hosts.flatMap((host) =>
    (host.hosted?.networks ?? []).map((network) => [
      `${host.name}/${network.name}`,
      network.mode,
      ...became(host, network),
    ]),
  );
  if (rows.length === 0) return '';
  const titles = ['network', 'mode', 'became', 'subnet', 'the host in it', 'DHCP', 'forwards'];
  return `\n${table(
    titles.map((title) => ({ title })),
    rows,
  )}\n`;
}

function became(host: Host, { vswitches, subnet }: HostedNetwork): string[] {
  const uplinks = host.vswitches.filter(({ name }) => vswitches.includes(name)).flatMap((each) => each.uplinks);
  const own = host.vms.filter(({ name }) => name === 'host').flatMap(({ nics }) => nics);
  const here = own.filter(({ vswitch }) => vswitches.includes(vswitch));
  const ports = here.map(({ name }) => `${host.name}/${name}`);
  const servers = (host.hosted?.dhcp ?? []).filter(({ port }) => ports.includes(port));
  const segments = host.hosted?.nat?.segments ?? [];
  const forwards = (host.hosted?.nat?.forwards ?? []).filter(({ segment }) => ports.includes(segments[segment]!.port));
  const size = servers.reduce((sum, { first, last }) => sum + last - first + 1, 0);
  return [
    `${counted(vswitches.length, 'vSwitch')} ${uplinks.length === 0 ? 'without uplink' : `on ${uplinks.join(', ')}`}`,
    subnet === null ? '-' : formatIpv4(subnet),
    ports.length > 2 ? counted(ports.length, 'port') : ports.join(', ') || '-',
    servers.length === 0 ? '-' : `range of ${grouped(size)}`,
    forwards.length === 0 ? '-' : forwards.map(({ protocol, hostPort }) => `${protocol} ${hostPort}`).join(', '),
  ];
}
