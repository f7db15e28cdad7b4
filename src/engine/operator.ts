/** What an operator may ask of a network: names and values are checked here, then whoever moves the switch carries it out. */
import type { ChangeReport, EventReport } from '../telemetry/report.ts';
import type { EventAction, EventCondition } from '../topology/event-model.ts';
import type { PortName, PortVlan, Topology } from '../topology/model.ts';
import type { Act } from './act.ts';
import { type Actions, logicalOf } from './action.ts';
import type { Agenda } from './agenda.ts';
import type { Changes } from './change.ts';
import type { CommandBody } from './command.ts';
import type { Directory } from './directory.ts';
import * as L from './generated/layout.ts';
import { macBits } from './in-memory.ts';
import type { SharedMemory } from './memory.ts';
import { individualAddress, NetworkError, TIME_NS_MAX, vlanId } from './options.ts';
import type { Plan, PlannedPort, PlannedSwitch } from './plan.ts';
import { isMirrorPort } from './plan-mirror.ts';
import type { WireChange } from './wire-change.ts';

export type FlushTarget =
  | { readonly switch: string; readonly vlan?: number }
  | { readonly port: PortName; readonly vlan?: number };

/** When something happens again. */
export interface Repetition {
  /** Again each time this has passed, ns; without it once. */
  readonly everyNs?: bigint;
  /** How often in all; default without end. */
  readonly times?: number;
}

export interface Reaction {
  /** How long after the condition holds, ns. Default 0. */
  readonly afterNs?: bigint;
  /** How often in all, counted anew each time; null: without end. Default 1. */
  readonly times?: number | null;
}

export abstract class Operator {
  abstract readonly topology: Topology;
  abstract readonly clock: 'wall' | 'virtual';
  /** @internal */
  abstract readonly plan: Plan;
  /** @internal */
  abstract readonly memory: SharedMemory;
  protected abstract readonly directory: Directory;
  protected abstract readonly actions: Actions;
  protected abstract readonly changes: Changes;
  protected abstract readonly agenda: Agenda;
  abstract readonly nowNs: bigint;

  /** Has a command carried out; resolves with whether that was possible. */
  protected abstract command(sw: PlannedSwitch, body: CommandBody): Promise<boolean>;

  /**
   * Takes the link of one port away (`up` false), or gives it back, which also opens a port that a guard has shut. The other end of
   * its cable keeps its own, as behind a media converter; `setCable` is for both.
   */
  async setLink(name: PortName, up: boolean): Promise<void> {
    await this.#enact(this.actions.link(name, up));
  }

  /** Pulls or plugs the cable of a port: both of its ends. */
  async setCable(name: PortName, up: boolean): Promise<void> {
    await this.#enact(this.actions.cable(name, up));
  }

  /** Starts or stops a VM, `host/vm`: stopped, its vNICs have no link and its guest neither sends nor answers. */
  async setVm(name: string, on: boolean): Promise<void> {
    await this.#enact(this.actions.act(on ? { startVm: name } : { stopVm: name }));
  }

  /** Lets the streams that a vNIC sends go on from now, or pauses them; `esx1/*` and the like are patterns. */
  async setTraffic(name: string, on: boolean): Promise<void> {
    await this.#enact(this.actions.act(on ? { startTraffic: name } : { stopTraffic: name }));
  }

  /** Lets a capture go on from now, or pauses it; `file` is the one that it was asked for with. */
  async setCapture(file: string, on: boolean): Promise<void> {
    await this.#enact(this.actions.capture(file, on));
  }

  /** Switches a mirror, `switch/mirror` such as `esx1/vSwitch0/span1`, on or off. */
  async setMirror(name: string, on: boolean): Promise<void> {
    await this.#enact(this.actions.act(on ? { mirrorOn: name } : { mirrorOff: name }));
  }

  /** Switches a rule such as `R7` on or off, everywhere; off only where `mayDisable` or the topology has planned for it. */
  async setRule(name: string, on: boolean): Promise<void> {
    await this.#enact(this.actions.act(on ? { ruleOn: name } : { ruleOff: name }));
  }

  /** A host or a physical switch loses its power with all that it holds, or gets it and is empty. */
  async setPower(name: string, on: boolean): Promise<void> {
    await this.#enact(this.actions.act(on ? { boot: name } : { crash: name }));
  }

