/** What the documents show is what the program does: the samples, the verdict table, the example topology. */
import { execFileSync, spawnSync } from 'node:child_process';
import { mkdtempSync, readdirSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { basename, join } from 'node:path';
import { gunzipSync } from 'node:zlib';
import { afterAll, describe, expect, it } from 'vitest';
import { Network } from '../src/engine/network.ts';
import { VERDICTS } from '../src/telemetry/generated/verdicts.ts';
import { capture } from '../src/topology/capture-schema.ts';
import { loadTopology, parseTopology, TopologyError } from '../src/topology/load.ts';

const root = join(import.meta.dirname, '..');
const readme = readFileSync(join(root, 'README.md'), 'utf8');
const folder = mkdtempSync(join(tmpdir(), 'vswitch-docs-'));
afterAll(() => rmSync(folder, { recursive: true }));

const samples = join(root, 'captures/samples');
const names = readdirSync(samples);

describe('the samples', () => {
  it.each(names.filter((name) => name.endsWith('.yaml')))(
    'what %s captures stands beside it, byte for byte',
    async (name) => {
      const topology = loadTopology(join(samples, name));
      const captures = topology.captures.map((capture) => ({ ...capture, file: join(folder, basename(capture.file)) }));
      const network = new Network({ ...topology, captures });
      await network.runUntil(20_000_000n);
      const { ledger } = await network.stop();
      expect(ledger.balanced).toBe(true);
      // A file of its own, `a.pcapng`, or of a ring, `a_00002.pcapng`.
      const stems = captures.map(({ file }) => basename(file).replace(/\..*/, ''));
      const isIts = (file: string) => stems.includes(file.replace(/(_\d{5})?\..*/, '')) && !file.endsWith('.yaml');
      const made = readdirSync(folder).filter(isIts);
      expect(made.length).toBeGreaterThan(0);
      expect(made).toEqual(names.filter(isIts));
      for (const file of made) expect(content(join(folder, file)), file).toEqual(content(join(samples, file)));
    },
  );

  it('have a row in captures/README.md each, with the command that makes them', () => {
    const told = readFileSync(join(root, 'captures/README.md'), 'utf8');
    for (const name of names.filter((each) => each.endsWith('.yaml')))
      expect(told).toContain(`npm run vswitch -- run captures/samples/${name} --clock virtual --duration 20ms`);
  });
});

describe('the journeys that are shown', () => {
  const texts = ['README.md', 'captures/README.md'].map((name) => readFileSync(join(root, name), 'utf8'));
  const command = /^( *)\$ .*vswitch (?:-- )?pcap follow (\S+) (\d+)\n/gm;
  const shown = texts.flatMap((text) =>
    [...text.matchAll(command)].map((found) => {
      const [all, margin = '', file = '', id = ''] = found;
      const lines = text.slice(found.index + all.length).split('\n');
      const end = lines.findIndex((line) => line !== '' && (!line.startsWith(margin) || line === '```'));
      const told = lines.slice(0, end).map((line) => line.slice(margin.length));
      return { file, id, told: told.join('\n').trimEnd() };
    }),
  );

  it.each(shown)('are what follow tells of $id in $file', ({ file, id, told }) => {
    const args = ['--import', 'tsx', 'src/cli/main.ts', 'pcap', 'follow', file, id];
    expect(told).toBe(execFileSync(process.execPath, args, { cwd: root, encoding: 'utf8' }).trimEnd());
  });

  it('are not too few', () => expect(shown.length).toBeGreaterThanOrEqual(3));
});

/** Versions of zlib press the same octets into different ones. */
function content(file: string): Buffer {
  const bytes = readFileSync(file);
  return file.endsWith('.gz') ? gunzipSync(bytes) : bytes;
}

describe('the README', () => {
  it.each(VERDICTS.map((row) => [row.name, row] as const))(
    'has the verdict %s as the program tells it',
    (name, row) => {
      expect(readme).toContain(`| \`${name}\` | ${row.side} | ${row.fate} | ${row.rule} | ${row.sentence} |`);
    },
  );

  const yaml = /```yaml\n([\s\S]*?)```/.exec(readme)![1]!;

  it('shows a topology that can be run', () => {
    const { hosts, streams } = parseTopology(yaml, 'lab.yaml');
    expect(hosts.map((host) => host.name)).toEqual(['esx1', 'hyp1', 'hyp2', 'hyp3']);
    expect(streams).toHaveLength(1);
  });

  it('shows events that can happen', () => {
    const sample = readFileSync(join(root, 'captures/samples/failover.yaml'), 'utf8');
    const [, events] = [...readme.matchAll(/```yaml\n([\s\S]*?)```/g)].map((block) => block[1]!);
    const before = sample.slice(0, sample.indexOf('events:'));
    expect(parseTopology(before + events, 'lab.yaml').events).toHaveLength(9);
  });

  it('shows captures that can be asked for, with every key that there is', () => {
    const [, , captures] = [...readme.matchAll(/```yaml\n([\s\S]*?)```/g)].map((block) => block[1]!);
    const before = yaml.slice(0, yaml.indexOf('captures:'));
    expect(parseTopology(before + captures, 'lab.yaml').captures).toHaveLength(7);
    const rows = readme.slice(readme.indexOf('## Captures'), readme.indexOf('### Why a frame died'));
    for (const key of Object.keys(capture.out.shape))
      expect(rows, key).toMatch(new RegExp(`^\\| .*\`${key}\`.* \\|`, 'm'));
  });

  it('shows the error that a wrong uplink in it gives', () => {
    const wrong = yaml.replace('active: [vmnic0, vmnic1]', 'active: [vmnic0, vmnic3]');
    const told = () => parseTopology(wrong, 'lab.yaml');
    expect(told).toThrow(TopologyError);
    const line = /^ {4}(lab\.yaml:.*)$/m.exec(readme)![1]!;
    expect(told).toThrow(line);
  });

  const programs = [...readme.matchAll(/```ts\n([\s\S]*?)```\n(?:\n```\n([\s\S]*?)```)?/g)];

  it.each(programs.map(([, code = '', shown], i) => [i + 1, code, shown] as const))(
    'has library example %i, which runs and prints what is shown',
    (i, code, shown) => {
      const file = join(folder, `example${i}.mts`);
      writeFileSync(file, code.replace("'vswitch-emulator'", JSON.stringify(join(root, 'src/index.ts'))));
      const { status, stdout, stderr } = spawnSync(process.execPath, ['--import', 'tsx', file], {
        cwd: root,
        encoding: 'utf8',
      });
      expect([status, stderr]).toEqual([0, '']);
      if (shown !== undefined) expect(stdout).toBe(shown);
    },
  );

  it('has library examples', () => expect(programs.length).toBeGreaterThanOrEqual(2));
});

describe('the samples that the README runs', () => {
  const command = /^```\n\$ vswitch run captures\/samples\/(\S+)\.yaml (.*)\n([\s\S]*?)```/gm;
  const shown = [...readme.matchAll(command)].map(([, name = '', options = '', lines = '']) => ({
    name,
    options,
    lines,
  }));

  it.each(shown)('$name tells what is shown', ({ name, options, lines }) => {
    const file = join(folder, `shown-${name}.yaml`);
    // Its capture is not to be written over.
    const text = readFileSync(join(samples, `${name}.yaml`), 'utf8');
    writeFileSync(file, text.replaceAll('captures/samples/', `${folder}/shown-`));
    const args = ['--import', 'tsx', 'src/cli/main.ts', 'run', file, ...options.split(' ')];
    const told = execFileSync(process.execPath, args, { cwd: root, encoding: 'utf8' }).split('\n');
    for (const line of lines.split('\n').filter((each) => each !== '' && each !== '...')) expect(told).toContain(line);
  });

  it('are not too few', () => expect(shown.length).toBeGreaterThanOrEqual(3));
});

describe('the examples', () => {
  interface Example {
    /** The heading above it and its number below that. */
    readonly title: string;
    readonly text: string;
    /** A file of events, for the topology before it. */
    readonly events?: string;
    /** The output shown behind it, up to the next example or heading. */
    readonly shown: string;
  }

  const parts = readme.split(/^(?=##)/m);
  const around = parts.findIndex((part) => part.startsWith('## Around the switch'));
  const end = parts.findIndex((part) => part.startsWith('## Benchmarks of ourselves'));
  const examples = parts.flatMap((part, place) => {
    const [before = '', ...blocks] = part.split('```yaml\n');
    const heading = before.slice(0, before.indexOf('\n')).replace(/^#+ /, '');
    const found: Example[] = [];
    for (const block of blocks) {
      const [text = '', ...rest] = block.split(/^```.*\n/m);
      const title = `${heading} ${found.length + 1}`;
      const shown = rest.filter((_, at) => at % 2 === 1).join('');
      // Outside this section there are fragments, too, each with a test of its own.
      if (/^hosts:/m.test(text)) found.push({ title, text, shown });
      else if (around <= place && place < end)
        found.push({ title, text: found.at(-1)?.text ?? '', events: text, shown });
    }
    return found;
  });

  const read = ({ text, events }: Example) =>
    parseTopology(text, 'lab.yaml', events === undefined ? undefined : { name: 'changes.yaml', text: events });

  it.each(examples)('$title is a topology without warnings, whose frames are all accounted for', async (example) => {
    const topology = read(example);
    expect(topology.warnings).toEqual([]);
    const network = new Network({ ...topology, captures: [] });
    const last = topology.events.reduce((at, event) => Math.max(at, 'atNs' in event ? Number(event.atNs) : 0), 0);
    await network.runUntil(BigInt(last) + 50_000_000n);
    const { ledger } = await network.stop();
    expect(ledger.balanced).toBe(true);
    expect(ledger.delivered).toBeGreaterThan(0);
  });

  it('are not too few', () => expect(examples.length).toBeGreaterThanOrEqual(11));

  const commands = [
    ['Neighbours and health 1', 'health'],
    ['Hypervisors, NAT and DHCP 1', 'run', '--clock', 'virtual', '--duration', '6s'],
    ['Hypervisors, NAT and DHCP 2', 'run', '--clock', 'virtual', '--duration', '4s'],
    ['Hypervisors, NAT and DHCP 3', 'run', '--clock', 'virtual', '--duration', '6s'],
    ['Virtual network cards 1', 'run', '--clock', 'virtual', '--duration', '100ms'],
    ['Change while running 2', 'run', '--clock', 'virtual', '--duration', '4s'],
  ];

  it.each(commands)('%s shows what %s tells', (title, command = '', ...options) => {
    const { text, events, shown } = examples.find((example) => example.title === title)!;
    const lab = join(folder, 'lab.yaml');
    const changes = join(folder, 'changes.yaml');
    writeFileSync(lab, text);
    if (events !== undefined) writeFileSync(changes, events);
    const more = events === undefined ? [] : ['--events', changes];
    const args = ['--import', 'tsx', 'src/cli/main.ts', command, lab, ...options, ...more];
    // Health's exit code is 1 where it found an error.
    const { stdout } = spawnSync(process.execPath, args, { cwd: root, encoding: 'utf8' });
    const told = stdout.replaceAll(`${folder}/`, '').split('\n');
    const lines = shown.split('\n').filter((line) => line !== '' && line !== '...' && !line.startsWith('$ '));
    expect(lines.length).toBeGreaterThan(0);
    for (const line of lines) expect(told).toContain(line);
  });
});
