/**
 * A switch in the plainest words: what the core must agree with, frame by frame.
 *
 * Written from the rules (R and C numbers: ARCHITECTURE.md) and not from the core. Nothing is cached, encoded or clever;
 * a verdict is the name of the first rule that decides. Queues are not modelled: they never fill here. Nor are LAGs, beacons
 * and delays of the link, which have tests of their own.
 */
import { isAnnouncement, isGroup, macAt, padded, reservedNumber } from './frame.ts';
import type { PortState } from './port.ts';
import { refusedFlood, takesFloods, takesUnicast } from './receivers.ts';
import { type Refusal, refusedBpdu, refusedSource } from './security.ts';
import { ReferenceState } from './state.ts';
import type { Station } from './stations.ts';
import { outside } from './table.ts';
import { carries, classify, isListed, lengthFault, retag } from './vlan.ts';

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

/** One frame on its way: everything about it that rules ask for. */
interface Passage {
  readonly ingress: PortState;
  readonly bytes: Uint8Array;
  readonly vid: number;
  readonly src: string;
  readonly dst: string;
  readonly nowNs: bigint;
}

const dropped = (verdict: string): Reception => ({ verdict, copies: [] });

export class ReferenceSwitch extends ReferenceState {
  receive(port: string, bytes: Uint8Array, nowNs: bigint): Reception {
    this.setTime(nowNs);
    const ingress = this.port(port);
    if (!ingress.hasLink) return dropped(ingress.isShut ? 'port_shut' : 'link_down');
    const fault = lengthFault(ingress, bytes, this.config.mtu);
    if (fault !== undefined) return dropped(fault);
    const dst = macAt(bytes, 0);
    const src = macAt(bytes, 6);
    if (src === '00:00:00:00:00:00') return dropped('src_zero');
    if (isGroup(src)) return dropped('src_group');
    const refusal = refusedBpdu(ingress, dst);
    if (refusal !== undefined) return this.#refuse(ingress, refusal);
    const reserved = reservedNumber(dst);
    if (reserved !== undefined && ((ingress.policy.relayReserved >> reserved) & 1) === 0)
      return dropped('reserved_mac');
    const vid = classify(ingress, bytes);
    if (typeof vid === 'string') return dropped(vid);
    if (!ingress.storm.letsGroup(dst, nowNs)) return dropped('storm');

    const passage = { ingress, bytes, vid, src, dst, nowNs };
    return ingress.kind === 'uplink' ? this.#fromOutside(passage) : this.#fromInside(passage);
  }

