/**
 * Reads counters, tables and the ledger straight from the shared memory: no message to a worker, no cost on the data path.
 * While workers run on the wall clock the figures are of slightly different instants; paused or stopped they are exact.
 */
import type { Queue } from '../telemetry/difference.ts';
import { VERDICTS } from '../telemetry/generated/verdicts.ts';
import type { PingReport } from '../telemetry/guest.ts';
import type {
  GuestReport,
  LagReport,
  Ledger,
  MacEntry,
  MoveReport,
  PortReport,
  StormRound,
  StreamReport,
  SwitchReport,
  TeamReport,
  WorkerReport,
} from '../telemetry/report.ts';
import type { Topology } from '../topology/model.ts';
import { observeLldp } from './fill-lldp.ts';
import { flowReport } from './flow-collector.ts';
import * as L from './generated/layout.ts';
import { macTable, macText } from './mac-table.ts';
import type { SharedMemory } from './memory.ts';
import { answeredOf, guestIpReport, pingReports } from './observe-guest.ts';
import { mirrorsOf } from './observe-mirror.ts';
import { observeListener, observeMulticast } from './observe-multicast.ts';
import { neighboursReport } from './observe-neighbours.ts';
import { nicReport } from './observe-nic.ts';
import { heldAt, shapingReport } from './observe-shaping.ts';
import { treeOf } from './observe-tree.ts';
import type { Plan, PlannedPort, PlannedSwitch } from './plan.ts';
import { guestsOf } from './plan-change.ts';

const INGRESS = VERDICTS.filter((row) => row.side === 'ingress');
const DROPS = VERDICTS.filter((row) => row.fate === 'drop');
/** What ends at a switch and is no drop. */
const TAKEN = VERDICTS.filter(({ name }) => name === 'consumed' || name === 'answered');
const DELIVERED = VERDICTS.find((row) => row.name === 'delivered')!;

export class Observer {
  readonly #memory: SharedMemory;
  readonly #plan: Plan;
  readonly #topology: Topology;
  /** Every Guest, wherever it is. */
  readonly #guests: readonly number[];

  constructor(memory: SharedMemory, plan: Plan, topology: Topology) {
    this.#memory = memory;
    this.#plan = plan;
    this.#topology = topology;
    this.#guests = guestsOf(plan);
  }

