/** Who is where, for the reference model: the table's stations, and in the registered model the vNICs' own addresses. */
import type { ReferenceConfig } from './config.ts';
import type { PortState } from './port.ts';
import { type Entry, outside, ReferenceTable } from './table.ts';
import { carries, untaggedIn } from './vlan.ts';

/** How the table lists an address that is registered in every VLAN of its port. */
export const anyVlan = 4095;

export interface TableRow {
  readonly vlan: number;
  readonly mac: string;
  /** A local port, or 'uplink'. */
  readonly port: string;
  readonly static?: true;
}

export interface Station {
  readonly place: string;
  /** No frame moves it: its entry is static, or the address is registered. */
  readonly isBound: boolean;
  readonly entry?: Entry;
}

export class Stations {
  readonly table: ReferenceTable;
  readonly #ports: readonly PortState[];
  readonly #sharedVlans: ReferenceConfig['sharedVlans'];
  readonly #isRegistered: boolean;

  constructor(config: ReferenceConfig, localPorts: readonly PortState[]) {
    const { ageNs, entriesMax, whenFull } = config;
    const places = [outside, ...localPorts.map((port) => port.name)];
    this.table = new ReferenceTable({ ageNs, entriesMax, whenFull, places });
    this.#ports = localPorts;
    this.#sharedVlans = config.sharedVlans;
    this.#isRegistered = config.macModel === 'registered';
    this.register();
  }

  /** The VLAN whose stations those of `vid` are learned with: its own, or the first of those that share. */
  fid(vid: number): number {
    return this.#sharedVlans.find((shared) => shared.includes(vid))?.[0] ?? vid;
  }

  find(vid: number, mac: string, nowNs: bigint): Station | undefined {
    const owner = this.#registered().find((port) => port.registeredMac === mac && this.#isHome(port, vid));
    if (owner !== undefined) return { place: owner.name, isBound: true };
    const entry = this.table.find(this.fid(vid), mac, nowNs);
    return entry && { place: entry.place, isBound: entry.kind !== 'dynamic', entry };
  }

  /** Registered addresses have changed: what was learned of the same stations counts no more. */
  register(): void {
    const registered = this.#registered();
    // Their places are kept while a vNIC has no link.
    this.table.registered = this.#isRegistered
      ? this.#ports.filter((port) => port.registeredMac !== undefined).length
      : 0;
    for (const port of registered) {
      this.table.forget(port.registeredMac!, (fid) => this.#isHome(port, fid));
    }
  }

  #registered(): PortState[] {
    return this.#isRegistered ? this.#ports.filter((port) => port.hasLink && port.registeredMac !== undefined) : [];
  }

  /** Whether a vNIC's own address is registered in `vid`: in the one VLAN of its port, or in all that a trunk carries, and those that share. */
  #isHome({ vlan }: PortState, vid: number): boolean {
    if (vlan.mode === 'transparent') return vid === 0;
    const fid = this.fid(vid);
    if (vlan.mode !== 'trunk') return fid === this.fid(vlan.vid);
    const sharing = this.#sharedVlans.find(([first]) => first === fid) ?? [fid];
    return sharing.some((each) => carries(vlan, each));
  }

  /** The VLAN in which a station of a local port says where it is; in a shared FID its entry does not tell. */
  announcedIn({ vlan }: TableRow, port: PortState): number | undefined {
    const isItsOwn = port.vlan.mode === 'trunk' && carries(port.vlan, vlan) && vlan !== anyVlan;
    return isItsOwn ? vlan : untaggedIn(port.vlan);
  }

  rows(nowNs: bigint): TableRow[] {
    const known = this.table.live(nowNs).map(rowOf);
    const registered = this.#registered().map(({ vlan, registeredMac, name }) => {
      const vid = vlan.mode === 'trunk' ? anyVlan : vlan.mode === 'transparent' ? 0 : this.fid(vlan.vid);
      return { vlan: vid, mac: registeredMac!, port: name, static: true as const };
    });
    const bound = new Set(known.map((row) => `${row.vlan} ${row.mac}`));
    return [...known, ...registered.filter((row) => !bound.has(`${row.vlan} ${row.mac}`))].sort(byVlanAndMac);
  }
}

function rowOf({ vid, mac, place, kind }: Entry): TableRow {
  return { vlan: vid, mac, port: place, ...(kind !== 'dynamic' && { static: true as const }) };
}

export function byVlanAndMac(a: TableRow, b: TableRow): number {
  return a.vlan - b.vlan || (a.mac < b.mac ? -1 : 1);
}
