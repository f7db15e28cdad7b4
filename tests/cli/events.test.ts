/** Events as a user of the program sees them: as they happen, in the summary, in the report, and when they are wrong. */
import { join } from 'node:path';
import { describe, expect, it } from 'vitest';
import type { Report } from '../../src/telemetry/report.ts';
import { frame, LAB, pcap, TRAFFIC, VM1, VM3, write } from './lab.ts';
import { expectOneLine, folder, vswitch } from './vswitch.ts';

const EVENTS = `events:
  - { at: 5ms, unplug: esx1/vmnic0 }
  - { at: 7ms, plug: esx1/vmnic0 }
  - { at: 8ms, stopTraffic: "*" }
  - { when: { counter: rxFrames, port: esx1/vm1, above: 2 }, after: 1ms, note: three frames }
`;

describe.concurrent('vswitch run with events', () => {
  it('tells them as they happen and in the summary', async () => {
    const cwd = folder();
    const file = write(cwd, 'lab.yaml', `${LAB}${TRAFFIC}${EVENTS}`);
    const ended = await vswitch(['run', file, '--clock', 'virtual', '-d', '20ms'], { cwd });
    expect(ended).toMatchObject({ code: 0, stderr: '' });
    const [before = '', after = ''] = ended.stdout.split(/^ +at {2}event$/m);
    for (const part of [before, after]) {
      expect(part).toMatch(/^0\.005000 s {2}esx1\/vmnic0 unplugged$/m);
      expect(part).toMatch(/^0\.007000 s {2}esx1\/vmnic0 plugged$/m);
      expect(part).toMatch(/^0\.008000 s {2}traffic of all paused$/m);
      expect(part).toMatch(/^0\.00\d+ s {2}three frames, because rxFrames of esx1\/vm1 passed 2$/m);
    }
    expect(ended.stdout).toMatch(/^ledger .* balanced$/m);
  });

  it('has them in the report, the same at every run', async () => {
    const cwd = folder();
    const file = write(cwd, 'lab.yaml', `${LAB}${TRAFFIC}${EVENTS}`);
    const run = async () => {
      const ended = await vswitch(['run', file, '--clock', 'virtual', '-d', '20ms', '--json'], { cwd });
      const { events, streams, ledger } = JSON.parse(ended.stdout) as Report;
      return { events, streams, ledger };
    };
    const first = await run();
    expect(first.events).toHaveLength(4);
    expect(first.events[1]).toEqual({ seconds: 0.005, what: 'esx1/vmnic0 unplugged', by: 'topology' });
    expect(await run()).toEqual(first);
  });

  it('says in one line what is wrong with them', async () => {
    const cwd = folder();
    const file = write(cwd, 'lab.yaml', `${LAB}events: [{ at: 5ms, unplug: esx1/vmnic7 }]\n`);
    const ended = await vswitch(['run', file], { cwd });
    expectOneLine(
      ended,
      2,
      /lab\.yaml:\d+:\d+: events\[0\]\.unplug: unknown port esx1\/vmnic7; esx1 has vm1, vm2, vmnic0, vmnic1$/,
    );
  });
});

it('vswitch check counts them', async () => {
  const cwd = folder();
  const file = write(cwd, 'lab.yaml', `${LAB}${TRAFFIC}${EVENTS}`);
  const ended = await vswitch(['check', file], { cwd });
  expect(ended.stdout).toMatch(/^lab: fine: .*, 4 events$/m);
});

it('vswitch replay has them too, but those of traffic, which it does not start', async () => {
  const cwd = folder();
  const file = write(cwd, 'lab.yaml', `${LAB}${TRAFFIC}${EVENTS}`);
  const frames = [0, 1, 6, 9].map((ms): [number, Uint8Array] => [ms * 1e6, frame(VM3, VM1)]);
  const input = pcap(cwd, 'in.pcap', frames);
  const ended = await vswitch(['replay', file, '--in', `esx1/vm1=${input}`, '--out', join(cwd, 'out')], { cwd });
  expect(ended.code).toBe(0);
  expect(ended.stdout).toMatch(/esx1\/vmnic0 unplugged/);
  expect(ended.stdout).not.toMatch(/traffic/);
});