  #verdict(port: PlannedPort, number: number): number {
    return this.#memory.count(port.address + L.Port_verdicts + 8 * number);
  }

  rxFrames(port: PlannedPort): number {
    return INGRESS.reduce((sum, row) => sum + this.#verdict(port, row.number), 0);
  }

  txFrames(port: PlannedPort): number {
    return this.#verdict(port, DELIVERED.number);
  }

  #taken(port: PlannedPort): number {
    return TAKEN.reduce((sum, { number }) => sum + this.#verdict(port, number), 0);
  }

  port(sw: PlannedSwitch, port: PlannedPort): PortReport {
    const m = this.#memory;
    const pin = m.u32(port.address + L.Port_pin);
    const verdicts: Record<string, number> = {};
    for (const row of VERDICTS) {
      const frames = this.#verdict(port, row.number);
      if (frames > 0) verdicts[row.name] = frames;
    }
    return {
      name: port.name,
      kind: port.kind,
      link: m.u8(port.address + L.Port_shut) === 1 ? 'shut' : m.u8(port.address + L.Port_linkUp) === 1 ? 'up' : 'down',
      pinnedTo: pin === 0 || sw.uplinks.lags.length > 0 ? null : sw.ports.find((p) => p.address === pin)!.name,
      inUse: m.u8(port.address + L.Port_usable) === 1,
      rxFrames: this.rxFrames(port),
      rxBytes: m.count(port.address + L.Port_rxBytes),
      txFrames: this.txFrames(port),
      txBytes: m.count(port.address + L.Port_txBytes),
      verdicts,
      guest:
        port.guest === 0 ? null : { ...this.#guest(m.u32(port.address + L.Port_guest)), ...observeListener(m, port) },
      ...shapingReport(m, sw, port),
      ...(port.nic && { nic: nicReport(m, port.nic) }),
    };
  }

  #guest(at: number): GuestReport {
    const m = this.#memory;
    return {
      sent: m.count(at + L.Guest_sent),
      received: m.count(at + L.Guest_received),
      filtered: m.count(at + L.Guest_filtered),
      arpReplies: m.count(at + L.Guest_arpReplies),
      echoReplies: m.count(at + L.Guest_echoReplies),
      heldBack: m.count(at + L.Guest_heldBack),
      ...guestIpReport(m, at),
    };
  }

  switch(sw: PlannedSwitch): SwitchReport {
    const m = this.#memory;
    const at = sw.address;
    const entries = this.macTable(sw);
    return {
      name: sw.name,
      host: sw.host,
      macModel: sw.vswitch?.macModel ?? 'bridge',
      worker: sw.worker,
      ports: sw.ports.map((port) => this.port(sw, port)),
      table: {
        entries: entries.length,
        entriesMax: sw.table.entriesMax,
        learned: m.count(at + L.Switch_learned),
        moved: m.count(at + L.Switch_moved),
        aged: m.count(at + L.Switch_aged),
        evicted: m.count(at + L.Switch_evicted),
        notLearned: m.count(at + L.Switch_notLearned),
        staticConflicts: m.count(at + L.Switch_staticConflict),
        refused: m.count(at + L.Switch_refused),
      },
      macTable: entries,
      moves: this.moves(sw),
      team: sw.vswitch === null ? null : this.#team(sw),
      lags: this.#lags(sw),
      ...observeLldp(this.#memory, sw),
      ...treeOf(m, sw),
      ...observeMulticast(m, sw),
      ...neighboursReport(m, sw),
      ledger: this.#switchLedger(sw),
      ...mirrorsOf(m, sw),
      ...flowReport(m, sw),
    };
  }

  macTable(sw: PlannedSwitch): MacEntry[] {
    return macTable(this.#memory, sw);
  }

  /** The latest moves of stations, oldest first. A mover on another thread may be just overwriting the oldest. */
  moves(sw: PlannedSwitch): MoveReport[] {
    const m = this.#memory;
    const count = m.count(sw.address + L.Switch_moved);
    const kept = Math.min(count, L.MOVES_KEPT);
    const port = (logical: number) => (logical === L.LOGICAL_TEAM ? 'uplink' : (sw.ports[logical]?.name ?? '?'));
    return Array.from({ length: kept }, (_, i) => {
      const at = sw.movesAt + ((count - kept + i) % L.MOVES_KEPT) * L.MOVE_RECORD;
      const key = m.u64(at);
      return {
        seconds: Number(m.u64(at + 8)) / 1e9,
        vlan: Number(key >> 48n) & 0xfff,
        mac: macText(key),
        from: port(m.u32(at + 24)),
        to: port(m.u32(at + 28)),
        frame: Number(m.u64(at + 16)),
      };
    });
  }

  #team(sw: PlannedSwitch): TeamReport {
    const { teaming, care } = sw.vswitch!;
    const at = sw.uplinks.teams[0]!.address;
    return {
      policy: teaming.policy,
      inUse: this.#listed(sw, this.#memory.u32(at + L.Team_usableList), this.#memory.u32(at + L.Team_usableCount)),
      detection: care.detection,
      doubtful: this.#memory.u32(sw.address + L.Switch_isDoubtful) === 1,
    };
  }

  #lags(sw: PlannedSwitch): LagReport[] {
    const m = this.#memory;
    return sw.uplinks.lags.map(({ lag, address, members, lacpAt }) => {
      const count = (field: number) => lacpAt.reduce((sum, at) => sum + m.count(at + field), 0);
      const hasPartner = lag.mode !== 'static' && m.u8(address + L.Lag_isUp) === 1;
      return {
        mode: lag.mode,
        members: members.map((number) => sw.ports[number]!.name),
        inUse: this.#listed(sw, m.u32(address + L.Lag_usableList), m.u32(address + L.Lag_usableCount)),
        partner: hasPartner ? macText(m.u64(address + L.Lag_partnerSystem)) : null,
        lacpSent: count(L.LacpPort_sent),
        lacpReceived: count(L.LacpPort_received),
      };
    });
  }

  /** Names of the ports of a list of addresses. */
  #listed(sw: PlannedSwitch, list: number, count: number): string[] {
    return Array.from({ length: count }, (_, i) => {
      const address = this.#memory.u32(list + 4 * i);
      return sw.ports.find((port) => port.address === address)!.name;
    });
  }

  /** Frames that the storm guards caught, with the ports that they came in by; and what other switches saw of them. */
  rounds(): StormRound[] {
    const m = this.#memory;
    // Where one cable leads there is an end, no way round.
    const guarded = this.#plan.switches.filter(
      ({ guardAt, inlets }) => guardAt !== 0 && inlets.filter(({ from }) => from !== null).length > 1,
    );
    const caught = guarded.flatMap((sw) => {
      const logAt = sw.guardAt + L.GUARD_LOG_AT;
      const logged = Math.min(m.count(logAt), L.GUARD_LOGGED);
      return Array.from({ length: logged }, (_, i) => this.#round(sw, logAt + 8 + i * L.GUARD_ENTRY));
    });
    const first = caught.toSorted((a, b) => a.seconds - b.seconds)[0];
    if (first === undefined) return [];
    const others = guarded.filter(
      ({ name }) => !caught.some((round) => round.switch === name && round.frame === first.frame),
    );
    return [...caught, ...others.flatMap((sw) => this.#seen(sw, first.frame))];
  }

  /** What a guard still remembers of a frame that went through its switch. */
  #seen(sw: PlannedSwitch, frame: number): StormRound[] {
    for (let at = sw.guardAt; at < sw.guardAt + L.GUARD_LOG_AT; at += L.GUARD_ENTRY) {
      if (this.#memory.count(at) === frame && this.#memory.u32(at + 16) > 1) return [this.#round(sw, at)];
    }
    return [];
  }

  #round(sw: PlannedSwitch, at: number): StormRound {
    const m = this.#memory;
    const ports = Array.from({ length: m.u8(at + 24) }, (_, p) => {
      const word = m.u32(at + 28 + 4 * p);
      return { port: sw.ports[word & 0xffff]!.name, times: word >>> 16 };
    });
    return { switch: sw.name, frame: m.count(at), seconds: Number(m.u64(at + 8)) / 1e9, ports };
  }

  /** Rules that are off, and those that were and are in force again: the same on every switch. */
  lesson(): { off: number[]; formerly: number[] } {
    const at = this.#plan.switches[0]?.address;
    if (at === undefined) return { off: [], formerly: [] };
    const [off, ever] = [this.#memory.u32(at + L.Switch_rulesOff), this.#memory.u32(at + L.Switch_rulesEverOff)];
    return { off: bitsOf(off), formerly: bitsOf(ever & ~off) };
  }

  #drops(switches: readonly PlannedSwitch[]): Record<string, number> {
    const drops: Record<string, number> = {};
    for (const row of DROPS) {
      let frames = 0;
      for (const sw of switches) for (const port of sw.ports) frames += this.#verdict(port, row.number);
      if (frames > 0) drops[row.name] = frames;
    }
    return drops;
  }

  /** What came in by this switch's ports and what became of it. */
  #switchLedger(sw: PlannedSwitch): Ledger {
    const originated = this.#memory.count(sw.address + L.Switch_originated);
    const framesIn = sw.ports.reduce((sum, port) => sum + this.rxFrames(port), originated);
    const delivered = sw.ports.reduce((sum, port) => sum + this.txFrames(port) + this.#taken(port), 0);
    const copiesMade = this.#memory.count(sw.address + L.Switch_copies);
    const held = sw.shaping === null ? 0 : sw.ports.reduce((sum, port) => sum + heldAt(this.#memory, port), 0);
    return ledger(framesIn, copiesMade, delivered, this.#drops([sw]), held);
  }

  /** What entered the emulated world, or a switch sent of itself, and what became of it: taken by guests or switches, or sent out of ports that lead outside. */
  ledger(injected: number): Ledger {
    const m = this.#memory;
    let framesIn = injected;
    let delivered = 0;
    let copiesMade = 0;
    let held = 0;
    for (const sw of this.#plan.switches) {
      copiesMade += m.count(sw.address + L.Switch_copies);
      framesIn += m.count(sw.address + L.Switch_originated);
      for (const port of sw.ports) {
        if (sw.shaping !== null) held += heldAt(m, port);
        delivered += this.#taken(port);
        if (port.guest !== 0) {
          held += this.#ringHeld(port.rxRing) + this.#ringHeld(port.txRing);
        } else if (m.u32(port.address + L.Port_txWire) === 0) {
          delivered += this.txFrames(port);
        }
      }
    }
    for (const guest of this.#guests) {
      framesIn += m.count(guest + L.Guest_sent);
      delivered += m.count(guest + L.Guest_received) + m.count(guest + L.Guest_filtered);
    }
    for (const wire of this.#plan.wires) held += this.#ringHeld(wire.address);
    return ledger(framesIn, copiesMade, delivered, this.#drops(this.#plan.switches), held);
  }

  #ringHeld(at: number): number {
    return (this.#memory.u32(at + L.Ring_head) - this.#memory.u32(at + L.Ring_tail)) >>> 0;
  }

  /** Frames that wait in the rings of guests and on cables, by place. */
  queues(): Queue[] {
    const rings = this.#plan.switches.flatMap(({ ports }) =>
      ports
        .filter(({ guest }) => guest !== 0)
        .flatMap(({ name, rxRing, txRing }) => [
          { where: `${name} from its guest`, held: this.#ringHeld(rxRing) },
          { where: `${name} to its guest`, held: this.#ringHeld(txRing) },
        ]),
    );
    const waiting = this.#plan.switches.flatMap(({ shaping, ports }) =>
      shaping === null
        ? []
        : ports.map((port) => ({ where: `${port.name} behind its shaper`, held: heldAt(this.#memory, port) })),
    );
    const wires = this.#plan.wires.map(({ from, to, address }) => ({
      where: `${from ?? 'injected'} to ${to}`,
      held: this.#ringHeld(address),
    }));
    return [...rings, ...waiting, ...wires];
  }

  /** `elapsedNs`: since the threads started, 0 when there are none. */
  worker(i: number, elapsedNs: bigint, restarts: number): WorkerReport {
    const { address, switches } = this.#plan.workers[i]!;
    const idle = Number(this.#memory.u64(address + L.Worker_idleNs));
    const hosts = new Set(this.#plan.switches.filter((sw) => switches.includes(sw.address)).map((sw) => sw.host)).size;
    const busy = elapsedNs === 0n ? 0 : 1 - idle / Number(elapsedNs);
    return { hosts, restarts, busy: Math.min(1, Math.max(0, busy)) };
  }

  streams(): StreamReport[] {
    return this.#topology.streams.map((stream, i) => {
      const { address } = this.#plan.streams[i]!;
      return {
        from: stream.from,
        to: stream.group ?? stream.to,
        sizeBytes: stream.sizeBytes,
        sent: this.#memory.count(address + L.Stream_sent),
        unresolved: this.#memory.u32(address + L.Stream_resolve) !== 0,
        ...answeredOf(this.#memory, address, stream),
      };
    });
  }

  pings(): PingReport[] {
    return pingReports(this.#memory, this.#plan, this.#topology);
  }
}

function ledger(
  framesIn: number,
  copiesMade: number,
  delivered: number,
  drops: Record<string, number>,
  held: number,
): Ledger {
  const dropped = Object.values(drops).reduce((sum, frames) => sum + frames, 0);
  return {
    framesIn,
    copiesMade,
    delivered,
    drops,
    held,
    balanced: framesIn + copiesMade === delivered + dropped + held,
  };
}

function bitsOf(word: number): number[] {
  return Array.from({ length: 32 }, (_, bit) => bit).filter((bit) => ((word >>> bit) & 1) === 1);
}
