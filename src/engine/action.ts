/**
 * What an action comes to: a sentence for people, and a command for each switch that it concerns. All names are looked up
 * here, before anything happens, so that an action is carried out as a whole or refused as a whole.
 */

import { isChange } from '../topology/change-model.ts';
import { stormLimitDefault } from '../topology/defaults.ts';
import type { CableChange, EventAction, Membership } from '../topology/event-model.ts';
import type { Link, PortName, Topology } from '../topology/model.ts';
import { isGlob, matchPorts } from '../topology/ports.ts';
import type { Act, Deed, Place } from './act.ts';
import type { Changes } from './change.ts';
import type { Directory } from './directory.ts';
import { groupOctets } from './fill-group.ts';
import * as L from './generated/layout.ts';
import { groupAddress, individualAddress, NetworkError, ruleNumber } from './options.ts';
import type { Plan, PlannedPort, PlannedSwitch } from './plan.ts';
import { sendersOf } from './plan-guest.ts';
import { shapeAct } from './shape-act.ts';
import { directionsOf, type WireChange, wireCommand } from './wire-change.ts';

/** An action that lasts, such as a flap, is none of these: the agenda makes several of it. */
export type SingleAction = Exclude<EventAction, { readonly flap: unknown }>;

export class Actions {
  readonly #topology: Topology;
  readonly #plan: Plan;
  readonly #directory: Directory;
  readonly #changes: Changes;

  constructor(topology: Topology, plan: Plan, directory: Directory, changes: Changes) {
    this.#changes = changes;
    this.#topology = topology;
    this.#plan = plan;
    this.#directory = directory;
  }

  /** Throws NetworkError for a name that there is not, or for what cannot be done. */
  act(action: SingleAction): Act {
    if ('unplug' in action) return this.cable(action.unplug, false);
    if ('plug' in action) return this.cable(action.plug, true);
    if ('linkDown' in action) return this.link(action.linkDown, false);
    if ('linkUp' in action) return this.link(action.linkUp, true);
    if ('wire' in action) return this.wire(action.wire.port, changeOf(action.wire));
    if ('stopVm' in action) return this.#guests(action.stopVm, false);
    if ('startVm' in action) return this.#guests(action.startVm, true);
    if ('stopTraffic' in action) return this.#traffic(action.stopTraffic, false);
    if ('startTraffic' in action) return this.#traffic(action.startTraffic, true);
    if ('ruleOff' in action) return this.#rule(action.ruleOff, false);
    if ('ruleOn' in action) return this.#rule(action.ruleOn, true);
    if ('crash' in action) return this.#power(action.crash, false);
    if ('boot' in action) return this.#power(action.boot, true);
    if ('flush' in action) return this.#flush(action.flush);
    if ('activate' in action) return this.#activate(action.activate);
    if ('changeMac' in action) return this.#changeMac(action.changeMac.port, action.changeMac.mac);
    if ('shape' in action) return shapeAct(this.#topology, this.#plan, action.shape);
    if ('join' in action) return this.#membership(action.join, true);
    if ('leave' in action) return this.#membership(action.leave, false);
    if ('captureOff' in action) return this.#captureIfAny(action.captureOff, false);
    if ('captureOn' in action) return this.#captureIfAny(action.captureOn, true);
    if ('mirrorOn' in action) return this.#mirror(action.mirrorOn, true);
    if ('mirrorOff' in action) return this.#mirror(action.mirrorOff, false);
    if ('note' in action) return { what: action.note, deeds: [] };
    if (isChange(action)) return this.#changes.act(action);
    throw new NetworkError(`no such action: ${Object.keys(action).join(', ') || 'nothing'}`);
  }

  /** The second half of a migration. */
  arrival(action: EventAction): Act {
    if (!('migrate' in action)) throw new NetworkError('only a VM that migrates arrives');
    return this.#changes.arrive(action);
  }

  /** The link of one port; of a port that has no cable, what a flap of it is. */
  link(name: PortName, up: boolean): Act {
    const { sw, port } = this.#directory.port(name);
    return { what: `${port.name} ${up ? 'has link' : 'lost its link'}`, deeds: [setLink(sw, port, up)] };
  }

  /** Both ends of a cable. */
  cable(name: PortName, up: boolean): Act {
    const { port } = this.#directory.port(name);
    const cable = this.#linkOf(name);
    const ends = [cable.a, cable.b].map((end) => this.#plan.ports.get(end)!);
    const deeds = ends.map((end) => setLink(end.sw, end.port, up));
    return { what: `${port.name} ${up ? 'plugged' : 'unplugged'}`, deeds };
  }

  /** As a flap takes it: with its cable where it has one. */
  either(name: PortName, up: boolean): Act {
    const { port } = this.#directory.port(name);
    const hasCable = this.#topology.links.some(({ a, b }) => a === port.name || b === port.name);
    return hasCable ? this.cable(name, up) : this.link(name, up);
  }

  /** Both directions of a cable. */
  wire(name: PortName, change: WireChange): Act {
    const { port } = this.#directory.port(name);
    const deeds = directionsOf(this.#plan, this.#linkOf(name), port.name).map((wire) => ({
      sw: this.#directory.port(wire.from!).sw,
      body: { setWire: wireCommand(port.name, wire, change) },
    }));
    return { what: `cable of ${port.name}: ${told(change)}`, deeds };
  }

