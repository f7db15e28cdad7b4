/**
 * The ports of a topology by name: how commands, captures and traffic find them.
 */
import type { Host, Nic, PhysicalPort, PhysicalSwitch, PortName, Topology, Vm, VSwitch } from './model.ts';
import { hint } from './suggestion.ts';

/** What has ports; a Topology is one, and so is the half of it that exists while the rest is still being checked. */
export type World = Pick<Topology, 'hosts' | 'switches'>;

export type Port =
  | { readonly kind: 'vNIC'; readonly host: Host; readonly vm: Vm; readonly nic: Nic }
  | { readonly kind: 'uplink'; readonly host: Host }
  | { readonly kind: 'physical port'; readonly switch: PhysicalSwitch; readonly port: PhysicalPort };

/** All port names in a stable order: for each host its vNICs, then its uplinks; then the physical switches' ports. */
export function allPorts(topology: World): PortName[] {
  return [...portIndex(topology).keys()];
}

/**
 * The port that `text` names, or null. Besides the port's own name, `esx1/vm1.eth0` stands for `esx1/vm1`, a VM's first vNIC.
 */
export function resolvePort(topology: World, text: string): PortName | null {
  const index = portIndex(topology);
  if (index.has(text)) return text;
  const first = text.endsWith('.eth0') ? text.slice(0, -'.eth0'.length) : '';
  const port = index.get(first);
  return port?.kind === 'vNIC' && port.vm.nics[0] === port.nic ? first : null;
}

/** The ports whose whole name fits, in the order of allPorts. `*` stands for any characters, the slash among them. */
export function matchPorts(topology: World, glob: string): PortName[] {
  if (!isGlob(glob)) {
    const name = resolvePort(topology, glob);
    return name === null ? [] : [name];
  }
  return allPorts(topology).filter((name) => fits(glob, name));
}

/** Whether a whole name fits a pattern. */
export function fits(glob: string, name: string): boolean {
  const [head = '', ...rest] = glob.split('*');
  const tail = rest.pop() ?? '';
  if (!name.startsWith(head)) return false;
  // Each part at its earliest place leaves the most room for the next; no back-tracking as in a regular expression.
  let end = head.length;
  for (const part of rest) {
    const start = name.indexOf(part, end);
    if (start === -1) return false;
    end = start + part.length;
  }
  return name.length - end >= tail.length && name.endsWith(tail);
}

export function isGlob(text: string): boolean {
  return text.includes('*');
}

const indexes = new WeakMap<World, ReadonlyMap<PortName, Port>>();

/** Every port by its name, in the order of allPorts; made once for each topology. */
export function portIndex(world: World): ReadonlyMap<PortName, Port> {
  const known = indexes.get(world);
  if (known !== undefined) return known;
  const index = new Map<PortName, Port>();
  for (const host of world.hosts) {
    for (const vm of host.vms) {
      for (const nic of vm.nics) index.set(`${host.name}/${nic.name}`, { kind: 'vNIC', host, vm, nic });
    }
    for (const uplink of host.uplinks) index.set(`${host.name}/${uplink}`, { kind: 'uplink', host });
  }
  for (const each of world.switches) {
    for (const port of each.ports)
      index.set(`${each.name}/${port.name}`, { kind: 'physical port', switch: each, port });
  }
  indexes.set(world, index);
  return index;
}

/** The host or switch a port's name begins with. */
export function ownerOf(port: string): string {
  return port.split('/', 1)[0]!;
}

/** The vSwitch that the uplink belongs to, if it is one and belongs to any. */
export function vswitchOf(name: PortName, world: World): VSwitch | undefined {
  const port = portIndex(world).get(name);
  if (port?.kind !== 'uplink') return undefined;
  const uplink = name.slice(ownerOf(name).length + 1);
  return port.host.vswitches.find(({ uplinks }) => uplinks.includes(uplink));
}

/** Why `text` names no port, and what there is instead. */
export function explainUnknown(world: World, text: string): string {
  const owner = ownerOf(text);
  if (owner === text) return `${text} is not a port; write owner/port, such as esx1/vm1 or tor/1`;
  const owners = [...world.hosts, ...world.switches].map(({ name }) => name);
  if (!owners.includes(owner)) return `unknown host or switch ${owner} in ${text}; ${hint(owner, owners, 'known:')}`;
  const prefix = `${owner}/`;
  const ports = allPorts(world)
    .filter((name) => name.startsWith(prefix))
    .map((name) => name.slice(prefix.length));
  return `unknown port ${text}; ${hint(text.slice(prefix.length), ports, `${owner} has`)}`;
}
