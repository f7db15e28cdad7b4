/** Which vNICs of a topology take part in a test between many. */
import type { PortName, Topology } from '../../topology/model.ts';
import { matchPorts } from '../../topology/ports.ts';
import { BenchError } from '../error.ts';
import { groupsOf, Reach, vnicsOf } from '../reach.ts';
import type { SuiteContext } from '../suite.ts';

/**
 * The vNICs that the user named by either option, or the most of all that reach each other, at most `most`.
 * @throws BenchError where there are fewer than `least`, or where one that was named cannot reach another.
 */
export function vnicsFor({ topology, settings }: SuiteContext, least: number, most: number): PortName[] {
  const vnics = vnicsOf(topology);
  const globs = [settings.from, settings.to].flatMap((text) => text?.split(',') ?? []);
  const named = new Set(globs.flatMap((glob) => matchPorts(topology, glob.trim())));
  const ports =
    globs.length === 0
      ? (groupsOf(topology, vnics)[0] ?? vnics.slice(0, 1))
      : meshed(
          topology,
          vnics.filter((name) => named.has(name)),
        );
  if (ports.length >= least) return ports.slice(0, most);
  const remedy =
    globs.length === 0 ? 'give a topology with more VMs that reach each other' : 'name more with --from and --to';
  throw new BenchError(`${ports.length} vNICs are too few; this test takes ${least}`, remedy);
}

/** The same vNICs. Throws BenchError where one of them cannot get the frames of another. */
function meshed(topology: Topology, ports: readonly PortName[]): readonly PortName[] {
  const [group = ports.slice(0, 1)] = groupsOf(topology, ports);
  const apart = ports.find((name) => !group.includes(name));
  if (apart === undefined) return ports;
  const reach = new Reach(topology);
  for (const each of group) {
    const why = reach.obstacle(each, apart) ?? reach.obstacle(apart, each);
    if (why === null) continue;
    throw new BenchError(
      `${apart} and ${each} cannot reach each other: ${why}`,
      'name vNICs that all reach each other with --from and --to',
    );
  }
  return ports;
}
