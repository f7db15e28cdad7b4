/** What is not safe says so: every report and capture of a run with a rule off begins with it. */
import { mkdtempSync, readFileSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, expect, it } from 'vitest';
import { readCapture } from '../../src/capture/read.ts';
import { replay } from '../../src/endpoints/replay.ts';
import { Network } from '../../src/engine/network.ts';
import { topologyFrom } from '../../src/topology/load.ts';
import { tsharkBlocks, tsharkMissing } from '../capture/tshark.ts';
import { type Clock, stageOf } from './clocks.ts';
import { networkOf, placeOf } from './network.ts';
import { frame } from './story.ts';

const folder = mkdtempSync(join(tmpdir(), 'vswitch-teaching-'));
afterAll(() => rmSync(folder, { recursive: true }));

type Row = readonly [clock: Clock, off: readonly number[], banner: string | null];

const safe = 'this network is not safe from loops and duplicates';
const rows: readonly Row[] = [
  ['virtual', [], null],
  ['virtual', [7], `TEACHING MODE: rule R7 is switched off; ${safe}`],
  ['virtual', [1, 7, 9], `TEACHING MODE: rules R1, R7 and R9 are switched off; ${safe}`],
  ['threads', [9, 7], `TEACHING MODE: rules R7 and R9 are switched off; ${safe}`],
];
const plots = new Map([[1, {}]]);

it.each(rows)('on the clock %s, without rules %j, a report and every capture say "%s"', async (clock, off, banner) => {
  const files = ['all', 'one'].map((name) => join(folder, `${off.join('-')}-${name}.pcapng`));
  const captures = [{ file: files[0] }, { file: files[1], ports: ['h1/u1'], snap: 64 }];
  const stage = await stageOf(clock, networkOf(plots, off, { captures }), { injectAt: [placeOf('a', 1)] });
  await stage.send([placeOf('a', 1), frame('a', 'all')]);
  const report = await stage.stop();
  expect(report.teaching?.banner ?? null).toBe(banner);
  expect(report.teaching?.disabled ?? []).toEqual(off.toSorted((a, b) => a - b).map((rule) => `R${rule}`));
  for (const file of files) {
    expect([...readCapture(file)].length).toBeGreaterThan(0);
    expect(sectionComment(file)).toBe(commentOf(banner, report.clock));
  }
});

it.skipIf(tsharkMissing)('tshark shows it as the comment of the file', async () => {
  const file = join(folder, 'tshark.pcapng');
  const stage = await stageOf('virtual', networkOf(plots, [7], { captures: [{ file }] }), {
    injectAt: [placeOf('a', 1)],
  });
  await stage.send([placeOf('a', 1), frame('a', 'all')]);
  await stage.stop();
  const field = 'pcapng.options.option.data.comment';
  // The first one; others are frames'.
  const shown = tsharkBlocks(file, [field])[field]![0]!.replaceAll('\\n', '\n');
  expect(shown).toBe(commentOf(rows[1]![2], 'virtual'));
});

const { version } = JSON.parse(readFileSync(new URL('../../package.json', import.meta.url), 'utf8'));

const commentOf = (banner: string | null, clock: string) =>
  [`topology topology, seed 1, ${clock} clock, vSwitch ${version}`, ...(banner === null ? [] : [banner])].join('\n');

/** The opt_comment of the Section Header Block (pcapng, sections 3.5 and 4.1), little-endian as we write it. */
function sectionComment(file: string): string {
  const bytes = readFileSync(file);
  const end = bytes.readUInt32LE(4) - 4;
  for (let at = 24; at < end; ) {
    const [code, length] = [bytes.readUInt16LE(at), bytes.readUInt16LE(at + 2)];
    if (code === 1) return bytes.toString('utf8', at + 4, at + 4 + length);
    at += 4 + ((length + 3) & ~3);
  }
  return '';
}

it('a replay says it, too', async () => {
  const input = join(folder, 'input.pcapng');
  const captures = [{ file: input, ports: ['h1/a'] }];
  const recorded = await stageOf('virtual', networkOf(plots, [], { captures }), { injectAt: [placeOf('a', 1)] });
  await recorded.send([placeOf('a', 1), frame('a', 'all')]);
  await recorded.stop();
  const file = join(folder, 'replayed.pcapng');
  const topology = topologyFrom(networkOf(plots, [7], { captures: [{ file }] }));
  const network = new Network(topology, { injectAt: ['h1/a'] });
  await replay(network, 0n, { inputs: [{ port: 'h1/a', file: input }] });
  const report = await network.stop();
  expect(report.teaching!.banner).toBe(rows[1]![2]);
  expect(sectionComment(file)).toBe(commentOf(rows[1]![2], 'virtual'));
});
