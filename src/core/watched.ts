/**
 * What those who watch get of frames that took a short cut (visit.ts, arrival.ts): flow records and mirrors; captures look for
 * themselves. A frame has been forwarded then, and nobody else has seen it yet, for nothing of a burst is published before its end.
 *
 * Which of them there are stands in `Port.shortIn`. Visits to ports without tags hand over runs of frames, which a table or a mirror's
 * ring takes in one loop; all others tell of each frame.
 */
import { PORT_MASK } from './fdb';
import { observe, observeRun, settle } from './flows';
import { VERDICT_forward } from './generated/verdicts';
import { mirrorPassed, mirrorRun } from './mirror';
import { Port, SHORT_MIRRORED, SHORT_RECORDED } from './port';
import { portAt, Switch } from './switch';
import { NOTE_BYTES } from './visit';

/** A frame has come in by `port` and left by `out`. */
export function tell(sw: Switch, port: Port, descriptor: u64, out: Port): void {
  if ((port.shortIn & SHORT_RECORDED) != 0) {
    observe(sw, port, descriptor);
    if (sw.flowInHand != 0) settle(sw, VERDICT_forward, out.number);
  }
  if ((port.mirrorIn | out.mirrorOut) != 0) mirrorPassed(sw, port, descriptor, out);
}

/** Untagged frames have left by local ports that are not mirrored: those of the notes from `from` on, with descriptors `ahead` of them. */
export function tellRun(sw: Switch, port: Port, from: usize, end: usize, ahead: usize): void {
  if ((port.shortIn & SHORT_RECORDED) != 0) observeRun(sw, port, from, end, ahead);
  if ((port.shortIn & SHORT_MIRRORED) == 0) return;
  if (mirrorRun(sw, port, from + ahead, <u32>((end - from) / NOTE_BYTES))) return;
  for (let note = from; note != end; note += NOTE_BYTES) {
    const out = <u32>(load<u64>(<usize>load<u32>(note, 4), 8) & PORT_MASK);
    mirrorPassed(sw, port, load<u64>(note + ahead), portAt(sw, out));
  }
}
