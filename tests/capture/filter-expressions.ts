/** Expressions of pcap-filter: a written list, one a line, and random ones from the grammar. */
import fc from 'fast-check';

export const expressions: readonly string[] = `
arp
rarp
ip
ip6
icmp
icmp6
igmp
tcp
udp
sctp
stp
vrrp
carp
pim
ah
esp
igrp
atalk
aarp
decnet
lat
sca
mopdl
moprc
iso
clnp
esis
isis
es-is or is-is
ipx
netbeui
not arp
! arp
not not arp
arp or icmp
arp || icmp
ip and tcp
ip && tcp
arp or ip and tcp
arp or (ip and tcp)
not arp and not stp
not (arp or stp)
host 10.0.0.1
src host 10.0.0.1
dst host 10.0.0.1
src 10.0.0.1
dst 10.0.0.2
src or dst host 10.0.0.2
dst or src 10.0.0.2
src and dst host 10.0.0.1
dst and src net 10
ip host 10.0.0.1
arp host 10.0.0.1
arp src host 10.1.2.3
rarp host 10.0.0.1
rarp dst 10.0.0.1
host 10.0.0.1 or 10.0.0.2
host 10.0.0.1 and 10.0.0.2
host 10.0.0.1 and not 10.0.0.2
not host 10.0.0.1 and 10.0.0.2
host (10.0.0.1 or 192.168.1.7)
host (10.0.0.1 and (10.0.0.2 or 10.0.0.0))
host not 10.0.0.1
host 10.1
host 167772161
host 0x0a000001
src 10
host fe80::1
src host fe80::1
dst host ff02::1
ip6 host fe80::2
ip6 src fe80::1
host fe80:0:0:0:0:0:0:1
host ::ffff:10.0.0.1
host fe80::1 or 10.0.0.1
src net 10.0.0.0/8
net 10.0.0.0/30
net 10.0.0.0/0x1e
net 0.0.0.0/0
net 10.0.0.1/32
net 10
net 10.1
net 10.1.2
net 10.1.2.3
net 192.168
net 10.0.0.0 mask 255.255.255.252
net 10.0 mask 255.255
arp net 10
ip src net 192.168.0.0/16
net fe80::/10
dst net ff02::/16
ip6 net fe80::/64
net ::/0
net 10 or 192.168
src net 10 and not dst net 10
port 80
src port 80
dst port 80
src or dst port 80
src and dst port 80
tcp port 80
udp port 53
sctp port 80
tcp src port 80
tcp dst port 80 or 22
tcp port 80 or 443
tcp port (80 or 443)
tcp port not 80
port 80 and not 443
tcp port 80 and (udp) or 90
tcp port 80 and (udp or arp) or 22
port 0x50
port 0120
port domain
port http
tcp port http or ssh
udp port bootps
portrange 6000-6008
portrange 6008-6000
udp portrange 6000-6008
src portrange 22-80
dst portrange 80-443
src and dst portrange 1-1024
src or dst portrange 1-1024
portrange 80
tcp portrange ssh-http
portrange 6000-6008 or 53
proto 6
proto \\tcp
proto 58
ip proto 6
ip proto \\udp
ip proto \\icmp or \\igmp
ip proto gre
ip6 proto 17
ip6 proto \\tcp
ip6 proto 44
ip6 proto ipv6-icmp
ether proto 0x0806
ether proto \\arp
ether proto \\ip or \\ip6
ether proto 0x88cc
ether proto \\stp
ether proto 0x42
ether proto 6
ether proto 0xfe
ether proto 0xf0
ether proto \\ipx
ether proto 0x8137
ether proto \\atalk
ether proto \\aarp
ether proto loopback
ether proto 1500
ether proto 1501
iso proto 0x83
iso proto \\clnp
link proto 0x0800
ether host 02:00:00:00:00:01
ether src 02:00:00:00:00:01
ether dst 02-00-00-00-00-01
ether src host 2:0:0:0:0:1
ether host 0200.0000.0001
ether dst 020000000002
ether src 02.00.00.00.00.01
ether src and dst 02:00:00:00:00:01
ether src or dst 02:00:00:00:00:01
ether host 02:00:00:00:00:01 and 02:00:00:00:00:02
ether dst FF:FF:FF:FF:FF:FF
link host 02:00:00:00:00:01
broadcast
ether broadcast
multicast
ether multicast
ip multicast
ip6 multicast
broadcast or multicast
multicast and not broadcast
less 60
greater 60
less 0x3c
len = 60
len <= 60
length >= 60
len < 60 or len > 80
60 = len
len - 14 >= 46
-len > 5
5 > 3
5 < 3
(5) = 5
vlan
vlan 10
vlan 0
vlan 0xa
vlan (10)
vlan and ip
vlan 10 and ip
vlan 10 and tcp port 80
vlan 10 and host 10.0.0.1
vlan 10 and host 10.0.0.1 and tcp port 80
vlan and arp
vlan 10 and vlan 20
vlan 10 and vlan 20 and tcp
vlan and vlan
vlan and vlan and vlan 30 and icmp
vlan 100 and vlan 10 and udp port 53
vlan 10 or vlan 20
vlan or ip
ip or vlan
not vlan
not vlan and ip
(vlan 10 and ip) or ip6
tcp or (vlan and tcp)
vlan 10 and ip6 and udp
vlan 10 and tcp[tcpflags] & tcp-syn != 0
vlan and ether[0] & 1 = 1
vlan 10 and ip[8] = 64
vlan 10 and ether host 02:00:00:00:00:01
ether[0] & 1 != 0
ether[12:2] = 0x0800
ether[12:2] <= 1500
ether[0:4] = 0x02000000
link[6] = 2
ip[0] & 0xf != 5
ip[0] & 0xf > 5
ip[8:2] = 0x4006
ip[6:2] & 0x1fff = 0
ip[6:2] & 0x2000 != 0
ip[2:2] > 40
ip[12:4] = 0x0a000001
ip[16] >= 224
ip6[6] = 17
ip6[40:2] = 53
arp[6:2] = 1
arp[7] = 2
rarp[7] = 3
tcp[tcpflags] & tcp-syn != 0
tcp[tcpflags] & (tcp-syn|tcp-ack) = tcp-syn
tcp[tcpflags] == tcp-syn | tcp-ack
tcp[tcpflags] & (tcp-fin | tcp-rst) != 0
tcp[13] = 0x18
tcp[0:2] = 80
tcp[2:2] & 0xff = 80
tcp[((tcp[12:1] & 0xf0) >> 2):4] = 0x47455420
tcp port 80 and (((ip[2:2] - ((ip[0]&0xf)<<2)) - ((tcp[12]&0xf0)>>2)) != 0)
tcp[-4:4] = 0x01010101
ip[-2:2] = 0x0800
tcp[1000000] = 5
ether[0xffffffff] = 1
ether[4294967295:4] = 1
udp[0:2] = 53
udp[4:2] = 12
udp[8:4] = 0x01020304
sctp[2:2] = 80
icmp[icmptype] = icmp-echo
icmp[icmpcode] = 0
icmp[0] != icmp-echoreply
icmp6[icmp6type] = icmp6-neighborsolicit
icmp6[icmp6type] == 135
igmp[0] = 0x22
vrrp[0] & 0xf = 1
pim[0] >> 4 = 2
ip[0] + tcp[0] = 5
1 + ip[0] = 70
ip[0] = ip[8] + 5
ip[ip[0] & 0xf] = 0
ether[ether[0]] = 0
ip[9] * 2 = 12
ip[9] / 2 = 3
ip[9] / ip[1] = 3
ip[9] % 4 = 2
ip[9] % ip[1] = 0
ip[9] ^ 6 = 0
(ip[9] ^ 6) + 1 = 1
ip[8] << 2 = 256
ip[8] >> 2 = 16
1 << ip[9] = 64
1 << ip[8] = 0
0xffffffff >> ip[8] = 0
ip[0] | 0xf0 = 0xf5
ip[2:2] + 14 = len
len != ip[2:2] + 14
ip[9] - 7 > 0xfffffff0
2 + 3 * 4 = 14
(2 + 3) * 4 = 20
10 - 3 - 2 = 5
1 + 2 << 1 = 6
7 & 3 | 8 = 11
5 / (3 - 3) = 0
-1 = 0xffffffff
decnet[0] = 0xfe
atalk[0] = 0xfe
lat[1] = 0xfe
(ip[0] + ip[1]) * (ip[2] + ip[3]) - (ip[8] + ip[9]) * (ip[4] + ip[5]) > 100
((ip[0] + ip[1]) - (ip[2] + ip[3])) * ((ip[4] + ip[5]) - (ip[6] + ip[7])) != 0
host 10.0.0.1 and (tcp port 80 or udp port 53) and not ether broadcast
(tcp or udp) and port 53 and net 10.0.0.0/8
ip and not host 10.0.0.1 and not (tcp port 22 or 443)
arp or icmp6 or (udp and (port 67 or 68)) or stp
`
  .split('\n')
  .filter((line) => line !== '');

