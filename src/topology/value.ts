/**
 * What stands in a file before it is checked: any value that YAML, JSON or a caller's code can hand over.
 */

/** A value that cannot be read. The message is `what is wrong; what is allowed`, without a place. */
export class Refusal extends Error {
  constructor(value: unknown, noun: string, allowed: string) {
    super(value === undefined ? `missing; ${allowed}` : `${show(value)} is not ${noun}; ${allowed}`);
    this.name = 'Refusal';
  }
}

/** A plain map of keys to values; dates, sets and buffers, which YAML 1.1 tags can make, are not. */
export function isMap(value: unknown): value is Record<string, unknown> {
  if (typeof value !== 'object' || value === null || Array.isArray(value)) return false;
  const prototype = Object.getPrototypeOf(value);
  return prototype === null || prototype === Object.prototype;
}

/** The value as a sentence names it: short, on one line. */
export function show(value: unknown): string {
  if (typeof value === 'string') return value === '' ? 'an empty text' : shorten(value);
  if (value === null || value === undefined) return 'nothing';
  if (Array.isArray(value)) return 'a list';
  return typeof value === 'object' || typeof value === 'function' ? 'a map' : String(value);
}

const shownLengthMax = 60;

function shorten(text: string): string {
  const line = text.replace(/[\x00-\x1f\x7f]+/g, ' ');
  return line.length > shownLengthMax ? `${line.slice(0, shownLengthMax)}…` : line;
}
