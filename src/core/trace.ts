/**
 * What `explain` asks for: each check that a frame met, its outcome and the fact that decided. Off, it costs one branch
 * outside the short cuts.
 */
import { Switch } from './switch';

export const OUTCOME_FAILED: u32 = 0;
export const OUTCOME_PASSED: u32 = 1;
/** The check ends the journey well: the frame is forwarded by it. */
export const OUTCOME_DECIDED: u32 = 2;

/** No fact to tell. */
export const NO_FACT: u32 = 0xffffffff;

const ROWS_MAX: u32 = 64;

@unmanaged
export class Trace {
  rowCount: u32;
  verdict: u32;
  rows: u64; // the first of ROWS_MAX: check (8 bits) | outcome (8 bits) | free (16 bits) | fact (32 bits)
}

// @ts-ignore: decorator
@inline
export function note(sw: Switch, check: u32, outcome: u32, fact: u32): void {
  if (sw.trace != 0) record(sw, check, outcome, fact);
}

function record(sw: Switch, check: u32, outcome: u32, fact: u32): void {
  const trace = changetype<Trace>(sw.trace);
  if (trace.rowCount == ROWS_MAX) return;
  const at = sw.trace + offsetof<Trace>('rows') + (trace.rowCount << 3);
  store<u64>(at, <u64>check | (<u64>outcome << 8) | (<u64>fact << 32));
  trace.rowCount++;
}
