/**
 * A guest's card as the guest and the clock see it: frames to send go in, what came is given to the guest, and driver and device
 * take turns. All else is in nic.ts and the files of each model.
 *
 * A turn: the device sends what it was rung for and puts what came into the guest's buffers; the guest hears its interrupts and polls;
 * its streams send; the driver publishes what it has gathered. On the wall clock there is one turn in each round, so that a device has
 * work left when there is much to do, and need not be rung for. On the virtual clock turns go on until nothing moves
 * at this instant, whatever the budget is: another call then does nothing and counts nothing.
 */
import { inspect, Probe } from './check';
import { bytesOf, HEADER_BYTES, lengthOf, slotOf } from './frame';
import { accepts, Guest, sendByCard } from './guest';
import { bufferOf, countRxBatch, MODEL_E1000, MODEL_LANCE, MODEL_VIRTIO, MODEL_VMXNET3, Nic, portOf, rxOf, txOf } from './nic';
import { cleanE1000, flushE1000, handleE1000, openE1000, postE1000 } from './nic-driver-e1000';
import { cleanLance, handleLance, openLance, postLance } from './nic-driver-lance';
import { cleanVirtio, flushVirtio, handleVirtio, openVirtio, postVirtio } from './nic-driver-virtio';
import { cleanVmxnet3, handleVmxnet3, openVmxnet3, postVmxnet3 } from './nic-driver-vmxnet3';
import { assertE1000, endE1000, fillE1000, hasE1000Buffer, takeE1000 } from './nic-e1000';
import { endLance, fillLance, hasLanceBuffer, isLanceForgotten, takeLance } from './nic-lance';
import { endVirtio, fillVirtio, hasVirtioBuffer, isVirtioForgotten, takeVirtio } from './nic-virtio';
import { endVmxnet3, fillVmxnet3, hasVmxnet3Buffer, isVmxnet3Forgotten, takeVmxnet3 } from './nic-vmxnet3';
import { release } from './pool';
import { advanceNear, at, publishNear, Ring } from './ring';
import { NEVER, Switch } from './switch';
import { Worker } from './worker';

const MAC_MASK: u64 = 0xffffffffffff;

// @ts-ignore: decorator
@inline
function nicOf(guest: Guest): Nic {
  return changetype<Nic>(<usize>guest.nic);
}

/** The driver is loaded: rings are set up and receive buffers given to the device. Its accesses are not counted. */
function open(nic: Nic): void {
  if (nic.isOpen) return;
  nic.pending = 0;
  nic.queued = 0;
  nic.isStopped = 0;
  nic.isHeld = 0;
  nic.isStarved = 0;
  nic.isWaiting = 0;
  nic.irqDue = NEVER;
  nic.retryDue = NEVER;
  if (nic.model == MODEL_VIRTIO) openVirtio(nic);
  else if (nic.model == MODEL_VMXNET3) openVmxnet3(nic);
  else if (nic.model == MODEL_E1000) openE1000(nic);
  else openLance(nic);
  nic.isOpen = 1;
}

/** The VM starts, or its worker died: what the driver had still to send is lost with it. */
export function resetCard(guest: Guest): void {
  const nic = nicOf(guest);
  if (!nic.isOpen) return;
  nic.isOpen = 0;
  nic.resets++;
  guest.heldBack += txOf(nic).posted - txOf(nic).taken;
}

/** Whether the guest may send. Of the frames that wait because the ring is full the first is counted. */
export function canSend(guest: Guest): bool {
  const nic = nicOf(guest);
  if (!nic.isStopped) return true;
  if (!nic.isHeld) guest.heldBack++;
  nic.isHeld = 1;
  return false;
}

/** Where the guest writes its next frame, as if it were a slot; 0: the frame does not fit. The ring has room. */
export function nextBuffer(guest: Guest, length: u32): usize {
  const q = txOf(nicOf(guest));
  return length > q.bufferBytes - HEADER_BYTES ? 0 : bufferOf(q, q.posted);
}

