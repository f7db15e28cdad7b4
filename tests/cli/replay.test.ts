import { existsSync, readFileSync, truncateSync } from 'node:fs';
import { join } from 'node:path';
import { describe, expect, it } from 'vitest';
import type { Report } from '../../src/telemetry/report.ts';
import { epochNs, tshark, tsharkMissing } from '../capture/tshark.ts';
import {
  BROADCAST,
  frame,
  framesOf,
  isClosed,
  LAB,
  OUTSIDE,
  pcap,
  T0,
  TAG_10,
  TRAFFIC,
  VM1,
  VM2,
  VM3,
  write,
} from './lab.ts';
import { type Ended, expectOneLine, folder, vswitch } from './vswitch.ts';

interface Played extends Ended {
  readonly cwd: string;
  readonly report: Report;
}

type Frames = Parameters<typeof pcap>[2];

/** Replays inputs, given as port and frames, in a folder of their own. */
async function play(inputs: readonly (readonly [port: string, frames: Frames])[], ...more: string[]): Promise<Played> {
  const cwd = folder();
  write(cwd, 'lab.yaml', LAB);
  const ins = inputs.flatMap(([port, frames], i) => [`--in`, `${port}=${pcap(cwd, `${i}.pcap`, frames)}`]);
  const ended = await vswitch(['replay', 'lab.yaml', ...ins, '--out', 'out', ...more], { cwd });
  const file = join(cwd, 'out/report.json');
  return { ...ended, cwd, report: existsSync(file) ? JSON.parse(readFileSync(file, 'utf8')) : null };
}

const portOf = ({ report }: Played, name: string) =>
  report.switches.flatMap((sw) => sw.ports).find((port) => port.name === name)!;
const macsOf = ({ report }: Played, name: string): string[] =>
  report.switches.find((sw) => sw.name === name)!.macTable.map((entry) => `${entry.mac} ${entry.port}`);
const times = (file: string): number[] => framesOf(file).map(({ atNs }) => atNs);

const MS = 1_000_000;
const S = 1_000_000_000;

