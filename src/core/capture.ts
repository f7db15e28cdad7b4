/**
 * Captures, encoded where the frame is: ready-made pcapng blocks (or classic pcap records) in a byte ring, from which
 * another thread moves large pieces into a file and never looks inside.
 *
 *     ring:  [ size bytes ][ margin ]     head, tail: byte cursors over 32 bits, size a power of two
 *
 * A block is written in one piece; one that runs past the end goes on into the margin, and that part is copied to the
 * front, so that the reader sees a plain ring. What does not fit is counted at the capture point: the data path never
 * waits. On the virtual clock the caller sees to it that there is room (`isTight`), so that nothing is lost.
 *
 * Enhanced Packet Block (pcapng draft, section 4.3), options epb_flags (direction) and epb_packetid.
 */
import { copyOut, Frame, lengthOf, slotOf } from './frame';
import { Port } from './port';
import { Switch } from './switch';

export const DIRECTION_IN: u32 = 1;
export const DIRECTION_OUT: u32 = 2;

const FORMAT_PCAP: u32 = 1;
/** Bytes of an Enhanced Packet Block around its frame. */
const BLOCK_BYTES: u32 = 56;
const RECORD_BYTES: u32 = 16;
const SNAP_MIN: u32 = 16;

@unmanaged
export class CaptureRing {
  head: u32;
  h0: u32; h1: u64; h2: u64; h3: u64; h4: u64; h5: u64; h6: u64; h7: u64;
  tail: u32;
  t0: u32; t1: u64; t2: u64; t3: u64; t4: u64; t5: u64; t6: u64; t7: u64;
  buffer: u32;
  size: u32;
  format: u32;
  /** 1: nobody empties the ring any more (the disk is full, say); what comes is counted as lost. */
  closed: u32;
  /** Added to internal time to give the file's, ns since 1970. */
  epochNs: u64;
  // Of a file's first ring, for all of its rings; whoever empties them writes these.
  /** Bytes that have gone to the file since the start of the run, and those of them before this file began. */
  moved: u64;
  movedBefore: u64;
  /** Bytes that have gone, whatever has been restored in between: as the sum of the heads when all have. */
  gone: u32;
}

/** One port in one file. */
@unmanaged
export class CapturePoint {
  ring: u32;
  interfaceId: u32;
  snapLength: u32;
  next: u32; // of the same port, 0 at the end
  frames: u64;
  lost: u64;
}

/** Writes a copy that passes `port` to every file that wants it. */
export function capture(sw: Switch, port: Port, descriptor: u64, direction: u32): void {
  let at = port.capture;
  while (at != 0) {
    const point = changetype<CapturePoint>(<usize>at);
    if (encode(changetype<CaptureRing>(<usize>point.ring), point, sw.now, descriptor, direction)) point.frames++;
    else point.lost++;
    at = point.next;
  }
}

function encode(ring: CaptureRing, point: CapturePoint, now: u64, descriptor: u64, direction: u32): bool {
  const length = lengthOf(descriptor);
  const kept = point.snapLength == 0 ? length : min(length, max(point.snapLength, SNAP_MIN));
  const padded = (kept + 3) & ~3;
  const isPcap = ring.format == FORMAT_PCAP;
  const total = isPcap ? kept + RECORD_BYTES : padded + BLOCK_BYTES;
  const head = ring.head;
  if (ring.closed || head - atomic.load<u32>(changetype<usize>(ring) + offsetof<CaptureRing>('tail')) + total > ring.size) return false;
  const start = head & (ring.size - 1);
  const at: usize = ring.buffer + start;
  const time = ring.epochNs + now;
  if (isPcap) {
    store<u32>(at, <u32>(time / 1_000_000_000));
    store<u32>(at, <u32>(time % 1_000_000_000), 4);
    store<u32>(at, kept, 8);
    store<u32>(at, length, 12);
    copyOut(at + RECORD_BYTES, descriptor, kept);
  } else {
    store<u32>(at, 6);
    store<u32>(at, total, 4);
    store<u32>(at, point.interfaceId, 8);
    store<u32>(at, <u32>(time >>> 32), 12);
    store<u32>(at, <u32>time, 16);
    store<u32>(at, kept, 20);
    store<u32>(at, length, 24);
    if (padded != kept) store<u32>(at + padded, 0, 24);
    copyOut(at + 28, descriptor, kept);
    const options = at + 28 + padded;
    store<u32>(options, 0x0004_0002); // epb_flags, 4 bytes
    store<u32>(options, direction, 4);
    store<u32>(options, 0x0008_0005, 8); // epb_packetid, 8 bytes
    store<u64>(options, changetype<Frame>(slotOf(descriptor)).id, 12);
    store<u32>(options, 0, 20); // opt_endofopt
    store<u32>(options, total, 24);
  }
  if (start + total > ring.size) memory.copy(ring.buffer, ring.buffer + ring.size, start + total - ring.size);
  atomic.store<u32>(changetype<usize>(ring), head + total);
  return true;
}

/** Whether some ring of the switch may not take all that one visit can write. */
export function isTight(sw: Switch): bool {
  for (let i: u32 = 0; i < sw.captureRingCount; i++) {
    const ring = changetype<CaptureRing>(<usize>load<u32>(<usize>sw.captureRings + (<usize>i << 2)));
    const held = ring.head - atomic.load<u32>(changetype<usize>(ring) + offsetof<CaptureRing>('tail'));
    if (!ring.closed && held + sw.captureReserve > ring.size) return true;
  }
  return false;
}
