/**
 * What a VM that may be moved knows of its absences: for each of the latest ones when it left and came, and when it took its last
 * frame before and its first one after. The engine reads them; nobody else's guests have any.
 */
import { Guest } from './guest-card';

/** Absences that are kept of each vNIC. */
export const ABSENCES_MAX: u32 = 64;
/** Of a time: there was none. */
const NEVER: u64 = u64.MAX_VALUE;

/** Times in ns; u64.MAX_VALUE: not yet, or never before. */
@unmanaged
export class Absence {
  leftNs: u64;
  lastNs: u64; // the last frame that it took before
  cameNs: u64;
  firstNs: u64; // the first frame that it took after
}

function absenceAt(guest: Guest, number: u32): Absence {
  return changetype<Absence>(<usize>guest.absences + <usize>(number & (ABSENCES_MAX - 1)) * offsetof<Absence>());
}

export function noteLeft(guest: Guest, now: u64): void {
  // It was leaving when its worker died, and leaves anew.
  if (guest.absenceCount != 0 && absenceAt(guest, guest.absenceCount - 1).cameNs == NEVER) return;
  const absence = absenceAt(guest, guest.absenceCount);
  absence.leftNs = now;
  absence.lastNs = guest.isHeard ? guest.lastNs : NEVER;
  absence.cameNs = NEVER;
  absence.firstNs = NEVER;
  guest.absenceCount++;
  guest.isAwaited = 0;
}

/** Who comes for the first time has not been away. */
export function noteCame(guest: Guest, now: u64): void {
  if (guest.absenceCount == 0) return;
  absenceAt(guest, guest.absenceCount - 1).cameNs = now;
  guest.isAwaited = 1;
}

/** Frames were taken, at this time: once for a burst. */
export function noteTaken(guest: Guest, now: u64): void {
  guest.lastNs = now;
  guest.isHeard = 1;
  if (!guest.isAwaited) return;
  guest.isAwaited = 0;
  absenceAt(guest, guest.absenceCount - 1).firstNs = now;
}
