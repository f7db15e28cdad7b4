// Loads the unpacking thread's code in a checkout; see engine/boot.mjs.
import { join } from 'node:path';
import { pathToFileURL } from 'node:url';

const built = process.env['VSWITCH_BUILT'];
if (built === undefined) (await import('tsx/esm/api')).register();
const code = new URL('./unpacker.ts', import.meta.url);
await import((built === undefined ? code : pathToFileURL(join(built, 'capture/unpacker.js'))).href);
