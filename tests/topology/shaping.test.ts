/** Shapers, shares and priorities in a file: what becomes of them, and everything that is refused or warned of. */
import { describe, expect, it } from 'vitest';
import { parseTopology } from '../../src/topology/load.ts';
import { TopologyError } from '../../src/topology/problem.ts';

const host = (vswitch: string, uplinks = 'u0: { to: tor/1, rate: 1G }, u1: { to: tor/2, rate: 100M }') => `hosts:
  h:
    uplinks: { ${uplinks} }
    vswitches:
      v: { portGroups: { web: {}, db: {} }, ${vswitch} }
    vms: { a: { portGroup: web }, b: { portGroup: db } }
physical: { switches: { tor: { ports: 4 } } }
`;
const group = (keys: string) => `hosts:
  h:
    vswitches:
      v: { mtu: 1500, portGroups: { web: { ${keys} } } }
    vms: { a: {} }
`;
const port = (keys: string) => `physical:
  switches:
    tor: { ports: { 1: { ${keys} }, 2: } }
`;
const event = (keys: string) => `${group('')}events:\n  - { at: 1ms, ${keys} }\n`;

const at = 'hosts.h.vswitches.v';

const refusals: [yaml: string, ...lines: string[]][] = [
  [
    group('shaping: { out: { average: 100M, peak: 50M } }'),
    `4:83: ${at}.portGroups.web.shaping.out.peak: 50M is below the average of 100M; write at least 100M, or leave it out`,
  ],
  [
    group('shaping: { in: { average: 100M, burst: 1517 } }'),
    `4:83: ${at}.portGroups.web.shaping.in.burst: 1,517 bytes are less than a frame, which could never pass; write at least 1,518 (MTU 1500 and 18)`,
  ],
  [
    group('shaping: { in: { average: 100M, burst: 2GB } }'),
    `4:83: ${at}.portGroups.web.shaping.in.burst: 2,000,000,000 bytes are more than a bucket holds; at most 1,000,000,000`,
  ],
  [
    group('shaping: { in: { peak: 100M } }'),
    `4:59: ${at}.portGroups.web.shaping.in.average: missing; bits a second such as 10G, 100M or 2.5Gbps, 1 to 1T`,
  ],
  [
    group('shaping: { in: { average: 2T } }'),
    `4:70: ${at}.portGroups.web.shaping.in.average: 2T is not a rate; bits a second such as 10G, 100M or 2.5Gbps, 1 to 1T`,
  ],
  [group('shaping: {}'), `4:53: ${at}.portGroups.web.shaping: no direction; write in: { average: 100M }, out: or both`],
  [
    host('shares: { wep: high }'),
    `5:55: ${at}.shares.wep: unknown port group wep in shares; did you mean web? this vSwitch has web, db`,
  ],
  [
    host('shares: { web: 101 }'),
    `5:60: ${at}.shares.web: 101 is not a number of shares; high (100), normal (50), low (25) or 1 to 100`,
  ],
  [
    host('shares: { web: { reservation: 60M }, db: { reservation: 50M } }'),
    `5:53: ${at}.shares: reservations of 110M in all are more than u1 carries, 100M; reserve less, or make the uplink faster`,
  ],
  [
    host('shares: { web: { reservation: 60M, limit: 50M } }'),
    `5:87: ${at}.shares.web.limit: 50M is below the reservation of 60M; write at least as much, or no limit`,
  ],
  [host('shares: { web: { priority: 8 } }'), `5:72: ${at}.shares.web.priority: 8 is not in range; 0 to 7`],
  [
    host('uplinkShaping: { out: { average: 1G, burst: 1000 } }'),
    `5:89: ${at}.uplinkShaping.out.burst: 1,000 bytes are less than a frame, which could never pass; write at least 1,518 (MTU 1500 and 18)`,
  ],
  [
    port('shaping: { in: { average: 1G, peak: 1M } }'),
    '3:62: physical.switches.tor.ports.1.shaping.in.peak: 1M is below the average of 1G; write at least 1G, or leave it out',
  ],
  [event('shape: { port: h/b, in: off }'), '7:31: events[0].shape.port: unknown port h/b; did you mean a? h has a'],
  [
    event('shape: { port: "g*", in: off }'),
    '7:31: events[0].shape.port: no port fits g*; name a port, or write a pattern such as esx1/*',
  ],
  [
    event('shape: { port: h/a }'),
    '7:23: events[0].shape: no direction; write in: { average: 100M }, out: off or the like',
  ],
  [
    event('shape: { port: h/a, in: { peak: 1M } }'),
    '7:40: events[0].shape.in: no average; write { average: 100M } or off',
  ],
  [
    event('shape: { port: h/a, out: { average: 1M, burst: 1500 } }'),
    '7:63: events[0].shape.out.burst: 1,500 bytes are less than a frame, which could never pass; write at least 1,518 (MTU 1500 and 18)',
  ],
];

