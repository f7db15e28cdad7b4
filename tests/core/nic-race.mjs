/** One of the two threads of nic-race.test.ts: a guest with its driver, or the device. Who has nothing to do sleeps until it is woken. */
import { parentPort, workerData } from 'node:worker_threads';

const { module, memory, role, sw, nic, at, frames } = workerData;
const env = { memory, now: () => 0n };
const core = new WebAssembly.Instance(module, { env }).exports;
const words = new Int32Array(memory.buffer);
/** Nobody who waits so long is going to be woken. */
const LOST_MS = 60_000;
/** Frames that the device brings in one turn. */
const TURN = 8;
let sleeps = 0;

/** Sleeps while the word is 0; false when nobody wakes it. */
function sleep(address) {
  sleeps++;
  return Atomics.wait(words, address >> 2, 0, LOST_MS) !== 'timed-out';
}

const wake = (address) => Atomics.notify(words, address >> 2);
const isSet = (address) => Atomics.load(words, address >> 2) !== 0;

/** Sends all its frames and takes all that come; returns what it missed, or null. */
function guest() {
  const rings = () => {
    wake(at.txActive);
    wake(at.rxActive);
  };
  const hear = () => {
    core.hearAll(sw, nic);
    rings();
  };
  for (let number = 0; number < frames; ) {
    if (isSet(at.pending)) hear();
    if (isSet(at.isStopped)) {
      if (!sleep(at.pending)) return 'an interrupt while its ring was full';
      continue;
    }
    core.post(nic, number++);
    wake(at.txActive);
  }
  core.flush(nic);
  rings();
  while (Atomics.load(words, at.rxCleaned >> 2) < frames) {
    if (!sleep(at.pending)) return 'an interrupt for what came';
    hear();
  }
  return null;
}

function device() {
  let came = 0;
  for (let sent = 0; sent < frames || came < frames; ) {
    const before = came + sent;
    sent = core.serve(sw, nic);
    // Only when rung for: what is published meanwhile is about to be.
    if (came < frames && isSet(at.rxActive)) came += core.fill(sw, nic, Math.min(TURN, frames - came));
    wake(at.pending);
    if (came + sent !== before) continue;
    // It has one place to sleep at a time: where it still has something to do, or where it waits for the guest.
    const isSender = sent < frames;
    if (isSender && isSet(at.txActive)) continue;
    if (!isSender && isSet(at.rxActive)) continue;
    if (!sleep(isSender ? at.txActive : at.rxActive)) return isSender ? 'a doorbell' : 'a doorbell for buffers';
  }
  return core.wrongOnes() === 0 ? null : `${core.wrongOnes()} frames came wrong`;
}

const missed = role === 'guest' ? guest() : device();
parentPort.postMessage({ missed, sleeps });
