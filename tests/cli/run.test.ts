import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { describe, expect, it } from 'vitest';
import type { Report } from '../../src/telemetry/report.ts';
import { tshark, tsharkMissing } from '../capture/tshark.ts';
import { BROADCAST, frame, isClosed, LAB, LARGE, pcap, TRAFFIC, VM1, withCapture, write } from './lab.ts';
import { folder, saying, start, vswitch } from './vswitch.ts';

const LIVE = /^\d+\.\d s +rx .*frames\/s +tx .*frames\/s +dropped /m;
const BALANCED = /^ledger .* balanced$/m;
const wholeName = (name: string): string => (tsharkMissing === null ? name : `${name} (skipped: ${tsharkMissing})`);

/** The frames that tshark takes for broken. */
const malformed = (file: string): string[][] => tshark(file, ['frame.number'], '-Y', '_ws.malformed');

describe.concurrent('vswitch run without a file', () => {
  it('shows live lines and a summary with a balanced ledger, and closes its capture', async () => {
    const cwd = folder();
    const ended = await vswitch(['run', '--duration', '2s'], { cwd });
    expect(ended).toMatchObject({ code: 0, stderr: '' });
    expect(ended.stdout).toMatch(LIVE);
    expect(ended.stdout).toMatch(/^demo: 2\.\d+ s, 3 switches/m);
    expect(ended.stdout).toMatch(BALANCED);
    expect(ended.stdout).toMatch(/deja_vu +R7/);
    expect(isClosed(join(cwd, 'captures/demo.pcapng'))).toBe(true);
  });

  it.skipIf(tsharkMissing !== null)(wholeName('writes a capture in which tshark finds nothing malformed'), async () => {
    const cwd = folder();
    await vswitch(['run', '-d', '200ms', '--quiet'], { cwd });
    const file = join(cwd, 'captures/demo.pcapng');
    expect(tshark(file, ['frame.number']).length).toBeGreaterThan(100);
    expect(malformed(file)).toEqual([]);
  });

  it('says in one line when captures is no folder', async () => {
    const cwd = folder();
    write(cwd, 'captures', '');
    const ended = await vswitch(['run'], { cwd });
    expect(ended).toMatchObject({ code: 2, stdout: '' });
    expect(ended.stderr).toMatch(/^vswitch: captures: that is no folder; .*\n$/);
  });
});

