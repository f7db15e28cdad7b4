/** The thread that writes captures: it empties the rings until it is told that nothing more will come. */
import { threadId } from 'node:worker_threads';
import { loadCompression } from './compress.ts';
import { WRITER, WRITER_THREAD } from './control.ts';
import { Drain, type DrainFile, type DrainResult } from './drain.ts';
import { SharedMemory } from './memory.ts';

export interface WriterTask {
  readonly memory: WebAssembly.Memory;
  readonly controlAt: number;
  readonly files: readonly DrainFile[];
}

/** Between two looks at rings that were empty. A ring of 4 MiB takes 40 ms to fill at 100 MB/s. */
const IDLE_MS_MIN = 2;
const IDLE_MS_MAX = 50;

export default async function runWriter(task: WriterTask): Promise<DrainResult[]> {
  for (const { compression } of task.files) await loadCompression(compression);
  const memory = new SharedMemory(task.memory);
  memory.setU32(task.controlAt + WRITER_THREAD, threadId);
  const over = memory.word(task.controlAt + WRITER);
  const isLast = () => Atomics.load(memory.words, over) === 1;
  const drains = task.files.map((file) => new Drain(memory, file, { isLast }));
  for (let idle = IDLE_MS_MIN; ; ) {
    // Asked before the last look: what was captured before the end is still written.
    const last = isLast();
    const moved = drains.reduce((sum, drain) => sum + drain.run(last), 0);
    if (last) return drains.map((drain) => drain.result);
    idle = moved > 0 ? IDLE_MS_MIN : Math.min(IDLE_MS_MAX, idle * 2);
    if (moved === 0) Atomics.wait(memory.words, over, 0, idle);
  }
}
