/**
 * LLDP (IEEE 802.1AB): two uplinks of a host at two switches that speak it. What is told, what is heard, when it is forgotten.
 */
import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { Network } from '../../src/engine/network.ts';
import { topologyFrom } from '../../src/topology/load.ts';
import { tshark, tsharkMissing } from '../capture/tshark.ts';
import { Lab, portOf } from '../engine/lab.ts';

const SECOND = 1_000_000_000n;
const TYPE_AT = 12;

const topology = (vswitch: unknown, tor: unknown, more: object = {}) => ({
  hosts: {
    esx: {
      uplinks: { vmnic0: { to: 'tor/1' }, vmnic1: { to: 'tor/2' } },
      vswitches: { v: { mtu: 9000, lldp: vswitch, portGroups: { web: { vlan: 10 } } } },
      vms: { a: { portGroup: 'web', mac: '02:00:00:00:00:0a' } },
    },
  },
  physical: {
    switches: { tor: { ports: { 1: { vlan: '10,20', native: 20 }, 2: { vlan: 10 }, 3: null }, lldp: tor } },
  },
  ...more,
});

const labOf = (vswitch: unknown, tor: unknown) => new Lab(topology(vswitch, tor), { unplugged: 'down' });

function told({ network }: Lab, name: string) {
  const { lldp } = network.report().switches.find((sw) => sw.name === name)!;
  return lldp?.neighbours.map(({ port, systemName, portId }) => `${port}: ${systemName} ${portId}`);
}

const isLldp = (bytes: Uint8Array) => bytes[TYPE_AT] === 0x88 && bytes[TYPE_AT + 1] === 0xcc;

describe('who is at the other end of a cable', () => {
  type Row = readonly [
    vswitch: string,
    tor: string,
    heard: readonly string[] | undefined,
    answered: readonly string[] | undefined,
  ];
  const outside = ['esx/vmnic0: tor 1', 'esx/vmnic1: tor 2'];
  const inside = ['tor/1: esx/v vmnic0', 'tor/2: esx/v vmnic1'];
  const rows: Row[] = [
    ['both', 'both', outside, inside],
    ['listen', 'advertise', outside, []],
    ['advertise', 'listen', [], inside],
    ['listen', 'listen', [], []],
    ['off', 'both', undefined, []],
    ['both', 'off', [], undefined],
  ];
  it.each(rows)('a vSwitch with %s and a switch with %s', (vswitch, tor, heard, answered) => {
    const lab = labOf(vswitch, tor);
    lab.network.advance(10_000n);
    expect(told(lab, 'esx/v')).toEqual(heard);
    expect(told(lab, 'tor')).toEqual(answered);
    expect(lab.network.ledger().balanced).toBe(true);
  });

  it('with its address, its VLAN, its longest frame and the time for which it counts', () => {
    const lab = labOf('both', { mode: 'both', interval: '10s' });
    lab.network.advance(10_000n);
    const { lldp } = lab.network.report().switches[0]!;
    expect(lldp).toMatchObject({ mode: 'both', lldpSent: 2, lldpReceived: 2, lldpDiscarded: 0, lldpTooMany: 0 });
    expect(lldp!.neighbours[0]).toMatchObject({ chassis: '02:76:73:00:08:03', pvid: 20, frameMax: 1522, inLag: false });
    expect(lldp!.neighbours[0]!.ttlSeconds).toBeCloseTo(41, 3);
    expect(lldp!.neighbours[1]).toMatchObject({ pvid: 10 });
  });

  it('is told four times a second apart, and then every interval', () => {
    const lab = labOf('listen', { mode: 'advertise', interval: '30s' });
    lab.network.advance(70n * SECOND);
    const times = lab.network
      .takeFrames()
      .filter((f) => isLldp(f.bytes) && portOf(f) === 'tor/1')
      .map(({ timeNs }) => timeNs);
    const first = times[0]!;
    expect(times.map((time) => Number(time - first) / 1e9)).toEqual([0, 30, 60]);
    lab.network.setLink('tor/1', false);
    lab.network.setLink('tor/1', true);
    lab.network.advance(100n * SECOND);
    const again = lab.network.takeFrames().filter((f) => isLldp(f.bytes) && portOf(f) === 'tor/1');
    expect(again.map(({ timeNs }) => Number(timeNs - first) / 1e9)).toEqual([70, 71, 72, 73, 74]);
  });

  it('is forgotten when its time to live is over, and at once with the link', () => {
    const lab = labOf('listen', { mode: 'advertise', interval: '1s' });
    lab.network.advance(2n * SECOND);
    lab.network.setLink('esx/vmnic0', false);
    lab.network.advance(2n * SECOND + 1n);
    expect(told(lab, 'esx/v')).toEqual(['esx/vmnic1: tor 2']);
    lab.network.setLink('tor/2', false);
    lab.network.advance(6n * SECOND);
    expect(told(lab, 'esx/v')).toEqual(['esx/vmnic1: tor 2']);
    lab.network.advance(8n * SECOND);
    expect(told(lab, 'esx/v')).toEqual([]);
  });

  it('is not passed on: a switch without LLDP lets none through, and one with it keeps them', () => {
    const lab = labOf('both', 'off');
    lab.network.advance(SECOND);
    expect(lab.network.report().switches[1]!.ports[0]!.verdicts).toEqual({ reserved_mac: 1 });
    const other = labOf('both', 'listen');
    other.network.advance(SECOND);
    expect(other.network.report().switches[1]!.ports[0]!.verdicts).toEqual({ consumed: 1 });
  });
});

