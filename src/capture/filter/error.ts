/** What is wrong with a filter, in one line with its place. */
export class FilterError extends Error {
  /** Where in the text, counted from 1; null where the text as a whole is meant. */
  readonly column: number | null;

  constructor(column: number | null, what: string, remedy: string) {
    super(`filter${column === null ? '' : `, column ${column}`}: ${what}; ${remedy}`);
    this.name = 'FilterError';
    this.column = column;
  }
}
