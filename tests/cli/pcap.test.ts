/** `vswitch pcap`: captures told, joined, split, compared and followed, as a user has it. */
import { execFileSync } from 'node:child_process';
import { existsSync, lstatSync, mkdirSync, readdirSync, readFileSync, writeFileSync } from 'node:fs';
import { join, resolve } from 'node:path';
import { gzipSync } from 'node:zlib';
import { describe, expect, it } from 'vitest';
import { readCapture } from '../../src/capture/read.ts';
import {
  enhancedPacket,
  interfaceDescription,
  pcapHeader,
  pcapRecord,
  sectionHeader,
} from '../../src/capture/write.ts';
import { cat } from '../../src/cli/pcap/cat.ts';
import { tsharkBlocks, tsharkMissing } from '../capture/tshark.ts';
import { expectOneLine, folder, vswitch } from './vswitch.ts';

const SAMPLES = resolve(import.meta.dirname, '../../captures/samples');
const VLANS = join(SAMPLES, 'vlans.pcapng');
const FAILOVER = join(SAMPLES, 'failover.pcapng');
const BROADCAST = '1000000000005';

/** A frame on two ports, a copy of it that died, and a duplicate. */
function journey(path: string, startNs = 5_000n): string {
  const bytes = Buffer.alloc(60, 1);
  const names = ['esx1/web1', 'esx1/vmnic0', 'tor/1', 'esx1/DROP'];
  const drop = Buffer.from([
    0xd9,
    0x7e,
    0,
    0,
    1,
    0,
    19,
    0,
    10,
    0,
    6,
    ...Buffer.from('vmnic1'),
    4,
    ...Buffer.from('web1'),
    0,
  ]);
  const hop = (interfaceId: number, afterNs: bigint, direction: 'in' | 'out', packetId = 7n) =>
    enhancedPacket({ interfaceId, timeNs: startNs + afterNs, bytes, direction, packetId });
  const died = Buffer.from(
    enhancedPacket({ interfaceId: 3, timeNs: startNs + 3_000n, bytes, direction: 'in', packetId: 7n }),
  );
  // The custom option goes between the last option and the end of options.
  const option = Buffer.alloc(4 + Math.ceil(drop.length / 4) * 4);
  option.writeUInt16LE(2989, 0);
  option.writeUInt16LE(drop.length, 2);
  drop.copy(option, 4);
  const block = Buffer.concat([died.subarray(0, -8), option, died.subarray(-8)]);
  block.writeUInt32LE(block.length, 4);
  block.writeUInt32LE(block.length, block.length - 4);
  writeFileSync(
    path,
    Buffer.concat([
      sectionHeader({ comment: 'a journey' }),
      ...names.map((name) => interfaceDescription({ name })),
      hop(0, 0n, 'in'),
      hop(1, 1_000n, 'out'),
      hop(2, 2_000n, 'in'),
      hop(2, 2_500n, 'in'),
      block,
      hop(0, 9_000n, 'in', 9n),
    ]),
  );
  return path;
}

/** What a frame is, without where it stands in its file. */
const content = (file: string) =>
  [...readCapture(file, { linkTypes: 'any' })].map(({ timeNs, bytes, originalLength, interface: from, ...rest }) => ({
    timeNs,
    originalLength,
    linkType: from.linkType,
    hex: Buffer.from(bytes).toString('hex'),
    packetId: rest.packetId,
    direction: rest.direction,
    comment: rest.comment,
    drop: rest.drop,
  }));

