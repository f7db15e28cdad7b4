/** Keys of guests at layer 3: what they become, and what is refused with the place and the remedy. */
import { describe, expect, it } from 'vitest';
import { parseTopology, TopologyError } from '../../src/topology/load.ts';

/** Two VMs, the first with these keys, and traffic on the second line. */
function text(vm: string, traffic = '', other = 'ip: 10.0.0.2/24'): string {
  const entry = traffic === '' ? '' : `traffic: [{ from: h/a, ${traffic} }]\n`;
  return `hosts: { h: { vswitches: { v: { portGroups: { g: {} } } }, vms: { a: { ${vm} }, b: { ${other} } } } }\n${entry}`;
}

const nic = (vm: string) => parseTopology(text(vm), 'lab.yaml').hosts[0]!.vms[0]!.nics[0]!;
const traffic = (entry: string, vm = 'ip: 10.0.0.1/24', other?: string) =>
  parseTopology(text(vm, entry, other), 'lab.yaml');

function refusal(yaml: string): string {
  try {
    parseTopology(yaml, 'lab.yaml');
  } catch (error) {
    if (error instanceof TopologyError) return error.message.replace(/^lab\.yaml:\d+:\d+: /, '');
    throw error;
  }
  throw new Error('it was not refused');
}

describe('a vNIC', () => {
  it('has a gateway, an address by DHCP and ports at which it listens', () => {
    expect(nic('ip: 10.0.0.1/24').guest).toBeUndefined();
    expect(nic('ip: 10.0.0.1/24, gateway: 10.0.0.254, listen: [8080, 53]').guest).toEqual({
      gateway: 0x0a0000fe,
      listen: [8080, 53],
    });
    expect(nic('ip: dhcp').guest).toEqual({ dhcp: true });
    expect(nic('ip: dhcp').ip).toBeUndefined();
  });

  it('of a counted VM asks by DHCP each for itself', () => {
    const { hosts } = parseTopology(text('count: 3, ip: dhcp'), 'lab.yaml');
    expect(hosts[0]!.vms.slice(0, 3).map(({ nics }) => nics[0]!.guest)).toEqual(Array(3).fill({ dhcp: true }));
  });

  it.each([
    ['gateway: 10.0.0.254', 'gateway: a gateway needs an address of its own prefix; write ip: too'],
    ['ip: dhcp, gateway: 10.0.0.254', 'gateway: it comes with the lease; leave it out, or write ip: with an address'],
    ['ip: 10.0.0.1/24, gateway: 10.0.0.1', "gateway: 10.0.0.1 is the guest's own address; write its router's"],
    [
      'ip: 10.0.0.1/24, gateway: 10.0.1.1',
      'gateway: 10.0.1.1 is not in the prefix of 10.0.0.1/24; write an address in it',
    ],
    ['ip: 10.0.0.1/24, gateway: 10.0.0', 'gateway: 10.0.0 is not an IP address; four numbers such as 10.0.0.5'],
    [
      'ip: 10.0.0.1/24, gateway: 224.0.0.1',
      "gateway: 224.0.0.1 is not a host's address; a unicast address, 1.0.0.0 to 223.255.255.255",
    ],
    ['listen: [53]', 'listen: nobody can reach it without an address; give it ip: or ip: dhcp'],
    ['ip: dhcp, listen: [53, 53]', 'listen[1]: 53 stands twice; each port once'],
    ['ip: dhcp, listen: [0]', 'listen[0]: 0 is not in range; 1 to 65,535'],
    ['ip: DHCP', 'ip: DHCP is not an IP address; an IPv4 address with its prefix length, such as 10.0.0.1/24'],
  ])('with %s is refused', (keys, message) => {
    expect(refusal(text(keys))).toBe(`hosts.h.vms.a.${message}`);
  });
});

