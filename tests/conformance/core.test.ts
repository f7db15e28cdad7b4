/** The core against the recorded behaviour: it differs where the reference model does, and nowhere else. */
import { describe, expect, it } from 'vitest';
import { underTest } from '../core/under-test.ts';
import { allowed } from './allowed.ts';
import { judge } from './judge.ts';
import { loadScenarios, scenarioTopology } from './scenario.ts';

describe('the core does what was recorded, but for the named reasons', () => {
  it.each(loadScenarios())('$name: $about', (scenario) => {
    const sut = underTest(scenarioTopology(scenario));
    try {
      expect(judge(scenario, sut)).toEqual({ counts: allowed[scenario.name] ?? {}, unexplained: [] });
    } finally {
      sut.close();
    }
  });
});
