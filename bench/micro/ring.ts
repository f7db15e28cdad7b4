/**
 * What does a descriptor cost on its way through a ring, from push to advance? In bursts of 64 and one by one, as between threads,
 * where the cursors are published by atomic stores, and as between a guest and its port, which one worker moves.
 */
import { coreModule, instantiate } from '../../src/engine/core.ts';
import { Network } from '../../src/engine/network.ts';
import { topologyFrom } from '../../src/topology/load.ts';
import { suite } from './suite.ts';

const FRAMES = 4096;
const BURST = 64;

const host = { vswitches: { s: { portGroups: { g: {} } } }, vms: { vm: { portGroup: 'g' } } };
const { memory, plan } = new Network(topologyFrom({ hosts: { h: host } }));
const core = instantiate(coreModule(), memory.memory);
const ring = plan.switches[0]!.ports[0]!.rxRing;

const ways = [BURST, 1].flatMap((burst) =>
  [false, true].map((isNear) => ({
    name: `${burst === 1 ? 'one by one' : `bursts of ${burst}`}, ${isNear ? 'within a thread' : 'between threads'}`,
    frames: FRAMES,
    run: () => core.passRing(ring, FRAMES, burst, isNear ? 1 : 0),
  })),
);
await suite('ring', ways, () => ({
  balanced: ways.every(({ run }) => run() === FRAMES),
  drops: {},
  checksum: FRAMES,
}));
