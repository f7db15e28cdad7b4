/** The core against the recorded behaviour: it differs where the reference model does, and nowhere else. */
import { describe, expect, it } from 'vitest';
import { underTest } from '../core/under-test.ts';
import { topologyOf } from '../model/topology.ts';
import { allowed, allowedAlike } from './allowed.ts';
import { judge } from './judge.ts';
import { configOf, loadScenarios, type Scenario, type Setting, withGroups } from './scenario.ts';

const scenarios = loadScenarios();

function judged(scenario: Scenario, setting: Setting) {
  const sut = underTest(withGroups(topologyOf(configOf(scenario, setting)), scenario));
  try {
    return judge(scenario, sut);
  } finally {
    sut.close();
  }
}

describe('the core does what was recorded, but for the named reasons', () => {
  it.each(scenarios)('$name: $about', (scenario) => {
    expect(judged(scenario, 'ours')).toEqual({ counts: allowed[scenario.name] ?? {}, unexplained: [] });
  });
});

describe('set as the recorded switch, the core does what was recorded, but for fewer reasons', () => {
  it.each(scenarios.filter(({ switch: { uplinks } }) => uplinks?.policy === 'balance-slb'))('$name', (scenario) => {
    expect(judged(scenario, 'theirs')).toEqual({ counts: allowedAlike[scenario.name] ?? {}, unexplained: [] });
  });
});
