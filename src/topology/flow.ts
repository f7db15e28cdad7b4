/** Flow records: which switches keep some, and where a run writes them. */
import type { FlowSettings } from './flow-model.ts';
import type { FlowsEntry } from './flow-schema.ts';
import type { Topology } from './model.ts';
import type { World } from './ports.ts';
import type { Problems } from './problem.ts';
import type { File } from './schema.ts';

const SECOND_NS = 1_000_000_000;
const endings = ['.csv', '.json', '.ndjson'];

export function flowSettings(entry: FlowsEntry = {}): FlowSettings {
  return {
    recordsMax: entry.max ?? 4096,
    activeNs: entry.activeTimeout ?? 60 * SECOND_NS,
    idleNs: entry.idleTimeout ?? 15 * SECOND_NS,
    sample: entry.sample ?? 1,
  };
}

/** Why flow records cannot be written to a file of that name, or null. */
export function flowFileProblem(file: string): string | null {
  return endings.some((ending) => file.endsWith(ending))
    ? null
    : `${file} says no format; name it .csv, .json or .ndjson`;
}

/** The file of a run; absent: none is asked for. */
export function flowFileOf(file: File, problems: Problems): { readonly flowFile?: string } {
  const path = file.flowRecords?.file;
  if (path === undefined) return {};
  const why = flowFileProblem(path);
  if (why !== null) problems.add(['flowRecords', 'file'], why);
  return { flowFile: path };
}

/** Where a file is asked for and no switch says anything, all switches keep records. */
export function withFlows<W extends World>(world: W, isAsked: boolean): W {
  const switches = [...world.hosts.flatMap(({ vswitches }) => vswitches), ...world.switches];
  if (!isAsked || switches.some(({ flows }) => flows !== undefined)) return world;
  const flows = flowSettings();
  return {
    ...world,
    hosts: world.hosts.map((host) => ({ ...host, vswitches: host.vswitches.map((each) => ({ ...each, flows })) })),
    switches: world.switches.map((each) => ({ ...each, flows })),
  };
}

/** The same network with its flow records going to a file. */
export function withFlowFile(topology: Topology, flowFile: string): Topology {
  return { ...withFlows(topology, true), flowFile };
}
