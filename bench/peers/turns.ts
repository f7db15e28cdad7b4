/**
 * One case measured: the limit, ours, the peer, the limit, ours, the peer, …, the limit. A ratio is always that of neighbours in
 * time, so that what else the machine does meanwhile touches both sides of it.
 */
import { existsSync } from 'node:fs';
import { join } from 'node:path';
import { runBench } from '../child.ts';
import { digits, type Line, median } from '../line.ts';
import { isSmoke } from '../options.ts';
import { borrowing, Unavailable } from './host.ts';
import { limitOf } from './limit.ts';
import type { Case, Load, Rate, Settings } from './peer.ts';

const COPYING = 'copy.ts';

/** Of a clock: median, least and most, in million frames a second, and what that is of something else. */
export interface Spread {
  readonly median: number;
  readonly min: number;
  readonly max: number;
  readonly n: number;
  /** Median of the ratios to neighbours in time; null where there are none. */
  readonly ratio: number | null;
}

/** By the wall clock, and by CPU time where that can be told. */
export interface Measured {
  readonly wall: Spread;
  readonly cpu: Spread | null;
}

export interface Result {
  readonly peer: string;
  readonly case: string;
  readonly bytes: number | 'imix';
  readonly cores: number;
  readonly does: string;
  /** Ratios are to the limit; null where the limit itself cannot be measured. */
  readonly theirs: Measured | null;
  /** What ours was given. */
  readonly load: Load | null;
  /** Ratios are to the peer; null where nothing of ours compares, or it cannot be measured. */
  readonly ours: Measured | null;
  /** Ratios are to the limit. */
  readonly oursOfLimit: Measured | null;
  readonly aim: number | null;
  readonly limit: readonly number[];
}

export interface Turned {
  readonly result: Result;
  readonly lines: readonly Line[];
}

/** Ours, given `load`. Throws Unavailable where there is no such bench. */
function ours({ copies, ...load }: Load, seconds: number): { line: Line; rate: Rate } {
  if (copies !== undefined && !existsSync(join(import.meta.dirname, '..', COPYING)))
    throw new Unavailable(`bench/${COPYING} is not there`);
  const values = { seconds, ...load, ...(copies !== undefined && { copies }) };
  const flags = Object.entries(values).flatMap(([name, value]) => [`--${name}`, value]);
  const line = runBench(copies === undefined ? 'core.ts' : COPYING, ...flags);
  return { line, rate: { wall: line.figures[0]!.median, cpu: line.figures[1]!.median } };
}

function spread(rates: readonly Rate[], clock: keyof Rate, ratios: readonly number[]): Spread | null {
  const values = rates.map((rate) => rate[clock]).filter((value) => value !== undefined);
  if (values.length === 0) return null;
  const known = ratios.filter((ratio) => Number.isFinite(ratio));
  return {
    median: digits(median(values)),
    min: digits(Math.min(...values)),
    max: digits(Math.max(...values)),
    n: values.length,
    ratio: known.length === 0 ? null : digits(median(known)),
  };
}

type Over = (clock: keyof Rate, turn: number) => number | undefined;

function measured(rates: readonly Rate[], over: Over): Measured {
  const of = (clock: keyof Rate): Spread | null => {
    const ratios = rates.map((rate, turn) => (rate[clock] ?? Number.NaN) / (over(clock, turn) ?? Number.NaN));
    return spread(rates, clock, ratios);
  };
  return { wall: of('wall')!, cpu: of('cpu') };
}

/** A case in turns. Throws Unavailable when the peer cannot be measured here; `note` hears what of the rest cannot. */
export function inTurns(
  each: Case,
  settings: Settings,
  repeats: number,
  note: (what: string, why: string) => void,
): Promise<Turned> {
  return borrowing(async () => {
    const limits: Required<Rate>[] = [];
    const [own, theirs, lines]: [Rate[], Rate[], Line[]] = [[], [], []];
    const limit = async (): Promise<void> => {
      try {
        limits.push(await limitOf(settings));
      } catch (error) {
        if (!(error instanceof Unavailable)) throw error;
        note('C limit', error.message);
      }
    };
    const measureOurs = (load: Load): void => {
      try {
        const { line, rate } = ours(load, settings.seconds);
        lines.push(line);
        own.push(rate);
      } catch (error) {
        if (!(error instanceof Unavailable)) throw error;
        note(`ours beside ${each.peer}, ${each.name}`, error.message);
      }
    };
    const measure = await each.open?.(settings);
    for (let turn = 0; turn < repeats; turn++) {
      await limit();
      if (each.ours !== undefined) measureOurs(each.ours);
      if (measure !== undefined) theirs.push(await measure());
    }
    await limit();
    const beside: Over = (clock, turn) => {
      const [before, after] = [limits[turn], limits[turn + 1]];
      return before === undefined || after === undefined ? undefined : (before[clock] + after[clock]) / 2;
    };
    const isLimit = measure === undefined;
    const others = isLimit ? limits : theirs;
    const mine = own.length < repeats ? null : own;
    const result: Result = {
      peer: each.peer,
      case: each.name,
      bytes: each.size,
      cores: each.cores,
      does: each.does,
      theirs: others.length === 0 ? null : measured(others, isLimit ? () => undefined : beside),
      load: mine === null ? null : each.ours!,
      ours: mine === null ? null : measured(mine, isLimit ? beside : (clock, turn) => theirs[turn]![clock]),
      oursOfLimit: mine === null ? null : measured(mine, beside),
      aim: each.aim ?? null,
      limit: limits.map(({ wall }) => digits(wall)),
    };
    return { result, lines };
  });
}

/** In a smoke run of each peer its first case alone. */
export function toMeasure(cases: readonly Case[]): readonly Case[] {
  return isSmoke ? cases.slice(0, 1) : cases;
}
