/**
 * What a port makes of tags beside its VLANs: acceptable frames, ingress filter, EtherType.
 */
import { tagRulesDefault } from './defaults.ts';
import type { PortVlan, TagRules } from './model.ts';
import type { Path, Problems } from './problem.ts';
import { vlansOf } from './vlan.ts';

export interface TagKeys {
  readonly tag?: 'c' | 's' | undefined;
  readonly accept?: 'all' | 'tagged' | 'untagged' | undefined;
  readonly ingressFilter?: boolean | undefined;
}

export const tpids = { c: 0x8100, s: 0x88a8 } as const;

/** The rules of a port with that VLAN setting. */
export function tagRules(keys: TagKeys, vlan: PortVlan, path: Path, problems: Problems): TagRules {
  const { tag = 'c', accept, ingressFilter = tagRulesDefault.ingressFilter } = keys;
  const doubtful = ['vlan', 'native', 'tunnel'].some((key) => problems.lost([...path, key]));
  if (!doubtful) refuseUseless(keys, vlan, path, problems);
  return { accepts: accept ?? tagRulesDefault.accepts, ingressFilter, tpid: tpids[tag] };
}

function refuseUseless({ tag, accept, ingressFilter }: TagKeys, vlan: PortVlan, path: Path, problems: Problems): void {
  const { mode } = vlan;
  const refuse = (key: string, message: string) => problems.add([...path, key], message);
  if (tag === 's' && mode !== 'trunk') {
    refuse('tag', 's stands only beside a trunk; write vlan as a range or list, such as 1-4094');
  }
  if (mode === 'transparent' || mode === 'tunnel') {
    const why = `tags pass a ${mode} port unread`;
    if (accept === 'tagged' || accept === 'untagged') refuse('accept', `${why}; leave accept out`);
    if (ingressFilter === false) refuse('ingressFilter', `${why}; leave ingressFilter out`);
  } else if (mode !== 'trunk') {
    if (accept === 'tagged')
      refuse('accept', 'an access port sends untagged frames; accept all or untagged, or a trunk');
  } else if (accept === 'untagged' && vlan.native === undefined && !vlansOf(vlan).some(({ first }) => first === 0)) {
    refuse('accept', 'the trunk has no VLAN for untagged frames; write native: 1-4094, or accept all');
  }
}
