import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { compileFilter, FilterError, verify } from '../../src/capture/filter.ts';

/** What is said against a filter. */
function said(text: string): string {
  try {
    compileFilter(text);
    return 'nothing';
  } catch (problem) {
    if (!(problem instanceof FilterError)) throw problem;
    return problem.message;
  }
}

/** Filter and message in turns. */
const refusals = `
gateway 10.0.0.1
filter, column 1: 'gateway' is not supported; write 'ether host MAC and not host ADDRESS'
ip and inbound
filter, column 8: 'inbound' is not supported; choose the capture's direction beside the filter
ip6 protochain 6
filter, column 5: 'protochain' is not supported; write 'proto', or the octet of the header's type, as 'ip6[40] = 6'
pppoes and ip
filter, column 1: 'pppoes' is not supported; write 'ether proto 0x8864' and the octets of the session, as 'ether[16:2] = 7'
mpls 100
filter, column 1: 'mpls' is not supported; write 'ether proto 0x8847' and the label's octets, as 'ether[14:4] >> 12 = 100'
wlan host 02:00:00:00:00:01
filter, column 1: 'wlan' is not supported; every frame here is Ethernet: write 'ether'
byte 0 = 5
filter, column 1: 'byte' is not supported; write 'ether[N]' and a comparison
host web1
filter, column 6: names such as 'web1' are not looked up; write the address
src net example.org
filter, column 9: names such as 'example.org' are not looked up; write the network
ip broadcast
filter, column 4: 'ip broadcast' needs a netmask, and a capture has none; write 'ether broadcast', or 'dst host' and the address
tcp broadcast
filter, column 5: 'tcp' knows no broadcast; write 'ether broadcast'
10.0.0.1
filter, column 1: '10.0.0.1' has nothing before it that says what it is; write 'host', 'port' or the like
tcp or 80
filter, column 8: '80' has nothing before it that says what it is; write 'host', 'port' or the like
tcp port
filter, column 9: the end stands where an address, a number or a name is wanted; write one
tcp port 80 443
filter, column 13: '443' stands where the filter should end; join what it belongs to by 'and' or 'or'
host 10.0.0.1)
filter, column 14: ')' stands where the filter should end; remove it
(tcp or udp
filter, column 12: the end stands where ')' is wanted; close the parenthesis
tcp and
filter, column 8: the end stands where a condition is wanted; write one, as 'host 10.0.0.1' or 'tcp port 80'
and tcp
filter, column 1: 'and' stands where a condition is wanted; write one, as 'host 10.0.0.1' or 'tcp port 80'
port 65536
filter, column 6: there is no port 65536; write at most 65535
port gopher
filter, column 6: port 'gopher' is not known by name; write its number
udp port http
filter, column 10: port 'http' is of tcp; write its number
icmp port 80
filter, column 1: 'icmp' has no ports; write 'tcp', 'udp' or 'sctp', or nothing
port 10.0.0.1
filter, column 6: '10.0.0.1' is an address and no port; write 'host', or a number behind 'port'
portrange 80,90
filter, column 13: "," begins nothing that a filter knows; remove it
portrange ssh
filter, column 11: 'ssh' is no range of ports; write one, as '6000-6008'
vlan 4096
filter, column 1: there is no VLAN 4096; write 0 to 4095
host 10.0.0.256
filter, column 6: '10.0.0.256' is no IPv4 address; write decimal numbers up to 255
net 10.0.0.1/24
filter, column 5: '10.0.0.1' has bits beyond its mask /24; set them to 0, or make the mask longer
net 10.0.0.0/33
filter, column 5: a mask of 33 bits is longer than an IPv4 address; write at most 32
net 10/8
filter, column 5: '10/' is no network; write '10.0.0.0/' and the bits of the mask
net fe80::1/10
filter, column 5: 'fe80::1' has bits beyond its mask /10; set them to 0, or make the mask longer
host 10.0.0.0/8
filter, column 6: '10.0.0.0' has a mask and is no host; write 'net 10.0.0.0' and the mask
ip6 host 10.0.0.1
filter, column 10: '10.0.0.1' is no address of 'ip6'; write an IPv6 address
ip host fe80::1
filter, column 9: 'fe80::1' is no address of 'ip'; write an IPv4 address
tcp host 10.0.0.1
filter, column 10: '10.0.0.1' is no address of 'tcp'; write 'ip', 'arp' or 'rarp', or nothing
host 02:00:00:00:00:01
filter, column 6: '02:00:00:00:00:01' is a MAC address; write 'ether host 02:00:00:00:00:01', 'ether src' or 'ether dst'
ether host 10.0.0.1
filter, column 12: '10.0.0.1' is no MAC address; write one, as '02:00:00:00:00:01', or leave 'ether' out
ip proto tcp
filter, column 10: 'tcp' is a word of the language; write '\\tcp' for the protocol of that name
ip proto \\foo
filter, column 10: protocol 'foo' is not known by name; write its number
ip proto 256
filter, column 10: there is no protocol 256; write at most 255
tcp proto 6
filter, column 1: 'tcp proto' means nothing; write 'ether proto', 'ip proto' or 'ip6 proto'
src proto 6
filter, column 5: 'proto' has no direction; leave 'src' and 'dst' out
ether
filter, column 1: 'link' alone says nothing; write 'ether host', 'ether proto', 'ether[0]' or the like
ip[0:3] = 5
filter, column 6: '3' stands where a size is wanted; write 1, 2 or 4 octets
ip[0 = 5
filter, column 6: '=' stands where ']' is wanted; close the bracket
stp[0] = 5
filter, column 1: the octets of 'stp' cannot be named; write 'ether[N]', counted from the frame's start
ip[0] & 1
filter, column 10: the end stands where a comparison is wanted; compare the number, as in 'len > 100'
ip[0] / 0 = 1
filter, column 9: this divides by 0; write another number
1 << 32 = 0
filter, column 6: this shifts by 32 bits; write at most 31
ip[0] % 4 + 1 = 2
filter, column 11: '%' and '+' stand side by side; say with parentheses which comes first
1 + ip[0] ^ 4 = 2
filter, column 11: '+' and '^' stand side by side; say with parentheses which comes first
len > 4294967296
filter, column 7: 4294967296 has more than 32 bits; write a smaller number
port 089
filter, column 6: 089 begins with 0 and so is octal, but has other digits; leave the 0 out
tcp port 80 ; ls
filter, column 13: ";" begins nothing that a filter knows; remove it
`
  .trim()
  .split('\n');

