/** Random VLAN settings for the ports of a switch, for fast-check: 10, 20 and 30 wherever they can be, so that ports meet in them. */
import fc from 'fast-check';
import type { PortVlan, VlanRange } from '../../src/topology/model.ts';
import { everyVid } from '../model/config.ts';

export const vids = (...list: number[]): VlanRange[] => list.map((vid) => ({ first: vid, last: vid }));
const trunk = (list: readonly VlanRange[], native?: number, nativeTagged = false): PortVlan => ({
  mode: 'trunk',
  vids: list,
  ...(native !== undefined && { native }),
  nativeTagged,
});
const transparent: PortVlan = { mode: 'transparent' };

const access: PortVlan[] = [10, 20, 0, 4094].map((vid) => ({ mode: 'access', vid }));
const trunks: PortVlan[] = [
  trunk(vids(10, 20)),
  trunk(everyVid),
  trunk([{ first: 1, last: 4094 }]),
  trunk(vids(0, 10)),
  trunk(vids(10), 20),
  trunk(vids(10, 20), 10, true),
  trunk(vids(0, 10), 20),
  trunk(everyVid, 10),
];
const tunnels: PortVlan[] = [10, 20].map((vid) => ({ mode: 'tunnel', vid }));
/** Primary 10, isolated 20, community 30. */
export const privateVlans = [10, 20, 30];
const privates: PortVlan[] = [
  { mode: 'private', vid: 10, receives: [10, 20, 30] },
  { mode: 'private', vid: 20, receives: [10] },
  { mode: 'private', vid: 30, receives: [10, 30] },
];

export interface Vlans {
  readonly local: readonly PortVlan[];
  readonly uplink: PortVlan;
  /** The private VLANs share one FID. */
  readonly isPrivate: boolean;
}

/** How many local ports a switch has. */
export const count = { minLength: 1, maxLength: 6 };
const ofVlans = (of: readonly PortVlan[], uplinks: readonly PortVlan[], isPrivate = false): fc.Arbitrary<Vlans> =>
  fc.record({
    local: fc.array(fc.constantFrom(...of), count),
    uplink: fc.constantFrom(...uplinks),
    isPrivate: fc.constant(isPrivate),
  });
const outer = [trunk(everyVid), trunk(vids(0, 10, 20, 30)), trunk(vids(10)), trunk(vids(10, 20, 30), 10)];
const tenAndTwenty = [...access.slice(0, 2), ...trunks.slice(0, 2)];
export const vlans: fc.Arbitrary<Vlans> = fc.oneof(
  { arbitrary: ofVlans([transparent], [transparent]), weight: 4 },
  { arbitrary: ofVlans(tenAndTwenty, outer.slice(0, 2)), weight: 4 },
  { arbitrary: ofVlans([...access, ...trunks, transparent], [...outer, transparent]), weight: 4 },
  { arbitrary: ofVlans([...access.slice(0, 2), ...tunnels, ...trunks.slice(0, 4)], outer), weight: 2 },
  { arbitrary: ofVlans([...privates, ...privates, ...trunks.slice(0, 2)], outer.slice(0, 2), true), weight: 2 },
);
