/** Formulas of the RFCs, with their own figures where these are right. */
import { describe, expect, it } from 'vitest';
import {
  backToBack,
  needsBackToBack,
  nextLossLoad,
  overloadLossRatio,
  recoveryLoads,
  resetSecondsByLoss,
} from '../../src/benchmark/method.ts';

describe('loss', () => {
  it('at a port with 150 per cent of its line is a third', () => {
    expect(overloadLossRatio(150)).toBeCloseTo(1 / 3, 12);
    expect(overloadLossRatio(80)).toBe(0);
  });

  it('is measured from 100 per cent down until two successive loads lose nothing', () => {
    const losses = [0.4, 0, 0.2, 0, 0, 0];
    const points: { loadPercent: number; lossRatio: number }[] = [];
    for (let load = nextLossLoad(points); load !== null; load = nextLossLoad(points)) {
      points.push({ loadPercent: load, lossRatio: losses[points.length]! });
    }
    expect(points.map(({ loadPercent }) => loadPercent)).toEqual([100, 90, 80, 70, 60]);
  });

  it('is given up when there is nothing left to send', () => {
    const points = Array.from({ length: 10 }, (_, i) => ({ loadPercent: 100 - 10 * i, lossRatio: 1 }));
    expect(nextLossLoad(points.slice(0, 9))).toBe(10);
    expect(nextLossLoad(points)).toBeNull();
    expect(nextLossLoad(points.slice(0, 3), 0.1)).toBe(99.7);
  });
});

describe('back to back', () => {
  it('is for sizes below line rate only', () => {
    expect(needsBackToBack(10e6, 14.88e6)).toBe(true);
    expect(needsBackToBack(14.88e6, 14.88e6)).toBe(false);
  });

  it('gives the time that the buffer holds, less what was forwarded meanwhile', () => {
    const line = 14_880_952 * 84 * 8;
    const result = backToBack([26_000, 26_700, 26_350], 7_440_476, line, 64);
    expect(result.framesMean).toBe(26_350);
    expect([result.framesMin, result.framesMax, result.framesDeviation]).toEqual([26_000, 26_700, 350]);
    expect(result.impliedBufferSeconds).toBeCloseTo(26_350 / 14_880_952, 12);
    expect(result.correctedBufferSeconds).toBeCloseTo(result.impliedBufferSeconds / 2, 12);
  });

  it('has no deviation of a single repeat', () => {
    expect(backToBack([10], 1, 1e9, 64).framesDeviation).toBeNull();
  });
});

describe('recovery and reset', () => {
  it('overloads by a tenth, within the line, and then halves', () => {
    expect(recoveryLoads(1000, null)).toEqual({ overload: 1100, relief: 550 });
    expect(recoveryLoads(1000, 1040)).toEqual({ overload: 1040, relief: 520 });
  });

  it('is told by loss, and not at all without frames', () => {
    expect(resetSecondsByLoss(5000, 10_000)).toBe(0.5);
    expect(resetSecondsByLoss(0, 0)).toBeNull();
  });
});