  /**
   * Has something done at a time, after everything earlier and before any frame at that instant; on the wall clock as soon after
   * it as a timer of this thread can. Returns what takes it off the agenda again, without undoing what has begun. Throws NetworkError for a time in the past.
   */
  at(timeNs: bigint, action: EventAction, { everyNs, times }: Repetition = {}): () => boolean {
    if (timeNs < this.nowNs) throw new NetworkError(`${timeNs} ns is in the past; it is ${this.nowNs} ns already`);
    if (timeNs > TIME_NS_MAX) throw new NetworkError(`an event at ${timeNs} ns is later than the clock goes, 52 days`);
    if (everyNs !== undefined && everyNs <= 0n) throw new NetworkError(`everyNs ${everyNs} is not above 0`);
    if (everyNs === undefined && times !== undefined)
      throw new NetworkError('times goes with everyNs, which is missing');
    const trigger = { atNs: Number(timeNs), everyNs: everyNs === undefined ? null : Number(everyNs) };
    return this.#plan({ ...trigger, times: everyNs === undefined ? 1 : (times ?? null) }, action);
  }

  /**
   * Has something done once a condition holds. On the virtual clock it is looked at every `lookEveryNs` (an option, 100 us) of
   * simulated time, on the wall clock every 2 ms or so.
   */
  when(condition: EventCondition, action: EventAction, { afterNs = 0n, times = 1 }: Reaction = {}): () => boolean {
    if (afterNs < 0n || afterNs > TIME_NS_MAX) throw new NetworkError(`afterNs ${afterNs} is not in range`);
    return this.#plan({ when: condition, afterNs: Number(afterNs), times }, action);
  }

  /** Throws NetworkError when nothing can be put on the agenda now. */
  protected abstract assertPlannable(): void;

  /** Throws NetworkError when nobody moves a switch any more. */
  protected abstract assertMoved(sw: PlannedSwitch): void;

