/**
 * The keys of a host with a type-2 hypervisor, and of its networks.
 */
import type { z } from 'zod';
import { formatIpv4, network, readHostAddress, readIpv4, readMac } from './address.ts';
import type { Ipv4 } from './model.ts';
import { numberOrText } from './port-schema.ts';
import { readDuration } from './quantity.ts';
import { readName } from './scalar.ts';
import { choice, flag, integer, list, map, named, refuse, scalar, spelled } from './shape.ts';
import { isMap, Refusal } from './value.ts';

const text = { type: 'string' };
export const modes = ['bridged', 'nat', 'nat-network', 'host-only', 'internal'] as const;
/** Room for a gateway, a VM and a range; and no more than a table of leases can hold. */
const prefixMin = 16;
const prefixMax = 29;

export function readSubnet(value: unknown): Ipv4 {
  const [address = '', length = ''] = typeof value === 'string' ? value.split('/') : [];
  const allowed = `a network such as 192.168.8.0/24, /${prefixMin} to /${prefixMax}`;
  const prefixLength = Number(length);
  if (!/^\d+$/.test(length) || prefixLength < prefixMin || prefixLength > prefixMax) {
    throw new Refusal(value, 'a subnet', allowed);
  }
  let subnet: Ipv4;
  try {
    subnet = { address: readHostAddress(address), prefixLength };
  } catch {
    throw new Refusal(value, 'a subnet', allowed);
  }
  const first = network(subnet);
  if (first === subnet.address) return subnet;
  throw new Refusal(value, 'a subnet', `its network is ${formatIpv4({ address: first, prefixLength })}`);
}

/** `first-last`. */
export function readRange(value: unknown): { first: number; last: number } {
  const allowed = 'first and last address, such as 192.168.8.128-192.168.8.254';
  const ends = typeof value === 'string' ? value.split('-') : [];
  if (ends.length !== 2) throw new Refusal(value, 'a range', allowed);
  try {
    const [first, last] = ends.map((end) => readHostAddress(end.trim())) as [number, number];
    if (first <= last) return { first, last };
  } catch (error) {
    if (!(error instanceof Refusal)) throw error;
  }
  throw new Refusal(value, 'a range', allowed);
}

const leaseSecondsMax = 30 * 86_400;

/** Seconds; shorter ones have no room for T1 and T2 of RFC 2131, 4.4.5. */
export function readLease(value: unknown): number {
  const seconds = readDuration(value) / 1e9;
  if (Number.isInteger(seconds) && seconds >= 2 && seconds <= leaseSecondsMax) return seconds;
  throw new Refusal(value, 'in range', '2s to 720h in whole seconds');
}

const forward = map(
  {
    protocol: choice(['udp', 'tcp'], 'udp or tcp.'),
    hostPort: integer(1, 65_535, "The port of the host's own address."),
    to: scalar(readName, {
      description: 'A VM of the network, or an address in it.',
      ...text,
      examples: ['vm1', '192.168.8.10'],
    }),
    port: integer(1, 65_535, "The VM's port. Default: hostPort.").optional(),
  },
  { description: 'What comes to a port of the host goes to a VM.' },
);

/** `dhcp: true` is the same as `{}`, and `false` as no server. */
const dhcp = spelled(
  (value, context) => {
    if (value === null || value === true) return {};
    if (value === false || isMap(value)) return value === false ? { enabled: false } : value;
    return refuse(
      context,
      new Refusal(value, 'true, false or a map', 'such as { range: 192.168.8.128-192.168.8.254 }'),
    );
  },
  map(
    {
      range: scalar(readRange, { description: 'Default: the upper half of the subnet.', ...text }).optional(),
      lease: scalar(readLease, { description: 'Whole seconds, 2s to 720h. Default 30m.', ...numberOrText }).optional(),
      enabled: flag('false is the same as dhcp: false. Default true.').optional(),
    },
    { description: 'The DHCP server.' },
  ),
  {
    description: 'A DHCP server on a NAT or host-only network. Default true.',
    also: [{ type: 'boolean' }],
  },
);

/** `bridged` is the same as `{ mode: bridged }`. */
const hostedNetwork = spelled(
  (value) => (typeof value === 'string' ? { mode: value } : value),
  map(
    {
      mode: choice(
        modes,
        'Default: bridged for vmnet0, host-only for vmnet1, nat-network for vmnet8, as VMware has them.',
      ).optional(),
      uplink: scalar(readName, { description: "Bridged: the NIC. Default: the host's first.", ...text }).optional(),
      subnet: scalar(readSubnet, {
        description: 'Default: nat 10.0.2.0/24, nat-network 192.168.8.0/24, host-only 192.168.56.0/24.',
        ...text,
      }).optional(),
      dhcp: dhcp.optional(),
      forwards: list(forward, { description: 'Port forwards of a NAT. Default: none.' }).optional(),
    },
    { description: 'A network of VMs.' },
  ),
  { description: 'A network of VMs, or its mode alone.', also: [{ enum: modes }] },
);

export const hostedKeys = {
  hypervisor: choice(
    ['type1', 'type2'],
    'type1 has vswitches (default); type2 is a program on a PC and has networks.',
  ).optional(),
  networks: named(hostedNetwork, {
    description: 'Networks of a type2 hypervisor. Default: vmnet0, vmnet1 and vmnet8.',
  }).optional(),
  ip: scalar(readIpv4, { description: 'type2: the address of the host itself on the LAN.', ...text }).optional(),
  gateway: scalar(readHostAddress, { description: 'type2: the next hop of the host and its NAT.', ...text }).optional(),
  listen: list(integer(1, 65_535, 'A UDP port.'), {
    description: 'type2: UDP ports at which the host itself sends back what comes. Default: none.',
  }).optional(),
  mac: scalar(readMac, { description: 'type2: the MAC of the host itself. Default: a free one.', ...text }).optional(),
};

export const networkKey = scalar(readName, {
  description: "On a type2 host: the VM's network. Default: the only one.",
  ...text,
});

export type HostedNetworkEntry = z.output<typeof hostedNetwork>;
