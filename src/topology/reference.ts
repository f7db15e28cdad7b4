/**
 * A port or switch that one part of the file names and another part declares.
 */
import type { PortName } from './model.ts';
import { explainUnknown, ownerOf, portIndex, resolvePort, type World } from './ports.ts';
import type { Path, Problems } from './problem.ts';
import { hint } from './suggestion.ts';

/** The port's own name; null if there is none, which is a problem at `path` unless the declaration was refused already. */
export function portAt(text: string, world: World, path: Path, problems: Problems): PortName | null {
  const name = resolvePort(world, text);
  if (name === null && !inDoubt(text, world, problems)) problems.add(path, explainUnknown(world, text));
  return name;
}

/** Whether the port may be declared by something that could not be read. */
export function inDoubt(text: string, world: World, problems: Problems): boolean {
  const owner = ownerOf(text);
  const isHost = world.hosts.some(({ name }) => name === owner);
  const isSwitch = world.switches.some(({ name }) => name === owner);
  if (isHost) return problems.lost(['hosts', owner], 2);
  if (isSwitch) return problems.lost(['physical', 'switches', owner], 2);
  return [[], ['hosts'], ['physical'], ['physical', 'switches']].some((path) => problems.lost(path, 1));
}

/** Names of all switches: `esx1/vSwitch0`, and the physical ones. */
function switchesOf({ hosts, switches }: World): string[] {
  const vswitches = hosts.flatMap((host) => host.vswitches.map(({ name }) => `${host.name}/${name}`));
  return [...vswitches, ...switches.map(({ name }) => name)];
}

export function isSwitch(text: string, world: World): boolean {
  return switchesOf(world).includes(text);
}

/** Whether `text` is a switch; else that is a problem at `path`, as in portAt. */
export function switchAt(text: string, world: World, path: Path, problems: Problems): boolean {
  if (isSwitch(text, world)) return true;
  if (!inDoubt(text, world, problems))
    problems.add(path, `unknown switch ${text}; ${hint(text, switchesOf(world), 'there are')}`);
  return false;
}

/** `esx1/vm1 is a vNIC`, for a port that stands where its kind has no business. */
export function kindOf(name: PortName, world: World): string {
  const kind = portIndex(world).get(name)?.kind;
  return `${name} is ${kind === 'uplink' ? 'an' : 'a'} ${kind}`;
}
