/**
 * Snapshots as files.
 *
 *     +0   magic        8 bytes, 89 "VSNAP" 0D 0A
 *     +8   format       u32, FORMAT
 *     +12  headerBytes  u32
 *     +16  bodyBytes    u64
 *     +24  header       proto/snapshot.proto
 *          body         the pages, one after the other, in brotli
 *          digest       SHA-256 of all before
 *
 * Little-endian. Every format begins with magic and number and ends with the digest, so that damage is told from age. Written under
 * another name and then renamed, so that a snapshot is there whole or not at all.
 */
import { createHash } from 'node:crypto';
import { once } from 'node:events';
import { open, readFile, rename, rm } from 'node:fs/promises';
import { promisify } from 'node:util';
import { brotliDecompress, constants, createBrotliCompress } from 'node:zlib';
import type { Topology } from '../topology/model.ts';
import { OutputError } from './capture-file.ts';
import { coreVersion } from './core.ts';
import { reason } from './drain.ts';
import { PAGE_BYTES } from './generated/layout.ts';
import { vswitch } from './generated/snapshot.js';
import { type Image, PageStore } from './image.ts';
import { fromJson, toJson } from './plain.ts';
import { PROGRAM_VERSION } from './program.ts';
import type { SnapshotContent } from './snapshot-content.ts';

/** A file that is no snapshot, or none that can be used: one line with the path, why, and what to do. */
export class SnapshotError extends Error {
  override readonly name = 'SnapshotError';
}

const FORMAT = 1;
const MAGIC = Buffer.from([0x89, 0x56, 0x53, 0x4e, 0x41, 0x50, 0x0d, 0x0a]);
const HEAD_BYTES = 24;
const DIGEST_BYTES = 32;
/** Of 36 MiB of pages brotli makes 1.2 MB in 55 ms so, deflate at level 1 1.9 MB in 85 ms, at level 6 1.5 MB in 290 ms. */
const QUALITY = { params: { [constants.BROTLI_PARAM_QUALITY]: 1 } };
const PIECE_PAGES = 256;
const PAGES_MAX = (4 * 1024 ** 3) / PAGE_BYTES;

const { SnapshotHeader } = vswitch;

/** Throws OutputError. */
export async function writeSnapshot(path: string, content: SnapshotContent): Promise<void> {
  const header = SnapshotHeader.encode({
    core: coreVersion(),
    programVersion: PROGRAM_VERSION,
    fingerprint: Buffer.from(content.fingerprint, 'hex'),
    timeNs: Number(content.timeNs),
    position: content.position,
    topology: toJson(content.topology),
    options: toJson(content.options),
    state: toJson(content.state),
    runs: runsOf(content.image.pages),
  }).finish();
  const body = await compressed(content.image);
  const head = Buffer.alloc(HEAD_BYTES);
  MAGIC.copy(head);
  head.writeUInt32LE(FORMAT, 8);
  head.writeUInt32LE(header.length, 12);
  head.writeBigUInt64LE(BigInt(body.reduce((sum, piece) => sum + piece.length, 0)), 16);
  const parts = [head, header, ...body];
  const digest = createHash('sha256');
  for (const part of parts) digest.update(part);
  await writeWhole(path, [...parts, digest.digest()]);
}

async function writeWhole(path: string, parts: readonly Uint8Array[]): Promise<void> {
  const beside = `${path}.${process.pid}.part`;
  try {
    const file = await open(beside, 'w');
    try {
      for (const part of parts) await file.writeFile(part);
    } finally {
      await file.close();
    }
    await rename(beside, path);
  } catch (error) {
    await rm(beside, { force: true }).catch(() => {});
    throw new OutputError(`${path}: ${reason(error)}; give another path for the snapshot`);
  }
}

async function compressed({ store, places }: Image): Promise<Buffer[]> {
  const pieces: Buffer[] = [];
  const stream = createBrotliCompress(QUALITY);
  stream.on('data', (piece: Buffer) => pieces.push(piece));
  for (let i = 0; i < places.length; i += PIECE_PAGES) {
    const piece = Buffer.concat(places.slice(i, i + PIECE_PAGES).map((place) => store.page(place)));
    if (!stream.write(piece)) await once(stream, 'drain');
  }
  const ended = once(stream, 'end');
  stream.end();
  await ended;
  return pieces;
}

