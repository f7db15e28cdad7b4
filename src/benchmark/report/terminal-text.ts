/** Text for terminals: cut to a width, in columns, wrapped, and free of anything that could drive the terminal. */
import { styleText } from 'node:util';

export type Style = Parameters<typeof styleText>[0];
export type Paint = (style: Style, text: string) => string;

/** Colours, or none: whoever prints knows whether a person looks. */
export const painter = (hasColour: boolean): Paint =>
  hasColour ? (style, text) => styleText(style, text, { validateStream: false }) : (_, text) => text;

/** Names come from files, so nothing in them may be an order to the terminal. */
export const harmless = (text: string): string => text.replace(/[\p{Cc}\p{Cf}\u2028\u2029]/gu, '\ufffd');

/** At most `width` characters, the last one an ellipsis where something was cut off. */
export function fit(text: string, width: number): string {
  const characters = [...harmless(text)];
  return characters.length <= width ? characters.join('') : `${characters.slice(0, Math.max(0, width - 1)).join('')}…`;
}

/** Lines of at most `width` characters, broken between words where that is possible, all but the first behind `indent`. */
export function wrap(text: string, width: number, indent = ''): string[] {
  const lines: string[] = [];
  let line = /^ */.exec(text)![0];
  let isEmpty = true;
  const next = (): void => {
    lines.push(line);
    line = indent;
    isEmpty = true;
  };
  for (const word of harmless(text).split(/ +/)) {
    for (let rest = word; rest !== ''; ) {
      const room = width - line.length - (isEmpty ? 0 : 1);
      if (rest.length > room && !isEmpty) {
        next();
        continue;
      }
      line += (isEmpty ? '' : ' ') + rest.slice(0, room);
      rest = rest.slice(room);
      isEmpty = false;
      if (rest !== '') next();
    }
  }
  return isEmpty ? lines : [...lines, line];
}

/** Columns two spaces apart; those in `right` are aligned there. The first gives way where the rows are too wide. */
export function columnsText(rows: readonly (readonly string[])[], right: ReadonlySet<number>, width: number): string[] {
  const count = Math.max(0, ...rows.map((row) => row.length));
  const clean = rows.map((row) => row.map(harmless));
  const widths = Array.from({ length: count }, (_, i) => Math.max(0, ...clean.map((row) => (row[i] ?? '').length)));
  const excess = widths.reduce((sum, each) => sum + each + 2, -2) - width;
  if (excess > 0) widths[0] = Math.max(12, widths[0]! - excess);
  return clean.map((row) =>
    fit(
      row
        .map((cell, i) => {
          const cut = i === 0 ? fit(cell, widths[0]!) : cell;
          return right.has(i) ? cut.padStart(widths[i]!) : cut.padEnd(widths[i]!);
        })
        .join('  ')
        .trimEnd(),
      width,
    ),
  );
}
