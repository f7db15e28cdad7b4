/** What a walk over a capture tells is what reading its frames one by one tells. */
import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import path from 'node:path';
import fc from 'fast-check';
import { afterAll, describe, expect, it } from 'vitest';
import { CaptureError, readCapture } from '../../src/capture/read.ts';
import { survey } from '../../src/capture/survey.ts';
import { ascii, type ByteOrder, joined, language, type OptionSpec, octets } from './blocks.ts';

const directory = mkdtempSync(path.join(tmpdir(), 'survey-'));
afterAll(() => rmSync(directory, { recursive: true }));

function file(...parts: Uint8Array[]): string {
  const at = path.join(directory, 'capture');
  writeFileSync(at, joined(...parts));
  return at;
}

/** The custom option of a drop: ingress, a verdict, VLAN 10, at vmnic1. */
function dropOption(order: ByteOrder, verdict: number, more: Uint8Array = new Uint8Array(0)): OptionSpec {
  const { u16 } = language('le');
  const names = joined(Uint8Array.of(6), ascii('vmnic1'), Uint8Array.of(4), ascii('web1'), Uint8Array.of(0));
  return [2989, joined(language(order).u32(32473), Uint8Array.of(1, 0), u16(verdict), u16(10), names, more)];
}

describe.each<ByteOrder>(['le', 'be'])('drops (%s)', (order) => {
  const { shb, idb, epb, u32 } = language(order);
  const start = [shb(), idb(1, 0, [2, ascii('esx1/DROP')])];

  it('are read with verdict, side, VLAN, port and owner', () => {
    const frames = [...readCapture(file(...start, epb(0, 0n, octets(60), [2, u32(1)], dropOption(order, 19))))];
    expect(frames[0]!.drop).toEqual({
      verdict: 19,
      side: 'ingress',
      vid: 10,
      port: 'vmnic1',
      owner: 'web1',
      pin: null,
    });
  });

  it('are none where the option is of somebody else', () => {
    const { u16 } = language('le');
    const pen = u32(32473);
    const others: readonly Uint8Array[] = [
      dropOption(order, 19, octets(1))[1],
      joined(u32(9), dropOption(order, 19)[1].subarray(4)),
      joined(pen, Uint8Array.of(2, 0), u16(1), u16(1), octets(0)),
      joined(pen, Uint8Array.of(1, 2), u16(1), u16(1), Uint8Array.of(0, 0, 0)),
      joined(pen, Uint8Array.of(1, 0), u16(1), u16(0x1000), Uint8Array.of(0, 0, 0)),
      joined(pen, Uint8Array.of(1, 0), u16(1), u16(1), Uint8Array.of(0, 0, 9)),
      pen,
      octets(0),
    ];
    for (const value of others)
      expect([...readCapture(file(...start, epb(0, 0n, octets(60), [2989, value])))]).toMatchObject([{ drop: null }]);
  });

  it('are counted by verdict', () => {
    const died = [19, 20, 19].map((verdict) => epb(0, 0n, octets(60), dropOption(order, verdict)));
    expect(survey(file(...start, ...died)).drops).toMatchObject([
      { drop: { verdict: 19 }, frames: 2 },
      { drop: { verdict: 20 }, frames: 1 },
    ]);
  });
});

