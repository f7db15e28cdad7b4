/**
 * The NAT of a type-2 host, told by frames: who sends what, and what passes which port. The LAN is 192.168.1.0/24 with the PC's .10, a server
 * .20 and a router .1; behind the PC are vmnet8 (192.168.8.0/24 with a at .10, b at .11) and nat1 (n and m, each 10.0.2.15 on its own).
 */
import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import type { NatReport } from '../../src/telemetry/hosted.ts';
import { at, Lab } from './lab.ts';
import { macs, type Packet, packet, told, wrong } from './packets.ts';

const mac = {
  pc: '02:00:00:00:00:10',
  server: '02:00:00:00:00:20',
  router: '02:00:00:00:00:01',
  a: '02:00:00:00:00:0a',
  b: '02:00:00:00:00:0b',
  n: '02:00:00:00:00:0c',
  m: '02:00:00:00:00:0d',
} as const;
type Station = 'a' | 'b' | 'n' | 'm';
const ip = { a: '192.168.8.10', b: '192.168.8.11', n: '10.0.2.15', m: '10.0.2.15' } as const;

const forwards = [
  { protocol: 'udp', hostPort: 8080, to: 'b', port: 80 },
  { protocol: 'tcp', hostPort: 8080, to: '192.168.8.11', port: 81 },
];

const world = {
  hosts: {
    pc: {
      hypervisor: 'type2',
      uplinks: { eth0: { to: 'lan/1', delay: '1us' } },
      ip: '192.168.1.10/24',
      gateway: '192.168.1.1',
      mac: mac.pc,
      networks: {
        vmnet8: { mode: 'nat-network', forwards },
        nat1: { mode: 'nat', forwards: [{ protocol: 'udp', hostPort: 53, to: 'm' }] },
      },
      vms: {
        a: { network: 'vmnet8', mac: mac.a, ip: `${ip.a}/24` },
        b: { network: 'vmnet8', mac: mac.b, ip: `${ip.b}/24` },
        n: { network: 'nat1', mac: mac.n, ip: `${ip.n}/24` },
        m: { network: 'nat1', mac: mac.m, ip: `${ip.m}/24` },
      },
    },
    srv: {
      uplinks: { eth0: { to: 'lan/2', delay: '1us' } },
      vswitches: { v: { portGroups: { g: {} } } },
      vms: {
        server: { mac: mac.server, ip: '192.168.1.20/24' },
        router: { mac: mac.router, ip: '192.168.1.1/24' },
      },
    },
  },
  physical: { switches: { lan: { ports: 2 } } },
};

class Pc extends Lab {
  readonly #gateway: Record<Station, string>;

  constructor(more: object = {}) {
    const { pc } = world.hosts;
    super({ ...world, hosts: { ...world.hosts, pc: { ...pc, ...more } } }, {}, false);
    const nics = this.network.topology.hosts[0]!.vms.flatMap(({ nics }) => nics);
    const of = (name: string) => nics.find((nic) => nic.name === name)!.mac;
    this.#gateway = { a: of('nat-vmnet8'), b: of('nat-vmnet8'), n: of('nat-nat1.n'), m: of('nat-nat1.m') };
  }

  /** A VM sends to its gateway; what passed each port then, IPv4 only. */
  vm(name: Station, p: Omit<Packet, 'src' | 'dst' | 'from'> & { readonly from?: string | number }, isWhole = true) {
    return this.#tell(`pc/${name}`, this.#packet(name, p), isWhole);
  }

