// Loads a pool thread's TypeScript in a checkout, where nothing is built. Without it piscina hides what goes wrong while a
// module is being imported, and tsx is not registered in the thread.
import { register } from 'tsx/esm/api';

register();
const worker = await import(new URL('./task.ts', import.meta.url).href);
export default worker.default;
