/**
 * A switch in the plainest words: what the core must agree with, frame by frame.
 *
 * Written from the rules (R and C numbers: ARCHITECTURE.md) and not from the core. Nothing is cached, encoded or clever;
 * a verdict is the name of the first rule that decides. Queues are not modelled: they never fill here.
 */
import type { PortVlan } from '../../src/topology/model.ts';
import { isAnnouncement, isGroup, isReserved, macAt, outerTag, startsWithTag } from './frame.ts';
import { type Entry, outside, ReferenceTable } from './table.ts';
import { chooseUplink, usableUplinks } from './team.ts';
import { carries, classify, retag } from './vlan.ts';

const lockNs = 5_000_000_000n;
/** How the table lists an address that is registered in every VLAN of its port. */
export const anyVlan = 4095;

export interface ReferencePort {
  readonly name: string;
  readonly kind: 'vnic' | 'uplink' | 'bridge';
  readonly vlan: PortVlan;
  readonly mac?: string;
}

export interface ReferenceConfig {
  /** Local ports first, then uplinks. */
  readonly ports: readonly ReferencePort[];
  readonly macModel: 'learning' | 'registered';
  readonly active: readonly string[];
  readonly standby: readonly string[];
  readonly ageNs: bigint;
  readonly entriesMax: number;
  readonly whenFull: 'evict' | 'forward';
  readonly mtu: number;
}

export interface Copy {
  readonly port: string;
  /** null when the copy did not leave. */
  readonly bytes: Uint8Array | null;
  readonly verdict: string;
}

export interface Reception {
  readonly verdict: string;
  readonly copies: Copy[];
}

export interface TableRow {
  readonly vlan: number;
  readonly mac: string;
  /** A local port, or 'uplink'. */
  readonly port: string;
  readonly static?: true;
}

/** One frame on its way: everything about it that rules ask for. */
interface Passage {
  readonly ingress: ReferencePort;
  readonly bytes: Uint8Array;
  readonly vid: number;
  readonly src: string;
  readonly dst: string;
  readonly nowNs: bigint;
}

const dropped = (verdict: string): Reception => ({ verdict, copies: [] });

export class ReferenceSwitch {
  readonly #config: ReferenceConfig;
  readonly #table: ReferenceTable;
  readonly #local: readonly ReferencePort[];
  readonly #hasUplinks: boolean;
  readonly #learns: boolean;
  readonly #down = new Set<string>();
  #nowNs = 0n;