  #packet(name: Station, p: Omit<Packet, 'src' | 'dst' | 'from'> & { readonly from?: string | number }): Uint8Array {
    const from = typeof p.from === 'string' ? p.from : `${ip[name]}:${p.from ?? 1000}`;
    return packet({ ...p, from, src: mac[name], dst: this.#gateway[name] });
  }

  /** A sends from so many ports to the server's port 9. */
  fill(protocol: 'udp' | 'tcp', ports: number): void {
    const all = Array.from({ length: ports }, (_, i) =>
      this.#packet('a', { protocol, from: i + 1, to: '192.168.1.20:9' }),
    );
    while (all.length > 0) this.sendAll(all.splice(0, 16).map((bytes) => ['pc/a', bytes] as const));
  }

  /** The server sends to the PC. */
  server(p: Omit<Packet, 'src' | 'dst'>, isWhole = true) {
    return this.#tell('srv/server', packet({ ...p, src: mac.server, dst: mac.pc }), isWhole);
  }

  #tell(port: string, bytes: Uint8Array, isWhole: boolean) {
    const { frames } = this.send(port, bytes);
    for (const frame of isWhole ? frames : []) expect(wrong(frame.bytes), told(frame.bytes)).toEqual([]);
    const seen = (name: string, direction: 'in' | 'out') =>
      at(frames, name, direction)
        .map(({ bytes: all }) => told(all))
        .filter((text) => !text.startsWith('arp'));
    return {
      lan: seen('pc/eth0', 'out'),
      lanMacs: at(frames, 'pc/eth0', 'out').map(({ bytes: all }) => macs(all)),
      server: seen('srv/server', 'out'),
      a: seen('pc/a', 'out'),
      b: seen('pc/b', 'out'),
      n: seen('pc/n', 'out'),
      m: seen('pc/m', 'out'),
      frames,
    };
  }

  nat(): NatReport {
    return this.network.report().hosted![0]!.nat!;
  }
}

describe('from behind the NAT', () => {
  it('a datagram leaves with the address, a port and the MAC of the host, after ARP for the next hop', () => {
    const pc = new Pc();
    const out = pc.vm('a', { protocol: 'udp', to: '192.168.1.20:53', data: [1, 2, 3] });
    expect(out.lan).toEqual(['udp 192.168.1.10:49152 > 192.168.1.20:53']);
    expect(new Set(out.lanMacs.map((text) => text.split(' ')[0]))).toEqual(new Set([mac.pc]));
    expect(out.server).toEqual(out.lan);
    expect(pc.nat()).toMatchObject({ translatedOut: 1, mappings: 1, waiting: 0 });
  });

  it('an answer to that port finds its way back, with the address of who sent it', () => {
    const pc = new Pc();
    pc.vm('a', { protocol: 'udp', to: '192.168.1.20:53' });
    const back = pc.server({ protocol: 'udp', from: '192.168.1.20:53', to: '192.168.1.10:49152', data: [9] });
    expect(back.a).toEqual(['udp 192.168.1.20:53 > 192.168.8.10:1000']);
    expect(pc.nat()).toMatchObject({ translatedIn: 1 });
  });

  it('one inside port has one outside port, whomever it talks to; another has another (RFC 4787)', () => {
    const pc = new Pc();
    const ports = [
      pc.vm('a', { protocol: 'udp', to: '192.168.1.20:53' }),
      pc.vm('a', { protocol: 'udp', to: '192.168.1.20:54' }),
      pc.vm('a', { protocol: 'udp', from: 1001, to: '192.168.1.20:53' }),
      pc.vm('a', { protocol: 'tcp', to: '192.168.1.20:53' }),
      pc.vm('b', { protocol: 'udp', to: '192.168.1.20:53' }),
    ].map(({ lan }) => lan[0]!.split(' ')[1]!.split(':')[1]);
    expect(ports).toEqual(['49152', '49152', '49153', '49154', '49155']);
  });

  it('VMs with the same address and port on segments of their own are told apart', () => {
    const pc = new Pc();
    pc.vm('n', { protocol: 'udp', to: '192.168.1.20:53' });
    pc.vm('m', { protocol: 'udp', to: '192.168.1.20:53' });
    const back = pc.server({ protocol: 'udp', from: '192.168.1.20:53', to: '192.168.1.10:49153' });
    expect([back.n, back.m]).toEqual([[], ['udp 192.168.1.20:53 > 10.0.2.15:1000']]);
  });

  it('a ping goes out with a query id of the NAT, and its answer comes back with its own (RFC 5508)', () => {
    const pc = new Pc();
    const out = pc.vm('a', { protocol: 'echo', from: ip.a, to: '192.168.1.20', id: 7, data: [1, 2, 3, 4, 5] });
    expect(out.lan).toEqual(['echo 192.168.1.10 > 192.168.1.20 id 49152']);
    expect(out.a).toEqual(['reply 192.168.1.20 > 192.168.8.10 id 7']);
  });

  it('what is not on the LAN goes to the gateway, whoever it is for', () => {
    const pc = new Pc();
    const out = pc.vm('a', { protocol: 'udp', to: '8.8.8.8:53' });
    expect(out.lan).toEqual(['udp 192.168.1.10:49152 > 8.8.8.8:53']);
    expect(out.lanMacs.at(-1)).toBe(`${mac.pc} > ${mac.router}`);
  });

  it('the host answers for its own address and for its gateway address', () => {
    const pc = new Pc();
    const own = pc.vm('a', { protocol: 'echo', from: ip.a, to: '192.168.1.10', id: 3 });
    expect(own.a).toEqual(['reply 192.168.1.10 > 192.168.8.10 id 3']);
    expect(own.lan).toEqual([]);
    expect(pc.vm('a', { protocol: 'echo', from: ip.a, to: '192.168.8.2', id: 4 }).a).toEqual([
      'reply 192.168.8.2 > 192.168.8.10 id 4',
    ]);
  });
});

