/**
 * Shared VLAN learning (802.1Q-2018 8.8.8): VLANs with one filtering database, hence one FID.
 */
import type { Path, Problems } from './problem.ts';

type Lists = readonly (readonly (number | undefined)[] | undefined)[];

/** The lists as written, then the families of private VLANs, which share their addresses anyway. */
export function sharedVlansOf(
  lists: Lists = [],
  families: readonly (readonly number[])[],
  path: Path,
  problems: Problems,
): (readonly number[])[] {
  const taken = new Map<number, string>(families.flat().map((vid) => [vid, 'in privateVlans']));
  const shared = lists.flatMap((list, i) => {
    if (list === undefined) return [];
    const place = [...path, i];
    const vids = list.flatMap((vid, j) => {
      if (vid === undefined) return [];
      const where = taken.get(vid);
      if (where !== undefined) problems.add([...place, j], `VLAN ${vid} stands ${where} already; each VLAN once`);
      taken.set(vid, 'in sharedVlans');
      return [vid];
    });
    if (list.length < 2) problems.add(place, 'one VLAN shares with no other; write two or more, such as [10, 20]');
    return [vids];
  });
  return [...shared, ...families];
}
