/**
 * What may come and go in a run: VMs, uplinks and port groups that are declared absent, and all that events name. For each host
 * that an event brings a VM to there is a seat: a VM of that name there, not attached at the start.
 */
import type { ChangeableGroup, Changes, Seat } from './change-model.ts';
import type { EventEntry } from './event-schema.ts';
import { limits } from './limits.ts';
import type { Host, Nic, Vm, VSwitch } from './model.ts';
import type { World } from './ports.ts';
import type { Path, Problems } from './problem.ts';
import { count } from './scalar.ts';
import type { File } from './schema.ts';
import { hint, listed } from './suggestion.ts';
import { isVmkernel, whyItStays } from './vmkernel.ts';

export interface Changing<W extends World> {
  /** With a seat wherever a VM may come to. */
  readonly world: W;
  /** Absent: everything stays where it is. */
  readonly changes?: Changes;
}

interface Home {
  readonly host: Host;
  readonly vm: Vm;
}

/** Why a VM cannot be at a host. */
class NoSeat extends Error {}

/** `esx1/web1`. */
const nameOf = ({ host, vm }: Home): string => `${host.name}/${vm.name}`;

/** Collects who may go where, then makes the seats. */
class Reservations {
  readonly #hosts: Map<string, Host>;
  readonly #homes = new Map<string, Home>();
  readonly #absent: ReadonlySet<string>;
  readonly seats: Seat[] = [];
  /** Declared name of the VM for the name of each of its seats. */
  readonly #owners = new Map<string, string>();

  constructor(world: World, absent: ReadonlySet<string>) {
    this.#hosts = new Map(world.hosts.map((host) => [host.name, host]));
    this.#absent = absent;
    for (const host of world.hosts) for (const vm of host.vms) this.#homes.set(`${host.name}/${vm.name}`, { host, vm });
  }

  home(text: string): Home | undefined {
    return this.#homes.get(this.#owners.get(text) ?? text);
  }

  get hosts(): ReadonlyMap<string, Host> {
    return this.#hosts;
  }

