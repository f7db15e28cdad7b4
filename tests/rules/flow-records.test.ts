/** Flow records: what a record says of its frames, when it ends, and that no frame is lost between records and counters. */
import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { ipv6Text } from '../../src/engine/flow-collector.ts';
import { Network } from '../../src/engine/network.ts';
import type { FlowRecord } from '../../src/telemetry/flow.ts';
import { flowText } from '../../src/telemetry/flow.ts';
import { topologyFrom } from '../../src/topology/load.ts';
import { mac } from './networks.ts';
import { Twins } from './twins.ts';

const hosts = (flows: object) => ({
  h: {
    uplinks: ['u'],
    vswitches: { v: { portGroups: { ten: { vlan: 10 }, all: { vlan: 4095 } }, flows } },
    vms: {
      a: { portGroup: 'ten', mac: mac.a },
      b: { portGroup: 'ten', mac: mac.b },
      t: { portGroup: 'all', mac: mac.c },
    },
  },
});
const labOf = (flows: object = {}) => new Twins({ hosts: hosts(flows) });

const octets = (address: string) => address.split(':').map((octet) => Number.parseInt(octet, 16));
const word = (value: number) => [value >>> 8, value & 0xff];

/** A frame with an IP packet in it; `more`: what stands behind the IP header. */
function ipFrame(
  protocol: number,
  more: readonly number[],
  { version = 4, tags = [] as number[], tos = 0, piece = 0 } = {},
) {
  const tagged = tags.flatMap((tci) => [0x81, 0, ...word(tci)]);
  const head = [...octets(mac.b), ...octets(mac.a), ...tagged];
  const six = (last: number) => [0x20, 0x01, 0x0d, 0xb8, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, last];
  const ip =
    version === 4
      ? [8, 0, 0x45, tos, ...word(20 + more.length), 0, 0, ...word(piece), 64, protocol, 0, 0, 10, 0, 0, 1, 10, 0, 0, 2]
      : [
          0x86,
          0xdd,
          0x60 | (tos >> 4),
          (tos << 4) & 0xff,
          0,
          0,
          ...word(more.length),
          protocol,
          64,
          ...six(1),
          ...six(2),
        ];
  return Uint8Array.from([...head, ...ip, ...more]);
}

const ports = (from: number, to: number) => [...word(from), ...word(to), 0, 8, 0, 0];
const tcp = (flags: number) => [...word(1000), ...word(80), 0, 0, 0, 0, 0, 0, 0, 0, 0x50, flags, 0, 0, 0, 0, 0, 0];

describe('a record says', () => {
  const plain = {
    switch: 'h/v',
    ingressInterface: 'h/a',
    sourceMacAddress: mac.a,
    destinationMacAddress: mac.b,
    vlanId: 10,
    packetDeltaCount: 1,
  };
  const v4 = { ethernetType: 0x800, sourceIPAddress: '10.0.0.1', destinationIPAddress: '10.0.0.2' };
  const v6 = { ethernetType: 0x86dd, sourceIPAddress: '2001:db8::1', destinationIPAddress: '2001:db8::2' };
  const udp = { protocolIdentifier: 17, sourceTransportPort: 7, destinationTransportPort: 53 };
  const none = { sourceTransportPort: 0, destinationTransportPort: 0 };

  it.each([
    [
      'UDP over IPv4',
      'a',
      ipFrame(17, ports(7, 53), { tos: 0xb8 }),
      { ...plain, ...v4, ...udp, ipClassOfService: 0xb8 },
    ],
    [
      'UDP over IPv6',
      'a',
      ipFrame(17, ports(7, 53), { version: 6, tos: 0xb8 }),
      { ...plain, ...v6, ...udp, ipClassOfService: 0xb8 },
    ],
    ['TCP flags', 'a', ipFrame(6, tcp(0x12)), { ...plain, ...v4, tcpControlBits: 0x12, destinationTransportPort: 80 }],
    [
      'type and code of ICMP',
      'a',
      ipFrame(1, [8, 3, 0, 0]),
      { ...plain, ...v4, ...none, destinationTransportPort: 0x0803 },
    ],
    ['ICMPv6', 'a', ipFrame(58, [128, 0, 0, 0], { version: 6 }), { ...plain, ...v6, destinationTransportPort: 0x8000 }],
    ['no ports of a later piece', 'a', ipFrame(17, ports(7, 53), { piece: 100 }), { ...plain, ...v4, ...none }],
    [
      'what stands behind extension headers',
      'a',
      ipFrame(0, [60, 0, 0, 0, 0, 0, 0, 0, 17, 0, 0, 0, 0, 0, 0, 0, ...ports(7, 53)], { version: 6 }),
      { ...plain, ...v6, ...udp },
    ],
    [
      'the VLAN of a tag',
      't',
      ipFrame(17, ports(7, 53), { tags: [0xa014] }),
      { ...plain, ingressInterface: 'h/t', ...v4, ...udp, vlanId: 20 },
    ],
    ['what is behind two tags', 't', ipFrame(17, ports(7, 53), { tags: [20, 30] }), { ...v4, ...udp, vlanId: 20 }],
    [
      'no addresses of what is no IP',
      'a',
      ipFrame(17, ports(7, 53)).map((octet, i) => (i === 12 ? 0x99 : octet)),
      { ...plain, ethernetType: 0x9900, sourceIPAddress: null, ...none },
    ],
    [
      'little of a runt',
      'a',
      new Uint8Array(5),
      { ingressInterface: 'h/a', vlanId: 0, verdict: 'runt', droppedPacketDeltaCount: 1, layer2OctetDeltaCount: 5 },
    ],
  ] as [string, string, Uint8Array, Partial<FlowRecord>][])('%s', (_, port, frame, record) => {
    const lab = labOf();
    lab.send(`h/${port}`, frame);
    expect(lab.network.flowRecords()).toMatchObject([{ layer2OctetDeltaCount: frame.length, ...record }]);
  });

  it('the verdict of its latest frame, where that went, and how many were dropped', () => {
    const lab = labOf();
    lab.send('h/a', ipFrame(17, ports(7, 53)));
    lab.send('h/b', lab.frame(mac.all, mac.b));
    lab.send('h/a', ipFrame(17, ports(7, 53)), 1_000_000_000n);
    const record = lab.network.flowRecords().find((each) => each.ingressInterface === 'h/a');
    const times = { flowStartSeconds: 0, flowEndSeconds: 1 };
    expect(record).toMatchObject({ packetDeltaCount: 2, verdict: 'forward', egressInterface: 'h/b', ...times });
    lab.send('h/u', lab.frame(mac.all, mac.a, { tags: [10] }));
    const reflected = lab.network.flowRecords().find((each) => each.ingressInterface === 'h/u');
    expect(reflected).toMatchObject({ verdict: 'deja_vu', droppedPacketDeltaCount: 1, egressInterface: null });
  });
});