describe.concurrent('vswitch pcap info', () => {
  it('tells interfaces, times, drops and comments, as text and as JSON', async () => {
    const cwd = folder();
    journey(join(cwd, 'a.pcapng'));
    const told = await vswitch(['pcap', 'info', 'a.pcapng'], { cwd });
    expect(told).toMatchObject({ code: 0, stderr: '' });
    expect(told.stdout).toMatch(/^a\.pcapng: pcapng, 1 section, 6 frames, /);
    expect(told.stdout).toMatch(/^ {9}a journey$/m);
    expect(told.stdout).toMatch(/^ {4}1 {2}deja_vu {2}R7 {4}ingress {2}esx1\/DROP$/m);
    const data = JSON.parse((await vswitch(['pcap', 'info', 'a.pcapng', '--json'], { cwd })).stdout);
    expect(data).toMatchObject({
      frames: 6,
      firstNs: '5000',
      lastNs: '14000',
      drops: [{ verdict: 'deja_vu', rule: 'R7', frames: 1 }],
    });
    expect(data.interfaces.map((each: { name: string; frames: number }) => [each.name, each.frames])).toEqual([
      ['esx1/web1', 2],
      ['esx1/vmnic0', 1],
      ['tor/1', 2],
      ['esx1/DROP', 1],
    ]);
  });

  it('reads the standard input, compressed or not, and tells of the rest when one file is damaged', async () => {
    const cwd = folder();
    const bytes = readFileSync(journey(join(cwd, 'a.pcapng')));
    writeFileSync(join(cwd, 'a.gz'), gzipSync(bytes));
    writeFileSync(join(cwd, 'cut.pcapng'), bytes.subarray(0, bytes.length - 6));
    const through = ['sh', '-c', 'f=$1; shift; cat "$f" | "$@"', 'sh', 'a.gz'];
    const piped = await vswitch(['pcap', 'info', '-'], { cwd, through });
    expect(piped.stdout).toMatch(/^standard input: pcapng in gzip, 1 section, 6 frames/);
    const cut = await vswitch(['pcap', 'info', 'cut.pcapng', 'a.pcapng'], { cwd });
    expectOneLine(cut, 2, /cut\.pcapng: offset \d+: the file ends \d+ octets into a block of \d+;/);
    expect(cut.stdout).toMatch(/^cut\.pcapng: pcapng, 1 section, 5 frames/);
    expect(cut.stdout).toMatch(/^a\.pcapng: pcapng, 1 section, 6 frames/m);
  });
});

describe.concurrent('vswitch pcap follow', () => {
  it('shows hops, copies that died and duplicates, each in the column of its owner', async () => {
    const cwd = folder();
    journey(join(cwd, 'a.pcapng'));
    const { stdout, code } = await vswitch(['pcap', 'follow', 'a.pcapng', '7'], { cwd });
    expect(code).toBe(0);
    expect(stdout.split('\n').slice(2)).toEqual([
      '              esx1      tor',
      '+0.000000000  → web1    │        untagged, 60',
      '+0.000001000  vmnic0 →  │        untagged, 60',
      '+0.000002000  │         → 1      untagged, 60',
      '+0.000002500  │         → 1 (2)  untagged, 60',
      '+0.000003000  ✗ vmnic1  │        untagged, 60  DROP deja_vu (R7) at vmnic1, source is web1',
      '',
    ]);
    const data = JSON.parse((await vswitch(['pcap', 'follow', 'a.pcapng', '7', '--json'], { cwd })).stdout);
    expect(data.hops.at(-1)).toMatchObject({ sinceNs: 3000, owner: 'esx1', drop: { verdict: 'deja_vu', rule: 'R7' } });
  });

  it('follows over several files, as if they were one', async () => {
    const cwd = folder();
    for (const name of ['esx1/*', 'tor/*', 'office/*'])
      await cat([VLANS], { interface: [name], output: join(cwd, `${name.slice(0, -2)}.pcapng`) });
    const parts = await vswitch(['pcap', 'follow', 'office.pcapng', BROADCAST, 'tor.pcapng', 'esx1.pcapng'], { cwd });
    const whole = await vswitch(['pcap', 'follow', VLANS, BROADCAST], { cwd });
    const rows = (text: string) => text.split('\n').slice(3).sort();
    expect(rows(parts.stdout)).toEqual(rows(whole.stdout));
    expect(whole.stdout).toMatch(/9 hops/);
  });

  it('says which ids are near when there is none, or that the file has none', async () => {
    const cwd = folder();
    journey(join(cwd, 'a.pcapng'));
    writeFileSync(join(cwd, 'b.pcap'), Buffer.concat([pcapHeader(65535), pcapRecord(0n, Buffer.alloc(60))]));
    expectOneLine(
      await vswitch(['pcap', 'follow', 'a.pcapng', '8'], { cwd }),
      2,
      /no frame has the id 8; near it are 7, 9$/,
    );
    expectOneLine(
      await vswitch(['pcap', 'follow', 'b.pcap', '8'], { cwd }),
      2,
      /b\.pcap: no frame has a packet id; give/,
    );
    expectOneLine(await vswitch(['pcap', 'follow', 'a.pcapng', 'x'], { cwd }), 2, /expected a packet id/);
  });
});

