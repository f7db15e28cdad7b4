/**
 * A filter's text as a tree, by the grammar of libpcap (grammar.y):
 *
 *     expression   term { and|or (term | id) }        equal rank, from the left
 *     term         'not' term | '(' expression ')' | relation | qualifiers id | protocol | vlan ...
 *     id           'not' id | '(' id { and|or id } ')' | address | number | name
 *
 * An id without qualifiers has those of the term before it. A parenthesis hands on what held before it.
 */
import { readRelation } from './arithmetic.ts';
import type { FilterError } from './error.ts';
import { tokensOf } from './lexer.ts';
import { PROTOCOLS } from './names.ts';
import { quoted, Reader } from './reader.ts';
import type { Expression, Id, Qualifiers } from './tree.ts';

/** Longest filter, characters. */
const TEXT_MAX = 65_536;

/** What was read, and the qualifiers that hold after it. */
interface Read {
  readonly expression: Expression;
  readonly qualifiers: Qualifiers | null;
}

/**
 * The tree, or null for a text without a word, which takes every frame.
 * @throws FilterError
 */
export function parse(text: string): Expression | null {
  const reader = new Reader(tokensOf(text.slice(0, TEXT_MAX + 1)));
  if (text.length > TEXT_MAX) throw reader.error(`the text has more than ${TEXT_MAX} characters`, 'shorten it');
  if (reader.isAtEnd) return null;
  const { expression } = readExpression(reader, null);
  if (!reader.isAtEnd) throw unexpected(reader);
  return expression;
}

function unexpected(reader: Reader): FilterError {
  const remedy = reader.is(')') ? 'remove it' : "join what it belongs to by 'and' or 'or'";
  return reader.error(`${quoted(reader.next)} stands where the filter should end`, remedy);
}

function readExpression(reader: Reader, outer: Qualifiers | null): Read {
  let read = readTerm(reader, outer);
  while (reader.is('and', 'or')) {
    const kind = reader.take().text === 'and' ? 'and' : 'or';
    const right = readTermOrId(reader, read.qualifiers);
    read = { expression: { kind, left: read.expression, right: right.expression }, qualifiers: right.qualifiers };
  }
  return read;
}

function readTermOrId(reader: Reader, qualifiers: Qualifiers | null): Read {
  if (reader.is('not')) {
    reader.take();
    const read = reader.nested(() => readTermOrId(reader, qualifiers));
    return { expression: { kind: 'not', of: read.expression }, qualifiers: read.qualifiers };
  }
  if (!beginsIds(reader)) return readTerm(reader, qualifiers);
  if (qualifiers === null)
    throw reader.error(
      `${quoted(reader.next)} has nothing before it that says what it is`,
      "write 'host', 'port' or the like",
    );
  return { expression: readId(reader, qualifiers), qualifiers };
}

/** Whether ids follow, perhaps behind parentheses, and not a term. */
function beginsIds(reader: Reader): boolean {
  const start = reader.at;
  try {
    for (;;) {
      const { kind } = reader.next;
      if (kind === 'name' || kind === 'ip4' || kind === 'ip6' || kind === 'mac') return true;
      if (kind === 'number') return reader.attempt(() => readRelation(reader)) === null;
      if (!reader.is('(', 'not') || reader.attempt(() => readRelation(reader)) !== null) return false;
      reader.take();
    }
  } finally {
    reader.at = start;
  }
}

function readTerm(reader: Reader, outer: Qualifiers | null): Read {
  if (reader.is('not')) {
    reader.take();
    const read = reader.nested(() => readTerm(reader, outer));
    return { expression: { kind: 'not', of: read.expression }, qualifiers: read.qualifiers };
  }
  const start = reader.at;
  const protocol = reader.next.kind === 'word' ? PROTOCOLS.get(reader.next.text) : undefined;
  if (reader.next.kind === 'number' || reader.is('-', 'len', 'length')) return alone(readRelation(reader));
  if (reader.is('(')) {
    const relation = reader.attempt(() => readRelation(reader));
    if (relation !== null) return alone(relation);
    reader.take();
    const { expression } = reader.nested(() => readExpression(reader, outer));
    reader.expect(')', 'close the parenthesis');
    return { expression, qualifiers: outer };
  }
  if (protocol !== undefined) {
    reader.take();
    if (reader.is('[')) {
      reader.at = start;
      return alone(readRelation(reader));
    }
  }
  return readPrimitive(reader, protocol ?? null, start);
}

const alone = (expression: Expression): Read => ({ expression, qualifiers: null });

