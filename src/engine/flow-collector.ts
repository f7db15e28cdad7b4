/**
 * Takes flow records that have ended out of the shared memory, and keeps them for whoever asks. What has been taken is counted there, too,
 * so that a network that goes back in time goes back with its records: the next look sees that less has been taken than is kept here.
 */

import type { FlowRecord, FlowReport } from '../telemetry/flow.ts';
import { VERDICTS } from '../telemetry/generated/verdicts.ts';
import * as L from './generated/layout.ts';
import { macText } from './mac-table.ts';
import type { SharedMemory } from './memory.ts';
import type { Plan, PlannedSwitch } from './plan.ts';
import type { PlannedFlows } from './plan-flow.ts';

/** Records kept for each switch, 128 bytes each; more are counted as lost. */
const KEPT_MAX = 1_000_000;
const LOOK_MS = 20;
const FIRST_BYTES = 64 * 1024;
const NOWHERE = 0xffff;
const TYPE_IPV4 = 0x0800;
const TYPE_IPV6 = 0x86dd;
const VLAN_MASK = 0xfff;
const REASONS: Readonly<Record<number, FlowRecord['flowEndReason']>> = { 1: 'idle', 2: 'active', 5: 'evicted' };

/** Where things stand in a record (core/flows.ts). */
const AT = { frames: 72, octets: 80, dropped: 88, flags: 96, verdict: 97, reason: 98, out: 100, used: 112 } as const;

export class FlowCollector {
  readonly #kept: readonly Kept[];
  readonly #timer: NodeJS.Timeout | null;

  constructor(memory: SharedMemory, plan: Plan) {
    this.#kept = plan.switches.flatMap((sw) => (sw.flowing === undefined ? [] : [new Kept(memory, sw, sw.flowing)]));
    this.#timer = this.#kept.length === 0 ? null : lookAgain(new WeakRef(this));
  }