describe('a survey', () => {
  it('counts, sums and dates as reading does, whatever the clocks and sections are', () => {
    const order = fc.constantFrom<ByteOrder>('le', 'be');
    const frame = fc.record({
      id: fc.nat(1),
      ticks: fc.bigInt(0n, 2n ** 40n),
      size: fc.nat(80),
      more: fc.nat(20),
      direction: fc.constantFrom(0, 1, 2),
    });
    const section = fc.record({
      order,
      resolutions: fc.tuple(fc.constantFrom(3, 6, 9, 0x8a), fc.constantFrom(6, 9)),
      frames: fc.array(frame, { maxLength: 12 }),
    });
    fc.assert(
      fc.property(fc.array(section, { minLength: 1, maxLength: 3 }), (sections) => {
        const parts = sections.flatMap(({ order: endian, resolutions, frames }) => {
          const { shb, idb, block, u32, epb } = language(endian);
          return [
            shb(),
            ...resolutions.map((tsresol, i) => idb(1, 0, [2, ascii(`p${i}`)], [9, Uint8Array.of(tsresol)])),
            ...frames.map(({ id, ticks, size, direction }) => epb(id, ticks, octets(size), [2, u32(direction)])),
            block(5, u32(0), u32(0), u32(0)),
            block(0x1234, octets(5)),
          ];
        });
        const name = file(...parts);
        const frames = [...readCapture(name)];
        const found = survey(name);
        const times = frames.map(({ timeNs }) => timeNs);
        const sorted = times.toSorted((a, b) => (a < b ? -1 : a > b ? 1 : 0));
        expect(found).toMatchObject({
          format: 'pcapng',
          frames: frames.length,
          capturedBytes: frames.reduce((sum, { bytes }) => sum + bytes.length, 0),
          firstNs: sorted[0] ?? null,
          lastNs: sorted.at(-1) ?? null,
          problems: [],
        });
        // Coarser clocks are compared by what their ticks are in ns, rounded down; a frame at one time with another is in order.
        expect(found.backwards).toBe(times.filter((time, i) => i > 0 && time < times[i - 1]!).length);
        expect(found.sections.map(({ byteOrder }) => byteOrder)).toEqual(
          sections.map(({ order: endian }) => (endian === 'le' ? 'little' : 'big')),
        );
        expect(found.interfaces.map(({ frames: n, framesIn, framesOut }) => [n, framesIn, framesOut])).toEqual(
          sections.flatMap((each) =>
            [0, 1].map((id) => {
              const own = each.frames.filter((one) => one.id === id);
              return [own.length, ...[1, 2].map((way) => own.filter(({ direction }) => direction === way).length)];
            }),
          ),
        );
        expect([...found.blocks]).toEqual([
          [5, sections.length],
          [0x1234, sections.length],
        ]);
      }),
      { numRuns: 60 },
    );
  });

  it('tells what interfaces, statistics and names say', () => {
    const { shb, idb, block, u16, u32, u64 } = language('be');
    const counts: OptionSpec[] = [
      [4, u64(7n)],
      [5, u64(2n)],
    ];
    const options = joined(...counts.map(([code, value]) => joined(u16(code), u16(value.length), value)));
    const name = file(
      shb(),
      idb(1, 96, [2, ascii('p0')], [3, ascii('first')], [6, octets(6)], [8, u64(10n ** 10n)], [11, ascii('\0arp')]),
      block(4, u16(1), u16(8), octets(4), ascii('web'), octets(1), u16(0), u16(0)),
      block(5, u32(0), u64(0n), options),
    );
    expect(survey(name)).toMatchObject({
      names: 1,
      interfaces: [
        {
          details: { description: 'first', mac: octets(6), speedBps: 10n ** 10n, filter: 'arp' },
          statistics: { received: 7n, dropped: 2n, accepted: null },
          firstNs: null,
        },
      ],
    });
  });

  it('goes on behind damage, and says where that was', () => {
    const { shb, idb, epb } = language('le');
    const { frames, problems } = survey(
      file(shb(), idb(), epb(0, 0n, octets(4)), epb(7, 0n, octets(4)), epb(0, 0n, octets(4)), octets(5)),
    );
    expect(frames).toBe(2);
    expect(problems.map(({ offset }) => offset)).toEqual([48 + 36, 48 + 108]);
  });

  it('of a file with any octet changed gives what is there or one line', () => {
    const { shb, idb, epb, block, u16, u32, u64 } = language('le');
    const whole = joined(
      shb(),
      idb(1, 0, [2, ascii('a/DROP')], [9, Uint8Array.of(9)]),
      epb(0, 1n, octets(20), [2, u32(1)], [5, u64(1n)], dropOption('le', 3)),
      block(4, u16(1), u16(8), octets(8), u16(0), u16(0)),
      block(5, u32(0), u64(0n), u16(4), u16(8), u64(1n)),
    );
    for (let index = 0; index < whole.length; index++)
      for (const change of [1, 0x80, 0xff]) {
        const damaged = whole.slice();
        damaged[index]! ^= change;
        try {
          const { problems, frames } = survey(file(damaged));
          expect(frames).toBeLessThanOrEqual(1);
          expect(problems.every(({ message }) => !message.includes('\n'))).toBe(true);
        } catch (problem) {
          expect(problem).toBeInstanceOf(CaptureError);
        }
      }
  });
});
