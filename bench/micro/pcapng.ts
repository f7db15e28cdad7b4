/** How fast is a capture read? pcapng in memory, with flags and packet ids as the emulator writes them. */
import { readCaptureBytes } from '../../src/capture/read.ts';
import { enhancedPacket, interfaceDescription, sectionHeader } from '../../src/capture/write.ts';
import { isSmoke } from '../options.ts';
import { Checksum } from '../rig.ts';
import { frame, station } from '../traffic.ts';
import { suite } from './suite.ts';

const FRAMES = isSmoke ? 200 : 5000;
const BYTES = 100;

const file = Buffer.concat([
  sectionHeader({ application: 'bench' }),
  interfaceDescription({ name: 'h/vm1' }),
  ...Array.from({ length: FRAMES }, (_, i) =>
    enhancedPacket({
      interfaceId: 0,
      timeNs: BigInt(i) * 1000n,
      bytes: frame(station(i), station(i + 1), BYTES),
      direction: i % 2 === 0 ? 'in' : 'out',
      packetId: BigInt(i),
    }),
  ),
]);
let isRight = true;

await suite(
  'pcapng',
  [
    {
      name: `frames of ${BYTES} bytes read`,
      frames: FRAMES,
      run: () => {
        let count = 0;
        let bytes = 0;
        for (const read of readCaptureBytes('bench', file)) {
          count++;
          bytes += read.bytes.length;
        }
        isRight &&= bytes === FRAMES * BYTES;
        return count;
      },
    },
  ],
  () => {
    const sum = new Checksum();
    for (const { bytes, timeNs } of readCaptureBytes('bench', file)) {
      sum.add(bytes[1]!);
      sum.add(Number(timeNs));
    }
    return { balanced: isRight, drops: {}, checksum: sum.value };
  },
);
