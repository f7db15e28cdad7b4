/**
 * What a document comes to, for readers in a hurry: the figures that stand for its tests, and every reason to doubt them. Page, terminal
 * and `compare` say the same, because they take it from here.
 */
import type { BenchDocument, Figure, TestResult, TrialResult } from '../model.ts';
import { median } from '../statistics.ts';
import { scaleInTable } from './figure-table.ts';
import { counted, durationText, labelsText, numberText, quantity } from './format.ts';

/** `loud`: no figure of the document is to be quoted. `mild`: a reader should know. */
export interface Doubt {
  readonly weight: 'loud' | 'mild';
  readonly title: string;
  readonly text: string;
}

export interface Headline {
  readonly test: TestResult;
  readonly figure: Figure;
  readonly value: string;
  /** `Throughput, 64 bytes`. */
  readonly what: string;
}

/** Above this share of what generator and receiver do alone, they may be what was measured. */
const CEILING_SHARE = 0.9;
/** Load before the run, of all cores, above which somebody else was working. */
const LOAD_SHARE = 0.25;

/** Median of a figure; every figure has a sample. */
export const medianOf = (figure: Figure): number => median(figure.samples)!;

/** The figures that stand for each test: for the first and the last of what it was measured for, where there is room. */
export function headlines(document: BenchDocument, countMax = 8): Headline[] {
  const done = document.tests.filter((test) => test.status === 'done' && test.figures.length > 0);
  const each = done.length * 2 <= countMax ? 2 : 1;
  return done.slice(0, countMax).flatMap((test) => {
    const figures = headFigures(test.figures);
    const chosen = each === 2 && figures.length > 1 ? [figures[0]!, figures.at(-1)!] : [figures[0]!];
    return chosen.map((figure) => headline(test, figure));
  });
}

/** What a test comes to in one figure; null where it has none. */
export function firstHeadline(test: TestResult): Headline | null {
  const [figure] = headFigures(test.figures);
  return figure === undefined ? null : headline(test, figure);
}

function headline(test: TestResult, figure: Figure): Headline {
  const labels = labelsText(figure.labels);
  const value = quantity(medianOf(figure), figure.unit, scaleInTable(test.figures, figure));
  return { test, figure, value, what: labels === '' ? figure.name : `${figure.name}, ${labels}` };
}

/** What a distribution is told by, the most telling first. The least of all says nothing. */
const TELLING = ['p99', 'p50', 'mean', 'p90', 'p99.9', 'max'];

/**
 * A test's first name stands for it: suites put first what they are about. Of a distribution it is p99, else p50; of loads the highest;
 * of losses the worst.
 */
function headFigures(figures: readonly Figure[]): Figure[] {
  const first = figures[0];
  if (first === undefined) return [];
  let alike = figures.filter((figure) => figure.unit === first.unit && familyOf(figure) === familyOf(first));
  const part = TELLING.find((name) => alike.some((figure) => partOf(figure) === name));
  if (partOf(first) !== null && part !== undefined) alike = alike.filter((figure) => partOf(figure) === part);
  const loadOf = ({ labels }: Figure): number => Number.parseFloat(String(labels['load']));
  const loads = alike.map(loadOf).filter((load) => !Number.isNaN(load));
  if (loads.length > 0) alike = alike.filter((figure) => loadOf(figure) === Math.max(...loads));
  if (!/\b(loss|lost)\b/i.test(first.name)) return alike;
  return [alike.reduce((worst, figure) => (medianOf(figure) > medianOf(worst) ? figure : worst))];
}

/** Which part of a distribution a figure is, by the end of its name or by a label; null where it is none. */
function partOf({ name, labels }: Figure): string | null {
  const part = String(labels['percentile'] ?? name.slice(name.lastIndexOf(',') + 1).trim());
  return part === 'min' || TELLING.includes(part) ? part : null;
}

/** Its name without that part. */
const familyOf = (figure: Figure): string =>
  partOf(figure) === null || figure.labels['percentile'] !== undefined
    ? figure.name
    : figure.name.slice(0, Math.max(0, figure.name.lastIndexOf(',')));

