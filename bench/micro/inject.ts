/** What does one frame cost a program that injects it, advances the virtual clock and so has it delivered to a guest? */
import { Network } from '../../src/engine/network.ts';
import { topologyFrom } from '../../src/topology/load.ts';
import { BROADCAST, frame, station } from '../traffic.ts';
import { suite } from './suite.ts';

const STEP_NS = 1000n;
const SENDER = 'h/vm1';

const network = new Network(
  topologyFrom({ hosts: { h: { vswitches: { s: { portGroups: { g: {} } } }, vms: { vm: { count: 2 } } } } }),
  { injectAt: [SENDER, 'h/vm2'] },
);
let now = 0n;
const enter = (port: string, bytes: Uint8Array): number => {
  now += STEP_NS;
  const taken = network.inject(port, bytes, now);
  network.advance(now);
  return taken ? 1 : 0;
};
const known = frame(station(2), station(1), 60);
enter('h/vm2', frame(BROADCAST, station(2), 60));
enter(SENDER, known);

await suite('inject', [{ name: 'inject, advance, delivered', frames: 1, run: () => enter(SENDER, known) }], () => {
  const { balanced, drops, delivered, framesIn, held } = network.ledger();
  return {
    balanced: balanced && delivered === framesIn && held === 0,
    drops,
    checksum: `${delivered / framesIn} delivered a frame`,
  };
});
