/** What an operator may ask of a network: names and values are checked here, then whoever moves the switch carries it out. */
import type { Link, PortName, PortVlan, Topology } from '../topology/model.ts';
import type { CommandBody } from './command.ts';
import type { Directory } from './directory.ts';
import * as L from './generated/layout.ts';
import { macBits } from './in-memory.ts';
import type { SharedMemory } from './memory.ts';
import { individualAddress, NetworkError, vlanId } from './options.ts';
import type { Plan, PlannedPort, PlannedSwitch } from './plan.ts';
import { directionsOf, type WireChange, wireCommand } from './wire-change.ts';

export type FlushTarget =
  | { readonly switch: string; readonly vlan?: number }
  | { readonly port: PortName; readonly vlan?: number };

export abstract class Operator {
  abstract readonly topology: Topology;
  /** @internal */
  abstract readonly plan: Plan;
  /** @internal */
  abstract readonly memory: SharedMemory;
  protected abstract readonly directory: Directory;

  /** Has a command carried out; resolves with whether that was possible. */
  protected abstract command(sw: PlannedSwitch, body: CommandBody): Promise<boolean>;

  /**
   * Takes the link of one port away (`up` false), or gives it back, which also opens a port that a guard has shut. The other end of
   * its cable keeps its own, as behind a media converter; `setCable` is for both.
   */
  async setLink(name: PortName, up: boolean): Promise<void> {
    const { sw, port } = this.directory.port(name);
    await this.command(sw, { setLink: { switchAddress: sw.address, port: port.number, up } });
  }

  /** Pulls or plugs the cable of a port: both of its ends. */
  async setCable(name: PortName, up: boolean): Promise<void> {
    const { port } = this.directory.port(name);
    const cable = this.#cableOf(port.name);
    await Promise.all([this.setLink(cable.a, up), this.setLink(cable.b, up)]);
  }

  /**
   * Changes the cable of a port, both ways, for frames that are sent from now on: those on their way arrive when they would
   * have, and none is overtaken by a smaller delay. A rate or delay above the topology's may find the wire's memory full
   * before its queue is, and drops as `queue_full` then.
   */
  async setWire(name: PortName, change: WireChange): Promise<void> {
    const { port } = this.directory.port(name);
    const link = this.#cableOf(port.name);
    if (change.delayNs !== undefined) this.checkDelay(port.name, change.delayNs);
    const directions = directionsOf(this.plan, link, port.name).map((wire) => ({
      sw: this.directory.port(wire.from!).sw,
      setWire: wireCommand(port.name, wire, change),
    }));
    await Promise.all(directions.map(({ sw, setWire }) => this.command(sw, { setWire })));
    if (change.delayNs !== undefined) this.delaysChanged();
  }

  /** Throws NetworkError when a cable may not have that delay now. */
  protected abstract checkDelay(name: PortName, delayNs: bigint): void;

  /** The delay of a cable may have changed. */
  protected abstract delaysChanged(): void;