describe('from outside', () => {
  it('a forwarded port leads to its VM, and the answer comes from that port', () => {
    const pc = new Pc();
    const knock = pc.server({ protocol: 'udp', from: '192.168.1.20:999', to: '192.168.1.10:8080' });
    expect(knock.b).toEqual(['udp 192.168.1.20:999 > 192.168.8.11:80']);
    expect(pc.vm('b', { protocol: 'udp', from: 80, to: '192.168.1.20:999' }).server).toEqual([
      'udp 192.168.1.10:8080 > 192.168.1.20:999',
    ]);
    expect(pc.nat()).toMatchObject({ mappings: 0 });
  });

  it.each([
    ['udp', 8080, 'b', 'udp 192.168.1.20:999 > 192.168.8.11:80'],
    ['tcp', 8080, 'b', 'tcp 192.168.1.20:999 > 192.168.8.11:81'],
    ['udp', 53, 'm', 'udp 192.168.1.20:999 > 10.0.2.15:53'],
  ] as const)('%s port %i leads to %s', (protocol, port, vm, expected) => {
    expect(new Pc().server({ protocol, from: '192.168.1.20:999', to: `192.168.1.10:${port}` })[vm]).toEqual([expected]);
  });

  it('a port that nobody has opened leads nowhere', () => {
    const pc = new Pc();
    const knock = pc.server({ protocol: 'udp', from: '192.168.1.20:999', to: '192.168.1.10:49160' });
    expect([knock.a, knock.b, knock.n, knock.m]).toEqual([[], [], [], []]);
    expect(pc.nat()).toMatchObject({ noMapping: 1, translatedIn: 0 });
    pc.vm('a', { protocol: 'udp', to: '192.168.1.20:53' });
    pc.server({ protocol: 'tcp', from: '192.168.1.20:999', to: '192.168.1.10:49152' });
    expect(pc.nat(), 'of another protocol').toMatchObject({ noMapping: 2, translatedIn: 0 });
  });

  it('a VM reaches a forwarded port of another by the host, as anybody would (hairpinning, RFC 4787)', () => {
    const pc = new Pc();
    expect(pc.vm('a', { protocol: 'udp', to: '192.168.1.10:8080' })).toMatchObject({
      b: ['udp 192.168.1.10:49152 > 192.168.8.11:80'],
      lan: [],
    });
    expect(pc.vm('b', { protocol: 'udp', from: 80, to: '192.168.1.10:49152' }).a).toEqual([
      'udp 192.168.1.10:8080 > 192.168.8.10:1000',
    ]);
    expect(pc.vm('n', { protocol: 'udp', to: '192.168.1.10:53' }).m).toEqual(['udp 192.168.1.10:49153 > 10.0.2.15:53']);
  });
});

