/** Frame sizes: what can be asked for, what it becomes, and what is refused. */
import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { BenchError } from '../../src/benchmark/error.ts';
import { parseSizes } from '../../src/benchmark/sizes.ts';

describe('frame sizes', () => {
  it.each([
    ['64', [['64', [64]]]],
    [
      ' 64 , 1518 ',
      [
        ['64', [64]],
        ['1518', [1518]],
      ],
    ],
    ['9018', [['9018', [9018]]]],
    ['imix:csit', [['imix:csit', [64, 570, 64, 64, 570, 64, 1518, 570, 64, 64, 570, 64]]]],
    ['genome:aaafg', [['genome:aaafg', [64, 64, 64, 1280, 1518]]]],
    ['IMIX - aaafg', [['genome:aaafg', [64, 64, 64, 1280, 1518]]]],
    ['genome:hij', [['genome:hij', [2112, 9000, 16_000]]]],
    ['64:1,1518:1', [['64:1,1518:1', [64, 1518]]]],
    [
      '64:1,1518:1,128,64:2;256:2',
      [
        ['64:1,1518:1', [64, 1518]],
        ['128', [128]],
        ['64:2', [64]],
        ['256:2', [256]],
      ],
    ],
  ])('%s is read', (text, expected) => {
    const got = parseSizes(text).map(({ name, sizes }) => [name, [...sizes]]);
    expect(got).toEqual(expected);
  });

  it.each([
    ['imix:csit', 353.83],
    ['imix:trex', 361.83],
    ['imix:classic', 353.83],
    ['64:7,570:4,1518:1', 353.83],
  ])('%s has its known mean of %d', (text, mean) => {
    expect(parseSizes(text)[0]!.meanBytes).toBeCloseTo(mean, 2);
  });

  it('rfc2544 stands for the seven standard sizes', () => {
    expect(parseSizes('rfc2544').map(({ meanBytes }) => meanBytes)).toEqual([64, 128, 256, 512, 1024, 1280, 1518]);
  });

  it('z is a frame that carries the MTU', () => {
    expect(parseSizes('genome:az', { mtu: 1500 })[0]!.sizes).toEqual([64, 1518]);
  });

  it.each([
    ['', 'no frame sizes'],
    ['63', '63 is no frame size'],
    ['65554', '65554 is no frame size'],
    ['64.5', '64.5 is no frame size'],
    ['big', 'big is no frame size'],
    ['imix:spirent', 'imix:spirent is no known IMIX; there are csit, trex, classic'],
    ['imix:constructor', 'no known IMIX'],
    ['genome:aZ', 'no letter Z'],
    ['genome:az', 'say which MTU'],
    ['64:0', 'no usable weight'],
    ['64:4095,65:4096', 'use smaller weights'],
  ])('%s is refused in one line', (text, told) => {
    expect(() => parseSizes(text)).toThrow(BenchError);
    expect(() => parseSizes(text)).toThrow(told);
    expect(() => parseSizes(text)).toThrow(/^[^\n]+; [^\n]+$/);
  });

  it('interleaves weights evenly: any piece of a period has its share of each size, give or take one frame of each', () => {
    const weights = fc.array(fc.integer({ min: 1, max: 40 }), { minLength: 1, maxLength: 5 });
    fc.assert(
      fc.property(weights, (times) => {
        const text = times.map((weight, i) => `${100 + i}:${weight}`).join(',');
        const [mix] = parseSizes(text);
        const { sizes } = mix!;
        const total = times.reduce((sum, weight) => sum + weight, 0);
        expect(total % sizes.length).toBe(0);
        times.forEach((weight, i) => {
          const count = sizes.filter((size) => size === 100 + i).length;
          expect(count * total).toBe(weight * sizes.length);
          let seen = 0;
          const uneven = sizes.filter((size, at) => {
            if (size === 100 + i) seen++;
            return Math.abs(seen - (count * (at + 1)) / sizes.length) > times.length;
          });
          expect(uneven).toEqual([]);
        });
        const mean = times.reduce((sum, weight, i) => sum + weight * (100 + i), 0) / total;
        expect(mix!.meanBytes).toBeCloseTo(mean, 9);
      }),
    );
  });
});
