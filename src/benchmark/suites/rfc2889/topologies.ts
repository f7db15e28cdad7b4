/** Networks that RFC 2889 tests are run on where the user gives none, or none of the form that a test needs. */
import { topologyFrom } from '../../../topology/load.ts';
import type { Topology } from '../../../topology/model.ts';
import { ownerOf } from '../../../topology/ports.ts';
import { groupsOf, vnicsOf } from '../../reach.ts';
import type { SuiteContext } from '../../suite.ts';
import { vnicsFor } from '../ports.ts';

/**
 * Eight servers, each a host with one vNIC, at a physical switch with eight ports of 100 Mb/s: lines that the wall clock can fill, too. Queues
 * are short enough for an overload to show in a second.
 */
export const servers = {
  name: 'rfc2889',
  hosts: {
    server: {
      count: 8,
      uplinks: { eth0: { to: 'tor/{n}', rate: '100M', queue: 256 } },
      vswitches: { v: { portGroups: { lan: {} } } },
      vms: { vm: {} },
    },
  },
  physical: { switches: { tor: { ports: 8, table: { max: 8192 } } } },
};

/** Two hosts with four vNICs each, joined by one uplink each and a physical switch (5.3). */
const twoHosts = (rate: string) => ({
  name: 'two hosts with one uplink each',
  hosts: {
    host: {
      count: 2,
      uplinks: { vmnic0: { to: 'tor/{n}', rate } },
      vswitches: { vSwitch0: { portGroups: { lan: {} } } },
      vms: { vm: { count: 4 } },
    },
  },
  physical: { switches: { tor: { ports: 2 } } },
});

/** The vNICs that 5.3 is run with: as many of two hosts each, of the user's or of our own network. */
export function twoHostsOf(context: SuiteContext): { topology: Topology; ports: string[] } {
  const named =
    context.settings.from === null && context.settings.to === null
      ? (groupsOf(context.topology, vnicsOf(context.topology))[0] ?? [])
      : vnicsFor(context, 4, 4096);
  const owners = [...new Set(named.map(ownerOf))];
  const groups = owners
    .map((owner) => named.filter((name) => ownerOf(name) === owner))
    .filter(({ length }) => length >= 2);
  const [first, second] = groups;
  if (first !== undefined && second !== undefined) {
    const most = Math.min(first.length, second.length, 8);
    return { topology: context.topology, ports: [...first.slice(0, most), ...second.slice(0, most)] };
  }
  const topology = topologyFrom(twoHosts('1G'), 'rfc2889-two-hosts');
  return { topology, ports: vnicsOf(topology) };
}

/** Where a host with one uplink is plugged in. */
interface Server {
  readonly vnic: string;
  readonly uplink: string;
  readonly port: string;
  readonly switch: string;
}

/** Hosts with one uplink, taken with their first vNIC, by the physical switch that they are at; the largest group. */
export function serversOf({ topology }: SuiteContext): Server[] {
  const found = topology.hosts.flatMap((host): Server[] => {
    const nic = host.vms[0]?.nics[0];
    if (nic === undefined || host.uplinks.length !== 1) return [];
    const uplink = `${host.name}/${host.uplinks[0]}`;
    const link = topology.links.find(({ a, b }) => a === uplink || b === uplink);
    if (link === undefined) return [];
    const port = link.a === uplink ? link.b : link.a;
    const owner = ownerOf(port);
    if (!topology.switches.some(({ name }) => name === owner)) return [];
    return [{ vnic: `${host.name}/${nic.name}`, uplink, port, switch: owner }];
  });
  const groups = topology.switches.map(({ name }) => found.filter((server) => server.switch === name));
  return groups.reduce((most, group) => (group.length > most.length ? group : most), []);
}