  #linkOf(name: PortName): Link {
    const { port } = this.#directory.port(name);
    const link = this.#topology.links.find(({ a, b }) => a === port.name || b === port.name);
    if (link === undefined) throw new NetworkError(`${name} has no cable in ${this.#topology.name}`);
    return link;
  }

  #guests(name: string, on: boolean): Act {
    const [owner = '', own] = name.split('/', 2);
    const host = this.#topology.hosts.find((each) => each.name === owner);
    const vm = host?.vms.find((each) => each.name === own);
    if (vm === undefined) throw new NetworkError(`no VM ${name} in ${this.#topology.name}; write host/vm`);
    const what = `VM ${name} ${on ? 'started' : 'stopped'}`;
    return this.#whereTheyAre(
      vm.nics.map((nic) => `${owner}/${nic.name}`),
      what,
      ({ sw, port }) => ({
        sw,
        body: { setGuest: { switchAddress: sw.address, port: port.number, on } },
      }),
    );
  }

  /** A deed for each vNIC, at the port where it is when it is done. */
  #whereTheyAre(names: readonly PortName[], what: string, deed: (place: Place) => Deed): Act {
    const isMovable = names.some((name) => this.#plan.ports.get(name)!.port.seat !== undefined);
    if (!isMovable) return { what, deeds: names.map((name) => deed(this.#plan.ports.get(name)!)) };
    const late = (): Act => {
      const deeds = names.flatMap((name) => this.#changes.whereIs(name) ?? []).map(deed);
      if (deeds.length === 0) throw new NetworkError(`${names.join(', ')}: attached nowhere`);
      return { what, deeds };
    };
    return { what, deeds: [], late };
  }

  #traffic(text: string, on: boolean): Act {
    const names = isGlob(text) ? matchPorts(this.#topology, text) : [this.#directory.port(text).port.name];
    const sending = sendersOf(this.#plan);
    const senders = names.filter((name) => sending.has(name));
    if (senders.length === 0) throw new NetworkError(`${text} sends no traffic in ${this.#topology.name}`);
    const what = `traffic of ${text === '*' ? 'all' : text} ${on ? 'goes on' : 'paused'}`;
    return this.#whereTheyAre(senders, what, ({ sw, port }) => ({
      sw,
      body: { setStreams: { switchAddress: sw.address, port: port.number, on } },
    }));
  }

  /** All points of a capture. */
  capture(file: string, on: boolean): Act {
    const capture = this.#plan.captures.find(({ request }) => request.file === file);
    if (capture === undefined) throw new NetworkError(`no capture goes to ${file} in ${this.#topology.name}`);
    const switches = new Set(capture.points.map((point) => point.switch));
    const deeds = [...switches].map((number) => {
      const sw = this.#plan.switches[number]!;
      const points = capture.points.filter((point) => point.switch === number).map(({ address }) => address);
      return { sw, body: { setCapture: { switchAddress: sw.address, points, on } } };
    });
    return { what: `capture to ${file} ${on ? 'goes on' : 'pauses'}`, deeds };
  }

  /** A topology may be run without its captures, as a replay does. */
  #captureIfAny(file: string, on: boolean): Act {
    const isThere = this.#plan.captures.some(({ request }) => request.file === file);
    return isThere ? this.capture(file, on) : { what: `no capture goes to ${file} here`, deeds: [] };
  }

  #mirror(name: string, on: boolean): Act {
    for (const sw of this.#plan.switches) {
      const found = sw.mirroring?.mirrors.find(({ mirror }) => `${sw.name}/${mirror.name}` === name);
      if (found === undefined) continue;
      const setMirror = { switchAddress: sw.address, mirror: found.number, on };
      return { what: `mirror ${name} ${on ? 'copies' : 'is off'}`, deeds: [{ sw, body: { setMirror } }] };
    }
    throw new NetworkError(`no mirror ${name} in ${this.#topology.name}; write switch/mirror`);
  }

  #rule(name: string, on: boolean): Act {
    const rule = ruleNumber(name);
    const guarded = this.#plan.switches.every(({ guardAt }) => guardAt !== 0);
    if (!on && !guarded) {
      throw new NetworkError(
        `${name} can be switched off only in a network with a storm guard; build it with mayDisable: ['${name}']`,
      );
    }
    const stormLimit = this.#topology.teaching?.stormLimit ?? stormLimitDefault;
    const deeds = this.#plan.switches.map((sw) => {
      const setRule = { switchAddress: sw.address, rule, on, guard: sw.guardAt, stormLimit };
      return { sw, body: { setRule } };
    });
    return { what: `rule ${name} ${on ? 'in force again' : 'switched off'}`, deeds };
  }

  #power(name: string, on: boolean): Act {
    const own = this.#plan.switches.filter(({ host }) => host === name);
    const isThere = [...this.#topology.hosts, ...this.#topology.switches].some((each) => each.name === name);
    if (!isThere) throw new NetworkError(`no host or physical switch ${name} in ${this.#topology.name}`);
    const deeds: Deed[] = own.map((sw) => ({ sw, body: { setPower: { switchAddress: sw.address, on } } }));
    for (const { a, b } of this.#topology.links) {
      const [left, right] = [this.#plan.ports.get(a)!, this.#plan.ports.get(b)!];
      if ((left.sw.host === name) === (right.sw.host === name)) continue;
      const far = left.sw.host === name ? right : left;
      deeds.push(setLink(far.sw, far.port, on, L.LINK_FAR));
    }
    return { what: `${name} ${on ? 'booted' : 'crashed'}`, deeds };
  }

  #flush(name: string): Act {
    const isSwitch = this.#plan.switches.some((each) => each.name === name) || !name.includes('/');
    if (isSwitch) {
      const sw = this.#directory.switch(name);
      return { what: `table of ${name} flushed`, deeds: [{ sw, body: { flushTable: { switchAddress: sw.address } } }] };
    }
    const { sw, port } = this.#directory.port(name);
    const flushTable = { switchAddress: sw.address, port: logicalOf(sw, port) };
    return { what: `stations at ${port.name} forgotten`, deeds: [{ sw, body: { flushTable } }] };
  }

  #activate(name: PortName): Act {
    const { sw, port } = this.#directory.port(name);
    if (port.kind !== 'uplink') throw new NetworkError(`${name} is no uplink; only an uplink can be made active`);
    const own = port.name.slice(port.name.indexOf('/') + 1);
    const isMember = sw.uplinks.teams.some(({ teaming }) => [...teaming.active, ...teaming.standby].includes(own));
    if (!isMember) throw new NetworkError(`${name} is unused; no team has it as active or standby`);
    const setActive = { switchAddress: sw.address, port: port.number };
    const act = { what: `${port.name} made active`, deeds: [{ sw, body: { setActive } }] };
    const late = (): Act => {
      this.#changes.assertPresent({ sw, port });
      return act;
    };
    return this.#topology.changes === undefined ? act : { what: act.what, deeds: [], late };
  }

  #membership({ port: name, group: text }: Membership, on: boolean): Act {
    const { port } = this.#directory.port(name);
    const group = groupAddress(text);
    const home = this.#plan.ports.get(port.seat?.of ?? name)!.port;
    if (home.listener === null)
      throw new NetworkError(`the guest at ${name} takes every group and joins none; write groups: [] at its vNIC`);
    const what = `guest at ${port.name} ${on ? 'joins' : 'leaves'} ${group}`;
    const octets = groupOctets(group);
    const late = (): Act => {
      const at = this.#changes.whereIs(name);
      if (at === null) throw new NetworkError(`${name}: attached nowhere`);
      if (on) this.#changes.assertRoom(home, octets);
      const setGroup = { switchAddress: at.sw.address, port: at.port.number, group: octets, on };
      return { what, deeds: [{ sw: at.sw, body: { setGroup } }] };
    };
    return { what, deeds: [], late };
  }

  #changeMac(name: PortName, mac: string): Act {
    const { port } = this.#directory.port(name);
    if (port.kind !== 'vnic') throw new NetworkError(`${name} has no guest; only a vNIC's address can be changed`);
    const octets = individualAddress(mac);
    return this.#whereTheyAre([port.name], `guest at ${port.name} uses ${mac}`, (at) => ({
      sw: at.sw,
      body: { setGuestMac: { switchAddress: at.sw.address, port: at.port.number, mac: octets } },
    }));
  }
}