describe.concurrent('vswitch run with a topology', () => {
  it('prints nothing but the report with --json, whatever the number of workers', async () => {
    const cwd = folder();
    const file = write(cwd, 'lab.yaml', `${LAB}${TRAFFIC}`);
    for (const workers of ['1', '3']) {
      const ended = await vswitch(['run', file, '-d', '1.2', '-w', workers, '--json'], { cwd });
      const report = JSON.parse(ended.stdout) as Report;
      expect(ended).toMatchObject({ code: 0, stderr: '' });
      expect(report).toMatchObject({ name: 'lab', clock: 'wall', ledger: { balanced: true } });
      expect(report.workers).toHaveLength(Number(workers));
      expect(report.streams.every(({ sent, unresolved }) => sent > 10 && !unresolved)).toBe(true);
    }
  });

  it('writes the same capture twice on the virtual clock, byte for byte', async () => {
    const captures = await Promise.all(
      ['a', 'b'].map(async () => {
        const cwd = folder();
        write(cwd, 'lab.yaml', withCapture('all.pcapng'));
        const ended = await vswitch(['run', 'lab.yaml', '--clock', 'virtual', '-d', '1s', '--quiet'], { cwd });
        expect(ended).toMatchObject({ code: 0, stderr: '' });
        expect(ended.stdout).toMatch(/1\.000 s simulated/);
        return readFileSync(join(cwd, 'all.pcapng'));
      }),
    );
    expect(captures[0]!.length).toBeGreaterThan(100_000);
    expect(captures[0]!.equals(captures[1]!)).toBe(true);
  });

  it('writes a report from which ports and MAC tables can be shown', async () => {
    const cwd = folder();
    const file = write(cwd, 'lab.yaml', `${LAB}${TRAFFIC}`);
    await vswitch(['run', file, '-d', '100ms', '--clock', 'virtual', '-o', 'deep/er/report.json'], { cwd });
    const ports = await vswitch(['ports', 'deep/er/report.json'], { cwd });
    expect(ports).toMatchObject({ code: 0, stderr: '' });
    expect(ports.stdout).toMatch(/^port +kind +link +uplink +rx frames/);
    expect(ports.stdout).toMatch(/^esx1\/vm1 +vnic +up +esx1\/vmnic0 +\d+/m);
    const one = await vswitch(['ports', 'deep/er/report.json', '-s', 'tor', '--json'], { cwd });
    expect(JSON.parse(one.stdout)).toMatchObject([{ switch: 'tor', ports: { length: 5 } }]);
    const tables = await vswitch(['mac-table', 'deep/er/report.json', '--switch', 'esx1/vSwitch0'], { cwd });
    expect(tables.stdout).toMatch(new RegExp(`^esx1/vSwitch0 +10 +${VM1} +esx1/vm1 +\\d+\\.\\d s$`, 'm'));
    expect(tables.stdout).not.toMatch(/^tor /m);
  });

  it('writes a report from which groups, their members and routers can be shown', async () => {
    const cwd = folder();
    const host =
      'hosts: { h: { uplinks: [u], vswitches: { v: { multicast: { routerPorts: [u] }, portGroups: { g: {} } } }, vms: { tv: { groups: [239.1.1.1] } } } }\n';
    await vswitch(['run', write(cwd, 'lab.yaml', host), '-d', '1s', '--clock', 'virtual', '-o', 'report.json'], {
      cwd,
    });
    const shown = await vswitch(['groups', 'report.json'], { cwd });
    expect(shown).toMatchObject({ code: 0, stderr: '' });
    expect(shown.stdout).toMatch(/^h\/v +0 +239\.1\.1\.1 +2 +1\.0 s +h\/tv +\d+\.\d s$/m);
    expect(shown.stdout).toMatch(/^h\/v: uplink is a router port, as configured$/m);
    const told = await vswitch(['groups', 'report.json', '--json'], { cwd });
    expect(JSON.parse(told.stdout)).toMatchObject([
      { switch: 'h/v', multicast: { mode: 'snooping', groups: [{ group: '239.1.1.1', ports: [{ port: 'h/tv' }] }] } },
    ]);
  });

  it('tells the traffic that waits for an answer, and how many workers can share the virtual clock', async () => {
    const cwd = folder();
    const file = write(cwd, 'lab.yaml', `${LAB}${TRAFFIC}`);
    const ended = await vswitch(['run', file, '-d', '1us', '-w', '5', '--clock', 'virtual'], { cwd });
    expect(ended.code).toBe(0);
    expect(ended.stderr).toMatch(/^vswitch: note: --workers 5: \d workers? can share this network.*\n$/);
    expect(ended.stdout).toMatch(/esx1\/vm1 is still asking by ARP/);
  });

  it('starts 200 hosts of 8 VMs, runs for a second and shows the busiest ports; a replay fits them too', async () => {
    const cwd = folder();
    const file = write(cwd, 'large.yaml', LARGE);
    const ended = await vswitch(['run', file, '--duration', '1s'], { cwd });
    expect(ended).toMatchObject({ code: 0, stderr: '' });
    expect(ended.stdout).toMatch(/… and 1,960 quieter ports/);
    expect(ended.stdout).toMatch(BALANCED);
    expect(ended.stdout.split('\n').length).toBeLessThan(70);
    const input = pcap(cwd, 'in.pcap', [[0, frame(BROADCAST, VM1)]]);
    const replayed = await vswitch(['replay', file, '--in', `esx1/vm1=${input}`, '--out', 'out'], { cwd });
    expect(replayed.code).toBe(0);
    expect(replayed.stdout).toMatch(/wrote 2,000 captures/);
  });
});

describe.concurrent('vswitch run, interrupted', () => {
  for (const [name, args] of [
    ['on the wall clock', ['-d', '60s']],
    ['on the wall clock without an end', ['--duration', '0']],
    ['on the virtual clock', ['-d', '20h', '--clock', 'virtual']],
  ] as const) {
    it(`sums up and closes its captures at Ctrl-C ${name}`, async () => {
      const cwd = folder();
      write(cwd, 'lab.yaml', withCapture('all.pcapng'));
      const { child, ended } = start(['run', 'lab.yaml', ...args], { cwd });
      await saying(child, LIVE);
      child.kill('SIGINT');
      const { code, stdout, stderr } = await ended;
      expect({ code, stderr }).toEqual({ code: 0, stderr: '' });
      expect(stdout).toMatch(BALANCED);
      const file = join(cwd, 'all.pcapng');
      expect(isClosed(file)).toBe(true);
      if (tsharkMissing === null) expect(tshark(file, ['frame.number'], '-c', '5')).toHaveLength(5);
    });
  }

  it('ends in order when the reader of its output has seen enough', async () => {
    const cwd = folder();
    write(cwd, 'lab.yaml', withCapture('all.pcapng'));
    const { child, ended } = start(['run', 'lab.yaml', '-d', '60s'], { cwd });
    await saying(child, LIVE);
    child.stdout!.destroy();
    expect(await ended).toMatchObject({ code: 0, stderr: '' });
    expect(isClosed(join(cwd, 'all.pcapng'))).toBe(true);
  });
});
