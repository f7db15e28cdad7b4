/**
 * What does a frame cost that its VLAN keeps out? It is taken from the ring, classified, counted and given back, and nothing
 * is learned or looked up: the price of the door. Beside it the same port with a frame that may enter.
 */
import { Rig, vms } from '../rig.ts';
import { frame, station } from '../traffic.ts';
import { suite } from './suite.ts';

const BURST = 64;
const GROUPS = { access: { vlan: 10 }, trunk: { vlan: '10,20' } };
const REFUSED = 'vlan_not_member';

interface Way {
  readonly name: string;
  readonly from: 'access' | 'trunk';
  readonly vid?: number;
  readonly isRefused: boolean;
}

const ways: readonly Way[] = [
  { name: 'access port, untagged: enters', from: 'access', isRefused: false },
  { name: 'access port, tagged with another VLAN: refused', from: 'access', vid: 20, isRefused: true },
  { name: 'trunk, tagged with a VLAN of it: enters', from: 'trunk', vid: 20, isRefused: false },
  { name: 'trunk, tagged with another: refused', from: 'trunk', vid: 30, isRefused: true },
];

/** vm0 sends to vm1, a port of the same kind. */
const rigs = ways.map(({ from, vid }) => {
  const rig = new Rig(
    { vswitches: { s: { portGroups: GROUPS } }, vms: vms([from, from]) },
    { burst: BURST, ringEntries: 256 },
  );
  rig.load(
    0,
    Array.from({ length: BURST }, () => frame(station(1), station(0), 60, vid)),
  );
  rig.bind(vid ?? 10, station(1), 1);
  return rig;
});

await suite(
  'classify',
  ways.map(({ name }, i) => ({
    name,
    frames: BURST,
    run: () => {
      // What is refused is given back, and is to come again.
      rigs[i]!.settle(Rig.HELD);
      return rigs[i]!.round();
    },
  })),
  () => ({
    balanced: rigs.every((rig, i) => {
      const { balanced, framesIn, delivered } = rig.ledger();
      const [refused, entered] = ways[i]!.isRefused ? [framesIn, 0] : [0, framesIn];
      return balanced && rig.verdict(REFUSED) === refused && delivered === entered;
    }),
    // Those that were meant to be.
    drops: {},
    checksum: ways.map(({ isRefused }) => Number(isRefused)).join(' '),
  }),
);
