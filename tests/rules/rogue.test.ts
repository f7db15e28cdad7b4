/**
 * DHCP guard and router guard (Hyper-V; RFC 7610, 6105, 7113): what a guest may not send, plainly, behind tags, behind IPv6
 * extension headers, cut off or in fragments. Ports of one vSwitch: `free` has no guard, the others those of their names.
 */
import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { topologyFrom } from '../../src/topology/load.ts';
import { throughRings } from '../core/through-rings.ts';
import { mac } from './networks.ts';
import { Twins, told } from './twins.ts';

const octets = (address: string) => address.split(':').map((octet) => Number.parseInt(octet, 16));
const word = (value: number) => [value >> 8, value & 255];
const topology = {
  hosts: {
    h: {
      vswitches: {
        v: {
          portGroups: {
            free: {},
            dhcp: { dhcpGuard: true },
            router: { routerGuard: true },
            both: { dhcpGuard: true, routerGuard: true },
          },
        },
      },
      vms: {
        free: { portGroup: 'free', mac: mac.a },
        dhcp: { portGroup: 'dhcp' },
        router: { portGroup: 'router' },
        both: { portGroup: 'both' },
      },
    },
  },
};

type Body = readonly number[];
const udp = (from: number, to: number, data: Body = [2, 1, 6, 0]): Body => [
  ...word(from),
  ...word(to),
  ...word(8 + data.length),
  0,
  0,
  ...data,
];
const icmp = (type: number): Body => [type, 0, 0, 0, 0, 0, 0, 0];

function ipv4(protocol: number, payload: Body, { fragment = 0, options = 0 } = {}): Body {
  const header = [0x45 + options, 0, ...word(20 + 4 * options + payload.length), 0, 1, ...word(fragment), 64, protocol];
  return [...word(0x0800), ...header, 0, 0, 10, 0, 0, 1, 10, 0, 0, 2, ...Array(4 * options).fill(1), ...payload];
}

/** `chain`: extension headers, each as its number and its octets from the second on; the last next header is `last`. */
function ipv6(last: number, payload: Body, chain: readonly (readonly [number, Body])[] = []): Body {
  const numbers = [...chain.map(([number]) => number), last];
  const body = [...chain.flatMap(([, rest], i) => [numbers[i + 1]!, ...rest]), ...payload];
  return [...word(0x86dd), 0x60, 0, 0, 0, ...word(body.length), numbers[0]!, 255, ...Array(32).fill(0xfe), ...body];
}
const short = [0, 1, 4, 0, 0, 0, 0];
const long = [1, ...Array(14).fill(0)];
const firstFragment = [0, 0, 1, 0, 0, 0, 9];
const laterFragment = [0, 0, 9, 0, 0, 0, 9];
const authentication = [4, 0, 0, ...Array(20).fill(7)];

const cTag = [...word(0x8100), ...word(0)];
const deep = [...word(0x88a8), ...word(7), ...word(0x8100), ...word(9)];

/** What is sent, and what each guard says of it. */
type Row = readonly [what: string, body: Body, dhcp: string, router: string];
const no = 'passes';
const yes = { dhcp: 'dhcp_guard', router: 'router_guard' };
const rows: Row[] = [
  ['an offer to a client', ipv4(17, udp(67, 68)), yes.dhcp, no],
  ['an offer from another port', ipv4(17, udp(6767, 68)), yes.dhcp, no],
  ['an offer to a relay', ipv4(17, udp(67, 67)), yes.dhcp, no],
  ['an offer behind IP options', ipv4(17, udp(67, 68), { options: 3 }), yes.dhcp, no],
  ['an offer in the first of fragments', ipv4(17, udp(67, 68), { fragment: 0x2000 }), yes.dhcp, no],
  ['a later fragment', ipv4(17, udp(67, 68), { fragment: 5 }), no, no],
  ['an offer with a priority tag', [...cTag, ...ipv4(17, udp(67, 68))], yes.dhcp, no],
  ['an offer behind two tags', [...deep, ...ipv4(17, udp(67, 68))], yes.dhcp, no],
  ["a client's discover", ipv4(17, udp(68, 67, [1, 1, 6, 0])), no, no],
  ["a relay's request", ipv4(17, udp(67, 67, [1, 1, 6, 1])), no, no],
  ['a datagram to any other port', ipv4(17, udp(53, 53)), no, no],
  ['TCP from port 67', ipv4(6, udp(67, 68)), no, no],
  ['a UDP header that is cut off', ipv4(17, [0]), yes.dhcp, no],
  ['DHCPv6 to a client', ipv6(17, udp(547, 546, [7, 0, 0, 1])), yes.dhcp, no],
  ['DHCPv6 from server to relay', ipv6(17, udp(547, 547, [13, 0, 0, 1])), yes.dhcp, no],
  ['a DHCPv6 solicit', ipv6(17, udp(546, 547, [1, 0, 0, 1])), no, no],
  ['a DHCPv6 relay-forward', ipv6(17, udp(547, 547, [12, 0, 0, 1])), no, no],
  ['an ICMP router advertisement', ipv4(1, icmp(9)), no, yes.router],
  ['an ICMP redirect', ipv4(1, icmp(5)), no, yes.router],
  ['an echo request', ipv4(1, icmp(8)), no, no],
  ['a router advertisement', ipv6(58, icmp(134)), no, yes.router],
  ['an ICMPv6 redirect', ipv6(58, icmp(137)), no, yes.router],
  ['a router solicitation', ipv6(58, icmp(133)), no, no],
  ['a neighbour advertisement', ipv6(58, icmp(136)), no, no],
  ['an advertisement behind hop-by-hop', ipv6(58, icmp(134), [[0, short]]), no, yes.router],
  ['behind long destination options', ipv6(58, icmp(134), [[60, long]]), no, yes.router],
  ['behind an authentication header', ipv6(58, icmp(134), [[51, authentication]]), no, yes.router],
  ['behind four headers', ipv6(58, icmp(134), Array(4).fill([60, short])), no, yes.router],
  ['behind more headers than anybody sends', ipv6(58, icmp(133), Array(12).fill([60, short])), yes.dhcp, yes.router],
  ['an advertisement in a first fragment', ipv6(58, icmp(134), [[44, firstFragment]]), no, yes.router],
  ['a later fragment of IPv6', ipv6(58, icmp(134), [[44, laterFragment]]), no, no],
  ['headers that do not end in the frame', ipv6(60, [58, 9, 0, 0], [[0, short]]), yes.dhcp, yes.router],
  ['ICMPv6 without a type', ipv6(58, [], [[0, short]]), yes.dhcp, yes.router],
  ['encrypted payload', ipv6(50, icmp(134)), no, no],
  ['an IPv4 header that is cut off', ipv4(17, []).slice(0, 16), no, no],
  ['an IPv6 header that is cut off', ipv6(58, []).slice(0, 30), no, no],
  ['ARP', [...word(0x0806), ...Array(28).fill(1)], no, no],
  ['a tag and nothing else', [...word(0x8100), 0], no, no],
];

