/** The words of pcap-filter: what we know, numbers that have names, and what libpcap knows and we refuse by name. */

/** Protocols that may stand alone or qualify. `link` is Ethernet. */
export const PROTOCOLS: ReadonlyMap<string, string> = new Map(
  [
    ...['arp', 'rarp', 'ip', 'ip6', 'sctp', 'tcp', 'udp', 'icmp', 'icmp6', 'igmp', 'igrp', 'pim', 'vrrp', 'carp', 'ah'],
    ...['esp', 'atalk', 'aarp', 'decnet', 'lat', 'sca', 'moprc', 'mopdl', 'iso', 'clnp', 'stp', 'ipx', 'netbeui'],
  ]
    .map((name): [string, string] => [name, name])
    .concat([
      ['ether', 'link'],
      ['link', 'link'],
      ['esis', 'esis'],
      ['es-is', 'esis'],
      ['isis', 'isis'],
      ['is-is', 'isis'],
    ]),
);

export const KEYWORDS: ReadonlySet<string> = new Set([
  ...['src', 'dst', 'host', 'net', 'mask', 'port', 'portrange', 'proto', 'less', 'greater', 'broadcast', 'multicast'],
  ...['and', 'or', 'not', 'len', 'length', 'vlan'],
]);

/** IP protocols by name; the first group are also words of the language, and want a backslash as names. */
export const IP_PROTOCOLS: ReadonlyMap<string, number> = new Map([
  ...Object.entries({ icmp: 1, igmp: 2, tcp: 6, udp: 17, esp: 50, ah: 51, pim: 103, vrrp: 112, sctp: 132 }),
  ...Object.entries({ gre: 47, 'ipv6-icmp': 58, eigrp: 88, ospf: 89, l2tp: 115 }),
]);

/** EtherTypes, and LLC service access points below 1501. */
export const ETHER_PROTOCOLS: ReadonlyMap<string, number> = new Map(
  Object.entries({
    ...{ ip: 0x0800, arp: 0x0806, rarp: 0x8035, ip6: 0x86dd, aarp: 0x80f3, atalk: 0x809b, decnet: 0x6003, lat: 0x6004 },
    ...{ sca: 0x6007, mopdl: 0x6001, moprc: 0x6002, loopback: 0x9000, iso: 0xfe, stp: 0x42, ipx: 0xe0, netbeui: 0xf0 },
  }),
);

/** Protocols over ISO's network service, by their first octet. */
export const ISO_PROTOCOLS: ReadonlyMap<string, number> = new Map(
  Object.entries({ clnp: 0x81, esis: 0x82, isis: 0x83 }),
);

/** Ports by name as most systems have them in /etc/services, with the protocols they are for. */
export const SERVICES: ReadonlyMap<string, readonly [port: number, over: 'tcp' | 'udp' | 'both']> = new Map([
  ['ftp-data', [20, 'tcp']],
  ['ftp', [21, 'tcp']],
  ['ssh', [22, 'tcp']],
  ['telnet', [23, 'tcp']],
  ['smtp', [25, 'tcp']],
  ['domain', [53, 'both']],
  ['bootps', [67, 'udp']],
  ['bootpc', [68, 'udp']],
  ['tftp', [69, 'udp']],
  ['http', [80, 'tcp']],
  ['ntp', [123, 'udp']],
  ['snmp', [161, 'both']],
  ['bgp', [179, 'tcp']],
  ['https', [443, 'both']],
  ['syslog', [514, 'udp']],
]);