  #plan(trigger: Parameters<Agenda['add']>[0], action: EventAction): () => boolean {
    this.assertPlannable();
    const add = () => this.agenda.add(trigger, action, this.nowNs, 'program');
    const cancel = add();
    this.note(add);
    this.agendaChanged();
    return () => {
      const was = cancel();
      if (was) this.note(cancel);
      return was;
    };
  }

  /** An input has come from outside that `again` would bring again. */
  protected note(_again: () => void): void {}

  #tell(atNs: bigint, what: string): void {
    const tell = () => this.agenda.note(atNs, what, 'program');
    this.note(tell);
    tell();
  }

  /** What stands on the agenda has become more: a clock that waits for it has to look again. */
  protected agendaChanged(): void {}

  /** What has happened to the network: the latest 1,000 events and operator's actions, oldest first. */
  events(): EventReport[] {
    return this.agenda.happened();
  }

  /**
   * Attaches a VM that is nowhere, `host/vm`, at a host, by default where it is declared: it begins anew there, with what its streams
   * send from now on. Throws NetworkError, with nothing changed, where nothing was planned for it (`mayMigrate`), or it is attached.
   */
  async attachVm(vm: string, to?: string): Promise<ChangeReport> {
    await this.#enact(this.actions.act({ attach: { vm, ...(to !== undefined && { to }) } }));
    return this.changes.log.latest(this.changes.nameOf(vm));
  }

  /** Stops a VM and takes it off its ports: what it knows it keeps for when it is attached again, its stations are forgotten. */
  async detachVm(vm: string): Promise<ChangeReport> {
    await this.#enact(this.actions.act({ detach: vm }));
    return this.changes.log.latest(this.changes.nameOf(vm));
  }

  /**
   * Moves a VM to another host, with its streams, addresses and counters: it stops, and goes on there `downtimeNs` later (default 0).
   * Resolves once it is there, with what was lost meanwhile; on the virtual clock, which stands until it is moved, once it has left:
   * `downtimeNs` is null then. `blackoutNs` is known once the VM has taken a frame there. `report()` has both.
   */
  async migrate(
    vm: string,
    to: string,
    { downtimeNs = 0n }: { readonly downtimeNs?: bigint } = {},
  ): Promise<ChangeReport> {
    const action = { migrate: { vm, to, downtimeNs: Number(downtimeNs) } };
    const [leaves, comes] = [this.actions.act(action), this.actions.arrival(action)];
    const name = this.changes.nameOf(vm);
    if (downtimeNs > 0n) this.assertPlannable();
    const before = this.nowNs;
    await this.#enact(leaves);
    // The virtual clock may have been moved on meanwhile.
    const leftNs = this.clock === 'wall' ? this.nowNs : before;
    if (downtimeNs === 0n) {
      await this.#enact(comes);
      return this.changes.log.latest(name);
    }
    const come = () => this.agenda.arrive(action, leftNs + downtimeNs, 'program');
    const arrival = this.clock === 'wall' ? this.changes.log.arrival(name) : this.changes.log.latest(name);
    this.note(come);
    come();
    this.agendaChanged();
    return arrival;
  }

  /** An uplink comes to its host with its cable, and joins the vSwitch's team, by default as its teaming says. */
  async addUplink(name: PortName, as?: 'active' | 'standby'): Promise<void> {
    await this.#enact(this.actions.act({ addUplink: { uplink: name, ...(as !== undefined && { as }) } }));
  }

  /** An uplink leaves its host: no link at either end of its cable, and in no team. */
  async removeUplink(name: PortName): Promise<void> {
    await this.#enact(this.actions.act({ removeUplink: name }));
  }

  /** A port group, `host/vSwitch/port group`, is there from now on, and the uplinks carry its VLANs. */
  async addPortGroup(name: string): Promise<void> {
    await this.#enact(this.actions.act({ addPortGroup: name }));
  }

  /** It goes, with the VLANs that no other port group has. Throws NetworkError while vNICs use it. */
  async removePortGroup(name: string): Promise<void> {
    await this.#enact(this.actions.act({ removePortGroup: name }));
  }

  async #enact(act: Act): Promise<void> {
    const atNs = this.nowNs;
    const { what, deeds, done } = act.late?.(atNs) ?? act;
    for (const { sw } of deeds) this.assertMoved(sw);
    await Promise.all(deeds.map(({ sw, body }) => this.command(sw, body)));
    if (done !== undefined) {
      done();
      this.note(done);
    }
    this.#tell(atNs, what);
  }

  /**
   * Changes the cable of a port, both ways, for frames that are sent from now on: those on their way arrive when they would
   * have, and none is overtaken by a smaller delay. A rate or delay above the topology's may find the wire's memory full
   * before its queue is, and drops as `queue_full` then.
   */
  async setWire(name: PortName, change: WireChange): Promise<void> {
    const act = this.actions.wire(name, change);
    if (change.delayNs !== undefined) this.checkDelay(name, change.delayNs);
    await this.#enact(act);
  }

  /** Throws NetworkError when a cable may not have that delay now. */
  protected abstract checkDelay(name: PortName, delayNs: bigint): void;

  /** Forgets learned addresses: of one port or of a whole switch, in one VLAN or in all. Uplinks of a team are forgotten together. */
  async flush(of: FlushTarget): Promise<void> {
    const { sw, port } =
      'switch' in of ? { sw: this.directory.switch(of.switch), port: null } : this.directory.port(of.port);
    const body = {
      switchAddress: sw.address,
      ...(port !== null && { port: logicalOf(sw, port) }),
      ...(of.vlan !== undefined && { fid: fidOf(sw, of.vlan) }),
    };
    const atNs = this.nowNs;
    await this.command(sw, { flushTable: body });
    const vlan = of.vlan === undefined ? '' : ` in VLAN ${of.vlan}`;
    const what = port === null ? `table of ${sw.name} flushed` : `stations at ${port.name} forgotten`;
    this.#tell(atNs, what + vlan);
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
    await this.#enact(this.actions.act({ activate: name }));
  }

  /** The guest at a vNIC uses another address from now on. */
  async setGuestMac(name: PortName, mac: string): Promise<void> {
    await this.#enact(this.actions.act({ changeMac: { port: name, mac } }));
  }

  /** A vNIC or physical port becomes an access port of another VLAN, and its stations are forgotten. */
  async setPortVlan(name: PortName, vlan: PortVlan): Promise<void> {
    const { sw, port } = this.directory.port(name);
    if (port.kind === 'uplink') throw new NetworkError(`${name} is an uplink; its VLANs are those of the port groups`);
    if (port.vlan.mode === 'transparent')
      throw new NetworkError(`${name} is on a switch without VLANs; give its port groups one`);
    if (isMirrorPort(port.name, sw.mirroring))
      throw new NetworkError(`${name} is where a mirror's copies go, and carries no VLAN`);
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

/** The FID that a VLAN's stations stand under. */
function fidOf(sw: PlannedSwitch, vlan: number): number {
  const vid = vlanId(vlan);
  return sw.sharedVlans.find((vids) => vids.includes(vid))?.[0] ?? vid;
}
