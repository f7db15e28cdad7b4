/** What the pool's threads load: one entry for all kinds of task. A spare thread has none yet, and is ready for any. */
import runWorker, { type WorkerTask } from './worker.ts';
import runWriter, { type WriterTask } from './writer.ts';

export type Task =
  | { readonly kind: 'worker'; readonly task: WorkerTask }
  | { readonly kind: 'writer'; readonly task: WriterTask }
  | { readonly kind: 'spare' };

export default function run(task: Task): unknown {
  if (task.kind === 'spare') return null;
  return task.kind === 'worker' ? runWorker(task.task) : runWriter(task.task);
}
