/** VMs that stop, traffic that pauses, hosts that crash: what is lost is counted, and what comes again starts from now. */
import { describe, expect, it } from 'vitest';
import { Network } from '../../src/engine/network.ts';
import { topologyFrom } from '../../src/topology/load.ts';
import { frameOf } from '../core/frames.ts';
import { A, B, MS, portOf, told, topologyOf } from './network.ts';

const rate = 10; // frames a millisecond
const sentOf = async (events: object[], ms = 4) => {
  const report = await told({ events }, BigInt(ms) * MS);
  expect(report.ledger.balanced).toBe(true);
  return { report, sent: report.streams[0]!.sent };
};

describe('a VM that is stopped', () => {
  it('sends nothing meanwhile and does not catch up afterwards', async () => {
    const { report, sent } = await sentOf([
      { at: '1ms', stopVm: 'h1/a' },
      { at: '3ms', startVm: 'h1/a' },
    ]);
    expect(Math.abs(sent - 2 * rate)).toBeLessThan(3);
    expect(portOf(report, 'h1/a').link).toBe('up');
  });

  it('asks by ARP anew when it is started', async () => {
    const asked = async (events: object[]) => portOf((await sentOf(events)).report, 'h2/b').guest!.arpReplies;
    expect(await asked([])).toBe(1);
    expect(
      await asked([
        { at: '1ms', stopVm: 'h1/a' },
        { at: '2ms', startVm: 'h1/a' },
      ]),
    ).toBe(2);
  });

  it('neither hears nor answers: what is sent to it is dropped by name', async () => {
    const { report } = await sentOf([{ at: '1ms', stopVm: 'h2/b' }]);
    const guest = portOf(report, 'h2/b').guest!;
    expect(Math.abs(guest.received - rate)).toBeLessThan(3);
    expect(portOf(report, 'h2/b').link).toBe('down');
    // Its entry is forgotten with its link, and floods find nobody.
    expect(report.ledger.drops['no_recipient']).toBeGreaterThan(2 * rate);
  });

  it('stays without link if that was taken from it before, until it is given back', async () => {
    const network = new Network(topologyOf({}));
    const link = () => network.ports().find(({ name }) => name === 'h1/a')!.link;
    await network.setLink('h1/a', false);
    await network.setVm('h1/a', false);
    await network.setVm('h1/a', true);
    expect(link()).toBe('down');
    await network.setVm('h1/a', false);
    await network.setLink('h1/a', true);
    expect(link()).toBe('down');
    await network.setVm('h1/a', true);
    expect(link()).toBe('up');
  });

  it('does not open a port that a guard has shut', async () => {
    const network = new Network(topologyOf({ traffic: [], vswitch: { bpdu: 'guard' } }), { injectAt: ['h1/a'] });
    const link = () => network.ports().find(({ name }) => name === 'h1/a')!.link;
    network.inject('h1/a', frameOf({ dst: '01:80:c2:00:00:00', src: A, tags: [], payload: 'ip' }, 0), 0n);
    network.advance(MS);
    expect(link()).toBe('shut');
    await network.setVm('h1/a', false);
    await network.setVm('h1/a', true);
    expect(link()).toBe('shut');
    await network.setLink('h1/a', true);
    expect(link()).toBe('up');
  });
});

it.each(['h1/a', 'h1/*', '*'])(
  'traffic of %s that pauses goes on from then, and knows its addresses',
  async (which) => {
    const { report, sent } = await sentOf([
      { at: '1ms', stopTraffic: which },
      { at: '3ms', startTraffic: which },
    ]);
    expect(Math.abs(sent - 2 * rate)).toBeLessThan(3);
    expect(portOf(report, 'h2/b').guest!.arpReplies).toBe(1);
  },
);

it('traffic that pauses leaves its VM where it is: it answers', async () => {
  const { report } = await sentOf([{ at: '0s', stopTraffic: '*' }]);
  expect(report.streams[0]!.sent).toBe(0);
  const network = new Network(topologyOf({ events: [{ at: '0s', stopTraffic: '*' }] }), { injectAt: ['h2/b'] });
  const arp = Buffer.alloc(60);
  arp.write(
    `ffffffffffff${B.replaceAll(':', '')}08060001080006040001${B.replaceAll(':', '')}0a000002${'00'.repeat(6)}0a000001`,
    'hex',
  );
  network.inject('h2/b', arp, 1000n);
  network.advance(MS);
  expect(network.ports().find(({ name }) => name === 'h1/a')!.guest!.arpReplies).toBe(1);
});

describe.each(['learning', 'registered'])('a host that crashes (%s)', (macModel) => {
  const vswitch = { macModel };
  const crash = { at: '1ms', crash: 'h2' };

  it('loses its table and its links, at both ends, and nothing goes to it or comes from it', async () => {
    const report = await told({ vswitch, events: [crash] }, 3n * MS);
    expect(report.ledger.balanced).toBe(true);
    const down = report.switches
      .flatMap(({ ports }) => ports)
      .filter(({ link, kind }) => link === 'down' && kind !== 'bridge');
    expect(down.map(({ name }) => name).sort()).toEqual(['h2/b', 'h2/u1', 'h2/u2']);
    expect([portOf(report, 'tor/3').link, portOf(report, 'tor/4').link]).toEqual(['down', 'down']);
    expect(report.switches.find(({ name }) => name === 'h2/v')!.macTable).toEqual([]);
    expect(Math.abs(portOf(report, 'h2/b').guest!.received - rate)).toBeLessThan(3);
  });

  it('is empty after its boot, and goes on', async () => {
    const events = [crash, { at: '2ms', boot: 'h2' }];
    const { report } = await sentOf(events);
    expect(portOf(report, 'h2/b').link).toBe('up');
    expect(portOf(report, 'tor/3').link).toBe('up');
    const registered = await told({ vswitch, traffic: [], events }, 3n * MS);
    const table = registered.switches.find(({ name }) => name === 'h2/v')!.macTable;
    expect(table.map(({ mac, port }) => `${mac} ${port}`)).toEqual(macModel === 'registered' ? [`${B} h2/b`] : []);
  });

  it('comes back with its VMs asking by ARP anew', async () => {
    const traffic = [{ from: 'h2/b', to: 'h1/a', size: 100, rate: '10kpps' }];
    const report = await told({ vswitch, traffic, events: [crash, { at: '2ms', boot: 'h2' }] }, 4n * MS);
    expect(portOf(report, 'h1/a').guest!.arpReplies).toBe(2);
    expect(Math.abs(report.streams[0]!.sent - 3 * rate)).toBeLessThan(4);
    expect(report.ledger.balanced).toBe(true);
  });
});

