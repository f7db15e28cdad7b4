/** Which vNICs of a topology take part in a test between many. */
import type { PortName } from '../../topology/model.ts';
import { matchPorts } from '../../topology/ports.ts';
import { BenchError } from '../error.ts';
import { vnicsOf } from '../reach.ts';
import type { SuiteContext } from '../suite.ts';

/**
 * The vNICs that the user named by either option, or all, at most `most`.
 * @throws BenchError where there are fewer than `least`.
 */
export function vnicsFor({ topology, settings }: SuiteContext, least: number, most: number): PortName[] {
  const vnics = vnicsOf(topology);
  const globs = [settings.from, settings.to].flatMap((text) => text?.split(',') ?? []);
  const named = new Set(globs.flatMap((glob) => matchPorts(topology, glob.trim())));
  const ports = globs.length === 0 ? vnics : vnics.filter((name) => named.has(name));
  if (ports.length >= least) return ports.slice(0, most);
  const remedy = globs.length === 0 ? 'give a topology with more VMs' : 'name more with --from and --to';
  throw new BenchError(`${ports.length} vNICs are too few; this test takes ${least}`, remedy);
}
