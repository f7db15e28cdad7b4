/** A place in a filter's tokens, with what every part of the parser does there. */
import { FilterError } from './error.ts';
import type { Token } from './lexer.ts';

/** Deepest nesting of parentheses, brackets and `not`. */
const DEPTH_MAX = 100;

export class Reader {
  at = 0;
  private readonly tokens: readonly Token[];
  private depth = 0;

  constructor(tokens: readonly Token[]) {
    this.tokens = tokens;
  }

  get next(): Token {
    return this.tokens[this.at]!;
  }

  get isAtEnd(): boolean {
    return this.next.kind === 'end';
  }

  columnAt(at: number): number {
    return this.tokens[at]!.column;
  }

  /** Whether the next token is this word or sign. */
  is(...texts: readonly string[]): boolean {
    const { kind, text } = this.next;
    return (kind === 'word' || kind === 'sign') && texts.includes(text);
  }

  take(): Token {
    const token = this.next;
    if (token.kind !== 'end') this.at++;
    return token;
  }

  skip(text: string): boolean {
    if (!this.is(text)) return false;
    this.at++;
    return true;
  }

  expect(text: string, remedy: string): void {
    if (!this.skip(text)) throw this.error(`${quoted(this.next)} stands where '${text}' is wanted`, remedy);
  }

  /** Takes a number, also in parentheses. */
  number(what: string, remedy: string): number {
    if (this.skip('(')) {
      const value = this.nested(() => this.number(what, remedy));
      this.expect(')', 'close the parenthesis');
      return value;
    }
    const { next } = this;
    if (next.kind !== 'number') throw this.error(`${quoted(next)} stands where ${what} is wanted`, remedy);
    this.take();
    return next.value;
  }

  nested<T>(read: () => T): T {
    if (this.depth >= DEPTH_MAX)
      throw this.error(`more than ${DEPTH_MAX} levels are nested here`, 'write the filter with fewer parentheses');
    this.depth++;
    try {
      return read();
    } finally {
      this.depth--;
    }
  }

  /** What `read` makes of what follows, or null, and nothing is taken, where that is something else. */
  attempt<T>(read: () => T): T | null {
    const start = this.at;
    try {
      return read();
    } catch (problem) {
      if (!(problem instanceof FilterError)) throw problem;
      this.at = start;
      return null;
    }
  }

  error(what: string, remedy: string): FilterError {
    return new FilterError(this.next.column, what, remedy);
  }
}

export function quoted(token: Token): string {
  return token.kind === 'end' ? 'the end' : `'${token.text}'`;
}