describe('is refused', () => {
  it.each(refusals)('%s', (yaml, ...lines) => {
    let told: unknown;
    try {
      parseTopology(yaml, 'lab.yaml');
    } catch (error) {
      if (!(error instanceof TopologyError)) throw error;
      told = error.message.split('\n').map((line) => line.replace('lab.yaml:', ''));
    }
    expect(told).toEqual(lines);
  });
});

const warnings = (yaml: string) => parseTopology(yaml, 'lab.yaml').warnings.map(({ message }) => message);

describe('is warned of', () => {
  it('shares where no cable has a rate', () => {
    expect(warnings(host('shares: { web: high }', 'u0: { to: tor/1 }'))).toEqual([
      'u0 has no cable with a rate: nobody waits there, and shares and priorities decide nothing; write rate: at the uplink',
    ]);
    expect(warnings(host('shares: { web: high }', ''))).toEqual([
      'without an uplink nobody waits there, and shares and priorities decide nothing; write rate: at the uplink',
    ]);
    expect(
      warnings(host('shares: { web: high }, uplinkShaping: { out: { average: 1M } }', 'u0: { to: tor/1 }')),
    ).toEqual([]);
  });

  it('priorities where the cable has no rate', () => {
    expect(warnings(port('priority: strict'))).toEqual([
      'its cable has no rate, so that nobody waits and priorities decide nothing; write rate: at the cable',
    ]);
  });
});

describe('becomes', () => {
  it('buckets with their defaults, by port group, physical port and vSwitch', () => {
    const [own] = parseTopology(
      group('shaping: { in: { average: 100M, peak: 200M, burst: 64KB }, out: { average: 1k } }'),
      '',
    ).hosts;
    expect(own!.vswitches[0]!.portGroups[0]!.shaping).toEqual({
      in: { averageBps: 100e6, peakBps: 200e6, burstBytes: 64_000 },
      out: { averageBps: 1000, peakBps: null, burstBytes: 65_536 },
    });
    const [tor] = parseTopology(port('priority: strict, shaping: { out: { average: 10M } }'), '').switches;
    expect(tor!.ports[0]!.shaping).toEqual({
      out: { averageBps: 10e6, peakBps: null, burstBytes: 65_536 },
      strict: true,
    });
  });

  it('shares with their defaults', () => {
    const shares = 'shares: { web: high, db: { reservation: 10M, limit: 20M, priority: 5 } }';
    expect(parseTopology(host(shares), '').hosts[0]!.vswitches[0]!.uplinkShaping).toEqual({
      shares: [
        { portGroup: 'web', shares: 100, reservationBps: null, limitBps: null, priority: 0 },
        { portGroup: 'db', shares: 50, reservationBps: 10e6, limitBps: 20e6, priority: 5 },
      ],
    });
  });

  it('an event, in which off is no shaper', () => {
    const { events } = parseTopology(event('shape: { port: h/a, in: off, out: { average: 1M } }'), '');
    expect(events[0]!.action).toEqual({
      shape: { port: 'h/a', in: null, out: { averageBps: 1e6, peakBps: null, burstBytes: 65_536 } },
    });
  });

  it('a larger bucket where frames are larger', () => {
    const yaml = group('shaping: { in: { average: 1M } }').replace('mtu: 1500', 'mtu: 65535');
    expect(parseTopology(yaml, '').hosts[0]!.vswitches[0]!.portGroups[0]!.shaping!.in!.burstBytes).toBe(65_553);
  });
});
