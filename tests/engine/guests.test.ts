/** Guests answer for themselves: ARP before a UDP flow, ICMP echo from outside; tshark says whether the bytes are right. */
import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, describe, expect, it } from 'vitest';
import { tshark, tsharkMissing } from '../capture/tshark.ts';
import { at, Lab } from './lab.ts';

const folder = mkdtempSync(join(tmpdir(), 'vswitch-guests-'));
afterAll(() => rmSync(folder, { recursive: true }));

const outside = '02:00:00:00:00:f1';
const octets = (mac: string) => mac.split(':').map((octet) => Number.parseInt(octet, 16));

/** RFC 1071, over whole words; an odd octet is followed by a zero. */
function checksum(bytes: Uint8Array): number {
  let sum = 0;
  for (let i = 0; i < bytes.length; i += 2) sum += (bytes[i]! << 8) | (bytes[i + 1] ?? 0);
  while (sum > 0xffff) sum = (sum & 0xffff) + (sum >>> 16);
  return ~sum & 0xffff;
}

interface Echo {
  readonly to?: string;
  readonly data?: readonly number[];
  readonly id?: number;
  readonly type?: number;
  readonly options?: number;
  readonly tci?: number;
  readonly ip?: number;
  readonly ttl?: number;
  /** Flags and offset of fragments. */
  readonly fragment?: number;
}

/** An echo request from 10.0.0.9 to the VM's 10.0.0.1. */
function echo({
  to = '02:00:00:00:00:0a',
  data = [],
  id = 1,
  type = 8,
  options = 0,
  tci,
  ip = 1,
  ...more
}: Echo): Uint8Array {
  const icmp = Uint8Array.from([type, 0, 0, 0, id >> 8, id & 255, 0, 0, ...data]);
  new DataView(icmp.buffer).setUint16(2, checksum(icmp));
  const headerBytes = 20 + options;
  const length = headerBytes + icmp.length;
  const addresses = [10, 0, 0, 9, 10, 0, 0, ip];
  const header = Uint8Array.from([
    0x40 | (headerBytes / 4),
    0,
    length >> 8,
    length & 255,
    0,
    id & 255,
    (more.fragment ?? 0) >> 8,
    (more.fragment ?? 0) & 255,
    more.ttl ?? 64,
    1,
    0,
    0,
    ...addresses,
    ...Array(options).fill(1),
  ]);
  new DataView(header.buffer).setUint16(10, checksum(header));
  const tag = tci === undefined ? [] : [0x81, 0, tci >> 8, tci & 255];
  return Uint8Array.from([...octets(to), ...octets(outside), ...tag, 8, 0, ...header, ...icmp]);
}

/** One VM, 10.0.0.1, behind an uplink that leads outside. */
function host(vlan?: number, file?: string): Lab {
  return new Lab(
    {
      hosts: {
        h: {
          uplinks: ['u'],
          vswitches: { v: { portGroups: { pg: vlan === undefined ? {} : { vlan } } } },
          vms: { a: { mac: '02:00:00:00:00:0a', ip: '10.0.0.1/24' } },
        },
      },
    },
    file === undefined ? {} : { captures: [{ file, ports: ['h/a', 'h/u'], snapLength: 0 }] },
  );
}

const random = (n: number) => Array.from({ length: n }, (_, i) => (i * 7919 + n * 104729) & 255);