describe('what is not translated is dropped and counted', () => {
  it.each<[string, Partial<Packet>, keyof NatReport]>([
    ['a later fragment before its first', { fragment: 0x0010 }, 'fragments'],
    ['a packet at the end of its TTL', { ttl: 1 }, 'ttlExpired'],
    ['another protocol', { protocol: 47, data: Array(20).fill(1) }, 'notIpv4'],
    ['an answer to a ping nobody sent', { protocol: 'reply', from: ip.a, to: '192.168.1.20' }, 'notIpv4'],
    ['a packet to its own subnet by the gateway', { to: '192.168.8.77:1' }, 'noRoute'],
    ['a packet to its own loopback address', { to: '127.0.0.1:1' }, 'noRoute'],
    ['a packet of somebody who is not of its segment', { from: '10.9.9.9:1000' }, 'noRoute'],
    ['a packet of nobody', { from: '0.0.0.0:1000' }, 'noRoute'],
    ["a packet with the NAT's own address", { from: '192.168.8.2:1000' }, 'noRoute'],
    ['a packet of everybody', { from: '192.168.8.255:1000' }, 'noRoute'],
    ['a packet to a group', { to: '224.0.0.5:1' }, 'noRoute'],
    ['a packet to the broadcast address of the LAN', { to: '192.168.1.255:1' }, 'noRoute'],
  ])('%s', (_, p, counter) => {
    const pc = new Pc();
    expect(pc.vm('a', { protocol: 'udp', to: '192.168.1.20:53', ...p }).lan).toEqual([]);
    expect(pc.nat()).toMatchObject({ [counter]: 1, translatedOut: 0, mappings: 0 });
  });

  it('a packet for far away, without a gateway', () => {
    const pc = new Pc({ gateway: undefined });
    expect(pc.vm('a', { protocol: 'udp', to: '8.8.8.8:53' }).lan).toEqual([]);
    expect(pc.nat()).toMatchObject({ noRoute: 1 });
  });

  it('a packet whose next hop does not answer waits, and the oldest give way', () => {
    const pc = new Pc();
    for (let i = 0; i < 40; i++) pc.vm('a', { protocol: 'udp', to: '192.168.1.99:53' });
    expect(pc.nat()).toMatchObject({ translatedOut: 40, waiting: 32, unresolved: 8 });
  });

  it('the 1,025th inside port, until a mapping has run out', () => {
    const pc = new Pc();
    pc.fill('udp', 1025);
    expect(pc.nat()).toMatchObject({ translatedOut: 1024, tableFull: 1, mappings: 1024 });
    pc.network.advance(pc.nowNs + 301_000_000_000n);
    expect(pc.nat().mappings).toBe(0);
    expect(pc.vm('a', { protocol: 'udp', from: 2000, to: '192.168.1.20:9' }).lan).toHaveLength(1);
    expect(pc.server({ protocol: 'udp', from: '192.168.1.20:9', to: '192.168.1.10:49153' }).a).toEqual([]);
  });
});

it('a full table has room again as soon as a connection was reset and has run out, not when it would have', () => {
  const pc = new Pc();
  pc.fill('tcp', 1024);
  const answers = Array.from({ length: 1024 }, (_, i) => ({
    protocol: 'tcp' as const,
    flags: 18,
    from: '192.168.1.20:9',
    to: `192.168.1.10:${49_152 + i}`,
  }));
  for (let i = 0; i < 1024; i += 16)
    pc.sendAll(
      answers.slice(i, i + 16).map((p) => ['srv/server', packet({ ...p, src: mac.server, dst: mac.pc })] as const),
    );
  pc.vm('a', { protocol: 'tcp', from: 2000, to: '192.168.1.20:9' });
  pc.server({ protocol: 'tcp', flags: 20, from: '192.168.1.20:9', to: '192.168.1.10:49160' });
  pc.network.advance(pc.nowNs + 241_000_000_000n);
  expect(pc.vm('a', { protocol: 'tcp', from: 2000, to: '192.168.1.20:9' }).lan).toEqual([
    'tcp 192.168.1.10:49160 > 192.168.1.20:9',
  ]);
});

