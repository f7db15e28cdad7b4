/** A running network inside Wireshark: as a live capture, and as interfaces by the extcap protocol, with tshark in its place. */
import { execFile, execFileSync, spawn } from 'node:child_process';
import { chmodSync, existsSync, mkdtempSync, readdirSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { promisify } from 'node:util';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { type Offer, offerCaptures } from '../../src/attach/server.ts';
import { FakeNetwork } from '../attach/fake.ts';
import { tsharkMissing } from '../capture/tshark.ts';
import { LAB, write } from './lab.ts';
import { expectOneLine, folder, MAIN, vswitch } from './vswitch.ts';

const VARIABLES = ['XDG_RUNTIME_DIR', 'HOME', 'XDG_CONFIG_HOME', 'WIRESHARK_EXTCAP_DIR', 'VSWITCH_WIRESHARK'];
const before = VARIABLES.map((name) => [name, process.env[name]] as const);
let home = '';
let network: FakeNetwork;
const offers: Offer[] = [];

beforeEach(() => {
  home = mkdtempSync(join(tmpdir(), 'vsw-'));
  for (const name of VARIABLES) delete process.env[name];
  process.env['XDG_RUNTIME_DIR'] = home;
  process.env['HOME'] = home;
  network = new FakeNetwork();
});
afterEach(async () => {
  for (const offer of offers.splice(0)) await offer.close();
  for (const [name, value] of before) {
    if (value === undefined) delete process.env[name];
    else process.env[name] = value;
  }
  rmSync(home, { recursive: true });
});

/** Lets it be captured at; it sends frames from its first capture on. */
async function offer(each: FakeNetwork): Promise<void> {
  const attach = each.attach.bind(each);
  each.attach = async (...args) => {
    const capture = await attach(...args);
    each.keepSending();
    return capture;
  };
  offers.push(await offerCaptures(each));
}

/** A program that notes its arguments and shows five frames, as if it were Wireshark. */
function fakeWireshark(): void {
  const path = join(home, 'wireshark');
  const tshark = 'tshark -n -i - -c 5 -T fields -e frame.interface_name -e frame.packet_id';
  writeFileSync(path, `#!/bin/sh\necho "$@" > "${home}/arguments"\nexec ${tshark} 2>/dev/null\n`);
  chmodSync(path, 0o755);
  process.env['VSWITCH_WIRESHARK'] = path;
}

const FIVE = [1, 2, 3, 4, 5].map((n) => `esx1/vm1\t${n}\n`).join('');
const because = tsharkMissing === null ? '' : ` (skipped: ${tsharkMissing})`;
const run = promisify(execFile);
const slow = { timeout: 60_000 };

describe('vswitch wireshark', () => {
  it.skipIf(tsharkMissing !== null)(`opens it with a live capture, until it is closed${because}`, slow, async () => {
    await offer(network);
    fakeWireshark();
    const args = [
      'wireshark',
      '--port',
      'esx1/*,esx1/DROP',
      '--filter',
      'arp',
      '--stages',
      'wire,inside',
      '--snap',
      '96',
    ];
    const ended = await vswitch(args, { cwd: home });
    expect([ended.code, ended.stdout]).toEqual([0, FIVE]);
    expect(readFileSync(join(home, 'arguments'), 'utf8')).toMatch(/^-k -i - -X lua_script:\S+vswitch\.lua$/m);
    expect(network.orders).toEqual([
      { ports: ['esx1/*', 'esx1/DROP'], filter: 'arp', stages: ['wire', 'inside'], snapLength: 96 },
    ]);
    expect(network.open).toBe(0);
  });

  it.skipIf(tsharkMissing !== null)(`writes to the standard output until its reader ends${because}`, slow, async () => {
    await offer(network);
    const reader = 'tshark -n -r - -c 5 -T fields -e frame.interface_name -e frame.packet_id 2>/dev/null';
    const through = ['sh', '-c', `"$@" | ${reader}`, 'sh'];
    const ended = await vswitch(['wireshark', '--pipe'], { cwd: home, through });
    expect([ended.code, ended.stdout, ended.stderr]).toEqual([0, FIVE, '']);
    expect(network.orders).toEqual([{ ports: ['*'] }]);
  });

  it('lists the networks that run', slow, async () => {
    expect((await vswitch(['wireshark', '--list'], { cwd: home })).stdout).toBe('no network is running\n');
    await offer(network);
    const { stdout } = await vswitch(['wireshark', '--list'], { cwd: home });
    expect(stdout).toMatch(new RegExp(`^ *${process.pid} +lab +wall +15 ports$`, 'm'));
  });

  it('says in one line what is missing', slow, async () => {
    expectOneLine(await vswitch(['wireshark'], { cwd: home }), 2, /no network is running; start one/);
    await offer(network);
    process.env['VSWITCH_WIRESHARK'] = join(home, 'nowhere');
    expectOneLine(await vswitch(['wireshark'], { cwd: home }), 2, /VSWITCH_WIRESHARK: \S+nowhere cannot be started/);
    expectOneLine(
      await vswitch(['wireshark', '--of', 'lob'], { cwd: home }),
      2,
      /--of lob: no such network is running; there are lab/,
    );
    expectOneLine(await vswitch(['wireshark', '--pipe', '--port', 'nobody'], { cwd: home }), 2, /nobody is not a port/);
    await offer(new FakeNetwork());
    expectOneLine(await vswitch(['wireshark'], { cwd: home }), 2, /several networks are running: lab .*--of/);
  });

  it('refuses a topology that is wrong as run does', slow, async () => {
    const file = write(folder(), 'lab.yaml', LAB.replace('to: tor/1', 'to: tor/9'));
    const ended = await vswitch(['wireshark', file], { cwd: home });
    expect(ended.code).toBe(2);
    expect(ended.stderr).toMatch(/lab\.yaml:4:\d+: /);
  });
});

const extcap = (...args: string[]) => vswitch(['extcap', ...args], { cwd: home });
const named = (port: string): string => `vswitch:${process.pid}:${port}`;

describe('vswitch extcap', () => {
  it('lists every port, all of them together, and what died', slow, async () => {
    await offer(network);
    const { stdout, code } = await extcap('--extcap-interfaces', '--extcap-version=4.0');
    const lines = stdout.trimEnd().split('\n');
    expect(code).toBe(0);
    expect(lines[0]).toMatch(/^extcap \{version=\d+\.\d+\.\d+\}\{display=.*\}$/);
    expect(lines).toHaveLength(1 + 1 + network.topology.hosts.length * 2 + 3 + 5 + 3);
    expect(lines[1]).toBe(`interface {value=${named('*')}}{display=vSwitch lab: all ports}`);
    expect(lines).toContain(
      `interface {value=${named('tor/DROP')}}{display=vSwitch lab: tor/DROP, what died at the ports of tor}`,
    );
  });

  it('tells the link type and the options of an interface', slow, async () => {
    const dlts = await extcap('--extcap-dlts', '--extcap-interface', named('esx1/vm1'));
    expect(dlts.stdout).toBe('dlt {number=1}{name=EN10MB}{display=Ethernet}\n');
    const one = (await extcap('--extcap-config', '--extcap-interface', named('esx1/vm1'))).stdout;
    const calls = [...one.matchAll(/^arg .*\{call=(--\w+)\}/gm)].map(([, call]) => call);
    expect(calls).toEqual(['--snap', '--direction', '--stage', '--sample']);
    expect((await extcap('--extcap-config', '--extcap-interface', named('*'))).stdout).toContain('{call=--ports}');
  });

  it('says what is wrong with a capture filter while it is typed', slow, async () => {
    const ask = (filter: string) => extcap('--extcap-interface', named('*'), `--extcap-capture-filter=${filter}`);
    expect(await ask('arp or vlan 10')).toEqual({ code: 0, stdout: '', stderr: '' });
    const { stdout, code } = await ask('arp or');
    expect([code, stdout.trimEnd().split('\n').length]).toEqual([0, 1]);
    expect(stdout).not.toBe('\n');
  });

  it('captures into a FIFO with what was chosen, and ends when it is closed', slow, async () => {
    await offer(network);
    const fifo = join(home, 'fifo');
    execFileSync('mkfifo', [fifo]);
    const reader = spawn('head', ['-c', '2000', fifo], { stdio: ['ignore', 'ignore', 'ignore'] });
    const chosen = ['--snap', '96', '--direction', 'in', '--stage', 'wire,inside', '--sample', '2'];
    const from = ['--capture', '--extcap-interface', named('esx1/vm1'), '--fifo', fifo];
    const ended = await extcap(...from, ...chosen, '--extcap-capture-filter', 'arp or vlan 10');
    expect([ended.code, ended.stderr, reader.exitCode]).toEqual([0, '', 0]);
    expect(network.orders).toEqual([
      {
        ports: ['esx1/vm1'],
        snapLength: 96,
        sample: 2,
        filter: 'arp or vlan 10',
        direction: 'in',
        stages: ['wire', 'inside'],
      },
    ]);
  });

  it.each([
    [
      ['--capture', '--extcap-interface', 'vswitch:4194303:esx1/vm1', '--fifo', 'f'],
      /process 4194303 runs no network any more/,
    ],
    [['--capture', '--extcap-interface', 'eth0', '--fifo', 'f'], /eth0 is no interface of vSwitch/],
    [['--capture', '--extcap-interface', 'vswitch:1:a/b'], /--capture needs --fifo/],
    [['--capture', '--extcap-interface', 'vswitch:1:a/b', '--fifo', 'f', '--sample', '0'], /--sample 0: expected/],
    [['install'], /install is none of extcap's options/],
  ])('tells Wireshark in one line what is wrong: %j', slow, async (args, pattern) => {
    const ended = await extcap(...args);
    expect([ended.code, ended.stdout]).toEqual([1, '']);
    expect(ended.stderr).toMatch(pattern);
    expect(ended.stderr.trimEnd().split('\n')).toHaveLength(1);
  });
});

/** Where root is not let choose Wireshark's extcap folder, a folder of ours is mounted over it, seen by one process only. */
const isRoot = process.getuid?.() === 0;
const missing = tsharkMissing ?? (isRoot ? unshareMissing() : null);

function unshareMissing(): string | null {
  try {
    execFileSync('unshare', ['-m', 'true'], { stdio: 'ignore' });
    return null;
  } catch {
    return 'as root, unshare is needed to give Wireshark an extcap folder';
  }
}

/** Runs a command for which Wireshark's extcap folder is `own`. */
function privately(own: string, ...command: string[]): Promise<{ stdout: string; stderr: string }> {
  if (!isRoot) {
    const env = { ...process.env, WIRESHARK_EXTCAP_DIR: own };
    return run(command[0]!, command.slice(1), { env });
  }
  const folders = execFileSync('tshark', ['-G', 'folders'], { encoding: 'utf8', stdio: ['ignore', 'pipe', 'ignore'] });
  const common = /^Extcap path:\s+(.*)$/m.exec(folders)![1]!;
  return run('unshare', ['-m', 'sh', '-c', 'mount --bind "$0" "$1" && shift && exec "$@"', own, common, ...command]);
}

describe.skipIf(missing !== null)(`extcap in tshark${missing === null ? '' : ` (skipped: ${missing})`}`, () => {
  const program = [process.execPath, MAIN];

  it('is installed, lists the ports, captures, and is taken away', { timeout: 120_000 }, async () => {
    const own = mkdtempSync(join(home, 'extcap-'));
    await privately(own, ...program, 'extcap', '--install');
    expect(readdirSync(own)).toEqual(['vswitch-extcap']);
    const profile = join(home, '.config/wireshark/profiles/vSwitch');
    expect(readdirSync(profile).sort()).toEqual(['colorfilters', 'dfilter_buttons', 'preferences']);
    const lua = join(home, '.local/lib/wireshark/plugins/vswitch.lua');
    expect(existsSync(lua)).toBe(true);

    await offer(network);
    const listed = (await privately(own, 'tshark', '-D')).stdout;
    expect(listed).toContain(`${named('*')} (vSwitch lab: all ports)`);
    expect(listed).toContain(`${named('esx2/DROP')} (vSwitch lab: esx2/DROP, what died at the ports of esx2)`);

    const fields = ['-T', 'fields', '-e', 'frame.interface_name', '-e', 'vswitch.hop'];
    const capture = ['-n', '-i', named('esx1/vm1'), '-f', 'arp', '-c', '10', '-C', 'vSwitch', ...fields];
    const { stdout } = await privately(own, 'tshark', ...capture);
    expect(stdout).toBe('esx1/vm1\t1\n'.repeat(10));
    expect(network.orders).toEqual([{ ports: ['esx1/vm1'], filter: 'arp' }]);
    while (network.open > 0) await new Promise((resolve) => setTimeout(resolve, 5));

    await privately(own, ...program, 'extcap', '--uninstall');
    expect([readdirSync(own), existsSync(profile), existsSync(lua)]).toEqual([[], false, false]);
  });
});