function readPrimitive(reader: Reader, protocol: string | null, start: number): Read {
  const { column, text } = reader.next;
  if (reader.is('broadcast', 'multicast')) {
    reader.take();
    return alone({ kind: 'cast', cast: text === 'broadcast' ? 'broadcast' : 'multicast', protocol, column });
  }
  const direction = readDirection(reader);
  const type = readType(reader, direction);
  if (direction !== null || type !== null) {
    const qualifiers = { protocol, direction, type, column: reader.columnAt(start) };
    return { expression: readId(reader, qualifiers), qualifiers };
  }
  if (protocol !== null) return alone({ kind: 'protocol', protocol, column: reader.columnAt(start) });
  if (reader.skip('vlan')) {
    const hasId = reader.next.kind === 'number' || reader.is('(');
    const id = hasId ? reader.number('a VLAN', 'write its number') : null;
    return alone({ kind: 'vlan', id, column });
  }
  if (reader.is('less', 'greater')) {
    reader.take();
    const right = { kind: 'number', value: readLength(reader), column } as const;
    const isLess = text === 'less';
    return alone({ kind: 'relation', left: { kind: 'length' }, relation: isLess ? '>' : '>=', right, isNot: isLess });
  }
  const isId = ['name', 'ip4', 'ip6', 'mac'].includes(reader.next.kind);
  throw reader.error(
    isId
      ? `'${text}' has nothing before it that says what it is`
      : `${quoted(reader.next)} stands where a condition is wanted`,
    isId ? "write 'host', 'port' or the like" : "write one, as 'host 10.0.0.1' or 'tcp port 80'",
  );
}

function readLength(reader: Reader): number {
  const { next } = reader;
  if (next.kind !== 'number')
    throw reader.error(`${quoted(next)} stands where a length is wanted`, 'write a number of octets');
  reader.take();
  return next.value;
}

function readDirection(reader: Reader): Qualifiers['direction'] {
  if (!reader.is('src', 'dst')) return null;
  const first = reader.take().text === 'src' ? 'src' : 'dst';
  if (!reader.is('or', 'and')) return first;
  const both = reader.take().text === 'or' ? 'or' : 'and';
  const other = first === 'src' ? 'dst' : 'src';
  reader.expect(other, `write '${first} ${both} ${other}', or what it is about behind '${first}'`);
  return both;
}

function readType(reader: Reader, direction: Qualifiers['direction']): Qualifiers['type'] {
  for (const type of ['host', 'net', 'port', 'portrange', 'proto'] as const) {
    if (!reader.is(type)) continue;
    if (type === 'proto' && direction !== null)
      throw reader.error("'proto' has no direction", "leave 'src' and 'dst' out");
    reader.take();
    return type;
  }
  return null;
}

function readId(reader: Reader, qualifiers: Qualifiers): Expression {
  if (reader.skip('not')) return { kind: 'not', of: reader.nested(() => readId(reader, qualifiers)) };
  if (reader.skip('(')) {
    let read = reader.nested(() => readId(reader, qualifiers));
    while (reader.is('and', 'or')) {
      const kind = reader.take().text === 'and' ? 'and' : 'or';
      read = { kind, left: read, right: reader.nested(() => readId(reader, qualifiers)) };
    }
    reader.expect(')', 'close the parenthesis');
    return read;
  }
  return { kind: 'primitive', qualifiers, id: readOne(reader, qualifiers) };
}

function readOne(reader: Reader, qualifiers: Qualifiers): Id {
  const { next } = reader;
  if (next.kind === 'word' && qualifiers.type === 'proto')
    throw reader.error(
      `'${next.text}' is a word of the language`,
      `write '\\${next.text}' for the protocol of that name`,
    );
  if (next.kind === 'word' || next.kind === 'sign' || next.kind === 'end')
    throw reader.error(`${quoted(next)} stands where an address, a number or a name is wanted`, 'write one');
  reader.take();
  if ((next.kind === 'ip4' || next.kind === 'ip6' || next.kind === 'number') && reader.is('/')) {
    if (next.kind === 'number')
      throw reader.error(`'${next.text}/' is no network`, `write '${next.text}.0.0.0/' and the bits of the mask`);
    reader.take();
    const { next: bits } = reader;
    if (bits.kind !== 'number')
      throw reader.error(`${quoted(bits)} stands where the bits of a mask are wanted`, 'write a number');
    reader.take();
    return { token: next, bits: bits.value };
  }
  if (next.kind === 'ip4' && reader.skip('mask')) {
    const mask = reader.next;
    if (mask.kind !== 'ip4')
      throw reader.error(`${quoted(mask)} stands where a mask is wanted`, "write one, as '255.255.0.0'");
    reader.take();
    return { token: next, mask };
  }
  return { token: next };
}
