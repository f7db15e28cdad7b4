/**
 * A port that one part of the file names and another part declares.
 */
import type { PortName } from './model.ts';
import { explainUnknown, ownerOf, portIndex, resolvePort, type World } from './ports.ts';
import type { Path, Problems } from './problem.ts';

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

/** `esx1/vm1 is a vNIC`, for a port that stands where its kind has no business. */
export function kindOf(name: PortName, world: World): string {
  const kind = portIndex(world).get(name)?.kind;
  return `${name} is ${kind === 'uplink' ? 'an' : 'a'} ${kind}`;
}
