/**
 * Runs the tests of a suite in order and makes the document of them. A test that fails does not end the run; one that was
 * interrupted leaves nothing, so that a resumed run does it anew and no figure is half measured.
 */
import { createHash } from 'node:crypto';
import type { Topology } from '../topology/model.ts';
import type { Bed, BedOptions } from './bed.ts';
import { machineOf } from './machine.ts';
import type { BenchDocument, NetworkSummary, TestResult, TrialResult } from './model.ts';
import { cablesText, extentOf, flowTexts, networksText } from './network-text.ts';
import { faultOf } from './report/schema.ts';
import type { Progress, Suite, SuiteContext, SuiteSettings, SuiteTest } from './suite.ts';
import { type BedFacts, WatchedBed } from './watched-bed.ts';

export interface RunPlan {
  readonly suite: Suite;
  /** In the order of the suite. */
  readonly tests: readonly SuiteTest[];
  readonly topology: Topology;
  readonly settings: SuiteSettings;
  /** The settings as the document tells them. */
  readonly asked: BenchDocument['settings'];
  readonly version: string;
  readonly commit: string | null;
  /** An interrupted run to go on with: its tests that did not fail are kept. Whether it fits is for the caller to know. */
  readonly before: BenchDocument | null;
  createBed(options: BedOptions): Promise<Bed>;
  /** Asked before each trial; true ends the run there. */
  isStopped(): boolean;
}

/** Whoever shows or keeps what happens. */
export interface RunWatch {
  /** `index` from 0 among all `count` tests, those that were kept among them. */
  begins(test: SuiteTest, index: number, count: number): void;
  progress(progress: Progress): void;
  trial(trial: TrialResult): void;
  /** `error` is what a failed test threw. */
  ends(result: TestResult, seconds: number, error?: unknown): void;
  /** Before the first test and after each: what there is so far. */
  save(document: BenchDocument): void;
}

class Interrupted extends Error {
  override readonly name = 'Interrupted';
}

export async function runSuite(plan: RunPlan, watch: RunWatch): Promise<BenchDocument> {
  const { suite, topology, settings, before } = plan;
  const kept = (before?.tests ?? []).filter(({ status }) => status !== 'failed');
  const results = new Map(kept.map((result) => [result.id, result]));
  const facts: BedFacts = {
    ceiling: before?.ceiling ?? null,
    lineRate: before?.network.lineRate ?? null,
    isKnown: kept.some(({ trials }) => trials.length > 0),
    ...(before?.network.flows === undefined ? {} : { flows: before.network.flows }),
  };
  const machine = before?.machine ?? machineOf();
  const startedAt = before?.startedAt ?? new Date().toISOString();
  const beganAt = performance.now();
  const document = (): BenchDocument => ({
    schema: 'vswitch-bench/1',
    suite: suite.name,
    title: suite.title,
    version: plan.version,
    commit: plan.commit,
    startedAt,
    seconds: (before?.seconds ?? 0) + (performance.now() - beganAt) / 1000,
    clock: settings.clock,
    seed: settings.seed,
    quick: settings.quick,
    settings: plan.asked,
    machine,
    network: {
      ...summaryOf(topology, settings.workers),
      lineRate: facts.lineRate,
      ...(facts.flows === undefined ? {} : { flows: facts.flows }),
    },
    ceiling: facts.ceiling,
    tests: plan.tests.flatMap(({ id }) => results.get(id) ?? []),
    complete: plan.tests.every(({ id }) => results.has(id)),
  });
  watch.save(document());
  for (const [index, test] of plan.tests.entries()) {
    if (results.has(test.id)) continue;
    if (plan.isStopped()) break;
    watch.begins(test, index, plan.tests.length);
    const since = performance.now();
    const { result, error } = await new TestRun(plan, watch, facts).of(test);
    if (result === null) break;
    results.set(test.id, result);
    watch.ends(result, (performance.now() - since) / 1000, error);
    watch.save(document());
  }
  return document();
}

/** One test with its beds. */
class TestRun {
  readonly #plan: RunPlan;
  readonly #watch: RunWatch;
  readonly #facts: BedFacts;
  readonly #beds: Bed[] = [];
  readonly #trials: TrialResult[] = [];
  /** Of the suite, by name. */
  readonly #networks = new Map<string, Topology>();
  #flows: readonly string[] | null = null;
  /** Of each trial. */
  readonly #silences = new Set<string | null>();
  #interrupted = false;

  constructor(plan: RunPlan, watch: RunWatch, facts: BedFacts) {
    this.#plan = plan;
    this.#watch = watch;
    this.#facts = facts;
  }