it('what waited for ARP for three seconds is given up, and told so', () => {
  const pc = new Pc();
  pc.vm('a', { protocol: 'udp', to: '192.168.1.99:53' });
  expect(pc.nat()).toMatchObject({ waiting: 1, unresolved: 0 });
  pc.network.advance(pc.nowNs + 4_000_000_000n);
  expect(pc.nat()).toMatchObject({ waiting: 0, unresolved: 1 });
});

describe('mappings end', () => {
  const seconds = (n: number) => BigInt(n) * 1_000_000_000n;
  it.each<[string, Partial<Packet>, Partial<Packet> | null, number]>([
    ['UDP', { protocol: 'udp' }, null, 300],
    ['a query', { protocol: 'echo', from: ip.a, to: '192.168.1.20' }, null, 60],
    ['TCP that nobody answered', { protocol: 'tcp' }, null, 240],
    ['TCP that is established', { protocol: 'tcp' }, { flags: 18 }, 7440],
    ['TCP that was reset', { protocol: 'tcp' }, { flags: 4 }, 240],
    ['TCP to which somebody knocked only', { protocol: 'tcp' }, { flags: 2 }, 240],
    ['TCP of which the server has sent its last', { protocol: 'tcp' }, { flags: 17 }, 7440],
    ['TCP of which both have sent their last', { protocol: 'tcp', flags: 17 }, { flags: 17 }, 240],
  ])('%s', (_, out, back, after) => {
    const pc = new Pc();
    pc.vm('a', { to: '192.168.1.20:80', protocol: 'udp', ...out });
    if (back !== null) pc.server({ protocol: 'tcp', from: '192.168.1.20:80', to: '192.168.1.10:49152', ...back });
    const start = pc.nowNs;
    pc.network.advance(start + seconds(after - 1));
    expect(pc.nat().mappings).toBe(1);
    pc.network.advance(start + seconds(after + 1));
    expect(pc.nat().mappings).toBe(0);
  });
});

