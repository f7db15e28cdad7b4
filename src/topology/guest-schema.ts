/** The keys of what guests do at layer 3: of a vNIC, and of an entry of traffic. */
import { readHostAddress, readIpv4 } from './address.ts';
import type { Ipv4 } from './model.ts';
import { numberOrText } from './port-schema.ts';
import { readPause } from './quantity.ts';
import { textReader } from './scalar.ts';
import { integer, list, scalar } from './shape.ts';

const text = { type: 'string' };
const port = (description: string) => integer(1, 65_535, description);

function readNicIp(value: unknown): Ipv4 | 'dhcp' {
  return value === 'dhcp' ? value : readIpv4(value);
}

export const guestKeys = {
  ip: scalar(readNicIp, { description: 'Such as 10.0.0.1/24, or dhcp. Default: none.', ...text }).optional(),
  gateway: scalar(readHostAddress, {
    description: 'Where everything goes that is not in the prefix of ip, such as 10.0.0.254. Default: none.',
    ...text,
  }).optional(),
  listen: list(port('A UDP port.'), {
    description: 'UDP ports at which the guest sends back what comes. Default: none.',
  }).optional(),
};

export const receiver = scalar(textReader('a port', 'owner/port, such as esx1/vm1 or tor/1'), {
  description:
    'The receiving vNIC, a pattern, an address such as 10.0.0.5, a group such as 239.1.1.1, or broadcast; with a UDP port as in "10.0.0.5:8080".',
  ...text,
  examples: ['esx1/vm1', '10.0.0.5'],
});

export const pingKeys = {
  fromPort: port('UDP source port of the first flow. Default 1024.').optional(),
  ping: scalar(textReader('a port', 'owner/port, such as esx1/vm1, or an address such as 10.0.0.5'), {
    description: 'Instead of to: sends ICMP echo requests to this vNIC or address, one an interval.',
    ...text,
    examples: ['esx1/vm1', '10.0.0.5'],
  }).optional(),
  interval: scalar(readPause, { description: 'From one ping to the next. Default 1s.', ...numberOrText }).optional(),
};