/** Gives the driver the frame in the next buffer. */
export function post(sw: Switch, guest: Guest, length: u32): void {
  const nic = nicOf(guest);
  if (nic.model == MODEL_VIRTIO) postVirtio(nic, length);
  else if (nic.model == MODEL_VMXNET3) postVmxnet3(nic, length);
  else if (nic.model == MODEL_E1000) postE1000(sw, nic, length);
  else postLance(sw, nic, length);
}

/** Sends a frame that the guest has made in a slot, which it gives back; false when the ring stays full. */
export function sendSlot(sw: Switch, guest: Guest, slot: usize, length: u32): bool {
  const nic = nicOf(guest);
  open(nic);
  if (nic.isStopped) {
    flush(sw, nic);
    send(sw, nic);
    clean(nic);
  }
  const buffer: usize = nic.isStopped ? <usize>0 : nextBuffer(guest, length);
  if (buffer != 0) memory.copy(buffer + HEADER_BYTES, slot + HEADER_BYTES, length);
  else guest.heldBack++;
  release(slot, sw);
  if (buffer == 0) return false;
  post(sw, guest, length);
  return true;
}

function flush(sw: Switch, nic: Nic): void {
  if (nic.queued == 0) return;
  // A vmxnet3 driver leaves them to the device, which is at work.
  if (nic.model == MODEL_VIRTIO) flushVirtio(nic);
  else if (nic.model == MODEL_E1000) flushE1000(sw, nic);
}

/** The device sends. */
function send(sw: Switch, nic: Nic): void {
  if (nic.model == MODEL_VIRTIO) takeVirtio(sw, nic);
  else if (nic.model == MODEL_VMXNET3) takeVmxnet3(sw, nic);
  else if (nic.model == MODEL_E1000) takeE1000(sw, nic);
  else takeLance(sw, nic);
}

/** The driver takes back what has been sent. */
function clean(nic: Nic): void {
  if (nic.model == MODEL_VIRTIO) cleanVirtio(nic);
  else if (nic.model == MODEL_VMXNET3) cleanVmxnet3(nic);
  else if (nic.model == MODEL_E1000) cleanE1000(nic);
  else cleanLance(nic);
}

function handle(sw: Switch, nic: Nic): void {
  if (nic.model == MODEL_VIRTIO) handleVirtio(sw, nic);
  else if (nic.model == MODEL_VMXNET3) handleVmxnet3(sw, nic);
  else if (nic.model == MODEL_E1000) handleE1000(sw, nic);
  else handleLance(sw, nic);
}

function hasBuffer(nic: Nic): bool {
  if (nic.model == MODEL_VIRTIO) return hasVirtioBuffer(nic);
  if (nic.model == MODEL_VMXNET3) return hasVmxnet3Buffer(nic);
  if (nic.model == MODEL_E1000) return hasE1000Buffer(nic);
  return hasLanceBuffer(nic);
}

function fill(nic: Nic, descriptor: u64): void {
  if (nic.model == MODEL_VIRTIO) fillVirtio(nic, descriptor);
  else if (nic.model == MODEL_VMXNET3) fillVmxnet3(nic, descriptor);
  else if (nic.model == MODEL_E1000) fillE1000(nic, descriptor);
  else fillLance(nic, descriptor);
}

/** The device puts what waits at the port into the guest's buffers, but for what is for others. */
function receive(sw: Switch, nic: Nic, guest: Guest): void {
  const port = portOf(nic);
  const ring = changetype<Ring>(<usize>port.txRing);
  // All that was published by now, not what was when somebody last looked.
  ring.headSeen = ring.head;
  const n = ring.headSeen - ring.tailNext;
  if (n == 0) return;
  let done: u32 = 0;
  let filled: u32 = 0;
  let bytes: u64 = 0;
  sw.inHandEnd = ring.tailNext + n;
  sw.inHand = port.txRing;
  for (; done < n; done++) {
    const descriptor = at(ring, done);
    if (!accepts(guest, load<u64>(bytesOf(descriptor)) & MAC_MASK)) {
      if (guest.probe != 0) inspect(sw, port, changetype<Probe>(<usize>guest.probe), descriptor);
      guest.filtered++;
    } else if (hasBuffer(nic)) {
      fill(nic, descriptor);
      filled++;
      bytes += lengthOf(descriptor);
      nic.isWaiting = 0;
    } else {
      if (!nic.isWaiting) nic.rxWaits++;
      nic.isWaiting = 1;
      break;
    }
    release(slotOf(descriptor), sw);
  }
  advanceNear(ring, done);
  guest.received += filled;
  guest.receivedBytes += bytes;
  sw.inHand = 0;
  if (filled == 0) return;
  countRxBatch(nic, filled);
  if (nic.model == MODEL_VIRTIO) endVirtio(nic);
  else if (nic.model == MODEL_VMXNET3) endVmxnet3(nic);
  else if (nic.model == MODEL_E1000) endE1000(sw, nic);
  else endLance(nic);
}

