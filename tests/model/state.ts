/**
 * What a switch of the reference model is between two frames: its ports, teams and stations, and what an operator, a guest or a
 * guard makes of them. What becomes of a frame is reference.ts.
 */
import type { PortVlan } from '../../src/topology/model.ts';
import type { ReferenceConfig } from './config.ts';
import { rarpOf } from './frame.ts';
import { PortState } from './port.ts';
import { Stations, type TableRow } from './stations.ts';
import { type Move, outside } from './table.ts';
import { ReferenceTeam } from './team.ts';
import { carries, retag } from './vlan.ts';

/** A frame that left by a port. */
export interface Left {
  readonly port: string;
  readonly bytes: Uint8Array;
}

export class ReferenceState {
  protected readonly config: ReferenceConfig;
  protected readonly local: readonly PortState[];
  protected readonly hasUplinks: boolean;
  protected readonly learns: boolean;
  /** The vSwitch's own team first, then those of port groups that differ from all before. */
  protected readonly teams: readonly ReferenceTeam[];
  protected readonly stations: Stations;
  readonly #ports: readonly PortState[];
  #announcements: Left[] = [];
  #nowNs = 0n;

  constructor(config: ReferenceConfig) {
    this.config = config;
    this.learns = config.macModel === 'learning';
    const teams = new Map<string, ReferenceTeam>();
    const teamOf = (teaming = config.teaming) => {
      const words = JSON.stringify([teaming.policy, teaming.active, teaming.standby, teaming.failback]);
      const team = teams.get(words) ?? new ReferenceTeam(teaming, () => true);
      teams.set(words, team);
      return team;
    };
    teamOf();
    const names = config.ports.filter((port) => port.kind !== 'uplink').map((port) => port.name);
    this.#ports = config.ports.map((port) => new PortState(port, names.indexOf(port.name), teamOf(port.teaming)));
    this.local = this.#ports.filter((port) => port.kind !== 'uplink');
    this.hasUplinks = this.local.length < this.#ports.length;
    this.teams = [...teams.values()];
    this.stations = new Stations(config, this.local);
  }

  protected port(name: string): PortState {
    const port = this.#ports.find((each) => each.name === name);
    if (port === undefined) throw new Error(`no port ${name}`);
    return port;
  }

  /** The time, so that what happens next happens then. */
  setTime(nowNs: bigint): void {
    this.#nowNs = nowNs;
  }

  /** A guard takes the link away. */
  protected shut(port: PortState): void {
    port.shut();
    this.stations.table.flush({ place: port.name, sticky: false });
    this.stations.register();
  }

  /** A local port that loses link forgets its stations; those outside survive within the team. */
  setLink(name: string, up: boolean): void {
    const port = this.port(name);
    const wasUp = port.hasLink;
    port.setLink(up);
    if (port.kind === 'uplink') {
      this.#repin((team) => team.update(this.#hasLink, this.#nowNs));
      return;
    }
    if (!up) this.stations.table.flush({ place: name, sticky: false });
    this.stations.register();
    if (up && !wasUp && port.kind === 'vnic') this.#announceAll(port);
  }

  /** R14: a vNIC that got its link, or its guest another address, has just come, and so have its stations. */
  #announceAll({ name, team, index }: PortState): void {
    if (this.config.notify === 0) return;
    for (const row of this.stations.rows(this.#nowNs)) {
      const uplink = row.port === name ? team.pin(index, row.mac) : undefined;
      if (uplink !== undefined) this.#announce(row, this.port(uplink));
    }
  }

  setActive(uplink: string): void {
    this.#repin((team) => {
      if (team.has(uplink)) team.setActive(uplink, this.#hasLink, this.#nowNs);
    });
  }

  readonly #hasLink = (uplink: string): boolean => this.port(uplink).hasLink;

  /** R14: for each station here whose uplink is another afterwards, a RARP goes out by the new one, and R13 is for it too. */
  #repin(change: (team: ReferenceTeam) => void): void {
    const here = this.stations.rows(this.#nowNs).filter((row) => row.port !== outside);
    const uplinkOf = ({ port, mac }: TableRow) => {
      const { team, index } = this.port(port);
      return team.pin(index, mac);
    };
    const before = here.map(uplinkOf);
    for (const team of this.teams) change(team);
    if (this.config.notify === 0) return;
    for (const [i, row] of here.entries()) {
      const uplink = uplinkOf(row);
      if (uplink !== undefined && uplink !== before[i]) this.#announce(row, this.port(uplink));
    }
  }

  #announce(row: TableRow, { name, vlan, tags }: PortState): void {
    const vid = this.stations.announcedIn(row, this.port(row.port));
    if (vid === undefined || !carries(vlan, vid)) return;
    const untagged = { vlan: { mode: 'tunnel' as const, vid }, tags };
    this.#announcements.push({ port: name, bytes: retag(untagged, { vlan, tags }, vid, rarpOf(row.mac)).bytes });
    this.stations.table.lock(row.vlan, row.mac, this.#nowNs);
  }

  /** What the switch sent of itself since the last time. */
  takeAnnouncements(): readonly Left[] {
    const announcements = this.#announcements;
    this.#announcements = [];
    return announcements;
  }

  /** Forgets what was learned: everywhere, at one port or in one VLAN; at any uplink: outside. */
  flush(port?: string, vid?: number): void {
    const place = port !== undefined && this.port(port).kind === 'uplink' ? outside : port;
    const sticky = port !== undefined || vid === undefined;
    this.stations.table.flush({ place, vid: vid === undefined ? undefined : this.stations.fid(vid), sticky });
  }

  setStatic(vid: number, mac: string, port: string): void {
    const place = this.port(port).kind === 'uplink' ? outside : port;
    this.stations.table.setStatic(this.stations.fid(vid), mac, place, this.#nowNs);
  }

  deleteStatic(vid: number, mac: string): void {
    this.stations.table.deleteStatic(this.stations.fid(vid), mac);
  }

  setGuestMac(port: string, mac: string): void {
    this.port(port).guestMac = mac;
    this.stations.register();
    if (!this.learns) this.#announceAll(this.port(port));
  }

  /** What was learned at the port belongs to the VLAN that it was in. */
  setPortVlan(name: string, vlan: PortVlan): void {
    this.port(name).vlan = vlan;
    this.stations.table.flush({ place: name, sticky: true });
    this.stations.register();
  }

  table(nowNs: bigint): TableRow[] {
    return this.stations.rows(nowNs);
  }

  moves(): readonly Move[] {
    return this.stations.table.moves;
  }
}
