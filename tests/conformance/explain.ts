/**
 * Why a switch of ours differs from the recorded one: by a rule of the end-host switch that is stricter or other on purpose,
 * or as a consequence of an earlier step that was.
 *
 * Nothing is taken on trust. A rule explains the differences of a step only if our verdict there is that rule's, or for R14 if
 * the station's path is the same as before. A consequence has to concern a station, in its VLAN, that the two switches may know
 * differently since such a step; a station is known alike again once both have heard it on a local port, both have taken a
 * frame of it from outside, or both have forgotten everything.
 */
import { isAnnouncement, isGroup, macAt, u16At } from '../model/frame.ts';
import { ReferenceTeam } from '../model/team.ts';
import { classify } from '../model/vlan.ts';
import type { Difference } from './compare.ts';
import type { Outcome } from './play.ts';
import { configOf, type EventStep, type FrameStep, type Scenario } from './scenario.ts';

/** What each reason says, for the table that the test prints. */
export const reasons = {
  R7: 'a reflection from the active uplink is dropped; the recorded switch delivers it and moves the station outside',
  R8: 'unicast is taken only on the uplink that its destination is pinned to; balance-slb takes it on any',
  R9: 'a flood from outside is taken on one uplink; balance-slb has its active member for groups, and any for unknown unicast',
  R12: 'RARP counts as an announcement, so it may move a station outside; the recorded switch takes it for a reflection',
  R13: 'a reflected announcement of a locked station is dropped whole; active-backup only does not learn from it',
  R14: 'a station is announced when its uplink changed; the recorded switch also announces those whose path is as before',
  consequence: 'follows from an earlier step: the tables differ about the source or destination',
} as const;

export type Reason = keyof typeof reasons;

export interface Explained extends Difference {
  /** undefined: nothing explains it. */
  readonly reason: Reason | undefined;
}

const refusedAlike = new Set([
  'link_down',
  'runt',
  'giant',
  'src_zero',
  'src_group',
  'vid_reserved',
  'vlan_not_member',
  'reserved_mac',
]);
const taken = new Set(['forward', 'flood_unknown', 'flood_group']);

export function explain(scenario: Scenario, outcome: Outcome, differences: readonly Difference[]): Explained[] {
  const ports = new Map(configOf(scenario, 'ours').ports.map((port) => [port.name, port]));
  const recorded = new Map(scenario.expect.map((each) => [each.step, each]));
  const knownDifferently = new Set<string>();
  const explained: Explained[] = [];
  const paths = new Paths(scenario);
  let active: string | null = scenario.switch.uplinks?.active ?? null;

  for (const [index, { verdict }] of outcome.steps.entries()) {
    const step = scenario.steps[index]!;
    const here = differences.filter((difference) => difference.step === index);
    const consequence = ({ station }: Difference) => (knownDifferently.has(station!) ? 'consequence' : undefined);
    if ('event' in step) {
      const hasMoved = paths.after(step);
      const homeOf = (station: string) =>
        outcome.fdb.get(index)!.find(({ vlan, mac }) => `${vlan} ${mac}` === station)?.port;
      for (const difference of here.filter(({ kind }) => kind.endsWith('announcement'))) {
        const home = difference.kind === 'missing announcement' ? homeOf(difference.station!) : undefined;
        const stays = home !== undefined && home !== 'uplink' && !hasMoved(home);
        explained.push({ ...difference, reason: stays ? 'R14' : consequence(difference) });
      }
      const after = recorded.get(index)?.active;
      if (after !== undefined) active = after;
      if (step.event === 'flush' || step.event === 'age') knownDifferently.clear();
    } else {
      const frames = here.filter(({ station }) => station === undefined);
      const port = ports.get(step.port)!;
      const bytes = Buffer.from(step.frame, 'hex');
      const vid = classify(port, bytes);
      const [dst, src] = [`${vid} ${macAt(bytes, 0)}`, `${vid} ${macAt(bytes, 6)}`];
      const rule = ruleOf(scenario, step, bytes, verdict!, active);
      const follows = knownDifferently.has(src) || knownDifferently.has(dst);
      const reason = rule ?? (follows ? 'consequence' : undefined);
      explained.push(...frames.map((difference) => ({ ...difference, reason })));

      if (!refusedAlike.has(verdict!)) {
        const delivered = (recorded.get(index)?.out.length ?? 0) > 0;
        // Unicast that R8 or R9 refuses has been learned from all the same.
        const learnedAlike = rule === 'R8' || (rule === 'R9' && !isGroup(macAt(bytes, 0)));
        if (port.kind !== 'uplink') knownDifferently.delete(src);
        else if ((rule !== undefined && !learnedAlike) || (frames.length > 0 && rule === undefined))
          knownDifferently.add(src);
        else if (rule === undefined && taken.has(verdict!) && delivered) knownDifferently.delete(src);
      }
    }
    for (const difference of here.filter(({ kind }) => kind.endsWith('fdb'))) {
      explained.push({ ...difference, reason: consequence(difference) });
    }
  }
  return explained;
}

/** Which uplink carries whom in our switch, from event to event. */
class Paths {
  readonly #down = new Set<string>();
  readonly #local: readonly string[];
  readonly #members: readonly string[];
  readonly #team: ReferenceTeam;

  constructor(scenario: Scenario) {
    const { ports, teaming } = configOf(scenario, 'ours');
    this.#local = ports.filter((port) => port.kind !== 'uplink').map((port) => port.name);
    this.#members = scenario.switch.uplinks?.members ?? [];
    this.#team = new ReferenceTeam(teaming, () => true);
  }

  /** Takes in an event; whose path changed, by local port, is the answer. */
  after({ event, port }: EventStep): (local: string) => boolean {
    const pins = () => new Map(this.#local.map((name, index) => [name, this.#team.pin(index, '')]));
    const before = pins();
    const hasLink = (uplink: string) => !this.#down.has(uplink);
    if (port !== undefined && this.#members.includes(port)) {
      if (event === 'link-down') this.#down.add(port);
      if (event === 'link-up') this.#down.delete(port);
      if (event === 'set-active') this.#team.setActive(port, hasLink, 0n);
      else this.#team.update(hasLink, 0n);
    }
    const now = pins();
    return (local) => now.get(local) !== before.get(local);
  }
}

/** The rule by which we mean to differ at this step, if there is one. */
function ruleOf(
  { switch: { uplinks } }: Scenario,
  { port }: FrameStep,
  bytes: Uint8Array,
  verdict: string,
  active: string | null,
): Reason | undefined {
  if (uplinks === null || refusedAlike.has(verdict) || !uplinks.members.includes(port)) return undefined;
  const isBackup = uplinks.policy === 'active-backup';
  if (verdict === 'deja_vu') {
    if (isAnnouncement(bytes)) return 'R13';
    return isBackup ? 'R7' : undefined;
  }
  if (isBackup) return undefined;
  if (verdict === 'rpf_unicast') return 'R8';
  const toGroup = isGroup(macAt(bytes, 0));
  if (verdict === 'not_designated') return toGroup && port !== active ? undefined : 'R9';
  if (verdict !== 'flood_group') return undefined;
  if (port !== active) return 'R9';
  return u16At(bytes, 12) === 0x8035 || u16At(bytes, 16) === 0x8035 ? 'R12' : undefined;
}
