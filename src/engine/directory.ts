/** Names to planned switches and ports: the one place where a program's names are looked up, and refused. */
import type { PortName, Topology } from '../topology/model.ts';
import { allPorts, resolvePort } from '../topology/ports.ts';
import { NetworkError } from './options.ts';
import type { Plan, PlannedPort, PlannedSwitch } from './plan.ts';

/** The ports that names mean; `*` is all. */
export function portNames(topology: Topology, names: readonly PortName[]): PortName[] {
  if (names.includes('*')) return allPorts(topology);
  return names.map((name) => {
    const known = resolvePort(topology, name);
    if (known === null) throw unknownPort(topology, name);
    return known;
  });
}

/** Where a program wants hosts and physical switches to be moved. */
export function placementOf(
  topology: Topology,
  given: Readonly<Record<string, number>>,
  workers: number,
): Map<string, number> {
  const known = new Set([...topology.hosts, ...topology.switches].map(({ name }) => name));
  for (const [name, worker] of Object.entries(given)) {
    if (!known.has(name)) throw new NetworkError(`placement: no host or physical switch ${name} in ${topology.name}`);
    if (!Number.isInteger(worker) || worker < 0 || worker >= workers)
      throw new NetworkError(`placement: ${name} cannot be with worker ${worker}; allowed is 0 to ${workers - 1}`);
  }
  return new Map(Object.entries(given));
}

export class Directory {
  readonly #topology: Topology;
  readonly #plan: Plan;

  constructor(topology: Topology, plan: Plan) {
    this.#topology = topology;
    this.#plan = plan;
  }

  port(name: PortName): { sw: PlannedSwitch; port: PlannedPort } {
    const known = resolvePort(this.#topology, name);
    const found = known === null ? undefined : this.#plan.ports.get(known);
    if (found === undefined) throw unknownPort(this.#topology, name);
    return found;
  }

  switch(name: string): PlannedSwitch {
    const { switches } = this.#plan;
    const found = switches.find((sw) => sw.name === name);
    if (found !== undefined) return found;
    const known = switches.map((sw) => sw.name).join(', ');
    throw new NetworkError(`no switch ${name} in ${this.#topology.name}; there are ${known}`);
  }
}

function unknownPort(topology: Topology, name: PortName): NetworkError {
  return new NetworkError(`no port ${name} in ${topology.name}`);
}
