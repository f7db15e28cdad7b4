/**
 * Compares what a switch did with what was recorded, by the rules of the corpus (its check.py):
 *
 * - outputs of a step are a multiset of port and bytes;
 * - with balance-slb any member may carry a frame, but a VLAN and source keep their member as long as no event comes between;
 * - of announcements that a switch sends of itself on an event, port, VLAN and source count;
 * - a table is a set of (VLAN, address, port, static).
 */
import { macAt } from '../model/frame.ts';
import { classify } from '../model/vlan.ts';
import type { Outcome } from './play.ts';
import { configOf, expandFrame, type FdbEntry, type Scenario } from './scenario.ts';

export interface Difference {
  readonly step: number;
  readonly kind:
    | 'missing frame'
    | 'extra frame'
    | 'other member'
    | 'missing announcement'
    | 'extra announcement'
    | 'missing fdb'
    | 'extra fdb';
  /** The port and frame, or the table's line. */
  readonly what: string;
  /** `vlan mac` of a table's line or an announcement. */
  readonly station?: string;
}

interface Sent {
  readonly port: string;
  readonly frame: string;
}

export function compare(scenario: Scenario, outcome: Outcome): Difference[] {
  const { members = [], policy } = scenario.switch.uplinks ?? {};
  const anyMember = policy === 'balance-slb';
  const name = (port: string) => (anyMember && members.includes(port) ? 'uplink' : port);
  const written = ({ port, frame }: Sent) => `${name(port)}/${frame}`;
  const expected = new Map(scenario.expect.map(({ step, out }) => [step, out]));
  const memberOf = new Map<string, string>();
  const differences: Difference[] = [];
  const stationOf = (what: string) => what.split(' ').slice(0, 2).join(' ');
  const uplink = configOf(scenario, 'ours').ports.find((port) => port.kind === 'uplink');
  const announced = ({ port, frame }: Sent) => {
    const bytes = Buffer.from(frame, 'hex');
    return `${classify(uplink!, bytes)} ${macAt(bytes, 6)} ${name(port)}`;
  };

  for (const [index, { out }] of outcome.steps.entries()) {
    const step = scenario.steps[index]!;
    if ('event' in step) {
      if (step.event !== 'age') memberOf.clear();
      const [missing, extra] = minus((expected.get(index) ?? []).map(announced), out.map(announced));
      const found = (kind: Difference['kind'], what: string) => ({ step: index, kind, what, station: stationOf(what) });
      differences.push(...missing.map((what) => found('missing announcement', what)));
      differences.push(...extra.map((what) => found('extra announcement', what)));
      continue;
    }
    for (const { port, frame } of anyMember ? out.filter(({ port }) => members.includes(port)) : []) {
      const before = memberOf.get(sourceOf(frame));
      if (before === undefined) memberOf.set(sourceOf(frame), port);
      else if (before !== port) differences.push({ step: index, kind: 'other member', what: `${before} -> ${port}` });
    }
    const want = (expected.get(index) ?? []).map((each) => ({ ...each, frame: expandFrame(step.frame, each.frame) }));
    const [missing, extra] = minus(want.map(written), out.map(written));
    for (const what of missing) differences.push({ step: index, kind: 'missing frame', what });
    for (const what of extra) differences.push({ step: index, kind: 'extra frame', what });
  }
  for (const { after_step: step, entries } of scenario.fdb) {
    const line = (entry: FdbEntry) => {
      const port = members.includes(entry.port) ? 'uplink' : entry.port;
      return `${entry.vlan} ${entry.mac.toLowerCase()} ${port}${entry.static ? ' static' : ''}`;
    };
    const [missing, extra] = minus(entries.map(line), outcome.fdb.get(step)!.map(line));
    for (const what of missing) differences.push({ step, kind: 'missing fdb', what, station: stationOf(what) });
    for (const what of extra) differences.push({ step, kind: 'extra fdb', what, station: stationOf(what) });
  }
  return differences;
}

/** The source and VLAN of a frame in hex, as check.py keys its memory of members. */
function sourceOf(frame: string): string {
  const vid = frame.slice(24, 28) === '8100' ? Number.parseInt(frame.slice(28, 32), 16) & 4095 : 0;
  return `${frame.slice(12, 24)} ${vid}`;
}

/** What of multiset `a` is not in `b`, and what of `b` is not in `a`. */
function minus(a: readonly string[], b: readonly string[]): [string[], string[]] {
  const rest = [...b];
  const onlyA = a.filter((each) => {
    const at = rest.indexOf(each);
    if (at < 0) return true;
    rest.splice(at, 1);
    return false;
  });
  return [onlyA, rest];
}
