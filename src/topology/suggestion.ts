/**
 * The second half of an "unknown x" message: what exists, and which of it was probably meant.
 */

const listedMax = 8;

/** `did you mean tor? there are esx1, tor`; the question only if the word looks misspelt. */
export function hint(word: string, known: readonly string[], lead: string): string {
  const meant = nearest(word, known);
  const list = `${lead} ${listed(known)}`;
  return meant === undefined ? list : `did you mean ${meant}? ${list}`;
}

/** `1, 2, 3`; a long list is cut and says how long it is. */
export function listed(names: readonly string[]): string {
  if (names.length === 0) return 'none';
  if (names.length <= listedMax) return names.join(', ');
  return `${names.slice(0, listedMax).join(', ')}, … (${names.length} in all)`;
}

/**
 * The known word with the fewest letters to change, if these are few.
 * Digits are left out of the comparison: vmnic3 is another uplink, not a misspelt vmnic0.
 */
function nearest(word: string, known: readonly string[]): string | undefined {
  let best: string | undefined;
  let bestDistance = Math.max(1, Math.floor(word.length / 3)) + 1;
  for (const each of known) {
    if (letters(each) === letters(word)) continue;
    const distance = editDistance(each.toLowerCase(), word.toLowerCase(), bestDistance);
    if (distance < bestDistance) {
      best = each;
      bestDistance = distance;
    }
  }
  return best;
}

function letters(word: string): string {
  return word.replace(/\d+/g, '');
}

/** Insertions, deletions, replacements and swaps of neighbours that turn `a` into `b`; at most `limit`. */
function editDistance(a: string, b: string, limit: number): number {
  if (Math.abs(a.length - b.length) >= limit) return limit;
  let older: number[] = [];
  let previous = Array.from({ length: b.length + 1 }, (_, j) => j);
  for (let i = 1; i <= a.length; i++) {
    const row = [i];
    for (let j = 1; j <= b.length; j++) {
      const replaced = previous[j - 1]! + (a[i - 1] === b[j - 1] ? 0 : 1);
      let least = Math.min(replaced, previous[j]! + 1, row[j - 1]! + 1);
      const swapped = i > 1 && j > 1 && a[i - 1] === b[j - 2] && a[i - 2] === b[j - 1];
      if (swapped) least = Math.min(least, older[j - 2]! + 1);
      row.push(least);
    }
    older = previous;
    previous = row;
  }
  return previous[b.length]!;
}
