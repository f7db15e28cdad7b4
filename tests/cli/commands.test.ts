import { join } from 'node:path';
import { describe, expect, it } from 'vitest';
import { BROADCAST, frame, LAB, pcap, TRAFFIC, VM1, withCapture, write } from './lab.ts';
import { folder, vswitch } from './vswitch.ts';

function lab(text = LAB): string {
  const cwd = folder();
  write(cwd, 'lab.yaml', text);
  return cwd;
}

describe.concurrent('vswitch check', () => {
  it('says that a topology is fine, what is in it and what memory it takes', async () => {
    const ended = await vswitch(['check', 'lab.yaml'], { cwd: lab(withCapture('x.pcapng')) });
    expect(ended).toMatchObject({ code: 0, stderr: '' });
    expect(ended.stdout).toMatch(/^lab: fine: 2 hosts, 3 vNICs, 1 physical switch, 4 links, 2 streams, 1 capture\n/);
    expect(ended.stdout).toMatch(/^all +[\d.]+ MiB$/m);
  });

  it('says how many cables something befalls frames on', async () => {
    const text = LAB.replace('{ to: tor/1, rate: 10G', '{ to: tor/1, loss: 1%, rate: 10G');
    const ended = await vswitch(['check', 'lab.yaml'], { cwd: lab(text) });
    expect(ended.stdout).toContain(' 4 links (1 impaired),');
  });

  it('prints the topology with its defaults as JSON', async () => {
    const ended = await vswitch(['check', 'lab.yaml', '--json'], { cwd: lab() });
    expect(JSON.parse(ended.stdout)).toMatchObject({ name: 'lab', hosts: [{ vswitches: [{ mtu: 1500 }] }, {}] });
  });

  it('shows every problem with its line and a caret under the place', async () => {
    const text = LAB.replace('to: tor/1', 'to: tor/9').replace('portGroup: web, mac', 'portGroup: wbe, mac');
    const ended = await vswitch(['check', 'lab.yaml'], { cwd: lab(text) });
    expect(ended).toMatchObject({ code: 2, stdout: '' });
    const lines = ended.stderr.split('\n');
    expect(lines).toHaveLength(7);
    expect(lines[0]).toMatch(
      /^vswitch: lab\.yaml:4:30: hosts\.esx1\.uplinks\.vmnic0\.to: unknown port tor\/9; tor has/,
    );
    expect(lines[1]!.slice(lines[2]!.indexOf('^'))).toMatch(/^tor\/9/);
    expect(lines[3]).toMatch(/^vswitch: lab\.yaml:7:\d+: .*unknown port group wbe; did you mean web\?/);
    expect(lines[4]!.slice(lines[5]!.indexOf('^'))).toMatch(/^wbe/);
  });

  it('cuts a long line around the caret, and shows nothing of what cannot be read again', async () => {
    const long = `name: x
hosts: { b: { ${' '.repeat(300)}uplinkz: {}${' '.repeat(300)} } }
`;
    const cwd = lab(long);
    const [, shown = '', caret = ''] = (await vswitch(['check', 'lab.yaml'], { cwd })).stderr.split('\n');
    expect(shown.length).toBeLessThan(120);
    expect(shown.slice(caret.indexOf('^'))).toMatch(/^uplinkz/);
    const through = ['bash', '-c', 'cat lab.yaml | "$0" "$@"'];
    const piped = await vswitch(['check', '/dev/stdin'], { cwd, through });
    expect(piped.stderr).toMatch(/^vswitch: \/dev\/stdin:2:.*unknown key uplinkz.*\n$/);
  });
});