describe('ICMP errors', () => {
  const udp = { protocol: 'udp', to: '8.8.8.8:33434', data: [1, 2, 3, 4, 5, 6, 7, 8] } as const;
  const sentBy = (pc: Pc, p: Partial<Packet> = {}): Uint8Array => {
    const { frames } = pc.vm('a', { ...udp, ...p });
    return at(frames, 'pc/eth0', 'out').find(({ bytes }) => bytes[13] === 0)!.bytes;
  };

  it.each([
    ['time exceeded, as traceroute wants it', [11, 0], {}],
    ['fragmentation needed, as path MTU discovery wants it', [3, 4], {}],
    ['port unreachable', [3, 3], { isUnsummed: true }],
    ['a bad parameter, about TCP', [12, 0], { protocol: 'tcp', data: [1, 2, 3] }],
    ['time exceeded, about a ping', [11, 0], { protocol: 'echo', from: ip.a, to: '8.8.8.8', id: 77 }],
    ['time exceeded, about a packet with options', [11, 0], { options: 8 }],
  ] as const)('from outside come back with what the VM had sent: %s', (_, error, p) => {
    for (const cut of [8, 17, 1000]) {
      const pc = new Pc();
      const sent = sentBy(pc, p);
      const whole = 14 + (sent[14]! & 15) * 4;
      const quote = sent.slice(0, whole + cut);
      const { a } = pc.server({ protocol: 'error', error, quote, from: '9.9.9.9', to: '192.168.1.10' });
      const was = packet({ src: mac.a, dst: mac.pc, from: `${ip.a}:1000`, ...udp, ...p } as Packet);
      expect(a).toEqual([`error ${error.join('/')} 9.9.9.9 > 192.168.8.10 about ${told(was)}`]);
      expect(pc.nat()).toMatchObject({ translatedIn: 1, noMapping: 0, icmpErrors: 0 });
    }
  });

  it('from outside say the same of everything but what was translated, the next MTU among it', () => {
    const pc = new Pc();
    const quote = sentBy(pc);
    const { frames } = pc.server({ protocol: 'error', error: [3, 4], quote, from: '9.9.9.9', to: '192.168.1.10' });
    const heard = at(frames, 'pc/a', 'out')
      .map(({ bytes }) => bytes)
      .find((bytes) => bytes[13] === 0);
    expect([...heard!.slice(40, 42)]).toEqual([5, 220]);
    expect([...heard!.slice(-8)]).toEqual(udp.data);
    // As RFC 5508, REQ-6 and RFC 4787, REQ-12 have it, the mapping lives as long as before.
    pc.network.advance(pc.nowNs + 299_000_000_000n);
    expect(pc.nat().mappings).toBe(1);
    pc.network.advance(pc.nowNs + 2_000_000_000n);
    expect(pc.nat().mappings).toBe(0);
  });

  it('of a VM about what it was given go out with the address and port that the other one knows', () => {
    const pc = new Pc();
    const given = pc.server({ protocol: 'udp', from: '192.168.1.20:999', to: '192.168.1.10:8080', data: [1, 2, 3, 4] });
    const quote = at(given.frames, 'pc/b', 'out').find(({ bytes }) => bytes[13] === 0)!.bytes;
    const { server } = pc.vm('b', { protocol: 'error', error: [3, 3], quote, from: ip.b, to: '192.168.1.20' });
    expect(server).toEqual(['error 3/3 192.168.1.10 > 192.168.1.20 about udp 192.168.1.20:999 > 192.168.1.10:8080']);
  });

  it('about what the NAT knows nothing of are dropped and counted', () => {
    const pc = new Pc();
    const quote = packet({ protocol: 'udp', src: mac.pc, dst: mac.pc, from: '192.168.1.10:49152', to: '8.8.8.8:1' });
    expect(pc.server({ protocol: 'error', error: [3, 3], quote, from: '9.9.9.9', to: '192.168.1.10' }).a).toEqual([]);
    const theirs = packet({ protocol: 'udp', src: mac.pc, dst: mac.pc, from: '8.8.8.8:1', to: `${ip.a}:7` });
    const out = { protocol: 'error', error: [3, 3], from: ip.a, to: '192.168.1.20' } as const;
    expect(pc.vm('a', { ...out, quote: theirs }).lan).toEqual([]);
    expect(pc.vm('a', { ...out, quote: theirs.slice(0, 40) }, false).lan).toEqual([]);
    expect(pc.nat()).toMatchObject({ noMapping: 3, translatedIn: 0, translatedOut: 0 });
  });

  it('about a packet of the host itself are its own', () => {
    const pc = new Pc();
    const quote = packet({ protocol: 'udp', src: mac.pc, dst: mac.pc, from: '192.168.1.10:1024', to: '8.8.8.8:1' });
    pc.server({ protocol: 'error', error: [3, 3], quote, from: '9.9.9.9', to: '192.168.1.10' });
    expect(pc.nat()).toMatchObject({ noMapping: 0, translatedIn: 0 });
  });

  it('cut off anywhere harm nobody', () => {
    const pc = new Pc();
    const quote = sentBy(pc);
    const whole = packet({
      protocol: 'error',
      error: [11, 0],
      quote,
      src: mac.server,
      dst: mac.pc,
      from: '9.9.9.9',
      to: '192.168.1.10',
    });
    for (let length = 14; length < whole.length; length++) {
      const { frames } = pc.send('srv/server', whole.slice(0, length));
      expect(at(frames, 'pc/a', 'out'), `${length} octets`).toEqual([]);
    }
    for (let octets = 0; octets < 28; octets++)
      expect(
        pc.server(
          {
            protocol: 'error',
            error: [11, 0],
            quote: quote.slice(0, 14 + octets),
            from: '9.9.9.9',
            to: '192.168.1.10',
          },
          false,
        ).a,
      ).toEqual([]);
  });

  it.each<[string, Partial<Packet>, string]>([
    ['that a TTL has ended, as traceroute sees its first hop', { ttl: 1 }, '11/0'],
    ['that a ping has gone too far', { ttl: 1, protocol: 'echo', from: ip.a, to: '8.8.8.8' }, '11/0'],
    ['of a first fragment', { ttl: 1, fragment: 0x2000 }, '11/0'],
  ])("of the NAT's own tell %s", (_, p, error) => {
    const pc = new Pc();
    const { a, frames, lan } = pc.vm('a', { ...udp, ...p });
    expect(lan).toEqual([]);
    const was = packet({ src: mac.a, dst: mac.pc, from: `${ip.a}:1000`, ...udp, ...p } as Packet);
    expect(a).toEqual([`error ${error} 192.168.8.2 > 192.168.8.10 about ${told(was)}`]);
    const [said] = at(frames, 'pc/a', 'out').filter(({ bytes }) => bytes[13] === 0);
    expect([...said!.bytes.slice(42)]).toEqual([...was.slice(14)]);
    expect(pc.nat()).toMatchObject({ ttlExpired: 1, icmpErrors: 1 });
  });

  it('that there is no way out', () => {
    const pc = new Pc({ gateway: undefined });
    expect(pc.vm('a', udp).a).toEqual([
      'error 3/0 192.168.8.2 > 192.168.8.10 about udp 192.168.8.10:1000 > 8.8.8.8:33434',
    ]);
    expect(pc.nat()).toMatchObject({ noRoute: 1, icmpErrors: 1 });
  });

  it('are told outside as well, of what would end on its way in', () => {
    const pc = new Pc();
    const { server } = pc.server({ protocol: 'udp', from: '192.168.1.20:9', to: '192.168.1.10:8080', ttl: 1 });
    expect(server).toEqual(['error 11/0 192.168.1.10 > 192.168.1.20 about udp 192.168.1.20:9 > 192.168.1.10:8080']);
  });

  it('find their way back to a VM that spoke to another one by the host, which is two hops', () => {
    const pc = new Pc();
    const { a, b } = pc.vm('a', { protocol: 'udp', to: '192.168.1.10:8080', ttl: 2 });
    expect([a, b]).toEqual([
      ['error 11/0 192.168.1.10 > 192.168.8.10 about udp 192.168.8.10:1000 > 192.168.1.10:8080'],
      [],
    ]);
  });

  it('quote no more than 576 octets hold', () => {
    const pc = new Pc();
    const { frames } = pc.vm('a', { ...udp, ttl: 1, data: Array(1200).fill(7) });
    const [said] = at(frames, 'pc/a', 'out').filter(({ bytes }) => bytes[13] === 0);
    expect(said!.bytes).toHaveLength(14 + 576);
  });

  it.each<[string, Partial<Packet>]>([
    [
      'an ICMP error',
      {
        protocol: 'error',
        error: [3, 3],
        quote: packet({ ...udp, src: mac.a, dst: mac.pc, from: `${ip.a}:1` }),
        from: ip.a,
        to: '8.8.8.8',
      },
    ],
    ['a later fragment', { fragment: 0x10 }],
    ['a packet to a group', { to: '224.0.0.9:1' }],
    ['a packet of nobody', { from: '0.0.0.0:1' }],
  ])('are never about %s', (_, p) => {
    const pc = new Pc();
    pc.vm('a', { ...udp, ttl: 1, ...p });
    expect(pc.nat()).toMatchObject({ icmpErrors: 0, translatedOut: 0 });
  });

  it('are never about a header with a wrong checksum', () => {
    const pc = new Pc();
    const bytes = packet({ ...udp, src: mac.a, dst: mac.pc, from: `${ip.a}:1`, ttl: 1 });
    const toGateway = pc.network.topology.hosts[0]!.vms.flatMap(({ nics }) => nics);
    const gateway = toGateway.find((nic) => nic.name === 'nat-vmnet8')!.mac;
    bytes.set(gateway.split(':').map((octet) => Number.parseInt(octet, 16)));
    bytes[25]! ^= 1;
    pc.send('pc/a', bytes);
    expect(pc.nat()).toMatchObject({ ttlExpired: 1, icmpErrors: 0 });
  });

  it('that the table is full', () => {
    const pc = new Pc();
    pc.fill('udp', 1024);
    expect(pc.vm('a', { protocol: 'udp', from: 2000, to: '192.168.1.20:9' }).a).toEqual([
      'error 3/13 192.168.8.2 > 192.168.8.10 about udp 192.168.8.10:2000 > 192.168.1.20:9',
    ]);
  });
});

