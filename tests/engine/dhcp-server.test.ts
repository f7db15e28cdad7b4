/**
 * The DHCP server of a type-2 host, told by frames: a station asks, and what comes back is read. vmnet1 is host-only, 192.168.56.0/24, with
 * addresses .100 to .103, of which the VM `own` has .101 itself; vmnet8 is a NAT network, whose server also names a router.
 */
import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, describe, expect, it } from 'vitest';
import type { DhcpReport } from '../../src/telemetry/hosted.ts';
import { tshark, tsharkMissing } from '../capture/tshark.ts';
import { at, Lab } from './lab.ts';
import { packet, wrong } from './packets.ts';

const folder = mkdtempSync(join(tmpdir(), 'vswitch-dhcp-'));
afterAll(() => rmSync(folder, { recursive: true }));

const world = {
  hosts: {
    pc: {
      hypervisor: 'type2',
      uplinks: ['eth0'],
      ip: '192.168.1.10/24',
      networks: {
        vmnet1: { mode: 'host-only', dhcp: { range: '192.168.56.100-192.168.56.103', lease: '100s' } },
        vmnet8: { mode: 'nat-network', dhcp: { range: '192.168.8.50-192.168.8.51' } },
      },
      vms: {
        a: { network: 'vmnet1', mac: '02:00:00:00:00:0a' },
        own: { network: 'vmnet1', ip: '192.168.56.101/24' },
        n: { network: 'vmnet8', mac: '02:00:00:00:00:0c' },
      },
    },
  },
};

const type = { discover: 1, offer: 2, request: 3, decline: 4, ack: 5, nak: 6, release: 7, inform: 8 } as const;
const nameOf = new Map<number, string>(Object.entries(type).map(([name, number]) => [number, name]));
const octets = (text: string, by: string, base: number) => text.split(by).map((each) => Number.parseInt(each, base));
const ipOctets = (ip: string) => octets(ip, '.', 10);
const seconds = (n: number) => BigInt(n) * 1_000_000_000n;

interface Message {
  readonly mac?: string;
  /** What option 50 asks for, the server that option 54 names, the address that the station has. */
  readonly asks?: string;
  readonly server?: string;
  readonly has?: string;
  /** Default: of every station but the VM itself, whose vNIC they talk through. */
  readonly isBroadcast?: boolean;
  readonly isCut?: boolean;
}

function message(kind: keyof typeof type, m: Message): number[] {
  const mac = octets(m.mac ?? '02:00:00:00:00:0a', ':', 16);
  const fixed = [1, 1, 6, 0, 0x12, 0x34, 0x56, 0x78, 0, 0, (m.isBroadcast ?? m.mac !== undefined) ? 0x80 : 0, 0];
  const addresses = [...ipOctets(m.has ?? '0.0.0.0'), ...Array(12).fill(0)];
  const rest = [...mac, ...Array(10 + 64 + 128).fill(0), 99, 130, 83, 99];
  const option = (code: number, ip?: string) => (ip === undefined ? [] : [code, 4, ...ipOctets(ip)]);
  const options = [0, 53, 1, type[kind], ...option(50, m.asks), ...option(54, m.server)];
  return [...fixed, ...addresses, ...rest, ...(m.isCut ? options.slice(0, 3) : [...options, 255])];
}

class Pc extends Lab {
  constructor(file?: string) {
    super(world, file === undefined ? {} : { captures: [{ file, ports: ['pc/a'], snapLength: 0 }] }, false);
  }

  /** `offer 192.168.56.100`, `ack ... to 02:... 192.168.56.100`; `nothing`. */
  say(kind: keyof typeof type, m: Message = {}, port = 'pc/a'): string {
    const src = m.mac ?? '02:00:00:00:00:0a';
    const has = m.has ?? '0.0.0.0';
    const nic = this.network.topology.hosts[0]!.vms.flatMap(({ nics }) => nics).find(
      ({ name }) => name === 'host-vmnet1',
    )!;
    const isUnicast = m.has !== undefined;
    const bytes = packet({
      src,
      dst: isUnicast ? nic.mac : 'ff:ff:ff:ff:ff:ff',
      from: `${has}:68`,
      to: isUnicast ? '192.168.56.1:67' : '255.255.255.255:67',
      protocol: 'udp',
      data: message(kind, m),
    });
    const { frames } = this.send(port, bytes);
    const answers = at(frames, port, 'out').filter(({ bytes: all }) => all[13] === 0 && all[23] === 17);
    for (const each of answers) expect(wrong(each.bytes)).toEqual([]);
    expect(answers.length).toBeLessThanOrEqual(1);
    this.last = answers[0]?.bytes ?? null;
    return this.last === null ? 'nothing' : told(this.last);
  }

