/** Rates: the theoretical ones against published figures, and loads as people write them. */
import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { BenchError } from '../../src/benchmark/error.ts';
import {
  framesPerSecond,
  l1Bits,
  l2Bits,
  parseLoad,
  percentOfLine,
  theoreticalFrames,
} from '../../src/benchmark/rate.ts';

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
          expect(percentOfLine(frames / 2, line, of(bytes))).toBeCloseTo(50, 7);
          expect(l2Bits(frames, of(bytes)) / line).toBeCloseTo(bytes / (bytes + 20), 9);
        },
      ),
    );
  });
});

describe('a load', () => {
  it.each([
    ['10%', { kind: 'percent', percent: 10 }],
    ['150 %', { kind: 'percent', percent: 150 }],
    ['1Mpps', { kind: 'frames', perSecond: 1e6 }],
    ['500kpps', { kind: 'frames', perSecond: 5e5 }],
    ['12.5pps', { kind: 'frames', perSecond: 12.5 }],
    ['1Gbps', { kind: 'bits', perSecond: 1e9 }],
    ['2.5 Gbps', { kind: 'bits', perSecond: 2.5e9 }],
  ])('%s is read', (text, load) => {
    expect(parseLoad(text)).toEqual(load);
  });

  it.each(['', '10', '1M', '0%', '-1pps', '1e3pps', '1Xpps', 'max', '9999999Tpps'])(
    '%s is refused in one line',
    (text) => {
      expect(() => parseLoad(text)).toThrow(BenchError);
      expect(() => parseLoad(text)).toThrow(/^[^\n]+ is no load; [^\n]+$|^ is no load/);
    },
  );

  it('becomes frames/s', () => {
    expect(framesPerSecond(parseLoad('1Mpps'), of(64), null)).toBe(1e6);
    expect(framesPerSecond(parseLoad('672Mbps'), of(64), null)).toBe(1e6);
    expect(framesPerSecond(parseLoad('50%'), of(1518), 10e9)).toBeCloseTo(406_371.9, 0);
  });

  it('in per cent wants a line', () => {
    expect(() => framesPerSecond(parseLoad('50%'), of(64), null)).toThrow('no media limit');
  });
});
