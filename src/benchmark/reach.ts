/**
 * Which vNICs a vNIC's untagged frames can come to, as the topology says: the layer-2 domain and the VLAN. Nothing is sent for it;
 * what a physical switch's own VLANs keep apart shows in the learning phase of a trial.
 */
import type { PortName, PortVlan, Topology } from '../topology/model.ts';
import { allPorts, ownerOf, portIndex, vswitchOf } from '../topology/ports.ts';

/** A vNIC by what decides whom it reaches. */
interface Place {
  /** The vSwitch, within which no uplink is needed. */
  readonly own: string;
  readonly domain: string;
  readonly vlan: PortVlan;
}

/** All vNICs in the order of their declaration. */
export function vnicsOf(topology: Topology): PortName[] {
  const index = portIndex(topology);
  return allPorts(topology).filter((name) => index.get(name)!.kind === 'vNIC');
}

/** Who gets the broadcasts of vNIC `from`, in the order of their declaration; it is not among them. */
export function receiversOf(topology: Topology, from: PortName): PortName[] {
  const reach = new Reach(topology);
  return vnicsOf(topology).filter((to) => reach.carries(from, to));
}

/** The vNICs in groups of which nothing keeps any from any other one, the largest first; without those that reach nobody. */
export function groupsOf(topology: Topology, vnics: readonly PortName[]): PortName[][] {
  const reach = new Reach(topology);
  // One stands for all of its kind, or large hosts would take long.
  const groups: { readonly members: PortName[]; readonly kinds: Map<string, PortName> }[] = [];
  for (const name of vnics) {
    const isOpen = (each: PortName): boolean => (reach.obstacle(each, name) ?? reach.obstacle(name, each)) === null;
    const found = groups.find(({ kinds }) => [...kinds.values()].every(isOpen));
    const group = found ?? { members: [], kinds: new Map<string, PortName>() };
    if (found === undefined) groups.push(group);
    group.members.push(name);
    group.kinds.set(reach.kind(name), name);
  }
  const lists = groups.map(({ members }) => members).filter((members) => members.length > 1);
  return lists.sort((a, b) => b.length - a.length);
}

export class Reach {
  readonly #topology: Topology;
  readonly #peers: ReadonlyMap<PortName, PortName>;
  readonly #next = new Map<string, string>();
  readonly #places = new Map<PortName, Place>();

  constructor(topology: Topology) {
    this.#topology = topology;
    this.#peers = new Map(topology.links.flatMap(({ a, b }) => [[a, b] as const, [b, a] as const]));
    for (const { a, b } of topology.links) {
      const [one, other] = [this.#end(a), this.#end(b)];
      // A vSwitch lets nothing through from uplink to uplink (R1): only two of them on one cable are joined by it.
      if (this.#isSwitch(a) === this.#isSwitch(b)) this.#join(one, other);
    }
  }

  /** Whether frames of `from` can come to `to`, and the other way. */
  joins(from: PortName, to: PortName): boolean {
    return this.carries(from, to) && this.carries(to, from);
  }

  /** Whether frames of `from` can come to `to`. */
  carries(from: PortName, to: PortName): boolean {
    if (from === to) return false;
    const [a, b] = [this.#place(from), this.#place(to)];
    return isNear(a, b) && carries(a.vlan, b.vlan);
  }

  /**
   * Why frames of `from` surely cannot come to `to`, in words to stand behind a colon; null: they can, or it cannot be told from here
   * (ports of physical switches may give untagged frames another VLAN; a trunk's guest gets them tagged).
   */
  obstacle(from: PortName, to: PortName): string | null {
    const [a, b] = [this.#place(from), this.#place(to)];
    if (!isNear(a, b)) return 'no cable joins their vSwitches';
    const vid = untagged(a.vlan);
    if (vid === null) return `the trunk of ${from} has no VLAN for untagged frames`;
    if (carries(a.vlan, b.vlan) || b.vlan.mode === 'transparent') return null;
    if (a.own !== b.own && (vid === 0 || this.#mayTranslate())) return null;
    if (b.vlan.mode === 'private') return `the private VLAN of ${to} takes nothing from VLAN ${vid}`;
    if (b.vlan.mode !== 'trunk') return `VLANs ${vid} and ${b.vlan.vid} differ`;
    if (b.vlan.native === vid || b.vlan.vids.some(({ first, last }) => first <= vid && vid <= last)) return null;
    return `the trunk of ${to} does not carry VLAN ${vid}`;
  }

  /** vNICs of one kind reach the same ones. */
  kind(name: PortName): string {
    const { own, domain, vlan } = this.#place(name);
    return JSON.stringify([own, domain, vlan]);
  }

  /** VLAN of a vNIC's untagged frames; null: none, or none that holds for all of them. */
  vlan(name: PortName): number | null {
    return untagged(this.#place(name).vlan) || null;
  }

  /** Frames enter and leave the usual ports of physical switches in the same VLAN. */
  #mayTranslate(): boolean {
    const ports = this.#topology.switches.flatMap((each) => each.ports);
    return ports.some(({ vlan }) => vlan.mode !== 'transparent' && (vlan.mode !== 'trunk' || (vlan.native ?? 1) !== 1));
  }

  #place(name: PortName): Place {
    const known = this.#places.get(name);
    if (known !== undefined) return known;
    const port = portIndex(this.#topology).get(name)!;
    if (port.kind !== 'vNIC') throw new Error(`${name} is no vNIC`);
    const vswitch = port.host.vswitches.find((each) => each.name === port.nic.vswitch)!;
    const group = vswitch.portGroups.find((each) => each.name === port.nic.portGroup)!;
    const own = `${port.host.name}/${vswitch.name}`;
    const peer = [...group.teaming.active, ...group.teaming.standby]
      .map((uplink) => this.#peers.get(`${port.host.name}/${uplink}`))
      .find((each) => each !== undefined);
    const domain = this.#of(peer !== undefined && this.#isSwitch(peer) ? ownerOf(peer) : own);
    const place = { own, domain, vlan: group.vlan };
    this.#places.set(name, place);
    return place;
  }

  #isSwitch(port: PortName): boolean {
    return portIndex(this.#topology).get(port)?.kind === 'physical port';
  }

  #end(port: PortName): string {
    if (this.#isSwitch(port)) return ownerOf(port);
    return `${ownerOf(port)}/${vswitchOf(port, this.#topology)?.name ?? ''}`;
  }

  #of(name: string): string {
    let root = name;
    for (let next = this.#next.get(root); next !== undefined; next = this.#next.get(root)) root = next;
    return root;
  }

  #join(a: string, b: string): void {
    const [from, to] = [this.#of(a), this.#of(b)];
    if (from !== to) this.#next.set(from, to);
  }
}

const isNear = (a: Place, b: Place): boolean => a.own === b.own || a.domain === b.domain;

/** VLAN of a guest's untagged frames; 0 where there are none, null where they are dropped. */
function untagged(vlan: PortVlan): number | null {
  if (vlan.mode === 'transparent') return 0;
  if (vlan.mode !== 'trunk') return vlan.vid;
  return vlan.native ?? (vlan.vids.some(({ first }) => first === 0) ? 0 : null);
}

/** Whether what enters by one port leaves untagged by another. */
function carries(from: PortVlan, to: PortVlan): boolean {
  const vid = untagged(from);
  if (vid === null) return false;
  return to.mode === 'private' ? to.receives.includes(vid) : untagged(to) === vid;
}