describe('fragments', () => {
  const parts = (ends: Pick<Packet, 'from' | 'to'>) => [
    { protocol: 'udp', ...ends, data: Array(1400).fill(5), fragment: 0x2000 } as const,
    { protocol: 17, ...ends, data: Array(300).fill(6), fragment: 0x00b0 } as const,
  ];

  it('follow the first one of their packet, out and back', () => {
    const pc = new Pc();
    const [first, later] = parts({ from: `${ip.a}:1000`, to: '192.168.1.20:53' });
    expect(pc.vm('a', first!).lan).toEqual(['udp 192.168.1.10:49152 > 192.168.1.20:53']);
    const out = pc.vm('a', later!);
    expect(out.server).toEqual(['fragment 192.168.1.10 > 192.168.1.20']);
    const [sent] = at(out.frames, 'srv/server', 'out').map(({ bytes }) => bytes);
    expect([sent![22], ...sent!.slice(42)]).toEqual([63, ...later!.data]);
    const [back, rest] = parts({ from: '192.168.1.20:53', to: '192.168.1.10:49152' });
    expect(pc.server(rest!).a).toEqual([]);
    expect(pc.server(back!).a).toEqual(['udp 192.168.1.20:53 > 192.168.8.10:1000']);
    expect(pc.server(rest!).a).toEqual(['fragment 192.168.1.20 > 192.168.8.10']);
    expect(pc.nat()).toMatchObject({ translatedOut: 2, translatedIn: 2, fragments: 1 });
  });

  it('are forgotten after 30 s', () => {
    const pc = new Pc();
    const [first, later] = parts({ from: `${ip.a}:1000`, to: '192.168.1.20:53' });
    pc.vm('a', first!);
    pc.network.advance(pc.nowNs + 31_000_000_000n);
    expect(pc.vm('a', later!).lan).toEqual([]);
    expect(pc.nat()).toMatchObject({ fragments: 1 });
  });
});

it('any packet comes out with right checksums, one hop less, and its data as it was', () => {
  const octet = fc.integer({ min: 0, max: 255 });
  const any = fc.record({
    protocol: fc.constantFrom('udp', 'tcp', 'echo' as const),
    data: fc.array(octet, { maxLength: 60 }),
    ttl: fc.integer({ min: 2, max: 255 }),
    id: fc.integer({ min: 0, max: 65_535 }),
    port: fc.integer({ min: 1, max: 65_535 }),
    options: fc.constantFrom(0, 4, 40),
    isUnsummed: fc.boolean(),
  });
  const pc = new Pc();
  fc.assert(
    fc.property(any, ({ port, ...p }) => {
      const sent = { ...p, protocol: p.protocol as 'udp', from: `${ip.a}:${port}`, to: '192.168.1.20:9' };
      const { frames, lan } = pc.vm('a', sent);
      expect(lan).toHaveLength(1);
      const frame = at(frames, 'pc/eth0', 'out')
        .map(({ bytes }) => bytes)
        .find((bytes) => bytes[13] === 0)!;
      expect(frame[22]).toBe(p.ttl - 1);
      expect([...frame.slice(frame.length - p.data.length)]).toEqual(p.data);
    }),
    { numRuns: 60 },
  );
});
