/** How Node runs a file of this checkout: its TypeScript through tsx, and as JavaScript what was built of it for the tests. */
import { createRequire } from 'node:module';
import { fileURLToPath, pathToFileURL } from 'node:url';

const isSource = import.meta.url.endsWith('.ts');

/** Words behind `node`; `file` is relative to this folder and ends with `.ts`. */
export function wordsFor(file: string): string[] {
  if (!isSource) return [fileURLToPath(new URL(file.replace(/\.ts$/, '.js'), import.meta.url))];
  const tsx = pathToFileURL(createRequire(import.meta.url).resolve('tsx')).href;
  return ['--import', tsx, fileURLToPath(new URL(file, import.meta.url))];
}