describe('ICMP echo from outside', () => {
  it.skipIf(tsharkMissing)(`is answered byte for byte as tshark wants it (${tsharkMissing ?? 'tshark'})`, async () => {
    const file = join(folder, 'echo.pcapng');
    const lab = host(undefined, file);
    const requests: Echo[] = [
      {},
      ...[1, 2, 3, 17, 18, 56, 1000, 1471, 1472].map((n) => ({ data: random(n), id: n })),
      { data: random(40), options: 40 },
      { data: random(1), options: 4 },
      // Checksums at the ends of ones' complement.
      { id: 0 },
      { id: 0xf7ff },
      { id: 0xf7fe },
      { id: 0xffff },
      { data: [0xf8, 0], id: 0 },
    ];
    for (const request of requests) lab.send('h/u', echo(request));
    await lab.network.stop();
    const fields = [
      'icmp.type',
      'icmp.checksum.status',
      'ip.checksum.status',
      'ip.src',
      'ip.dst',
      'eth.src',
      'eth.dst',
      'frame.len',
      '_ws.malformed',
    ];
    const filter = ['-Y', 'frame.interface_name == "h/u"', '-o', 'ip.check_checksum:TRUE', '-E', 'occurrence=f'];
    const seen = tshark(file, fields, ...filter);
    expect(seen).toHaveLength(2 * requests.length);
    const [asked, answered] = [seen.filter(([type]) => type === '8'), seen.filter(([type]) => type === '0')];
    const good = ['1', '1'];
    for (const row of asked)
      expect(row.slice(1, 7)).toEqual([...good, '10.0.0.9', '10.0.0.1', outside, '02:00:00:00:00:0a']);
    expect(answered).toHaveLength(requests.length);
    for (const [i, row] of answered.entries()) {
      expect(row.slice(1, 7), JSON.stringify(requests[i])).toEqual([
        ...good,
        '10.0.0.1',
        '10.0.0.9',
        '02:00:00:00:00:0a',
        outside,
      ]);
      expect(row.slice(7)).toEqual([String(echo(requests[i]!).length), '']);
    }
  });

  it('is answered with the same data, in the VLAN of the guest', () => {
    const lab = host(10);
    const data = random(33);
    const { frames } = lab.send('h/u', echo({ tci: 0x600a, data }));
    const [reply] = at(frames, 'h/u', 'out');
    const expected = echo({ tci: 10, data, type: 0 });
    expected.set([...octets(outside), ...octets('02:00:00:00:00:0a')]);
    expected.set([10, 0, 0, 1, 10, 0, 0, 9], 18 + 12);
    expect(Buffer.from(reply!.bytes).toString('hex')).toBe(Buffer.from(expected).toString('hex'));
    expect(lab.network.ports()[0]!.guest).toMatchObject({ sent: 1, received: 1, echoReplies: 1 });
  });

  it.each([1, 64, 255])('is answered with a life of its own: one that came with TTL %i leaves with 64', (ttl) => {
    const { frames } = host().send('h/u', echo({ ttl, options: 8 }));
    const [reply] = at(frames, 'h/u', 'out');
    expect(reply!.bytes[22]).toBe(64);
    expect(checksum(reply!.bytes.subarray(14, 42))).toBe(0);
  });

  const silent: [string, Echo][] = [
    ['as a first fragment', { fragment: 0x2000 }],
    ['as a later fragment, whose data looks like one,', { fragment: 0x0010 }],
    ['for another address', { ip: 2 }],
    ['for another card', { to: '02:00:00:00:00:0b' }],
    ['that is a reply', { type: 0 }],
  ];
  it.each(silent)('%s is not answered', (_what, request) => {
    const lab = host();
    lab.send('h/a', lab.frame('ff:ff:ff:ff:ff:ff', '02:00:00:00:00:0b'));
    const { frames } = lab.send('h/u', echo(request));
    expect(at(frames, 'h/a', 'in')).toEqual([]);
  });

  it('cut off before its header ends is not answered', () => {
    const lab = host();
    const whole = echo({});
    for (let length = 14; length < whole.length; length++) {
      expect(at(lab.send('h/u', whole.subarray(0, length)).frames, 'h/a', 'in'), `${length} bytes`).toEqual([]);
    }
  });
});

describe('a UDP stream between guests with addresses', () => {
  const topology = {
    hosts: {
      h: {
        count: 2,
        uplinks: { u: { to: 'tor/{n}', delay: '1us' } },
        vswitches: { v: { portGroups: { pg: {} } } },
        vms: { a: { ip: '10.0.0.{n}/24' } },
      },
    },
    physical: { switches: { tor: { ports: 2 } } },
    traffic: [{ from: 'h1/a', to: 'h2/a', rate: '100kpps', count: 20, flows: 4, size: 100 }],
  };

  it('begins with an ARP request and its reply, and goes on one round trip later', () => {
    const lab = new Lab(topology, { injectAt: [] });
    lab.network.advance(1_000_000n);
    const frames = lab.network.takeFrames();
    const types = at(frames, 'h1/a', 'in').map(({ bytes }) => ((bytes[12]! << 8) | bytes[13]!).toString(16));
    expect(types).toEqual(['806', ...Array(20).fill('800')]);
    expect(at(frames, 'h1/a', 'out').map(({ timeNs }) => timeNs)).toEqual([4000n]);
    expect(at(frames, 'h1/a', 'in')[1]!.timeNs).toBe(4000n);
    const [one, two] = ['h1/a', 'h2/a'].map((name) => lab.network.ports().find((port) => port.name === name)!.guest);
    expect(one).toMatchObject({ sent: 21, received: 1, filtered: 0, arpReplies: 0, heldBack: 0 });
    expect(two).toMatchObject({ sent: 1, received: 21, filtered: 0, arpReplies: 1 });
  });

  it.skipIf(tsharkMissing)(`is well-formed ARP, IPv4 and UDP to tshark (${tsharkMissing ?? 'tshark'})`, async () => {
    const file = join(folder, 'udp.pcapng');
    const lab = new Lab(topology, { injectAt: [], captures: [{ file, ports: ['h2/a'], snapLength: 0 }] });
    lab.network.advance(1_000_000n);
    await lab.network.stop();
    const arp = tshark(
      file,
      ['arp.opcode', 'arp.src.proto_ipv4', 'arp.dst.proto_ipv4', 'arp.dst.hw_mac', 'eth.dst'],
      '-Y',
      'arp',
    );
    const { mac } = lab.network.topology.hosts[0]!.vms[0]!.nics[0]!;
    expect(arp).toEqual([
      ['1', '10.0.0.1', '10.0.0.2', '00:00:00:00:00:00', 'ff:ff:ff:ff:ff:ff'],
      ['2', '10.0.0.2', '10.0.0.1', mac, mac],
    ]);
    const fields = [
      'ip.checksum.status',
      'ip.src',
      'ip.dst',
      'udp.srcport',
      'udp.dstport',
      'udp.length',
      '_ws.malformed',
      '_ws.expert',
    ];
    const udp = tshark(file, fields, '-Y', 'udp', '-o', 'ip.check_checksum:TRUE');
    const row = (i: number) => ['1', '10.0.0.1', '10.0.0.2', String(1024 + (i % 4)), '9', '62', '', ''];
    expect(udp).toEqual(Array.from({ length: 20 }, (_, i) => row(i)));
  });
});
