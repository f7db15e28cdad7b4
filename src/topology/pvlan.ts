/**
 * Private VLANs (RFC 5517): a primary VLAN with the secondary ones, isolated or communities, that share its addresses.
 */
import type { Path, Problems } from './problem.ts';
import type { PrivateVlanEntry } from './vswitch-schema.ts';

export interface PrivateVlans {
  /** For each VLAN, the VLANs whose frames its ports get. */
  readonly receives: ReadonlyMap<number, readonly number[]>;
  /** For each private VLAN its primary VLAN and all secondary ones. */
  readonly families: readonly (readonly number[])[];
}

export function privateVlansOf(
  entries: readonly (PrivateVlanEntry | undefined)[] = [],
  path: Path,
  problems: Problems,
): PrivateVlans {
  const receives = new Map<number, readonly number[]>();
  const families: number[][] = [];
  for (const [i, entry] of entries.entries()) {
    if (entry === undefined) continue;
    const { primary, isolated, community = [] } = entry;
    const family: number[] = [];
    const add = (vid: number, from: readonly number[], place: Path) => {
      if (receives.has(vid)) {
        problems.add([...path, i, ...place], `VLAN ${vid} is private already; each VLAN once in privateVlans`);
        return;
      }
      receives.set(vid, from);
      family.push(vid);
    };
    add(primary, family, ['primary']);
    if (isolated !== undefined) add(isolated, [primary], ['isolated']);
    for (const [j, vid] of community.entries()) {
      if (vid !== undefined) add(vid, [primary, vid], ['community', j]);
    }
    families.push(family);
  }
  return { receives, families };
}