describe('a filter that cannot be', () => {
  it.each(refusals.flatMap((line, i) => (i % 2 === 0 ? [[line, refusals[i + 1]!] as const] : [])))(
    'is refused in one line with the place: %s',
    (text, message) => {
      expect(said(text)).toBe(message);
    },
  );

  it('is refused when it is nested too deep, too long, or too much', () => {
    expect(said(`${'('.repeat(500)}tcp${')'.repeat(500)}`)).toContain('more than 100 levels are nested here');
    expect(said(`${'not '.repeat(500)}tcp`)).toContain('more than 100 levels are nested here');
    expect(said('tcp or '.repeat(20_000))).toContain('the text has more than 16384 characters');
    expect(said(`${'tcp or '.repeat(1001)}udp`)).toContain('more than 1000 operators join the filter up to here');
    expect(said(`${'len+'.repeat(2000)}1 = 5`)).toContain('more than 1000 operators join the filter up to here');
    const hosts = Array.from({ length: 1000 }, (_, i) => `10.0.${i >> 8}.${i & 0xff}`).join(' or ');
    expect(said(`host ${hosts}`)).toContain('takes more than 4096 instructions');
    const sum = (levels: number, at: number): string =>
      levels === 0 ? `ip[${at}]` : `(${sum(levels - 1, 2 * at)} + ${sum(levels - 1, 2 * at + 1)})`;
    expect(said(`${sum(6, 0)} = 0`)).toContain('keeps too many numbers at a time');
  });

  it('is refused in one line whatever it is', () => {
    const words =
      'tcp port 80 host net ( ) [ ] : and or not vlan 10.0.0.1 fe80::1 = < + - % / ip len \\tcp src dst proto less'.split(
        ' ',
      );
    const texts = fc.oneof(
      fc.string({ maxLength: 40 }),
      fc.array(fc.constantFrom(...words), { maxLength: 12 }).map((each) => each.join(' ')),
    );
    fc.assert(
      fc.property(texts, (text) => {
        expect(said(text)).toMatch(/^(nothing|filter(, column \d+)?: [^\n]+; [^\n]+)$/);
      }),
      { numRuns: 2000 },
    );
  });
});

const RETURN = [6, 1] as const;

describe('a program', () => {
  it.each<[string, readonly number[]]>([
    ['is empty', []],
    ['ends inside of an instruction', [6]],
    ['does not end with a return', [0x28, 12]],
    ['jumps beyond its end at instruction 0', [0x15 | (1 << 16), 5, ...RETURN]],
    ['jumps beyond its end at instruction 0', [0x15 | (200 << 24), 5, ...RETURN]],
    ['jumps beyond its end at instruction 1', [0x28, 12, 0x05, 0xffffffff, ...RETURN]],
    ['jumps beyond its end at instruction 1', [...RETURN, 0x05, 0]],
    ['has no word M[4] at instruction 0', [0x02, 4, ...RETURN]],
    ['has no word M[4294967295] at instruction 0', [0x61, 0xffffffff, ...RETURN]],
    ['has an unknown code 255 at instruction 0', [0xff, 0, ...RETURN]],
    ['has an unknown code 262 at instruction 0', [0x106, 0, ...RETURN]],
    ['has 4097 instructions, more than 4096', new Array(4097).fill(RETURN).flat()],
  ])('may not run that %s', (what, words) => {
    expect(() => verify(Uint32Array.from(words))).toThrow(`filter: a program ${what}; compile the filter again`);
  });

  it('may run when each way ends', () => {
    expect(() => verify(Uint32Array.from([0x28, 12, 0x15 | (1 << 24), 0x806, ...RETURN, 6, 0]))).not.toThrow();
  });
});
