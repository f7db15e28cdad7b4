/**
 * Where switches between network devices of the kernel are measured: two pairs of veth devices. Their near ends become ports of
 * the switch in one network namespace, their far ends stand in a namespace each:
 *
 *     a: ea ── pa  switch  pb ── eb :b
 *
 * 1,024 stations on either side. Counted is what comes to eb.
 */
import type { ChildProcess } from 'node:child_process';
import { sleep } from '../running.ts';
import { closed, compile, later, must, need, needRoot, start } from './host.ts';
import { type Load, type Rate, rateOf, type Settings } from './peer.ts';

export const STATIONS = 1024;
export const OURS_BESIDE: Omit<Load, 'size'> = { ports: 2, macs: 2 * STATIONS, pairs: 2 * STATIONS };
export const PORTS = ['pa', 'pb'];
export const MTU = '2000';
/** Who sends does so for as long before and after a measurement. */
const MARGIN_S = 0.5;
const LOST_MAX = 0.1;
type Side = 'switch' | 'a' | 'b';
let made = 0;

export class Pairs {
  readonly #name: string;
  readonly #settings: Settings;
  readonly #program: string;
  readonly #sender: string;

  /** Throws Unavailable. */
  constructor(settings: Settings) {
    needRoot();
    need({ ip: 'iproute2', taskset: 'util-linux' });
    this.#settings = settings;
    this.#program = compile('kernel.c', settings.folder);
    this.#sender = compile('veth.c', settings.folder);
    this.#name = `bench-${process.pid}-${++made}`;
    for (const side of ['switch', 'a', 'b'] as const) {
      must('ip', ['netns', 'add', this.#space(side)], 'no network namespace can be made here');
      later(() => must('ip', ['netns', 'del', this.#space(side)], 'a namespace stays'));
      // Nothing but our frames.
      for (const which of ['all', 'default']) this.quiet(side, `net.ipv6.conf.${which}.disable_ipv6=1`);
    }
    for (const side of ['a', 'b'] as const) {
      const [near, far] = [`p${side}`, `e${side}`];
      const other = ['peer', 'name', far, 'mtu', MTU, 'netns', this.#space(side)];
      this.ip('switch', 'link', 'add', near, 'mtu', MTU, 'type', 'veth', ...other);
      this.ip('switch', 'link', 'set', near, 'up');
      this.ip(side, 'link', 'set', far, 'up');
    }
  }

  #space(side: Side): string {
    return `${this.#name}-${side}`;
  }

  /** A command in a namespace. */
  within(side: Side, ...command: readonly (string | number)[]): [string, string[]] {
    return ['ip', ['netns', 'exec', this.#space(side), ...command.map(String)]];
  }

  ip(side: Side, ...args: readonly string[]): void {
    must('ip', ['-n', this.#space(side), ...args], `ip ${args.slice(0, 3).join(' ')} does not work here`);
  }

  /** Sets what the kernel may not even have. */
  quiet(side: Side, setting: string): void {
    try {
      must(...this.within(side, 'sysctl', '-qw', setting), '');
    } catch {
      // What it does not have does not speak.
    }
  }

  /** Who is on side b says something. */
  teach(): void {
    must(...this.within('b', this.#program, 'teach', 'eb', STATIONS), 'frames cannot be sent here');
  }

  get #arrived(): number {
    return Number(must(...this.within('b', 'cat', '/sys/class/net/eb/statistics/rx_packets'), 'no counters'));
  }

  #send(core: number, size: number): Promise<ChildProcess> {
    const seconds = this.#settings.seconds + 2 * MARGIN_S;
    return start(...this.within('a', 'taskset', '-c', core, this.#sender, 'ea', seconds, 0, size));
  }

  /** Frames made in the kernel on the switch's core; `isAlone`: dropped before they come to the switch. */
  async live(size: number, isAlone = false): Promise<Rate> {
    const { core, seconds } = this.#settings;
    const more = isAlone ? ['drop'] : [];
    const before = this.#arrived;
    const rate = await rateOf(
      ...this.within('switch', 'taskset', '-c', core, this.#program, 'live', 'pa', seconds, size, ...more),
    );
    const lost = 1 - (this.#arrived - before) / (rate.wall * seconds * 1e6);
    if (!isAlone && lost > LOST_MAX)
      throw new Error(`${Math.round(100 * lost)} % of the kernel's frames do not come through`);
    // Much of it is done where no process is charged for it.
    return { wall: rate.wall };
  }

  /** Frames that a process on `core` sends and nobody receives; `usedNs`: CPU time of a switch that is a process. */
  async sent(size: number, core: number, usedNs?: () => number): Promise<Rate> {
    const over = closed(await this.#send(core, size));
    await sleep(MARGIN_S * 1000);
    const [before, used, from] = [this.#arrived, usedNs?.() ?? 0, performance.now()];
    await sleep(this.#settings.seconds * 1000);
    const [after, usedAfter, to] = [this.#arrived, usedNs?.() ?? 0, performance.now()];
    await over;
    const frames = after - before;
    const wall = frames / (to - from) / 1000;
    return usedNs === undefined ? { wall } : { wall, cpu: (frames * 1000) / (usedAfter - used) };
  }

  /** Frames of a process on the switch's core, taken by a process on the other. */
  async received(size: number): Promise<Rate> {
    const { core, other, seconds } = this.#settings;
    const over = closed(await this.#send(core, size));
    const { wall } = await rateOf(...this.within('b', 'taskset', '-c', other, this.#program, 'receive', 'eb', seconds));
    await over;
    return { wall };
  }
}