describe('what cannot be read', () => {
  const header = [0x01, 0x80, 0xc2, 0, 0, 0x0e, 2, 0, 0, 0, 0, 9, 0x88, 0xcc];
  const chassis = (n: number) => [0x02, 0x07, 4, 2, 0, 0, 0, 1, n];
  const port = [0x04, 0x02, 5, 0x31];
  const ttl = (seconds: number) => [0x06, 0x02, seconds >>> 8, seconds & 255];
  type Row = readonly [what: string, tlvs: readonly number[]];
  const rows: Row[] = [
    ['nothing', []],
    ['no port ID', [...chassis(1), ...ttl(10)]],
    ['no time to live', [...chassis(1), ...port, 0, 0]],
    ['a port ID before the chassis ID', [...port, ...chassis(1), ...ttl(10)]],
    ['a TLV that ends outside of the frame', [0x03, 0xff, 4]],
    ['an empty chassis ID', [0x02, 0x01, 4, ...port, ...ttl(10)]],
  ];
  it.each(rows)('%s is taken without effect and counted', (_, tlvs) => {
    const lab = labOf('listen', 'off');
    lab.send('esx/vmnic0', Uint8Array.from([...header, ...tlvs]));
    const { lldp } = lab.network.report().switches[0]!;
    expect(lldp).toMatchObject({ lldpReceived: 0, lldpDiscarded: 1, neighbours: [] });
  });

  it('a fifth neighbour at one port is counted and not kept; one that says good-bye makes room', () => {
    const lab = labOf('listen', 'off');
    const hear = (n: number, seconds: number) =>
      lab.send('esx/vmnic0', Uint8Array.from([...header, ...chassis(n), ...port, ...ttl(seconds), 0, 0]));
    for (const n of [1, 2, 3, 4, 5]) hear(n, 100);
    const neighbours = () => lab.network.report().switches[0]!.lldp!;
    expect(neighbours()).toMatchObject({ lldpReceived: 5, lldpTooMany: 1 });
    expect(neighbours().neighbours.map(({ chassis }) => chassis.at(-1))).toEqual(['1', '2', '3', '4']);
    hear(2, 0);
    hear(5, 100);
    expect(neighbours().neighbours.map(({ chassis }) => chassis.at(-1))).toEqual(['1', '5', '3', '4']);
    expect(neighbours().neighbours[0]).toMatchObject({ systemName: null, portId: '1', pvid: null, frameMax: null });
  });
});

describe.skipIf(tsharkMissing !== null)('tshark', () => {
  let folder: string;
  beforeAll(() => {
    folder = mkdtempSync(join(tmpdir(), 'vswitch-lldp-'));
  });
  afterAll(() => rmSync(folder, { recursive: true, force: true }));

  it('reads what is told without complaint', async () => {
    const file = join(folder, 'lldp.pcapng');
    const network = new Network(topologyFrom(topology('both', 'both', { captures: [{ file, ports: ['tor/1'] }] })), {
      clock: 'virtual',
    });
    network.advance(SECOND);
    await network.stop();
    const fields = ['lldp.chassis.id.mac', 'lldp.port.id', 'lldp.time_to_live', 'lldp.tlv.system.name'];
    const more = [
      'lldp.ieee.802_1.port_vlan.id',
      'lldp.ieee.802_3.max_frame_size',
      '_ws.malformed',
      '_ws.expert.message',
    ];
    expect(tshark(file, [...fields, ...more])).toEqual([
      ['02:76:73:00:08:03', '1', '121', 'tor', '20', '1522', '', ''],
      ['02:76:73:00:00:03', 'vmnic0', '121', 'esx/v', '0', '9022', '', ''],
    ]);
  });
});