describe.concurrent('vswitch explain', () => {
  const BYTES = frame(BROADCAST, VM1, 60, '8100000a0806');
  const hex = Buffer.from(BYTES).toString('hex');

  it('tells the rules a frame meets and where it goes, however its digits are written', async () => {
    const cwd = lab();
    pcap(cwd, 'frame.pcap', [[0, BYTES]]);
    const spellings = [
      hex,
      `0x${hex.toUpperCase()}`,
      hex.replaceAll(/../g, '$&:').slice(0, -1),
      hex.replaceAll(/.{12}/g, '$& '),
      'frame.pcap',
    ];
    const told = await Promise.all(
      spellings.map((each) => vswitch(['explain', 'lab.yaml', '-p', 'tor/1', '-f', each], { cwd })),
    );
    expect(told[0]).toMatchObject({ code: 0, stderr: '' });
    expect(told[0]!.stdout).toMatch(/^relayed: flood_group: /m);
    expect(told[0]!.stdout.match(/^ {2}leaves by tor\/\d /gm)).toHaveLength(4);
    expect(told.map(({ stdout }) => stdout)).toEqual(told.map(() => told[0]!.stdout));
  });

  it('names the rule that drops a frame', async () => {
    const ended = await vswitch(['explain', 'lab.yaml', '-p', 'esx1/vmnic1', '-f', hex], { cwd: lab() });
    expect(ended.stdout).toMatch(/^ {2}no {3}R9 .*the designated uplink is esx1\/vmnic0/m);
    expect(ended.stdout).toMatch(/^dropped by R9: not_designated: /m);
  });

  it('knows a reflection by R7 once --in has taught it the sender, and changes nothing', async () => {
    const cwd = lab(`${LAB}${TRAFFIC}`);
    pcap(cwd, 'in.pcap', [[0, frame(BROADCAST, VM1)]]);
    const args = ['explain', 'lab.yaml', '--port', 'esx1/vmnic1', '--frame', hex, '--in', 'esx1/vm1=in.pcap'];
    const [first, second] = [await vswitch(args, { cwd }), await vswitch([...args, '--json'], { cwd })];
    expect(first).toMatchObject({ code: 0, stderr: '' });
    expect(first.stdout).toMatch(/^ {2}no {3}R7 .*\(the source is at esx1\/vm1\)$/m);
    expect(first.stdout).toMatch(/^dropped by R7: deja_vu: /m);
    expect(JSON.parse(second.stdout)).toMatchObject({ port: 'esx1/vmnic1', verdict: { name: 'deja_vu' }, copies: [] });
  });

  it('takes an empty frame from a capture for what it is', async () => {
    const cwd = lab();
    pcap(cwd, 'empty.pcap', [[0, new Uint8Array(0)]]);
    const ended = await vswitch(['explain', 'lab.yaml', '-p', 'esx1/vm1', '-f', 'empty.pcap'], { cwd });
    expect(ended.stdout).toMatch(/^dropped by C13: runt: /m);
  });
});

describe.concurrent('what vswitch says about itself', () => {
  it('prints a JSON Schema whose keys are described', async () => {
    const ended = await vswitch(['schema'], { cwd: folder() });
    expect(ended).toMatchObject({ code: 0, stderr: '' });
    const schema = JSON.parse(ended.stdout);
    expect(schema.$schema).toBe('https://json-schema.org/draft/2020-12/schema');
    expect(Object.keys(schema.properties)).toEqual([
      'name',
      'seed',
      'hosts',
      'physical',
      'traffic',
      'captures',
      'events',
      'flowRecords',
      'teaching',
    ]);
    for (const key of Object.values<{ description?: string }>(schema.properties)) expect(key.description).toBeTruthy();
  });

  const shows = ['ports', 'mac-table', 'moves', 'neighbours', 'groups'];
  for (const command of ['', 'run', 'replay', 'check', 'health', 'explain', 'wireshark', 'schema', ...shows]) {
    it(`gives an example in vswitch ${command} --help`, async () => {
      const ended = await vswitch([...(command === '' ? [] : [command]), '--help'], { cwd: folder() });
      expect(ended).toMatchObject({ code: 0, stderr: '' });
      expect(ended.stdout).toMatch(new RegExp(`Examples?:\\n {2}vswitch .*${command}`));
    });
  }

  it.each([
    ['run', '--events'],
    ['run', '--flows'],
    ['check', '--events'],
    ['health', '--report'],
  ])('shows in an example of vswitch %s how %s is used', async (command, option) => {
    const { stdout } = await vswitch([command, '--help'], { cwd: folder() });
    const examples = stdout.slice(stdout.indexOf('Example'));
    expect(examples).toMatch(new RegExp(`vswitch ${command} .*${option} `));
  });

  it('names every part of a report that can be shown beside --report', async () => {
    const { stdout } = await vswitch(['run', '--help'], { cwd: folder() });
    const told = stdout.replaceAll(/\s+/g, ' ');
    for (const part of shows) expect(told.slice(told.indexOf('--report'))).toContain(part);
  });

  it('tells which network a table of LLDP or groups wants, for the built-in one has none', async () => {
    const texts = await Promise.all(
      ['neighbours', 'groups'].map(async (name) => (await vswitch([name, '--help'], { cwd: folder() })).stdout),
    );
    for (const text of texts) expect(text).toMatch(/^ {2}vswitch run \S+\.yaml .*-o report\.json/m);
  });

  it('tells its version', async () => {
    expect((await vswitch(['--version'], { cwd: folder() })).stdout).toMatch(/^\d+\.\d+\.\d+\n$/);
  });

  it('shows where a failure came from with --debug, and only then', async () => {
    const cwd = lab('hosts: 1\n');
    const args = ['check', join(cwd, 'lab.yaml')];
    expect((await vswitch(args, { cwd })).stderr).not.toMatch(/ at /);
    expect((await vswitch(['--debug', ...args], { cwd })).stderr).toMatch(/^vswitch: {5}at .*load/m);
  });
});
