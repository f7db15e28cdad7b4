/** The profile of captures/wireshark as Wireshark reads it: tshark with its Lua, columns, colours and buttons. */
import { execFileSync } from 'node:child_process';
import { cpSync, existsSync, mkdtempSync, readdirSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import path from 'node:path';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { enhancedPacket, interfaceDescription, type PacketFields, sectionHeader } from '../../src/capture/write.ts';
import { VERDICTS } from '../../src/telemetry/generated/verdicts.ts';
import { joined } from './blocks.ts';
import { tsharkMissing } from './tshark.ts';

const PROFILE = path.resolve(import.meta.dirname, '../../captures/wireshark');
const LUA = path.join(PROFILE, 'vswitch.lua');
const T0 = 1_700_000_000_000_000_000n;
const INTERFACES = ['esx1/web1', 'esx1/vmnic0', 'tor/1', 'tor/2', 'esx1/vmnic1', 'esx1/DROP'];
/** A broadcast of web1 in VLAN 10. */
const FRAME = new Uint8Array(60);
FRAME.set(Buffer.from('ffffffffffff0050560000018100000a88b5', 'hex'));

type Sight = Partial<PacketFields> & { readonly at: string; readonly ns: number };
const packet = ({ at, ns, ...fields }: Sight): Uint8Array =>
  enhancedPacket({ interfaceId: INTERFACES.indexOf(at), timeNs: T0 + BigInt(ns), bytes: FRAME, ...fields });
const seen = (at: string, direction: 'in' | 'out', ns: number, packetId: bigint): Uint8Array =>
  packet({ at, direction, ns, packetId });
const DROP = 'drop=deja_vu rule=R7 port=vmnic1 vid=10 owner=web1 pin=vmnic0';
const custom = { enterprise: 32473, bytes: Uint8Array.of(1, 0, 19, 0, 10, 0) };
const [A, B, C] = [1_000_000_000_005n, 2n, 3n];

/** A reflection; a copy without rule, owner and pin that died on its way out; one frame twice; frames of nobody. */
const BLOCKS = [
  seen('esx1/web1', 'in', 0, A),
  seen('esx1/vmnic0', 'out', 10, A),
  seen('tor/1', 'in', 2010, A),
  seen('esx1/web1', 'in', 2015, B),
  seen('tor/2', 'out', 2020, A),
  seen('esx1/vmnic1', 'in', 4020, A),
  packet({ at: 'esx1/DROP', direction: 'in', ns: 4021, packetId: A, comment: DROP, custom }),
  packet({ at: 'esx1/DROP', direction: 'out', ns: 4030, packetId: B, comment: 'drop=queue_full port=web2' }),
  seen('esx1/vmnic1', 'in', 5000, C),
  seen('esx1/vmnic1', 'in', 5001, C),
  packet({ at: 'esx1/vmnic0', ns: 5002, comment: 'drop=deja_vu says somebody' }),
  packet({ at: 'esx1/DROP', ns: 5003, packetId: 0n, comment: 'drop it' }),
];

let directory = '';
let file = '';
const save = (name: string, bytes: Uint8Array): string => {
  const full = path.join(directory, name);
  writeFileSync(full, bytes);
  return full;
};
const begin = joined(sectionHeader(), ...INTERFACES.map((name) => interfaceDescription({ name })));

beforeAll(() => {
  directory = mkdtempSync(path.join(tmpdir(), 'vswitch-wireshark-'));
  cpSync(PROFILE, path.join(directory, 'profiles/vSwitch'), { recursive: true });
  file = save('written.pcapng', joined(begin, ...BLOCKS));
});
afterAll(() => rmSync(directory, { recursive: true }));

/** What tshark prints with the Lua loaded, and what it complains of. */
function run(...args: string[]): { printed: string; complaints: string[] } {
  const errors = path.join(directory, 'errors');
  const line = 'tshark "$@" 2>"$ERRORS"';
  const env = { ...process.env, ERRORS: errors, WIRESHARK_CONFIG_DIR: directory };
  const words = ['-c', line, 'tshark', '-n', '-X', `lua_script:${LUA}`, ...args];
  const printed = execFileSync('sh', words, { encoding: 'utf8', env });
  const said = readFileSync(errors, 'utf8').split('\n');
  return { printed, complaints: said.filter((each) => each !== '' && !each.startsWith('Running as user "root"')) };
}

function fields(names: readonly string[], ...more: string[]): string[] {
  const { printed, complaints } = run('-r', file, ...more, '-T', 'fields', ...names.flatMap((name) => ['-e', name]));
  expect(complaints).toEqual([]);
  return printed.split('\n').slice(0, -1);
}

const frames = (filter: string, ...more: string[]): number[] =>
  fields(['frame.number'], '-Y', filter, ...more).map(Number);

/** Lines of a profile's file that say something. */
const lines = (name: string): string[] =>
  readFileSync(path.join(PROFILE, name), 'utf8')
    .split('\n')
    .filter((line) => line.trim() !== '' && !line.startsWith('#'));

const colours = lines('colorfilters').map((line) => line.split('@').slice(1, 3) as [name: string, filter: string]);
const buttons = lines('dfilter_buttons').map((line) => {
  const [, name = '', filter = ''] = /^"TRUE","([^"]*)","([^"]*)","[^"]+"$/.exec(line) ?? [];
  return [name, filter.replaceAll('\\x22', '"')] as const;
});

