/**
 * RFC 2889 5.7 and 5.8: how many addresses a table keeps, and how fast it learns them.
 *
 * Three ports: the learning port L sends one frame from each of N addresses to the test port T; then T sends one to each of them; the
 * monitoring port M would get those that were flooded because their address was not kept.
 */
import type { Topology } from '../../../topology/model.ts';
import { ownerOf, portIndex } from '../../../topology/ports.ts';
import type { Bed, Flow, FlowLoad, Step, Trial } from '../../bed.ts';
import { BenchError } from '../../error.ts';
import { searchBinary, searchHighest } from '../../search/binary.ts';
import type { SuiteContext, SuiteTest } from '../../suite.ts';
import { Draft, short } from '../draft.ts';
import { vnicsFor } from '../ports.ts';

/** Most addresses that one port can have in a test. */
const stationsMost = 65_536;
/** Frames/s of learning and test frames where the rate is not in question. */
const calmRate = 100_000;
/** The rate that RFC 2889 5.8.2 begins with, frames/s. */
const leastRate = 50;
const bytes = 64;

const method =
  'Tables are emptied; T makes itself known by one broadcast; L sends one frame from each of N addresses to T; T sends one frame to each of them. It counts as learned when L gets all N and the monitoring port M none.';

/** T's broadcast, L's learning frames, T's test frames. */
function flowsOf([learning = '', test = '']: readonly string[], stations: number): Flow[] {
  return [
    { from: test, to: 'broadcast', sizes: [bytes] },
    { from: learning, to: test, sizes: [bytes], stations },
    { from: test, to: learning, sizes: [bytes], towards: stations },
  ];
}

class Caching {
  readonly #context: SuiteContext;
  readonly #bed: Bed;
  readonly #draft: Draft;
  readonly #monitor: string;

  constructor(context: SuiteContext, draft: Draft, bed: Bed, monitor: string) {
    this.#context = context;
    this.#bed = bed;
    this.#draft = draft;
    this.#monitor = monitor;
  }

  /**
   * Teaches n addresses and looks whether all were kept. What a busy machine loses on the way is tried again, more slowly.
   * @throws BenchError where it loses some however slowly: that says nothing about a table.
   */
  async keeps(n: number): Promise<boolean> {
    for (let rate = calmRate; rate >= calmRate / 16; rate /= 2) {
      const { isLearned, isDisturbed } = await this.attempt(n, rate);
      if (isLearned || !isDisturbed) return isLearned;
    }
    throw new BenchError(
      `learning frames of ${n} addresses did not fit into queues, or were not sent in time, at ${calmRate / 16} frames/s`,
      'free the machine of other work, or use the virtual clock',
    );
  }

  /** Teaches n addresses at a rate. */
  async attempt(n: number, rate: number | 'max'): Promise<Attempt> {
    this.#context.check();
    const isWall = this.#context.settings.clock === 'wall';
    // On the wall clock a step and a thread take their time.
    const pause = isWall ? 0.05 : 0.001;
    const calm = rate === 'max' ? calmRate : Math.min(rate, calmRate);
    const switches = switchesOf(this.#context.topology);
    const learning = await this.#send(
      [{ rate: calm, count: 1, from: pause }, { rate, count: n, from: 2 * pause }, null],
      2 * pause + n / (rate === 'max' ? calmRate : rate),
      [{ at: 0, do: (network) => Promise.all(switches.map((name) => network.flush({ switch: name }))) }],
    );
    const test = await this.#send([null, null, { rate: calm, count: n }], n / calm);
    const monitor = test.ports.get(this.#monitor);
    const strays = (monitor?.flooded ?? 0) + (monitor?.misdelivered ?? 0);
    const { offered, seconds } = learning.flows[1]!;
    const { received } = test.flows[2]!;
    const isSent = offered === n && test.flows[2]!.offered === n;
    return {
      isLearned: isSent && received === n && strays === 0,
      isDisturbed: isWall && (!isSent || [learning, test].some(({ drops }) => 'queue_full' in drops)),
      rate: seconds > 0 ? (n - 1) / seconds : 0,
    };
  }

  async #send(load: readonly (FlowLoad | null)[], seconds: number, steps: readonly Step[] = []): Promise<Trial> {
    const isWall = this.#context.settings.clock === 'wall';
    const trial = await this.#bed.trial({ load, seconds, steps, learn: false, ...(isWall ? { residue: 0.05 } : {}) });
    this.#draft.trial(trial);
    return trial;
  }
}

interface Attempt {
  readonly isLearned: boolean;
  /** Frames were not sent, or did not fit into a queue: that says nothing about a table. */
  readonly isDisturbed: boolean;
  /** Of the learning frames, frames/s. */
  readonly rate: number;
}

