/** The real core behind the tests' face: one switch on the virtual clock, frames injected, copies read back from a capture. */
import { Network } from '../../src/engine/network.ts';
import type { Topology } from '../../src/topology/model.ts';
import { assertBalanced, Counters } from './counters.ts';
import { operate } from './operate.ts';
import type { Sent, SwitchUnderTest } from './switch-under-test.ts';

export function underTest(topology: Topology, options: { burst?: number } = {}): SwitchUnderTest {
  const network = new Network(topology, { ...options, injectAt: ['*'], watch: ['*'], unplugged: 'open' });
  const { host } = network.plan.switches[0]!;
  const counters = new Counters(network);
  const sent = (): Sent[] =>
    network
      .takeFrames()
      .filter((frame) => frame.direction === 'out')
      .map((frame) => ({ port: frame.interface.name!.slice(host.length + 1), bytes: frame.bytes }));
  return {
    ...operate(network),
    receiveAll(port, frames, timeNs) {
      for (const bytes of frames) {
        if (!network.inject(`${host}/${port}`, bytes, timeNs)) throw new Error('the injection queue is full');
      }
      network.advance(timeNs);
      return { ...counters.fresh(), copies: sent() };
    },
    advance(timeNs) {
      network.advance(timeNs);
      const { verdicts } = counters.fresh();
      if (Object.keys(verdicts).length > 0) throw new Error('frames came in that nobody sent');
      return sent();
    },
    assertLedger: () => assertBalanced(network.ledger()),
  };
}
