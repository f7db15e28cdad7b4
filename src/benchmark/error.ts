/**
 * Why a benchmark cannot be run, or had to be given up: one line an operator can act on, `what is wrong; what to do`.
 *
 * Names in the line come from a command line or a file, so control characters are replaced: the message stays one line
 * and cannot drive a terminal.
 */
export class BenchError extends Error {
  override readonly name = 'BenchError';

  constructor(what: string, remedy: string, cause?: unknown) {
    const line = `${what}; ${remedy}`;
    super(line.replace(/[\p{Cc}\u2028\u2029]/gu, '\ufffd'), cause === undefined ? undefined : { cause });
  }
}
