/**
 * VLANs: what a user writes for a port, and the tag treatment it stands for.
 *
 * | written | port |
 * | --- | --- |
 * | 0-4094 | access (ESXi: 0 is EST, 1-4094 is VST) |
 * | 4095 | trunk of 0-4094 (ESXi: VGT) |
 * | "10-20", "10,20-30", [10, "20-30"] | trunk |
 */
import type { PortVlan, VlanRange } from './model.ts';
import type { Path, Problems } from './problem.ts';
import { Refusal } from './value.ts';

export const vidMax = 4094;
const vgtVid = 4095;
const allowed = '0-4094, 4095 for all, or several such as "10,20-30"';

/** A single VID makes an access port; anything else is a set of ranges. */
export type Vlan = { readonly vid: number } | { readonly vids: readonly VlanRange[] };

export function readVlan(value: unknown): Vlan {
  const single = typeof value === 'string' && /^\d+$/.test(value) ? Number(value) : value;
  if (single === vgtVid) return { vids: [{ first: 0, last: vidMax }] };
  if (typeof single === 'number') {
    if (Number.isInteger(single) && single >= 0 && single <= vidMax) return { vid: single };
    throw new Refusal(value, 'a VLAN', allowed);
  }
  return { vids: ranges(value) };
}

/** As readVlan, but one VID is a set of one: for uplinks, which are always trunks. */
export function readVlanSet(value: unknown): readonly VlanRange[] {
  const vlan = readVlan(value);
  return 'vids' in vlan ? vlan.vids : [{ first: vlan.vid, last: vlan.vid }];
}

function ranges(value: unknown): readonly VlanRange[] {
  const parts = typeof value === 'string' ? value.split(',') : value;
  if (!Array.isArray(parts) || parts.length === 0) throw new Refusal(value, 'a VLAN', allowed);
  return union(
    parts.flatMap((part) => (typeof part === 'string' ? part.split(',') : [part])).map((part) => range(part)),
  );
}

function range(part: unknown): VlanRange {
  const text = typeof part === 'number' || typeof part === 'string' ? String(part) : '';
  const match = /^\s*(\d+)(?:\s*-\s*(\d+))?\s*$/.exec(text);
  const first = Number(match?.[1]);
  const last = Number(match?.[2] ?? match?.[1]);
  if (match === null || last > vidMax) throw new Refusal(part ?? null, 'a VLAN', allowed);
  if (first > last) throw new Refusal(part, 'a range of VLANs', `the lower end stands first: ${last}-${first}`);
  return { first, last };
}

/** The same VLANs in rising order, ranges that touch or overlap made one. */
export function union(ranges: readonly VlanRange[]): VlanRange[] {
  const result: VlanRange[] = [];
  for (const each of ranges.toSorted((a, b) => a.first - b.first)) {
    const before = result.at(-1);
    if (before === undefined || each.first > before.last + 1) result.push(each);
    else result[result.length - 1] = { first: before.first, last: Math.max(before.last, each.last) };
  }
  return result;
}

/** What is in `ranges` and not in `others`, both as union gives them. */
export function difference(ranges: readonly VlanRange[], others: readonly VlanRange[]): VlanRange[] {
  return ranges.flatMap((range) => {
    const left: VlanRange[] = [];
    let first = range.first;
    for (const other of others) {
      if (other.last < first || other.first > range.last) continue;
      if (other.first > first) left.push({ first, last: other.first - 1 });
      first = other.last + 1;
    }
    return first > range.last ? left : [...left, { first, last: range.last }];
  });
}

/** The VLANs as a user writes them: `10,20-30`. */
export function vlanText(ranges: readonly VlanRange[]): string {
  return ranges.map(({ first, last }) => (first === last ? `${first}` : `${first}-${last}`)).join(',');
}

export const allVlans: readonly VlanRange[] = [{ first: 0, last: vidMax }];

/** The VLANs in which unknown unicast from outside is flooded: `flood` for all, `drop` for none, or a set. */
export function readUnknownFromOutside(value: unknown): readonly VlanRange[] {
  if (value === 'flood') return allVlans;
  if (value === 'drop') return [];
  try {
    return readVlanSet(value);
  } catch (error) {
    if (!(error instanceof Refusal)) throw error;
    throw new Refusal(value, 'one of the choices', 'flood, drop, or VLANs such as "10,20-30"');
  }
}

/** The keys of a port group or physical port that say which VLANs it has. */
export interface VlanKeys {
  readonly vlan?: Vlan | undefined;
  readonly native?: number | undefined;
  readonly nativeTagged?: boolean | undefined;
  readonly tunnel?: boolean | undefined;
}

/** The port's VLANs; `unset` where the user says nothing. `privateVlans` as in PrivateVlans.receives. */
export function portVlan(
  keys: VlanKeys,
  unset: PortVlan,
  path: Path,
  problems: Problems,
  privateVlans: ReadonlyMap<number, readonly number[]> = new Map(),
): PortVlan {
  const { vlan, native, nativeTagged = false, tunnel = false } = keys;
  refuseNative(keys, path, problems);
  const vid = vlan !== undefined && 'vid' in vlan ? vlan.vid : 0;
  const receives = privateVlans.get(vid);
  if (tunnel && vid === 0 && !problems.lost([...path, 'vlan'])) {
    problems.add([...path, 'tunnel'], 'tunnel needs one service VLAN; write vlan: 1-4094');
  } else if (tunnel && receives !== undefined) {
    problems.add([...path, 'tunnel'], `VLAN ${vid} is private; a tunnel needs one that is not in privateVlans`);
  }
  if (tunnel) return { mode: 'tunnel', vid };
  if (vlan === undefined) return unset;
  if ('vids' in vlan) return { mode: 'trunk', vids: vlan.vids, ...(native !== undefined && { native }), nativeTagged };
  return receives === undefined ? { mode: 'access', vid } : { mode: 'private', vid, receives };
}

function refuseNative({ vlan, native, nativeTagged = false }: VlanKeys, path: Path, problems: Problems): void {
  if (native === undefined) {
    if (nativeTagged && !problems.lost([...path, 'native'])) {
      problems.add([...path, 'nativeTagged'], 'nativeTagged has no native VLAN; write native: 1-4094');
    }
  } else if (vlan === undefined || 'vid' in vlan) {
    if (problems.lost([...path, 'vlan'])) return;
    const why = 'native stands only beside a trunk; write vlan as a range or list, such as 1-4094';
    problems.add([...path, 'native'], why);
  } else if (difference([{ first: native, last: native }], vlan.vids).length > 0) {
    problems.add([...path, 'native'], `native ${native} is not among the trunk's VLANs; add it to vlan`);
  }
}

/** The VLANs a port takes part in, as ranges; a transparent port has none. */
export function vlansOf(vlan: PortVlan): readonly VlanRange[] {
  if (vlan.mode === 'transparent') return [];
  return vlan.mode === 'trunk' ? vlan.vids : [{ first: vlan.vid, last: vlan.vid }];
}
