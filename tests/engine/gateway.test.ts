/** What leaves a guest's prefix goes to its gateway or nowhere; services answer, and who asked counts it. */
import { describe, expect, it } from 'vitest';
import { guestLines } from '../../src/cli/summary-guest.ts';
import { checksum, datagram } from './dhcp.ts';
import { at, Lab } from './lab.ts';

const second = 1_000_000_000n;
const [macA, macB, router] = ['02:00:00:00:00:0a', '02:00:00:00:00:0b', '02:00:00:00:00:0c'];
const hex = (bytes: Uint8Array, from: number, to: number) => Buffer.from(bytes.subarray(from, to)).toString('hex');
const dotted = (bytes: Uint8Array, from: number) => [...bytes.subarray(from, from + 4)].join('.');

/** h/a and h/b, and h/r, whose ip is the gateway's; an uplink leads outside. */
function lab(traffic: object[], { a = {}, b = {}, r = {} } = {}, more: object = {}): Lab {
  return new Lab(
    {
      hosts: {
        h: {
          uplinks: ['u'],
          vswitches: { v: { portGroups: { pg: {} } } },
          vms: {
            a: { mac: macA, ip: '10.0.0.1/24', ...a },
            b: { mac: macB, ip: '10.0.0.2/24', ...b },
            r: { mac: router, ip: '10.0.0.254/24', ...r },
          },
        },
      },
      traffic,
      ...more,
    },
    { injectAt: ['h/u', 'h/a', 'h/b'] },
  );
}

/** `ARP 10.0.0.254` or `UDP 10.9.9.9`, with the card it goes to. */
function sentBy(network: Lab, port: string): string[] {
  return at(network.network.takeFrames(), port, 'in').map(({ bytes }) => {
    const to = hex(bytes, 0, 6) === 'ffffffffffff' ? 'all' : hex(bytes, 0, 6).slice(-2);
    if (hex(bytes, 12, 14) === '0806') return `ARP ${dotted(bytes, 38)} to ${to}`;
    return `${bytes[23] === 17 ? 'UDP' : 'ICMP'} ${dotted(bytes, 30)} to ${to}`;
  });
}

describe('a guest with a gateway', () => {
  const gateway = { a: { gateway: '10.0.0.254' } };

  it('sends what is not in its prefix to the card of the gateway, and the rest straight', () => {
    const network = lab(
      [
        { from: 'h/a', to: '10.9.9.9', count: 2, rate: '1kpps' },
        { from: 'h/a', to: '10.0.0.2', count: 1 },
        { from: 'h/a', ping: '10.9.9.8', count: 1 },
      ],
      gateway,
    );
    network.settle();
    expect(sentBy(network, 'h/a')).toEqual([
      'ARP 10.0.0.254 to all',
      'ARP 10.0.0.2 to all',
      'ICMP 10.9.9.8 to 0c',
      'UDP 10.9.9.9 to 0c',
      'UDP 10.0.0.2 to 0b',
      'UDP 10.9.9.9 to 0c',
    ]);
    expect(network.network.ports()[0]!.guest).toMatchObject({ ip: '10.0.0.1', gateway: '10.0.0.254', noRoute: 0 });
  });

  it('reaches a named guest of another prefix by it, too', () => {
    const network = lab([{ from: 'h/a', to: 'h/b', count: 1 }], { ...gateway, b: { ip: '10.9.0.2/24' } });
    network.settle();
    expect(sentBy(network, 'h/a')).toEqual(['ARP 10.0.0.254 to all', 'UDP 10.9.0.2 to 0c']);
  });

  it('that starts again asks for the gateway again', () => {
    const events = [
      { at: '1s', stopVm: 'h/a' },
      { at: '2s', startVm: 'h/a' },
    ];
    const traffic = [{ from: 'h/a', to: '10.9.9.9', rate: '1pps', stop: '3s' }];
    const network = lab(traffic, gateway, { events });
    network.network.advance(5n * second);
    const frames = sentBy(network, 'h/a');
    expect(frames.filter((frame) => frame.startsWith('ARP'))).toEqual(Array(2).fill('ARP 10.0.0.254 to all'));
  });
});

