/** The live view of a run: redrawn in place on a terminal, a line a second elsewhere. All of it is read from the shared memory. */
import { stdout } from 'node:process';
import type { WriteStream } from 'node:tty';
import type { Network } from '../engine/network.ts';
import { VERDICTS } from '../telemetry/generated/verdicts.ts';
import type { EventReport, PortReport } from '../telemetry/report.ts';
import { note } from './errors.ts';
import { bar, grouped, paint, scaled, table } from './format.ts';
import { deathLine, eventTime, isolatedLine } from './summary.ts';

const REDRAW_MS = 250;
const LINE_MS = 1000;
const ROWS_MAX = 20;
const ROWS_MIN = 3;
/** Lines beside ports and drops: progress, titles, how many more, two empty ones, the cursor's own. */
const LINES_BESIDE = 7;
const EVENTS_SHOWN = 3;
const BAR_WIDTH = 32;
/** A line wider than the terminal is cut there; wrapped, it would count for two. */
const WRAP_OFF = '\x1b[?7l';
const WRAP_ON = '\x1b[?7h';
/** The rules that keep a host with several uplinks from looping or duplicating. */
const GUARDS = new Set(['R1', 'R2', 'R6', 'R7', 'R8', 'R9', 'R19']);
const DROPS = VERDICTS.filter((row) => row.fate === 'drop');

interface Sample {
  readonly atMs: number;
  readonly ports: readonly PortReport[];
}

export class Live {
  readonly #network: Network;
  readonly #durationNs: bigint;
  readonly #isQuiet: boolean;
  readonly #out: WriteStream;
  readonly #isTerminal: boolean;
  #last: Sample;
  #drawn = 0;
  #lastEvent: EventReport | undefined;
  readonly #told = new Set<string>();

  constructor(network: Network, durationNs: bigint, isQuiet: boolean, out: WriteStream = stdout) {
    this.#out = out;
    this.#isTerminal = out.isTTY === true;
    this.#network = network;
    this.#durationNs = durationNs;
    this.#isQuiet = isQuiet;
    this.#last = this.#sample();
  }

  #sample(): Sample {
    return { atMs: performance.now(), ports: this.#network.ports() };
  }

  /** Tells of workers that died. */
  #tellDeaths(): void {
    const { deaths, isolated } = this.#network;
    const lines = [...deaths.map(deathLine), ...isolated.map(isolatedLine)];
    const fresh = lines.filter((line) => !this.#told.has(line));
    if (fresh.length > 0) this.end();
    for (const line of fresh) {
      this.#told.add(line);
      note(line);
    }
  }

  /** Draws if it is time to. */
  look(): void {
    this.#tellDeaths();
    if (!this.#isQuiet && !this.#isTerminal) this.#tellEvents();
    if (this.#isQuiet || performance.now() - this.#last.atMs < (this.#isTerminal ? REDRAW_MS : LINE_MS)) return;
    const now = this.#sample();
    if (this.#isTerminal) this.#redraw(now);
    else this.#out.write(`${this.#line(now)}\n`);
    this.#last = now;
  }

  /** A line for each event since the last look. */
  #tellEvents(): void {
    const events = this.#network.events();
    const from = this.#lastEvent === undefined ? 0 : events.indexOf(this.#lastEvent) + 1;
    for (const event of events.slice(from)) this.#out.write(`${eventTime(event)}  ${event.what}\n`);
    this.#lastEvent = events.at(-1);
  }

  /** Leaves the screen clear for the summary. */
  end(): void {
    if (this.#drawn > 0) this.#out.write(`\x1b[${this.#drawn}A\x1b[J`);
    this.#drawn = 0;
  }

  #rate(now: Sample, of: (port: PortReport) => number): number {
    const sum = (sample: Sample): number => sample.ports.reduce((total, port) => total + of(port), 0);
    return (sum(now) - sum(this.#last)) / ((now.atMs - this.#last.atMs) / 1000);
  }

  #progress(): string {
    const seconds = Number(this.#network.nowNs) / 1e9;
    const unit = this.#network.clock === 'wall' ? 's' : 's simulated';
    if (this.#durationNs === 0n) return `${seconds.toFixed(1)} ${unit}, Ctrl-C ends it`;
    const total = Number(this.#durationNs) / 1e9;
    return `${bar(seconds / total, BAR_WIDTH)} ${seconds.toFixed(1)} of ${total} ${unit}`;
  }

  #line(now: Sample): string {
    const seconds = (Number(this.#network.nowNs) / 1e9).toFixed(1);
    const drops = countDrops(now);
    const guarded = drops.filter(({ rule }) => GUARDS.has(rule)).reduce((sum, { frames }) => sum + frames, 0);
    const dropped = drops.reduce((sum, { frames }) => sum + frames, 0);
    return `${seconds} s  rx ${scaled(
      this.#rate(now, (p) => p.rxFrames),
      'frames/s',
    )}  tx ${scaled(
      this.#rate(now, (p) => p.txFrames),
      'frames/s',
    )}  dropped ${grouped(dropped)}, of these by loop guards ${grouped(guarded)}`;
  }

  #redraw(now: Sample): void {
    const seconds = (now.atMs - this.#last.atMs) / 1000;
    const before = new Map(this.#last.ports.map((port) => [port.name, port]));
    const rows = now.ports.map((port) => {
      const then = before.get(port.name)!;
      const rx = (port.rxFrames - then.rxFrames) / seconds;
      const tx = (port.txFrames - then.txFrames) / seconds;
      return {
        busy: rx + tx,
        cells: [port.name, port.kind, `${scaled(rx)}`, `${scaled(tx)}`, grouped(port.rxFrames), grouped(port.txFrames)],
      };
    });
    const drops = countDrops(now).map(
      ({ name, rule, frames }) =>
        `${GUARDS.has(rule) ? paint('yellow', 'loop guard') : 'drop      '}  ${rule.padEnd(4)} ${name.padEnd(18)} ${grouped(frames)}`,
    );
    // More lines than the screen has would scroll out of reach of the next redraw.
    const events = this.#network.events().slice(-EVENTS_SHOWN);
    const room = (this.#out.rows ?? ROWS_MAX) - drops.length - events.length - LINES_BESIDE;
    const rowsMax = Math.max(ROWS_MIN, Math.min(ROWS_MAX, room));
    const shown = rows.length > rowsMax ? rows.sort((a, b) => b.busy - a.busy).slice(0, rowsMax) : rows;
    const right = (title: string) => ({ title, align: 'right' as const });
    const ports = table(
      [{ title: 'port' }, { title: 'kind' }, right('rx/s'), right('tx/s'), right('rx frames'), right('tx frames')],
      shown.map(({ cells }) => cells),
    );
    const banner = this.#network.banner;
    const text = [
      ...(banner === null ? [] : [paint('yellow', banner)]),
      this.#progress(),
      ...events.map((event) => `${eventTime(event)}  ${event.what}`),
      '',
      ports,
      ...(rows.length > shown.length ? [`… and ${rows.length - shown.length} quieter ports`] : []),
      '',
      ...drops,
    ].join('\n');
    this.end();
    this.#out.write(`${WRAP_OFF}${text}\n${WRAP_ON}`);
    this.#drawn = text.split('\n').length;
  }
}

function countDrops(sample: Sample): { name: string; rule: string; frames: number }[] {
  return DROPS.map(({ name, rule }) => ({
    name,
    rule,
    frames: sample.ports.reduce((sum, p) => sum + (p.verdicts[name] ?? 0), 0),
  })).filter(({ frames }) => frames > 0);
}
