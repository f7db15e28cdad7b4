/**
 * What does a tag cost? From an access port to a trunk it is pushed, the other way it is stripped, between access ports of
 * one VLAN nothing is done: a descriptor is edited, no byte of the frame. The last is the common way through visit.ts, the
 * others go through relay.ts.
 */
import { Rig, vms } from '../rig.ts';
import { frame, station } from '../traffic.ts';
import { suite } from './suite.ts';

const BURST = 64;
const VID = 10;
const GROUPS = { access: { vlan: VID }, trunk: { vlan: '10,20' } };
/** Bits of a descriptor that say how its tag differs from the stored one (core/frame.ts): 0 as stored, 1 stripped, 2 inserted. */
const TAG_SHIFT = 26n;

interface Way {
  readonly name: string;
  readonly from: 'access' | 'trunk';
  readonly to: 'access' | 'trunk';
  readonly tag: bigint;
}

const ways: readonly Way[] = [
  { name: 'access to access: no change', from: 'access', to: 'access', tag: 0n },
  { name: 'access to trunk: tag pushed', from: 'access', to: 'trunk', tag: 2n },
  { name: 'trunk to access: tag stripped', from: 'trunk', to: 'access', tag: 1n },
];

/** vm0 sends, vm1 is registered and silent. */
function rigOf({ name, from, to, tag }: Way): Rig {
  const rig = new Rig(
    { vswitches: { s: { portGroups: GROUPS } }, vms: vms([from, to]) },
    { burst: BURST, ringEntries: 256 },
  );
  const tagged = from === 'trunk' ? VID : undefined;
  const frames = Array.from({ length: BURST }, () => frame(station(1), station(0), 60, tagged));
  rig.load(0, frames);
  rig.bind(VID, station(1), 1);
  rig.lap();
  rig.lap((port, _at, descriptor) => {
    if (port !== 1 || ((descriptor >> TAG_SHIFT) & 3n) !== tag) throw new Error(`${name}: came out otherwise`);
  });
  return rig;
}

const rigs = ways.map(rigOf);
await suite(
  'vlan',
  ways.map(({ name }, i) => ({ name, frames: BURST, run: () => rigs[i]!.round() })),
  () => ({
    balanced: rigs.every((rig) => rig.ledger().balanced && rig.verdict('flood_unknown') === 0),
    drops: Object.assign({}, ...rigs.map((rig) => rig.ledger().drops)),
    checksum: ways.map(({ tag }) => tag).join(' '),
  }),
);