/** First page and count of each run of pages. */
function runsOf(pages: readonly number[]): number[] {
  const runs: number[] = [];
  for (const page of pages) {
    const last = runs.length - 2;
    if (last >= 0 && runs[last]! + runs[last + 1]! === page) runs[last + 1]!++;
    else runs.push(page, 1);
  }
  return runs;
}

function pagesOf(runs: readonly number[]): number[] {
  const pages: number[] = [];
  for (let i = 0, next = 0; i < runs.length; i += 2) {
    const [first, count] = [runs[i]!, runs[i + 1] ?? 0];
    if (first < next || count < 1 || first + count > PAGES_MAX) throw new Error('pages are not in order');
    for (next = first; next < first + count; next++) pages.push(next);
  }
  return pages;
}

/** Throws SnapshotError. */
export async function readSnapshot(path: string): Promise<SnapshotContent> {
  const file = await readFile(path).catch((error: NodeJS.ErrnoException) => {
    throw new SnapshotError(`${path}: ${error.code === 'ENOENT' ? 'no such file' : reason(error)}; name a snapshot`);
  });
  return parseSnapshot(path, file);
}

/** What is in a file; `path` is for the errors. Throws SnapshotError. */
export async function parseSnapshot(path: string, file: Buffer): Promise<SnapshotContent> {
  const refuse = (why: string): SnapshotError => new SnapshotError(`${path}: ${why}`);
  if (!file.subarray(0, MAGIC.length).equals(MAGIC.subarray(0, file.length)) || file.length === 0)
    throw refuse('that is no snapshot; name a file that vswitch run --snapshot-at or snapshot.save wrote');
  const damaged = (how: string): SnapshotError => refuse(`the snapshot is ${how}; take it again, or use a copy of it`);
  if (file.length < HEAD_BYTES + DIGEST_BYTES) throw damaged('cut off');
  const at = file.length - DIGEST_BYTES;
  const digest = createHash('sha256').update(file.subarray(0, at)).digest();
  const [headerBytes, bodyBytes] = [file.readUInt32LE(12), file.readBigUInt64LE(16)];
  if (!digest.equals(file.subarray(at))) {
    const isShort = BigInt(file.length) < BigInt(HEAD_BYTES + headerBytes + DIGEST_BYTES) + bodyBytes;
    throw damaged(isShort ? 'cut off' : 'damaged');
  }
  const format = file.readUInt32LE(8);
  if (format !== FORMAT)
    throw refuse(
      `the snapshot has format ${format}, and this version reads format ${FORMAT}; use the version that made it`,
    );
  try {
    return await read(file.subarray(HEAD_BYTES, at), headerBytes, refuse);
  } catch (error) {
    throw error instanceof SnapshotError ? error : damaged('damaged');
  }
}

async function read(
  rest: Buffer,
  headerBytes: number,
  refuse: (why: string) => SnapshotError,
): Promise<SnapshotContent> {
  const header = SnapshotHeader.decode(rest.subarray(0, headerBytes));
  if (!coreVersion().every((octet, i) => octet === header.core[i])) {
    throw refuse(
      `the snapshot was made by version ${header.programVersion} with another core, whose memory is laid out otherwise; use the version that made it`,
    );
  }
  const pages = pagesOf(header.runs);
  const bytes = await promisify(brotliDecompress)(rest.subarray(headerBytes), {
    maxOutputLength: Math.max(1, pages.length * PAGE_BYTES),
  });
  if (bytes.length !== pages.length * PAGE_BYTES) throw new Error('pages are missing');
  return {
    fingerprint: Buffer.from(header.fingerprint).toString('hex'),
    timeNs: BigInt(String(header.timeNs)),
    position: Number(String(header.position)),
    topology: fromJson(header.topology) as Topology,
    options: fromJson(header.options) as SnapshotContent['options'],
    state: fromJson(header.state) as SnapshotContent['state'],
    image: { store: PageStore.over(bytes), pages, places: pages.map((_, place) => place) },
  };
}
