/** What a run with rules switched off says of itself, in every report and capture. */
import type { FlapReport, MoveReport, StormRound, TeachingReport } from './report.ts';

/** Numbers of rules, in rising order. */
export interface Lesson {
  readonly off: readonly number[];
  /** In force again. */
  readonly formerly?: readonly number[];
  /** In force when a capture began. */
  readonly later?: readonly number[];
}

/** One line, or null when all rules are in force. */
export function bannerOf({ off, formerly = [], later = [] }: Lesson): string | null {
  const parts = [
    told(off, 'is switched off', 'are switched off'),
    told(formerly, 'was switched off for a while', 'were switched off for a while'),
    told(later, 'may be switched off in the course of it', 'may be switched off in the course of it'),
  ].filter((part) => part !== '');
  if (parts.length === 0) return null;
  return `TEACHING MODE: ${parts.join(', ')}; this network is not safe from loops and duplicates`;
}

function told(rules: readonly number[], one: string, several: string): string {
  const names = rules.map((rule) => `R${rule}`);
  const last = names.pop();
  if (last === undefined) return '';
  return names.length === 0 ? `rule ${last} ${one}` : `rules ${names.join(', ')} and ${last} ${several}`;
}

export function teachingReport(
  lesson: Required<Omit<Lesson, 'later'>>,
  rounds: readonly StormRound[],
): TeachingReport | null {
  const banner = bannerOf(lesson);
  if (banner === null) return null;
  const [disabled, formerly] = [lesson.off, lesson.formerly].map((rules) => rules.map((rule) => `R${rule}`));
  return { disabled: disabled!, formerly: formerly!, banner, rounds, cycle: cycleOf(rounds) };
}

/** The ports by which the first caught frame came in most often, at every switch that caught it. */
function cycleOf(rounds: readonly StormRound[]): string {
  const first = rounds.toSorted((a, b) => a.seconds - b.seconds)[0];
  if (first === undefined) return '';
  const ports = rounds.filter(({ frame }) => frame === first.frame).flatMap((round) => round.ports);
  const again = ports.filter(({ times }) => times > 1).map(({ port, times }) => `${port} (${times} times)`);
  // In a crowd a guard may have seen it by each port but once since it last forgot it.
  const named = again.length > 0 ? again : ports.map(({ port }) => port);
  return `frame ${first.frame} went round: it came in by ${named.join(', ')}`;
}

/** Stations that moved twice or more, the most restless first. */
export function flapsOf(moves: readonly MoveReport[]): FlapReport[] {
  const stations = new Map<string, MoveReport[]>();
  for (const move of moves) {
    const key = `${move.vlan} ${move.mac}`;
    stations.set(key, [...(stations.get(key) ?? []), move]);
  }
  return [...stations.values()]
    .filter((own) => own.length > 1)
    .map((own) => ({
      vlan: own[0]!.vlan,
      mac: own[0]!.mac,
      moves: own.length,
      ports: [...new Set(own.flatMap(({ from, to }) => [from, to]))],
    }))
    .sort((a, b) => b.moves - a.moves);
}
