/**
 * Rules that a lesson switches off.
 */
import { stormLimitDefault } from './defaults.ts';
import type { Teaching } from './model.ts';
import type { Problems } from './problem.ts';
import type { File } from './schema.ts';

export function teachingOf({ teaching }: File, problems: Problems): Teaching | null {
  if (teaching === undefined) return null;
  const path = ['teaching', 'disable'];
  const disabled = new Set<number>();
  for (const [i, rule] of (teaching.disable ?? []).entries()) {
    if (rule === undefined) continue;
    if (disabled.has(rule)) problems.add([...path, i], `R${rule} stands twice in disable; each rule once`);
    disabled.add(rule);
  }
  const rules = [...disabled].sort((a, b) => a - b);
  if (rules.length > 0) {
    const names = rules.map((rule) => `R${rule}`).join(', ');
    problems.warn(path, `${names} ${rules.length === 1 ? 'is' : 'are'} off, so that frames may loop or come twice`);
  }
  return { disabled: rules, stormLimit: teaching.stormLimit ?? stormLimitDefault };
}
