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
export const FULL_DROP: u8 = 2;

export const RECEIVERS_PER_VLAN: u8 = 0;
export const RECEIVERS_ACTIVE: u8 = 1;
export const RECEIVERS_PER_RECIPIENT: u8 = 2;

export const RPF_STRICT: u8 = 0;
export const RPF_LOOSE: u8 = 1;
export const RPF_OFF: u8 = 2;

export const NEVER: u64 = u64.MAX_VALUE;

@unmanaged
export class Switch {
  number: u32;
  model: u8;
  whenFull: u8;
  /** 1: a registered address may stand under FID_ANY, for a guest that tags its own frames. */
  hasAnyFid: u8;
  receivers: u8;
  rpf: u8;
  /** 1: frames shorter than 60 bytes are padded where they leave for a wire or lose a tag. */
  pads: u8;
  /** 1: some frames need every rule: teaching, promiscuous ports. No short cuts then. */
  isOdd: u8;
  /** Bit n: rule Rn is switched off for teaching. */
  rulesOff: u32;
  /** The same of rules that are or were off in this run. */
  rulesEverOff: u32;
  worker: u32; // address of the Worker that moves it
  keeper: u32; // whose pools its slots go back to at once: its worker's number, on the virtual clock its island's
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
  keptPlaces: u32; // places kept for the own addresses of vNICs that are not registered now, station.ts
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
  refused: u64; // a station was not learned because its port or the table was full, and its frame was dropped
  eviction: u32; // address of its Eviction, evict.ts; 0: nothing is learned here
  fids: u32; // u16 for each VLAN: its FID; 0 when each VLAN has its own
  moves: u32; // ring of MOVES_MAX records of moves, fdb.ts; `moved` counts them

  // The uplinks: team.ts, care.ts, lag.ts, beacon.ts.
  teams: u32; // array of Team; the first is the vSwitch's own
  teamCount: u32;
  lag: u32; // address of the Lag that all active uplinks form, or 0
  lags: u32; // list of u32: every Lag of the switch
  lagCount: u32;
  turns: u32; // while R4 is off: whose turn it is
  floodUnknown: u32; // 4096 bits: VLANs in which unknown unicast from outside is flooded; 0: none
  promiscuousCount: u32;
  rpfGraceNs: u64;
  upDelayNs: u64;
  downDelayNs: u64;
  notifyRepeat: u32;
  notifyPlace: u32; // place in the table from which stations are still to be announced
  notifyNs: u64;
  notifyDue: u64;
  beaconNs: u64;
  beaconDue: u64; // NEVER: no probing
  beaconVid: u32;
  isDoubtful: u32; // probing cannot tell which uplink has failed
  balanceDue: u64; // NEVER: not load-based
  lacpDue: u64; // NEVER: no LACP
  lldpDue: u64; // NEVER: nothing is told by LLDP
  lldpNs: u64; // between two LLDPDUs
  linkDue: u64; // a link change that a delay holds back
  /** When `runTimers` has something to do: the least of all that is due here. */
  timerDue: u64;
  /** Frames that the switch sent of itself. */
  originated: u64;
  guard: u32; // the storm guard's table, teaching.ts; 0: off
  stormLimit: u32;
  crossed: u32; // cables that the frame in hand has crossed, for the guard

  // The step in hand.
  /** 1: a trial without a switch: guests get back what they send (clock.ts). */
  bypass: u32;
  /** Address of the ring or wire that a burst is being taken from, 0: none; what repair.ts goes by when its worker has died. */
  inHand: u32;
  inHandEnd: u32; // where its `tailNext` will be when the burst is done, at most
  inHandBytes: u64; // what the port had received before, bytes
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
  burstMost: u32; // the same when no budget says less
  captureRings: u32; // where copies of frames here may go
  captureRingCount: u32;
  /** 1: something is captured at some port here, and the short cuts have to look. */
  watched: u32;
  drops: u32; // first of a list of CapturePoint: where frames die here
  dropTexts: u32; // address of the DropTexts
  vidInHand: u32; // of the frame in hand, NO_VID before it has one
  // The virtual clock, clock.ts.
  nextDue: u64; // time of the next event here
  island: u32;
  order: u32; // place among all switches: island by island
  heapAt: u32; // place in its worker's heap
  phase: u32; // how far the instant in hand has come
  place: u32; // and at which of the inlets, streamers or ports
  inletDues: u32; // u64 for each inlet: when its next frame is due, NEVER for none
  sendDues: u32; // u64 for each streamer: when it wants to send
  toVisit: u32; // rings of guests may hold something

  /** Copies made beyond the first of a frame. */
  copies: u64;
  tree: u32; // address of its Tree, rstp.ts; 0: no spanning tree
  treeDue: u64; // NEVER: nothing to be done for it

  // Shapers and queues, shaper.ts.
  shapers: u32; // list of u32: every Shaper that is waited for
  shaperCount: u32;
  shaperDues: u32; // u64 for each: when to look at it again; NEVER
  shaperPadding: u32;
  shapeDue: u64; // the least of them
  snooper: u32; // address of its Snooper, members.ts; 0: groups are flooded

  // mirror.ts
  mirrors: u32; // array of Mirror
  mirrorCount: u32;
  mirrorDrops: u32; // bit n: mirror n is on, and copies frames that die
  mirrored: u32; // bit n: mirror n has had the frame in hand
  cameBy: u32; // address of the Port that it came in by, 0: the switch sends it of itself
  // flows.ts
  flows: u32; // address of the FlowTable; 0: no records
  flowInHand: u32; // record of the frame in hand, 0: none
  flowDue: u64; // when records may have been silent for too long; NEVER
  remoteVlans: u32; // 4096 bits: RSPAN VLANs, in which nothing is learned; 0: none
  neighbours: u32; // address of its NeighbourTable; 0: it answers no ARP for others
  told: u32; // SHORT_RECORDED, SHORT_SEEN_OUT: what watched.ts has to do for every port
}

// @ts-ignore: decorator
@inline
export function portAt(sw: Switch, number: u32): Port {
  return changetype<Port>(<usize>sw.ports + <usize>number * PORT_BYTES);
}
