// Loads the unpacking thread's TypeScript in a checkout, where nothing is built; see engine/boot.mjs.
import { register } from 'tsx/esm/api';

register();
await import(new URL('./unpacker.ts', import.meta.url).href);