describe('a record ends', () => {
  const reasons = (lab: Twins) => lab.network.flowRecords().map(({ flowEndReason }) => flowEndReason);

  it('when nothing has come for so long', () => {
    const lab = labOf({ idleTimeout: '2s' });
    lab.send('h/a', lab.frame(mac.all, mac.a));
    expect(reasons(lab)).toEqual(['forced']);
    lab.pass(1_999_999_999n);
    expect(reasons(lab)).toEqual(['forced']);
    lab.pass(2_000_000_000n);
    expect(reasons(lab)).toEqual(['idle']);
    expect(lab.network.report().switches[0]!.flows).toMatchObject({ flowsLive: 0, flowsBegun: 1, flowsEnded: 1 });
  });

  it('when it is old, with the next frame', () => {
    const lab = labOf({ idleTimeout: '10s', activeTimeout: '5s' });
    for (let second = 0n; second < 12n; second++) lab.send('h/a', lab.frame(mac.all, mac.a), second * 1_000_000_000n);
    const records = lab.network.flowRecords();
    expect(records.map((each) => [each.flowEndReason, each.packetDeltaCount])).toEqual([
      ['active', 5],
      ['active', 5],
      ['forced', 2],
    ]);
  });

  it('when its place is needed, the one that was silent longest first', () => {
    const lab = labOf({ max: 16 });
    for (let i = 0; i < 20; i++) lab.send('h/a', ipFrame(17, ports(i < 17 ? i : 0, 53)));
    const records = lab.network.flowRecords();
    expect(records.filter(({ flowEndReason }) => flowEndReason === 'evicted')).toMatchObject([
      { sourceTransportPort: 0 },
      { sourceTransportPort: 1 },
    ]);
    expect(records.reduce((sum, each) => sum + each.packetDeltaCount, 0)).toBe(20);
    expect(lab.network.report().switches[0]!.flows).toMatchObject({ flowsLive: 16, flowsEvicted: 2, flowsLost: 0 });
  });
});

