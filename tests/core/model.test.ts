/** The core against the reference model, over random switches and random traffic: a failure is a seed and a short story. */
import { expect, it } from 'vitest';
import { VERDICTS } from '../../src/telemetry/generated/verdicts.ts';
import { topologyOf } from '../model/topology.ts';
import { referenceUnderTest } from '../model/under-test.ts';
import { assertSameBatch, assertSameMoves, assertSameSent, assertSameTable } from './agreement.ts';
import type { Life } from './arbitraries.ts';
import { type Arrival, drive, type Happening } from './drive.ts';
import { Invariants } from './invariants.ts';
import { checkLives, isOnDemand, timeoutMs } from './runs.ts';
import type { SwitchUnderTest } from './switch-under-test.ts';
import { throughRings } from './through-rings.ts';
import { underTest } from './under-test.ts';

const framesMin = 200_000;
/** What the model knows nothing of, and the ends that need more than a switch. */
const elsewhere = [
  ...['consumed', 'lag_not_ready', 'storm_guard', 'delivered', 'queue_full', 'no_buffer', 'no_buffer_in'],
  ...['bad_fcs', 'wire_loss', 'worker_died', 'copy_died', 'mirror_port', 'detached'],
  ...['stp_discarding', 'egress_stp', 'shaper', 'forward_group', 'dhcp_guard', 'router_guard', 'answered'],
];
/** How often each of the others is met at least. */
const metMin = 20;
/** The table is looked at after what an operator does, and after every so many arrivals: what a frame did wrong shows then too. */
const tableEvery = 16;

/** Returns how many frames came in; counts in `met` how many had which verdict. */
function agrees(life: Life, met: Map<string, number>): number {
  const topology = topologyOf(life.config);
  const model = referenceUnderTest(life.config);
  const core: [string, SwitchUnderTest][] = [
    ['the core, frame by frame', underTest(topology, { burst: 1 })],
    ['the core, in bursts', underTest(topology, { burst: 64 })],
    ['the core, through rings', throughRings(topology, { burst: 64 })],
  ];
  const invariants = new Invariants(life.config);
  let sinceTable = 0;
  const compareTables = (timeNs: bigint) => {
    for (const [name, each] of core) assertSameTable(name, each, model, timeNs);
    sinceTable = 0;
  };
  const arrived = (arrival: Arrival) => {
    const { verdicts, drops } = arrival.batches[0]!;
    for (const [name, count] of Object.entries({ ...verdicts, ...drops })) met.set(name, (met.get(name) ?? 0) + count);
    for (const [i, [name]] of core.entries()) assertSameBatch(name, arrival.batches[i + 1]!, arrival.batches[0]!);
    invariants.see(arrival);
    sinceTable++;
    if (sinceTable === tableEvery) compareTables(arrival.timeNs);
  };
  const happened = ({ sent, timeNs }: Happening) => {
    for (const [i, [name]] of core.entries()) assertSameSent(name, sent[i + 1]!, sent[0]!);
    compareTables(timeNs);
  };
  try {
    const frames = drive(
      life,
      model,
      core.map(([, each]) => each),
      { arrived, happened },
    );
    for (const [name, each] of core) {
      assertSameMoves(name, each, model);
      each.assertLedger();
    }
    return frames;
  } finally {
    for (const [, each] of core) each.close();
  }
}

it(
  'does what the reference model does, in verdict, copies and table, over random lives of random switches',
  async () => {
    let frames = 0;
    const met = new Map<string, number>();
    await checkLives('model', 1300, 300, (life) => {
      frames += agrees(life, met);
    });
    console.log(`model: ${frames} frames`);
    if (isOnDemand) return;
    expect(frames).toBeGreaterThanOrEqual(framesMin);
    const names = VERDICTS.map(({ name }) => name).filter((name) => !elsewhere.includes(name));
    expect(names.filter((name) => (met.get(name) ?? 0) < metMin)).toEqual([]);
  },
  timeoutMs,
);