describe.concurrent('vswitch replay', () => {
  it('takes frames in at a vNIC, an uplink and a physical port, and writes what passed each port', async () => {
    const played = await play([
      [
        'esx1/vm1',
        [
          [0, frame(VM2, VM1)],
          [3, frame(BROADCAST, VM1, 77)],
        ],
      ],
      ['esx2/vmnic0', [[MS, frame(VM3, OUTSIDE, 64, TAG_10)]]],
      ['tor/5', [[2 * MS + 1, frame(VM1, OUTSIDE, 64, TAG_10)]]],
    ]);
    expect(played).toMatchObject({ code: 0, stderr: '' });
    expect(played.stdout).toMatch(/wrote 12 captures and report\.json to out/);
    const of = (port: string) => framesOf(join(played.cwd, `out/${port}.pcapng`));
    // What entered has the time it was captured at, to the nanosecond; from the guest's view that is "out" of the vNIC.
    expect(of('esx1/vm1').slice(0, 2)).toMatchObject([
      { atNs: 0, length: 60 },
      { atNs: 3, length: 77 },
    ]);
    expect(of('esx2/vmnic0').find(({ atNs }) => atNs === MS)).toMatchObject({ length: 64, direction: 'in' });
    expect(of('tor/5').find(({ atNs }) => atNs === 2 * MS + 1)).toMatchObject({ length: 64, direction: 'in' });
    // What left is beside it: the unknown unicast flooded on the host, the tagged copy outside, the answers to both.
    expect(of('esx1/vm2').map(({ length }) => length)).toEqual([60, 77]);
    expect(
      of('esx1/vmnic0')
        .slice(0, 2)
        .map(({ length }) => length),
    ).toEqual([64, 81]);
    expect(of('esx2/vm3').map(({ length }) => length)).toContain(60);
    expect(of('esx1/vm1').at(-1)).toMatchObject({ length: 60 });
    for (const { file } of played.report.captures) expect(isClosed(join(played.cwd, file)), file).toBe(true);
    expect(played.report).toMatchObject({ clock: 'virtual', ledger: { framesIn: 4, held: 0, balanced: true } });
    expect(portOf(played, 'esx1/vm1')).toMatchObject({ rxFrames: 2, rxBytes: 137 });
    expect(macsOf(played, 'esx1/vSwitch0')).toContain(`${VM1} esx1/vm1`);
    expect(macsOf(played, 'esx2/vSwitch0')).toContain(`${OUTSIDE} uplink`);
    expect(macsOf(played, 'tor')).toContain(`${OUTSIDE} tor/5`);
  });

  const name = 'keeps capture times as tshark reads them';
  it.skipIf(tsharkMissing !== null)(tsharkMissing === null ? name : `${name} (skipped: ${tsharkMissing})`, async () => {
    const at = [0, 1, 999_999_999, 7 * S + 5];
    const played = await play([['esx1/vm1', at.map((ns) => [ns, frame(BROADCAST, VM1)] as const)]]);
    const read = tshark(join(played.cwd, 'out/esx1/vm1.pcapng'), ['frame.time_epoch', 'eth.src']);
    expect(read.map(([time, mac]) => [epochNs(time!), mac])).toEqual(at.map((ns) => [T0 + BigInt(ns), VM1]));
    expect(tshark(join(played.cwd, 'out/tor/1.pcapng'), ['frame.number'], '-Y', '_ws.malformed')).toEqual([]);
  });

  it('merges several inputs by time, two of them at one port', async () => {
    const of = (...at: number[]): Frames => at.map((ns) => [ns, frame(BROADCAST, VM1, 60 + ns)]);
    const played = await play([
      ['esx1/vm1', of(1, 4)],
      ['esx1/vm1', of(2, 3)],
      ['esx1/vm2', [[5, frame(BROADCAST, VM2)]]],
    ]);
    expect(played).toMatchObject({ code: 0, stderr: '' });
    expect(framesOf(join(played.cwd, 'out/esx1/vm2.pcapng')).map(({ length }) => length)).toEqual([61, 62, 63, 64, 60]);
    expect(times(join(played.cwd, 'out/esx1/vm1.pcapng')).slice(0, 4)).toEqual([1, 2, 3, 4]);
  });

  it('lets an entry expire after --age', async () => {
    const inputs = [
      ['esx1/vm1', [[0, frame(BROADCAST, VM1)]]],
      ['esx1/vm2', [[30 * S, frame(BROADCAST, VM2)]]],
    ] as const;
    const [kept, aged] = await Promise.all([play(inputs), play(inputs, '--age', '20s')]);
    expect(macsOf(kept, 'esx1/vSwitch0')).toEqual(expect.arrayContaining([`${VM1} esx1/vm1`, `${VM2} esx1/vm2`]));
    expect(macsOf(aged, 'esx1/vSwitch0')).toEqual([`${VM2} esx1/vm2`]);
  });

  it('ends at --until', async () => {
    const frames: Frames = [0, 1, 2].map((s) => [s * S, frame(VM2, VM1)]);
    const played = await play([['esx1/vm1', frames]], '--until', '1.5s', '--json');
    expect(played.report).toMatchObject({ seconds: 1.5, ledger: { framesIn: 2 } });
    expect(JSON.parse(played.stdout)).toEqual(played.report);
  });

  it('tells what may surprise in notes: no traffic, times that go back, frames cut short, no frames', async () => {
    const cwd = folder();
    write(cwd, 'lab.yaml', `${LAB}${TRAFFIC}`);
    const back = pcap(cwd, 'back.pcap', [
      [5, frame(VM2, VM1)],
      [1, frame(VM2, VM1)],
    ]);
    const ended = await vswitch(['replay', 'lab.yaml', '--in', `esx1/vm1=${back}`, '--out', 'out'], { cwd });
    expect(ended.code).toBe(0);
    expect(ended.stderr).toMatch(/^vswitch: note: 1 frame had a time before .*\nvswitch: note: the traffic .*\n$/);
    const none = await play([['esx1/vm1', []]]);
    expect(none.code).toBe(0);
    expect(none.stderr).toMatch(/^vswitch: note: no frame entered.*\n$/);
  });

  const LENGTHS = [0, 13, 14, 59, 60, 1514, 1515, 9216, 65_535];
  const PASSED = 4;
  for (const [port, passed] of [
    ['esx1/vm1', 'flood_unknown'],
    ['tor/5', 'flood_unknown'],
    ['esx1/vmnic0', 'vlan_not_member'],
  ] as const) {
    it(`judges frames of ${LENGTHS.join(', ')} bytes at ${port}`, async () => {
      const frames: Frames = LENGTHS.map((length, i) => [i * MS, frame(VM2, VM1, length)]);
      const played = await play([[port, frames]]);
      expect(played).toMatchObject({ code: 0, stderr: '' });
      const { verdicts, rxFrames, rxBytes } = portOf(played, port);
      expect(verdicts).toMatchObject({ runt: 2, giant: 3, [passed]: PASSED });
      expect({ rxFrames, rxBytes }).toEqual({ rxFrames: LENGTHS.length, rxBytes: LENGTHS.reduce((a, b) => a + b) });
      expect(played.report.ledger.balanced).toBe(true);
      const seen = framesOf(join(played.cwd, `out/${port}.pcapng`)).filter(({ atNs }) => atNs % MS === 0);
      expect(seen.map(({ length }) => length)).toEqual(LENGTHS);
    });
  }
});

