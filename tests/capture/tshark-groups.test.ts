/** Wireshark's judgement of the IGMP and MLD messages that guests and switches send, of every version, and of streams to groups. */
import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, describe, expect, it } from 'vitest';
import { Network } from '../../src/engine/network.ts';
import { topologyFrom } from '../../src/topology/load.ts';
import { tshark, tsharkMissing } from './tshark.ts';

const folder = mkdtempSync(join(tmpdir(), 'vswitch-groups-'));
afterAll(() => rmSync(folder, { recursive: true }));

async function captured(igmp: number, mld: number): Promise<string> {
  const file = join(folder, `igmp${igmp}-mld${mld}.pcapng`);
  const groups = ['239.1.1.1', 'ff15::1:1'];
  const network = new Network(
    topologyFrom({
      hosts: {
        h: {
          vswitches: {
            v: { portGroups: { g: {} }, multicast: { querier: { address: '10.0.0.254' }, versions: { igmp, mld } } },
          },
          vms: { a: { groups, igmp, mld, ip: '10.0.0.1/24' }, b: {} },
        },
      },
      traffic: groups.map((to) => ({ from: 'h/b', to, size: 90, rate: '10pps', count: 3, start: '1s' })),
      captures: [{ file, ports: ['h/a', 'h/b'] }],
      events: groups.map((group) => ({ at: '60s', leave: { port: 'h/a', group } })),
    }),
  );
  await network.runUntil(70_000_000_000n);
  expect((await network.stop()).ledger.balanced).toBe(true);
  return file;
}

describe.skipIf(tsharkMissing !== null)('tshark', () => {
  it.each([
    [1, 1, ['0x11', '0x12'], ['130', '131', '132']],
    [2, 1, ['0x11', '0x16', '0x17'], ['130', '131', '132']],
    [3, 2, ['0x11', '0x22'], ['130', '143']],
  ])('reads IGMPv%d and MLDv%d without complaint', async (igmp, mld, igmpTypes, mldTypes) => {
    const file = await captured(igmp, mld);
    const checks = ['-o', 'ip.check_checksum:TRUE'];
    const fields = ['igmp.type', 'icmpv6.type', '_ws.malformed', '_ws.expert.severity', 'ip.checksum.status'];
    const more = ['igmp.checksum.status', 'icmpv6.checksum.status', 'ip.ttl', 'ipv6.hlim', 'frame.protocols'];
    const rows = tshark(file, [...fields, ...more], ...checks);
    const typesOf = (column: number) =>
      [...new Set(rows.map((row) => row[column]!))].filter((type) => type !== '').sort();
    expect(typesOf(0)).toEqual(igmpTypes);
    expect(typesOf(1)).toEqual(mldTypes);
    for (const [type, six, malformed, severity, ip, sum, sum6, ttl, hops, protocols] of rows) {
      expect([malformed, protocols!.includes('malformed')], protocols).toEqual(['', false]);
      if (type !== '') expect([ip, sum, ttl, severity], `IGMP ${type}`).toEqual(['1', '1', '1', '']);
      if (six !== '') expect([sum6, hops, severity], `MLD ${six}`).toEqual(['1', '1', '']);
    }
    expect(rows.filter((row) => row.at(-1)!.includes(':udp')).length, 'the stream to the IPv4 group').toBeGreaterThan(
      2,
    );
  });
});