it('a cable that was pulled before a crash is still out after the boot', async () => {
  const events = [
    { at: '1ms', unplug: 'h2/u1' },
    { at: '2ms', crash: 'h2' },
    { at: '3ms', boot: 'h2' },
  ];
  const report = await told({ events }, 4n * MS);
  const links = ['h2/u1', 'tor/3', 'h2/u2', 'tor/4'].map((name) => portOf(report, name).link);
  expect(links).toEqual(['down', 'down', 'up', 'up']);
});

it('a VM that was stopped before a crash is so after the boot', async () => {
  const events = [
    { at: '1ms', stopVm: 'h2/b' },
    { at: '2ms', crash: 'h2' },
    { at: '3ms', boot: 'h2' },
  ];
  expect(portOf(await told({ events }, 4n * MS), 'h2/b').link).toBe('down');
});

it('between two hosts without power a cable has link only when both are back', async () => {
  const network = new Network(topologyOf({ traffic: [] }));
  const link = () => network.ports().find(({ name }) => name === 'tor/1')!.link;
  await network.setPower('h1', false);
  await network.setPower('tor', false);
  await network.setPower('tor', true);
  expect(link()).toBe('down');
  await network.setPower('h1', true);
  expect(link()).toBe('up');
});

it('a physical switch that crashes leaves its ports without a cable as they were', async () => {
  const events = [
    { at: '1ms', crash: 'tor' },
    { at: '2ms', boot: 'tor' },
  ];
  const report = await told({ events }, 4n * MS);
  expect(['tor/1', 'tor/2', 'tor/8'].map((name) => portOf(report, name).link)).toEqual(['up', 'up', 'down']);
  expect(report.switches.find(({ name }) => name === 'tor')!.macTable.length).toBeGreaterThan(0);
  expect(report.ledger.balanced).toBe(true);
});

it('a LAG and probing begin again after a boot', () => {
  const topology = topologyFrom({
    hosts: {
      h1: {
        uplinks: { u1: { to: 'tor/1', delay: '1us' }, u2: { to: 'tor/2', delay: '1us' } },
        vswitches: { v: { teaming: { lag: 'active', lacpRate: 'fast' }, portGroups: { pg: {} } } },
        vms: { a: {} },
      },
      h2: {
        uplinks: Object.fromEntries([3, 4, 5].map((n) => [`u${n}`, { to: `tor/${n}`, delay: '1us' }])),
        vswitches: { v: { teaming: { detection: 'beacon' }, portGroups: { pg: {} } } },
        vms: { b: {} },
      },
    },
    physical: { switches: { tor: { ports: 6, lags: { l: { mode: 'passive', rate: 'fast', ports: [1, 2] } } } } },
    traffic: [{ from: 'h1/a', to: 'h2/b', rate: '1kpps' }],
    events: [
      ...['h1', 'h2'].flatMap((name) => [
        { at: '10s', crash: name },
        { at: '30s', boot: name },
      ]),
      { at: '40s', note: 'up again' },
    ],
  });
  const network = new Network(topology);
  const inUse = () => network.report().switches.map(({ lags, team }) => lags[0]?.inUse.length ?? team!.inUse.length);
  network.advance(9_000n * MS);
  expect(inUse()).toEqual([2, 3, 2]);
  network.advance(29_000n * MS);
  expect(inUse()).toEqual([0, 0, 0]);
  const sent = network.report().streams[0]!.sent;
  expect(Math.abs(sent - 10_000)).toBeLessThan(10);
  network.advance(40_000n * MS);
  expect(inUse()).toEqual([2, 3, 2]);
  expect(network.ledger()).toMatchObject({ balanced: true });
  expect(network.report().switches[1]!.ports.find(({ name }) => name === 'h2/b')!.guest!.received).toBeGreaterThan(
    15_000,
  );
});

it('what is on a cable, in a ring or in a queue when the power goes is counted where it ends', () => {
  const network = new Network(topologyOf({ traffic: [] }), { injectAt: ['h1/a', 'tor/3'] });
  const frame = (n: number) => frameOf({ dst: 'ff:ff:ff:ff:ff:ff', src: A, tags: [], payload: 'ip', length: 1000 }, n);
  for (let n = 0; n < 20; n++) network.inject('h1/a', frame(n), 0n);
  network.at(50_000n, { crash: 'h1' });
  network.advance(MS);
  const ledger = network.ledger();
  expect(ledger).toMatchObject({ balanced: true, held: 0, framesIn: 20 });
  // 8.192 us each and 1 us on the way: five have arrived when the power goes at 50 us, the others find a port without link.
  expect(network.ports().find(({ name }) => name === 'tor/1')!.verdicts).toEqual({ flood_group: 5, link_down: 15 });
});
