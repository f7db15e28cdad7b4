/**
 * VMs, uplinks and port groups that come and go: names are looked up when something is planned; whether it can be done, and where a
 * VM is, when it happens. Where that is stands in the shared memory (core/change.ts), so that workers, snapshots and deaths need
 * know nothing of it; what was lost in an absence change-log.ts keeps.
 */
import type { AddUplink, ChangeAction, UplinkRole } from '../topology/change-model.ts';
import type { PortGroup, PortName, Topology } from '../topology/model.ts';
import { ownerOf } from '../topology/ports.ts';
import { difference, union, vlansOf } from '../topology/vlan.ts';
import { isVmkernel, whyItStays } from '../topology/vmkernel.ts';
import type { Act, Deed, Place } from './act.ts';
import { ChangeLog, type ChangeRecord } from './change-log.ts';
import type { Directory } from './directory.ts';
import * as L from './generated/layout.ts';
import type { SharedMemory } from './memory.ts';
import type { Observer } from './observe.ts';
import { NetworkError, TIME_NS_MAX } from './options.ts';
import type { Plan, PlannedPort, PlannedSwitch } from './plan.ts';
import type { PlannedGroup } from './plan-change.ts';

/** A vNIC that has seats. */
export interface MovableNic {
  readonly guest: number;
  /** By host. */
  readonly seats: ReadonlyMap<string, Place>;
}

export interface MovableVm {
  /** As it is declared, `esx1/web1`. */
  readonly name: string;
  readonly home: string;
  readonly nics: readonly MovableNic[];
}

const ROLE = { none: 0, active: 1, standby: 2 } as const;

export class Changes {
  readonly #memory: SharedMemory;
  readonly #plan: Plan;
  readonly #topology: Topology;
  readonly #directory: Directory;
  readonly #observer: Observer;
  /** By every name that it may have. */
  readonly #vms = new Map<string, MovableVm>();
  readonly log: ChangeLog;

  constructor(memory: SharedMemory, plan: Plan, topology: Topology, directory: Directory, observer: Observer) {
    this.#memory = memory;
    this.#plan = plan;
    this.#topology = topology;
    this.#directory = directory;
    this.#observer = observer;
    this.log = new ChangeLog(memory, plan, topology);
    this.#gather();
  }

