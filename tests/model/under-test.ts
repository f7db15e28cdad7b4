/** The reference model behind the face that the tests know. */
import type { SwitchUnderTest } from '../core/switch-under-test.ts';
import { type ReferenceConfig, ReferenceSwitch } from './reference.ts';

export function referenceUnderTest(config: ReferenceConfig): SwitchUnderTest {
  const model = new ReferenceSwitch(config);
  return {
    receive(port, bytes, timeNs) {
      const { verdict, copies } = model.receive(port, bytes, timeNs);
      return { verdict, copies: copies.flatMap(({ port, bytes }) => (bytes === null ? [] : [{ port, bytes }])) };
    },
    setLink: (port, up) => model.setLink(port, up),
    flush: (port) => model.flush(port),
    setStatic: (vid, mac, port) => model.setStatic(vid, mac, port),
    deleteStatic: (vid, mac) => model.deleteStatic(vid, mac),
    table: (timeNs) => model.table(timeNs),
    close: () => {},
  };
}
