/**
 * Physical switches without VLANs beside hosts or switches that have some: they take tags for payload, which is fine for forwarding and nothing
 * else. What looks into a VLAN there sees none.
 */
import type { Link, PhysicalSwitch } from './model.ts';
import { portIndex, vswitchOf, type World } from './ports.ts';
import type { Problems } from './problem.ts';

/** Warns where such a switch snoops, or is on the way of a mirror's VLAN. */
export function cautionPlain(world: World, links: readonly Link[], problems: Problems): void {
  const remote = remoteVlan(world);
  for (const each of world.switches) {
    if (each.ports.some(({ vlan }) => vlan.mode !== 'transparent') || !hearsTags(each, world, links)) continue;
    const path = ['physical', 'switches', each.name];
    if (each.multicast !== undefined) {
      const asks =
        each.multicast.querier === null ? '' : ', and nobody in a VLAN hears its own queries, which have no tag';
      const why = `its ports have no VLANs, and others send it tagged frames: reports and queries pass as payload, nothing is learned from them${asks}; give its ports vlan: 1-4094`;
      problems.warn([...path, 'multicast'], why);
    }
    if (remote !== null) {
      const why = `its ports have no VLANs, so that it learns from the copies in VLAN ${remote} of a mirror and sends some of them back; give its ports vlan: 1-4094`;
      problems.warn([...path, 'ports'], why);
    }
  }
}

function remoteVlan({ hosts, switches }: World): number | null {
  const mirrors = [...hosts.flatMap(({ vswitches }) => vswitches), ...switches].flatMap(({ mirrors = [] }) => mirrors);
  for (const { to } of mirrors) if ('vlan' in to) return to.vlan;
  return null;
}

/** Whether a host or a switch that tags its frames is plugged into the switch. */
function hearsTags({ name }: PhysicalSwitch, world: World, links: readonly Link[]): boolean {
  const ports = portIndex(world);
  return links.some(({ a, b }) =>
    [
      [a, b],
      [b, a],
    ].some(([near, far]) => {
      const port = ports.get(near!);
      if (port?.kind !== 'physical port' || port.switch.name !== name) return false;
      const other = ports.get(far!);
      if (other?.kind === 'physical port') return other.port.vlan.mode === 'trunk';
      return vswitchOf(far!, world)?.uplinkVlan.mode === 'trunk';
    }),
  );
}