const of = (text: string): fc.Arbitrary<string> => fc.constantFrom(...text.split(' '));
const line = (...parts: readonly (fc.Arbitrary<string> | string)[]): fc.Arbitrary<string> =>
  fc
    .tuple(...parts.map((part) => (typeof part === 'string' ? fc.constant(part) : part)))
    .map((words) => words.filter((each) => each !== '').join(' '));

const direction = fc.constantFrom('', '', 'src', 'dst', 'src or dst', 'src and dst');
const address = of('10.0.0.1 10.0.0.2 10.1.2.3 192.168.1.7 10 10.0');
const hosts = line(fc.constantFrom('', 'ip', 'arp', 'rarp'), direction, 'host', address);
const nets = line(
  fc.constantFrom('', 'ip', 'arp'),
  direction,
  'net',
  of('10 10.0 10.0.0.0/29 192.168.0.0/16 0.0.0.0/0'),
);
const hosts6 = line(fc.constantFrom('', 'ip6'), direction, 'host', of('fe80::1 fe80::2 ff02::1'));
const macs = line('ether', direction, 'host', of('02:00:00:00:00:01 02:00:00:00:00:02 ff:ff:ff:ff:ff:ff'));
const ports = line(
  of('tcp udp sctp').map((p) => p),
  direction,
  'port',
  of('80 53 443 22 2905'),
);
const anyPorts = line(direction, 'port', of('80 53 443 22 6004'));
const ranges = line(fc.constantFrom('', 'tcp', 'udp'), direction, 'portrange', of('50-80 80-443 6000-6008'));
const protocols = line(fc.constantFrom('', 'ip', 'ip6'), 'proto', of('1 2 6 17 44 58 132'));
const vlans = line('vlan', fc.constantFrom('', '10', '20', '100'));
const words = of('arp rarp ip ip6 icmp icmp6 igmp tcp udp sctp stp ipx atalk iso multicast broadcast');
const lengths = line(of('less greater'), of('42 60 64 80'));

