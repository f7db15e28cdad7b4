/** A guest gets its address by DHCP (RFC 2131), from a server that the test plays; tshark judges what it says. */
import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, describe, expect, it } from 'vitest';
import { summary } from '../../src/cli/summary.ts';
import { guestLines } from '../../src/cli/summary-guest.ts';
import type { NetworkOptions } from '../../src/engine/options.ts';
import { tshark, tsharkMissing } from '../capture/tshark.ts';
import { type Answer, answer, type Message, messagesOf, serverMac } from './dhcp.ts';
import { at, Lab } from './lab.ts';

const folder = mkdtempSync(join(tmpdir(), 'vswitch-dhcp-'));
afterAll(() => rmSync(folder, { recursive: true }));
const second = 1_000_000_000n;
const mac = '02:00:00:00:00:0a';

/** One VM that asks for an address, behind an uplink where the test answers. */
class Client {
  readonly lab: Lab;
  /** What it has said so far. */
  readonly said: Message[] = [];
  #frames: ReturnType<Lab['network']['takeFrames']> = [];

  constructor(more: object = {}, options: NetworkOptions = {}) {
    this.lab = new Lab(
      {
        hosts: {
          h: {
            uplinks: ['u'],
            vswitches: { v: { portGroups: { pg: {} } } },
            vms: { a: { mac, ip: 'dhcp' } },
          },
        },
        ...more,
      },
      { injectAt: ['h/u'], ...options },
    );
  }

