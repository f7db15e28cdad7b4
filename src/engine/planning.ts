/** From a program's options to the memory plan that they shape. */
import { createHash } from 'node:crypto';
import { withSeats } from '../topology/change.ts';
import type { CaptureRequest, Topology } from '../topology/model.ts';
import { placementOf, portNames } from './directory.ts';
import { NetworkError, type NetworkOptions, settle } from './options.ts';
import { toJson } from './plain.ts';
import { type Plan, plan } from './plan.ts';
import type { FixedOptions } from './snapshot-content.ts';

/** The name of the capture that stays in memory, the last one of a plan. */
export const MEMORY_TAP = '(memory)';

/** The topology with seats for VMs that a program may move. Throws NetworkError for one that cannot be moved. */
export function seated(topology: Topology, mayMigrate: readonly string[] | '*' = []): Topology {
  try {
    return mayMigrate.length === 0 ? topology : withSeats(topology, mayMigrate === '*' ? ['*'] : mayMigrate);
  } catch (error) {
    throw new NetworkError(`mayMigrate: ${(error as Error).message}`);
  }
}

/** Throws PlanError or NetworkError. */
export function planNetwork(topology: Topology, options: NetworkOptions): Plan {
  const { isVirtual, workers, burst, ringEntries, mayDisable } = settle(options);
  const watch = options.watch ?? [];
  const tap: CaptureRequest[] =
    watch.length > 0 ? [{ file: MEMORY_TAP, ports: portNames(topology, watch), snapLength: 0 }] : [];
  return plan(topology, {
    workers,
    injectAt: portNames(topology, options.injectAt ?? []),
    captures: [...topology.captures, ...(options.captures ?? []), ...tap],
    burst,
    ringEntries,
    virtual: isVirtual,
    placement: placementOf(topology, options.placement ?? {}, workers),
    mayDisable,
    live: options.live ?? 0,
  });
}

/** All that shapes the memory, in a word: two networks with the same one can take each other's state. The date of the start is none of it. */
export function fingerprintOf(topology: Topology, { epochNs: _, ...options }: FixedOptions, memory: Plan): string {
  const { ports: _ports, sums, injectAt, streamsOf, tests: _tests, ...rest } = memory;
  const shape = { ...rest, sums: [...sums], injectAt: [...injectAt.keys()], streamsOf: [...streamsOf] };
  return createHash('sha256')
    .update(toJson([topology, options, shape]))
    .digest('hex');
}