/** `loss 10 %, delay 2000 ns`. */
export function told({ rateBps, delayNs, queueFrames, reorder, jitterNs, ...shares }: WireChange): string {
  const percent = (share: number) => `${Number((share * 100).toPrecision(6))} %`;
  return [
    rateBps === undefined ? '' : `rate ${rateBps === null ? 'unlimited' : `${rateBps} bit/s`}`,
    delayNs === undefined ? '' : `delay ${delayNs} ns`,
    queueFrames === undefined ? '' : `queue ${queueFrames}`,
    ...Object.entries(shares).map(([key, share]) => `${key} ${percent(share)}`),
    reorder === undefined || reorder === null ? '' : `reorder ${percent(reorder.share)} by ${reorder.byNs} ns`,
    jitterNs === undefined ? '' : `jitter ${jitterNs} ns`,
  ]
    .filter((part) => part !== '')
    .join(', ');
}

function setLink(sw: PlannedSwitch, port: PlannedPort, up: boolean, reason: number = L.LINK_OPERATOR): Deed {
  return { sw, body: { setLink: { switchAddress: sw.address, port: port.number, up, reason } } };
}

/** What a table holds for stations at a port: uplinks of a team are one, and so are the members of a LAG. */
export function logicalOf(sw: PlannedSwitch, port: PlannedPort): number {
  if (port.kind === 'uplink') return L.LOGICAL_TEAM;
  return sw.uplinks.lags.find(({ members }) => members.includes(port.number))?.members[0] ?? port.number;
}

/** A change as the topology has it, with whole ns. */
function changeOf({ port: _, delayNs, jitterNs, reorder, ...more }: CableChange): WireChange {
  return {
    ...more,
    ...(delayNs !== undefined && { delayNs: BigInt(Math.round(delayNs)) }),
    ...(jitterNs !== undefined && { jitterNs: BigInt(Math.round(jitterNs)) }),
    ...(reorder !== undefined && { reorder: { share: reorder.share, byNs: BigInt(Math.round(reorder.byNs)) } }),
  };
}
