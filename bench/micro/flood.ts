/** What does a broadcast to 8 and to 32 ports cost, frame by frame: every copy counted and queued, none of a byte? */
import { Rig, vms } from '../rig.ts';
import { BROADCAST, frame, station } from '../traffic.ts';
import { suite } from './suite.ts';

const FANS = [8, 32];
const BURST = 64;
const rigs = FANS.map((copies) => {
  const vswitch = { portGroups: { g: {} } };
  const rig = new Rig({ vswitches: { s: vswitch }, vms: vms(copies + 1) }, { burst: BURST, ringEntries: 256 });
  rig.load(
    0,
    Array.from({ length: BURST }, () => frame(BROADCAST, station(0), 60)),
  );
  return rig;
});
await suite(
  'flood',
  rigs.map((rig, i) => ({
    name: `broadcast to ${FANS[i]} ports`,
    frames: BURST,
    run: () => {
      const moved = rig.round();
      // The sinks give nothing back: without this the counts of references would rise for ever.
      rig.settle();
      return moved;
    },
  })),
  () => {
    const ledgers = rigs.map((rig) => rig.ledger());
    const copies = ledgers.map(({ delivered, framesIn }) => delivered / framesIn);
    return {
      balanced: ledgers.every(({ balanced }, i) => balanced && copies[i] === FANS[i]),
      drops: Object.assign({}, ...ledgers.map(({ drops }) => drops)),
      checksum: `${copies.join(' and ')} copies a frame`,
    };
  },
);
