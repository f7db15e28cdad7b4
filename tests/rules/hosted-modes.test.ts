/**
 * Who reaches whom in each mode of a type-2 hypervisor, VMware's and VirtualBox's, as the table of their manuals has it. Every cell is a run with real
 * pings: 5 of 5 answered, or none; where the table says so, by a port forward to a UDP service. Addresses come by DHCP where the mode
 * has a server. `pc` is the host, with VMs a and b in the network in question; `srv` stands on the LAN.
 */
import { describe, expect, it } from 'vitest';
import { Network } from '../../src/engine/network.ts';
import type { NetworkOptions } from '../../src/engine/options.ts';
import type { Report } from '../../src/telemetry/report.ts';
import { topologyFrom } from '../../src/topology/load.ts';

type Mode = 'bridged' | 'nat' | 'nat-network' | 'host-only' | 'internal';
/** `+` reached, `-` not, `f` by a port forward only. */
type Cell = '+' | '-' | 'f';

const columns = ['VM to host', 'host to VM', 'VM to VM', 'VM to LAN', 'LAN to VM'] as const;
const table: Record<Mode, readonly Cell[]> = {
  bridged: ['+', '+', '+', '+', '+'],
  nat: ['+', 'f', '-', '+', 'f'],
  'nat-network': ['+', 'f', '+', '+', 'f'],
  'host-only': ['+', '+', '+', '-', '-'],
  internal: ['-', '-', '+', '-', '-'],
};

const server = '192.168.1.20';
const host = '192.168.1.10';

interface Addresses {
  /** As the VMs are written; and what others know them by. */
  readonly a: string;
  readonly b: string;
  readonly ipA: string;
  readonly ipB: string;
  /** The host as its VMs know it. */
  readonly host: string;
}

const leased = (ipA: string, ipB: string, own: string): Addresses => ({ a: 'dhcp', b: 'dhcp', ipA, ipB, host: own });
const addresses: Record<Mode, Addresses> = {
  bridged: { a: '192.168.1.51/24', b: '192.168.1.52/24', ipA: '192.168.1.51', ipB: '192.168.1.52', host },
  nat: leased('10.0.2.15', '10.0.2.16', host),
  'nat-network': leased('192.168.8.128', '192.168.8.129', host),
  'host-only': leased('192.168.56.128', '192.168.56.129', '192.168.56.1'),
  internal: { a: '10.9.0.1/24', b: '10.9.0.2/24', ipA: '10.9.0.1', ipB: '10.9.0.2', host },
};

function world(mode: Mode, traffic: readonly object[]): object {
  const isNat = mode === 'nat' || mode === 'nat-network';
  const { a, b } = addresses[mode];
  const forwards = [{ protocol: 'udp', hostPort: 8080, to: 'a', port: 80 }];
  const needsNic = isNat || mode === 'bridged';
  return {
    hosts: {
      pc: {
        hypervisor: 'type2',
        ...(needsNic && { uplinks: { eth0: { to: 'lan/1', delay: '5us' } }, ip: `${host}/24`, gateway: '192.168.1.1' }),
        networks: { net: { mode, ...(isNat && { forwards }) } },
        vms: { a: { ip: a, listen: [80] }, b: { ip: b } },
      },
      srv: {
        uplinks: { eth0: { to: 'lan/2', delay: '5us' } },
        vswitches: { v: { portGroups: { g: {} } } },
        vms: { srv: { ip: `${server}/24`, gateway: '192.168.1.1' }, router: { ip: '192.168.1.1/24' } },
      },
    },
    physical: { switches: { lan: { ports: 2 } } },
    traffic,
  };
}

async function run(mode: Mode, traffic: readonly object[], options: NetworkOptions = {}): Promise<Report> {
  const network = new Network(topologyFrom(world(mode, traffic)), options);
  await network.runUntil(12_000_000_000n);
  const report = await network.stop();
  expect(report.ledger.balanced, JSON.stringify(report.ledger)).toBe(true);
  return report;
}