function switchesOf({ hosts, switches }: Topology): string[] {
  return [
    ...hosts.flatMap(({ name, vswitches }) => vswitches.map((each) => `${name}/${each.name}`)),
    ...switches.map(({ name }) => name),
  ];
}

/** Why addresses cannot be learned from the ports; null: they can. */
function whyNot(topology: Topology, ports: readonly string[]): string | null {
  const index = portIndex(topology);
  for (const name of ports) {
    const port = index.get(name);
    if (port?.kind !== 'vNIC') continue;
    const vswitch = port.host.vswitches.find((each) => each.name === port.nic.vswitch);
    if (vswitch?.macModel === 'registered') {
      return `${ownerOf(name)}/${vswitch.name} knows its stations from the configuration (registered) and learns none; use macModel: learning`;
    }
  }
  return null;
}

async function withBed<T>(
  context: SuiteContext,
  draft: Draft,
  ports: readonly string[],
  stations: number,
  use: (caching: Caching, bed: Bed) => Promise<T>,
): Promise<T> {
  const { settings, topology } = context;
  const flows = flowsOf(ports, stations);
  const bed = await context.bed({ topology, flows, clock: settings.clock, workers: settings.workers });
  try {
    return await use(new Caching(context, draft, bed, ports[2]!), bed);
  } finally {
    await bed.close();
  }
}

export const addressCaching: SuiteTest = {
  id: 'rfc2889.address-caching',
  title: 'Address caching capacity',
  source: 'RFC 2889, 5.7',
  async run(context) {
    const draft = new Draft(`${method} The greatest N is found by doubling and bisection.`);
    const ports = vnicsFor(context, 3, 3);
    const why = whyNot(context.topology, ports);
    if (why !== null) return draft.notApplicable(why);
    const max = context.settings.quick ? stationsMost / 4 : stationsMost;
    return withBed(context, draft, ports, max, async (caching) => {
      const { highest, failed } = await searchHighest({
        min: 1,
        max,
        from: Math.min(1024, max),
        passes: async (n) => {
          context.progress({ text: `${n} addresses` });
          return caching.keeps(n);
        },
      });
      if (highest === null) return draft.notApplicable('not even one address of the learning port was kept');
      draft.figure('address caching capacity', {}, 'addresses', [highest], 'higher');
      draft.note('The address of the test port takes one more entry.');
      if (failed === null) draft.note(`It is at least that: ${max} is the most that was tried.`);
      return draft.done();
    });
  },
};

export const learningRate: SuiteTest = {
  id: 'rfc2889.address-learning-rate',
  title: 'Address learning rate',
  source: 'RFC 2889, 5.8',
  async run(context) {
    const draft = new Draft(`${method} N stays, and the rate of the learning frames is varied.`);
    const ports = vnicsFor(context, 3, 3);
    const why = whyNot(context.topology, ports);
    if (why !== null) return draft.notApplicable(why);
    const most = context.settings.quick ? 1024 : 8192;
    return withBed(context, draft, ports, most, async (caching, bed) => {
      let n = most;
      while (n >= 1 && !(await caching.keeps(n))) n = Math.floor(n / 2);
      if (n < 2) return draft.notApplicable('the table does not keep two addresses of the learning port');
      const line = bed.lineRate(1);
      const labels = { addresses: n };
      if (line === null && context.settings.clock === 'virtual') {
        return draft.notApplicable(
          'learning takes no time on the virtual clock, and no cable on the way has a rate; give a cable a rate, or use the wall clock',
        );
      }
      const atMost = await caching.attempt(n, line ?? 'max');
      const top = line ?? atMost.rate;
      if (atMost.isLearned) {
        draft.figure('address learning rate', labels, 'addresses/s', [top], 'higher');
        draft.note(
          line === null
            ? 'It is the highest rate that the sending guest makes.'
            : 'It is the rate of the line: learning keeps up with it.',
        );
        return draft.done();
      }
      let isDisturbed = false;
      const { load } = await searchBinary({
        minLoad: leastRate,
        maxLoad: top,
        resolution: { percent: context.settings.quick ? 5 : 1 },
        seconds: 1,
        finalSeconds: 1,
        measure: async (rate) => {
          context.progress({ text: short(rate, 'addresses/s') });
          const attempt = await caching.attempt(n, rate);
          isDisturbed ||= attempt.isDisturbed;
          return { lossRatio: attempt.isLearned ? 0 : 1, seconds: n / rate };
        },
      });
      if (load === null) return draft.notApplicable(`not even ${leastRate} addresses a second were learned`);
      draft.figure('address learning rate', labels, 'addresses/s', [load], 'higher');
      if (isDisturbed || atMost.isDisturbed)
        draft.note('At higher rates frames did not fit into queues of this machine: the table may learn faster.');
      return draft.done();
    });
  },
};