  #cableOf(name: PortName): Link {
    const cable = this.topology.links.find(({ a, b }) => a === name || b === name);
    if (cable === undefined) throw new NetworkError(`${name} has no cable in ${this.topology.name}`);
    return cable;
  }

  /** Forgets learned addresses: of one port or of a whole switch, in one VLAN or in all. Uplinks of a team are forgotten together. */
  async flush(of: FlushTarget): Promise<void> {
    const { sw, port } =
      'switch' in of ? { sw: this.directory.switch(of.switch), port: null } : this.directory.port(of.port);
    const body = {
      switchAddress: sw.address,
      ...(port !== null && { port: logicalOf(sw, port) }),
      ...(of.vlan !== undefined && { fid: fidOf(sw, of.vlan) }),
    };
    await this.command(sw, { flushTable: body });
  }

  /** Binds an address in a VLAN to a port, or with `null` removes the binding. False: the table is full, or there was none. */
  async setStatic(switchName: string, vlan: number, mac: string, name: PortName | null): Promise<boolean> {
    const sw = this.directory.switch(switchName);
    const octets = individualAddress(mac);
    const owner = sw.vswitch?.macModel === 'registered' ? sw.ports.find((p) => this.#isOwn(p, mac)) : undefined;
    if (owner !== undefined)
      throw new NetworkError(`${mac} is registered to ${owner.name} by its host: rule R11 lets nobody move it`);
    const port = name === null ? null : this.#portOf(sw, name);
    const target = port === null ? {} : { port: logicalOf(sw, port) };
    return this.command(sw, { setStatic: { switchAddress: sw.address, fid: fidOf(sw, vlan), mac: octets, ...target } });
  }

  #portOf(sw: PlannedSwitch, name: PortName): PlannedPort {
    const found = this.directory.port(name);
    if (found.sw !== sw) throw new NetworkError(`${name} is no port of ${sw.name}, but of ${found.sw.name}`);
    return found.port;
  }

  /** Whether an address is the one that a vNIC has by its configuration, or that its guest uses. */
  #isOwn(port: PlannedPort, mac: string): boolean {
    if (port.kind !== 'vnic') return false;
    return port.mac === mac || macBits(mac) === this.memory.u64(port.address + L.Port_mac);
  }

  /** Puts an uplink first in every team that has it, and into use at once if it works. */
  async setActive(name: PortName): Promise<void> {
    const { sw, port } = this.directory.port(name);
    if (port.kind !== 'uplink') throw new NetworkError(`${name} is no uplink; only an uplink can be made active`);
    const own = port.name.slice(port.name.indexOf('/') + 1);
    const isMember = sw.uplinks.teams.some(({ teaming }) => [...teaming.active, ...teaming.standby].includes(own));
    if (!isMember) throw new NetworkError(`${name} is unused; no team has it as active or standby`);
    await this.command(sw, { setActive: { switchAddress: sw.address, port: port.number } });
  }

  /** The guest at a vNIC uses another address from now on. */
  async setGuestMac(name: PortName, mac: string): Promise<void> {
    const { sw, port } = this.directory.port(name);
    if (port.kind !== 'vnic') throw new NetworkError(`${name} has no guest; only a vNIC's address can be changed`);
    await this.command(sw, {
      setGuestMac: { switchAddress: sw.address, port: port.number, mac: individualAddress(mac) },
    });
  }

  /** A vNIC or physical port becomes an access port of another VLAN, and its stations are forgotten. */
  async setPortVlan(name: PortName, vlan: PortVlan): Promise<void> {
    const { sw, port } = this.directory.port(name);
    if (port.kind === 'uplink') throw new NetworkError(`${name} is an uplink; its VLANs are those of the port groups`);
    if (port.vlan.mode === 'transparent')
      throw new NetworkError(`${name} is on a switch without VLANs; give its port groups one`);
    if (sw.uplinks.lags.some(({ members }) => members.includes(port.number)))
      throw new NetworkError(`${name} belongs to a LAG, whose ports have the same VLANs`);
    if (port.tags.accepts === 'tagged' || port.tags.tpid === 0x88a8)
      throw new NetworkError(`${name} takes tagged frames only, and an access port takes none`);
    if (vlan.mode !== 'access') {
      throw new NetworkError(
        `${name} can become an access port of one VLAN while the network runs, no ${vlan.mode} port`,
      );
    }
    await this.command(sw, {
      setAccessVlan: { switchAddress: sw.address, port: port.number, vid: vlanId(vlan.vid) },
    });
  }
}

/** What a table holds for stations at a port: uplinks of a team are one, and so are the members of a LAG. */
function logicalOf(sw: PlannedSwitch, port: PlannedPort): number {
  if (port.kind === 'uplink') return L.LOGICAL_TEAM;
  return sw.uplinks.lags.find(({ members }) => members.includes(port.number))?.members[0] ?? port.number;
}

/** The FID that a VLAN's stations stand under. */
function fidOf(sw: PlannedSwitch, vlan: number): number {
  const vid = vlanId(vlan);
  return sw.sharedVlans.find((vids) => vids.includes(vid))?.[0] ?? vid;
}