describe.concurrent('vswitch pcap cat', () => {
  it('prints a line for each frame that was chosen', async () => {
    const cwd = folder();
    journey(join(cwd, 'a.pcapng'));
    const lines = async (...args: string[]): Promise<string[]> =>
      (await vswitch(['pcap', 'cat', 'a.pcapng', ...args], { cwd })).stdout.split('\n').slice(0, -1);
    expect(await lines()).toHaveLength(6);
    expect((await lines('--interface', '*/DROP'))[0]).toBe(
      '0.000003000  esx1/DROP in  #7  01:01:01:01:01:01 > 01:01:01:01:01:01  LLC  60  DROP deja_vu (R7) at vmnic1, source is web1',
    );
    expect(await lines('--id', '9')).toHaveLength(1);
    expect(await lines('--from', '1us', '--to', '2500ns')).toHaveLength(3);
    expect(await lines('--from', '@0.000014', '--to', '1970-01-01T00:00:01Z')).toHaveLength(1);
    expect(await lines('--filter', 'ether src 01:01:01:01:01:01')).toHaveLength(6);
    expect(await lines('--filter', 'arp')).toHaveLength(0);
  });

  it('joins files in one section, with like interfaces as one and all others apart', async () => {
    const cwd = folder();
    journey(join(cwd, 'a.pcapng'));
    journey(join(cwd, 'b.pcapng'), 6_500n);
    writeFileSync(join(cwd, 'c.pcap'), Buffer.concat([pcapHeader(65535), pcapRecord(7_000n, Buffer.alloc(60))]));
    const args = ['pcap', 'cat', 'a.pcapng', 'b.pcapng', 'c.pcap', '--merge', '-o', 'all.pcapng'];
    expect(await vswitch(args, { cwd })).toMatchObject({ code: 0, stderr: 'all.pcapng: 13 frames\n' });
    const frames = [...readCapture(join(cwd, 'all.pcapng'))];
    const times = frames.map(({ timeNs }) => timeNs);
    expect(times).toEqual(times.toSorted((x, y) => Number(x - y)));
    expect([...new Set(frames.map((frame) => frame.interface.name))].sort()).toEqual(
      ['esx1/web1', 'esx1/vmnic0', 'tor/1', 'esx1/DROP', 'c'].sort(),
    );
    expect(frames.filter(({ drop }) => drop?.verdict === 19)).toHaveLength(2);
    expect(existsSync(join(cwd, 'all.pcapng.part'))).toBe(false);
  });

  it('writes to a pipe', async () => {
    const cwd = folder();
    journey(join(cwd, 'a.pcapng'));
    const through = ['sh', '-c', '"$@" | cat > out.pcapng', 'sh'];
    const ended = await vswitch(['pcap', 'cat', 'a.pcapng', '--id', '7', '-o', '-'], { cwd, through });
    expect(ended).toMatchObject({ code: 0, stderr: '' });
    expect(content(join(cwd, 'out.pcapng'))).toEqual(content(join(cwd, 'a.pcapng')).slice(0, 5));
  });

  it.skipIf(process.platform === 'win32')('writes into a FIFO, which stays one', async () => {
    const cwd = folder();
    journey(join(cwd, 'a.pcapng'));
    const through = ['sh', '-c', 'mkfifo f; cat f > out.pcapng & "$@"; wait', 'sh'];
    expect((await vswitch(['pcap', 'cat', 'a.pcapng', '-o', 'f'], { cwd, through })).code).toBe(0);
    expect(lstatSync(join(cwd, 'f')).isFIFO()).toBe(true);
    expect(content(join(cwd, 'out.pcapng'))).toEqual(content(join(cwd, 'a.pcapng')));
  });

  it('does not take an input for the file that it makes first', async () => {
    const cwd = folder();
    const bytes = readFileSync(journey(join(cwd, 'a.pcapng.part')));
    const ended = await vswitch(['pcap', 'cat', 'a.pcapng.part', '-o', 'a.pcapng'], { cwd });
    expectOneLine(ended, 2, /a\.pcapng\.part: that input would be overwritten while a\.pcapng is made; give another/);
    expect(readFileSync(join(cwd, 'a.pcapng.part'))).toEqual(bytes);
    expect(existsSync(join(cwd, 'a.pcapng'))).toBe(false);
  });

  it('refuses in one line, and leaves nothing behind', async () => {
    const cwd = folder();
    const bytes = readFileSync(journey(join(cwd, 'a.pcapng')));
    writeFileSync(join(cwd, 'cut.pcapng'), bytes.subarray(0, bytes.length - 6));
    mkdirSync(join(cwd, 'taken'));
    const cases: [string[], RegExp][] = [
      [['cat', 'a.pcapng', '-o', 'a.pcapng'], /a\.pcapng: that would overwrite an input; give another path$/],
      [['cat', 'none.pcapng', '-o', 'out.pcapng'], /none\.pcapng: offset 0: there is no such file; check the path$/],
      [['cat', 'cut.pcapng', '-o', 'out.pcapng'], /cut\.pcapng: offset \d+: the file ends/],
      [['cat', 'a.pcapng', '-o', 'taken'], /taken: that is a directory; give another path/],
      [['cat', 'a.pcapng', '--filter', 'vlan and and', '-o', 'out.pcapng'], /vswitch: .*and/],
      [['cat', 'a.pcapng', '--from', 'noon'], /--from noon: expected a time since the first frame/],
      [['split', 'a.pcapng', '--by', 'colour', '-o', 'out'], /--by colour: expected interface, id, section,/],
      [['diff', 'a.pcapng', '-'], /-: each file is read twice/],
      [['diff', 'a.pcapng', 'a.pcapng', '--by', 'taste'], /--by taste: expected some of bytes,/],
    ];
    for (const [args, line] of cases) expectOneLine(await vswitch(['pcap', ...args], { cwd }), 2, line);
    expect(readdirSync(cwd).sort()).toEqual(['a.pcapng', 'cut.pcapng', 'taken']);
    const rescued = await vswitch(['pcap', 'cat', 'cut.pcapng', '--keep-going', '-o', 'out.pcapng'], { cwd });
    expect(rescued.code).toBe(1);
    expect(content(join(cwd, 'out.pcapng'))).toEqual(content(join(cwd, 'a.pcapng')).slice(0, 5));
  });
});

