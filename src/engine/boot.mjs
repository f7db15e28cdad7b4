// Loads a pool thread's code in a checkout. Without it piscina hides what goes wrong while a module is being imported, and tsx
// is not registered in the thread. Whoever starts many threads names a folder in which src/ has been built: the TypeScript
// takes each thread a second of a core.
import { join } from 'node:path';
import { pathToFileURL } from 'node:url';

const built = process.env['VSWITCH_BUILT'];
if (built === undefined) (await import('tsx/esm/api')).register();
const task = built === undefined ? new URL('./task.ts', import.meta.url) : pathToFileURL(join(built, 'engine/task.js'));
const worker = await import(task.href);
export default worker.default;
