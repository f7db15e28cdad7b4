/**
 * A filter's text as tokens, by the rules of libpcap's scanner: the longest match wins, and of equal ones the first. So
 * `80-90` and `len-1` are one word each, as there.
 */
import { parseIp6 } from './address.ts';
import { FilterError } from './error.ts';
import { KEYWORDS, NUMBERS, PROTOCOLS, REFUSED } from './names.ts';

export type Token =
  | { readonly kind: 'number'; readonly text: string; readonly column: number; readonly value: number }
  | { readonly kind: Plain; readonly text: string; readonly column: number };

/** `word`: a keyword or a protocol; `name`: any other, or one after a backslash. */
type Plain = 'word' | 'name' | 'ip4' | 'ip6' | 'mac' | 'sign' | 'end';

const WORD = /[A-Za-z0-9](?:[-_.A-Za-z0-9]*[.A-Za-z0-9])?/y;
const ESCAPED = /\\[^ !()\n\t]+/y;
const MAC =
  /(?:(?:[0-9a-f]{1,2}:){5}|(?:[0-9a-f]{1,2}-){5}|(?:[0-9a-f]{1,2}\.){5})[0-9a-f]{1,2}|(?:[0-9a-f]{4}\.){2}[0-9a-f]{4}|[0-9a-f]{12}/iy;
const NUMBER = /0x[0-9a-f]+|[0-9]+/iy;
const DOTTED = /(?:0x[0-9a-f]+|[0-9]+)(?:\.(?:0x[0-9a-f]+|[0-9]+)){1,3}/iy;
const COLONS = /[0-9a-f]*:[0-9a-f:.]*/iy;
const SIGN = />=|<=|!=|==|<<|>>|&&|\|\||[-+*/%:[\]!<>()&|^=]/y;

const SIGNS: Readonly<Record<string, string>> = { '==': '=', '&&': 'and', '||': 'or', '!': 'not' };

/** @throws FilterError at the first place that is no token, or is a word of libpcap's that we do not know. */
export function tokensOf(text: string): Token[] {
  const tokens: Token[] = [];
  let at = 0;
  for (;;) {
    while (/[ \r\n\t]/.test(text.charAt(at))) at++;
    if (at >= text.length) break;
    const token = tokenAt(text, at);
    tokens.push(token.token);
    at += token.length;
  }
  tokens.push({ kind: 'end', text: '', column: text.length + 1 });
  return tokens;
}

function tokenAt(text: string, at: number): { token: Token; length: number } {
  const column = at + 1;
  const match = (pattern: RegExp): string => {
    pattern.lastIndex = at;
    return pattern.exec(text)?.[0] ?? '';
  };
  const found: readonly (readonly [Plain | 'number' | 'escaped', string])[] = [
    ['sign', match(SIGN)],
    ['mac', match(MAC)],
    ['number', match(NUMBER)],
    ['ip4', match(DOTTED)],
    ['ip6', ip6In(match(COLONS))],
    ['name', match(WORD)],
    ['escaped', match(ESCAPED)],
  ];
  const [kind, word] = found.reduce((best, next) => (next[1].length > best[1].length ? next : best));
  const length = word.length;
  if (length === 0)
    throw new FilterError(column, `${JSON.stringify(text.charAt(at))} begins nothing that a filter knows`, 'remove it');
  if (kind === 'number') return { token: { kind, text: word, column, value: numberOf(word, column) }, length };
  if (kind === 'escaped') return { token: { kind: 'name', text: word.slice(1), column }, length };
  if (kind === 'sign') {
    const meant = SIGNS[word] ?? word;
    return { token: { kind: KEYWORDS.has(meant) ? 'word' : 'sign', text: meant, column }, length };
  }
  if (kind !== 'name') return { token: { kind, text: word, column }, length };
  const value = NUMBERS.get(word);
  if (value !== undefined) return { token: { kind: 'number', text: word, column, value }, length };
  const remedy = REFUSED.get(word);
  if (remedy !== undefined) throw new FilterError(column, `'${word}' is not supported`, remedy);
  const isWord = KEYWORDS.has(word) || PROTOCOLS.has(word);
  return { token: { kind: isWord ? 'word' : 'name', text: word, column }, length };
}

/** The longest beginning of `text` that is an IPv6 address. */
function ip6In(text: string): string {
  for (let length = Math.min(text.length, 45); length > 1; length--) {
    if (parseIp6(text.slice(0, length)) !== null) return text.slice(0, length);
  }
  return '';
}

/** As in C: 0x is hexadecimal, a leading 0 octal. */
function numberOf(word: string, column: number): number {
  const isOctal = /^0[0-9]/.test(word);
  if (isOctal && /[89]/.test(word))
    throw new FilterError(column, `${word} begins with 0 and so is octal, but has other digits`, 'leave the 0 out');
  const value = isOctal ? Number.parseInt(word, 8) : Number(word);
  if (value > 0xffffffff) throw new FilterError(column, `${word} has more than 32 bits`, 'write a smaller number');
  return value;
}