describe('no frame is lost between records and counters', () => {
  const station = fc.constantFrom(mac.a, mac.b, mac.c, mac.x, mac.all);
  const frame = fc.record({
    port: fc.constantFrom('a', 'b', 't', 'u'),
    dst: station,
    src: station,
    tags: fc.constantFrom([], [10], [20], [4095]),
    length: fc.option(fc.integer({ min: 0, max: 80 }), { nil: undefined }),
    waitMs: fc.constantFrom(0, 1, 3, 30),
  });

  it.each([{ max: 16 }, { max: 16, idleTimeout: '2ms', activeTimeout: '10ms' }, { sample: 3 }])('%j', (flows) => {
    fc.assert(
      fc.property(fc.array(frame, { maxLength: 60 }), (frames) => {
        const network = new Network(topologyFrom({ hosts: hosts(flows) }), { injectAt: ['*'], unplugged: 'open' });
        let now = 0n;
        for (const [i, { port, waitMs, length, ...spec }] of frames.entries()) {
          now += BigInt(waitMs) * 1_000_000n;
          const bytes = new Uint8Array(length ?? 70).fill(i);
          bytes.set(
            [...octets(spec.dst), ...octets(spec.src), ...spec.tags.flatMap((tci) => [0x81, 0, ...word(tci)])].slice(
              0,
              bytes.length,
            ),
          );
          network.inject(`h/${port}`, bytes, now);
        }
        network.advance(now + 1n);
        const records = network.flowRecords();
        const report = network.report().switches[0]!;
        const received = report.ports.reduce((sum, port) => sum + port.rxFrames, 0);
        const octetsIn = report.ports.reduce((sum, port) => sum + port.rxBytes, 0);
        const told = records.reduce((sum, each) => sum + each.packetDeltaCount, 0);
        expect(told + report.flows!.flowsLostFrames + report.flows!.flowsUnsampled).toBe(received);
        if (report.flows!.flowsUnsampled === 0)
          expect(records.reduce((sum, each) => sum + each.layer2OctetDeltaCount, 0)).toBe(octetsIn);
        expect(report.flows!.flowsBegun).toBe(report.flows!.flowsEnded + report.flows!.flowsLive);
        expect(records).toHaveLength(report.flows!.flowsBegun);
        expect(report.flows!.flowsLive).toBeLessThanOrEqual(4096);
        expect(network.ledger().balanced).toBe(true);
      }),
      { numRuns: 60 },
    );
  });

  const busy = {
    hosts: {
      a: {
        uplinks: { u: { to: 'tor/1', delay: '2us' } },
        vswitches: { v: { portGroups: { g: {} } } },
        vms: { m: { count: 3, ip: '10.0.0.1/24' } },
      },
      b: {
        uplinks: { u: { to: 'tor/2', delay: '2us' } },
        vswitches: { v: { portGroups: { g: {} } } },
        vms: { m: { count: 3, ip: '10.0.0.11/24' } },
      },
    },
    physical: { switches: { tor: { ports: 2 } } },
    traffic: [{ from: 'a/*', to: 'b/*', rate: '200kpps', flows: 5000 }],
    flowRecords: { file: 'unused.csv' },
  };

  it('whatever the number of workers, and the records are the same', async () => {
    const texts: string[] = [];
    for (const workers of [1, 3]) {
      const network = new Network(topologyFrom(busy), { workers });
      await network.runUntil(60_000_000n);
      const report = await network.stop();
      texts.push(flowText(network.flowRecords(), 'x.csv'));
      for (const sw of report.switches) {
        const records = network.flowRecords().filter((each) => each.switch === sw.name);
        const received = sw.ports.reduce((sum, port) => sum + port.rxFrames, 0);
        expect(
          records.reduce((sum, each) => sum + each.packetDeltaCount, 0),
          sw.name,
        ).toBe(received);
        expect(sw.flows!.flowsEvicted).toBeGreaterThan(1000);
        expect(sw.flows!.flowsLost).toBe(0);
      }
    }
    expect(texts[1]).toBe(texts[0]);
  });

  it('through a snapshot and back', async () => {
    const network = new Network(topologyFrom(busy));
    await network.runUntil(5_000_000n);
    const snapshot = await network.snapshot();
    await network.runUntil(20_000_000n);
    const text = flowText(network.flowRecords(), 'x.csv');
    await network.restore(snapshot);
    await network.runUntil(20_000_000n);
    expect(flowText(network.flowRecords(), 'x.csv')).toBe(text);
  });
});

describe('as text', () => {
  it.each([
    [[0x2001, 0xdb8, 0, 0, 0, 0, 0, 1], '2001:db8::1'],
    [[0, 0, 0, 0, 0, 0, 0, 0], '::'],
    [[1, 0, 0, 2, 0, 0, 0, 3], '1:0:0:2::3'],
    [[1, 0, 2, 3, 4, 5, 6, 7], '1:0:2:3:4:5:6:7'],
    [[0, 0, 0, 0, 0, 0, 0, 1], '::1'],
  ])('%j is the address %s', (words, text) => expect(ipv6Text(words)).toBe(text));

  it('is CSV, one list, or an object a line', () => {
    const lab = labOf();
    lab.send('h/a', ipFrame(17, ports(7, 53)));
    const records = lab.network.flowRecords();
    expect(flowText(records, 'x.csv').split('\r\n')).toEqual([
      expect.stringMatching(/^switch,ingressInterface,egressInterface,vlanId,sourceMacAddress,/),
      `h/v,h/a,,10,${mac.a},${mac.b},2048,10.0.0.1,10.0.0.2,17,0,7,53,0,1,42,0,0,0,flood_unknown,forced`,
      '',
    ]);
    expect(JSON.parse(flowText(records, 'x.json'))).toEqual(records);
    expect(JSON.parse(flowText(records, 'x.ndjson').trim())).toEqual(records[0]);
  });
});
