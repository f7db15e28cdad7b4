/** The captures of a run as its command line has them: one more beside the topology's, and what becomes of errors in all. */
import { InvalidArgumentError } from 'commander';
import { STANDARD_OUTPUT } from '../topology/capture-name.ts';
import type { CaptureRequest, Topology } from '../topology/model.ts';
import { TopologyError } from '../topology/problem.ts';
import { captureOf } from '../topology/request.ts';
import { UsageError } from './errors.ts';

/** Keys and values: `size=10MB,keep=5`. */
export type Settings = Readonly<Record<string, string>>;

export interface CaptureOptions {
  readonly capture?: string;
  readonly capturePorts?: readonly string[];
  readonly captureWires?: readonly string[];
  readonly captureFilter?: string;
  readonly stages?: readonly string[];
  readonly direction?: string;
  readonly snap?: string;
  readonly sample?: string;
  readonly rotate?: Settings;
  readonly limit?: Settings;
  readonly onCaptureError?: 'continue' | 'stop';
}

/** The option behind each key of a capture. */
const OPTION_OF: Readonly<Record<string, string>> = {
  file: '--capture',
  ports: '--capture-ports',
  wires: '--capture-wires',
  filter: '--capture-filter',
  stages: '--stages',
  direction: '--direction',
  snap: '--snap',
  sample: '--sample',
  rotate: '--rotate',
  limit: '--limit',
};

/** `esx1/*,tor/1` */
export function words(text: string): string[] {
  return text.split(',').map((word) => word.trim());
}

/** `size=10MB,keep=5` */
export function settings(text: string): Settings {
  const pairs = words(text).map((word) => {
    const at = word.indexOf('=');
    if (at < 1 || at === word.length - 1)
      throw new InvalidArgumentError('expected KEY=VALUE, such as size=10MB or frames=1000,keep=5');
    return [word.slice(0, at), word.slice(at + 1)] as const;
  });
  return Object.fromEntries(pairs);
}

/** The topology with the capture of the command line. Throws UsageError. */
export function withCaptures(topology: Topology, options: CaptureOptions): Topology {
  const asked = [...topology.captures, ...ofOptions(topology, options)];
  const captures = asked.map((capture) => {
    const onError = capture.onError ?? options.onCaptureError ?? unasked(capture);
    return onError === undefined ? capture : { ...capture, onError };
  });
  return { ...topology, captures };
}

/** Who pipes a capture into a program has the run for that program: it ends with it, as every command in a pipe does. */
function unasked({ file }: CaptureRequest): 'stop' | undefined {
  return file === STANDARD_OUTPUT ? 'stop' : undefined;
}

/** Whether a capture takes the standard output, so that nothing else may be printed there. */
export function takesOutput({ captures }: Pick<Topology, 'captures'>): boolean {
  return captures.some(({ file }) => file === STANDARD_OUTPUT);
}

function ofOptions(topology: Topology, options: CaptureOptions): CaptureRequest[] {
  const { capture: file, capturePorts: ports, captureWires: wires, captureFilter: filter } = options;
  const { stages, direction, snap, sample, rotate, limit } = options;
  const keys = { ports, wires, filter, stages, direction, snap, sample, rotate, limit };
  const given = Object.entries(keys).filter(([, value]) => value !== undefined);
  if (file === undefined) {
    if (given.length === 0) return [];
    throw new UsageError(`${OPTION_OF[given[0]![0]]} is for --capture FILE; name the file to write`);
  }
  try {
    return [captureOf({ file, ...Object.fromEntries(given) }, topology)];
  } catch (error) {
    if (!(error instanceof TopologyError)) throw error;
    const lines = error.problems.map(({ path, message }) => `${optionOf(path)}: ${message}`);
    throw new UsageError(lines.join('\n'));
  }
}

/** `--rotate size` for the path `rotate.size`; places in lists say nothing here. */
function optionOf(path: string): string {
  const [key = '', part] = path.replace(/\[\d+\]/g, '').split('.');
  return [OPTION_OF[key] ?? '--capture', part].filter((word) => word !== undefined).join(' ');
}
