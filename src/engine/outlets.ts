/**
 * Where the captures of a network go: to files, to memory, or nowhere. Each is a stream of bytes whose length so far is in the shared memory
 * (CaptureRing.moved), and so part of the network's state: where that goes back, what came later is cut off.
 */
import { fstatSync, ftruncateSync } from 'node:fs';
import { type CapturedFrame, readCaptureBytes } from '../capture/read.ts';
import type { CaptureReport } from '../telemetry/report.ts';
import type { Topology } from '../topology/model.ts';
import { closeCapture, header, openCapture } from './capture-file.ts';
import { Drain, type DrainFile, type DrainResult, type DrainRing, wholeBytes } from './drain.ts';
import * as L from './generated/layout.ts';
import type { SharedMemory } from './memory.ts';
import type { Observer } from './observe.ts';
import { NetworkError } from './options.ts';
import type { Plan } from './plan.ts';
import { MEMORY_TAP } from './planning.ts';
import { Tap } from './tap.ts';

export class Outlets {
  /** By place in `plan.captures`; the one that stays in memory is none of them. */
  readonly files: readonly DrainFile[];
  readonly #memory: SharedMemory;
  readonly #plan: Plan;
  readonly #tap = new Tap();
  readonly #tapHeader: Uint8Array;
  readonly #tapRings: readonly DrainRing[];
  readonly #drains: readonly Drain[];

  /** `captureAs`: new names by the topology's, and what is not named goes nowhere; null: the topology's own. Throws OutputError. */
  constructor(
    memory: SharedMemory,
    plan: Plan,
    topology: Topology,
    clock: 'wall' | 'virtual',
    captureAs: Readonly<Record<string, string>> | null,
  ) {
    this.#memory = memory;
    this.#plan = plan;
    const captures = plan.captures.filter(({ request }) => request.file !== MEMORY_TAP);
    this.files = captures.map((capture) => {
      const { file } = capture.request;
      return openCapture(plan, capture, topology, clock, captureAs === null ? file : (captureAs[file] ?? null));
    });
    const tap = plan.captures[captures.length];
    this.#tapHeader = tap ? header(plan, tap, topology, clock) : new Uint8Array(0);
    this.#tapRings = tap?.rings ?? [];
    const tapFile = { fd: -1, path: MEMORY_TAP, headerBytes: 0, isPcap: false, rings: this.#tapRings };
    const keep = new Drain(memory, tapFile, this.#tap.write);
    this.#drains = [...this.files.map((file) => new Drain(memory, file)), keep];
  }

  /** Empties the rings in this thread, where no writer does. */
  drain(): void {
    for (const drain of this.#drains) drain.run();
  }

  get results(): DrainResult[] {
    return this.#drains.map((drain) => drain.result);
  }

  /** Ends the files; times in ns since 1970. */
  close(observer: Observer, drained: readonly DrainResult[], endNs: bigint, epochNs: bigint): CaptureReport[] {
    return this.files.flatMap((file, i) => {
      if (file.fd < 0) return [];
      const result = drained[i] ?? {
        path: file.path,
        bytes: file.headerBytes,
        failure: `${file.path}: the thread that writes captures died`,
      };
      return closeCapture(this.#memory, observer, this.#plan, this.#plan.captures[i]!, file, result, endNs, epochNs);
    });
  }

  /** What passed the watched ports since the last call, in order. */
  takeFrames(): CapturedFrame[] {
    const bytes = Buffer.concat([this.#tapHeader, ...this.#tap.take()]);
    return this.#tapHeader.length === 0 ? [] : [...readCaptureBytes(MEMORY_TAP, bytes)];
  }

  /** Up to where the watched frames have been taken. */
  get taken(): number {
    return this.#tap.taken;
  }

  /** Watched frames before that place are not told again. */
  skipTo(taken: number): void {
    this.#tap.skipTo(taken);
  }

  /** Bytes captured since the start of the run. */
  get written(): number {
    return this.#plan.captures.reduce((sum, { rings }) => sum + movedBytes(this.#memory, rings), 0);
  }

  /** Throws NetworkError where something has gone that cannot be called back. */
  assertGoBack(): void {
    for (const { fd, path, rings } of this.files) {
      if (fd >= 0 && wholeBytes(this.#memory, rings) > 0 && !fstatSync(fd).isFile()) {
        throw new NetworkError(
          `${path} is no regular file, and what has gone there cannot be called back; capture to a file`,
        );
      }
    }
  }

  /** The memory has another state now: files are made as long as they were then, or begin anew where they tell of another past. */
  goBack(isPast: boolean): void {
    for (const { fd, headerBytes, rings } of this.files) {
      for (const { address } of isPast ? [] : rings)
        this.#memory.setU64(address + L.CaptureRing_movedBefore, this.#memory.u64(address + L.CaptureRing_moved));
      // One that failed has ended.
      const isOver = rings.some(({ address }) => this.#memory.u32(address + L.CaptureRing_closed) === 1);
      if (fd >= 0 && !isOver) ftruncateSync(fd, headerBytes + wholeBytes(this.#memory, rings));
    }
    this.#tap.goTo(movedBytes(this.#memory, this.#tapRings), isPast);
  }
}

function movedBytes(memory: SharedMemory, rings: readonly DrainRing[]): number {
  return rings.reduce((sum, { address }) => sum + memory.count(address + L.CaptureRing_moved), 0);
}
