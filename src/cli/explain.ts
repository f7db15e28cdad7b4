/** `vswitch explain`: one frame, every rule it meets, and what becomes of it. */
import { stdout } from 'node:process';
import { firstTimeNs, replay } from '../endpoints/replay.ts';
import type { Explanation } from '../engine/explain.ts';
import { Network } from '../engine/network.ts';
import { loadTopology } from '../topology/load.ts';
import { withoutTraffic } from '../topology/stream.ts';
import type { PortFile } from './arguments.ts';
import { EXIT_FINE, tellWarnings } from './errors.ts';
import { paint } from './format.ts';
import { describeFrame, readFrame } from './frame.ts';
import { knownPort, knownPorts } from './port.ts';

/** How a check ended; `off` where its rule is switched off for teaching. */
const MARKS = {
  failed: paint('red', 'no '),
  passed: paint('green', 'yes'),
  decided: paint('green', 'yes'),
  off: paint('yellow', 'off'),
} as const;

export interface ExplainOptions {
  readonly port: string;
  readonly frame: string;
  readonly in?: readonly PortFile[];
  readonly json?: boolean;
}

export async function explainFrame(file: string, options: ExplainOptions): Promise<number> {
  const topology = { ...withoutTraffic(loadTopology(file)), captures: [] };
  tellWarnings(topology);
  const port = knownPort(topology, options.port);
  const bytes = readFrame(options.frame);
  const inputs = knownPorts(topology, options.in ?? []);
  const network = new Network(topology, {
    injectAt: [...new Set(inputs.map((i) => i.port))],
    watch: ['*'],
    unplugged: 'open',
  });
  if (inputs.length > 0) await replay(network, firstTimeNs(inputs, {}) ?? 0n, { inputs });
  const explanation = network.explain(port, bytes);
  await network.stop();
  stdout.write(options.json === true ? `${toJson(explanation)}\n` : `${tell(explanation, bytes)}\n`);
  return EXIT_FINE;
}

function toJson(explanation: Explanation): string {
  return JSON.stringify(
    explanation,
    (_, value) => (value instanceof Uint8Array ? Buffer.from(value).toString('hex') : value),
    2,
  );
}

function tell(explanation: Explanation, bytes: Uint8Array): string {
  const { verdict, copies } = explanation;
  const lines = [
    `${describeFrame(bytes)}, enters at ${explanation.port} (${explanation.switch}, ${explanation.macModel})`,
    ...(explanation.banner === null ? [] : [paint('yellow', explanation.banner)]),
    '',
  ];
  for (const { check, outcome, fact } of explanation.checks) {
    const mark = MARKS[outcome];
    lines.push(`  ${mark}  ${check.rule.padEnd(4)} ${check.sentence}${fact === '' ? '' : `  (${fact})`}`);
  }
  const rule = verdict.rule === '-' ? '' : ` by ${verdict.rule}`;
  const color = verdict.fate === 'drop' ? 'red' : 'green';
  lines.push(
    '',
    `${paint(color, verdict.fate === 'drop' ? `dropped${rule}` : 'relayed')}: ${verdict.name}: ${verdict.sentence}`,
  );
  for (const copy of copies) {
    const left = copy.bytes === null ? '' : `  ${describeFrame(copy.bytes)}`;
    const isSent = copy.verdict.fate === 'pass';
    const fate = isSent ? 'leaves by' : `dropped (${copy.verdict.name}) at`;
    lines.push(`  ${fate} ${copy.port}${left}${isSent ? '' : `: ${copy.verdict.sentence}`}`);
  }
  return lines.join('\n');
}
