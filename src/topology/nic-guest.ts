/** What a vNIC's keys make of its guest at layer 3. */
import { addressText, formatIpv4, network } from './address.ts';
import type { GuestIp } from './guest-model.ts';
import type { Path, Problems } from './problem.ts';
import type { NicEntry } from './schema.ts';

/** null: nothing but answers to ARP and ICMP echo. */
export function guestOf({ ip, gateway, listen = [] }: NicEntry, path: Path, problems: Problems): GuestIp | null {
  const ports = listen.filter((port) => port !== undefined);
  for (const [i, port] of ports.entries()) {
    if (ports.indexOf(port) < i) problems.add([...path, 'listen', i], `${port} stands twice; each port once`);
  }
  if (ip === undefined && ports.length > 0 && !problems.lost([...path, 'ip']))
    problems.add([...path, 'listen'], 'nobody can reach it without an address; give it ip: or ip: dhcp');
  if (gateway !== undefined) checkGateway(ip, gateway, path, problems);
  if (ip !== 'dhcp' && gateway === undefined && ports.length === 0) return null;
  return {
    ...(ip === 'dhcp' && { dhcp: true as const }),
    ...(gateway !== undefined && { gateway }),
    ...(ports.length > 0 && { listen: ports }),
  };
}

function checkGateway(ip: NicEntry['ip'], gateway: number, path: Path, problems: Problems): void {
  if (problems.lost([...path, 'ip'])) return;
  const place = [...path, 'gateway'];
  if (ip === undefined) problems.add(place, 'a gateway needs an address of its own prefix; write ip: too');
  else if (ip === 'dhcp') problems.add(place, 'it comes with the lease; leave it out, or write ip: with an address');
  else if (ip.address === gateway)
    problems.add(place, `${addressText(gateway)} is the guest's own address; write its router's`);
  else if (network(ip) !== network({ address: gateway, prefixLength: ip.prefixLength }))
    problems.add(place, `${addressText(gateway)} is not in the prefix of ${formatIpv4(ip)}; write an address in it`);
}