describe.concurrent('vswitch replay of a broken input', () => {
  const three: Frames = [0, 1, 2].map((ms) => [ms * MS, frame(VM2, VM1)]);

  function truncated(): { cwd: string; args: string[] } {
    const cwd = folder();
    write(cwd, 'lab.yaml', LAB);
    const file = pcap(cwd, 'cut.pcap', three);
    truncateSync(file, 24 + 2 * (16 + 60) + 16 + 20);
    return { cwd, args: ['replay', 'lab.yaml', '--in', 'esx1/vm1=cut.pcap', '--out', 'out'] };
  }

  it('ends with 2 at a truncated file, after forwarding the frames before', async () => {
    const { cwd, args } = truncated();
    expectOneLine(await vswitch(args, { cwd }), 2, /^vswitch: cut\.pcap: offset \d+: /);
    expect(times(join(cwd, 'out/esx1/vm1.pcapng'))).toEqual([0, MS]);
    expect(framesOf(join(cwd, 'out/esx1/vm2.pcapng'))).toHaveLength(2);
    expect(isClosed(join(cwd, 'out/tor/1.pcapng'))).toBe(true);
    const report = JSON.parse(readFileSync(join(cwd, 'out/report.json'), 'utf8'));
    expect(report.ledger).toMatchObject({ framesIn: 2, held: 0, balanced: true });
  });

  it('goes on with --keep-going, tells it once and ends with 1', async () => {
    const { cwd, args } = truncated();
    const ended = await vswitch([...args, '--keep-going', '--json'], { cwd });
    expectOneLine(ended, 1, /^vswitch: cut\.pcap: offset \d+: /);
    expect(JSON.parse(ended.stdout).ledger).toMatchObject({ framesIn: 2, balanced: true });
  });

  it('refuses a link type that is not Ethernet', async () => {
    const cwd = folder();
    write(cwd, 'lab.yaml', LAB);
    const bytes = readFileSync(pcap(cwd, 'sll.pcap', three));
    bytes.writeUInt32LE(113, 20);
    write(cwd, 'sll.pcap', bytes);
    const ended = await vswitch(['replay', 'lab.yaml', '--in', 'esx1/vm1=sll.pcap', '--out', 'out'], { cwd });
    expectOneLine(ended, 2, /sll\.pcap: .*link type/i);
  });

  it('never overwrites what it reads', async () => {
    const first = await play([['esx1/vm1', three]]);
    const before = readFileSync(join(first.cwd, 'out/esx1/vm1.pcapng'));
    const args = ['replay', 'lab.yaml', '--in', 'esx1/vm1=out/esx1/vm1.pcapng', '--out', './out'];
    expectOneLine(await vswitch(args, { cwd: first.cwd }), 2, /would overwrite its input/);
    expect(readFileSync(join(first.cwd, 'out/esx1/vm1.pcapng')).equals(before)).toBe(true);
  });
});
