/** Writes to standard output the wasm of a core whose virtio driver and device can be moved by a thread each: see nic-race.test.ts. */
import { readdirSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import { stdout } from 'node:process';
import asc from 'assemblyscript/asc';

/** What either thread calls. The core's own files are as they are. */
const entry = `
import { bytesOf, describe, Frame, HEADER_BYTES, slotOf } from './frame';
import { bufferOf, Nic, portOf, txOf } from './nic';
import { flushVirtio, handleVirtio, openVirtio, postVirtio } from './nic-driver-virtio';
import { endVirtio, fillVirtio, hasVirtioBuffer, takeVirtio } from './nic-virtio';
import { release, take } from './pool';
import { advanceNear, at, publishNear, Ring } from './ring';
import { Switch } from './switch';

let expected: u32 = 0;
let wrong: u32 = 0;

export function open(nic: Nic): void {
  openVirtio(nic);
  nic.isOpen = 1;
}

/** Driver: the next frame to send, with its number. */
export function post(nic: Nic, number: u32): void {
  store<u32>(bufferOf(txOf(nic), txOf(nic).posted) + HEADER_BYTES + 14, number);
  postVirtio(nic, 60);
}

export function flush(nic: Nic): void {
  flushVirtio(nic);
}

export function hearAll(sw: Switch, nic: Nic): void {
  handleVirtio(sw, nic);
}

/** Device: sends, and looks whether what it sends are the numbers in their order; returns how many came so far. */
export function serve(sw: Switch, nic: Nic): u32 {
  takeVirtio(sw, nic);
  const ring = changetype<Ring>(<usize>portOf(nic).rxRing);
  publishNear(ring);
  const n = ring.head - ring.tailNext;
  for (let i: u32 = 0; i < n; i++) {
    const descriptor = at(ring, i);
    if (load<u32>(bytesOf(descriptor) + 14) != expected) wrong++;
    expected++;
    release(slotOf(descriptor), sw);
  }
  advanceNear(ring, n);
  return expected;
}

export function wrongOnes(): u32 {
  return wrong;
}

/** Device: puts up to \`n\` frames into the guest's buffers, as far as there are some. */
export function fill(sw: Switch, nic: Nic, n: u32): u32 {
  let done: u32 = 0;
  for (; done < n && hasVirtioBuffer(nic); done++) {
    const slot = take(sw.pool, 60);
    memory.fill(slot + HEADER_BYTES, 0, 60);
    store<u16>(slot + HEADER_BYTES, 0xb588, 12);
    changetype<Frame>(slot).id = done;
    fillVirtio(nic, describe(slot, 60));
    release(slot, sw);
  }
  if (done != 0) endVirtio(nic);
  return done;
}
`;

/** Who asks to be told hesitates between its last look and that, so that the other one often comes in between. */
const linger = `
export function linger(at: usize): void {
  for (let i: u32 = 0; i < 50; i++) atomic.add<u32>(at, 0);
}
`;
const asks = /^function (askForBell|askForInterrupt)\(nic: Nic, q: NicQueue.*\{$/m;

function withLinger(text) {
  if (!asks.test(text)) return text;
  return `import { linger } from './linger';\n${text.replace(asks, (head) => `${head} linger(changetype<usize>(q));`)}`;
}

const folder = join(import.meta.dirname, '../../src/core');
const sources = new Map([
  ['src/core/race.ts', entry],
  ['src/core/linger.ts', linger],
]);
for (const under of ['', 'generated/'])
  for (const name of readdirSync(join(folder, under)).filter((each) => each.endsWith('.ts')))
    sources.set(`src/core/${under}${name}`, withLinger(readFileSync(join(folder, under, name), 'utf8')));

const memory = ['--noExportMemory', '--importMemory', '--sharedMemory', '--initialMemory', '1'];
const features = ['simd', 'threads', 'bulk-memory'].flatMap((feature) => ['--enable', feature]);
const checks = ['--noAssert', '--uncheckedBehavior', 'always', '--use', 'abort='];
const written = new Map();
const { error, stderr } = await asc.main(
  [
    'src/core/race.ts',
    '--outFile',
    'race.wasm',
    '-O3',
    '--runtime',
    'stub',
    '--maximumMemory',
    '65536',
    ...memory,
  ].concat(features, checks),
  {
    readFile: (name) => sources.get(name) ?? null,
    writeFile: (name, contents) => written.set(name, contents),
    listFiles: () => [],
  },
);
if (error !== null) throw new Error(`the core does not compile\n${stderr}`);
stdout.write(written.get('race.wasm'));
