/**
 * What a capture can have as interfaces: every port, and for each host and physical switch `owner/DROP`, where frames that died at
 * its ports are seen.
 */
import type { PortName } from './model.ts';
import { allPorts, fits, isGlob, ownerOf, resolvePort, type World } from './ports.ts';

/** No port of a host or a physical switch can have this name. */
export const DROP = 'DROP';

/** Why a port of an owner cannot be named so. */
export function reservedDrop(owner: string | number | undefined): string {
  return `captures show the frames that die at the ports of ${owner} as ${owner}/${DROP}; give another name`;
}

export function isDrop(name: PortName): boolean {
  return name.endsWith(`/${DROP}`);
}

/** All ports in the order of allPorts, each owner's followed by its DROP. */
export function capturePorts(world: World): PortName[] {
  const byOwner = new Map<string, PortName[]>([...world.hosts, ...world.switches].map(({ name }) => [name, []]));
  for (const name of allPorts(world)) byOwner.get(ownerOf(name))?.push(name);
  return [...byOwner].flatMap(([owner, ports]) => [...ports, `${owner}/${DROP}`]);
}

/** Those that a name or a pattern stands for, in that order. */
export function matchCapturePorts(world: World, text: string): PortName[] {
  const all = capturePorts(world);
  if (isGlob(text)) return all.filter((name) => fits(text, name));
  const name = isDrop(text) ? text : resolvePort(world, text);
  return name !== null && all.includes(name) ? [name] : [];
}