const frameOf = (dst: string, src: string, body: Body) => Uint8Array.from([...octets(dst), ...octets(src), ...body]);

describe('a guard', () => {
  it.each(rows)('says of %s what it should', (_what, body, dhcp, router) => {
    const lab = new Twins(topology);
    const either = dhcp === no && router === no;
    for (const dst of [mac.all, mac.a]) {
      lab.send('h/free', frameOf(mac.all, mac.a, [...word(0x0800)]));
      const others = (port: string) =>
        dst === mac.a ? 'free' : ['both', 'dhcp', 'free', 'router'].filter((name) => name !== port).join(', ');
      const says = (port: string, verdict: string) => {
        const sent = lab.send(`h/${port}`, frameOf(dst, mac.b, body));
        // Where a tag is cut off, the frame is a runt to all but transparent ports; these are.
        expect(told(sent), `${port} to ${dst}`).toBe(verdict === no ? others(port) : `${port} ${verdict}`);
      };
      says('dhcp', dhcp);
      says('router', router);
      says('both', either ? no : router === no ? dhcp : router);
    }
    // Nobody guards this one.
    expect(told(lab.send('h/free', frameOf(mac.all, mac.a, body)))).toBe('both, dhcp, router');
  });

  it('learns nothing from what it stops', () => {
    const lab = new Twins(topology);
    lab.send('h/both', frameOf(mac.all, mac.x, ipv4(17, udp(67, 68))));
    expect(lab.table('h/v')).toEqual([]);
  });

  it('is told by explain', () => {
    const { network } = new Twins(topology);
    const told = network.explain('h/dhcp', frameOf(mac.all, mac.b, ipv4(17, udp(67, 68))));
    expect(told.verdict.name).toBe('dhcp_guard');
    expect(told.checks.at(-1)).toMatchObject({ check: { name: 'rogue' }, outcome: 'failed', fact: 'dhcpGuard: true' });
  });

  it('picks the same frames out of bursts in a ring as one by one', () => {
    const pick = fc.record({
      body: fc.constantFrom(...rows.map(([, body]) => body)),
      dst: fc.constantFrom(mac.all, mac.a, mac.nobody),
    });
    const port = fc.constantFrom('dhcp', 'router', 'both', 'free');
    fc.assert(
      fc.property(port, fc.array(fc.array(pick, { minLength: 1, maxLength: 40 }), { maxLength: 4 }), (from, bursts) => {
        const checked = topologyFrom(topology);
        const suts = [throughRings(checked, { burst: 64 }), throughRings(checked, { burst: 1 })];
        const src = checked.hosts[0]!.vms.find(({ name }) => name === from)!.nics[0]!.mac;
        let timeNs = 0n;
        for (const burst of bursts) {
          timeNs += 1000n;
          const frames = burst.map(({ dst, body }) => frameOf(dst, src, body));
          const [one, other] = suts.map((sut) => sut.receiveAll(from, frames, timeNs));
          expect(one).toEqual(other);
          const expected = burst.map(({ body }) => rows.find((row) => row[1] === body)!);
          const isStopped = ([, , dhcp, router]: Row) =>
            (['dhcp', 'both'].includes(from) && dhcp !== no) || (['router', 'both'].includes(from) && router !== no);
          const stopped = (one!.verdicts['dhcp_guard'] ?? 0) + (one!.verdicts['router_guard'] ?? 0);
          expect(stopped).toBe(expected.filter(isStopped).length);
        }
        for (const sut of suts) {
          sut.assertLedger();
          sut.close();
        }
      }),
      { numRuns: 60 },
    );
  });
});
