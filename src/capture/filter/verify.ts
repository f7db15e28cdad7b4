/** Whether a program may run: once here, so that nobody who runs it has to look. */
import {
  ALU,
  INSTRUCTIONS_MAX,
  JUMP,
  JUMP_IF,
  LOAD_ABSOLUTE,
  LOAD_INDIRECT,
  LOAD_LENGTH,
  LOAD_MEMORY,
  LOAD_NUMBER,
  LOAD_X_HEADER,
  LOAD_X_MEMORY,
  MEMORY_WORDS,
  NEGATE,
  OF_X,
  RETURN,
  STORE,
  X_FROM_A,
} from './bpf.ts';
import { FilterError } from './error.ts';

const CONDITIONAL: ReadonlySet<number> = new Set(Object.values(JUMP_IF).flatMap((code) => [code, code + OF_X]));
const MEMORY: ReadonlySet<number> = new Set([LOAD_MEMORY, LOAD_X_MEMORY, STORE]);
const OTHERS: ReadonlySet<number> = new Set([
  ...[...Object.values(LOAD_ABSOLUTE), ...Object.values(LOAD_INDIRECT), LOAD_NUMBER, LOAD_LENGTH, LOAD_X_HEADER],
  ...[...Object.values(ALU).flatMap((code) => [code, code + OF_X]), NEGATE, X_FROM_A, RETURN],
]);

/**
 * Lets a program pass that ends on every way, touches no memory but its own, and has known instructions only.
 * @throws FilterError naming the instruction at fault, counted from 0.
 */
export function verify(words: Uint32Array): void {
  const count = words.length / 2;
  const remedy = 'compile the filter again';
  const fault = (what: string): FilterError => new FilterError(null, `a program ${what}`, remedy);
  if (!Number.isInteger(count)) throw fault('ends inside of an instruction');
  if (count === 0) throw fault('is empty');
  if (count > INSTRUCTIONS_MAX) throw fault(`has ${count} instructions, more than ${INSTRUCTIONS_MAX}`);
  for (let i = 0; i < count; i++) {
    const [head, k] = [words[2 * i]!, words[2 * i + 1]!];
    const code = head & 0xffff;
    const [jt, jf] = [(head >>> 16) & 0xff, head >>> 24];
    const left = count - i - 1;
    if (code === JUMP ? k >= left : CONDITIONAL.has(code) && (jt >= left || jf >= left))
      throw fault(`jumps beyond its end at instruction ${i}`);
    if (MEMORY.has(code) && k >= MEMORY_WORDS) throw fault(`has no word M[${k}] at instruction ${i}`);
    if (code !== JUMP && !CONDITIONAL.has(code) && !MEMORY.has(code) && !OTHERS.has(code))
      throw fault(`has an unknown code ${code} at instruction ${i}`);
  }
  if ((words[2 * count - 2]! & 0xffff) !== RETURN) throw fault('does not end with a return');
}
