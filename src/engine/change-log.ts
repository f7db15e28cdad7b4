/** What VMs that went, moved or came have missed: what the control side keeps of it, beside the times that stand in the memory. */
import type { ChangeReport } from '../telemetry/report.ts';
import type { Topology } from '../topology/model.ts';
import * as L from './generated/layout.ts';
import { inFrame, NEVER } from './in-memory.ts';
import type { SharedMemory } from './memory.ts';
import { NetworkError } from './options.ts';
import type { Plan } from './plan.ts';

/** An absence of a VM, or that it came for the first time. Times in ns. */
export interface ChangeRecord {
  readonly vm: string;
  readonly what: string;
  readonly atNs: bigint;
  readonly cameNs: bigint | null;
  /** Place of the absence in the guests' lists; null: it was nowhere before. */
  readonly absence: number | null;
  /** All drops of the network when it left, and what came to them until it came. */
  readonly before: Readonly<Record<string, number>>;
  readonly lost: Readonly<Record<string, number>>;
  /** Frames that streams had sent to it when it left, and until it came. */
  readonly sentBefore: number;
  readonly sent: number;
}

export type ChangesState = readonly ChangeRecord[];

/** Of a VM that goes to and fro for days it is the end that counts. */
const RECORDS_MAX = 1000;

interface Waiting {
  readonly resolve: (report: ChangeReport) => void;
  readonly reject: (error: Error) => void;
}

export class ChangeLog {
  readonly #memory: SharedMemory;
  readonly #plan: Plan;
  readonly #topology: Topology;
  #records: ChangeRecord[] = [];
  readonly #waiting = new Map<string, Waiting>();
  #isOver = false;

  constructor(memory: SharedMemory, plan: Plan, topology: Topology) {
    this.#memory = memory;
    this.#plan = plan;
    this.#topology = topology;
  }

  left(record: ChangeRecord): void {
    this.#records.push(record);
    if (this.#records.length > RECORDS_MAX) this.#records.shift();
  }

  /** `drops`: all of the network, right before it came. */
  came(vm: string, what: string, cameNs: bigint, drops: Readonly<Record<string, number>>): void {
    const place = this.#records.findLastIndex((each) => each.vm === vm);
    const last = this.#records[place];
    if (last === undefined || last.cameNs !== null)
      this.left({ vm, what, atNs: cameNs, cameNs, absence: null, before: {}, lost: {}, sentBefore: 0, sent: 0 });
    else
      this.#records[place] = {
        ...last,
        cameNs,
        lost: moreThan(last.before, drops),
        sent: this.sentTo(vm) - last.sentBefore,
      };
    this.#waiting.get(vm)?.resolve(this.latest(vm));
    this.#waiting.delete(vm);
  }

  /** Frames that streams have sent to a VM, wherever it was. */
  sentTo(vm: string): number {
    const guests = this.#guests(vm);
    const addresses = guests.map((guest) => this.#memory.u32(guest + L.Guest_ip));
    return this.#topology.streams.reduce((sum, { to, target }, i) => {
      const port = this.#plan.ports.get(to)?.port;
      const address = target?.address;
      const isIts =
        port !== undefined
          ? guests.includes(port.guest)
          : address !== undefined && addresses.includes(inFrame(address));
      return isIts ? sum + this.#memory.count(this.#plan.streams[i]!.address + L.Stream_sent) : sum;
    }, 0);
  }

  /** Resolves once a VM that is on its way has come. */
  arrival(vm: string): Promise<ChangeReport> {
    if (this.#isOver) return Promise.reject(stopped(vm));
    return new Promise((resolve, reject) => this.#waiting.set(vm, { resolve, reject }));
  }

  /** A VM that was on its way stays away. */
  fail(vm: string, error: Error): void {
    this.#waiting.get(vm)?.reject(error);
    this.#waiting.delete(vm);
  }

  /** Nobody comes any more. */
  end(): void {
    this.#isOver = true;
    for (const vm of [...this.#waiting.keys()]) this.fail(vm, stopped(vm));
  }

  /** The latest thing that happened to a VM. */
  latest(vm: string): ChangeReport {
    return this.#reportOf(this.#records.findLast((each) => each.vm === vm)!);
  }

  report(): ChangeReport[] {
    return this.#records.map((record) => this.#reportOf(record));
  }

  #reportOf({ vm, what, atNs, cameNs, absence, lost, sent }: ChangeRecord): ChangeReport {
    return {
      seconds: Number(atNs) / 1e9,
      what,
      downtimeNs: cameNs === null || absence === null ? null : Number(cameNs - atNs),
      blackoutNs: absence === null ? null : this.#blackout(vm, absence),
      lost,
      sentMeanwhile: sent,
    };
  }

  /** From the last frame that the VM took before an absence to the first one after, the longest of its vNICs; null: there was none. */
  #blackout(name: string, absence: number): number | null {
    const gaps = this.#guests(name).flatMap((guest) => {
      const kept = this.#memory.u32(guest + L.Guest_absenceCount);
      if (absence >= kept || absence + L.ABSENCES_KEPT < kept) return [];
      const at = this.#memory.u32(guest + L.Guest_absences) + (absence % L.ABSENCES_KEPT) * L.Absence_BYTES;
      const [last, first] = [this.#memory.u64(at + L.Absence_lastNs), this.#memory.u64(at + L.Absence_firstNs)];
      return last === NEVER || first === NEVER ? [] : [Number(first - last)];
    });
    return gaps.length === 0 ? null : Math.max(...gaps);
  }

  #guests(name: string): number[] {
    const host = this.#topology.hosts.find((each) => name.startsWith(`${each.name}/`))!;
    const vm = host.vms.find((each) => `${host.name}/${each.name}` === name)!;
    return vm.nics.map((nic) => this.#plan.ports.get(`${host.name}/${nic.name}`)!.port.guest);
  }

  save(): ChangesState {
    return [...this.#records];
  }

  load(state: ChangesState): void {
    this.#records = [...state];
  }
}

function moreThan(before: Readonly<Record<string, number>>, after: Readonly<Record<string, number>>) {
  const more = Object.entries(after).map(([name, frames]): [string, number] => [name, frames - (before[name] ?? 0)]);
  return Object.fromEntries(more.filter(([, frames]) => frames > 0));
}

function stopped(vm: string): NetworkError {
  return new NetworkError(`the network was stopped before ${vm} came`);
}
