/** A port of the reference model as it is now: its settings, and what operator, guest and guards have made of them. */
import type { PortPolicy, PortVlan, TagRules } from '../../src/topology/model.ts';
import type { ReferencePort } from './config.ts';
import { StormControl } from './storm.ts';
import type { ReferenceTeam } from './team.ts';

export class PortState {
  readonly name: string;
  readonly kind: ReferencePort['kind'];
  readonly tags: TagRules;
  readonly policy: PortPolicy;
  readonly storm: StormControl;
  /** Its place among the local ports, for teaming; -1 for an uplink. */
  readonly index: number;
  readonly team: ReferenceTeam;
  vlan: PortVlan;
  hasLink = true;
  /** A guard has taken its link away. */
  isShut = false;
  readonly #configuredMac: string | undefined;
  /** The address that the guest uses. */
  guestMac: string | undefined;

  constructor(port: ReferencePort, index: number, team: ReferenceTeam) {
    this.name = port.name;
    this.kind = port.kind;
    this.tags = port.tags;
    this.policy = port.policy;
    this.storm = new StormControl(port.policy.storm);
    this.index = index;
    this.team = team;
    this.vlan = port.vlan;
    this.#configuredMac = port.mac;
    this.guestMac = port.effectiveMac ?? port.mac;
  }

  /** The guest has changed its address and may not: it gets nothing. */
  get isBlocked(): boolean {
    return !this.policy.macChanges && this.guestMac !== this.#configuredMac;
  }

  /** The address that the host vouches for in the registered model. */
  get registeredMac(): string | undefined {
    return this.policy.macChanges ? this.guestMac : this.#configuredMac;
  }

  shut(): void {
    this.hasLink = false;
    this.isShut = true;
  }

  /** The operator has the last word, also on a port that was shut. */
  setLink(up: boolean): void {
    this.hasLink = up;
    this.isShut = false;
  }
}
