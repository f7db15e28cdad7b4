/**
 * What does a capture cost a frame? The same known unicast through a port that is not captured, and through one that is:
 * a pcapng block with flags and packet id is written for each frame. A captured port also leaves the common way through
 * visit.ts, which is part of the price. The ring is emptied at once; moving it into a file is another thread's work.
 */
import * as L from '../../src/engine/generated/layout.ts';
import { Rig, vms } from '../rig.ts';
import { frame, station } from '../traffic.ts';
import { suite } from './suite.ts';

const BURST = 64;
const SENDER = 'h/vm0';

interface Variant {
  readonly bytes: number;
  readonly captured: boolean;
}

const variants: readonly Variant[] = [60, 1514].flatMap((bytes) =>
  [false, true].map((captured) => ({ bytes, captured })),
);

function rigOf({ bytes, captured }: Variant): Rig {
  const rig = new Rig(
    { vswitches: { s: { portGroups: { g: {} } } }, vms: vms(2) },
    { burst: BURST, ringEntries: 256, watch: captured ? [SENDER] : [] },
  );
  for (const port of [0, 1])
    rig.load(
      port,
      Array.from({ length: BURST }, () => frame(station(1 - port), station(port), bytes)),
    );
  rig.lap();
  return rig;
}

/** Frames written to and refused by the capture ring. */
function written({ network }: Rig): { frames: number; lost: number } {
  const [point] = network.plan.captures.flatMap(({ points }) => points);
  if (point === undefined) return { frames: 0, lost: 0 };
  const count = (field: number): number => network.memory.count(point.address + field);
  return { frames: count(L.CapturePoint_frames), lost: count(L.CapturePoint_lost) };
}

const rigs = variants.map(rigOf);
await suite(
  'capture',
  variants.map(({ bytes, captured }, i) => ({
    name: `${bytes} bytes, ${captured ? 'captured on one of two ports' : 'not captured'}`,
    frames: 2 * BURST,
    run: () => rigs[i]!.round(),
  })),
  () => ({
    balanced: rigs.every((rig, i) => {
      const { balanced, framesIn } = rig.ledger();
      const { frames, lost } = written(rig);
      // Each frame passes the captured port once, inwards or outwards.
      return balanced && lost === 0 && (frames === framesIn + rig.ledger().copiesMade) === variants[i]!.captured;
    }),
    drops: Object.assign({}, ...rigs.map((rig) => rig.ledger().drops)),
    checksum: variants.map(({ bytes }) => bytes).join(' '),
  }),
);
