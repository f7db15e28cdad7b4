/** Ports as they are typed. */
import type { PortName, Topology } from '../topology/model.ts';
import { explainUnknown, resolvePort } from '../topology/ports.ts';
import type { PortFile } from './arguments.ts';
import { UsageError } from './errors.ts';

/** A port's full name, or a line that says which there are. */
export function knownPort(topology: Topology, text: string): PortName {
  const name = resolvePort(topology, text);
  if (name === null) throw new UsageError(explainUnknown(topology, text));
  return name;
}

/** What `--in` was given; all the ports that are unknown are told at once. */
export function knownPorts(topology: Topology, inputs: readonly PortFile[]): { port: PortName; file: string }[] {
  const unknown = new Set(
    inputs.filter(({ port }) => resolvePort(topology, port) === null).map(({ port }) => explainUnknown(topology, port)),
  );
  if (unknown.size > 0) throw new UsageError([...unknown].join('\n'));
  return inputs.map(({ port, file }) => ({ port: knownPort(topology, port), file }));
}
