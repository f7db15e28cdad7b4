/** A run with rules switched off says so wherever it is looked at; what is unwise is told before it runs. */
import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { describe, expect, it } from 'vitest';
import { readCapture } from '../../src/capture/read.ts';
import type { Report } from '../../src/telemetry/report.ts';
import { LAB, VM1, write } from './lab.ts';
import { folder, vswitch } from './vswitch.ts';

/** A folder with the topology in `lab.yaml`. */
function lab(text = LAB): string {
  const cwd = folder();
  write(cwd, 'lab.yaml', text);
  return cwd;
}

const BANNER =
  'TEACHING MODE: rules R1, R7 and R9 are switched off; this network is not safe from loops and duplicates';
const STORM = `${LAB}traffic: [{ from: esx1/vm1, to: broadcast, rate: 10pps }]
captures: [{ file: storm.pcapng, ports: [esx1/vm1] }]
teaching: { disable: [R1, R7, R9] }
`;

describe.concurrent('a lesson without R1, R7 and R9', () => {
  it.each(['virtual', 'wall'])('goes round, is ended by the storm guard and told, on the %s clock', async (clock) => {
    const cwd = lab(STORM);
    const args = ['run', 'lab.yaml', '--clock', clock, '--duration', '500ms', '--quiet', '-o', 'report.json'];
    const { code, stdout, stderr } = await vswitch(args, { cwd });
    expect(code).toBe(0);
    expect(stderr).toMatch(/^vswitch: warning: lab\.yaml:\d+:\d+: teaching\.disable: R1, R7, R9 are off/);
    expect(stdout.split('\n')[0]).toBe(BANNER);
    expect(stdout).toMatch(/ storm_guard /);
    expect(stdout).toMatch(/^frame \d+ went round: it came in by .*esx1\/vmnic[01] \(\d+ times\)/m);
    expect(stdout).toMatch(/balanced$/m);
    const report = JSON.parse(readFileSync(join(cwd, 'report.json'), 'utf8')) as Report;
    expect(report.teaching).toMatchObject({ disabled: ['R1', 'R7', 'R9'], banner: BANNER });
    expect(readFileSync(join(cwd, 'storm.pcapng')).toString('latin1')).toContain(BANNER);
    expect([...readCapture(join(cwd, 'storm.pcapng'))].length).toBeGreaterThan(5);
    const moves = await vswitch(['moves', 'report.json'], { cwd });
    expect(moves.stdout).toMatch(new RegExp(`esx1/vSwitch0 +10 +${VM1} +esx1/vm1 +uplink`));
  });

  it('is explained with the rules that are off', async () => {
    const cwd = lab(STORM);
    const { stdout } = await vswitch(
      ['explain', 'lab.yaml', '-p', 'esx1/vmnic1', '-f', 'ffffffffffff0200000000018100000a0806'],
      {
        cwd,
      },
    );
    expect(stdout).toContain(BANNER);
    expect(stdout).toMatch(/^ {2}off {2}R7 {3}the source is not a local station/m);
    expect(stdout).toMatch(/^relayed: flood_group/m);
  });
});

describe.concurrent('what is legal but unwise', () => {
  it.each(['check', 'run', 'explain'])('is told by %s', async (command) => {
    const cwd = lab(LAB.replace('vSwitch0: {', 'vSwitch0: { teaming: { detection: beacon },'));
    const more = {
      check: [],
      run: ['--clock', 'virtual', '--duration', '1ms', '--quiet'],
      explain: ['-p', 'tor/1', '-f', 'ff'],
    };
    const { code, stderr } = await vswitch([command, 'lab.yaml', ...more[command as 'run']], { cwd });
    expect(code).toBe(0);
    expect(stderr).toMatch(/^vswitch: warning: lab\.yaml:5:\d+: .*two uplinks/m);
  });
});

it('says that nothing moved when nothing did', async () => {
  const cwd = lab();
  await vswitch(['run', 'lab.yaml', '--clock', 'virtual', '--duration', '1ms', '--quiet', '-o', 'report.json'], {
    cwd,
  });
  expect((await vswitch(['moves', 'report.json'], { cwd })).stdout).toBe('no station has moved\n');
});
