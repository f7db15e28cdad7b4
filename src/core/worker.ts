/** What one thread moves: its switches, and the bell that ends its sleep. */
@unmanaged
export class Worker {
  bell: u32; // on a cache line of its own: others ring it
  sleeping: u32;
  b1: u64; b2: u64; b3: u64; b4: u64; b5: u64; b6: u64; b7: u64;
  number: u32;
  switches: u32; // list of u32 addresses
  switchCount: u32;
  /** Counts commands posted to this worker; it looks at its mail when the number has changed. */
  mail: u32;
  /** Written by the thread, STATE_* of engine/control.ts. */
  state: u32;
  /** Virtual clock: the switches again, by their next event (heap.ts); 0 on the wall clock. */
  heap: u32;
  /** Virtual clock: how far this worker has come, ns. Wall clock: when it last looked. */
  now: u64;
  /** Virtual clock: frames moved so far, and one for each time that timers or guests were seen to. Wall clock: rounds. */
  rounds: u64;
  /** Nanoseconds asleep so far; written by the thread. */
  idleNs: u64;
  /** The switch that is being moved, HAND_ANY (engine/control.ts) during a command, else 0: what is to be repaired if the thread dies. */
  inHand: u32;
  /** Changes at least once a second while the thread is well. */
  beat: u32;
  /** Node's number of the thread that runs it. */
  thread: u32;
  /** What the bell said before the thread looked at its orders and its mail, which its state is the answer to. */
  heard: u32;

  // Virtual clock, epoch.ts.
  epochs: u32; // address of the Epochs
  /** The cell of time it is in, from 1; 0 on the wall clock. */
  cell: u32;
  cellEnd: u64; // its last instant
  next: u64; // its next event, as of when it was done
  sent: u64; // the first arrival that it has sent to another worker since then
  /** 1: events strictly in order, island by island at each instant; 0: an island may go through a whole cell before the next one. */
  inOrder: u32;
  done: u32; // the last epoch that it has finished
  spins: u32; // looks before it goes to sleep, as far as they have been worth it lately
  waits: u32;
  inlets: u32; // wires that lead here from other workers
  inletCount: u32;
}

/**
 * Switches between which frames may take no time: those of a host, and what cables without delay join. One worker moves them, in
 * an order of their own; between islands there is time.
 */
@unmanaged
export class Island {
  /** The switch that was moved last. */
  current: u32;
  switchCount: u32;
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
