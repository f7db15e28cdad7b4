/**
 * From a readable file to a network: names are resolved, addresses given, and what contradicts itself is a problem.
 */

import { MacPool } from './address.ts';
import { physicalSwitch } from './bridge.ts';
import { cautionBundles } from './bundle.ts';
import { linksOf } from './cable.ts';
import { DROP, reservedDrop } from './capture-port.ts';
import { cautionGroups } from './caution-groups.ts';
import { cautionPlain } from './caution-plain.ts';
import { changesOf } from './change.ts';
import { cautionDomains, cautionLoad } from './domain.ts';
import { eventsOf } from './event.ts';
import { flowFileOf, withFlows } from './flow.ts';
import { checkHairpins } from './hairpin.ts';
import { expandHosted } from './hosted.ts';
import { servicesOf } from './hosted-services.ts';
import { limits } from './limits.ts';
import { cautionMirrors, withMirrors } from './mirror.ts';
import type { Host, Mac, PhysicalSwitch, Topology } from './model.ts';
import { checkHostRouters } from './multicast.ts';
import { pingsOf } from './ping.ts';
import { allPorts } from './ports.ts';
import type { Path, Problems } from './problem.ts';
import { capturesOf } from './request.ts';
import { count } from './scalar.ts';
import type { File, HostEntry } from './schema.ts';
import { checkShaping } from './shaping.ts';
import { streamsOf } from './stream.ts';
import { teachingOf } from './teaching.ts';
import { type Addresses, nicsOf, vmsOf } from './vnic.ts';
import { vswitchesOf } from './vswitch.ts';
import { cautionAbsent } from './watcher.ts';

/** The topology; of worth only if `problems` is empty afterwards. `name` is taken if the file gives none. */
export function check(file: File, name: string, problems: Problems): Topology {
  const addresses: Addresses = { macs: new MacPool(givenMacs(file)), ips: new Map() };
  const hosts = Object.entries(file.hosts ?? {}).map(([host, entry]) => hostOf(host, entry, addresses, problems));
  const switches = switchesOf(file, problems);
  const teaching = teachingOf(file, problems);
  const world = withFlows(withMirrors(file, { hosts, switches }, problems), file.flowRecords !== undefined);
  const links = linksOf(file, world, teaching, problems);
  cautionDomains(world, links, problems);
  cautionLoad(world, links, problems);
  cautionPlain(world, links, problems);
  cautionGroups(world, links, problems);
  cautionBundles(world, links, problems);
  checkHairpins(world, links, problems);
  checkShaping(world, links, problems);
  const streams = streamsOf(file, world, problems);
  const pings = pingsOf(file, world, problems);
  cautionMirrors(world, streams, pings, problems);
  const { world: seated, changes } = changesOf(file, world, problems);
  cautionAbsent(world, changes, problems);
  const captures = capturesOf(file, { ...seated, links }, problems);
  const topology = {
    name: file.name ?? name,
    seed: file.seed ?? 1,
    teaching,
    warnings: [],
    ...seated,
    links,
    streams,
    ...(pings.length > 0 && { pings }),
    captures,
    events: eventsOf(file, { world: seated, links, streams: [...streams, ...pings], captures, changes }, problems),
    ...(changes !== undefined && { changes }),
    ...flowFileOf(file, problems),
  };
  // After any other problem the ports may only be unread.
  if (problems.count === 0 && allPorts(world).length === 0) {
    problems.add([], 'the topology has no port; write hosts with VMs or uplinks, or physical switches');
  }
  return topology;
}

function hostOf(name: string, entry: HostEntry, addresses: Addresses, problems: Problems): Host {
  const path = ['hosts', name];
  const type2 = expandHosted(entry, path, problems);
  const plain = type2?.entry ?? entry;
  const vswitches = vswitchesOf(plain, path, problems);
  const vms = vmsOf(
    plain,
    path,
    vswitches,
    type2 === null ? addresses : { ...addresses, apart: type2.apart },
    problems,
  );
  const own = type2 === null ? null : servicesOf(name, entry, type2, vms, addresses, problems);
  const host: Host = {
    name,
    uplinks: Object.keys(entry.uplinks ?? {}),
    vswitches,
    vms: own?.vm ? [...vms, own.vm] : vms,
    ...(own !== null && { hosted: own.hosted }),
  };
  checkNames(host, path, problems);
  checkSizes(host, path, problems);
  checkHostRouters(host, path, problems);
  return host;
}

