/**
 * Where running networks are found: a folder of sockets that only their user may enter, one socket for each network, named by
 * process: `1234.sock`, for the second one of a process `1234.2.sock`. On Windows named pipes, `vswitch-USER-1234`.
 */
import { chmodSync, lstatSync, mkdirSync, readdirSync, unlinkSync } from 'node:fs';
import { tmpdir, userInfo } from 'node:os';
import { join } from 'node:path';
import { AttachError } from './message.ts';

const PIPES = '\\\\.\\pipe\\';
const isWindows = process.platform === 'win32';
/** What every kernel takes for a path of a socket (`sockaddr_un`), without the final zero: macOS 103, Linux 107. */
const PATH_BYTES_MAX = 103;
const NAME = /^(\d+)(?:\.\d+)?\.sock$/;

export interface Place {
  readonly pid: number;
  /** What `net.connect` takes. */
  readonly path: string;
}

/** The folder of this user's sockets, not necessarily there. */
export function folderOfSockets(): string {
  const runtime = process.env['XDG_RUNTIME_DIR'];
  return runtime === undefined || runtime === ''
    ? join(tmpdir(), `vswitch-${userInfo().uid}`)
    : join(runtime, 'vswitch');
}

/** A free place for one more network of this process; the folder is made. @throws AttachError where others could read or write it. */
export function newPlace(): string {
  if (isWindows) return `${PIPES}${pipePrefix()}${process.pid}${suffix('-', pipeNames().length)}`;
  const folder = folderOfSockets();
  mkdirSync(folder, { recursive: true, mode: 0o700 });
  const { uid, mode } = ownFolder(folder);
  if (uid !== userInfo().uid) throw new AttachError(`${folder} belongs to another user; set XDG_RUNTIME_DIR`);
  if ((mode & 0o077) !== 0) chmodSync(folder, 0o700);
  const taken = new Set(places().map(({ path }) => path));
  for (let n = 1; ; n++) {
    const path = join(folder, `${process.pid}${suffix('.', n - 1)}.sock`);
    if (taken.has(path)) continue;
    if (Buffer.byteLength(path) <= PATH_BYTES_MAX) return path;
    throw new AttachError(`${path} is too long for a socket; set XDG_RUNTIME_DIR to a shorter one`);
  }
}

const suffix = (mark: string, others: number): string => (others === 0 ? '' : `${mark}${others + 1}`);

/** Not a link: whoever may write the folder above could put one there. */
function ownFolder(folder: string): { uid: number; mode: number } {
  const found = lstatSync(folder);
  if (found.isDirectory()) return found;
  throw new AttachError(`${folder} is no folder; remove it, or set XDG_RUNTIME_DIR`);
}

/** Whether nobody else can have put anything into a folder, which is no link. */
function isOwnFolder(folder: string): boolean {
  const found = lstatSync(folder, { throwIfNoEntry: false });
  return found?.isDirectory() === true && found.uid === userInfo().uid && (found.mode & 0o077) === 0;
}

function isOwn(path: string): boolean {
  return lstatSync(path, { throwIfNoEntry: false })?.uid === userInfo().uid;
}

/** Sockets of this user's networks, none where others may enter. Those of processes that are gone are removed. */
export function places(): Place[] {
  if (isWindows) return pipeNames().map(([pid, name]) => ({ pid, path: PIPES + name }));
  const folder = folderOfSockets();
  if (!isOwnFolder(folder)) return [];
  const found = names(folder).flatMap((name) => {
    const pid = Number(NAME.exec(name)?.[1] ?? Number.NaN);
    return Number.isNaN(pid) || !isOwn(join(folder, name)) ? [] : [{ pid, path: join(folder, name) }];
  });
  return found.filter(({ pid, path }) => isAlive(pid) || !removed(path)).sort((a, b) => a.pid - b.pid);
}

/** Removes a socket that nobody answers at; true, always. */
export function removed(path: string): true {
  try {
    if (!isWindows) unlinkSync(path);
  } catch {
    // Somebody else was faster.
  }
  return true;
}

function names(folder: string): string[] {
  try {
    return readdirSync(folder);
  } catch {
    return [];
  }
}

function pipePrefix(): string {
  return `vswitch-${userInfo().username}-`;
}

function pipeNames(): [pid: number, name: string][] {
  const prefix = pipePrefix();
  return names(PIPES)
    .filter((name) => name.startsWith(prefix))
    .map((name) => [Number.parseInt(name.slice(prefix.length), 10), name]);
}

/** Processes of others are alive too: they say EPERM. */
function isAlive(pid: number): boolean {
  try {
    process.kill(pid, 0);
    return true;
  } catch (error) {
    return (error as NodeJS.ErrnoException).code === 'EPERM';
  }
}
