/** What an operator may ask of a network: names and values are checked here, then the worker that moves the switch carries it out. */
import type { PortName, PortVlan } from '../topology/model.ts';
import type { CommandBody } from './command.ts';
import type { Directory } from './directory.ts';
import * as L from './generated/layout.ts';
import { individualAddress, NetworkError, vlanId } from './options.ts';
import type { PlannedPort, PlannedSwitch } from './plan.ts';

export type FlushTarget =
  | { readonly switch: string; readonly vlan?: number }
  | { readonly port: PortName; readonly vlan?: number };

type Send = (sw: PlannedSwitch, body: CommandBody) => Promise<boolean>;

export class Operator {
  readonly #directory: Directory;
  readonly #send: Send;

  constructor(directory: Directory, send: Send) {
    this.#directory = directory;
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
    const owner = sw.vswitch?.macModel === 'registered' ? sw.ports.find((p) => p.mac === mac) : undefined;
    if (owner !== undefined)
      throw new NetworkError(`${mac} is registered to ${owner.name} by its host: rule R11 lets nobody move it`);
    const port = name === null ? null : this.#directory.port(name).port;
    const target = port === null ? {} : { port: logicalOf(sw, port) };
    return this.#send(sw, { setStatic: { switchAddress: sw.address, fid: fidOf(sw, vlan), mac: octets, ...target } });
  }

  setActive(name: PortName): Promise<boolean> {
    const { sw, port } = this.#directory.port(name);
    if (port.kind !== 'uplink') throw new NetworkError(`${name} is no uplink; only an uplink can be made active`);
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