/** A few sentences: what was measured, what counts, what limited it. */
export function summarySentences(document: BenchDocument): string[] {
  const { tests } = document;
  const with_ = (status: TestResult['status']): number => tests.filter((test) => test.status === status).length;
  const trials = tests.flatMap((test) => test.trials);
  const voids = trials.filter((trial) => trial.void !== null).length;
  const parts = [
    `${counted(with_('done'), 'test')} measured`,
    ...(with_('not-applicable') > 0 ? [`${with_('not-applicable')} not applicable`] : []),
    ...(with_('failed') > 0 ? [`${with_('failed')} failed`] : []),
  ];
  const sentences = [`${parts.join(', ')}, in ${durationText(document.seconds)}.`];
  if (trials.length > 0) {
    const good = trials.length - voids;
    const balanced = trials.every((trial) => trial.balanced)
      ? ' The ledger of every trial balances: no frame is unaccounted for.'
      : '';
    sentences.push(`${good.toLocaleString('en-US')} of ${counted(trials.length, 'trial')} count.${balanced}`);
  }
  const share = ceilingShare(document, trials);
  if (document.clock === 'virtual') {
    sentences.push(
      'Time is simulated: figures follow from the emulated network alone, and are the same on any machine.',
    );
  } else if (share !== null && share <= 1) {
    sentences.push(
      `The fastest trial moved ${numberText(Math.round(share * 100))} % of what the generator can do without a switch.`,
    );
  }
  return sentences;
}

/** Why somebody might not believe the figures, the gravest first. */
export function doubts(document: BenchDocument): Doubt[] {
  const found: Doubt[] = [];
  const say = (weight: Doubt['weight'], title: string, text: string): number => found.push({ weight, title, text });
  const { machine, network, tests } = document;
  const trials = tests.flatMap((test) => test.trials);
  if (document.quick) say('loud', 'Quick run', 'Durations and repeats were cut short; no figure is to be quoted.');
  if (!document.complete) say('loud', 'Interrupted', 'Not all tests were run; the run can be resumed.');
  if (network.rulesOff.length > 0) {
    say('loud', 'Rules off', `${network.rulesOff.join(', ')} switched off: this is not how a vSwitch forwards.`);
  }
  const unbalanced = trials.filter((trial) => !trial.balanced).length;
  if (unbalanced > 0) {
    say(
      'loud',
      'Ledger',
      `In ${counted(unbalanced, 'trial')} frames are unaccounted for. That is a fault of the program.`,
    );
  }
  const failed = tests.filter((test) => test.status === 'failed').length;
  if (failed > 0) say('loud', 'Failed tests', `${counted(failed, 'test')} could not be completed; why stands there.`);
  const voids = trials.filter((trial) => trial.void !== null);
  if (voids.length > 0) say('mild', 'Void trials', voidText(voids, trials.length));
  const share = ceilingShare(document, trials);
  if (share !== null && share > 1) {
    say(
      'mild',
      'Ceiling too low',
      'Trials were faster than generator and receiver alone: the ceiling was measured while the machine was busy.',
    );
  } else if (share !== null && share > CEILING_SHARE) {
    say(
      'mild',
      'Near the ceiling',
      'The fastest trials come close to what the generator can do, so it may be what was measured.',
    );
  }
  if (document.commit?.endsWith('+')) say('mild', 'Changed program', 'The checkout had changes that are in no commit.');
  if (document.clock === 'wall') {
    if (machine.load > machine.cores * LOAD_SHARE) {
      say(
        'mild',
        'Busy machine',
        `Its load was ${numberText(machine.load)} on ${counted(machine.cores, 'core')} before the run began.`,
      );
    }
    if (network.workers > machine.cores) {
      say('mild', 'Few cores', `${counted(network.workers, 'worker')} shared ${counted(machine.cores, 'core')}.`);
    }
    if (machine.governor !== null && machine.governor !== 'performance') {
      say('mild', 'CPU governor', `It was ${machine.governor}: the clock rate may have changed during the run.`);
    }
  }
  return found;
}

/** Counts by reason; reasons that differ in their numbers are one, told by the first. */
function voidText(voids: readonly TrialResult[], all: number): string {
  const reasons = new Map<string, { text: string; count: number }>();
  for (const { void: text } of voids) {
    const kind = text!.replace(/[\d.,]+/g, '#');
    const known = reasons.get(kind);
    reasons.set(kind, {
      text: known?.text ?? text!,
      count: (known?.count ?? 0) + 1,
    });
  }
  const listed = [...reasons.values()].sort((a, b) => b.count - a.count);
  const told = listed.slice(0, 3).map(({ text, count }) => `${count} × ${text}`);
  const rest = listed.length > 3 ? `; ${counted(listed.length - 3, 'reason')} more` : '';
  return `${voids.length} of ${counted(all, 'trial')} count for nothing: ${told.join('; ')}${rest}.`;
}

/** Highest rate offered (copies that a switch makes are not the generator's) to what the generator does alone with frames
 * as long; null where there is nothing to compare. */
function ceilingShare({ ceiling }: BenchDocument, trials: readonly TrialResult[]): number | null {
  if (ceiling === null || !(ceiling.framesPerSecond > 0)) return null;
  const rates = trials.filter((trial) => trial.size === ceiling.frameBytes).map((trial) => trial.offeredRate);
  return rates.length === 0 ? null : Math.max(...rates) / ceiling.framesPerSecond;
}
