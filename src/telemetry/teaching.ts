/** What a run with rules switched off says of itself, in every report and capture. */
import type { FlapReport, MoveReport, StormRound, TeachingReport } from './report.ts';

/** What a topology says of it. */
interface Lesson {
  readonly teaching: { readonly disabled: readonly number[] } | null;
}

/** One line, or null when all rules are in force. */
export function bannerOf({ teaching }: Lesson): string | null {
  if (teaching === null || teaching.disabled.length === 0) return null;
  const rules = teaching.disabled.map((rule) => `R${rule}`);
  const last = rules.pop()!;
  const [names, verb] = rules.length === 0 ? [`rule ${last}`, 'is'] : [`rules ${rules.join(', ')} and ${last}`, 'are'];
  return `TEACHING MODE: ${names} ${verb} switched off; this network is not safe from loops and duplicates`;
}

export function teachingReport(topology: Lesson, rounds: readonly StormRound[]): TeachingReport | null {
  const banner = bannerOf(topology);
  if (banner === null) return null;
  return { disabled: topology.teaching!.disabled.map((rule) => `R${rule}`), banner, rounds, cycle: cycleOf(rounds) };
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
