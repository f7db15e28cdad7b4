/**
 * Every difference from the recorded switches, counted: scenario, reason, number of steps. A scenario that is not here does
 * not differ at all; all of learning (a), VLANs (b), and the table's limit and static entries (d) are such.
 *
 * The numbers are exact. When one changes, say why in the commit.
 */
import type { Reason } from './explain.ts';

export const allowed: Readonly<Record<string, Partial<Record<Reason, number>>>> = {
  'c-ab-reflection-active': { R7: 1, consequence: 2 },
  'c-ab-reflection-garp-active': { R13: 1 },
  'c-slb-migration-in': { R9: 1 },
  'c-slb-outside-unicast-any': { R8: 2 },
  'c-slb-outside-unknown-any': { R9: 1 },
  'c-slb-three-uplinks': { R8: 2 },
  'c-rnd-001': { R13: 4, R7: 2, consequence: 5 },
  'c-rnd-007': { consequence: 2 },
  'c-rnd-013': { R7: 1, consequence: 2 },
  'c-rnd-015': { R13: 3, consequence: 1, failback: 15 },
  'c-rnd-035': { R13: 2, R7: 4, consequence: 1 },
  'c-rnd-037': { R7: 4, consequence: 4 },
  'c-rnd-043': { R13: 1, R7: 2, consequence: 2 },
  'c-rnd-045': { R13: 1 },
  'c-rnd-047': { R13: 1 },
  'c-rnd-051': { R13: 2, R7: 3, consequence: 3 },
  'c-rnd-057': { R7: 6, consequence: 9 },
  'c-rnd-063': { R7: 3, consequence: 4 },
  'c-rnd-065': { R13: 1 },
  'c-rnd-077': { R7: 1 },
  'c-rnd-083': { R13: 1, R7: 3, consequence: 1 },
  'c-rnd-085': { R13: 1, R7: 3, consequence: 3 },
  'c-rnd-093': { R13: 1, R7: 2, consequence: 1 },
  'c-rnd-004': { R9: 1 },
  'c-rnd-006': { R12: 1, R8: 1, R9: 3, consequence: 2 },
  'c-rnd-010': { R12: 1, R8: 3 },
  'c-rnd-012': { R8: 3 },
  'c-rnd-020': { R8: 4, R9: 3 },
  'c-rnd-024': { R12: 1, R9: 6, consequence: 1 },
  'c-rnd-030': { R9: 2 },
  'c-rnd-042': { R9: 1 },
  'c-rnd-044': { R8: 1, R9: 8 },
  'c-rnd-054': { R12: 1, R8: 2, R9: 6, consequence: 1 },
  'c-rnd-062': { R12: 1, R8: 3, R9: 1 },
  'c-rnd-064': { R12: 1, R9: 2 },
  'c-rnd-068': { R12: 3, R8: 2, consequence: 3 },
  'c-rnd-072': { R8: 2, R9: 3 },
  'c-rnd-086': { R8: 4, R9: 2 },
  'c-rnd-098': { R12: 1, R8: 1, consequence: 2 },
};