describe('the reasons in vswitch.lua', () => {
  it('are those of the verdict table', () => {
    const rows = [...readFileSync(LUA, 'utf8').matchAll(/^ {2}(\w+) = '((?:[^'\\]|\\.)*)',$/gm)];
    const told = rows.map(([, name, sentence]) => [name, sentence!.replaceAll("\\'", "'")]);
    const drops = VERDICTS.filter(({ fate }) => fate === 'drop');
    expect(told).toEqual(drops.map(({ name, sentence }) => [name, sentence]));
  });
});

const because = tsharkMissing === null ? '' : ` (skipped: ${tsharkMissing})`;

describe.skipIf(tsharkMissing !== null)(`the Lua post-dissector in tshark${because}`, () => {
  it('tells what a frame died of, in fields of its own', () => {
    const names = ['verdict', 'rule', 'side', 'port', 'vid', 'owner', 'pin'].map((name) => `vswitch.${name}`);
    expect(fields(['frame.number', ...names], '-Y', 'vswitch.dropped')).toEqual([
      '7\tdeja_vu\tR7\tingress\tvmnic1\t10\tweb1\tvmnic0',
      '8\tqueue_full\t\tegress\tweb2\t\t\t',
    ]);
    expect(fields(['vswitch.because'], '-Y', 'vswitch.rule == "R7"')[0]).toContain("the frame's own reflection");
  });

  it.each([
    ['vswitch.verdict == "deja_vu"', [7]],
    ['vswitch.dropped == true', [7, 8]],
    ['vswitch.verdict && !vswitch.rule', [8]],
    ['vswitch.owner == "web1" && vswitch.pin == "vmnic0"', [7]],
    ['vswitch.hop == 1', [1, 4, 9]],
    ['vswitch.id == 1000000000005', [1, 2, 3, 5, 6, 7]],
    ['vswitch.copy == 2', [10]],
    ['vswitch', [1, 2, 3, 4, 5, 6, 7, 8, 9, 10]],
  ])('can be filtered by %s', (filter, expected) => {
    expect(frames(filter)).toEqual(expected);
  });

  it('knows in one pass the hops so far, and in two passes all of them', () => {
    const ofA = ['-Y', `frame.packet_id == ${A}`];
    expect(fields(['vswitch.hop', 'vswitch.hops'], ...ofA)).toEqual(['1\t1', '2\t2', '3\t3', '4\t4', '5\t5', '6\t6']);
    expect(fields(['vswitch.hop', 'vswitch.hops'], '-2', ...ofA)).toEqual([
      ...['1\t6', '2\t6', '3\t6', '4\t6', '5\t6', '6\t6'],
    ]);
  });

  it('finds in two passes what died elsewhere', () => {
    expect(frames('vswitch.died == "deja_vu"', '-2')).toEqual([1, 2, 3, 5, 6]);
    expect(frames('vswitch.died', '-2')).toEqual([1, 2, 3, 4, 5, 6]);
    expect(fields(['vswitch.hops.frame'], '-2', '-Y', 'frame.number == 3')).toEqual(['1,2,3,5,6,7']);
  });

  it('lists all hops of a frame with interface, direction, time and verdict', () => {
    const { printed } = run('-r', file, '-2', '-Y', 'frame.number == 2', '-O', 'vswitch');
    const told = printed.split('\n').map((line) => line.trim());
    const at = told.indexOf('[Hops: 6]');
    expect(told).toContain('[vSwitch, hop 2 of 6]');
    expect(told.slice(at + 1, at + 7)).toEqual([
      '[1. frame 1, esx1/web1 in, +0.000 us]',
      '[2. frame 2, esx1/vmnic0 out, +0.010 us, this one]',
      '[3. frame 3, tor/1 in, +2.010 us]',
      '[4. frame 5, tor/2 out, +2.020 us]',
      '[5. frame 6, esx1/vmnic1 in, +4.020 us]',
      '[6. frame 7, esx1/DROP in: deja_vu (R7) at vmnic1, +4.021 us]',
    ]);
  });

  it('lists a hundred hops of a frame that goes round, and counts the others', () => {
    const round = Array.from({ length: 150 }, (_, i) => seen(INTERFACES[i % 3]!, 'in', i, A));
    const looping = save('loop.pcapng', joined(begin, ...round));
    const { printed, complaints } = run('-r', looping, '-2', '-Y', 'frame.number == 150', '-O', 'vswitch');
    expect(complaints).toEqual([]);
    expect(printed).toContain('[Hops: 150]');
    expect(printed).toContain('[Copy: 50]');
    expect(printed).toContain('[100. frame 100, ');
    expect(printed).not.toContain('[101. ');
    expect(printed).toContain('and 50 more');
  });

  it('stays silent when it is loaded twice', () => {
    const twice = run('-r', file, '-X', `lua_script:${path.join(directory, 'profiles/vSwitch/vswitch.lua')}`);
    expect(twice.complaints).toEqual([]);
  });

  const shared = path.resolve(import.meta.dirname, '../../../shared/captures');
  const others = existsSync(shared)
    ? readdirSync(shared, { recursive: true, encoding: 'utf8' }).filter((name) => /\.pcap(ng)?$/.test(name))
    : [];
  it.skipIf(others.length === 0)(
    'adds nothing to captures of other tools, and complains of none',
    { timeout: 120_000 },
    () => {
      for (const name of others) {
        const args = ['-r', path.join(shared, name), '-c', '200', '-T', 'fields', '-e', 'vswitch.verdict'];
        const { printed, complaints } = run(...args);
        expect([name, printed.trim(), complaints.filter((line) => /lua|vswitch/i.test(line))]).toEqual([name, '', []]);
      }
    },
  );
});

