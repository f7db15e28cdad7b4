/** Snapshots at the command line: taken on the way, gone on from, looked into, compared. */
import { mkdirSync, readFileSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { describe, expect, it } from 'vitest';
import type { Difference } from '../../src/telemetry/difference.ts';
import type { Report } from '../../src/telemetry/report.ts';
import { isClosed, LAB, TRAFFIC, withCapture, write } from './lab.ts';
import { expectOneLine, folder, vswitch } from './vswitch.ts';

const same = ({ ledger, switches, streams, seconds }: Report) => ({ ledger, switches, streams, seconds });

describe.concurrent('vswitch run with snapshots', () => {
  it('takes them on the way, and goes on from one to the same end', async () => {
    const cwd = folder();
    const file = write(cwd, 'lab.yaml', withCapture('all.pcapng'));
    const whole = await vswitch(
      [
        'run',
        file,
        '--clock',
        'virtual',
        '-d',
        '40ms',
        '--snapshot-at',
        '20ms=b.vsnap',
        '--snapshot-at',
        '10ms=a.vsnap',
        '--json',
      ],
      { cwd },
    );
    expect(whole).toMatchObject({ code: 0, stderr: '' });
    const rest = await vswitch(['run', file, '--restore', 'a.vsnap', '-d', '30ms', '--json'], { cwd });
    expect(rest).toMatchObject({
      code: 0,
      stderr: 'vswitch: note: what went to all.pcapng goes on in all.from-10ms.pcapng\n',
    });
    expect(same(JSON.parse(rest.stdout))).toEqual(same(JSON.parse(whole.stdout)));
    const [all, more] = ['all.pcapng', 'all.from-10ms.pcapng'].map((name) => readFileSync(join(cwd, name)));
    expect(isClosed(join(cwd, 'all.from-10ms.pcapng'))).toBe(true);
    // Without the headers, it is how the whole one ends.
    const at = more!.indexOf(Buffer.from([6, 0, 0, 0]));
    expect(all!.subarray(all!.length - (more!.length - at)).equals(more!.subarray(at))).toBe(true);

    const info = await vswitch(['snapshot', 'info', 'a.vsnap'], { cwd });
    expect(info.stdout).toMatch(
      /^lab: 2 hosts, 1 physical switch\ntaken at 10 ms on the virtual clock with \d workers?, after/,
    );
    const told = await vswitch(['snapshot', 'diff', 'a.vsnap', 'b.vsnap'], { cwd });
    expect(told.stdout.split('\n')[0]).toBe('time: 10 ms became 20 ms, 10 ms later');
    expect(told.stdout).toMatch(/^stream 1 \(esx1\/vm1 to esx2\/vm3\): sent \d+ became \d+ \(\+20\)$/m);
    const data = await vswitch(['snapshot', 'diff', 'a.vsnap', 'b.vsnap', '--json'], { cwd });
    const found = JSON.parse(data.stdout) as Difference[];
    expect(found.map(({ sentence }) => sentence).join('\n')).toBe(told.stdout.trimEnd());
    const none = await vswitch(['snapshot', 'diff', 'a.vsnap', 'a.vsnap'], { cwd });
    expect(none).toMatchObject({ code: 0, stdout: 'no difference\n' });
  });

  it('takes them on the wall clock, too', async () => {
    const cwd = folder();
    const file = write(cwd, 'lab.yaml', `${LAB}${TRAFFIC}`);
    const ended = await vswitch(['run', file, '-d', '600ms', '--snapshot-at', '300ms=a.vsnap', '--json'], { cwd });
    expect(ended).toMatchObject({ code: 0, stderr: '' });
    const rest = await vswitch(['run', '--restore', 'a.vsnap', '-d', '300ms', '--json'], { cwd });
    expect(rest).toMatchObject({ code: 0, stderr: '' });
    const report = JSON.parse(rest.stdout) as Report;
    expect(report).toMatchObject({ clock: 'wall', ledger: { balanced: true } });
    expect(report.seconds).toBeGreaterThanOrEqual(0.6);
  });
});

describe.concurrent('snapshots are refused in one line', () => {
  it('when they are none, damaged, or of another topology', async () => {
    const cwd = folder();
    const file = write(cwd, 'lab.yaml', `${LAB}${TRAFFIC}`);
    const other = write(cwd, 'other.yaml', LAB);
    await vswitch(['run', file, '--clock', 'virtual', '-d', '2ms', '--snapshot-at', '1ms=a.vsnap', '-q'], { cwd });
    const bytes = readFileSync(join(cwd, 'a.vsnap'));
    bytes[100]! ^= 1;
    writeFileSync(join(cwd, 'damaged.vsnap'), bytes);
    const cases: [string[], RegExp][] = [
      [['run', '--restore', 'none.vsnap'], /none\.vsnap: no such file; name a snapshot$/],
      [['run', '--restore', file], /that is no snapshot; name a file that/],
      [['run', '--restore', 'damaged.vsnap'], /the snapshot is damaged; take it again, or use a copy of it$/],
      [['snapshot', 'info', 'damaged.vsnap'], /the snapshot is damaged/],
      [['run', other, '--restore', 'a.vsnap'], /the snapshot is of another topology \(lab\)/],
      [
        ['run', '--restore', 'a.vsnap', '--clock', 'wall'],
        /--clock wall: a\.vsnap was taken on the virtual clock, and goes on on it$/,
      ],
      [
        ['run', '--restore', 'a.vsnap', '-w', '2'],
        /--workers: a\.vsnap goes on with the workers that it was taken with/,
      ],
      [
        ['run', file, '--clock', 'virtual', '-d', '1ms', '--snapshot-at', '2ms=b.vsnap'],
        /--snapshot-at 2 ms=b\.vsnap: the run ends at 1 ms; name a time in between, or change --duration$/,
      ],
      [
        ['run', '--restore', 'a.vsnap', '--snapshot-at', '10us=b.vsnap'],
        /--snapshot-at 10 us=b\.vsnap: the run begins at 1 ms; name a time in between, or change --duration$/,
      ],
      [['run', 'a.vsnap'], /a\.vsnap is a snapshot; go on from it with vswitch run --restore a\.vsnap$/],
      [
        ['run', file, '--snapshot-at', '1us=c.vsnap', '--snapshot-at', '2us=c.vsnap'],
        /c\.vsnap is named twice; give each snapshot its own file$/,
      ],
      [
        ['run', file, '--snapshot-at', '1us=lab.yaml/c.vsnap'],
        /lab\.yaml: that is no folder; give another path for the snapshot$/,
      ],
      [['run', file, '--snapshot-at', '5ms'], /expected TIME=FILE, such as 5ms=before\.vsnap/],
    ];
    for (const [args, line] of cases) expectOneLine(await vswitch(args, { cwd }), 2, line);
  });

  it('when they cannot be written in the end, and the run ends as it should', async () => {
    const cwd = folder();
    const file = write(cwd, 'lab.yaml', `${LAB}${TRAFFIC}`);
    mkdirSync(join(cwd, 'taken'));
    const ended = await vswitch(
      ['run', file, '--clock', 'virtual', '-d', '2ms', '--snapshot-at', '1ms=taken', '--json'],
      { cwd },
    );
    expectOneLine(ended, 1, /taken: that is a directory; give another path for the snapshot$/);
    expect(JSON.parse(ended.stdout)).toMatchObject({ seconds: 0.002, ledger: { balanced: true } });
  });
});
