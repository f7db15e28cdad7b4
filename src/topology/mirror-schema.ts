/** The keys of a mirror. What they mean together is checked by mirror.ts. */
import type { z } from 'zod';
import { verdictsThatDrop } from './generated/verdicts.ts';
import { vlanJson } from './port-schema.ts';
import { type Reader, readName } from './scalar.ts';
import { flag, integer, list, map, named, refuse, scalar, spelled } from './shape.ts';
import { hint } from './suggestion.ts';
import { isMap, Refusal } from './value.ts';
import { readVlanSet, vidMax } from './vlan.ts';

/** Frames that die with their worker are gone, and nobody can copy them; what comes in by a mirror's port is nobody's business. */
const neverCopied = ['worker_died', 'copy_died', 'mirror_port'];
export const verdictsToCopy: readonly string[] = verdictsThatDrop.filter((name) => !neverCopied.includes(name));

/** A port of the same switch by its own name or with its owner's, or a pattern of either. */
const readPort: Reader<string> = (value) => {
  const text = typeof value === 'number' ? String(value) : value;
  if (typeof text === 'string' && text.trim() !== '') return text;
  throw new Refusal(value, 'a port', 'a port of this switch, such as web1, esx1/web1 or vmnic*');
};

const readDrops: Reader<readonly string[]> = (value) => {
  if (value === true) return verdictsToCopy;
  if (value === false) return [];
  if (!Array.isArray(value) || value.length === 0)
    throw new Refusal(value, 'true, false or a list of verdicts', 'such as [deja_vu, queue_full]');
  for (const name of value) {
    if (!verdictsToCopy.includes(name))
      throw new Refusal(name, 'a verdict that drops', hint(String(name), verdictsToCopy, 'allowed:'));
  }
  return value;
};

const ports = (description: string) =>
  list(scalar(readPort, { description: 'A port of this switch, or a pattern.', type: ['string', 'integer'] }), {
    description,
  });

const to = spelled(
  (value, context) => {
    if (isMap(value)) return value;
    if (typeof value === 'string' || typeof value === 'number') return { port: value };
    return refuse(context, new Refusal(value, 'a port or a VLAN', 'such as ids1, or { vlan: 999 }'));
  },
  map(
    {
      port: scalar(readPort, { description: 'A port of this switch.', type: ['string', 'integer'] }).optional(),
      vlan: integer(1, vidMax, 'The VLAN that carries the copies to other switches (RSPAN).').optional(),
    },
    { description: 'Where copies go.' },
  ),
  {
    description: 'Where copies go: a port, which then carries nothing else, or { vlan: 999 } for another switch.',
    also: [{ type: ['string', 'integer'] }],
  },
);

const mirror = map(
  {
    from: ports('Ports whose frames are copied, both ways.').optional(),
    in: ports('Ports whose frames are copied as they come in.').optional(),
    out: ports('Ports whose frames are copied as they leave.').optional(),
    all: flag('Every port, both ways. Default false.').optional(),
    vlans: scalar(readVlanSet, {
      description: 'Only frames of these VLANs; without ports and drops, all that comes in of them.',
      ...vlanJson,
    }).optional(),
    drops: scalar(readDrops, {
      description: 'Frames that die, at any port: true for all, or a list of verdicts. Default false.',
      anyOf: [{ type: 'boolean' }, { type: 'array', items: { enum: verdictsToCopy } }],
    }).optional(),
    to,
    snap: integer(64, 65_535, 'Bytes kept of a copy. Default: all.').optional(),
    sample: integer(1, 0xffff_ffff, 'One in so many of the frames that match. Default 1, all.').optional(),
    transit: flag(
      'To a VLAN: copies of what came in by an uplink may leave by one, against R1. Default false.',
    ).optional(),
    off: flag('Copies nothing until mirrorOn. Default false.').optional(),
  },
  { description: 'Copies of frames for somebody who watches.' },
);

export const mirrors = named(mirror, { description: 'Mirrors (SPAN, RSPAN) by name. Default: none.' }, readName);

export type MirrorEntry = z.output<typeof mirror>;
