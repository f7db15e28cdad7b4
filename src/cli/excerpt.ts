/**
 * The line of a topology file that a problem is about, with a caret under the place:
 *
 *        4 |     uplinks: { vmnic0: { to: tor/9, rte: 10G } }
 *          |                                     ^
 */
import { readFileSync, statSync } from 'node:fs';
import type { Problem } from '../topology/problem.ts';
import { paintFor } from './format.ts';

/** Larger files are not read again for it. */
const FILE_BYTES_MAX = 1024 * 1024;
const WIDTH = 100;
/** What stands before the caret when a long line is cut. */
const BEFORE = 60;
const GUTTER = 5;

/** One for each problem; null where there is no place to show. */
export function excerpt(problems: readonly Problem[]): (string | null)[] {
  const files = new Map<string, readonly string[]>();
  return problems.map(({ file, line, column }) => {
    if (line === 0) return null;
    if (!files.has(file)) files.set(file, linesOf(file));
    const text = files.get(file)?.[line - 1];
    return text === undefined || column > text.length + 1 ? null : draw(text, line, column);
  });
}

/** Empty for what is no regular file: a pipe has been read already. */
function linesOf(file: string): readonly string[] {
  try {
    const { size } = statSync(file);
    return statSync(file).isFile() && size <= FILE_BYTES_MAX ? readFileSync(file, 'utf8').split(/\r\n|\r|\n/) : [];
  } catch {
    return [];
  }
}

function draw(text: string, line: number, column: number): string {
  const from = column <= WIDTH ? 0 : column - BEFORE;
  const clean = text.replace(/\t/g, ' ').replace(/[\p{Cc}\u2028\u2029]/gu, '\ufffd');
  const shown = `${from > 0 ? '…' : ''}${clean.slice(from, from + WIDTH)}${clean.length > from + WIDTH ? '…' : ''}`;
  const caretAt = column - 1 - from + (from > 0 ? 1 : 0);
  const number = String(line).padStart(GUTTER);
  return `${paintFor('stderr', 'dim', `${number} |`)} ${shown}\n${paintFor('stderr', 'dim', `${' '.repeat(GUTTER)} |`)} ${' '.repeat(caretAt)}${paintFor('stderr', 'red', '^')}`;
}
