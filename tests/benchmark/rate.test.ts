/** Rates: the theoretical ones against published figures. */
import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { l1Bits, l2Bits, theoreticalFrames } from '../../src/benchmark/rate.ts';

const of = (meanBytes: number) => ({ meanBytes });

describe('the theoretical rate', () => {
  it.each([
    [64, 14_880_952],
    [128, 8_445_945],
    [256, 4_528_985],
    [512, 2_349_624],
    [1024, 1_197_318],
    [1280, 961_538],
    [1518, 812_743],
    [9018, 138_304],
  ])('of %d octets at 10 Gbit/s is %d frames/s', (bytes, frames) => {
    expect(Math.floor(theoreticalFrames(10e9, of(bytes)))).toBe(frames);
  });

  it('fills the line, and leaves L2 what the gaps leave', () => {
    fc.assert(
      fc.property(
        fc.double({ min: 64, max: 9018, noNaN: true }),
        fc.integer({ min: 1, max: 400 }),
        (bytes, gigabits) => {
          const line = gigabits * 1e9;
          const frames = theoreticalFrames(line, of(bytes));
          expect(l1Bits(frames, of(bytes)) / line).toBeCloseTo(1, 9);
          expect(l2Bits(frames, of(bytes)) / line).toBeCloseTo(bytes / (bytes + 20), 9);
        },
      ),
    );
  });
});