const five = { count: 5, interval: '100ms', start: '1s' };

/** How many of five pings were answered. */
async function pinged(mode: Mode, from: string, to: string): Promise<number> {
  const [ping] = (await run(mode, [{ from, ping: to, ...five }])).pings!;
  return ping!.answered;
}

/** How many of five datagrams a UDP service behind the host's port 8080 has answered. */
async function served(mode: Mode, from: string): Promise<number> {
  const stream = { from, to: `${host}:8080`, size: 100, rate: '10pps', count: 5, start: '1s' };
  const [told] = (await run(mode, [stream])).streams;
  return told!.answered!;
}

/** The sender's port and the address that a cell is about; null where there is not even a port to send from. */
function wayOf(mode: Mode, column: (typeof columns)[number]): readonly [from: string, to: string] | null {
  const { ipA, ipB, host: own } = addresses[mode];
  if (column === 'VM to host') return ['pc/a', own];
  if (column === 'VM to VM') return ['pc/a', ipB];
  if (column === 'VM to LAN') return ['pc/a', server];
  if (column === 'LAN to VM') return ['srv/srv', ipA];
  if (mode === 'internal') return null;
  return [mode === 'host-only' ? 'pc/host-net' : 'pc/host', ipA];
}

describe.each(Object.keys(table) as Mode[])('%s', (mode) => {
  it.each(columns.map((column, i) => [column, table[mode][i]!] as const))('%s: %s', async (column, cell) => {
    const way = wayOf(mode, column);
    expect(way === null ? 0 : await pinged(mode, ...way)).toBe(cell === '+' ? 5 : 0);
    if (cell === 'f') expect(await served(mode, way![0])).toBe(5);
  });
});

it('behind NATs of their own, VMs have the same address, and neither hears of the other', async () => {
  const report = await run('nat', [{ from: 'pc/b', ping: server, ...five }]);
  const guests = report.switches.flatMap(({ ports }) => ports).filter(({ name }) => /^pc\/[ab]$/.test(name));
  expect(guests.map(({ guest }) => guest!.ip)).toEqual(['10.0.2.15', '10.0.2.15']);
  expect(report.pings![0]!.answered).toBe(5);
});

it('the LAN sees the MAC of the host only, but of a bridged VM its own', async () => {
  const ping = [{ from: 'pc/a', ping: server, ...five }];
  const heard = async (mode: Mode) => {
    const { switches } = await run(mode, ping);
    const macs = switches.find(({ name }) => name === 'lan')!.macTable.filter(({ port }) => port === 'lan/1');
    return macs.length;
  };
  expect([await heard('nat'), await heard('nat-network'), await heard('bridged')]).toEqual([1, 1, 1]);
  const hosts = await run('nat-network', ping);
  const pc = topologyFrom(world('nat-network', ping)).hosts[0]!;
  const own = pc.vms.flatMap(({ nics }) => nics).find(({ name }) => name === 'host')!.mac;
  expect(hosts.switches.find(({ name }) => name === 'lan')!.macTable.map(({ mac }) => mac)).toContain(own);
});

it('any number of workers tells the same of a PC with all modes', async () => {
  const traffic = [
    { from: 'pc/a', ping: server, ...five },
    { from: 'pc/b', ping: server, ...five },
    { from: 'srv/srv', to: `${host}:8080`, size: 100, rate: '50pps', count: 20, start: '2s' },
  ];
  const reports = await Promise.all(
    [1, 2].map(async (workers) => {
      const { switches, pings, streams, hosted, ledger } = await run('nat-network', traffic, { workers });
      return { switches: switches.map(({ worker: _, ...rest }) => rest), pings, streams, hosted, ledger };
    }),
  );
  expect(reports[1]).toEqual(reports[0]);
  expect(reports[0]!.hosted![0]!.dhcp[0]).toMatchObject({ acks: 2, naks: 0 });
});