  /** The VM may leave where it is declared. */
  loosen(home: Home): void {
    const name = nameOf(home);
    if (this.#owners.has(name)) return;
    this.#owners.set(name, name);
    for (const nic of home.vm.nics) {
      const port = `${home.host.name}/${nic.name}`;
      this.seats.push({ port, of: port, isHere: !this.#absent.has(name) });
    }
  }

  /** A seat at a host; throws NoSeat. */
  reserve(home: Home, to: string): void {
    this.loosen(home);
    const { vm } = home;
    const seatName = `${to}/${vm.name}`;
    if (this.#owners.get(seatName) === nameOf(home)) return;
    const host = this.#hosts.get(to)!;
    const taken = takenNames(host);
    const clash = vm.nics.find((nic) => taken.has(nic.name));
    if (clash !== undefined)
      throw new NoSeat(
        `${to} has a ${taken.get(clash.name)} ${clash.name} of its own; give the VM a name that is free there`,
      );
    const nics = vm.nics.map((nic) => ({ ...nic, ...placeFor(nic, host, nameOf(home)) }));
    for (const nic of nics) assertFree(nic, host);
    const own = new Set(nics.map(({ vswitch }) => vswitch));
    this.#hosts.set(to, { ...host, vms: [...host.vms, { ...vm, nics }] });
    for (const name of own) assertRoom(this.#hosts.get(to)!, name);
    this.#owners.set(seatName, nameOf(home));
    for (const nic of nics)
      this.seats.push({ port: `${to}/${nic.name}`, of: `${home.host.name}/${nic.name}`, isHere: false });
  }
}

function takenNames(host: Host): Map<string, string> {
  return new Map([
    ...host.uplinks.map((name): [string, string] => [name, 'uplink']),
    ...host.vswitches.map(({ name }): [string, string] => [name, 'vSwitch']),
    ...host.vms.flatMap(({ name, nics, vmkernel }) =>
      [name, ...nics.map((nic) => nic.name)].map((each): [string, string] => [each, vmkernel ? 'vmkernel NIC' : 'VM']),
    ),
  ]);
}

/** The port group of the same name, on the vSwitch of the same name if several have it. */
function placeFor(nic: Nic, host: Host, vm: string): Pick<Nic, 'vswitch' | 'portGroup'> {
  const { portGroup } = nic;
  const fitting = host.vswitches.filter(({ portGroups }) => portGroups.some(({ name }) => name === portGroup));
  const found = fitting.find(({ name }) => name === nic.vswitch) ?? (fitting.length === 1 ? fitting[0] : undefined);
  if (found !== undefined) return { vswitch: found.name, portGroup };
  const names = fitting.map(({ name }) => name);
  if (names.length > 0)
    throw new NoSeat(
      `port group ${portGroup} of ${vm} is on several vSwitches of ${host.name}, ${listed(names)}, and none is called ${nic.vswitch}; rename one`,
    );
  const groups = [...new Set(host.vswitches.flatMap(({ portGroups }) => portGroups.map(({ name }) => name)))];
  throw new NoSeat(
    `${host.name} has no port group ${portGroup}, which ${vm} is on; ${hint(portGroup, groups, `${host.name} has`)}`,
  );
}

function assertFree({ mac, vswitch }: Nic, host: Host): void {
  const others = host.vms.flatMap(({ nics }) => nics.filter((nic) => nic.vswitch === vswitch && nic.mac === mac));
  const [other] = others;
  if (other !== undefined)
    throw new NoSeat(`${host.name}/${other.name} has its address ${mac} already; leave mac out at one of them`);
}

function assertRoom(host: Host, name: string): void {
  const { macModel, table, uplinks } = host.vswitches.find((each) => each.name === name)!;
  const vnics = host.vms.flatMap(({ nics }) => nics).filter(({ vswitch }) => vswitch === name).length;
  if (macModel === 'registered' && table.entriesMax < vnics)
    throw new NoSeat(
      `the table of ${host.name}/${name} holds ${count(table.entriesMax)} addresses, less than the ${count(vnics)} vNICs that may be there; write a larger table.max`,
    );
  if (vnics + uplinks.length > limits.portsPerSwitch)
    throw new NoSeat(`${host.name}/${name} has no port left; at most ${count(limits.portsPerSwitch)} on a vSwitch`);
}

/** What the file says that may come and go. `declared` has no seats. */
export function changesOf<W extends World>(file: File, declared: W, problems: Problems): Changing<W> {
  const absent = absentVms(file);
  const reservations = new Reservations(declared, absent);
  for (const name of absent) {
    const home = reservations.home(name);
    if (home !== undefined) reservations.loosen(home);
  }
  seatsForEvents(file, reservations, problems);
  const absentUplinks = absentUplinksOf(file, declared, problems);
  const portGroups = groupsOf(file, declared, problems);
  const { seats } = reservations;
  if (seats.length + absentUplinks.length + portGroups.length === 0) return { world: declared };
  const own = new Set(portGroups.map(({ name }) => name.split('/').slice(0, 2).join('/')));
  const hosts = declared.hosts.map(({ name }) => withOwnSets(reservations.hosts.get(name)!, own, file));
  return { world: { ...declared, hosts }, changes: { seats, absentUplinks, portGroups } };
}

/**
 * The same network with seats for VMs that a program may move: `esx1/web1`, or `*` for all, at every host that has their port groups
 * and where their names are free. Throws an Error for a VM that there is not, or that no other host could take.
 */
export function withSeats<T extends World & { readonly changes?: Changes }>(topology: T, wanted: readonly string[]): T {
  const before = topology.changes ?? { seats: [], absentUplinks: [], portGroups: [] };
  const seated = new Set(before.seats.map(({ port }) => port));
  const isSeat = (name: string) => before.seats.some(({ port, of }) => port === name && of !== port);
  const names = topology.hosts
    .flatMap((host) => host.vms.flatMap((vm) => (vm.vmkernel ? [] : [`${host.name}/${vm.name}`])))
    .filter((name) => !isSeat(name));
  for (const name of wanted) {
    if (isVmkernel(name, topology)) throw new Error(whyItStays(name));
    if (name !== '*' && !names.includes(name)) throw new Error(`no VM ${name}; ${hint(name, names, 'there are')}`);
  }
  const movable = names.filter((name) => wanted.includes(name) || wanted.includes('*'));
  const reservations = new Reservations(topology, new Set());
  for (const name of movable) {
    const home = reservations.home(name)!;
    reservations.loosen(home);
    const refusals: string[] = [];
    for (const { name: to } of topology.hosts) {
      if (to === home.host.name || seated.has(`${to}/${home.vm.name}`)) continue;
      try {
        reservations.reserve(home, to);
      } catch (error) {
        if (!(error instanceof NoSeat)) throw error;
        refusals.push(error.message);
      }
    }
    const isAlone =
      reservations.seats.filter(({ of }) => of === `${home.host.name}/${home.vm.nics[0]!.name}`).length < 2;
    if (isAlone && refusals.length > 0 && wanted.includes(name) && !seated.has(name))
      throw new Error(`${name} can be at no other host: ${refusals[0]}`);
  }
  const added = reservations.seats.filter(({ port }) => !seated.has(port));
  if (added.length === 0) return topology;
  const hosts = topology.hosts.map(({ name }) => reservations.hosts.get(name)!);
  return { ...topology, hosts, changes: { ...before, seats: [...before.seats, ...added] } };
}

function absentVms(file: File): Set<string> {
  return new Set(
    Object.entries(file.hosts ?? {}).flatMap(([host, entry]) =>
      Object.entries(entry.vms ?? {}).flatMap(([vm, { absent }]) => (absent === true ? [`${host}/${vm}`] : [])),
    ),
  );
}

interface Wish {
  readonly vm: string;
  readonly to: string | undefined;
  readonly path: Path;
}

/** Names may be those of seats that later events ask for, so all are gone through until nothing new is found. */
function seatsForEvents({ events = [] }: File, reservations: Reservations, problems: Problems): void {
  let left = events.flatMap((entry, i): Wish[] => wishOf(entry, ['events', i]));
  for (let before = -1; left.length !== before; ) {
    before = left.length;
    left = left.filter(({ vm, to, path }) => {
      const home = reservations.home(vm);
      if (home === undefined) return true;
      // What is wrong with it is told where the event is checked.
      if (home.vm.vmkernel === true) return false;
      reservations.loosen(home);
      if (to === undefined || to === home.host.name || !reservations.hosts.has(to)) return false;
      try {
        reservations.reserve(home, to);
      } catch (error) {
        if (!(error instanceof NoSeat)) throw error;
        problems.add([...path, 'to'], error.message);
      }
      return false;
    });
  }
}

function wishOf(entry: EventEntry | undefined, path: Path): Wish[] {
  if (entry?.detach !== undefined) return [{ vm: entry.detach, to: undefined, path: [...path, 'detach'] }];
  for (const key of ['attach', 'migrate'] as const) {
    const action = entry?.[key];
    if (action !== undefined) return [{ vm: action.vm, to: action.to, path: [...path, key] }];
  }
  return [];
}

function absentUplinksOf(file: File, { hosts }: World, problems: Problems): string[] {
  return hosts.flatMap((host) =>
    Object.entries(file.hosts?.[host.name]?.uplinks ?? {}).flatMap(([uplink, { absent }]) => {
      if (absent !== true) return [];
      const vswitch = host.vswitches.find(({ uplinks }) => uplinks.includes(uplink));
      const path = ['hosts', host.name, 'uplinks', uplink, 'absent'];
      if (vswitch !== undefined && vswitch.lag !== null)
        problems.add(path, `${uplink} belongs to the LAG of ${vswitch.name}, whose members stay; use unplug`);
      return [`${host.name}/${uplink}`];
    }),
  );
}

/** Port groups that are absent, or that an event adds or removes. */
function groupsOf(file: File, { hosts }: World, problems: Problems): ChangeableGroup[] {
  const named = new Set((file.events ?? []).flatMap((e) => e?.addPortGroup ?? e?.removePortGroup ?? []));
  return hosts.flatMap((host) =>
    host.vswitches.flatMap((vswitch) =>
      vswitch.portGroups.flatMap(({ name: group }): ChangeableGroup[] => {
        const name = `${host.name}/${vswitch.name}/${group}`;
        const isAbsent = file.hosts?.[host.name]?.vswitches?.[vswitch.name]?.portGroups?.[group]?.absent === true;
        if (isAbsent) refuseUsers(host, vswitch, group, file, problems);
        return isAbsent || named.has(name) ? [{ name, isHere: !isAbsent }] : [];
      }),
    ),
  );
}

function refuseUsers(host: Host, vswitch: VSwitch, group: string, file: File, problems: Problems): void {
  for (const { name, nics, vmkernel } of host.vms) {
    const uses = nics.some((nic) => nic.vswitch === vswitch.name && nic.portGroup === group);
    if (uses && vmkernel === true) {
      const why = `port group ${group} is absent at the start, and the host itself never is; write another one`;
      problems.add(['hosts', host.name, 'vmkernel', name, 'portGroup'], why);
      continue;
    }
    if (!uses || file.hosts?.[host.name]?.vms?.[name]?.absent === true) continue;
    const why = `its port group ${group} is absent at the start, and so it has to be; write absent: true`;
    problems.add(['hosts', host.name, 'vms', name], why, 'key');
  }
}

/** Uplinks whose VLANs change have a set of VLANs of their own, unless the file says which VLANs they carry. */
function withOwnSets(host: Host, changing: ReadonlySet<string>, file: File): Host {
  const vswitches = host.vswitches.map((vswitch): VSwitch => {
    const name = `${host.name}/${vswitch.name}`;
    const isSaid = file.hosts?.[host.name]?.vswitches?.[vswitch.name]?.uplinkVlans !== undefined;
    if (!changing.has(name) || isSaid || vswitch.uplinkVlan.mode !== 'trunk') return vswitch;
    return { ...vswitch, uplinkVlan: { ...vswitch.uplinkVlan, own: name } };
  });
  return { ...host, vswitches };
}
