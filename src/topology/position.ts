/**
 * Where in the text a path stands. Looked up only when there is something to report.
 */
import { type Document, isAlias, isMap, isScalar, isSeq, type LineCounter, type Node, type Pair } from 'yaml';
import type { Locate, Path, Place } from './problem.ts';

/**
 * Finds the line and column, both from 1, of a path's value or key; of the nearest map or list above it if it is absent. Of a value that
 * stands for a map (`lldp: both` for `lldp: { mode: both }`) the path is the one in the text.
 */
export function locator(document: Document, lines: LineCounter): Locate {
  return (path, place) => {
    const { line, col } = lines.linePos(offsetOf(document, path, place));
    return { line, column: col, path: path.slice(0, writtenDepth(document, path)) };
  };
}

/** How many keys of the path there can be in the text: none behind a value. But `ports: 8` has ports with names. */
function writtenDepth(document: Document, path: Path): number {
  let node = document.contents as Node | null | undefined;
  for (const [i, key] of path.entries()) {
    if (isAlias(node)) node = node.resolve(document);
    if (isScalar(node) && node.value !== null && path[i - 1] !== 'ports') return i;
    if (isSeq(node)) node = node.items[Number(key)] as Node | undefined;
    else if (isMap(node)) node = node.items.find((each) => keyText(each) === String(key))?.value as Node | undefined;
    else return path.length;
  }
  return path.length;
}

function offsetOf(document: Document, path: Path, place: Place): number {
  let node = document.contents as Node | null;
  let offset = node?.range?.[0] ?? 0;
  for (const [i, key] of path.entries()) {
    // What is wrong behind an alias is wrong at its anchor.
    if (isAlias(node)) node = node.resolve(document) ?? null;
    if (isSeq(node)) {
      node = (node.items[Number(key)] as Node | undefined) ?? null;
    } else if (isMap(node)) {
      const pair = node.items.find((each) => keyText(each) === String(key));
      if (pair === undefined) return offset;
      const keyOffset = (pair.key as Node).range?.[0] ?? offset;
      node = pair.value as Node | null;
      if (i === path.length - 1 && (place === 'key' || isNothing(node))) return keyOffset;
    } else {
      return offset;
    }
    offset = node?.range?.[0] ?? offset;
  }
  return offset;
}

function keyText(pair: Pair): string | undefined {
  return isScalar(pair.key) ? String(pair.key.value) : undefined;
}

/** `vmnic0:` with nothing behind it: the place after the colon would be hard to see. */
function isNothing(node: Node | null): boolean {
  return node === null || (isScalar(node) && node.value === null && node.range?.[0] === node.range?.[1]);
}
