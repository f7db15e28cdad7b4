/**
 * Numbers computed from a frame, as written: `ip[2:2] - ((ip[0] & 0xf) << 2)`. Binds as in C, but that libpcap gives `%`
 * and `^` no rank: what it makes of them beside another operator differs from C and between its versions, so there we
 * want parentheses.
 */
import type { Operator, Relation } from './condition.ts';
import { PROTOCOLS } from './names.ts';
import { quoted, type Reader } from './reader.ts';
import type { Arithmetic, Expression } from './tree.ts';

const RANKS: ReadonlyMap<string, number> = new Map([
  ...([
    ['|', 0],
    ['&', 1],
    ['<<', 2],
    ['>>', 2],
    ['+', 3],
    ['-', 3],
    ['*', 4],
    ['/', 4],
    ['%', 5],
    ['^', 5],
  ] as const),
]);
const UNRANKED = 5;

const RELATIONS: ReadonlyMap<string, readonly [relation: Relation, isNot: boolean]> = new Map([
  ['=', ['=', false]],
  ['!=', ['=', true]],
  ['>', ['>', false]],
  ['<=', ['>', true]],
  ['>=', ['>=', false]],
  ['<', ['>=', true]],
]);

/** `arithmetic relation arithmetic`. */
export function readRelation(reader: Reader): Expression {
  const left = readArithmetic(reader);
  const found = RELATIONS.get(reader.next.text);
  if (found === undefined || reader.next.kind !== 'sign')
    throw reader.error(
      `${quoted(reader.next)} stands where a comparison is wanted`,
      "compare the number, as in 'len > 100'",
    );
  reader.take();
  const [relation, isNot] = found;
  return { kind: 'relation', left, relation, right: readArithmetic(reader), isNot };
}

function readArithmetic(reader: Reader, rankMin = 0): Arithmetic {
  let left = readOperand(reader);
  let last: string | null = null;
  for (;;) {
    const { kind, text } = reader.next;
    const rank = kind === 'sign' ? RANKS.get(text) : undefined;
    if (rank === undefined || rank < rankMin) return left;
    if (last !== null && (rank === UNRANKED || RANKS.get(last) === UNRANKED)) throw unranked(reader, last);
    reader.take();
    const right = readArithmetic(reader, rank + 1);
    const behind = reader.next.kind === 'sign' ? RANKS.get(reader.next.text) : undefined;
    if (behind === UNRANKED) throw unranked(reader, text);
    left = { kind: 'binary', operator: text as Operator, left, right };
    last = text;
  }
}

function unranked(reader: Reader, last: string): Error {
  return reader.error(
    `'${last}' and '${reader.next.text}' stand side by side`,
    'say with parentheses which comes first',
  );
}

function readOperand(reader: Reader): Arithmetic {
  const { next } = reader;
  if (next.kind === 'number') {
    reader.take();
    return { kind: 'number', value: next.value, column: next.column };
  }
  if (reader.is('len', 'length')) {
    reader.take();
    return { kind: 'length' };
  }
  if (reader.skip('-')) return { kind: 'negation', of: reader.nested(() => readOperand(reader)) };
  if (reader.skip('(')) {
    const inside = reader.nested(() => readArithmetic(reader));
    reader.expect(')', 'close the parenthesis');
    return inside;
  }
  const protocol = next.kind === 'word' ? PROTOCOLS.get(next.text) : undefined;
  if (protocol === undefined)
    throw reader.error(
      `${quoted(next)} stands where a number is wanted`,
      "write a number, 'len', or octets as 'ip[8]'",
    );
  reader.take();
  reader.expect('[', `say which octets of '${next.text}', as '${next.text}[0]'`);
  const index = reader.nested(() => readArithmetic(reader));
  const size = reader.skip(':') ? readSize(reader) : 1;
  reader.expect(']', 'close the bracket');
  return { kind: 'field', protocol, index, size, column: next.column };
}

function readSize(reader: Reader): 1 | 2 | 4 {
  const { next } = reader;
  const isSize = next.kind === 'number' && (next.value === 1 || next.value === 2 || next.value === 4);
  if (!isSize) throw reader.error(`${quoted(next)} stands where a size is wanted`, 'write 1, 2 or 4 octets');
  reader.take();
  return next.value as 1 | 2 | 4;
}
