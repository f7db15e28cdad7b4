/** The end-host rules by name, as a user writes them. */
import { Refusal } from './value.ts';

const ruleMax = 19;

/** The number of a rule: `R7` is 7. */
export function readRule(value: unknown): number {
  const [, digits] = typeof value === 'string' ? (/^R([1-9]\d?)$/.exec(value) ?? []) : [];
  const rule = Number(digits);
  if (rule <= ruleMax) return rule;
  throw new Refusal(value, 'a rule', `allowed: R1 to R${ruleMax}`);
}
