/**
 * What a bridge says of the spanning tree, and when: at each hello, and at once when something has changed, at most six times in a second
 * (IEEE 802.1D-2004, figure 17-17). Called for a port with link when all machines are at rest.
 */
import { BPDU_BYTES, BPDU_CONFIG, BPDU_RST, BPDU_TCN, FLAG_AGREEMENT, FLAG_FORWARDING, FLAG_LEARNING, FLAG_PROPOSAL } from './bpdu';
import { FLAG_ROLE_SHIFT, FLAG_TC, FLAG_TC_ACK, TOLD_DESIGNATED, TOLD_OTHER, TOLD_ROOT, writeBpdu } from './bpdu';
import { originateRaw } from './egress';
import { HEADER_BYTES } from './frame';
import { Lag } from './lag';
import { take } from './pool';
import { Port } from './port';
import { Switch } from './switch';
import { listed } from './team';
import * as T from './tree';
import { ownOf, portOf, SECOND_NS, TreePort } from './tree';

/** 802.1D-2004 table 17-1: Transmit Hold Count. */
const TX_HOLD: u32 = 6;

/** Port transmit machine (figure 17-17). */
export function transmit(sw: Switch, p: TreePort): void {
  if (!p.isEnabled || !p.selected || p.updtInfo || p.role == T.ROLE_DISABLED) return;
  if (p.helloWhen <= sw.now) {
    if (p.role == T.ROLE_DESIGNATED || (p.role == T.ROLE_ROOT && p.tcWhile > sw.now)) p.newInfo = 1;
    p.helloWhen = sw.now + T.helloTime(p);
  }
  for (; p.txCount != 0 && p.txTick <= sw.now; p.txCount--) p.txTick += SECOND_NS;
  const isBelow = p.role != T.ROLE_DESIGNATED;
  // An STP bridge is told nothing by a port that only listens.
  if (!p.newInfo || p.txCount >= TX_HOLD || (!p.sendRSTP && isBelow && p.role != T.ROLE_ROOT)) return;
  const slot = take(sw.pool, BPDU_BYTES);
  if (slot == 0) return; // the next one may find room
  const kind = p.sendRSTP ? BPDU_RST : isBelow ? BPDU_TCN : BPDU_CONFIG;
  const port = exitOf(p);
  writeBpdu(slot + HEADER_BYTES, kind, port.mac, ownOf(p), flagsOf(sw, p, kind));
  if (p.txCount++ == 0) p.txTick = sw.now + SECOND_NS;
  p.helloWhen = sw.now + T.helloTime(p);
  p.sent++;
  originateRaw(sw, port, slot, BPDU_BYTES);
  p.newInfo = 0;
  if (kind != BPDU_TCN) p.tcAck = 0;
}

/** The port itself; of a LAG, a member that takes part. */
function exitOf(p: TreePort): Port {
  const port = portOf(p);
  return port.lag == 0 ? port : listed(changetype<Lag>(<usize>port.lag).usableList, 0);
}

function flagsOf(sw: Switch, p: TreePort, kind: u32): u32 {
  const change = p.tcWhile > sw.now ? FLAG_TC : 0;
  if (kind != BPDU_RST) return change | (p.tcAck ? FLAG_TC_ACK : 0);
  const role = p.role == T.ROLE_DESIGNATED ? TOLD_DESIGNATED : p.role == T.ROLE_ROOT ? TOLD_ROOT : TOLD_OTHER;
  return (
    change | (role << FLAG_ROLE_SHIFT) | (p.proposing ? FLAG_PROPOSAL : 0) | (p.learn ? FLAG_LEARNING : 0) |
    (p.forward ? FLAG_FORWARDING : 0) | (p.agree ? FLAG_AGREEMENT : 0)
  );
}
