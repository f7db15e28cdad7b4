/**
 * Filters in the syntax of pcap-filter(7), for Ethernet: compiled once, run for every frame. The door to filter/:
 *
 *     text -> lexer -> parser -> tree -> meaning -> condition -> graph -> emit -> verify -> words
 *                                                                              run.ts, src/core/filter.ts
 *
 * A filter lets the frames pass that libpcap lets pass with its optimiser off, also those that are cut short: a load
 * beyond the captured octets rejects a frame. (The optimiser may put tests in another order, which only cut frames show.)
 */
import { INSTRUCTIONS_MAX } from './filter/bpf.ts';
import { all } from './filter/condition.ts';
import { emit } from './filter/emit.ts';
import { FilterError } from './filter/error.ts';
import { graphOf } from './filter/graph.ts';
import { meaningOf } from './filter/meaning.ts';
import { parse } from './filter/parser.ts';
import { runWords } from './filter/run.ts';
import { verify } from './filter/verify.ts';

export { FilterError } from './filter/error.ts';
export { verify } from './filter/verify.ts';

export interface FilterProgram {
  /** As it was given. */
  readonly text: string;
  /** Two an instruction, see filter/bpf.ts. */
  readonly words: Uint32Array;
  /** Octets from the start of a frame that it may look at; 2^32-1 where an offset is computed from the frame. */
  readonly reach: number;
}

/**
 * Compiles an expression of pcap-filter; an empty one takes every frame.
 * @throws FilterError in one line, with the column.
 */
export function compileFilter(text: string): FilterProgram {
  const expression = parse(text);
  const condition = expression === null ? all() : meaningOf(expression);
  const root = graphOf(condition, INSTRUCTIONS_MAX);
  const emitted = root === null ? null : emit(root);
  if (root !== null && emitted === null)
    throw new FilterError(
      null,
      'an expression keeps too many numbers at a time',
      'compute it in fewer nested parentheses',
    );
  if (emitted === null || emitted.words.length > 2 * INSTRUCTIONS_MAX)
    throw new FilterError(
      null,
      `it takes more than ${INSTRUCTIONS_MAX} instructions`,
      'ask for less, or make several captures',
    );
  verify(emitted.words);
  return { text, words: emitted.words, reach: emitted.reach };
}

/**
 * Whether a frame passes.
 * @param bytes the frame as far as it was captured.
 * @param length octets the frame had, captured or not.
 */
export function runFilter(program: FilterProgram, bytes: Uint8Array, length: number = bytes.length): boolean {
  return runWords(program.words, bytes, length);
}
