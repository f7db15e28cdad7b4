/**
 * Why a capture cannot be read (further): one line an operator can act on, `file: offset N: what is wrong; what to do`.
 *
 * Names in the line come from the file itself or from a command line, so control characters are replaced: the message
 * stays one line and cannot drive a terminal.
 */
export class CaptureError extends Error {
  override readonly name = 'CaptureError';
  /** The capture, as the caller named it. */
  readonly file: string;
  /** Octets from the start of the file to the field, record or block at fault; 0 when the file could not be opened. */
  readonly offset: number;

  constructor(file: string, offset: number, what: string, remedy: string, cause?: unknown) {
    const line = `${file}: offset ${offset}: ${what}; ${remedy}`;
    super(line.replace(/[\p{Cc}\u2028\u2029]/gu, '\ufffd'), cause === undefined ? undefined : { cause });
    this.file = file;
    this.offset = offset;
  }
}
