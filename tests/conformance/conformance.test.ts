/** The reference model against the recorded behaviour of Open vSwitch and the Linux bridge. */
import { afterAll, describe, expect, it } from 'vitest';
import { referenceUnderTest } from '../model/under-test.ts';
import { allowed, allowedAlike } from './allowed.ts';
import { type Judgement, judge, report } from './judge.ts';
import { configOf, loadScenarios, snoops } from './scenario.ts';

const scenarios = loadScenarios().filter((scenario) => !snoops(scenario));
const judgements = new Map<string, Judgement>();
afterAll(() => console.log(report(judgements)));

describe('the reference model does what was recorded, but for the named reasons', () => {
  it.each(scenarios)('$name: $about', (scenario) => {
    const judgement = judge(scenario, referenceUnderTest(configOf(scenario, 'ours')));
    judgements.set(scenario.name, judgement);
    expect(judgement).toEqual({ counts: allowed[scenario.name] ?? {}, unexplained: [] });
  });
});

describe('set as the recorded switch, the reference model does what was recorded, but for fewer reasons', () => {
  it.each(scenarios.filter(({ switch: { uplinks } }) => uplinks?.policy === 'balance-slb'))('$name', (scenario) => {
    const judgement = judge(scenario, referenceUnderTest(configOf(scenario, 'theirs')));
    expect(judgement).toEqual({ counts: allowedAlike[scenario.name] ?? {}, unexplained: [] });
  });
});

it('allows differences only to scenarios that exist and have uplinks', () => {
  const withUplinks = new Set(scenarios.filter((each) => each.switch.uplinks !== null).map((each) => each.name));
  const names = [...Object.keys(allowed), ...Object.keys(allowedAlike)];
  expect(names.filter((name) => !withUplinks.has(name))).toEqual([]);
});