  last: Uint8Array | null = null;

  server(port = 'pc/host-vmnet1'): DhcpReport {
    return this.network.report().hosted![0]!.dhcp.find((each) => each.port === port)!;
  }

  /** Discover, then request what was offered. */
  bind(mac: string): string {
    const [, offered] = this.say('discover', { mac }).split(' ');
    return this.say('request', { mac, asks: offered!, server: '192.168.56.1' });
  }
}

function options(frame: Uint8Array): Map<number, number[]> {
  const found = new Map<number, number[]>();
  for (let i = 42 + 240; frame[i] !== 255; i += 2 + frame[i + 1]!) {
    found.set(frame[i]!, [...frame.slice(i + 2, i + 2 + frame[i + 1]!)]);
  }
  return found;
}

function told(frame: Uint8Array): string {
  const given = [...frame.slice(58, 62)].join('.');
  const kind = nameOf.get(options(frame).get(53)![0]!)!;
  return kind === 'nak' ? kind : `${kind} ${given}`;
}

describe('a station', () => {
  it('gets an address of the range, with mask, server, lease and when to renew it', () => {
    const pc = new Pc();
    expect(pc.say('discover')).toBe('offer 192.168.56.100');
    expect(pc.say('request', { asks: '192.168.56.100', server: '192.168.56.1' })).toBe('ack 192.168.56.100');
    expect([...options(pc.last!)]).toEqual([
      [53, [5]],
      [54, [192, 168, 56, 1]],
      [1, [255, 255, 255, 0]],
      [51, [0, 0, 0, 100]],
      [58, [0, 0, 0, 50]],
      [59, [0, 0, 0, 87]],
    ]);
    expect(pc.server()).toMatchObject({
      leases: [{ address: '192.168.56.100', mac: '02:00:00:00:00:0a' }],
      discovers: 1,
      offers: 1,
      requests: 1,
      acks: 1,
      naks: 0,
    });
  });

  it('behind a NAT gets its router, too', () => {
    const pc = new Pc();
    pc.say('discover', { mac: '02:00:00:00:00:0c' }, 'pc/n');
    expect(options(pc.last!).get(3)).toEqual([192, 168, 8, 2]);
  });

  it('gets the address that it had, as long as nobody needed it', () => {
    const pc = new Pc();
    expect(pc.bind('02:00:00:00:00:01')).toBe('ack 192.168.56.100');
    expect(pc.bind('02:00:00:00:00:02'), 'not the one that a VM has itself').toBe('ack 192.168.56.102');
    expect(pc.say('release', { mac: '02:00:00:00:00:01', has: '192.168.56.100' })).toBe('nothing');
    expect(pc.server().leases.map(({ address }) => address)).toEqual(['192.168.56.102']);
    expect(pc.bind('02:00:00:00:00:03')).toBe('ack 192.168.56.103');
    expect(pc.bind('02:00:00:00:00:01')).toBe('ack 192.168.56.100');
  });

  it('gets the one that it asks for where it is free', () => {
    const pc = new Pc();
    expect(pc.say('discover', { asks: '192.168.56.103' })).toBe('offer 192.168.56.103');
    expect(pc.say('discover', { mac: '02:00:00:00:00:01', asks: '192.168.56.103' })).toBe('offer 192.168.56.100');
    expect(pc.say('discover', { mac: '02:00:00:00:00:02', asks: '192.168.56.101' })).toBe('offer 192.168.56.102');
  });

  it('renews by unicast, and comes back with what it remembers', () => {
    const pc = new Pc();
    pc.bind('02:00:00:00:00:0a');
    pc.network.advance(pc.nowNs + seconds(50));
    expect(pc.say('request', { has: '192.168.56.100' })).toBe('ack 192.168.56.100');
    pc.network.advance(pc.nowNs + seconds(80));
    expect(pc.server().leases, 'the lease began anew').toHaveLength(1);
    expect(pc.say('request', { asks: '192.168.56.100' }), 'after a restart').toBe('ack 192.168.56.100');
  });

  it('is told where it is wrong, and nothing where another server may be right', () => {
    const pc = new Pc();
    pc.bind('02:00:00:00:00:0a');
    expect(pc.say('request', { asks: '192.168.56.102' }), 'not its own').toBe('nak');
    expect(pc.say('request', { mac: '02:00:00:00:00:01', asks: '10.0.0.5' }), 'of another subnet').toBe('nak');
    expect(pc.say('request', { mac: '02:00:00:00:00:01', asks: '192.168.56.102' }), 'unknown').toBe('nothing');
    expect(pc.say('request', { asks: '192.168.56.100', server: '192.168.56.9' }), 'chose another').toBe('nothing');
    expect(pc.server()).toMatchObject({ naks: 2, acks: 1 });
  });

  it('that finds its address in use gets another, and nobody that one for a lease', () => {
    const pc = new Pc();
    pc.bind('02:00:00:00:00:0a');
    expect(pc.say('decline', { asks: '192.168.56.100', server: '192.168.56.1' })).toBe('nothing');
    expect(pc.bind('02:00:00:00:00:0a')).toBe('ack 192.168.56.102');
    expect(pc.bind('02:00:00:00:00:01')).toBe('ack 192.168.56.103');
    expect(pc.say('discover', { mac: '02:00:00:00:00:02' })).toBe('nothing');
    expect(pc.server()).toMatchObject({ declines: 1, exhausted: 1 });
    pc.network.advance(pc.nowNs + seconds(101));
    expect(pc.say('discover', { mac: '02:00:00:00:00:02' })).toBe('offer 192.168.56.100');
  });

  it('whose lease has run out gives way to one that has none', () => {
    const pc = new Pc();
    for (const n of [1, 2, 3]) pc.bind(`02:00:00:00:00:0${n}`);
    expect(pc.say('discover', { mac: '02:00:00:00:00:04' })).toBe('nothing');
    pc.network.advance(pc.nowNs + seconds(101));
    expect(pc.server().leases).toEqual([]);
    expect(pc.bind('02:00:00:00:00:04'), 'the one that ran out first').toBe('ack 192.168.56.100');
    expect(pc.bind('02:00:00:00:00:02')).toBe('ack 192.168.56.102');
  });

  it('is answered by broadcast where it asks for that', () => {
    const pc = new Pc();
    pc.say('discover');
    expect([...pc.last!.slice(0, 6)]).toEqual([2, 0, 0, 0, 0, 10]);
    pc.say('discover', { isBroadcast: true });
    expect([...pc.last!.slice(0, 6)]).toEqual(Array(6).fill(255));
  });

  it('with an address of its own may ask for the rest', () => {
    const pc = new Pc();
    expect(pc.say('inform', { has: '192.168.56.77' })).toBe('ack 0.0.0.0');
    expect([...options(pc.last!).keys()]).toEqual([53, 54, 1]);
  });

  it('that sends half a message gets nothing', () => {
    expect(new Pc().say('discover', { isCut: true })).toBe('nothing');
  });
});

it.skipIf(tsharkMissing)(`tshark finds nothing wrong with an exchange (${tsharkMissing ?? 'tshark'})`, async () => {
  const file = join(folder, 'dhcp.pcapng');
  const pc = new Pc(file);
  pc.bind('02:00:00:00:00:0a');
  pc.say('request', { asks: '10.0.0.1' });
  await pc.network.stop();
  const fields = ['dhcp.option.dhcp', 'dhcp.ip.your', 'dhcp.option.ip_address_lease_time', 'udp.checksum.status'];
  const rows = tshark(file, [...fields, '_ws.expert'], '-o', 'udp.check_checksum:TRUE', '-Y', 'udp.srcport == 67');
  expect(rows.map((row) => row.join(' ').trim())).toEqual([
    '2 192.168.56.100 100 1',
    '5 192.168.56.100 100 1',
    '6 0.0.0.0  1',
  ]);
});
