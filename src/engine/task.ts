/** What the pool's threads load: one entry for the two kinds of task. */
import runWorker, { type WorkerTask } from './worker.ts';
import runWriter, { type WriterTask } from './writer.ts';

export type Task =
  | { readonly kind: 'worker'; readonly task: WorkerTask }
  | { readonly kind: 'writer'; readonly task: WriterTask };

export default function run(task: Task): unknown {
  return task.kind === 'worker' ? runWorker(task.task) : runWriter(task.task);
}