describe('traffic', () => {
  it('goes to an address, with UDP ports', () => {
    const { streams } = traffic('to: "10.0.0.9:8080", fromPort: 5000');
    expect(streams).toMatchObject([
      { from: 'h/a', to: '10.0.0.9:8080', target: { address: 0x0a000009, port: 8080, fromPort: 5000 } },
    ]);
    expect(traffic('to: 10.0.0.9').streams[0]!.target).toEqual({ address: 0x0a000009, port: 9, fromPort: 1024 });
    expect(traffic('to: "h/b:53"').streams[0]).toMatchObject({ to: 'h/b', target: { port: 53, fromPort: 1024 } });
    expect(traffic('to: h/b').streams[0]!.target).toBeUndefined();
  });

  it('pings a vNIC or an address', () => {
    const ping = { from: 'h/a', intervalNs: 1e9, count: null, sizeBytes: 64, startNs: 0, stopNs: null };
    expect(traffic('ping: h/b').pings).toEqual([{ ...ping, to: 'h/b', address: 0x0a000002 }]);
    const more = 'interval: 10ms, count: 5, size: 128, start: 1s, stop: 9s';
    expect(traffic(`ping: 10.0.0.77, ${more}`).pings).toEqual([
      {
        from: 'h/a',
        to: '10.0.0.77',
        address: 0x0a00004d,
        intervalNs: 1e7,
        count: 5,
        sizeBytes: 128,
        startNs: 1e9,
        stopNs: 9e9,
      },
    ]);
    expect(traffic('to: h/b').pings).toBeUndefined();
  });

  it('of pings can be stopped by an event', () => {
    const events = 'events: [{ at: 1s, stopTraffic: h/a }]\n';
    expect(() => parseTopology(text('ip: 10.0.0.1/24', 'ping: h/b') + events, 'lab.yaml')).not.toThrow();
  });

  it('to where there is no way is warned of', () => {
    const { warnings } = traffic('to: 10.9.0.1');
    expect(warnings).toEqual([
      {
        place: 'lab.yaml:2:28: traffic[0].to',
        message:
          'no route: 10.9.0.1 is not in the prefix of h/a, 10.0.0.1/24, which has no gateway; write gateway: there',
      },
    ]);
    expect(traffic('to: 10.9.0.1', 'ip: 10.0.0.1/24, gateway: 10.0.0.254').warnings).toEqual([]);
    expect(traffic('ping: 10.9.0.1', 'ip: dhcp').warnings).toEqual([]);
  });

  const ip = 'ip: 10.0.0.1/24';
  it.each<[string, string, string, string?]>([
    [ip, 'count: 1', 'to: missing; owner/port, such as esx1/vm1 or tor/1'],
    [ip, 'to: 10.0.0.1', 'to: 10.0.0.1 is the sender itself; write another address'],
    [ip, 'to: 10.0.0.255', 'to: 10.0.0.255 is the broadcast address of 10.0.0.1/24; write broadcast'],
    [ip, 'to: 10.0.0', 'to: 10.0.0 is not an IP address; four numbers such as 10.0.0.5'],
    [ip, 'to: "10.0.0.9:0"', 'to: 0 is no UDP port; 1 to 65,535'],
    [ip, 'to: h/b, interval: 1s', 'interval: it is for ping; a stream has a rate'],
    [
      ip,
      'to: h/b',
      'to: h/b gets its ip by DHCP, which is known only while it runs; write the address itself',
      'ip: dhcp',
    ],
    [ip, 'to: "h/b:53"', 'to: h/b has no ip; give it one, or write an address', ''],
    ['', 'to: "h/b:53"', 'from: h/a has no ip, and so no UDP ports; give it ip: or ip: dhcp'],
    ['', 'to: 10.0.0.2', 'from: h/a has no ip, from which to send to 10.0.0.2; give it ip: or ip: dhcp'],
    [
      `${ip}, listen: [53]`,
      'to: h/b, fromPort: 53',
      'fromPort: h/a listens at 53; write another port, or leave it out',
    ],
    [ip, 'ping: h/b, to: h/b', 'to: to stands beside ping; write one of them'],
    [ip, 'ping: h/b, rate: 1kpps', 'rate: rate stands beside ping; write one of them'],
    [ip, 'ping: h/a', 'ping: h/a is the sender itself; write another vNIC'],
    [ip, 'ping: h/c', 'ping: unknown port h/c; did you mean a? h has a, b'],
    [ip, 'ping: h/b', 'ping: h/b has no ip; give it one, or write an address', ''],
    [
      ip,
      'ping: h/b',
      'ping: h/b gets its ip by DHCP, which is known only while it runs; write the address itself',
      'ip: dhcp',
    ],
    [ip, 'ping: h/b, interval: 1us', 'interval: 1us is not in range; 1ms to 1h'],
    [ip, 'ping: h/b, size: 2000', 'size: 2000 is too long for h/a, whose vSwitch has mtu 1500; 64 to 1518'],
    ['', 'ping: h/b', 'from: h/a has no ip, from which to send to h/b; give it ip: or ip: dhcp'],
  ])('of a guest with "%s": %s is refused', (vm, entry, message, other) => {
    expect(refusal(text(vm, entry, other))).toBe(`traffic[0].${message}`);
  });
});