  /** Runs to a time and returns what the client says meanwhile, `seconds text`. */
  until(seconds: number): string[] {
    this.lab.network.advance(BigInt(Math.round(seconds * 1e9)));
    this.#frames = this.lab.network.takeFrames();
    const messages = messagesOf(at(this.#frames, 'h/a', 'in'));
    this.said.push(...messages);
    return messages.map(({ timeNs, text }) => `${Number(timeNs / 1_000_000n) / 1000} ${text}`);
  }

  /** EtherTypes of what the guest sent in the last step. */
  sent(): string[] {
    return at(this.#frames, 'h/a', 'in').map(({ bytes }) => Buffer.from(bytes.subarray(12, 14)).toString('hex'));
  }

  /** Answers the latest message. */
  answers(kind: Answer['kind'], more: Partial<Answer> = {}): void {
    const bytes = answer({ kind, xid: this.said.at(-1)!.xid, mac, ...more });
    this.lab.network.inject('h/u', bytes, this.lab.nowNs);
  }

  /** Gets a lease at 1 s. */
  bound(more: Partial<Answer> = {}): this {
    this.until(1);
    this.answers('OFFER', more);
    this.until(1);
    this.answers('ACK', more);
    this.until(1);
    return this;
  }

  get guest() {
    return this.lab.network.ports()[0]!.guest!;
  }
}

/** An ARP reply of the server, 10.0.0.254. */
function arpReply(): Uint8Array {
  const octets = (text: string) => text.split(':').map((octet) => Number.parseInt(octet, 16));
  const addresses = [...octets(serverMac), 10, 0, 0, 254, ...octets(mac), 10, 0, 0, 7];
  return Uint8Array.from([...octets(mac), ...octets(serverMac), 8, 6, 0, 1, 8, 0, 6, 4, 0, 2, ...addresses]);
}

const discover = 'DISCOVER 0.0.0.0>255.255.255.255';

describe('a DHCP client', () => {
  it('says DISCOVER, takes the first offer, requests it, and has its address, prefix and gateway with the ACK', () => {
    const client = new Client();
    expect(client.until(1)).toEqual([`0 ${discover}`]);
    expect(client.guest).toMatchObject({ ip: null, gateway: null, lease: { state: 'selecting', discovers: 1 } });
    client.answers('OFFER');
    client.answers('OFFER', { ip: '10.0.0.8' });
    expect(client.until(2)).toEqual(['1 REQUEST 0.0.0.0>255.255.255.255 50=10.0.0.7 54=10.0.0.254']);
    client.answers('ACK');
    expect(client.until(3)).toEqual([]);
    expect(client.guest).toMatchObject({
      ip: '10.0.0.7',
      gateway: '10.0.0.254',
      lease: {
        state: 'bound',
        server: '10.0.0.254',
        endsSeconds: 602,
        discovers: 1,
        offers: 1,
        requests: 1,
        acks: 1,
        naks: 0,
      },
    });
    expect(guestLines(client.lab.network.report())).toEqual(['h/a: 10.0.0.7 by DHCP from 10.0.0.254 until 602.000 s']);
    expect(client.lab.network.ledger().balanced).toBe(true);
  });

  it('takes answers to everybody, and none with another number, for another card or with a wrong checksum', () => {
    const client = new Client();
    client.until(1);
    const { xid } = client.said[0]!;
    for (const wrong of [{ xid: xid + 1 }, { mac: '02:00:00:00:00:0b', broadcast: true }, { udpSum: 1 }])
      client.answers('OFFER', wrong);
    expect(client.until(2)).toEqual([]);
    expect(client.guest).toMatchObject({ badChecksums: 1 });
    client.answers('OFFER', { broadcast: true });
    expect(client.until(3)).toHaveLength(1);
    client.answers('ACK', { broadcast: true });
    client.until(4);
    expect(client.guest.ip).toBe('10.0.0.7');
  });

  it('says DISCOVER again after 4, 8, 16, 32 and then every 64 s', () => {
    const client = new Client({ traffic: [{ from: 'h/a', to: '10.0.0.9' }] });
    const times = client.until(300).map((line) => Number(line.split(' ')[0]));
    expect(times).toEqual([0, 4, 12, 28, 60, 124, 188, 252]);
    expect(new Set(client.said.map(({ xid }) => xid)).size).toBe(1);
    expect(guestLines(client.lab.network.report())).toEqual([
      'h/a -> 10.0.0.9: 0 sent, 0 answered',
      'h/a: no address by DHCP after 8 DISCOVERs',
    ]);
    expect(summary(client.lab.network.report())).not.toContain('asking by ARP');
  });

  it('repeats a request that nobody answers, and begins anew after the fourth', () => {
    const client = new Client();
    client.until(1);
    client.answers('OFFER');
    const said = client.until(62).map((line) => line.split(' ', 2).join(' '));
    expect(said).toEqual(['1 REQUEST', '5 REQUEST', '13 REQUEST', '29 REQUEST', '61 DISCOVER']);
    expect(client.said.at(-1)!.xid).not.toBe(client.said[0]!.xid);
    expect(client.said.at(-1)!.text).toBe(`${discover} 50=10.0.0.7`);
  });

  it('renews at T1 by unicast to the server, whose address it asks for by ARP, and keeps its address', () => {
    const client = new Client().bound();
    expect(client.until(301)).toEqual([]);
    expect(client.sent()).toEqual(['0806']);
    client.lab.network.inject('h/u', arpReply(), client.lab.nowNs);
    expect(client.until(302)).toEqual(['301 REQUEST 10.0.0.7>10.0.0.254 ciaddr=10.0.0.7']);
    client.answers('ACK');
    client.until(303);
    expect(client.guest).toMatchObject({ ip: '10.0.0.7', lease: { state: 'bound', endsSeconds: 902, requests: 2 } });
  });

  it('asks everybody from T2 on, and gives the address up when the lease ends', () => {
    const client = new Client().bound({ lease: 1000, t1: 500, t2: 700 });
    const said = client.until(1001).map((line) => line.split(' ', 3).join(' '));
    expect(said).toEqual([
      '701 REQUEST 10.0.0.7>255.255.255.255',
      '851 REQUEST 10.0.0.7>255.255.255.255',
      '926 REQUEST 10.0.0.7>255.255.255.255',
      '986 REQUEST 10.0.0.7>255.255.255.255',
      '1001 DISCOVER 0.0.0.0>255.255.255.255',
    ]);
    expect(client.guest).toMatchObject({ ip: null, gateway: null, lease: { state: 'selecting', endsSeconds: null } });
  });

  it('has a lease without end for good', () => {
    const client = new Client().bound({ lease: 0xffffffff });
    expect(client.until(1_000_000)).toEqual([]);
    expect(client.guest.lease).toMatchObject({ state: 'bound', endsSeconds: null });
    expect(guestLines(client.lab.network.report())).toEqual(['h/a: 10.0.0.7 by DHCP from 10.0.0.254 for good']);
  });

  it('begins anew 4 s after its request was refused, and asks for no address', () => {
    const client = new Client();
    client.until(1);
    client.answers('OFFER');
    client.until(1);
    client.answers('NAK', { broadcast: true });
    expect(client.until(6)).toEqual([`5 ${discover}`]);
    expect(client.guest.lease).toMatchObject({ naks: 1, discovers: 2 });
  });

  it('begins anew at once when a renewal is refused', () => {
    const client = new Client().bound();
    client.until(301);
    client.lab.network.inject('h/u', arpReply(), client.lab.nowNs);
    client.until(302);
    client.answers('NAK', { broadcast: true });
    expect(client.until(303)).toEqual([`302 ${discover}`]);
    expect(client.guest.ip).toBe(null);
  });

  it.each([
    ['its VM starts again', { at: '10s', stopVm: 'h/a' }, { at: '20s', startVm: 'h/a' }],
    ['its host boots', { at: '10s', crash: 'h' }, { at: '20s', boot: 'h' }],
    ['its link is back', { at: '10s', linkDown: 'h/a' }, { at: '20s', linkUp: 'h/a' }],
  ])('begins anew, with the address it had last in mind, when %s', (_what, down, up) => {
    const client = new Client({ events: [down, up] }).bound();
    expect(client.until(19)).toEqual([]);
    expect(client.until(21)).toEqual([`20 ${discover} 50=10.0.0.7`]);
    expect(client.guest.ip).toBe(null);
    client.answers('OFFER');
    client.until(21);
    client.answers('ACK');
    client.until(22);
    expect(client.guest.ip).toBe('10.0.0.7');
  });

  it('keeps its streams and pings until it has an address, and sends them by its gateway', () => {
    const traffic = [
      { from: 'h/a', to: '10.9.9.9:53', count: 2, rate: '10pps', size: 100 },
      { from: 'h/a', ping: '10.0.0.1', count: 1 },
    ];
    const client = new Client({ traffic });
    client.until(1);
    client.answers('OFFER');
    expect(client.until(1.5)).toHaveLength(1);
    expect(client.sent()).toEqual(['0800']);
    client.answers('ACK');
    client.until(2);
    expect(client.sent()).toEqual(['0806', '0806']);
    client.lab.network.inject('h/u', arpReply(), client.lab.nowNs);
    client.lab.network.advance(3n * second);
    const datagrams = at(client.lab.network.takeFrames(), 'h/u', 'out').filter(({ bytes }) => bytes[23] === 17);
    expect(datagrams.map(({ bytes }) => [...bytes.subarray(26, 34)])).toEqual(
      Array(2).fill([10, 0, 0, 7, 10, 9, 9, 9]),
    );
    expect(client.lab.network.report().streams[0]).toMatchObject({ sent: 2, answered: 0 });
    expect(client.lab.network.report().pings![0]).toMatchObject({ sent: 0 });
  });

  it('has other numbers with another seed, and the same with the same one', () => {
    const xid = (seed: number) => {
      const client = new Client({ seed });
      client.until(1);
      return client.said[0]!.xid;
    };
    expect(xid(1)).toBe(xid(1));
    expect(xid(1)).not.toBe(xid(2));
  });

  it('goes on after a snapshot as if nothing had been', async () => {
    const client = new Client().bound();
    client.until(200);
    const snapshot = await client.lab.network.snapshot();
    const before = client.until(1001);
    await client.lab.network.restore(snapshot);
    expect(client.until(1001)).toEqual(before);
    await client.lab.network.stop();
  });

  it.skipIf(tsharkMissing)(
    `says what tshark understands, with right checksums (${tsharkMissing ?? 'tshark'})`,
    async () => {
      const file = join(folder, 'dhcp.pcapng');
      const client = new Client({}, { captures: [{ file, ports: ['h/a'], snapLength: 0 }] }).bound();
      client.until(301);
      client.lab.network.inject('h/u', arpReply(), client.lab.nowNs);
      client.until(602);
      await client.lab.network.stop();
      const fields = [
        'dhcp.option.dhcp',
        'udp.checksum.status',
        'ip.checksum.status',
        'dhcp.option.requested_ip_address',
      ];
      const checks = ['-o', 'ip.check_checksum:TRUE', '-o', 'udp.check_checksum:TRUE'];
      const seen = tshark(
        file,
        [...fields, 'dhcp.hw.mac_addr', '_ws.malformed', '_ws.expert.severity'],
        '-Y',
        'udp.srcport == 68',
        ...checks,
      );
      const rows = [
        ['1', ''],
        ['3', '10.0.0.7'],
        ['3', ''],
        ['3', ''],
        ['3', ''],
        ['1', '10.0.0.7'],
      ];
      expect(seen.map((row) => row.slice(0, 4))).toEqual(rows.map(([kind, wanted]) => [kind, '1', '1', wanted]));
      for (const row of seen) expect(row[5]).toBe('');
    },
  );
});
