/** The reference model behind the face that the tests know. */
import type { Batch, SwitchUnderTest } from '../core/switch-under-test.ts';
import type { ReferenceConfig } from './config.ts';
import { type Reception, ReferenceSwitch } from './reference.ts';

export interface ModelUnderTest extends SwitchUnderTest {
  /** The same, frame by frame. */
  receiveEach(port: string, frames: readonly Uint8Array[], timeNs: bigint): readonly Reception[];
}

export function referenceUnderTest(config: ReferenceConfig): ModelUnderTest {
  const model = new ReferenceSwitch(config);
  const receiveEach = (port: string, frames: readonly Uint8Array[], timeNs: bigint) =>
    frames.map((bytes) => model.receive(port, bytes, timeNs));
  return {
    receiveEach,
    receiveAll: (port, frames, timeNs) => batchOf(receiveEach(port, frames, timeNs)),
    advance(timeNs) {
      model.setTime(timeNs);
      return model.takeAnnouncements();
    },
    setLink: (port, up) => model.setLink(port, up),
    setActive: (uplink) => model.setActive(uplink),
    setGuestMac: (port, mac) => model.setGuestMac(port, mac),
    setPortVlan: (port, vlan) => model.setPortVlan(port, vlan),
    flush: (port, vid) => model.flush(port, vid),
    setStatic: (vid, mac, port) => model.setStatic(vid, mac, port),
    deleteStatic: (vid, mac) => model.deleteStatic(vid, mac),
    table: (timeNs) => model.table(timeNs),
    moves: () => model.moves(),
    assertLedger: () => {},
    close: () => {},
  };
}

/** What can be seen of frames that were received together. */
export function batchOf(receptions: readonly Reception[]): Batch {
  const count = (names: readonly string[]) => {
    const counts: Record<string, number> = {};
    for (const name of names) counts[name] = (counts[name] ?? 0) + 1;
    return counts;
  };
  const copies = receptions.flatMap((reception) => reception.copies);
  return {
    verdicts: count(receptions.map(({ verdict }) => verdict)),
    drops: count(copies.filter(({ bytes }) => bytes === null).map(({ verdict }) => verdict)),
    copies: copies.flatMap(({ port, bytes }) => (bytes === null ? [] : [{ port, bytes }])),
  };
}
