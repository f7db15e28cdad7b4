/** `vswitch pcap split`: one capture in several files, by interface, id, section, size, time or number of frames. */
import { join } from 'node:path';
import { stdout } from 'node:process';
import { CaptureCopy } from '../../capture/copy.ts';
import type { FrameCursor, SourceInterface } from '../../capture/frame.ts';
import { EXIT_FAILED, EXIT_FINE, UsageError } from '../errors.ts';
import { counted } from '../format.ts';
import { fileName } from './cat.ts';
import { Inputs } from './select.ts';
import { type Target, target } from './target.ts';

/** Files that are open at once: below what systems allow a process. */
const FILES_MAX = 500;

export interface Criterion {
  readonly by: 'interface' | 'id' | 'section' | 'size' | 'time' | 'frames';
  /** Octets, nanoseconds or frames. */
  readonly amount: number;
}

export interface SplitOptions {
  readonly by: Criterion;
  readonly output: string;
  readonly keepGoing?: boolean;
}

interface Part {
  readonly name: string;
  readonly target: Target;
  readonly copy: CaptureCopy;
}

export function split(file: string, options: SplitOptions): number {
  const { by, output } = options;
  const parts = new Map<string, Part>();
  const names = new Set<string>();
  const open = (label: string): Part => {
    if (parts.size === FILES_MAX)
      throw new UsageError(
        `--by ${by.by}: that makes more than ${FILES_MAX} files; split by something coarser, or choose frames with vswitch pcap cat first`,
      );
    const name = nameOf(label, names);
    const to = target(join(output, name), [file]);
    return { name, target: to, copy: new CaptureCopy(to.sink, null) };
  };
  const stem = fileName(file);
  const next = labeller(by);
  const inputs = new Inputs([file], options);
  const finished: Part[] = [];
  try {
    for (const { cursor } of inputs.frames({})) {
      const label = next(cursor, parts.get(LATEST)?.copy.bytes ?? 0);
      let part = parts.get(label);
      if (part === undefined || (label === LATEST && isNew(by, next))) {
        if (part !== undefined) {
          // What is full takes nothing more.
          part.copy.end();
          part.target.keep();
          finished.push(part);
        }
        part = open(label === LATEST ? `${stem}.${String(finished.length + 1).padStart(4, '0')}` : `${stem}.${label}`);
        parts.set(label, part);
      }
      part.copy.frame(cursor, stem);
    }
    for (const part of parts.values()) {
      part.copy.end();
      part.target.keep();
    }
  } catch (error) {
    for (const part of parts.values()) part.target.drop();
    throw error;
  }
  const told = [...finished, ...parts.values()].map(({ name, copy }) => `${join(output, name)}: ${counted(copy.frames, 'frame')}\n`);
  stdout.write(told.join(''));
  return inputs.problems > 0 ? EXIT_FAILED : EXIT_FINE;
}