describe.skipIf(tsharkMissing !== null)(`the profile in tshark${because}`, () => {
  it('has columns that all tell something', () => {
    const { printed, complaints } = run('-r', file, '-C', 'vSwitch', '-T', 'tabs', '-Y', 'frame.number == 7');
    expect(complaints).toEqual([]);
    const cells = printed
      .trimEnd()
      .split('\t')
      .map((cell) => cell.trim());
    expect(cells.slice(0, 6)).toEqual(['7', '0.000004021', 'esx1/DROP', 'Inbound', String(A), '6']);
    expect(cells.slice(9, 14)).toEqual(['10', '0x88b5', '60', 'deja_vu', 'R7']);
  });

  it('colours what it says it colours', () => {
    const args = ['-r', file, '-C', 'vSwitch', '--color', '-T', 'fields', '-e', 'frame.coloring_rule.name'];
    const { printed, complaints } = run(...args);
    expect(complaints).toEqual([]);
    const [first, , , , , , reflection, full, , twice] = printed.split('\n');
    expect([first, reflection, full, twice]).toEqual([
      ...['Broadcast, multicast', 'Reflection (R7)', 'No room, no link', 'Duplicate'],
    ]);
  });

  const samples = path.resolve(import.meta.dirname, '../../captures/samples');
  it.each([
    ['multicast', ['Broadcast, multicast', 'Group membership (IGMP, MLD)', 'Other drop']],
    ['mirror', ['ARP', 'Duplicate', 'Reflection (R7)', 'Tagged']],
    ['shaping', ['', 'ARP']],
    ['cards', ['', 'ARP']],
    ['lag-rstp', ['', 'ARP', 'Slow protocols, BPDU, LLDP']],
  ])('colours the sample %s, of which tshark warns of nothing', (name, expected) => {
    const args = ['-r', path.join(samples, `${name}.pcapng`), '-2', '-C', 'vSwitch', '--color', '-T', 'fields'];
    const told = ['frame.coloring_rule.name', '_ws.expert.severity', '_ws.malformed'];
    const { printed, complaints } = run(...args, ...told.flatMap((field) => ['-e', field]));
    expect(complaints).toEqual([]);
    const rows = printed.slice(0, -1).split('\n');
    const warned = rows.map((row) => row.split('\t')).filter((row) => Number(row[1] ?? 0) >= 0x600000 || row[2]);
    expect(warned).toEqual([]);
    expect([...new Set(rows.map((row) => row.split('\t')[0]))].sort()).toEqual(expected);
  });

  // All at once, for each tshark takes a second to begin; what does not compile is named by the error.
  it.each([
    ['colours', colours],
    ['buttons', buttons],
  ])('has %s whose filters compile', (_, rows) => {
    expect(rows.length).toBeGreaterThan(8);
    expect(rows.filter(([name, filter]) => name === '' || filter === '')).toEqual([]);
    const all = rows.map(([, filter]) => `(${filter})`).join(' || ');
    expect(run('-r', file, '-Y', all, '-c', '1').complaints).toEqual([]);
  });

  it('names only verdicts and rules that there are', () => {
    const filters = [...colours, ...buttons].map(([, filter]) => filter).join(' ');
    const known = new Set(VERDICTS.flatMap(({ name, rule, side }) => [name, rule, side]));
    const named = [...filters.matchAll(/"([a-z_]+|[RC]\d+)"/g)].map(([, word]) => word!);
    expect(named.length).toBeGreaterThan(10);
    expect(named.filter((word) => !known.has(word))).toEqual([]);
  });
});