  /** Null: it was interrupted. */
  async of(test: SuiteTest): Promise<{ result: TestResult | null; error?: unknown }> {
    const { id, title, source } = test;
    let outcome: { result: TestResult; error?: unknown };
    try {
      const told = await test.run(this.#context());
      const result = { id, title, source, ...this.#where(test), ...told, notes: [...told.notes, ...this.#silence()] };
      const fault = faultOf(result);
      if (fault !== null) throw new Error(`its result is none: ${fault}`);
      outcome = { result };
    } catch (error) {
      outcome = { result: this.#failed(test, error), error };
    }
    for (const bed of this.#beds) {
      try {
        await bed.close();
      } catch (error) {
        if (outcome.result.status !== 'failed') outcome = { result: this.#failed(test, error), error };
      }
    }
    // A suite that catches errors of its own may have caught the interruption, too.
    return this.#interrupted ? { result: null } : outcome;
  }

  #failed(test: SuiteTest, error: unknown): TestResult {
    const { id, title, source } = test;
    const why = (error instanceof Error ? error.message : String(error)).split('\n')[0]!;
    return {
      id,
      title,
      source,
      ...this.#where(test),
      method: 'It was given up before its end; its trials up to there are listed.',
      status: 'failed',
      why: why === '' ? 'it ended without a reason' : why,
      figures: [],
      plots: [],
      trials: this.#trials,
      notes: [],
    };
  }

  /** What no trial of the test got through is not the load's doing. */
  #silence(): string[] {
    const [silence, ...others] = this.#silences;
    return typeof silence === 'string' && others.length === 0 ? [`In every trial ${silence}.`] : [];
  }

  /** What the document's network does not tell of this test. */
  #where({ ownNetwork = networksText([...this.#networks.values()]) }: SuiteTest) {
    const differs = this.#flows !== null && this.#flows.join() !== this.#facts.flows?.join();
    return { ...(ownNetwork === '' ? {} : { ownNetwork }), ...(differs ? { flows: this.#flows! } : {}) };
  }

  /** A suite that changes the user's network keeps its name. */
  #note({ topology, flows }: BedOptions): void {
    const isOwn = topology.name !== this.#plan.topology.name;
    const texts = flowTexts(topology, flows);
    if (isOwn) this.#networks.set(topology.name, topology);
    else this.#facts.flows ??= texts;
    this.#flows ??= texts;
  }

  #context(): SuiteContext {
    const { topology, settings } = this.#plan;
    return {
      topology,
      settings,
      bed: (options) => this.#bed(options),
      progress: (progress) => this.#watch.progress(progress),
      check: () => this.#check(),
    };
  }

  async #bed(options: BedOptions): Promise<Bed> {
    this.#check();
    const { clock } = this.#plan.settings;
    if (options.clock !== clock)
      throw new Error(
        `the test asks for the ${options.clock} clock in a run on the ${clock} clock; they are never mixed`,
      );
    const watched = new WatchedBed(await this.#plan.createBed(options), {
      check: () => this.#check(),
      trial: (trial, silence) => {
        this.#trials.push(trial);
        this.#silences.add(silence);
        this.#watch.trial(trial);
      },
    });
    this.#beds.push(watched);
    this.#note(options);
    if (!this.#facts.isKnown && clock === 'wall')
      this.#watch.progress({ text: 'what generator and receiver do alone, without a switch' });
    await watched.tell(this.#facts);
    return watched;
  }

  #check(): void {
    if (!this.#plan.isStopped()) return;
    this.#interrupted = true;
    throw new Interrupted('the run was interrupted');
  }
}

function summaryOf(topology: Topology, workers: number): Omit<NetworkSummary, 'lineRate' | 'flows'> {
  const vswitches = topology.hosts.flatMap((host) => host.vswitches);
  return {
    name: topology.name,
    ...extentOf(topology),
    cables: cablesText(topology),
    workers,
    macModels: [...new Set(vswitches.map(({ macModel }) => macModel))].sort(),
    rulesOff: (topology.teaching?.disabled ?? []).map((rule) => `R${rule}`),
  };
}

/** Tells whether two topologies are the same network with the same traffic, whatever their files are called: 16 hex digits. */
export function digestOf(topology: Topology): string {
  const { name: _name, warnings: _warnings, captures: _captures, events: _events, ...network } = topology;
  const text = JSON.stringify(network, (_, value) => (typeof value === 'bigint' ? `${value}n` : value));
  return createHash('sha256').update(text).digest('hex').slice(0, 16);
}
