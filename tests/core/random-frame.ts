/** Random frames, for fast-check. Pools are small on purpose: few stations and VLANs meet often. */
import fc from 'fast-check';
import type { ReferenceConfig } from '../model/config.ts';
import { vnicMac } from '../model/topology.ts';
import type { FrameSpec } from './frames.ts';
import { otherMac } from './random-switch.ts';

/** A frame before it is known where it comes in. */
export interface LooseFrame extends FrameSpec {
  /** Its outer tag becomes one that the port can read and carries, or is left out. */
  readonly fits: boolean;
}

/** As source: the address that the guest at the ingress port uses, for security lets little else through. */
export const own = 'own';

/** The stations that speak: the first vNICs' own addresses and a few more. */
export const strangers = ['52:54:00:00:00:01', '52:54:00:00:00:02'];
export const stations = [...[0, 1, 2].map(vnicMac), ...strangers];
const zero = '00:00:00:00:00:00';
const broadcast = 'ff:ff:ff:ff:ff:ff';
const reserved = ['01:80:c2:00:00:02', '01:80:c2:00:00:0f', '01:80:c2:00:00:10', '01:80:c2:00:01:00'];
const bpdus = ['01:80:c2:00:00:00', '01:00:0c:cc:cc:cd'];
const multicast = ['01:00:5e:00:00:01', '33:33:00:00:00:01'];

const station = fc.oneof(
  { arbitrary: fc.constantFrom(...stations), weight: 8 },
  { arbitrary: fc.constantFrom(otherMac(0), otherMac(1)), weight: 1 },
);
const source = fc.oneof(
  { arbitrary: station, weight: 20 },
  { arbitrary: fc.constant(own), weight: 12 },
  { arbitrary: fc.constantFrom(zero, broadcast, '01:00:5e:00:00:01'), weight: 1 },
);
const destination = (bpduWeight: number) =>
  fc.oneof(
    { arbitrary: station, weight: 24 },
    { arbitrary: fc.constantFrom(broadcast, ...multicast), weight: 8 },
    { arbitrary: fc.constantFrom(...bpdus), weight: bpduWeight },
    { arbitrary: fc.constantFrom(zero, ...reserved), weight: 1 },
  );
const tci = fc
  .tuple(fc.constantFrom(10, 10, 20, 20, 0, 30, 4094, 4095), fc.constantFrom(0, 0x1000, 0xa000, 0xf000))
  .map(([vid, priority]) => vid | priority);
const tagCount = (length: number) => fc.array(tci, { minLength: length, maxLength: length });
const tags = fc.oneof(
  { arbitrary: tagCount(0), weight: 8 },
  { arbitrary: tagCount(1), weight: 6 },
  { arbitrary: tagCount(2), weight: 2 },
);
const fits = fc.constantFrom(true, true, true, false);
const payload = fc.constantFrom<FrameSpec['payload'][]>('ip', 'ip', 'ip', 'arp request', 'rarp');

/** Leaves out what is not given. */
function given<T extends { length: number | undefined }>({
  length,
  ...frame
}: T): Omit<T, 'length'> & { length?: number } {
  return { ...frame, ...(length !== undefined && { length }) };
}

function ordinaryFrame(
  mtu: number,
  to: fc.Arbitrary<string>,
  isService: fc.Arbitrary<boolean>,
): fc.Arbitrary<LooseFrame> {
  const length = fc.oneof(
    { arbitrary: fc.constant(undefined), weight: 24 },
    { arbitrary: fc.integer({ min: 0, max: 70 }), weight: 3 },
    { arbitrary: fc.integer({ min: mtu + 12, max: mtu + 24 }), weight: 2 },
  );
  return fc.record({ dst: to, src: source, fits, tags, isService, payload, length }).map(given);
}

/** A station says where it is; sometimes not quite so that it counts. */
function announcement(isService: fc.Arbitrary<boolean>): fc.Arbitrary<LooseFrame> {
  const dst = fc.constantFrom(broadcast, broadcast, broadcast, stations[0]!);
  const payload = fc.constantFrom<FrameSpec['payload'][]>(
    'gratuitous request',
    'arp reply',
    'rarp',
    'arp request',
    'arp other',
  );
  const length = fc.constantFrom(undefined, undefined, undefined, 41, 42, 45, 46);
  const src = fc.oneof(station, fc.constant(own));
  return fc.record({ dst, src, fits, tags, isService, payload, length }).map(given);
}

/** What may come in by a switch; S-tags and BPDUs are seen more often by one whose ports have a mind about them. */
export function framesFor({ mtu, ports }: ReferenceConfig): fc.Arbitrary<LooseFrame> {
  const hasService = ports.some((port) => port.tags.tpid === 0x88a8);
  const isService = hasService ? fc.boolean() : fc.constantFrom(...Array<boolean>(15).fill(false), true);
  const minds = ports.some((port) => port.policy.bpdu !== 'pass');
  return fc.oneof(
    { arbitrary: ordinaryFrame(mtu, destination(minds ? 4 : 1), isService), weight: 5 },
    { arbitrary: announcement(isService), weight: 1 },
  );
}
