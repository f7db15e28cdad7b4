/**
 * YAML text as a value: what is wrong with it as YAML is found here, with its place.
 */
import {
  type Alias,
  isAlias,
  isMap,
  isScalar,
  isSeq,
  LineCounter,
  type Node,
  type Pair,
  parseDocument,
  visit,
  type YAMLError,
} from 'yaml';
import { locator } from './position.ts';
import { type Locate, type Problem, TopologyError } from './problem.ts';
import { count } from './scalar.ts';

type ParsedDocument = ReturnType<typeof parseDocument>;

/** A problem at an offset in the text. */
type At = (offset: number, message: string) => Problem;

export interface Text {
  /** Maps, lists and scalars; null if the text holds nothing but comments. */
  readonly value: unknown;
  readonly locate: Locate;
  /** Keys that stand twice in a map: wrong, but the rest of the file can be checked with the last of them. */
  readonly duplicates: readonly Problem[];
}

/** Throws a TopologyError if the text is not YAML, or not a value that ends. */
export function readYaml(text: string, name: string): Text {
  if (isTooDeep(text)) throw wholeFile(name, 'the file is nested too deeply; a topology needs no more than ten levels');
  const lines = new LineCounter();
  const document = parseDocument(text, {
    lineCounter: lines,
    prettyErrors: false,
    merge: true,
    logLevel: 'error',
    // 1 and "1" are the same name here.
    uniqueKeys: (a, b) => isScalar(a) && isScalar(b) && String(a.value) === String(b.value),
  });
  const at: At = (offset, message) => {
    const { line, col } = lines.linePos(offset);
    return { file: name, line, column: col, path: '', message };
  };
  const problems = syntaxProblems(document, text, at);
  if (problems.length > 0) throw new TopologyError(problems);
  return {
    value: plainValue(document, name),
    locate: locator(document, lines),
    duplicates: document.errors.map((error) => duplicateKey(error, text, at)),
  };
}

/** An error without a place in the text. */
export function wholeFile(file: string, message: string): TopologyError {
  return new TopologyError([{ file, line: 0, column: 0, path: '', message }]);
}

/** A level costs a column of indentation, or two with `- `. */
const indentMax = 400;
const bracketsMax = 200;

/**
 * Whether the parser might run out of stack. It recurses for every level and, from about 3,000, takes the process down
 * with it (yaml 2.9, Node 20: "RegExpCompiler Allocation failed"), which no catch can stop.
 * Counts more than there are, since brackets in comments and texts count too; no topology comes near.
 */
function isTooDeep(text: string): boolean {
  if (new RegExp(`^[ \\t?:-]{${indentMax}}`, 'm').test(text)) return true;
  let depth = 0;
  for (const [bracket] of text.matchAll(/[[\]{}]/g)) {
    if (bracket === '[' || bracket === '{') depth++;
    else if (depth > 0) depth--;
    if (depth > bracketsMax) return true;
  }
  return false;
}

/** What keeps the text from being YAML with a plain value: the first of each line, since the others follow from it. */
function syntaxProblems(document: ParsedDocument, text: string, at: At): Problem[] {
  const broken = document.errors
    .filter(({ code }) => code !== 'DUPLICATE_KEY')
    .map((error) => at(error.pos[0], sentence(error, text)));
  const lines = new Set<number>();
  return [...broken, ...badNodes(document, at)]
    .sort((a, b) => a.line - b.line || a.column - b.column)
    .filter(({ line }) => !lines.has(line) && lines.add(line));
}

function sentence(error: YAMLError, text: string): string {
  if (error.code === 'MULTIPLE_DOCS') return 'a second document begins here; one topology a file';
  const line = text.slice(text.lastIndexOf('\n', error.pos[0] - 1) + 1).split('\n', 1)[0]!;
  const quotes = /\{[nv][^a-z]/.test(line) ? '; a text with {n} or {v} needs quotes inside { }' : '';
  return `not YAML: ${error.message}${quotes}`;
}

/**
 * Aliases without an anchor before them, or inside their own anchor, which would make an endless value; merges of no map;
 * keys that are maps or lists, which take yaml exponential time to write as text.
 */
function badNodes(document: ParsedDocument, at: At): Problem[] {
  const problems: Problem[] = [];
  const anchors = new Map<string, Node>();
  const blame = (node: Node, message: string) => problems.push(at(node.range?.[0] ?? 0, message));
  const checkAlias = (alias: Alias) => {
    const { source } = alias;
    const anchored = anchors.get(source);
    if (anchored === undefined) blame(alias, `unknown alias *${source}; its anchor &${source} stands before it`);
    else if (encloses(anchored, alias)) blame(alias, `alias *${source} stands inside its own anchor`);
  };
  const checkKey = ({ key, value }: Pair) => {
    if (isMap(key) || isSeq(key)) blame(key, 'a map or list is no key; a key is a name');
    // yaml marks the key of a merge by a symbol; a quoted "<<" is an ordinary key.
    if (!isScalar(key) || typeof key.value !== 'symbol') return;
    const sources = (isSeq(value) ? value.items : [value]).map((each) =>
      isAlias(each) ? anchors.get(each.source) : each,
    );
    if (!sources.every(isMap)) blame(key, '<< has no map to merge; write <<: *anchor of a map');
  };
  visit(document, {
    Alias: (_, alias) => checkAlias(alias),
    Pair: (_, pair) => checkKey(pair),
    Value: (_, node) => {
      if (node.anchor !== undefined) anchors.set(node.anchor, node);
    },
  });
  return problems;
}

function encloses(outer: Node, inner: Node): boolean {
  return (outer.range?.[1] ?? 0) > (inner.range?.[0] ?? 0);
}

function duplicateKey({ pos: [start] }: YAMLError, text: string, at: At): Problem {
  const key = /^[^\s:,{}]+/.exec(text.slice(start, start + 100))?.[0] ?? '';
  return at(start, `duplicate key ${key}; each key stands once in a map`);
}

/** Uses of one anchor, times the aliases inside it, before yaml takes the file for an attack. */
const aliasCountMax = 10_000;

function plainValue(document: ParsedDocument, name: string): unknown {
  try {
    return document.toJS({ maxAliasCount: aliasCountMax });
  } catch (error) {
    if (!(error instanceof ReferenceError)) throw error;
    throw wholeFile(name, `too many aliases; at most ${count(aliasCountMax)} uses of an anchor`);
  }
}
