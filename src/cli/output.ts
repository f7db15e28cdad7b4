/** Folders and files that a command is about to write. */
import { closeSync, mkdirSync, openSync, statSync, writeFileSync } from 'node:fs';
import { dirname } from 'node:path';
import { reason } from '../engine/drain.ts';
import type { Report } from '../telemetry/report.ts';
import { UsageError } from './errors.ts';

/**
 * Makes a folder and those above it. Not by `recursive: true`, which never returns where the file system says ENOENT to a
 * folder that has its parent, as /proc does (Node 20.20).
 */
export function makeFolder(folder: string, remedy: string): void {
  if (isFolder(folder)) return;
  const parent = dirname(folder);
  if (parent !== folder) makeFolder(parent, remedy);
  try {
    mkdirSync(folder);
  } catch (error) {
    if (isFolder(folder)) return;
    const isFile = (error as NodeJS.ErrnoException).code === 'EEXIST';
    throw new UsageError(`${folder}: ${isFile ? 'that is no folder' : reason(error)}; ${remedy}`);
  }
}

function isFolder(path: string): boolean {
  try {
    return statSync(path).isDirectory();
  } catch {
    return false;
  }
}

/** Whether two paths lead to one file, by whatever links. */
export function isSameFile(a: string, b: string): boolean {
  try {
    const [one, other] = [statSync(a), statSync(b)];
    return one.isFile() && one.dev === other.dev && one.ino === other.ino;
  } catch {
    return false;
  }
}

/** The same for a report, whose folder is made. */
export function checkReportPath(file: string, topologyFile: string | undefined): void {
  makeFolder(dirname(file), remedyFor('the report'));
  checkFilePath(file, topologyFile, 'the report');
}

const remedyFor = (what: string): string => `give another path for ${what}`;

/** Throws a UsageError if `what` could not be written there: better before a run than after it. */
export function checkFilePath(file: string, topologyFile: string | undefined, what: string): void {
  const remedy = remedyFor(what);
  if (topologyFile !== undefined && isSameFile(file, topologyFile))
    throw new UsageError(`${file}: ${what} would overwrite the topology; ${remedy}`);
  try {
    closeSync(openSync(file, 'a'));
  } catch (error) {
    throw new UsageError(`${file}: ${reason(error)}; ${remedy}`);
  }
}

/** Why the report could not be written, or null. */
export function writeReport(file: string, report: Report): string | null {
  try {
    writeFileSync(file, `${JSON.stringify(report, null, 2)}\n`);
    return null;
  } catch (error) {
    return `${file}: ${reason(error)}; the report is not whole`;
  }
}
