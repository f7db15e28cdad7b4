/** `vswitch run --events` and `vswitch check --events`: what happens, told with its figures, and what is wrong with its place. */
import { describe, expect, it } from 'vitest';
import type { Report } from '../../src/telemetry/report.ts';
import { write } from './lab.ts';
import { expectOneLine, folder, vswitch } from './vswitch.ts';

const LAB = `hosts:
  esx:
    count: 2
    uplinks: { vmnic0: { to: "tor/{n}", rate: 1G, delay: 1us } }
    vswitches: { vSwitch0: { portGroups: { web: {} } } }
    vms: { "web": { ip: "10.0.0.{n}/24" } }
  spare: { uplinks: { vmnic0: { to: tor/3, rate: 1G, delay: 1us } }, vswitches: { vSwitch0: { portGroups: { web: {} } } } }
physical: { switches: { tor: { ports: 4 } } }
traffic: [{ from: esx2/web, to: esx1/web, size: 100, rate: 10kpps }]
`;
const EVENTS = '- { at: 5ms, migrate: { vm: esx1/web, to: spare, downtime: 2ms } }\n- { at: 8ms, detach: esx1/web }\n';

describe.concurrent('events from a file of their own', () => {
  it('happen, and what was lost is told in the summary', async () => {
    const cwd = folder();
    const [lab, more] = [write(cwd, 'lab.yaml', LAB), write(cwd, 'more.yaml', EVENTS)];
    const ended = await vswitch(['run', lab, '--events', more, '--clock', 'virtual', '-d', '10ms'], { cwd });
    expect(ended).toMatchObject({ code: 0, stderr: '' });
    expect(ended.stdout).toMatch(/^0\.005000 s {2}VM esx1\/web leaves for spare$/m);
    expect(ended.stdout).toMatch(/^ +at {2}change +downtime +blackout +sent meanwhile {2}dropped meanwhile$/m);
    expect(ended.stdout).toMatch(/^0\.005000 s {2}VM esx1\/web migrated to spare +2\.000 ms +2\.\d+ ms +20 {2}/m);
    expect(ended.stdout).toMatch(/^0\.008000 s {2}VM esx1\/web detached +- +- +0 {2}-$/m);
    expect(ended.stdout).toMatch(/^ledger .* balanced$/m);
  });

  it('stand in the report as changes', async () => {
    const cwd = folder();
    const [lab, more] = [write(cwd, 'lab.yaml', LAB), write(cwd, 'more.yaml', EVENTS)];
    const ended = await vswitch(['run', lab, '--events', more, '--clock', 'virtual', '-d', '10ms', '--json'], { cwd });
    const { changes } = JSON.parse(ended.stdout) as Report;
    expect(changes).toMatchObject([
      { seconds: 0.005, what: 'VM esx1/web migrated to spare', downtimeNs: 2e6, sentMeanwhile: 20 },
      { seconds: 0.008, what: 'VM esx1/web detached', downtimeNs: null, blackoutNs: null, lost: {} },
    ]);
  });

  it('are checked, too', async () => {
    const cwd = folder();
    const [lab, more] = [write(cwd, 'lab.yaml', LAB), write(cwd, 'more.yaml', EVENTS)];
    const ended = await vswitch(['check', lab, '--events', more], { cwd });
    expect(ended.stdout).toMatch(/^lab: fine: .*, 2 events$/m);
  });

  it.each(['run', 'check'])('are refused by %s with their own place', async (command) => {
    const cwd = folder();
    const lab = write(cwd, 'lab.yaml', LAB);
    const more = write(cwd, 'more.yaml', '- { at: 5ms, migrate: { vm: esx1/web, to: esx2 } }\n');
    expectOneLine(
      await vswitch([command, lab, '--events', more], { cwd }),
      2,
      /more\.yaml:1:\d+: events\[0\]\.migrate\.to: esx2 has a VM web of its own; give the VM a name that is free there$/,
    );
  });

  it('come from a file, not from the standard input', async () => {
    const cwd = folder();
    const lab = write(cwd, 'lab.yaml', LAB);
    expectOneLine(
      await vswitch(['run', lab, '--events', '-'], { cwd, stdin: EVENTS }),
      2,
      /-: events come from a file, for what is wrong with them is told by its name; name one$/,
    );
  });
});
