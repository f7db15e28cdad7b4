/**
 * What does a frame cost from guest to guest: made, switched, looked at, given back? Once between two guests of a host, once
 * across a cable between two hosts, through both switches. One worker moves all of it, in this thread and with the time it is
 * told, so that nothing passes between cores: what that adds is for hosts.ts to say.
 */
import { coreModule, instantiate } from '../../src/engine/core.ts';
import { Network } from '../../src/engine/network.ts';
import { topologyFrom } from '../../src/topology/load.ts';
import { type Case, suite } from './suite.ts';

const BURST = 64;
const ROUNDS = 16;
/** A millisecond and a little: FDB times are kept in such steps. */
const STEP_NS = 1_100_000n;

interface Way {
  readonly name: string;
  readonly hosts: number;
  readonly streams: readonly { readonly from: string; readonly to: string }[];
}

const ways: readonly Way[] = [
  {
    name: 'within a host',
    hosts: 1,
    streams: [
      { from: 'esx1/vm1', to: 'esx1/vm2' },
      { from: 'esx1/vm2', to: 'esx1/vm1' },
    ],
  },
  {
    // A burst a round each way, which is what a switch takes from a cable in a round.
    name: 'across a cable',
    hosts: 2,
    streams: [
      { from: 'esx1/vm1', to: 'esx2/vm1' },
      { from: 'esx2/vm1', to: 'esx1/vm1' },
    ],
  },
];

interface Path {
  readonly network: Network;
  readonly timed: Case;
  /** Frames that guests should have sent by now. */
  readonly expected: () => number;
}

function path({ name, hosts, streams }: Way): Path {
  const network = new Network(
    topologyFrom({
      hosts: {
        esx: {
          count: hosts,
          uplinks: ['vmnic0'],
          vswitches: { vSwitch0: { portGroups: { vms: {} } } },
          vms: { vm: { count: 2 } },
        },
      },
      physical: hosts === 2 ? { links: [{ a: 'esx1/vmnic0', b: 'esx2/vmnic0' }] } : {},
      traffic: streams.map((stream) => ({ ...stream, rate: 'max' })),
    }),
    { clock: 'wall', burst: BURST },
  );
  const core = instantiate(coreModule(), network.memory.memory);
  const worker = network.plan.workers[0]!.address;
  const frames = streams.length * BURST * ROUNDS;
  let now = 0n;
  let expected = 0;
  const run = (): number => {
    now += STEP_NS;
    expected += frames;
    core.runWall(worker, now, ROUNDS);
    return frames;
  };
  run();
  return { network, timed: { name, frames, run }, expected: () => expected };
}

const paths = ways.map(path);
await suite(
  'path',
  paths.map(({ timed }) => timed),
  () => {
    const ledgers = paths.map(({ network }) => network.ledger());
    return {
      balanced: ledgers.every(({ balanced, framesIn }, i) => balanced && framesIn === paths[i]!.expected()),
      drops: Object.assign({}, ...ledgers.map(({ drops }) => drops)),
      checksum: ledgers.map(({ copiesMade, held }) => `${copiesMade} copies, ${held} on the way`).join('; '),
    };
  },
);