/** Uplinks, vSwitches and vNICs share the names of a host, so that one word in a command means one thing. */
function checkNames(host: Host, path: Path, problems: Problems): void {
  const taken = new Map<string, string>();
  const take = (name: string, kind: string, place: Path) => {
    const other = taken.get(name);
    if (name === DROP) problems.add(place, reservedDrop(path.at(-1)), 'key');
    else if (other !== undefined)
      problems.add(place, `${name} is the name of ${other} already; names are unique on a host`, 'key');
    else taken.set(name, kind);
  };
  for (const name of host.uplinks) take(name, 'an uplink', [...path, 'uplinks', name]);
  for (const { name } of host.vswitches) take(name, 'a vSwitch', [...path, 'vswitches', name]);
  const vms = host.vms.filter(({ vmkernel }) => vmkernel === undefined);
  for (const vm of vms) take(vm.name, 'a VM', [...path, 'vms', vm.name]);
  for (const vm of vms) {
    for (const [i, nic] of vm.nics.entries()) {
      if (i > 0) take(nic.name, 'a vNIC', [...path, 'vms', vm.name, 'nics', i]);
    }
  }
  for (const { name, vmkernel } of host.vms) {
    if (vmkernel === true) take(name, 'a vmkernel NIC', [...path, 'vmkernel', name]);
  }
}

function checkSizes(host: Host, path: Path, problems: Problems): void {
  const portCounts = new Map(host.vswitches.map(({ name, uplinks }) => [name, uplinks.length]));
  for (const { vswitch } of host.vms.flatMap((vm) => vm.nics)) {
    portCounts.set(vswitch, (portCounts.get(vswitch) ?? 0) + 1);
  }
  for (const { name, macModel, uplinks, table } of host.vswitches) {
    const ports = portCounts.get(name) ?? 0;
    const vnics = ports - uplinks.length;
    if (macModel === 'registered' && table.entriesMax < vnics) {
      const why = `${count(table.entriesMax)} is less than its ${count(vnics)} vNICs, whose addresses are registered; write at least ${count(vnics)}`;
      problems.add([...path, 'vswitches', name, 'table', 'max'], why);
    }
    if (ports <= limits.portsPerSwitch) continue;
    const why = `${count(ports)} uplinks and vNICs; at most ${count(limits.portsPerSwitch)} ports on a vSwitch`;
    problems.add([...path, 'vswitches', name], why, 'key');
  }
}

function switchesOf(file: File, problems: Problems): PhysicalSwitch[] {
  const path = ['physical', 'switches'];
  const switches = Object.entries(file.physical?.switches ?? {}).map(([name, entry]) => {
    if (file.hosts !== undefined && Object.hasOwn(file.hosts, name)) {
      problems.add(
        [...path, name],
        `${name} is the name of a host already; hosts and switches have different names`,
        'key',
      );
    }
    return physicalSwitch(name, entry, file.physical?.spanningTree, problems);
  });
  const ports = switches.reduce((sum, each) => sum + each.ports.length, 0);
  if (switches.length > limits.physicalSwitches) {
    problems.add(path, `too many switches; at most ${count(limits.physicalSwitches)}`);
  } else if (ports > limits.physicalPorts) {
    problems.add(path, `too many ports; at most ${count(limits.physicalPorts)} on all switches`);
  }
  return switches;
}

function givenMacs(file: File): Set<Mac> {
  const hosts = Object.values(file.hosts ?? {});
  const nics = hosts.flatMap(({ vms }) => Object.values(vms ?? {}).flatMap((vm) => nicsOf(vm, [])));
  const own = hosts.flatMap(({ mac, vmkernel }) =>
    [{ mac }, ...Object.values(vmkernel ?? {})].flatMap((each) => each.mac ?? []),
  );
  return new Set([...own, ...nics.flatMap(({ entry }) => [entry.mac ?? [], entry.effectiveMac ?? []].flat())]);
}
