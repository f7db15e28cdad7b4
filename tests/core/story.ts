/** A random life in few words, for whoever has to find out why it went wrong: what differs from a plain switch, and each step in a line. */
import { switchOf } from '../model/config.ts';
import type { Gap, Life, Step } from './arbitraries.ts';
import type { LooseFrame } from './random-frame.ts';

export function story({ config, steps }: Life): string {
  const { ports, ...settings } = config;
  const plain = switchOf(
    ports.map(({ name, kind }) => ({ name, kind })),
    { macModel: config.macModel },
  );
  const portLines = ports.map((port, i) => `  ${port.name}: ${words(unlike(port, plain.ports[i]!))}`);
  const stepLines = steps.map((step) => `  ${line(step)}`);
  return ['', config.macModel, words(unlike(settings, plain)), ...portLines, ...stepLines, ''].join('\n');
}

/** What of `value` is not as in `usual`. */
function unlike(value: object, usual: object): object {
  const of = usual as Record<string, unknown>;
  const differing = Object.entries(value).flatMap(([key, each]) => {
    if (words(each) === words(of[key])) return [];
    const isNested = isRecord(each) && isRecord(of[key]);
    return [[key, isNested ? unlike(each, of[key] as object) : each]];
  });
  return Object.fromEntries(differing);
}

function isRecord(value: unknown): value is object {
  return typeof value === 'object' && value !== null && !Array.isArray(value);
}

function words(value: unknown): string {
  return JSON.stringify(value, (_key, each) => (typeof each === 'bigint' ? `${each}n` : each)) ?? '';
}

function line(step: Step): string {
  if (step.do === 'frames') return `${wait(step.gap)}port ${step.port}: ${step.frames.map(frameLine).join('; ')}`;
  if (step.do === 'everywhere') return `${wait(step.gap)}everywhere: ${frameLine(step.frame)}`;
  return words(step);
}

const wait = (gap: Gap) => ('after' in gap ? `(${gap.after} ${gap.ns}) ` : gap.ns === 1 ? '' : `(${gap.ns} ns) `);

function frameLine({ src, dst, fits, tags, isService, payload, length }: LooseFrame): string {
  const tagged =
    tags.length > 0 ? ` ${isService ? 'S' : ''}${fits ? '~' : ''}[${tags.map((tci) => tci.toString(16))}]` : '';
  return `${src} > ${dst}${tagged} ${payload}${length === undefined ? '' : ` ${length} bytes`}`;
}
