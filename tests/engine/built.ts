/**
 * The package as users have it, without types: its threads start in a tenth of the time that a checkout's take, so that hundreds
 * of them can be ended in a test.
 */
import { cpSync, mkdirSync, mkdtempSync, readdirSync, readFileSync, writeFileSync } from 'node:fs';
import { dirname, join } from 'node:path';
import { pathToFileURL } from 'node:url';
import { transformWithEsbuild } from 'vite';

type NetworkModule = typeof import('../../src/engine/network.ts');

const root = join(import.meta.dirname, '../..');
const rooms = ['capture', 'engine', 'telemetry', 'topology'];

/** Builds into a new folder under `build`, where the dependencies are found, and loads from there; the caller removes the folder. */
export async function built(): Promise<{ readonly folder: string; readonly Network: NetworkModule['Network'] }> {
  mkdirSync(join(root, 'build'), { recursive: true });
  const folder = mkdtempSync(join(root, 'build/package-'));
  for (const room of rooms) {
    for (const entry of readdirSync(join(root, 'src', room), { recursive: true, encoding: 'utf8' })) {
      const from = join(root, 'src', room, entry);
      const to = join(folder, 'dist', room, entry);
      mkdirSync(dirname(to), { recursive: true });
      if (/\.(wasm|js)$/.test(entry)) cpSync(from, to);
      else if (entry.endsWith('.ts') && !entry.endsWith('.d.ts')) writeFileSync(js(to), await transformed(from));
    }
  }
  cpSync(join(root, 'package.json'), join(folder, 'package.json'));
  const module = (await import(pathToFileURL(join(folder, 'dist/engine/network.js')).href)) as NetworkModule;
  return { folder, Network: module.Network };
}

const js = (name: string) => name.replace(/\.ts$/, '.js');

async function transformed(file: string): Promise<string> {
  const { code } = await transformWithEsbuild(readFileSync(file, 'utf8'), file, { target: 'es2022', sourcemap: false });
  return code.replace(/(from|import) "(\.[^"]+)\.ts"/g, '$1 "$2.js"');
}