const field = fc.constantFrom('ether', 'ip', 'ip6', 'arp', 'tcp', 'udp', 'icmp', 'icmp6');
const { arithmetic } = fc.letrec<{ arithmetic: string; octets: string; computed: string }>((tie) => ({
  arithmetic: fc.oneof(
    { depthSize: 'small', withCrossShrink: true },
    fc.constantFrom('0', '1', '2', '6', '0xf', '64', '80', '0xffff', 'len'),
    tie('octets'),
    tie('computed'),
  ),
  octets: fc
    .tuple(field, fc.oneof(fc.nat(50).map(String), tie('arithmetic')), fc.constantFrom('', ':1', ':2', ':4'))
    .map(([name, at, size]) => `${name}[${at}${size}]`),
  computed: fc.oneof(
    fc
      .tuple(tie('arithmetic'), of('+ - * & | ^'), tie('arithmetic'))
      .map(([left, operator, right]) => `(${left} ${operator} ${right})`),
    // A number by itself may be no divisor 0 and no shift over 31.
    fc
      .tuple(tie('arithmetic'), of('/ % << >>'), fc.oneof(fc.integer({ min: 1, max: 31 }).map(String), tie('octets')))
      .map(([left, operator, right]) => `(${left} ${operator} ${right})`),
    tie('arithmetic').map((value) => `(- ${value})`),
  ),
}));
const relations = fc.tuple(arithmetic, of('= != > < >= <= =='), arithmetic).map((parts) => parts.join(' '));

/** Expressions built from the grammar. */
export const randomExpression: fc.Arbitrary<string> = fc.letrec<{ expression: string; term: string }>((tie) => ({
  expression: fc
    .tuple(tie('term'), fc.array(fc.tuple(of('and or && ||'), tie('term')), { maxLength: 3 }))
    .map(([first, rest]) => [first, ...rest.flat()].join(' ')),
  term: fc.oneof(
    { depthSize: 'small', withCrossShrink: true },
    fc.oneof(words, hosts, nets, hosts6, macs, ports, anyPorts, ranges, protocols, vlans, lengths, relations),
    fc.tuple(anyPorts, of('and or'), of('80 443 53')).map((parts) => `(${parts.join(' ')})`),
    tie('expression').map((inside) => `(${inside})`),
    tie('term').map((inside) => `not ${inside}`),
  ),
})).expression;
