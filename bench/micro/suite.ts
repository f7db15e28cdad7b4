/**
 * A suite of small cases, timed by benny, in a process of its own: what one frame costs, in nanoseconds. An operation is
 * what `run` does, `frames` at a time; the operations a second that benny counts stand beside.
 */
import b from 'benny';
import { figure, type Line, print } from '../line.ts';
import { isSmoke } from '../options.ts';

export interface Case {
  readonly name: string;
  /** Frames that one call of `run` moves. */
  readonly frames: number;
  /** Called very often; returns frames moved. */
  readonly run: () => number;
}

/** What has to be true afterwards. */
export type Verified = Pick<Line, 'balanced' | 'drops' | 'checksum'>;

const CASES = isSmoke
  ? { minTime: 0.005, maxTime: 0.02, minSamples: 2 }
  : { minTime: 0.05, maxTime: 1.5, minSamples: 15 };

export async function suite(name: string, cases: readonly Case[], verify: () => Verified): Promise<void> {
  const moved = cases.map(() => ({ calls: 0, frames: 0 }));
  const timed = cases.map(({ name: title, run }, i) =>
    b.add(title, () => {
      const tally = moved[i]!;
      tally.calls++;
      tally.frames += run();
    }),
  );
  // Benny announces a suite on stdout, which is for the line alone.
  const log = console.log;
  console.log = () => {};
  const { results } = await b.suite(name, b.configure({ cases: CASES }), ...timed);
  console.log = log;
  const figures = results.map(({ name: title, details: { sampleResults } }, i) => {
    const { frames } = cases[i]!;
    const perFrame = figure(
      title,
      'ns/frame',
      sampleResults.map((seconds) => (seconds * 1e9) / frames),
    );
    return [
      perFrame,
      figure(
        title,
        'ops/s',
        sampleResults.map((seconds) => 1 / seconds),
      ),
    ];
  });
  const isWhole = moved.every(({ calls, frames }, i) => calls > 0 && frames === calls * cases[i]!.frames);
  const { balanced, drops, checksum } = verify();
  print({
    bench: `micro/${name}`,
    settings: Object.fromEntries(cases.map(({ name: title, frames }) => [`frames an operation: ${title}`, frames])),
    figures: figures.flat(),
    balanced: balanced && isWhole && Object.keys(drops).length === 0,
    drops,
    checksum,
  });
}
