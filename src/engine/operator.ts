/** What an operator may ask of a network: names and values are checked here, then the worker that moves the switch carries it out. */
import type { PortName, PortVlan } from '../topology/model.ts';
import type { CommandBody } from './command.ts';
import type { Directory } from './directory.ts';
import * as L from './generated/layout.ts';
import { macBits } from './in-memory.ts';
import type { SharedMemory } from './memory.ts';
import { individualAddress, NetworkError, vlanId } from './options.ts';
import type { PlannedPort, PlannedSwitch } from './plan.ts';

export type FlushTarget =
  | { readonly switch: string; readonly vlan?: number }
  | { readonly port: PortName; readonly vlan?: number };

type Send = (sw: PlannedSwitch, body: CommandBody) => Promise<boolean>;

export class Operator {
  readonly #directory: Directory;
  readonly #memory: SharedMemory;
  readonly #send: Send;

  constructor(directory: Directory, memory: SharedMemory, send: Send) {
    this.#directory = directory;
    this.#memory = memory;
    this.#send = send;
  }

  setLink(name: PortName, up: boolean): Promise<boolean> {
    const { sw, port } = this.#directory.port(name);
    return this.#send(sw, { setLink: { switchAddress: sw.address, port: port.number, up } });
  }

  flush(of: FlushTarget): Promise<boolean> {
    const { sw, port } =
      'switch' in of ? { sw: this.#directory.switch(of.switch), port: null } : this.#directory.port(of.port);
    const body = {
      switchAddress: sw.address,
      ...(port !== null && { port: logicalOf(sw, port) }),
      ...(of.vlan !== undefined && { fid: fidOf(sw, of.vlan) }),
    };
    return this.#send(sw, { flushTable: body });
  }

  setStatic(switchName: string, vlan: number, mac: string, name: PortName | null): Promise<boolean> {
    const sw = this.#directory.switch(switchName);
    const octets = individualAddress(mac);
    const owner = sw.vswitch?.macModel === 'registered' ? sw.ports.find((p) => this.#isOwn(p, mac)) : undefined;
    if (owner !== undefined)
      throw new NetworkError(`${mac} is registered to ${owner.name} by its host: rule R11 lets nobody move it`);
    const port = name === null ? null : this.#portOf(sw, name);
    const target = port === null ? {} : { port: logicalOf(sw, port) };
    return this.#send(sw, { setStatic: { switchAddress: sw.address, fid: fidOf(sw, vlan), mac: octets, ...target } });
  }

  #portOf(sw: PlannedSwitch, name: PortName): PlannedPort {
    const found = this.#directory.port(name);
    if (found.sw !== sw) throw new NetworkError(`${name} is no port of ${sw.name}, but of ${found.sw.name}`);
    return found.port;
  }

  /** Whether an address is the one that a vNIC has by its configuration, or that its guest uses. */
  #isOwn(port: PlannedPort, mac: string): boolean {
    if (port.kind !== 'vnic') return false;
    return port.mac === mac || macBits(mac) === this.#memory.u64(port.address + L.Port_mac);
  }

  setActive(name: PortName): Promise<boolean> {
    const { sw, port } = this.#directory.port(name);
    if (port.kind !== 'uplink') throw new NetworkError(`${name} is no uplink; only an uplink can be made active`);
    const own = port.name.slice(port.name.indexOf('/') + 1);
    const isMember = sw.uplinks.teams.some(({ teaming }) => [...teaming.active, ...teaming.standby].includes(own));
    if (!isMember) throw new NetworkError(`${name} is unused; no team has it as active or standby`);
    return this.#send(sw, { setActive: { switchAddress: sw.address, port: port.number } });
  }

  setGuestMac(name: PortName, mac: string): Promise<boolean> {
    const { sw, port } = this.#directory.port(name);
    if (port.kind !== 'vnic') throw new NetworkError(`${name} has no guest; only a vNIC's address can be changed`);
    return this.#send(sw, {
      setGuestMac: { switchAddress: sw.address, port: port.number, mac: individualAddress(mac) },
    });
  }

  setPortVlan(name: PortName, vlan: PortVlan): Promise<boolean> {
    const { sw, port } = this.#directory.port(name);
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
    return this.#send(sw, {
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
