/** Which version of the program this is. */
import { readFileSync } from 'node:fs';

export const PROGRAM_VERSION: string = (
  JSON.parse(readFileSync(new URL('../../package.json', import.meta.url), 'utf8')) as { version: string }
).version;