describe('vswitch pcap split', () => {
  it.each([
    ['interface', 'a.esx1-DROP.pcapng a.esx1-vmnic0.pcapng a.esx1-web1.pcapng a.tor-1.pcapng'],
    ['id', 'a.7.pcapng a.9.pcapng'],
    ['section', 'a.0.pcapng'],
    ['frames 4', 'a.00001.pcapng a.00002.pcapng'],
    ['time 2us', 'a.00001.pcapng a.00002.pcapng a.00003.pcapng'],
    ['size 500', 'a.00001.pcapng a.00002.pcapng'],
  ])('by %s gives files that joined are the whole', async (by, files) => {
    const cwd = folder();
    journey(join(cwd, 'a.pcapng'));
    const ended = await vswitch(['pcap', 'split', 'a.pcapng', '--by', by, '-o', 'parts'], { cwd });
    expect(ended).toMatchObject({ code: 0, stderr: '' });
    const parts = readdirSync(join(cwd, 'parts')).sort();
    expect(parts.join(' ')).toBe(files);
    const paths = parts.map((name) => join('parts', name));
    await vswitch(['pcap', 'cat', ...paths, '--merge', '-o', 'again.pcapng'], { cwd });
    expect(content(join(cwd, 'again.pcapng'))).toEqual(content(join(cwd, 'a.pcapng')));
    if (tsharkMissing === null) for (const path of paths) expectNoComplaint(join(cwd, path));
  });
});

