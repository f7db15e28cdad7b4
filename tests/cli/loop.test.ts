import { describe, expect, it } from 'vitest';
import { BROADCAST, frame, LOOP, pcap, VM1, write } from './lab.ts';
import { expectOneLine, folder, vswitch } from './vswitch.ts';

const DELAYED = LOOP.replaceAll(/(b\/[12]) }/g, '$1, delay: 1us, rate: 1G }');
const JUMBO = LOOP.replaceAll(/ports: \d/g, '$&, mtu: 9000').replace('vSwitch0: {', 'vSwitch0: { mtu: 9000,');

describe.concurrent('physical switches in a loop', () => {
  for (const [name, topology, length, count] of [
    ['without delay', LOOP, 60, 1],
    ['with delay', DELAYED, 60, 1],
    ['with frames that fill the capture rings', JUMBO, 9000, 1],
    ['with more frames at once than a port can hold', LOOP, 60, 3000],
  ] as const) {
    it(`end a replay with a line that says so, ${name}`, async () => {
      const cwd = folder();
      const file = write(cwd, 'loop.yaml', topology);
      const input = pcap(cwd, 'in.pcap', Array(count).fill([0, frame(BROADCAST, VM1, length)]));
      const ended = await vswitch(['replay', file, '--in', `esx1/vm1=${input}`, '--out', 'out'], { cwd });
      expectOneLine(ended, 1, /forwards without end.*physical switches form a loop; remove a link/);
    });
  }

  it('let a replay of a set time run to its end, if their cables have a delay', async () => {
    const cwd = folder();
    const file = write(cwd, 'loop.yaml', DELAYED);
    const input = pcap(cwd, 'in.pcap', [[0, frame(BROADCAST, VM1)]]);
    const args = ['replay', file, '--in', `esx1/vm1=${input}`, '--out', 'out', '--until', '1ms', '--json'];
    const ended = await vswitch(args, { cwd });
    expect(ended.code).toBe(0);
    expect(JSON.parse(ended.stdout)).toMatchObject({ seconds: 0.001, ledger: { balanced: true, held: 2 } });
  });

  it('end a run on the virtual clock with a line that says so', async () => {
    const cwd = folder();
    const file = write(cwd, 'loop.yaml', LOOP);
    const ended = await vswitch(['run', file, '-d', '1s', '--clock', 'virtual'], { cwd });
    expectOneLine(ended, 1, /simulated time stands still at 0 s.*form a loop/);
    expect(ended.stdout).toMatch(/deja_vu +R7/);
  });

  it('run on the wall clock for as long as was asked, with a balanced ledger', async () => {
    const cwd = folder();
    const file = write(cwd, 'loop.yaml', LOOP);
    const ended = await vswitch(['run', file, '-d', '500ms'], { cwd });
    expect(ended).toMatchObject({ code: 0, stderr: '' });
    expect(ended.stdout).toMatch(/^ledger .* balanced$/m);
  });
});