describe('a guest without a gateway', () => {
  it('has no route out of its prefix: nothing is sent, and that is counted and told', () => {
    const network = lab([
      { from: 'h/a', to: '10.9.9.9:53', count: 2, rate: '1kpps' },
      { from: 'h/a', ping: '10.9.9.9', count: 3, interval: '10ms' },
    ]);
    network.network.advance(2_500_000_000n);
    expect(sentBy(network, 'h/a')).toEqual([]);
    const report = network.network.report();
    expect(report.streams[0]).toMatchObject({
      to: '10.9.9.9:53',
      sent: 0,
      answered: 0,
      unresolved: true,
      noRoute: true,
    });
    expect(report.pings![0]).toMatchObject({ sent: 0, noRoute: 3 });
    expect(network.network.ports()[0]!.guest!.noRoute).toBe(6);
    expect(guestLines(report)).toEqual([
      'h/a -> 10.9.9.9: 0 sent, 0 answered, 3 without a route',
      'h/a has no route to 10.9.9.9:53: it is not in its prefix and there is no gateway; nothing was sent',
    ]);
    expect(network.network.topology.warnings.map(({ message }) => message)).toEqual(
      Array(2).fill(
        'no route: 10.9.9.9 is not in the prefix of h/a, 10.0.0.1/24, which has no gateway; write gateway: there',
      ),
    );
  });

  it('asks for a named guest of another prefix itself, as long as nothing is said of addresses', () => {
    const traffic = [
      { from: 'h/a', to: 'h/b', count: 1 },
      { from: 'h/a', ping: '10.0.0.254', count: 1 },
    ];
    const network = lab(traffic, { b: { ip: '10.9.0.2/24' } });
    network.settle();
    expect(sentBy(network, 'h/a')).toContain('UDP 10.9.0.2 to 0b');
  });
});

describe('a service', () => {
  const listening = { b: { listen: [8080, 53] } };

  it('sends back what a stream sends, and both count it', () => {
    const traffic = [
      { from: 'h/a', to: '10.0.0.2:8080', count: 20, rate: '10kpps', flows: 3, size: 200 },
      { from: 'h/a', to: 'h/b:53', fromPort: 5000, count: 4, rate: '1kpps' },
      { from: 'h/a', to: 'h/b:54', count: 5, rate: '1kpps' },
    ];
    const network = lab(traffic, listening);
    network.settle();
    const { streams, ledger, switches } = network.network.report();
    expect(streams.map(({ to, sent, answered }) => [to, sent, answered])).toEqual([
      ['10.0.0.2:8080', 20, 20],
      ['h/b', 4, 4],
      ['h/b', 5, 0],
    ]);
    expect(switches[0]!.ports[1]!.guest).toMatchObject({ served: 24, badChecksums: 0 });
    expect(ledger.balanced).toBe(true);
    expect(guestLines(network.network.report())).toEqual([
      'h/a -> 10.0.0.2:8080: 20 sent, 20 answered',
      'h/a -> h/b: 4 sent, 4 answered',
      'h/a -> h/b: 5 sent, 0 answered',
      'h/b answered 24 datagrams',
    ]);
  });

  const asked = { to: macB, from: macA, source: '10.0.0.1', destination: '10.0.0.2', payload: [1, 2, 3] } as const;

  it('answers with the same payload, addresses and ports swapped, and right checksums', () => {
    const network = lab([], listening);
    const { frames } = network.send('h/u', datagram({ ...asked, from: router, ports: [4000, 53] }));
    const [reply] = at(frames, 'h/b', 'in');
    const expected = datagram({
      to: router,
      from: macB,
      source: '10.0.0.2',
      destination: '10.0.0.1',
      ports: [53, 4000],
      payload: [1, 2, 3],
      life: 63,
    });
    expect(hex(reply!.bytes, 0, 100)).toBe(hex(expected, 0, 100));
    expect(checksum(reply!.bytes.subarray(14, 34))).toBe(0);
  });

  it.each([
    ['at a port where nobody listens', { ports: [4000, 54] }],
    ['with a wrong checksum', { ports: [4000, 53], udpSum: 1 }],
    ['for another address', { ports: [4000, 53], destination: '10.0.0.3' }],
    ['at the end of its life', { ports: [4000, 53], life: 1 }],
  ] as const)('keeps silent %s', (_what, more) => {
    const network = lab([], listening);
    expect(at(network.send('h/u', datagram({ ...asked, from: router, ...more })).frames, 'h/b', 'in')).toEqual([]);
  });

  it('and another one that answer each other come to an end', () => {
    const network = lab([], { a: { listen: [53] }, b: { listen: [53] } });
    network.send('h/a', datagram({ ...asked, ports: [53, 53] }));
    const [a, b] = network.network.ports().map(({ guest }) => guest?.served);
    expect(a! + b!).toBe(63);
  });

  it('cut off anywhere is not answered, and harms nobody', () => {
    const network = lab([], listening);
    const whole = datagram({ ...asked, from: router, ports: [4000, 53] });
    for (let length = 14; length < whole.length; length++)
      expect(at(network.send('h/u', whole.subarray(0, length)).frames, 'h/b', 'in'), `${length} bytes`).toEqual([]);
  });
});
