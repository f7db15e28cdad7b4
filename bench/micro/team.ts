/**
 * What does the choice of an uplink cost? One guest sends the packets of 64 flows to stations outside; they differ in nothing
 * but how their switch chooses: by the port they came from, by their source address, or by the hash of a LAG over
 * the IP addresses.
 */
import { Rig, vms } from '../rig.ts';
import { frame, OUTSIDE, station } from '../traffic.ts';
import { suite } from './suite.ts';

const BURST = 64;
const UPLINKS = ['u0', 'u1', 'u2', 'u3'];

interface Way {
  readonly name: string;
  readonly teaming: Readonly<Record<string, string>>;
  /** Uplinks that the flows are spread over. */
  readonly used: number;
}

const ways: readonly Way[] = [
  { name: 'by port (port-id)', teaming: { policy: 'port-id' }, used: 1 },
  { name: 'by source address (source-mac)', teaming: { policy: 'source-mac' }, used: UPLINKS.length },
  { name: 'by the hash of a static LAG (ip-hash)', teaming: { lag: 'static' }, used: UPLINKS.length },
];

/** An IPv4 packet with UDP inside, of flow `i`. */
function packet(i: number): Uint8Array {
  const bytes = frame(OUTSIDE, station(i), 60);
  const view = new DataView(bytes.buffer);
  view.setUint16(12, 0x0800);
  view.setUint16(14, 0x4500);
  view.setUint16(16, 46);
  view.setUint16(22, 0x4011);
  view.setUint32(26, 0x0a00_0001 + i);
  view.setUint32(30, 0x0a01_0001);
  view.setUint32(34, ((1024 + i) << 16) | 53);
  return bytes;
}

const rigs = ways.map(({ teaming }) => {
  const rig = new Rig(
    { vswitches: { s: { portGroups: { g: {} }, teaming } }, vms: vms(1), uplinks: UPLINKS },
    { burst: BURST, ringEntries: 256 },
  );
  rig.bindOutside(0, OUTSIDE);
  rig.load(
    0,
    Array.from({ length: BURST }, (_, i) => packet(i)),
  );
  return rig;
});

await suite(
  'team',
  ways.map(({ name }, i) => ({ name, frames: BURST, run: () => rigs[i]!.round() })),
  () => {
    const sent = rigs.map((rig) =>
      rig.network.ports().flatMap(({ name, txFrames }) => (/^h\/u/.test(name) && txFrames > 0 ? [txFrames] : [])),
    );
    return {
      balanced: rigs.every((rig, i) => {
        const out = sent[i]!.reduce((sum, frames) => sum + frames, 0);
        return rig.ledger().balanced && out === rig.ledger().framesIn && sent[i]!.length === ways[i]!.used;
      }),
      drops: Object.assign({}, ...rigs.map((rig) => rig.ledger().drops)),
      checksum: rigs.map((_, i) => `${sent[i]!.length} uplinks`).join(', '),
    };
  },
);
