/** What one thread runs: its switches, and the bell that ends its sleep. */
@unmanaged
export class Worker {
  bell: u32; // on a cache line of its own: others ring it
  sleeping: u32;
  b1: u64; b2: u64; b3: u64; b4: u64; b5: u64; b6: u64; b7: u64;
  number: u32;
  switches: u32; // list of u32 addresses
  switchCount: u32;
  current: u32; // virtual clock: the switch that was moved last
  /** Counts commands posted to this worker; it looks at its mail when the number has changed. */
  mail: u32;
  /** Written by the thread, STATE_* of engine/control.ts. */
  state: u32;
  /** Virtual clock: how far this worker has come, ns. Wall clock: when it last looked. */
  now: u64;
  /** Rounds of the main loop so far. */
  rounds: u64;
  /** Nanoseconds asleep so far; written by the thread. */
  idleNs: u64;
  /** The switch that is being moved, HAND_ANY (engine/control.ts) during a command, else 0: what is to be repaired if the thread dies. */
  inHand: u32;
  /** Changes at least once a second while the thread is well. */
  beat: u32;
  /** Node's number of the thread that runs it. */
  thread: u32;
}

/** Wakes a worker that sleeps. It says so before it looks for work a last time, so that no frame is left behind. */
// @ts-ignore: decorator
@inline
export function wake(worker: Worker): void {
  const bell = changetype<usize>(worker);
  if (atomic.load<u32>(bell, 4) == 0) return;
  atomic.add<u32>(bell, 1);
  atomic.notify(bell, 1);
}