  constructor(config: ReferenceConfig) {
    this.#config = config;
    this.#local = config.ports.filter((port) => port.kind !== 'uplink');
    this.#hasUplinks = config.ports.some((port) => port.kind === 'uplink');
    this.#learns = config.macModel === 'learning';
    const { ageNs, entriesMax, whenFull } = config;
    const places = [outside, ...this.#local.map((port) => port.name)];
    this.#table = new ReferenceTable({ ageNs, entriesMax, whenFull, places });
  }

  receive(port: string, bytes: Uint8Array, nowNs: bigint): Reception {
    this.#nowNs = nowNs;
    const ingress = this.#port(port);
    const { vlan } = ingress;
    const tagged = outerTag(bytes) !== undefined;

    if (this.#down.has(port)) return dropped('link_down');
    if (bytes.length < 14) return dropped('runt');
    if (vlan.mode !== 'transparent' && startsWithTag(bytes) && !tagged) return dropped('runt');
    if (bytes.length > this.#config.mtu + 14 + (tagged ? 4 : 0)) return dropped('giant');
    const dst = macAt(bytes, 0);
    const src = macAt(bytes, 6);
    if (src === '00:00:00:00:00:00') return dropped('src_zero');
    if (isGroup(src)) return dropped('src_group');
    const vid = classify(vlan, bytes);
    if (typeof vid === 'string') return dropped(vid);
    if (isReserved(dst)) return dropped('reserved_mac');

    const passage = { ingress, bytes, vid, src, dst, nowNs };
    return ingress.kind === 'uplink' ? this.#fromOutside(passage) : this.#fromInside(passage);
  }

  #fromOutside(passage: Passage): Reception {
    const { ingress, vid, src, dst, nowNs } = passage;
    const usable = this.#usable();
    if (!usable.includes(ingress.name)) return dropped('uplink_not_active');
    if (this.#isReflection(passage)) return dropped('deja_vu');

    const isDesignated = chooseUplink(this.#config, usable, vid) === ingress.name;
    if (isGroup(dst)) {
      if (!isDesignated) return dropped('not_designated');
      if (this.#learns) this.#table.learn(vid, src, outside, nowNs);
      return this.#flood(passage, 'flood_group');
    }
    if (this.#learns) this.#table.learn(vid, src, outside, nowNs);
    const place = this.#whereIs(vid, dst);
    if (place === undefined) {
      if (!this.#learns) return dropped('unknown_unicast_uplink');
      return isDesignated ? this.#flood(passage, 'flood_unknown') : dropped('not_designated');
    }
    if (place === outside) return dropped('no_transit');
    if (this.#pin(place) !== ingress.name) return dropped('rpf_unicast');
    return this.#forward(passage, place);
  }

  #fromInside(passage: Passage): Reception {
    const { ingress, bytes, vid, src, dst, nowNs } = passage;
    if (this.#learns) {
      this.#table.learn(vid, src, ingress.name, nowNs);
      const entry = this.#table.find(vid, src, nowNs);
      if (this.#hasUplinks && entry !== undefined && isAnnouncement(bytes)) entry.lockedUntilNs = nowNs + lockNs;
    }
    if (isGroup(dst)) return this.#flood(passage, 'flood_group');
    const place = this.#whereIs(vid, dst);
    if (place === undefined) return this.#flood(passage, 'flood_unknown');
    if (place === ingress.name) return dropped('same_port');
    if (place !== outside) return this.#forward(passage, place);
    const pin = this.#pin(ingress.name);
    return pin === undefined ? dropped('no_uplink') : this.#forward(passage, pin);
  }

  /** R7, with its exceptions R12 and R13 for stations that were learned. */
  #isReflection({ vid, src, bytes, nowNs }: Passage): boolean {
    const place = this.#whereIs(vid, src);
    if (place === undefined || place === outside) return false;
    const entry = this.#table.find(vid, src, nowNs);
    if (!this.#learns || entry === undefined || entry.isStatic) return true;
    return !isAnnouncement(bytes) || nowNs < entry.lockedUntilNs;
  }

  #forward(passage: Passage, to: string): Reception {
    const port = this.#port(to);
    if (carries(port.vlan, passage.vid)) return { verdict: 'forward', copies: [this.#copy(passage, port)] };
    return { verdict: 'forward', copies: [{ port: to, bytes: null, verdict: 'egress_vlan' }] };
  }

  #flood(passage: Passage, verdict: 'flood_unknown' | 'flood_group'): Reception {
    const { ingress, vid } = passage;
    const copies: Copy[] = [];
    if (this.#learns || verdict === 'flood_group') {
      for (const port of this.#local) {
        if (port === ingress || this.#down.has(port.name) || !carries(port.vlan, vid)) continue;
        copies.push(this.#copy(passage, port));
      }
    }
    if (ingress.kind !== 'uplink' && this.#hasUplinks) {
      const pin = this.#pin(ingress.name);
      if (pin === undefined) {
        if (copies.length === 0) return dropped('no_uplink');
        copies.push({ port: ingress.name, bytes: null, verdict: 'no_uplink_copy' });
      } else if (carries(this.#port(pin).vlan, vid)) {
        copies.push(this.#copy(passage, this.#port(pin)));
      }
    }
    return copies.length === 0 ? dropped('no_recipient') : { verdict, copies };
  }

  #copy({ bytes, vid }: Passage, port: ReferencePort): Copy {
    if (this.#down.has(port.name)) return { port: port.name, bytes: null, verdict: 'egress_link_down' };
    return { port: port.name, bytes: retag(port.vlan, vid, bytes), verdict: 'delivered' };
  }

  /** The place of a station: by the table, or in the registered model by the vNICs' own addresses. */
  #whereIs(vid: number, mac: string): string | undefined {
    const entry = this.#table.find(vid, mac, this.#nowNs);
    if (entry !== undefined) return entry.place;
    return this.#registered().find((port) => port.mac === mac && isHome(port.vlan, vid))?.name;
  }

  #registered(): ReferencePort[] {
    return this.#learns ? [] : this.#local.filter((port) => port.kind === 'vnic' && port.mac !== undefined);
  }

  #usable(): string[] {
    return usableUplinks(this.#config, (uplink) => !this.#down.has(uplink));
  }

  /** The uplink that carries a local port's frames; undefined when none is usable. */
  #pin(local: string): string | undefined {
    const place = this.#local.findIndex((port) => port.name === local);
    return chooseUplink(this.#config, this.#usable(), place);
  }

  #port(name: string): ReferencePort {
    const port = this.#config.ports.find((each) => each.name === name);
    if (port === undefined) throw new Error(`no port ${name}`);
    return port;
  }

  /** A local port that loses link forgets its stations; those outside survive within the team. */
  setLink(port: string, up: boolean): void {
    if (up) this.#down.delete(port);
    else this.#down.add(port);
    if (!up && this.#port(port).kind !== 'uplink') this.#table.flush(port);
  }

  /** Forgets what was learned, everywhere or at one port; at any uplink: outside. */
  flush(port?: string): void {
    this.#table.flush(port !== undefined && this.#port(port).kind === 'uplink' ? outside : port);
  }

  setStatic(vid: number, mac: string, port: string): void {
    this.#table.setStatic(vid, mac, this.#port(port).kind === 'uplink' ? outside : port, this.#nowNs);
  }

  deleteStatic(vid: number, mac: string): void {
    this.#table.deleteStatic(vid, mac);
  }

  setAgeing(ageNs: bigint): void {
    this.#table.setAgeing(ageNs);
  }

  table(nowNs: bigint): TableRow[] {
    const learned = this.#table.live(nowNs).map(rowOf);
    const registered = this.#registered().map(({ vlan, mac, name }) => {
      const vid = vlan.mode === 'trunk' ? anyVlan : vlan.mode === 'access' ? vlan.vid : 0;
      return { vlan: vid, mac: mac!, port: name, static: true as const };
    });
    const bound = new Set(learned.map((row) => `${row.vlan} ${row.mac}`));
    return [...learned, ...registered.filter((row) => !bound.has(`${row.vlan} ${row.mac}`))].sort(byVlanAndMac);
  }
}

/** Whether a vNIC's own address is registered in `vid`: in the one VLAN of its port, or in all that a trunk carries. */
function isHome(vlan: PortVlan, vid: number): boolean {
  return vlan.mode === 'transparent' ? vid === 0 : carries(vlan, vid);
}

function rowOf({ vid, mac, place, isStatic }: Entry): TableRow {
  return { vlan: vid, mac, port: place, ...(isStatic && { static: true as const }) };
}

export function byVlanAndMac(a: TableRow, b: TableRow): number {
  return a.vlan - b.vlan || (a.mac < b.mac ? -1 : 1);
}
