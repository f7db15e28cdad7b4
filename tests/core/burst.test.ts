/** Invariant I11: a burst gives what its frames one by one would, whatever the size of a visit. */
import fc from 'fast-check';
import { expect, it } from 'vitest';
import type { TableRow } from '../model/reference.ts';
import { byVlanAndMac } from '../model/reference.ts';
import { topologyOf } from '../model/topology.ts';
import { referenceUnderTest } from '../model/under-test.ts';
import { type Life, lives } from './arbitraries.ts';
import { frameOf } from './frames.ts';
import type { SwitchUnderTest } from './switch-under-test.ts';
import { type Batch, throughRings } from './through-rings.ts';

const runs = Number(process.env['MODEL_RUNS'] ?? 300);

/** What can be seen of a batch: verdicts, each port's frames in order, and the table. */
interface Seen {
  readonly verdicts: Record<string, number>;
  readonly sent: Record<string, string[]>;
  readonly table: readonly TableRow[];
}

function seen({ verdicts, copies }: Batch, sut: SwitchUnderTest, nowNs: bigint): Seen {
  const sent: Record<string, string[]> = {};
  for (const { port, bytes } of copies) {
    sent[port] ??= [];
    sent[port].push(Buffer.from(bytes).toString('hex'));
  }
  return { verdicts, sent, table: sut.table(nowNs).sort(byVlanAndMac) };
}

function oneByOne(model: SwitchUnderTest, port: string, frames: readonly Uint8Array[], nowNs: bigint): Batch {
  const verdicts: Record<string, number> = {};
  const replies = frames.map((bytes) => model.receive(port, bytes, nowNs));
  for (const { verdict } of replies) verdicts[verdict] = (verdicts[verdict] ?? 0) + 1;
  return { verdicts, copies: replies.flatMap(({ copies }) => copies) };
}

/** The frames of a life, in batches that each wait at one port. */
function batchesOf({ steps }: Life, size: number) {
  const sent = steps.flatMap((step) => (step.do === 'frame' ? [step] : []));
  return Array.from({ length: Math.ceil(sent.length / size) }, (_, i) => sent.slice(i * size, (i + 1) * size));
}

function agrees(life: Life, size: number): void {
  // Frames of one instant are heard at one time, and of equals any may be evicted: so there is room for all.
  const config = { ...life.config, entriesMax: 64 };
  const model = referenceUnderTest(config);
  const visited = [1, 7, 64].map((burst) => throughRings(topologyOf(config), { burst }));
  let nowNs = 1_000_000n;
  try {
    for (const batch of batchesOf(life, size)) {
      const port = config.ports[batch[0]!.port % config.ports.length]!.name;
      const frames = batch.map(({ frame }, id) => frameOf(frame, id));
      nowNs += 100_000_000n;
      const want = seen(oneByOne(model, port, frames, nowNs), model, nowNs);
      for (const each of visited) expect(seen(each.receiveAll(port, frames, nowNs), each, nowNs)).toEqual(want);
    }
  } finally {
    for (const each of visited) each.close();
  }
}

it('gives for a burst what its frames give one by one, in order, with visits of 1, 7 and 64', () => {
  fc.assert(fc.property(lives(100), fc.integer({ min: 2, max: 64 }), agrees), {
    numRuns: runs,
    interruptAfterTimeLimit: 60_000,
  });
}, 120_000);
