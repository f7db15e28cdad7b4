/**
 * A querier and the switches beside it that snoop: what it says has to make its port a router port there, and to come before they forget.
 */
import type { Link } from './model.ts';
import type { Multicast } from './multicast-model.ts';
import { portIndex, vswitchOf, type World } from './ports.ts';
import type { Path, Problems } from './problem.ts';

interface Side {
  readonly name: string;
  readonly multicast: Multicast;
  readonly path: Path;
}

/** One warning for each querier and reason, at the querier. */
export function cautionGroups(world: World, links: readonly Link[], problems: Problems): void {
  const told = new Set<string>();
  for (const { a, b } of links) {
    const ends = [sideOf(a, world), sideOf(b, world)];
    for (const [near, far] of [ends, ends.toReversed()]) {
      const querier = near?.multicast.querier;
      if (near === undefined || far?.multicast.mode !== 'snooping' || !querier || far.multicast.querier !== null)
        continue;
      const warn = (key: string, why: string) => {
        const place = [...near.path, 'multicast', 'querier', key];
        if (told.has(place.join('.'))) return;
        told.add(place.join('.'));
        problems.warn(place, why);
      };
      if (querier.address === null && far.multicast.routerPorts.length === 0)
        warn(
          'address',
          `without an address its IPv4 queries come from 0.0.0.0, which makes no router port of theirs (RFC 4541): ${far.name} keeps reports to itself; write querier: { address: 10.0.0.254 } or the like`,
        );
      if (querier.intervalNs >= far.multicast.ageingNs)
        warn(
          'interval',
          `it asks every ${querier.intervalNs / 1e9}s, and ${far.name} forgets members after ${far.multicast.ageingNs / 1e9}s; write an ageing above two intervals there`,
        );
    }
  }
}

function sideOf(port: string, world: World): Side | undefined {
  const end = portIndex(world).get(port);
  if (end?.kind === 'physical port') {
    const { name, multicast } = end.switch;
    return multicast && { name, multicast, path: ['physical', 'switches', name] };
  }
  const vswitch = vswitchOf(port, world);
  if (end?.kind !== 'uplink' || vswitch?.multicast === undefined) return undefined;
  const { name } = end.host;
  const path = ['hosts', name, 'vswitches', vswitch.name];
  return { name: `${name}/${vswitch.name}`, multicast: vswitch.multicast, path };
}
