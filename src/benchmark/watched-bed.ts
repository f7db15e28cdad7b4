/**
 * A suite's bed as the runner gives it: asks before each trial whether to go on, tells of each trial, and knows the facts of the
 * document that only a bed can tell. Before each trial the program has a turn for signals and its display: the virtual clock runs in
 * this thread, and promises alone leave none.
 */
import type { Network } from '../engine/network.ts';
import type { Bed, Flow, Trial, TrialOptions } from './bed.ts';
import type { Ceiling, TrialResult } from './model.ts';
import { silenceText } from './network-text.ts';

/** Preamble, start delimiter and gap of a frame, bytes (802.3). */
const BESIDE_BYTES = 20;

/** What the document tells of beds: of the first of a run. */
export interface BedFacts {
  ceiling: Ceiling | null;
  /** bit/s; null: no media limit. */
  lineRate: number | null;
  isKnown: boolean;
  /** Of the first bed on the document's network. */
  flows?: readonly string[];
}

export interface BedWatch {
  check(): void;
  /** `silence` says which flows got nothing at all; null: each got something. */
  trial(trial: TrialResult, silence: string | null): void;
}

export class WatchedBed implements Bed {
  readonly #bed: Bed;
  readonly #watch: BedWatch;
  #ceiling: number | null | undefined;

  constructor(bed: Bed, watch: BedWatch) {
    this.#bed = bed;
    this.#watch = watch;
  }

  get network(): Network {
    return this.#bed.network;
  }

  get flows(): readonly Flow[] {
    return this.#bed.flows;
  }

  /** Measured once: it is the generator's own and does not change between trials. */
  async ceiling(): Promise<number | null> {
    await this.#turn();
    this.#ceiling ??= await this.#bed.ceiling();
    return this.#ceiling;
  }

  async warmUp(): Promise<void> {
    await this.#turn();
    await this.#bed.warmUp();
  }

  async trial(options: TrialOptions): Promise<Trial> {
    await this.#turn();
    const measured = await this.#bed.trial(options);
    const silence = silenceText(this.flows, measured.flows);
    const trial = explained(measured, silence);
    this.#watch.trial(published(trial), silence);
    return trial;
  }

  lineRate(flow: number): number | null {
    return this.#bed.lineRate(flow);
  }

  maximumLoad(): number | null {
    return this.#bed.maximumLoad();
  }

  close(): Promise<void> {
    return this.#bed.close();
  }

  /** Fills in what is not known yet. */
  async tell(facts: BedFacts): Promise<void> {
    if (facts.isKnown) return;
    const [flow] = this.flows;
    const frameBytes = flow === undefined ? 0 : meanOf(flow.sizes);
    const framesPerSecond = await this.ceiling();
    facts.isKnown = true;
    facts.lineRate = this.#slowest();
    if (framesPerSecond === null) return;
    const note = 'Generator and receiver alone, without a switch between them, for frames of this length.';
    facts.ceiling = { framesPerSecond, frameBytes, note };
  }

  #slowest(): number | null {
    const rates = this.flows.flatMap(({ sizes }, i) => {
      const frames = this.lineRate(i);
      return frames === null ? [] : [Math.round(frames * (meanOf(sizes) + BESIDE_BYTES) * 8)];
    });
    return rates.length === 0 ? null : Math.min(...rates);
  }

  async #turn(): Promise<void> {
    await new Promise((resolve) => setImmediate(resolve));
    this.#watch.check();
  }
}

/** A void trial says which flow got nothing at all: that is the nearest to a reason. */
function explained(trial: Trial, silence: string | null): Trial {
  return trial.void === null || silence === null ? trial : { ...trial, void: `${trial.void}; ${silence}` };
}

/** A trial without what only suites want to know. */
export function published({ flows: _flows, ports: _ports, histogram: _histogram, ...result }: Trial): TrialResult {
  return result;
}

const meanOf = (sizes: readonly number[]): number => sizes.reduce((sum, size) => sum + size, 0) / sizes.length;
