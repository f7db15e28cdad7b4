/**
 * A switch: a vSwitch of a host, or a physical switch, which is the same without uplinks. Its ports, table, team, frame pool
 * and clock; all that one worker needs to move it, and nothing that another one writes.
 */
import { PORT_BYTES, Port } from './port';

export const MODEL_LEARNING: u8 = 0;
/** vNIC addresses are authoritative: static entries, nothing is learned (ESXi, UCS end-host mode). */
export const MODEL_REGISTERED: u8 = 1;

export const FULL_EVICT: u8 = 0;
export const FULL_FORWARD: u8 = 1;

@unmanaged
export class Switch {
  number: u32;
  model: u8;
  hasTeam: u8;
  whenFull: u8;
  /** 1: a registered address may stand under FID_ANY, for a guest that tags its own frames. */
  hasAnyFid: u8;
  worker: u32; // number of the worker that runs it
  portCount: u32;
  ports: u32;
  pool: u32;
  /** Internal time, ns since the start of the run. */
  now: u64;
  /** The time that FDB entries are stamped with: `now` less its lowest bits where the clock is the wall's. */
  stampNow: u64;
  stampMask: u64;
  nextFrameId: u64;

  // The table, fdb.ts.
  table: u32;
  locks: u32;
  tableMask: u32;
  tableShift: u32;
  entryCount: u32;
  entriesMax: u32;
  ageNs: u64;
  /** Odd while entries move, so that a reader on another thread can tell and try again. */
  tableVersion: u32;
  teamEntryCount: u32;
  learned: u64;
  moved: u64;
  aged: u64;
  evicted: u64;
  notLearned: u64; // the table was full
  staticConflict: u64; // a static address was heard on another port

  // The team, team.ts. Lists of u32 port addresses.
  order: u32; // active uplinks, then standby ones
  orderCount: u32;
  activeCount: u32;
  usableList: u32;
  usableCount: u32;

  // The step in hand.
  dirtyList: u32;
  dirtyCount: u32;
  drainList: u32; // guests whose rings were written since they last looked
  drainCount: u32;
  inlets: u32; // wires that arrive here, by receiving port
  inletCount: u32;
  localCount: u32; // ports that are no uplinks; they stand first in `ports`
  streamers: u32; // guests with something to send of their own
  streamerCount: u32;
  trace: u32; // address of a Trace, while `explain` asks
  scratch: u32; // SCRATCH_SIZE bytes that a visit writes its notes on
  burst: u32; // frames taken from a port at a visit
  captureRings: u32; // where copies of frames here may go
  captureRingCount: u32;
  captureReserve: u32; // bytes that one visit can write into one of them
  nextDue: u64; // virtual clock: time of the next event here

  /** Copies made beyond the first of a frame. */
  copies: u64;
}

// @ts-ignore: decorator
@inline
export function portAt(sw: Switch, number: u32): Port {
  return changetype<Port>(<usize>sw.ports + <usize>number * PORT_BYTES);
}