  /** Takes what has ended. */
  drain(): void {
    for (const kept of this.#kept) kept.drain();
  }

  /** Nothing will end any more. */
  close(): void {
    this.drain();
    if (this.#timer !== null) clearInterval(this.#timer);
  }

  /** Switch by switch: those that have ended, in that order, and then those that live. */
  records(): FlowRecord[] {
    this.drain();
    return this.#kept.flatMap((kept) => kept.records());
  }
}

/** A network that nobody holds any more ends its timer with it. */
function lookAgain(collector: WeakRef<FlowCollector>): NodeJS.Timeout {
  const timer = setInterval(() => {
    const alive = collector.deref();
    if (alive === undefined) clearInterval(timer);
    else alive.drain();
  }, LOOK_MS);
  return timer.unref();
}

/** The records of one switch. */
class Kept {
  readonly #memory: SharedMemory;
  readonly #sw: PlannedSwitch;
  readonly #flowing: PlannedFlows;
  #bytes = new Uint8Array(FIRST_BYTES);
  #count = 0;
  /** How many had been taken before the first one here. */
  #before = 0;

  constructor(memory: SharedMemory, sw: PlannedSwitch, flowing: PlannedFlows) {
    this.#memory = memory;
    this.#sw = sw;
    this.#flowing = flowing;
  }

  drain(): void {
    const m = this.#memory;
    const { address: at, ringAt, ringEntries } = this.#flowing;
    this.#follow(m.count(at + L.FlowTable_taken));
    const head = Atomics.load(m.words, m.word(at + L.FlowTable_head)) >>> 0;
    const tail = m.u32(at + L.FlowTable_tail);
    const ended = (head - tail) >>> 0;
    if (ended === 0) return;
    for (let i = 0; i < ended; i++) this.#keep(ringAt + (((tail + i) >>> 0) & (ringEntries - 1)) * L.FLOW_RECORD);
    m.setU64(at + L.FlowTable_taken, BigInt(this.#before + this.#count));
    Atomics.store(m.words, m.word(at + L.FlowTable_tail), head | 0);
  }

  /** The memory may have another past since the last time. */
  #follow(taken: number): void {
    const own = taken - this.#before;
    if (own === this.#count) return;
    if (own < 0 || own > this.#count) {
      this.#before = taken;
      this.#count = 0;
    } else {
      this.#count = own;
    }
  }

  #keep(from: number): void {
    const m = this.#memory;
    const size = L.FLOW_RECORD;
    if (this.#count === KEPT_MAX) {
      const { address: at } = this.#flowing;
      m.setU64(at + L.FlowTable_unkeptRecords, m.u64(at + L.FlowTable_unkeptRecords) + 1n);
      m.setU64(at + L.FlowTable_unkeptFrames, m.u64(at + L.FlowTable_unkeptFrames) + m.u64(from + AT.frames));
      return;
    }
    if ((this.#count + 1) * size > this.#bytes.length) {
      const larger = new Uint8Array(2 * this.#bytes.length);
      larger.set(this.#bytes);
      this.#bytes = larger;
    }
    this.#bytes.set(m.bytes.subarray(from, from + size), this.#count * size);
    this.#count++;
  }

  records(): FlowRecord[] {
    const m = this.#memory;
    const size = L.FLOW_RECORD;
    const ended = Array.from({ length: this.#count }, (_, i) => this.#read(this.#bytes, i * size));
    const { address: at, recordsAt } = this.#flowing;
    // By last use, the oldest first.
    const used = Array.from({ length: m.u32(at + L.FlowTable_fresh) }, (_, i) => recordsAt + i * size)
      .filter((record) => m.count(record + AT.frames) > 0)
      .map((record) => ({ record, used: m.count(record + AT.used) }))
      .sort((a, b) => a.used - b.used);
    const live = used.map(({ record }) => ({ ...this.#read(m.bytes, record), flowEndReason: 'forced' as const }));
    return [...ended, ...live];
  }

  #read(bytes: Uint8Array, at: number): FlowRecord {
    const view = new DataView(bytes.buffer, bytes.byteOffset + at, L.FLOW_RECORD);
    const u16 = (offset: number) => view.getUint16(offset, true);
    const count = (offset: number) => Number(view.getBigUint64(offset, true));
    const name = (number: number) => this.#sw.ports[number]?.name ?? null;
    const type = u16(4);
    const ip = (offset: number) => {
      if (type === TYPE_IPV4) return [0, 1, 2, 3].map((i) => view.getUint8(offset + i)).join('.');
      if (type !== TYPE_IPV6) return null;
      return ipv6Text(Array.from({ length: 8 }, (_, i) => view.getUint16(offset + 2 * i, false)));
    };
    return {
      switch: this.#sw.name,
      ingressInterface: name(u16(0))!,
      egressInterface: u16(AT.out) === NOWHERE ? null : name(u16(AT.out)),
      vlanId: u16(2) & VLAN_MASK,
      sourceMacAddress: macText(view.getBigUint64(8, true)),
      destinationMacAddress: macText(view.getBigUint64(14, true)),
      ethernetType: type,
      sourceIPAddress: ip(24),
      destinationIPAddress: ip(40),
      protocolIdentifier: view.getUint8(6),
      ipClassOfService: view.getUint8(7),
      sourceTransportPort: u16(20),
      destinationTransportPort: u16(22),
      tcpControlBits: view.getUint8(AT.flags),
      packetDeltaCount: count(AT.frames),
      layer2OctetDeltaCount: count(AT.octets),
      droppedPacketDeltaCount: count(AT.dropped),
      flowStartSeconds: count(56) / 1e9,
      flowEndSeconds: count(64) / 1e9,
      verdict: VERDICTS[view.getUint8(AT.verdict)]!.name,
      flowEndReason: REASONS[view.getUint8(AT.reason)] ?? 'forced',
    };
  }
}

/** RFC 5952: lower case, no leading zeros, the longest run of zeros as `::`. */
export function ipv6Text(words: readonly number[]): string {
  let [best, length] = [0, 1];
  for (let i = 0; i < words.length; i++) {
    let n = 0;
    while (words[i + n] === 0) n++;
    if (n > length) [best, length] = [i, n];
  }
  const hex = (from: number, to: number) =>
    words
      .slice(from, to)
      .map((word) => word.toString(16))
      .join(':');
  return length === 1 ? hex(0, 8) : `${hex(0, best)}::${hex(best + length, 8)}`;
}

/** The counts of a switch's records; nothing where it keeps none. */
export function flowReport(m: SharedMemory, { flowing }: PlannedSwitch): { readonly flows?: FlowReport } {
  if (flowing === undefined) return {};
  const count = (field: number) => m.count(flowing.address + field);
  const flows = {
    flowsLive: m.u32(flowing.address + L.FlowTable_live),
    flowsBegun: count(L.FlowTable_begun),
    flowsEnded: count(L.FlowTable_ended) + count(L.FlowTable_lostRecords),
    flowsEvicted: count(L.FlowTable_evicted),
    flowsLost: count(L.FlowTable_lostRecords) + count(L.FlowTable_unkeptRecords),
    flowsLostFrames: count(L.FlowTable_lostFrames) + count(L.FlowTable_unkeptFrames),
    flowsUnsampled: count(L.FlowTable_unsampled),
  };
  return { flows };
}
