/** The health of a topology file: its mismatches, with their places in it. */
import { readYaml } from './document.ts';
import { expand } from './expand.ts';
import { mismatches } from './health.ts';
import type { Mismatch, Severity } from './health-model.ts';
import { parseTopology, readText } from './load.ts';
import type { Topology } from './model.ts';
import { Problems } from './problem.ts';

/** One finding of the health check, for people and programs. */
export interface Finding {
  readonly severity: Severity;
  readonly subject: Mismatch['subject'];
  /** `file:line:column: path`. */
  readonly place: string;
  /** What does not fit, and what to do. */
  readonly message: string;
}

export interface Health {
  readonly topology: Topology;
  /** In file order, errors first. Copies of a counted host are told once. */
  readonly findings: readonly Finding[];
}

/** Reads a topology and compares both ends of its cables. Throws a TopologyError for a file that a run would refuse. */
export function loadHealth(file: string): Health {
  const text = readText(file);
  const topology = parseTopology(text, file);
  const found = mismatches(topology, topology.links);
  const { value, locate } = readYaml(text, file);
  // A place may have several findings; how many there were before at that very place.
  const before = new Map<string, number>();
  const ranked = found.map((each) => {
    const key = JSON.stringify([each.severity, each.subject, each.path]);
    const rank = before.get(key) ?? 0;
    before.set(key, rank + 1);
    return { ...each, rank };
  });
  const ranks = [...new Set(ranked.map(({ rank }) => rank))];
  const placed = (severity: Severity): Finding[] =>
    (['vlan', 'mtu', 'teaming', 'rate', 'tree'] as const).flatMap((subject) =>
      ranks.flatMap((rank) => {
        // It knows where the copies of a counted host come from, and tells each place once.
        const problems = new Problems();
        expand(value, problems);
        for (const each of ranked) {
          if (each.severity === severity && each.subject === subject && each.rank === rank)
            problems.warn(each.path, each.message);
        }
        return problems.warnings(file, locate).map((warning) => ({ severity, subject, ...warning }));
      }),
    );
  return { topology, findings: [...placed('error'), ...placed('warning')] };
}
