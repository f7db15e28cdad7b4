/** Capture filters are compiled when a topology is checked, so that a mistake in one is told before anything runs. */
import { compileFilter, FilterError } from '../capture/filter.ts';

/** What is wrong with a pcap-filter expression, with its place in the text; null if nothing is. */
export function filterProblem(text: string): string | null {
  try {
    compileFilter(text);
    return null;
  } catch (error) {
    if (error instanceof FilterError) return error.message;
    throw error;
  }
}