const icmp6: Readonly<Record<string, number>> = {
  ...{ destinationunreach: 1, packettoobig: 2, timeexceeded: 3, parameterproblem: 4, echo: 128, echoreply: 129 },
  ...{ multicastlistenerquery: 130, multicastlistenerreportv1: 131, multicastlistenerdone: 132, routersolicit: 133 },
  ...{ routeradvert: 134, neighborsolicit: 135, neighboradvert: 136, redirect: 137, routerrenum: 138 },
  ...{ nodeinformationquery: 139, nodeinformationresponse: 140, ineighbordiscoverysolicit: 141 },
  ...{ ineighbordiscoveryadvert: 142, multicastlistenerreportv2: 143, homeagentdiscoveryrequest: 144 },
  ...{ homeagentdiscoveryreply: 145, mobileprefixsolicit: 146, mobileprefixadvert: 147, certpathsolicit: 148 },
  ...{ certpathadvert: 149, multicastrouteradvert: 151, multicastroutersolicit: 152, multicastrouterterm: 153 },
};
const icmp: Readonly<Record<string, number>> = {
  ...{ echoreply: 0, unreach: 3, sourcequench: 4, redirect: 5, echo: 8, routeradvert: 9, routersolicit: 10 },
  ...{ timxceed: 11, paramprob: 12, tstamp: 13, tstampreply: 14, ireq: 15, ireqreply: 16, maskreq: 17, maskreply: 18 },
};

/** Names that stand for numbers: offsets of fields, and values in them. */
export const NUMBERS: ReadonlyMap<string, number> = new Map([
  ...Object.entries({ icmptype: 0, icmpcode: 1, icmp6type: 0, icmp6code: 1, tcpflags: 13 }),
  ...Object.entries(icmp).map(([name, number]): [string, number] => [`icmp-${name}`, number]),
  ...Object.entries(icmp6).map(([name, number]): [string, number] => [`icmp6-${name}`, number]),
  ...['fin', 'syn', 'rst', 'push', 'ack', 'urg', 'ece', 'cwr'].map((flag, i): [string, number] => [
    `tcp-${flag}`,
    1 << i,
  ]),
]);

const every = (words: string, remedy: string): [string, string][] => words.split(' ').map((word) => [word, remedy]);

/** Words of libpcap that we refuse, with what there is instead. */
export const REFUSED: ReadonlyMap<string, string> = new Map([
  ...every('gateway', "write 'ether host MAC and not host ADDRESS'"),
  ...every('protochain', "write 'proto', or the octet of the header's type, as 'ip6[40] = 6'"),
  ...every('inbound outbound', "choose the capture's direction beside the filter"),
  ...every('mpls', "write 'ether proto 0x8847' and the label's octets, as 'ether[14:4] >> 12 = 100'"),
  ...every('pppoed', "write 'ether proto 0x8863'"),
  ...every('pppoes', "write 'ether proto 0x8864' and the octets of the session, as 'ether[16:2] = 7'"),
  ...every('geneve', "write 'udp dst port 6081'"),
  ...every('byte', "write 'ether[N]' and a comparison"),
  ...every('llc', "write 'ether[12:2] <= 1500' and the octets of the LLC header, as 'ether[14] = 0x42'"),
  ...every('l1 l2 iih lsp snp csnp psnp', "write 'isis' and the octet of the type, as 'ether[21] & 0x1f = 15'"),
  ...every(
    'ifindex ifname on rset ruleset rnr rulenum srnr subrulenum reason action',
    'choose the ports of the capture',
  ),
  ...every('fddi tr wlan radio ppp slip', "every frame here is Ethernet: write 'ether'"),
  ...every('type subtype direction dir addr1 addr2 addr3 addr4 ra ta', 'every frame here is Ethernet, not 802.11'),
  ...every('address1 address2 address3 address4', 'every frame here is Ethernet, not 802.11'),
  ...every('lane metac bcc oam oamf4 oamf4ec oamf4sc sc ilmic vpi vci', 'every frame here is Ethernet, not ATM'),
  ...every('connectmsg metaconnect', 'every frame here is Ethernet, not ATM'),
  ...every('fisu lssu lsu msu hfisu hlssu hmsu sio opc dpc sls', 'every frame here is Ethernet, not SS7'),
  ...every('hsio hopc hdpc hsls', 'every frame here is Ethernet, not SS7'),
]);