  #refuse(port: PortState, { verdict, shuts }: Refusal): Reception {
    if (shuts) this.shut(port);
    return dropped(verdict);
  }

  #fromOutside(passage: Passage): Reception {
    const { ingress, vid, src, dst, nowNs } = passage;
    if (!this.teams.some((team) => team.usable.includes(ingress.name))) return dropped('uplink_not_active');
    if (this.#isReflection(passage)) return dropped('deja_vu');

    const refused = refusedFlood(this.config.receivers, { teams: this.teams, local: this.local }, vid, ingress.name);
    if (isGroup(dst) && refused !== undefined) return dropped(refused);
    if (this.learns) {
      const entry = this.stations.table.learn(this.stations.fid(vid), src, outside, nowNs);
      if (entry === undefined && this.config.whenFull === 'drop') return dropped('mac_limit');
    }
    if (isGroup(dst)) return this.#flood(passage, 'flood_group');
    const place = this.stations.find(vid, dst, nowNs)?.place;
    if (place === undefined) {
      if (!this.#wantsUnknown(vid)) return dropped('unknown_unicast_uplink');
      if (!ingress.storm.letsUnknown(nowNs)) return dropped('storm');
      return refused === undefined ? this.#flood(passage, 'flood_unknown') : dropped(refused);
    }
    if (place === outside) return dropped('no_transit');
    const owner = this.port(place);
    const isTaken = takesUnicast(this.config, owner, dst, ingress.name, nowNs);
    return isTaken ? this.#forward(passage, owner) : dropped('rpf_unicast');
  }

  #fromInside(passage: Passage): Reception {
    const { ingress, vid, src, dst, nowNs } = passage;
    const known = this.stations.find(vid, src, nowNs);
    const refusal = refusedSource(ingress, src, known) ?? this.#learnInside(passage, known);
    if (refusal !== undefined) return this.#refuse(ingress, refusal);
    this.#lock(passage);

    if (isGroup(dst)) return this.#flood(passage, 'flood_group');
    const place = this.stations.find(vid, dst, nowNs)?.place;
    if (place === undefined) {
      return ingress.storm.letsUnknown(nowNs) ? this.#flood(passage, 'flood_unknown') : dropped('storm');
    }
    if (place === ingress.name && !ingress.policy.hairpin) return dropped('same_port');
    if (place !== outside) return this.#forward(passage, this.port(place));
    const pin = this.#pin(passage);
    return pin === undefined ? dropped('no_uplink') : this.#forward(passage, pin);
  }

  #learnInside({ ingress, vid, src, nowNs }: Passage, known: Station | undefined): Refusal | undefined {
    const { learning, macLimit, sticky } = ingress.policy;
    if (!learning || known?.isBound) return undefined;
    const { table } = this.stations;
    const isNewHere = known?.place !== ingress.name;
    if (isNewHere && macLimit !== null && table.learnedAt(ingress.name, nowNs) >= macLimit.max) {
      if (macLimit.whenFull === 'forward') return undefined;
      return { verdict: 'mac_limit', shuts: macLimit.whenFull === 'shut' };
    }
    const entry = table.learn(this.stations.fid(vid), src, ingress.name, nowNs);
    if (entry === undefined) {
      return this.config.whenFull === 'drop' ? { verdict: 'mac_limit', shuts: false } : undefined;
    }
    if (sticky) entry.kind = 'sticky';
    return undefined;
  }

  /** R13: a station that announced itself here is not believed to be outside for a while, wherever here it is known to be. */
  #lock({ ingress, vid, src, bytes, nowNs }: Passage): void {
    if (!this.learns || !this.hasUplinks || !isAnnouncement(bytes, ingress.tags.tpid)) return;
    this.stations.table.lock(this.stations.fid(vid), src, nowNs);
  }

  /** R7, with its exceptions R12 and R13 for stations that were learned. */
  #isReflection({ ingress, vid, src, bytes, nowNs }: Passage): boolean {
    const known = this.stations.find(vid, src, nowNs);
    if (known === undefined || known.place === outside) return false;
    if (!this.learns || known.isBound || known.entry === undefined) return true;
    return !isAnnouncement(bytes, ingress.tags.tpid) || nowNs < known.entry.lockedUntilNs;
  }

  /** R6: whether anybody here takes unicast from outside to an address that nobody is known to have. */
  #wantsUnknown(vid: number): boolean {
    const members = this.local.filter((port) => port.hasLink && carries(port.vlan, vid));
    const asks = ({ policy }: PortState) => policy.promiscuous || (!this.learns && policy.floodUnknown);
    return isListed(this.config.floodUnknown, vid) || members.some(asks);
  }

  /** Whether an unknown destination's frame is for the port too. */
  #takesUnknown({ policy }: PortState, { ingress, vid }: Passage): boolean {
    if (policy.promiscuous || ingress.kind !== 'uplink') return policy.promiscuous || policy.floodUnknown;
    if (!this.learns) return policy.floodUnknown || isListed(this.config.floodUnknown, vid);
    return policy.floodUnknown && isListed(this.config.floodUnknown, vid);
  }

  #forward(passage: Passage, to: PortState): Reception {
    const refused = to.vlan.mode === 'private' ? 'pvlan' : 'egress_vlan';
    const copy = carries(to.vlan, passage.vid)
      ? this.#copy(passage, to)
      : { port: to.name, bytes: null, verdict: refused };
    const { ingress } = passage;
    const listeners = this.#members(passage).filter(
      (port) => port !== to && port !== ingress && port.policy.promiscuous,
    );
    return { verdict: 'forward', copies: [copy, ...listeners.map((port) => this.#copy(passage, port))] };
  }

  #flood(passage: Passage, verdict: 'flood_unknown' | 'flood_group'): Reception {
    const { ingress, vid } = passage;
    const { receivers } = this.config;
    const isFor = (port: PortState) =>
      (verdict === 'flood_group' || this.#takesUnknown(port, passage)) &&
      (ingress.kind !== 'uplink' || takesFloods(receivers, port, vid, ingress.name));
    const copies = this.#members(passage)
      .filter(isFor)
      .map((port) => this.#copy(passage, port));
    if (ingress.kind !== 'uplink' && this.hasUplinks) {
      const pin = this.#pin(passage);
      if (pin === undefined) {
        if (copies.length === 0) return dropped('no_uplink');
        copies.push({ port: ingress.name, bytes: null, verdict: 'no_uplink_copy' });
      } else if (carries(pin.vlan, vid)) {
        copies.push(this.#copy(passage, pin));
      }
    }
    return copies.length === 0 ? dropped('no_recipient') : { verdict, copies };
  }

  /** The local ports that floods of the frame's VLAN can go to. */
  #members({ ingress, vid }: Passage): PortState[] {
    const mayHave = (port: PortState) => port !== ingress || port.policy.hairpin;
    return this.local.filter((port) => mayHave(port) && port.hasLink && carries(port.vlan, vid));
  }

  #copy({ ingress, bytes, vid }: Passage, to: PortState): Copy {
    if (!to.hasLink) return { port: to.name, bytes: null, verdict: 'egress_link_down' };
    if (to.isBlocked) return { port: to.name, bytes: null, verdict: 'mac_change' };
    const out = retag(ingress, to, vid, bytes);
    const isPadded = this.config.padding && (to.kind !== 'vnic' || out.lostTag);
    return { port: to.name, bytes: isPadded ? padded(out.bytes) : out.bytes, verdict: 'delivered' };
  }

  /** The uplink that carries a local port's frames; undefined when none is usable. */
  #pin({ ingress, src }: Passage): PortState | undefined {
    const uplink = ingress.team.pin(ingress.index, src);
    return uplink === undefined ? undefined : this.port(uplink);
  }
}
