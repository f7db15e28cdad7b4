/** What the documents show is what the program does: the samples, the verdict table, the example topology. */
import { mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, describe, expect, it } from 'vitest';
import { Network } from '../src/engine/network.ts';
import { VERDICTS } from '../src/telemetry/generated/verdicts.ts';
import { loadTopology, parseTopology, TopologyError } from '../src/topology/load.ts';

const root = join(import.meta.dirname, '..');
const readme = readFileSync(join(root, 'README.md'), 'utf8');
const folder = mkdtempSync(join(tmpdir(), 'vswitch-docs-'));
afterAll(() => rmSync(folder, { recursive: true }));

describe('the samples', () => {
  it.each(['two-uplinks', 'vlans', 'failover'])('%s.pcapng is what its topology gives, byte for byte', async (name) => {
    const topology = loadTopology(join(root, 'captures/samples', `${name}.yaml`));
    const file = join(folder, `${name}.pcapng`);
    const network = new Network({ ...topology, captures: topology.captures.map((capture) => ({ ...capture, file })) });
    network.advance(20_000_000n);
    const { ledger } = await network.stop();
    expect(ledger.balanced).toBe(true);
    expect(readFileSync(file).equals(readFileSync(join(root, 'captures/samples', `${name}.pcapng`)))).toBe(true);
  });
});

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

  it('shows the error that a wrong uplink in it gives', () => {
    const wrong = yaml.replace('active: [vmnic0, vmnic1]', 'active: [vmnic0, vmnic3]');
    const told = () => parseTopology(wrong, 'lab.yaml');
    expect(told).toThrow(TopologyError);
    const line = /^ {4}(lab\.yaml:.*)$/m.exec(readme)![1]!;
    expect(told).toThrow(line);
  });

  it('names a library example that runs', async () => {
    const code = /```ts\n([\s\S]*?)```/.exec(readme)![1]!;
    const file = join(folder, 'example.mts');
    const entry = join(root, 'src/index.ts');
    writeFileSync(file, code.replace("'vswitch-emulator'", JSON.stringify(entry)).replaceAll('console.log', 'void '));
    const example = await import(file);
    expect(example).toBeDefined();
  });
});
