/** `vswitch pcap cat`: frames of several captures, chosen, in one file or as text. */
import { basename } from 'node:path';
import { stderr, stdout } from 'node:process';
import { BLOCK, OPTION } from '../../capture/block.ts';
import { CaptureCopy } from '../../capture/copy.ts';
import { compileFilter, runFilter } from '../../capture/filter.ts';
import { OptionCursor } from '../../capture/options.ts';
import { EXIT_FAILED, EXIT_FINE, note, UsageError } from '../errors.ts';
import { counted } from '../format.ts';
import { frameLine } from './line.ts';
import { type Choice, type Input, Inputs } from './select.ts';
import { type Target, target } from './target.ts';

/** Names of what is not written here. */
const OTHER_FORMAT = /\.(pcap|gz|zst|bz2|xz|lz4)$/i;
const LINES_AT_ONCE = 512;
const SECTION_HEADER_BYTES = 24;

export interface CatOptions extends Choice {
  readonly output?: string;
  readonly text?: boolean;
  readonly filter?: string;
  readonly merge?: boolean;
  readonly keepGoing?: boolean;
}

export async function cat(files: readonly string[], options: CatOptions): Promise<number> {
  const { output, text } = options;
  const choice = { ...options, ...accepting(options.filter) };
  if (text === true && output !== undefined) throw new UsageError('--text is for a terminal; leave out -o, or --text');
  if (output !== undefined && OTHER_FORMAT.test(output))
    throw new UsageError(`${output}: cat writes pcapng as it is; name it .pcapng, and compress it afterwards`);
  const isTerminal = stdout.isTTY === true;
  if (output === '-' && isTerminal)
    throw new UsageError('-o -: that is a terminal; send it through a pipe, or leave out -o to see the frames as text');
  return output === undefined ? listing(files, choice) : joined(files, choice, target(output, files));
}

function accepting(filter: string | undefined): Pick<Choice, 'accepts'> {
  if (filter === undefined) return {};
  const program = compileFilter(filter);
  return { accepts: (bytes, length) => runFilter(program, bytes, length) };
}

/** What names an interface of a file that has none. */
export function fileName(file: string): string {
  return file === '-'
    ? 'stdin'
    : basename(file)
        .replace(/\.(gz|zst)$/, '')
        .replace(/\.(pcap|pcapng|cap)$/, '');
}

async function listing(files: readonly string[], options: CatOptions): Promise<number> {
  const inputs = new Inputs(files, options);
  let lines: string[] = [];
  const flush = async (): Promise<void> => {
    const isFull = !stdout.write(lines.join(''));
    lines = [];
    if (isFull) await new Promise((resolve) => stdout.once('drain', resolve));
  };
  for (const { cursor } of inputs.frames(options)) {
    const frame = cursor.frame();
    lines.push(`${frameLine(frame, frame.timeNs - inputs.firstNs!)}\n`);
    if (lines.length === LINES_AT_ONCE) await flush();
  }
  if (lines.length > 0) await flush();
  return inputs.problems > 0 ? EXIT_FAILED : EXIT_FINE;
}

function joined(files: readonly string[], options: CatOptions, to: Target): number {
  const isWhole = !['interface', 'id', 'from', 'to', 'accepts'].some(
    (key) => options[key as keyof Choice] !== undefined,
  );
  const comments = new Set<string>();
  // Sections come before what they hold: the first comments are known once the first frame or interface is there.
  let copy: CaptureCopy | null = null;
  const begun = (): CaptureCopy => {
    copy ??= new CaptureCopy(to.sink, comments.size === 0 ? null : [...comments].join('\n'));
    return copy;
  };
  let untold = 0;
  const onBlock = ({ file, cursor }: Input, type: number, at: number, length: number): void => {
    if (type === BLOCK.sectionHeader) for (const comment of commentsOf(cursor, at, length)) comments.add(comment);
    else if (type === BLOCK.interfaceDescription) {
      const from = cursor.interfaces.at(-1);
      if (from && isWhole) begun().describe(from, cursor.little, fileName(file));
    } else if (type === BLOCK.interfaceStatistics && !isWhole) return;
    else if (!begun().other(cursor, type, at, length, fileName(file))) untold++;
  };
  try {
    const inputs = new Inputs(files, { ...options, onBlock });
    for (const { file, cursor } of inputs.frames(options)) begun().frame(cursor, fileName(file));
    begun().end();
    to.keep();
    if (untold > 0) note(`${counted(untold, 'block')} of unknown or private kinds left out`);
    if (options.output !== '-') stderr.write(`${options.output}: ${counted(begun().frames, 'frame')}\n`);
    return inputs.problems > 0 ? EXIT_FAILED : EXIT_FINE;
  } catch (error) {
    to.drop();
    throw error;
  }
}

/** The comments of a section header. */
function commentsOf(cursor: Input['cursor'], at: number, length: number): string[] {
  const options = new OptionCursor(cursor.source);
  options.enter(at + SECTION_HEADER_BYTES, at, length, cursor.little);
  const found: string[] = [];
  while (options.next()) if (options.code === OPTION.comment) found.push(options.text());
  return found;
}
