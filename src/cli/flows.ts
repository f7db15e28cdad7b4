/** Flow records of a run: where they go, and how many a summary tells of. */
import { writeFileSync } from 'node:fs';
import { reason } from '../engine/drain.ts';
import type { Network } from '../engine/network.ts';
import { formatBytes } from '../telemetry/bytes.ts';
import { flowText } from '../telemetry/flow.ts';
import type { SwitchReport } from '../telemetry/report.ts';
import { flowFileProblem, withFlowFile } from '../topology/flow.ts';
import type { Topology } from '../topology/model.ts';
import { UsageError } from './errors.ts';
import { counted, grouped, table } from './format.ts';
import { checkFilePath } from './output.ts';

/** The topology with its flow records going where `--flows` says, if it does. Throws UsageError for a file that cannot be written. */
export function withFlowOption(
  topology: Topology,
  option: string | undefined,
  topologyFile: string | undefined,
): Topology {
  const asked = option === undefined ? topology : withFlowFile(topology, option);
  const { flowFile } = asked;
  if (flowFile === undefined) return asked;
  const why = flowFileProblem(flowFile);
  if (why !== null) throw new UsageError(`--flows: ${why}`);
  checkFilePath(flowFile, topologyFile, 'the flow records');
  return asked;
}

export interface WrittenFlows {
  /** A line for the summary; null where no records were asked for, or these are not whole. */
  readonly told: string | null;
  readonly failure: string | null;
}

/** Writes all records of a run that has ended. */
export function writeFlows(network: Network): WrittenFlows {
  const { flowFile } = network.topology;
  if (flowFile === undefined) return { told: null, failure: null };
  try {
    const records = network.flowRecords();
    const text = flowText(records, flowFile);
    writeFileSync(flowFile, text);
    const size = formatBytes(Buffer.byteLength(text));
    return { told: `flow records ${flowFile}  ${counted(records.length, 'record')}, ${size}`, failure: null };
  } catch (error) {
    return { told: null, failure: `${flowFile}: ${reason(error)}; the flow records are not whole` };
  }
}

const right = (title: string) => ({ title, align: 'right' as const });

/** A row for each switch that keeps records, and an empty line; nothing where none does. */
export function flowsTable(switches: readonly SwitchReport[]): string[] {
  const names = [
    'flowsBegun',
    'flowsLive',
    'flowsEnded',
    'flowsEvicted',
    'flowsLost',
    'flowsLostFrames',
    'flowsUnsampled',
  ] as const;
  const rows = switches.flatMap(({ name, flows }) =>
    flows === undefined ? [] : [[name, ...names.map((key) => grouped(flows[key]))]],
  );
  return rows.length === 0 ? [] : [table([{ title: 'flow records' }, ...names.map(right)], rows), ''];
}