  #gather(): void {
    const nics = new Map<PortName, { guest: number; seats: Map<string, Place> }>();
    for (const { port: name, of } of this.#topology.changes?.seats ?? []) {
      const place = this.#plan.ports.get(name)!;
      const nic = nics.get(of) ?? { guest: place.port.guest, seats: new Map() };
      nic.seats.set(ownerOf(name), place);
      nics.set(of, nic);
    }
    for (const host of this.#topology.hosts) {
      for (const vm of host.vms) {
        const own = vm.nics.flatMap((nic) => nics.get(`${host.name}/${nic.name}`) ?? []);
        if (own.length === 0) continue;
        const movable = { name: `${host.name}/${vm.name}`, home: host.name, nics: own };
        for (const at of own[0]!.seats.keys()) this.#vms.set(`${at}/${vm.name}`, movable);
      }
    }
  }

  /** The VM, by any of its names, as it is declared. Throws NetworkError for one that stays where it is. */
  nameOf(name: string): string {
    return this.#movable(name).name;
  }

  /** Where a vNIC is now that may be elsewhere: the port that its guest sits at; null while it is away. */
  placeOf({ guest, seats }: MovableNic): Place | null {
    const at = [...seats.values()].find(({ port }) => this.#memory.u32(port.address + L.Port_guest) === guest);
    return at ?? null;
  }

  /** The same by the name of any of its seats; a port that is nobody's seat is where it is. */
  whereIs(name: PortName): Place | null {
    const place = this.#plan.ports.get(name)!;
    const { seat } = place.port;
    if (seat === undefined) return place;
    const seats = this.#plan.switches.flatMap((sw) =>
      sw.ports.flatMap((port) => (port.seat?.of === seat.of ? [{ sw, port }] : [])),
    );
    return seats.find(({ port }) => this.#memory.u32(port.address + L.Port_guest) === port.guest) ?? null;
  }

  /** Throws NetworkError for a guest, by its vNIC where it is declared, that has no room for one group more. */
  assertRoom({ name, listener }: PlannedPort, group: Uint8Array): void {
    const m = this.#memory;
    const { address, groupsAt } = listener!;
    const [count, most] = [m.u32(address + L.Listener_count), m.u32(address + L.Listener_groupsMax)];
    if (count < most) return;
    const view = new DataView(group.buffer, group.byteOffset);
    const [high, low] = [view.getBigUint64(0), view.getBigUint64(8)];
    for (let at = groupsAt; at < groupsAt + count * L.Joined_BYTES; at += L.Joined_BYTES)
      if (m.u64(at + L.Joined_high) === high && m.u64(at + L.Joined_low) === low) return;
    throw new NetworkError(
      `the guest at ${name} is in ${most} groups, the most that it may join; let it leave one first`,
    );
  }

  /** The host at which a VM is; null while it is at none. */
  hostOf({ nics }: MovableVm): string | null {
    return this.placeOf(nics[0]!)?.sw.host ?? null;
  }

  #movable(name: string): MovableVm {
    const vm = this.#vms.get(name);
    if (vm !== undefined) return vm;
    const isThere = this.#topology.hosts.some((host) => host.vms.some((each) => `${host.name}/${each.name}` === name));
    if (!isThere) throw new NetworkError(`no VM ${name} in ${this.#topology.name}; write host/vm`);
    if (isVmkernel(name, this.#topology)) throw new NetworkError(whyItStays(name));
    throw new NetworkError(
      `${name} stays where it is: nothing was planned for it to go; build the network with mayMigrate: ['${name}'], or name it in an event of the topology`,
    );
  }

  #hasSeat(vm: MovableVm, host: string): void {
    if (vm.nics[0]!.seats.has(host)) return;
    const isThere = this.#topology.hosts.some(({ name }) => name === host);
    if (!isThere) throw new NetworkError(`no host ${host} in ${this.#topology.name}`);
    throw new NetworkError(
      `${vm.name} has no seat at ${host}; it can be at ${[...vm.nics[0]!.seats.keys()].join(', ')}: name it with ${host} in an event of the topology, or build the network with mayMigrate: ['${vm.name}'] if ${host} has its port groups`,
    );
  }

  /** What an action comes to; of a migration its first half, that the VM leaves. Throws NetworkError for a name that there is not. */
  act(action: ChangeAction): Act {
    if ('attach' in action) {
      const vm = this.#movable(action.attach.vm);
      const to = action.attach.to ?? vm.home;
      this.#hasSeat(vm, to);
      return later(`VM ${vm.name} attached at ${to}`, (nowNs) => this.#attach(nowNs, vm, to));
    }
    if ('detach' in action) {
      const vm = this.#movable(action.detach);
      return later(`VM ${vm.name} detached`, (nowNs) => this.#detach(nowNs, vm));
    }
    if ('migrate' in action) {
      const { to, downtimeNs = 0 } = action.migrate;
      const vm = this.#movable(action.migrate.vm);
      this.#hasSeat(vm, to);
      if (!(downtimeNs >= 0 && downtimeNs <= Number(TIME_NS_MAX)))
        throw new NetworkError(`downtimeNs ${downtimeNs} is not in range; allowed is 0 to 52 days`);
      return later(`VM ${vm.name} leaves for ${to}`, (nowNs) => this.#depart(nowNs, vm, to));
    }
    if ('addUplink' in action || 'removeUplink' in action) {
      const asked: AddUplink = 'addUplink' in action ? action.addUplink : { uplink: action.removeUplink };
      const place = this.#uplink(asked.uplink);
      const isThere = 'addUplink' in action;
      const what = `uplink ${place.port.name} ${isThere ? 'added' : 'removed'}${asked.as === undefined ? '' : ` as ${asked.as}`}`;
      return later(what, () => this.#setUplink(what, place, isThere, asked.as));
    }
    const name = 'addPortGroup' in action ? action.addPortGroup : action.removePortGroup;
    const group = this.#group(name);
    const what = `port group ${name} ${'addPortGroup' in action ? 'added' : 'removed'}`;
    return later(what, () => this.#setGroup(what, group, 'addPortGroup' in action));
  }

  /** The second half of a migration. */
  arrive({ migrate: { vm: name, to } }: Extract<ChangeAction, { readonly migrate: unknown }>): Act {
    const vm = this.#movable(name);
    const what = `VM ${vm.name} migrated to ${to}`;
    return later(what, (nowNs) => {
      const target = (nic: MovableNic) => nic.seats.get(to)!.port.address;
      const isExpected = vm.nics.every(
        (nic) => this.placeOf(nic) === null && this.#memory.u32(nic.guest + L.Guest_goesTo) === target(nic),
      );
      if (!isExpected) throw new NetworkError(`${vm.name} is not on its way to ${to}`);
      try {
        return this.#come(nowNs, what, vm, to);
      } catch (error) {
        // It stays away, and may be attached elsewhere; a guest that is away is nobody's.
        for (const { guest } of vm.nics) this.#memory.setU32(guest + L.Guest_goesTo, 0);
        this.log.fail(vm.name, error as Error);
        throw error;
      }
    });
  }

  #stateOf(vm: MovableVm): string {
    const host = this.hostOf(vm);
    if (host !== null) return `is attached at ${host} already`;
    const goesTo = this.#memory.u32(vm.nics[0]!.guest + L.Guest_goesTo);
    const target = [...vm.nics[0]!.seats].find(([, { port }]) => port.address === goesTo);
    return target === undefined ? 'is attached nowhere' : `is on its way to ${target[0]}`;
  }

  #attach(nowNs: bigint, vm: MovableVm, to: string): Act {
    const isOnItsWay = this.#memory.u32(vm.nics[0]!.guest + L.Guest_goesTo) !== 0;
    if (this.hostOf(vm) !== null || isOnItsWay) throw new NetworkError(`${vm.name} ${this.#stateOf(vm)}`);
    return this.#come(nowNs, `VM ${vm.name} attached at ${to}`, vm, to);
  }

  #detach(nowNs: bigint, vm: MovableVm): Act {
    if (this.hostOf(vm) === null) throw new NetworkError(`${vm.name} ${this.#stateOf(vm)}`);
    return this.#leave(nowNs, `VM ${vm.name} detached`, vm, null);
  }

  #depart(nowNs: bigint, vm: MovableVm, to: string): Act {
    const host = this.hostOf(vm);
    if (host === null || host === to) throw new NetworkError(`${vm.name} ${this.#stateOf(vm)}`);
    this.#assertGroups(vm, to);
    return this.#leave(nowNs, `VM ${vm.name} leaves for ${to}`, vm, to);
  }

  #assertGroups(vm: MovableVm, to: string): void {
    for (const { seats } of vm.nics) {
      const { sw, port } = seats.get(to)!;
      const nic = this.#nic(port.name);
      const group = this.#plan.changes.groups.find(({ name }) => name === `${sw.name}/${nic.portGroup}`);
      if (group !== undefined && !this.#isThere(group))
        throw new NetworkError(`port group ${group.name} is not there; add it before ${vm.name} comes`);
    }
  }

  #nic(name: PortName): { readonly portGroup: string } {
    const host = this.#topology.hosts.find((each) => each.name === ownerOf(name))!;
    return host.vms.flatMap(({ nics }) => nics).find((nic) => `${host.name}/${nic.name}` === name)!;
  }

  #leave(nowNs: bigint, what: string, vm: MovableVm, to: string | null): Act {
    const deeds = vm.nics.map((nic): Deed => {
      const { sw, port } = this.placeOf(nic)!;
      const goesTo = to === null ? 0 : nic.seats.get(to)!.port.address;
      return { sw, body: { leave: { switchAddress: sw.address, port: port.number, goesTo } } };
    });
    const record: ChangeRecord = {
      vm: vm.name,
      what: to === null ? what : `VM ${vm.name} migrated to ${to}`,
      atNs: nowNs,
      cameNs: null,
      absence: this.#memory.u32(vm.nics[0]!.guest + L.Guest_absenceCount),
      before: this.#observer.ledger(0).drops,
      sentBefore: this.log.sentTo(vm.name),
      lost: {},
      sent: 0,
    };
    return { what, deeds, done: () => this.log.left(record) };
  }

  #come(nowNs: bigint, what: string, vm: MovableVm, to: string): Act {
    this.#assertGroups(vm, to);
    const deeds = vm.nics.map(({ guest, seats }): Deed => {
      const { sw, port } = seats.get(to)!;
      return { sw, body: { come: { switchAddress: sw.address, port: port.number, guest } } };
    });
    const { drops } = this.#observer.ledger(0);
    return { what, deeds, done: () => this.log.came(vm.name, what, nowNs, drops) };
  }

  #uplink(name: PortName): Place {
    const place = this.#directory.port(name);
    if (place.port.kind !== 'uplink')
      throw new NetworkError(`${name} is no uplink; only an uplink can be added or removed`);
    if (place.sw.uplinks.lags.length > 0)
      throw new NetworkError(`${name} belongs to a LAG, whose members stay; use setCable`);
    return place;
  }

  #isAway({ port }: Place): boolean {
    return (this.#memory.u8(port.address + L.Port_downBy) & L.LINK_DETACHED) !== 0;
  }

  /** Throws NetworkError for an uplink that is not in its host. */
  assertPresent(place: Place): void {
    if (this.#isAway(place)) throw new NetworkError(`${place.port.name} has been removed; add it first`);
  }

  #setUplink(what: string, place: Place, there: boolean, as: UplinkRole | undefined): Act {
    const { sw, port } = place;
    if (this.#isAway(place) !== there)
      throw new NetworkError(`${port.name} ${there ? 'is there already' : 'is not there'}`);
    const own = port.name.slice(port.name.indexOf('/') + 1);
    const roles = sw.uplinks.teams.map(({ teaming }, i) => {
      if (!there) return ROLE.none;
      if (i === 0 && as !== undefined) return ROLE[as];
      return teaming.active.includes(own) ? ROLE.active : teaming.standby.includes(own) ? ROLE.standby : ROLE.none;
    });
    const setUplink = { switchAddress: sw.address, port: port.number, there, roles: Uint8Array.from(roles) };
    const cable = this.#topology.links.find(({ a, b }) => a === port.name || b === port.name);
    const deeds: Deed[] = [{ sw, body: { setUplink } }];
    if (cable !== undefined) {
      const far = this.#plan.ports.get(cable.a === port.name ? cable.b : cable.a)!;
      const setLink = { switchAddress: far.sw.address, port: far.port.number, up: there, reason: L.LINK_DETACHED };
      deeds.push({ sw: far.sw, body: { setLink } });
    }
    return { what, deeds };
  }

  #group(name: string): PlannedGroup {
    const group = this.#plan.changes.groups.find((each) => each.name === name);
    if (group !== undefined) return group;
    if (this.#groupAt(name) === undefined)
      throw new NetworkError(`no port group ${name} in ${this.#topology.name}; write host/vSwitch/port group`);
    throw new NetworkError(
      `${name} stays: nothing was planned for it to go; name it in an event of the topology, or declare it absent: true`,
    );
  }

  #groupAt(name: string): PortGroup | undefined {
    const [owner, own, ...rest] = name.split('/');
    const host = this.#topology.hosts.find((each) => each.name === owner);
    const vswitch = host?.vswitches.find((each) => each.name === own);
    return vswitch?.portGroups.find((each) => each.name === rest.join('/'));
  }

  #isThere({ stateAt }: PlannedGroup): boolean {
    return this.#memory.u32(stateAt) === 1;
  }

  #setGroup(what: string, group: PlannedGroup, there: boolean): Act {
    if (this.#isThere(group) === there)
      throw new NetworkError(`port group ${group.name} ${there ? 'is there already' : 'is not there'}`);
    const sw = this.#directory.switch(group.name.split('/').slice(0, 2).join('/'));
    const own = this.#groupAt(group.name)!;
    if (!there) this.#assertUnused(group, sw, own);
    const others = sw.vswitch!.portGroups.filter((each) => {
      const other = this.#plan.changes.groups.find(({ name }) => name === `${sw.name}/${each.name}`);
      return each !== own && each.name !== own.name && (other === undefined || this.#isThere(other));
    });
    const { uplinkVlan } = sw.vswitch!;
    const isOwn = uplinkVlan.mode === 'trunk' && uplinkVlan.own !== undefined;
    const ranges = isOwn ? difference(vlansOf(own.vlan), union(others.flatMap(({ vlan }) => vlansOf(vlan)))) : [];
    const vids = ranges.flatMap(({ first, last }) => Array.from({ length: last - first + 1 }, (_, i) => first + i));
    const uplink = sw.ports[sw.localCount];
    const members = uplink === undefined ? 0 : this.#memory.u32(uplink.address + L.Port_members);
    const body = { switchAddress: sw.address, state: group.stateAt, there, members, vids: members === 0 ? [] : vids };
    return { what, deeds: [{ sw, body: { setPortGroup: body } }] };
  }

  #assertUnused({ name }: PlannedGroup, sw: PlannedSwitch, { name: own }: PortGroup): void {
    const users = sw.ports.filter(
      (port) => port.kind === 'vnic' && !this.#isAway({ sw, port }) && this.#nic(port.name).portGroup === own,
    );
    if (users.length === 0) return;
    const names = users.map((port) => port.name).join(', ');
    throw new NetworkError(`port group ${name} is used by ${names}; detach or migrate what is on it first`);
  }
}

function later(what: string, late: (nowNs: bigint) => Act): Act {
  return { what, deeds: [], late };
}
