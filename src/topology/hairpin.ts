/** `hairpin` at ports of physical switches is for end stations (802.1Qbg): between switches, two of them make a loop. */
import type { Link } from './model.ts';
import { portIndex, type World } from './ports.ts';
import type { Problems } from './problem.ts';

/** Refuses it at members of a LAG, and at cables between switches. */
export function checkHairpins(world: World, links: readonly Link[], problems: Problems): void {
  const ports = portIndex(world);
  const far = new Map(links.flatMap(({ a, b }) => [[a, b] as const, [b, a] as const]));
  for (const { name, ports: own } of world.switches) {
    for (const port of own) {
      if (!port.policy.hairpin) continue;
      const path = ['physical', 'switches', name, 'ports', port.name, 'hairpin'];
      if (port.lag !== undefined) problems.add(path, `the port belongs to LAG ${port.lag}; leave hairpin out`);
      const other = far.get(`${name}/${port.name}`) ?? '';
      if (ports.get(other)?.kind !== 'physical port') continue;
      problems.add(path, `the cable leads to ${other}, a switch, which would flood what comes back; leave hairpin out`);
    }
  }
}
