/** Flow records and mirrors as a user of the program sees them. */
import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { describe, expect, it } from 'vitest';
import type { FlowRecord } from '../../src/telemetry/flow.ts';
import type { Report } from '../../src/telemetry/report.ts';
import { LAB, TRAFFIC, write } from './lab.ts';
import { expectOneLine, folder, vswitch } from './vswitch.ts';

const run = (cwd: string, file: string, ...more: string[]) =>
  vswitch(['run', file, '--clock', 'virtual', '-d', '20ms', ...more], { cwd });

describe.concurrent('vswitch run --flows', () => {
  it('writes records whose frames are those that the ports received', async () => {
    const cwd = folder();
    const file = write(cwd, 'lab.yaml', `${LAB}${TRAFFIC}`);
    const ended = await run(cwd, file, '--flows', 'flows.json', '--json');
    expect(ended).toMatchObject({ code: 0, stderr: '' });
    const report = JSON.parse(ended.stdout) as Report;
    const records = JSON.parse(readFileSync(join(cwd, 'flows.json'), 'utf8')) as FlowRecord[];
    for (const sw of report.switches) {
      const received = sw.ports.reduce((sum, port) => sum + port.rxFrames, 0);
      const own = records.filter((record) => record.switch === sw.name);
      expect(own.reduce((sum, { packetDeltaCount }) => sum + packetDeltaCount, 0)).toBe(received);
      expect(sw.flows).toMatchObject({ flowsBegun: own.length, flowsLost: 0 });
    }
  });

  it('tells of them in the summary, and of mirrors', async () => {
    const cwd = folder();
    const mirrored = LAB.replace('portGroups:', 'mirrors: { span1: { in: [vm1], to: vm2 } }, portGroups:');
    expect(mirrored).not.toBe(LAB);
    const file = write(cwd, 'lab.yaml', `${mirrored}${TRAFFIC}`);
    const ended = await run(cwd, file, '--flows', 'flows.csv');
    expect(ended.stdout).toMatch(/^flow records +flowsBegun +flowsLive/m);
    expect(ended.stdout).toMatch(/^flow records flows\.csv {2}[1-9]\d* records, [\d.]+ \w+$/m);
    expect(ended.stdout).toMatch(/^mirror +to +mirroredIn/m);
    expect(ended.stdout).toMatch(/^esx\d\/\S+\/span1 +esx\d\/vm2 +[1-9]/m);
    expect(ended.stdout).toMatch(/^ledger .* balanced$/m);
    expect(readFileSync(join(cwd, 'flows.csv'), 'utf8')).toMatch(/^switch,ingressInterface,.*\r\n\S/);
  });

  it.each([
    ['flows.txt', /--flows: flows\.txt says no format; name it \.csv, \.json or \.ndjson$/],
    ['lab.json', /lab\.json: the flow records would overwrite the topology; give another path for the flow records$/],
    ['nope/flows.csv', /nope\/flows\.csv: no such directory; give another path for the flow records$/],
  ])('refuses %s', async (flows, line) => {
    const cwd = folder();
    write(
      cwd,
      'lab.json',
      '{ "hosts": { "h": { "vswitches": { "v": { "portGroups": { "g": {} } } }, "vms": { "a": {} } } } }',
    );
    expectOneLine(await run(cwd, 'lab.json', '--flows', flows), 2, line);
  });
});
