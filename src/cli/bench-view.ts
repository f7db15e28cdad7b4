/**
 * How far a benchmark is, on the standard error: a line for each test that is over, and on a terminal below them what is measured
 * now, redrawn in place. The standard output is left to results.
 */
import type { WriteStream } from 'node:tty';
import type { TestResult, TrialResult } from '../benchmark/model.ts';
import { durationText, quantity, sizeText } from '../benchmark/report/format.ts';
import { firstHeadline } from '../benchmark/report/verdict.ts';
import type { Progress, SuiteTest } from '../benchmark/suite.ts';
import { bar, counted, grouped, paintFor } from './format.ts';

const REDRAW_MS = 250;
const BAR_WIDTH = 24;
/** Before so much is done, what is left cannot be told. */
const SHARE_MIN = 0.02;
const WRAP_OFF = '\x1b[?7l';
const WRAP_ON = '\x1b[?7h';

export class BenchView {
  readonly #out: WriteStream;
  readonly #isTerminal: boolean;
  readonly #isStopping: () => boolean;
  readonly #beganAt = performance.now();
  #timer: NodeJS.Timeout | undefined;
  #test: { readonly title: string; readonly index: number; readonly count: number } | null = null;
  /** Index of the first test of this run: others were kept. */
  #first = -1;
  #progress: Progress | null = null;
  #trial: TrialResult | null = null;
  #lines = 0;
  #drawnAt = 0;

  constructor(out: WriteStream, isStopping: () => boolean) {
    this.#out = out;
    this.#isStopping = isStopping;
    this.#isTerminal = out.isTTY === true;
    if (!this.#isTerminal) return;
    this.#timer = setInterval(() => this.#draw(), REDRAW_MS);
    this.#timer.unref();
  }

  /** A line of its own, above what is redrawn. */
  say(line: string): void {
    this.#clear();
    this.#out.write(`${plain(line)}\n`);
  }

  begins({ title }: SuiteTest, index: number, count: number): void {
    if (this.#first < 0) this.#first = index;
    this.#test = { title, index, count };
    this.#progress = null;
    this.#trial = null;
    this.#look();
  }

  progress(progress: Progress): void {
    this.#progress = progress;
    this.#look();
  }

  trial(trial: TrialResult): void {
    this.#trial = trial;
    this.#look();
  }

  ends(result: TestResult, seconds: number): void {
    const { index, count } = this.#test!;
    this.#clear();
    const place = `${String(index + 1).padStart(String(count).length)}/${count}`;
    this.#out.write(`${place}  ${outcome(result.status)}  ${plain(resultText(result, seconds))}\n`);
    this.#test = null;
  }

  /** Leaves the screen to the summary. */
  end(): void {
    clearInterval(this.#timer);
    this.#clear();
  }

  #look(): void {
    if (this.#isTerminal && performance.now() - this.#drawnAt >= REDRAW_MS) this.#draw();
  }

  #draw(): void {
    if (this.#test === null) return;
    const { title, index, count } = this.#test;
    const text = [
      `${bar(this.#share(), BAR_WIDTH)} test ${index + 1} of ${count}: ${paintFor('stderr', 'bold', title)}`,
      `  ${this.#progress?.text ?? 'networks are set up and warmed up'}`,
      `  ${this.#trial === null ? '' : trialText(this.#trial)}`,
      `  ${this.#time()}; ${
        this.#isStopping()
          ? 'stops after this trial, Ctrl-C again ends it at once'
          : 'Ctrl-C stops after this trial and keeps what is done'
      }`,
    ];
    this.#clear();
    this.#out.write(
      `${WRAP_OFF}${text.map((line) => line.replace(/\p{Cc}(?!\[)/gu, '\ufffd')).join('\n')}\n${WRAP_ON}`,
    );
    this.#lines = text.length;
    this.#drawnAt = performance.now();
  }

  #clear(): void {
    if (this.#lines > 0) this.#out.write(`\x1b[${this.#lines}A\x1b[J`);
    this.#lines = 0;
  }

  /** Of what this run has to do, 0-1, all tests taken for equally long. */
  #share(): number {
    const { index, count } = this.#test!;
    const part = Math.min(1, Math.max(0, this.#progress?.part ?? 0));
    return (index - this.#first + part) / (count - this.#first);
  }

  #time(): string {
    const elapsed = (performance.now() - this.#beganAt) / 1000;
    const share = this.#share();
    if (share < SHARE_MIN) return durationText(Math.round(elapsed));
    const left = Math.round((elapsed / share) * (1 - share));
    return `${durationText(Math.round(elapsed))}, about ${durationText(left)} left`;
  }
}

const plain = (text: string): string => text.replace(/[\p{Cc}\u2028\u2029]/gu, '\ufffd');

function outcome(status: TestResult['status']): string {
  if (status === 'done') return paintFor('stderr', 'green', 'done  ');
  if (status === 'failed') return paintFor('stderr', 'red', 'FAILED');
  return paintFor('stderr', 'dim', 'n/a   ');
}

function resultText(result: TestResult, seconds: number): string {
  const { id, status, why, figures, trials } = result;
  if (status !== 'done') return `${id}: ${why}`;
  const head = firstHeadline(result);
  const first = head === null ? '' : `${head.what}: ${head.value}; `;
  return `${id}: ${first}${counted(figures.length, 'figure')}, ${counted(trials.length, 'trial')}, ${durationText(seconds)}`;
}

function trialText({ size, intendedRate, offeredRate, receivedRate, lost, void: why }: TrialResult): string {
  const rate = (frames: number): string => quantity(frames, 'frames/s');
  const asked = intendedRate === null ? 'as fast as possible' : rate(intendedRate);
  const got = `offered ${rate(offeredRate)}, received ${rate(receivedRate)}, lost ${grouped(lost)}`;
  return `${sizeText(size)}, ${asked}: ${got}${why === null ? '' : `; void: ${why}`}`;
}
