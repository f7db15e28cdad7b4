/** Where traffic goes when it goes to an address: what a guest can reach from its own prefix, and what it cannot. */
import { addressText, formatIpv4, network, readHostAddress } from './address.ts';
import type { StreamTarget } from './guest-model.ts';
import type { Nic, PortName } from './model.ts';
import { portIndex, type World } from './ports.ts';
import type { Path, Problems } from './problem.ts';
import { inDoubt } from './reference.ts';
import type { StreamEntry } from './schema.ts';
import { Refusal } from './value.ts';

const discard = 9;
const flowPortFirst = 1024;
const portMax = 65_535;

/** `10.0.0.5:8080`, `esx1/vm1:8080`: whom, and the UDP port if one is written. */
interface Written {
  readonly whom: string;
  readonly port: number | null;
}

function written(text: string): Written {
  const [, whom = text, port] = /^(.*):(\d+)$/.exec(text) ?? [];
  return { whom, port: port === undefined ? null : Number(port) };
}

/** Whether text means an address, well written or not, and no port of ours. */
export function isAddress(text: string): boolean {
  return /^[\d.]+(:\d+)?$/.test(text);
}

/** The vNICs that `to` names, without a UDP port. */
export function receiversIn(to: string): string {
  return written(to).whom;
}

/** What a stream says about ports and addresses; undefined: nothing. null after a problem. */
export function targetOf(
  { to = '', fromPort }: StreamEntry,
  path: Path,
  problems: Problems,
): StreamTarget | undefined | null {
  const { whom, port } = written(to);
  if (port !== null && (port < 1 || port > portMax)) {
    problems.add([...path, 'to'], `${port} is no UDP port; 1 to 65,535`);
    return null;
  }
  const ports = { port: port ?? discard, fromPort: fromPort ?? flowPortFirst };
  if (!isAddress(to)) return port === null && fromPort === undefined ? undefined : ports;
  const address = addressAt(whom, [...path, 'to'], problems);
  return address === null ? null : { address, ...ports };
}

export function addressAt(text: string, path: Path, problems: Problems): number | null {
  try {
    return readHostAddress(text);
  } catch (error) {
    if (!(error instanceof Refusal)) throw error;
    problems.add(path, error.message);
    return null;
  }
}

function nicAt(name: PortName, world: World): Nic | undefined {
  const port = portIndex(world).get(name);
  return port?.kind === 'vNIC' ? port.nic : undefined;
}

/** Whether a guest can send to an address at all; a way that it does not have is only unwise. `key`: where the address is written. */
export function checkWay(
  from: PortName,
  to: { readonly address: number; readonly text: string },
  world: World,
  path: Path,
  key: 'to' | 'ping',
  problems: Problems,
): boolean {
  const nic = nicAt(from, world);
  if (nic === undefined) return false;
  const { ip, guest } = nic;
  if (ip === undefined && guest?.dhcp !== true) {
    if (inDoubt(from, world, problems)) return false;
    problems.add([...path, 'from'], `${from} has no ip, from which to send to ${to.text}; give it ip: or ip: dhcp`);
    return false;
  }
  if (ip === undefined) return true;
  if (ip.address === to.address && (key === 'ping' || guest?.hearsItself !== true)) {
    problems.add([...path, key], `${to.text} is the sender itself; write another address`);
    return false;
  }
  const { prefixLength } = ip;
  const isNear = network(ip) === network({ address: to.address, prefixLength });
  if (isNear && prefixLength <= 30 && to.address === network(ip) + 2 ** (32 - prefixLength) - 1) {
    problems.add([...path, key], `${to.text} is the broadcast address of ${formatIpv4(ip)}; write broadcast`);
    return false;
  }
  if (isNear || guest?.gateway !== undefined) return true;
  problems.warn(
    [...path, key],
    `no route: ${to.text} is not in the prefix of ${from}, ${formatIpv4(ip)}, which has no gateway; write gateway: there`,
  );
  return true;
}

/** The address of a named receiver, known before the run; null after a problem. */
export function addressOf(
  name: PortName,
  world: World,
  path: Path,
  problems: Problems,
): { readonly address: number; readonly text: string } | null {
  const nic = nicAt(name, world);
  if (nic === undefined) return null;
  if (nic.ip !== undefined) return { address: nic.ip.address, text: addressText(nic.ip.address) };
  if (inDoubt(name, world, problems)) return null;
  const why =
    nic.guest?.dhcp === true
      ? 'gets its ip by DHCP, which is known only while it runs; write the address itself'
      : 'has no ip; give it one, or write an address';
  problems.add(path, `${name} ${why}`);
  return null;
}

/** What a stream between named vNICs asks of them beyond their names. */
export function checkNamed(
  pair: { readonly from: PortName; readonly to: PortName },
  target: StreamTarget | undefined,
  world: World,
  path: Path,
  problems: Problems,
): void {
  const [from, to] = [nicAt(pair.from, world), nicAt(pair.to, world)];
  const hasIp = from?.ip !== undefined || from?.guest?.dhcp === true;
  if (target !== undefined && !hasIp && from !== undefined && !inDoubt(pair.from, world, problems)) {
    problems.add([...path, 'from'], `${pair.from} has no ip, and so no UDP ports; give it ip: or ip: dhcp`);
  } else if (target !== undefined || (hasIp && to?.guest?.dhcp === true)) {
    addressOf(pair.to, world, [...path, 'to'], problems);
  }
}

/** What comes back to a port at which a guest listens would be taken for a question. */
export function checkFromPort(
  from: PortName,
  target: StreamTarget,
  world: World,
  path: Path,
  problems: Problems,
): void {
  if (!nicAt(from, world)?.guest?.listen?.includes(target.fromPort)) return;
  problems.add([...path, 'fromPort'], `${from} listens at ${target.fromPort}; write another port, or leave it out`);
}