describe.concurrent('vswitch pcap diff', () => {
  it('finds what is only in one, regardless of order, and counts how often', async () => {
    const cwd = folder();
    await cat([FAILOVER, FAILOVER], { output: join(cwd, 'twice.pcapng') });
    await vswitch(['pcap', 'split', FAILOVER, '--by', 'interface', '-o', 'ports'], { cwd });
    const ports = readdirSync(join(cwd, 'ports')).map((name) => join('ports', name));
    await vswitch(['pcap', 'cat', ...ports, '-o', 'other-order.pcapng'], { cwd });
    const same = await vswitch(['pcap', 'diff', FAILOVER, 'other-order.pcapng'], { cwd });
    expect(same).toMatchObject({ code: 0, stdout: 'the same 100 frames by bytes, interface\n' });
    const twice = await vswitch(['pcap', 'diff', FAILOVER, 'twice.pcapng', '--json'], { cwd });
    expect(twice.code).toBe(1);
    expect(JSON.parse(twice.stdout)).toMatchObject({ same: false, sides: [{ only: 0 }, { frames: 200, only: 100 }] });
    const less = await vswitch(['pcap', 'diff', FAILOVER, ports[0]!], { cwd });
    expect(less.code).toBe(1);
    expect(less.stdout).toMatch(/^only in .*failover\.pcapng: \d+ of 100 frames$/m);
    expect(less.stdout).toMatch(/^ {2}offset \d+: 0\.\d{9} {2}esx/m);
    expect(less.stdout).toMatch(/^only in ports\/.*: 0 of \d+ frames$/m);
  });

  it('compares by what is asked for', async () => {
    const cwd = folder();
    journey(join(cwd, 'a.pcapng'));
    journey(join(cwd, 'b.pcapng'), 6_000n);
    const by = async (what: string) =>
      (await vswitch(['pcap', 'diff', 'a.pcapng', 'b.pcapng', '--by', what], { cwd })).code;
    expect(await by('bytes,interface,direction,id,length')).toBe(0);
    expect(await by('bytes,time')).toBe(1);
  });
});

/** tshark's expert says this of the blocks. */
function complaints(file: string): string[] {
  return [...new Set(tsharkBlocks(file, ['_ws.expert.message'])['_ws.expert.message'])];
}

/** tshark reads it as frames and as blocks and has nothing to say, but what it says of some options that it does not know. */
function expectNoComplaint(file: string, known: readonly string[] = ['']): void {
  const said = execFileSync('sh', ['-c', 'tshark -n -r "$0" 2>&1 >/dev/null', file], { encoding: 'utf8' });
  expect(said.replace(/^Running as user .*\n/, '')).toBe('');
  expect(complaints(file)).toEqual(known);
}

const OTHERS = resolve(import.meta.dirname, '../../../shared/captures');
const others = existsSync(OTHERS)
  ? readdirSync(OTHERS, { recursive: true, encoding: 'utf8' }).filter((file) => /\.pcap(ng)?$/.test(file))
  : [];
if (others.length === 0) console.warn(`tests/cli: copies of samples are skipped, because ${OTHERS} has no captures`);

describe.skipIf(others.length === 0)('a copy of a sample', () => {
  it.each(others)('%s has the same frames', async (name) => {
    const [from, to] = [join(OTHERS, name), join(folder(), 'copy.pcapng')];
    await cat([from], { output: to });
    expect(content(to)).toEqual(content(from));
    // Classic ones gain nothing but what the others have.
    if (tsharkMissing === null && name.endsWith('.pcapng')) expectNoComplaint(to, complaints(from));
  });
});