/** What changes with everything that moves. */
function progressOf(nic: Nic, guest: Guest): u64 {
  const tx = txOf(nic);
  const moved = nic.txFrames + nic.rxFrames + guest.filtered + nic.interrupts;
  return moved + tx.posted + tx.cleaned + rxOf(nic).cleaned + tx.published;
}

/** Whether frames wait at the port for the card. */
function hasArrived(nic: Nic): bool {
  const ring = changetype<Ring>(<usize>portOf(nic).txRing);
  return ring.head != ring.tailNext;
}

/** What comes is taken when guests drain, not between two visits, so that batches do not depend on how many frames a step may move. */
function relist(sw: Switch, nic: Nic): void {
  const port = portOf(nic);
  if (port.toDrain || !hasArrived(nic)) return;
  port.toDrain = 1;
  store<u32>(<usize>sw.drainList + (<usize>sw.drainCount << 2), <u32>changetype<usize>(port));
  sw.drainCount++;
}

/** Driver and device take their turns: when it is time to send, or to take what has come. Returns the frames that came to the port. */
export function runCard(sw: Switch, guest: Guest, sends: bool): u32 {
  const nic = nicOf(guest);
  open(nic);
  const isVirtual = changetype<Worker>(<usize>sw.worker).heap != 0;
  const before = nic.txFrames;
  let progress: u64 = 0;
  do {
    progress = progressOf(nic, guest);
    send(sw, nic);
    if (sends) relist(sw, nic);
    else receive(sw, nic, guest);
    if (nic.irqDue <= sw.now) assertE1000(sw, nic);
    if (nic.pending != 0) handle(sw, nic);
    if (sends) sendByCard(sw, guest);
    flush(sw, nic);
  } while (isVirtual && progressOf(nic, guest) != progress);
  if (isForgotten(nic)) {
    nic.missedWakeups++;
    txOf(nic).isActive = 1;
  }
  publishNear(changetype<Ring>(<usize>portOf(nic).rxRing));
  return <u32>(nic.txFrames - before);
}

/** Whether a sleeping device was not rung for. */
function isForgotten(nic: Nic): bool {
  if (nic.model == MODEL_VIRTIO) return isVirtioForgotten(nic);
  if (nic.model == MODEL_VMXNET3) return isVmxnet3Forgotten(nic);
  return nic.model == MODEL_LANCE && isLanceForgotten(nic);
}

/** Frames have come for the guest; returns those that its card sends. */
export function drainCard(sw: Switch, guest: Guest): u32 {
  const sent = runCard(sw, guest, false);
  const due = nextOfCard(guest, sw.now);
  const at = <usize>sw.sendDues + (<usize>guest.place << 3);
  store<u64>(at, min(load<u64>(at), due));
  return sent;
}

/** Whether the guest's streams have to wait for the card. */
// @ts-ignore: decorator
@inline
export function isCardFull(guest: Guest): bool {
  return nicOf(guest).isStopped != 0;
}

/** When the card has something to do, ns; NEVER when it waits for others. */
export function nextOfCard(guest: Guest, now: u64): u64 {
  const nic = nicOf(guest);
  if (!nic.isOpen) return NEVER;
  const isBusy = txOf(nic).isActive != 0 && nic.retryDue == NEVER;
  const isReady = nic.irqDue == NEVER && hasArrived(nic);
  const hasQueued = nic.queued != 0 && nic.model != MODEL_VMXNET3;
  if (isBusy || isReady || hasQueued || nic.pending != 0) return now;
  return min(nic.irqDue, nic.retryDue);
}
