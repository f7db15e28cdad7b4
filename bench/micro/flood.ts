/** What does a broadcast to 8 ports cost, frame by frame: 8 copies counted and queued, none of a byte? */
import { Rig, vms } from '../rig.ts';
import { BROADCAST, frame, station } from '../traffic.ts';
import { suite } from './suite.ts';

const COPIES = 8;
const BURST = 64;
const rig = new Rig(
  { vswitches: { s: { portGroups: { g: {} } } }, vms: vms(COPIES + 1) },
  { burst: BURST, ringEntries: 256 },
);
rig.load(
  0,
  Array.from({ length: BURST }, () => frame(BROADCAST, station(0), 60)),
);
await suite(
  'flood',
  [
    {
      name: `broadcast to ${COPIES} ports`,
      frames: BURST,
      run: () => {
        const moved = rig.round();
        // The sinks give nothing back: without this the counts of references would rise for ever.
        rig.settle();
        return moved;
      },
    },
  ],
  () => {
    const { balanced, drops, framesIn, delivered } = rig.ledger();
    return {
      balanced: balanced && delivered === COPIES * framesIn,
      drops,
      checksum: `${delivered / framesIn} copies a frame`,
    };
  },
);
