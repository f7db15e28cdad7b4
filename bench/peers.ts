/**
 * How far is the switch from what one core can do, and from other switches? The same traffic through each, in turns in one run:
 * the limit in C, ours, the peer, the limit, ours, … See peers/README.md for what each does and how to read the ratios.
 *
 *     npm run bench:peers [-- --only ovs,bridge] [-- --repeats 3] [-- --seconds 1] [-- --core 1] [-- --out FILE] [-- --table FILE]
 *     npx tsx bench/peers.ts
 *
 * `only`: names of peers, `all`, or `canonical`: the limit and Open vSwitch with DPDK on the canonical traffic, as in `npm run
 * bench`. `core` is where a peer polls. A table in Markdown comes first (also into the file `table`), then the line that every
 * bench prints; `out` takes everything as JSON. What cannot be measured here is skipped with the reason.
 */
import { mkdirSync, mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { cpus, tmpdir } from 'node:os';
import { dirname, join, resolve } from 'node:path';
import { type Line, print } from './line.ts';
import { machine } from './machine.ts';
import { options } from './options.ts';
import { cases as bridge } from './peers/bridge.ts';
import { borrowing, later, remarks, Unavailable } from './peers/host.ts';
import { cases as calib } from './peers/limit.ts';
import { cases as netdev } from './peers/netdev.ts';
import { cases as node } from './peers/node.ts';
import { cases as ns3 } from './peers/ns3.ts';
import { cases as ovs } from './peers/ovs.ts';
import type { Case } from './peers/peer.ts';
import { figures, markdown, type Report } from './peers/report.ts';
import { cases as testpmd } from './peers/testpmd.ts';
import { inTurns, type Result, toMeasure } from './peers/turns.ts';
import { cases as vde } from './peers/vde.ts';

const settings = options(
  { only: 'canonical', repeats: 5, seconds: 1, core: Math.min(1, cpus().length - 1), out: '', table: '' },
  // Whatever is installed: nothing that takes long to start.
  { only: 'calib,node', repeats: 1, seconds: 0.05 },
);
const { only, repeats, seconds, core, out, table } = settings;
const PEERS: Readonly<Record<string, readonly Case[]>> = { calib, ovs, testpmd, bridge, netdev, vde, ns3, node };
const CANONICAL = [calib[0]!, ovs[0]!];

function wanted(): Case[] {
  return only.split(',').flatMap((name) => {
    if (name === 'canonical') return CANONICAL;
    if (name === 'all') return Object.values(PEERS).flatMap(toMeasure);
    const cases = PEERS[name];
    if (cases === undefined)
      throw new Error(`no peer ${name}; there are ${Object.keys(PEERS).join(', ')}, canonical, all`);
    return toMeasure(cases);
  });
}

function save(file: string, text: string): void {
  mkdirSync(dirname(resolve(file)), { recursive: true });
  writeFileSync(file, text);
}

const cases = wanted();
// Before anything runs: the load is partly the benches' own.
const at = machine();
const skipped: Record<string, string> = {};
const note = (what: string, why: string): void => {
  skipped[what] = why;
};
let isWhole = true;
const results: Result[] = [];
const lines: Line[] = [];
await borrowing(async () => {
  const folder = mkdtempSync(join(tmpdir(), 'bench-peers-'));
  later(() => rmSync(folder, { recursive: true, force: true }));
  const other = core === 0 ? Math.min(1, cpus().length - 1) : 0;
  for (const each of cases) {
    const name = `${each.peer}, ${each.name}, ${each.size}`;
    console.error(`${name} ...`);
    try {
      const turned = await inTurns(each, { seconds, core, other, folder }, repeats, note);
      results.push(turned.result);
      lines.push(...turned.lines);
    } catch (error) {
      // The others are measured all the same, but the run has failed.
      isWhole &&= error instanceof Unavailable;
      note(name, (error as Error).message);
    }
  }
});

const report: Report = { machine: at, settings, results, skipped, remarks };
const text = markdown(report);
console.log(`${text}\n`);
if (table !== '') save(table, `${text}\n`);
if (out !== '') save(out, `${JSON.stringify(report, null, 2)}\n`);
const checksums = new Map<string, Line['checksum']>();
for (const { bench, settings: given, checksum } of lines) checksums.set(JSON.stringify([bench, given]), checksum);
const isSame = ({ bench, settings: given, checksum }: Line): boolean =>
  checksums.get(JSON.stringify([bench, given])) === checksum;
print({
  bench: 'peers',
  settings,
  figures: figures(results),
  balanced: isWhole && lines.every((line) => line.balanced && isSame(line)),
  drops: Object.assign({}, ...lines.map(({ drops }) => drops)),
  checksum: lines[0]?.checksum ?? 0,
  skipped,
});
