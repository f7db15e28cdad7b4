/** What the tests of this suite say alike: the cells of the matrix of RFC 8204, section 5. */

const cells = {
  '5.1': 'speed of activation',
  '5.2': 'accuracy of activation',
  '5.3': 'reliability of activation',
  '5.5': 'speed of operation',
  '5.6': 'accuracy of operation',
  '5.7': 'reliability of operation',
  '5.8': 'scalability of operation',
} as const;

type Cell = keyof typeof cells;

/** `more`: another document that says how. */
export const sourceOf = (cell: Cell, more?: string): string =>
  `RFC 8204, ${cell}${more === undefined ? '' : `; ${more}`}`;

/** A method with its place in the matrix. */
export const methodIn = (cell: Cell, text: string): string => `${text} (In the matrix: ${cells[cell]}.)`;

export const sizes = '64,512,1518';
export const quickSizes = '64';
