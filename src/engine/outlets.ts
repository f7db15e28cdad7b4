/**
 * Where the captures of a network go: to files, to memory, or nowhere. Each is a stream of bytes whose length so far is in the shared memory
 * (CaptureRing.moved), and so part of the network's state: where that goes back, what came later is cut off.
 */
import { fstatSync, ftruncateSync } from 'node:fs';
import { type CapturedFrame, readCaptureBytes } from '../capture/read.ts';
import type { CaptureReport } from '../telemetry/report.ts';
import { STANDARD_OUTPUT, spokenName } from '../topology/capture-name.ts';
import type { Topology } from '../topology/model.ts';
import { header } from './capture-blocks.ts';
import { closeCapture, openCapture, orderOf } from './capture-file.ts';
import { isLoaded, loadCompression } from './compress.ts';
import { Drain, type DrainFile, type DrainResult, type DrainRing, hasFailed, IN_MEMORY, wholeBytes } from './drain.ts';
import { FlowCollector } from './flow-collector.ts';
import * as L from './generated/layout.ts';
import type { SharedMemory } from './memory.ts';
import { NetworkError } from './options.ts';
import type { Plan } from './plan.ts';
import { MEMORY_TAP } from './planning.ts';
import { canGoBack } from './sink.ts';
import { Tap } from './tap.ts';
import { cutBack } from './whole-file.ts';

export class Outlets {
  /** By place in `plan.captures`; the one that stays in memory is none of them. */
  readonly files: readonly DrainFile[];
  readonly #memory: SharedMemory;
  readonly #plan: Plan;
  readonly #tap = new Tap();
  readonly #tapHeader: Uint8Array;
  readonly #tapRings: readonly DrainRing[];
  readonly #drains: readonly Drain[];
  readonly flows: FlowCollector;

  /** `captureAs`: new names by the topology's, and what is not named goes nowhere; null: the topology's own. Throws OutputError. */
  constructor(
    memory: SharedMemory,
    plan: Plan,
    topology: Topology,
    clock: 'wall' | 'virtual',
    epochNs: bigint,
    captureAs: Readonly<Record<string, string>> | null,
  ) {
    this.#memory = memory;
    this.#plan = plan;
    this.flows = new FlowCollector(memory, plan);
    const captures = plan.captures.filter(({ request }) => request.file !== MEMORY_TAP);
    this.files = captures.map((capture) => {
      const { file } = capture.request;
      return openCapture(
        plan,
        capture,
        topology,
        clock,
        epochNs,
        captureAs === null ? file : (captureAs[file] ?? null),
      );
    });
    const tap = plan.captures[captures.length];
    this.#tapHeader = tap ? header(plan, tap, topology, clock) : new Uint8Array(0);
    this.#tapRings = tap?.rings ?? [];
    const order = tap ? orderOf(plan, tap, clock, epochNs) : null;
    const tapFile = { ...IN_MEMORY, path: MEMORY_TAP, rings: this.#tapRings, order };
    const keep = new Drain(memory, tapFile, { write: this.#tap.write });
    this.#drains = [...this.files.map((file) => new Drain(memory, file)), keep];
  }

  /** Empties the rings in this thread, where no writer does; `isLast`: nothing more will come. */
  drain(isLast = false): void {
    for (const drain of this.#drains) drain.run(isLast);
    this.flows.drain();
  }

  /** Whether what captures are compressed with is loaded, if any is. */
  get isReady(): boolean {
    return this.files.every(({ compression, kind }) => kind === 'nowhere' || isLoaded(compression));
  }

  /** Before drains in this thread: what captures are compressed with may have to be loaded, which takes a moment. */
  async ready(): Promise<void> {
    for (const { compression, kind } of this.files) if (kind !== 'nowhere') await loadCompression(compression);
  }

  /** Whether a capture without which the run shall not go on cannot be written any more. */
  get hasFailed(): boolean {
    const isNeeded = (i: number) => this.#plan.captures[i]!.request.onError === 'stop';
    return this.files.some((file, i) => isNeeded(i) && hasFailed(this.#memory, file));
  }

  get results(): DrainResult[] {
    return this.#drains.map((drain) => drain.result);
  }

  /** Ends the files; times in ns since 1970. */
  close(drained: readonly DrainResult[], endNs: bigint, epochNs: bigint): CaptureReport[] {
    this.flows.close();
    return this.files.flatMap((file, i) => {
      if (file.kind === 'nowhere') return [];
      const result = drained[i] ?? unwritten(file);
      return closeCapture(this.#memory, this.#plan.captures[i]!, file, result, endNs, epochNs);
    });
  }

  /** What passed the watched ports since the last call, in order. */
  takeFrames(): CapturedFrame[] {
    const bytes = Buffer.concat([this.#tapHeader, ...this.#tap.take()]);
    return this.#tapHeader.length === 0 ? [] : [...readCaptureBytes(MEMORY_TAP, bytes)];
  }

  /** What waits for blocks of other workers, by capture and ring. */
  get held(): (readonly Uint8Array[])[] {
    const held = this.#drains.map((drain) => drain.held);
    return held.some((rings) => rings.length > 0) ? held : [];
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
    for (const file of this.files) {
      if (canGoBack(file) || wholeBytes(this.#memory, file.rings) === 0) continue;
      const { kind, compression } = file;
      const what =
        kind === 'pipe' || file.file === STANDARD_OUTPUT
          ? 'is no regular file'
          : compression !== 'none'
            ? 'is compressed'
            : 'has bounds';
      throw new NetworkError(
        `${spokenName(file.file)} ${what}, and what has gone there cannot be called back; capture to a file`,
      );
    }
  }

  /** The memory has another state now: files are made as long as they were then, or begin anew where they tell of another past. */
  goBack(isPast: boolean, held: readonly (readonly Uint8Array[])[]): void {
    for (const file of this.files) {
      const { fd, headerBytes, rings } = file;
      const first = rings[0]?.address ?? 0;
      if (!isPast && first !== 0)
        this.#memory.setU64(first + L.CaptureRing_movedBefore, this.#memory.u64(first + L.CaptureRing_moved));
      // One that failed has ended.
      const isOver = rings.some(({ address }) => this.#memory.u32(address + L.CaptureRing_closed) !== 0);
      if (fd >= 0 && canGoBack(file) && !isOver) ftruncateSync(fd, headerBytes + wholeBytes(this.#memory, rings));
    }
    for (const [i, drain] of this.#drains.entries()) drain.hold(held[i] ?? []);
    this.#tap.goTo(movedBytes(this.#memory, this.#tapRings), isPast);
  }
}

/** What a capture is whose writer died: all of its whole blocks. */
function unwritten(file: DrainFile): DrainResult {
  // Where new files are begun nobody knows which one is open.
  const fd = file.rotate === null ? file.fd : -1;
  const failure = `${spokenName(file.file)}: the thread that writes captures died; the capture ends there`;
  const left = { path: file.path, fd, frames: null, files: null, isOver: false };
  let bytes = 0;
  try {
    if (canGoBack(file)) bytes = cutBack(file, file.headerBytes);
  } catch {
    const { size } = fstatSync(fd);
    return { ...left, bytes: size, failure: `${failure}, perhaps within a frame: the file could not be read again` };
  }
  return { ...left, bytes, failure };
}

function movedBytes(memory: SharedMemory, rings: readonly DrainRing[]): number {
  return rings.reduce((sum, { address }) => sum + memory.count(address + L.CaptureRing_moved), 0);
}
