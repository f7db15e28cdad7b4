/** What a network card has counted since its driver was loaded, as plain data. Names are the README's glossary. */

/** Accesses of a register that left the guest, by its data sheet's name. */
export interface RegisterCount {
  readonly register: string;
  readonly reads: number;
  readonly writes: number;
}

export interface NicReport {
  readonly model: 'virtio' | 'vmxnet3' | 'e1000' | 'lance';
  /** Exits to the hypervisor: all reads and writes of registers. */
  readonly traps: number;
  /** Those that were accessed at all. */
  readonly registers: readonly RegisterCount[];
  /** Writes that tell the device of frames. */
  readonly doorbells: number;
  readonly doorbellsSuppressed: number;
  /** To a device that was at work already. */
  readonly doorbellsSpurious: number;
  readonly interrupts: number;
  readonly interruptsSuppressed: number;
  readonly interruptsCoalesced: number;
  /** Must be 0. */
  readonly missedWakeups: number;
  readonly copies: number;
  readonly bytesCopied: number;
  readonly descriptors: number;
  readonly txFrames: number;
  readonly rxFrames: number;
  /** Frames that the device took, and put into the guest's buffers, in one turn. */
  readonly txBatch: BatchCount;
  readonly rxBatch: BatchCount;
  /** Back-pressure: the TX ring was full; the device found no room at the port; frames waited for a buffer of the guest. */
  readonly ringFull: number;
  readonly starved: number;
  readonly rxWaits: number;
  readonly polls: number;
  readonly resets: number;
  readonly perFrame: PerUnit;
  /** By a million bytes copied. */
  readonly perMegabyte: PerUnit;
}

export interface BatchCount {
  readonly count: number;
  readonly greatest: number;
  readonly average: number;
}

/** null where nothing has passed. */
export interface PerUnit {
  readonly traps: number | null;
  readonly doorbells: number | null;
  readonly interrupts: number | null;
  readonly copies: number | null;
  readonly bytesCopied: number | null;
}
