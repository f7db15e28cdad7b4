/**
 * The layer-2 domains outside of the hosts. A team counts on all its uplinks leading to the same one.
 */
import type { Link, PortName } from './model.ts';
import { ownerOf, portIndex, vswitchOf, type World } from './ports.ts';
import type { Problems } from './problem.ts';
import { listed } from './suggestion.ts';

/** Warns of teams whose uplinks end in domains that nothing joins. Uplinks without a cable lead who knows where. */
export function cautionDomains(world: World, links: readonly Link[], problems: Problems): void {
  const domains = new Domains();
  const isPhysical = (port: PortName) => portIndex(world).get(port)?.kind === 'physical port';
  for (const { a, b } of links) {
    if (isPhysical(a) && isPhysical(b)) domains.join(ownerOf(a), ownerOf(b));
  }
  const peers = peersOf(links);
  for (const host of world.hosts) {
    for (const { name, teaming, portGroups } of host.vswitches) {
      const teams = [teaming, ...portGroups.map((group) => group.teaming)];
      const used = new Set(teams.flatMap(({ active, standby }) => [...active, ...standby]));
      const ends = new Map<string, string>();
      for (const uplink of used) {
        const peer = peers.get(`${host.name}/${uplink}`);
        if (peer === undefined) continue;
        // A vSwitch lets nothing through from uplink to uplink (R1): it is an end, never a way.
        const end = isPhysical(peer) ? ownerOf(peer) : `${ownerOf(peer)}/${vswitchOf(peer, world)?.name ?? ''}`;
        const domain = domains.of(end);
        if (!ends.has(domain)) ends.set(domain, end);
      }
      if (ends.size < 2) continue;
      const why = `its uplinks lead to ${listed([...ends.values()])}, which nothing joins: what is sent by one never reaches the other; link them, or make a vSwitch for each`;
      problems.warn(['hosts', host.name, 'vswitches', name], why, 'key');
    }
  }
}

/** Warns of load-based teams that have nothing to go by. */
export function cautionLoad(world: World, links: readonly Link[], problems: Problems): void {
  const rated = new Set(links.filter(({ rateBps }) => rateBps !== null).flatMap(({ a, b }) => [a, b]));
  for (const host of world.hosts) {
    for (const { name, teaming } of host.vswitches) {
      if (teaming.policy !== 'load-based' || teaming.active.every((uplink) => rated.has(`${host.name}/${uplink}`)))
        continue;
      const why =
        'an uplink without a rate is never full, so that nobody is moved away from it; write rate: at each uplink';
      problems.warn(['hosts', host.name, 'vswitches', name, 'teaming', 'policy'], why);
    }
  }
}

/** For each cabled port the one at the other end. */
export function peersOf(links: readonly Link[]): ReadonlyMap<PortName, PortName> {
  return new Map(links.flatMap(({ a, b }) => [[a, b] as const, [b, a] as const]));
}

/** Sets that grow together (union-find). */
class Domains {
  readonly #next = new Map<string, string>();

  /** The name that stands for all of the domain. */
  of(name: string): string {
    let root = name;
    for (let next = this.#next.get(root); next !== undefined; next = this.#next.get(root)) root = next;
    if (root !== name) this.#next.set(name, root);
    return root;
  }

  join(a: string, b: string): void {
    const [from, to] = [this.of(a), this.of(b)];
    if (from !== to) this.#next.set(from, to);
  }
}
