/** What stands around the frames of a capture: who wrote it and why, its interfaces, the names of stations; at its end, statistics. */
import { readFileSync } from 'node:fs';
import {
  interfaceDescription,
  interfaceStatistics,
  type NameRecord,
  nameResolution,
  pcapHeader,
  sectionHeader,
} from '../capture/write.ts';
import { bannerOf } from '../telemetry/teaching.ts';
import type { Topology } from '../topology/model.ts';
import * as L from './generated/layout.ts';
import type { SharedMemory } from './memory.ts';
import type { Plan } from './plan.ts';
import { isClassic, type PlannedCapture, type PlannedInterface } from './plan-capture.ts';

const { version } = JSON.parse(readFileSync(new URL('../../package.json', import.meta.url), 'utf8')) as {
  version: string;
};

/** Most octets kept of a frame where there is no limit, for classic pcap, which knows no such thing. */
const SNAP_MOST = 262_144;

/** Names in all files of a run. */
const NAMES_MAX = 100_000;

/** Section header, interfaces by the numbers that the core writes into its blocks, and names; or the header of a classic pcap. */
export function header(plan: Plan, capture: PlannedCapture, topology: Topology, clock: string): Uint8Array {
  const { request, interfaces } = capture;
  if (isClassic(request.file)) return pcapHeader(request.snapLength === 0 ? SNAP_MOST : request.snapLength);
  return pcapngHeader(plan, interfaces, request.snapLength, topology, clock, request.filter);
}

export function pcapngHeader(
  plan: Plan,
  interfaces: readonly PlannedInterface[],
  snapLength: number,
  topology: Topology,
  clock: string,
  filter: string | undefined,
): Uint8Array {
  const lesson = { off: topology.teaching?.disabled ?? [], later: plan.mayDisable };
  const section = sectionHeader({
    application: `vSwitch ${version}`,
    comment: [`topology ${topology.name}, seed ${topology.seed}, ${clock} clock, vSwitch ${version}`, bannerOf(lesson)]
      .filter((part) => part !== null)
      .join('\n'),
  });
  const described = interfaces.map(({ name, description, mac, speedBps }) =>
    interfaceDescription({ name, description, mac: mac === null ? null : octets(mac), speedBps, snapLength, filter }),
  );
  return Buffer.concat([section, ...described, namesBlock(plan, topology)]);
}

const blocks = new WeakMap<Topology, Uint8Array>();

/** Empty where nobody has a name, or where so many files would say so many names that they would be most of what is written. */
function namesBlock(plan: Plan, topology: Topology): Uint8Array {
  const known = blocks.get(topology);
  if (known !== undefined) return known;
  const names = namesOf(topology);
  const isWorth = names.length > 0 && names.length * plan.captures.length <= NAMES_MAX;
  const block = isWorth ? nameResolution(names) : new Uint8Array(0);
  blocks.set(topology, block);
  return block;
}

/** Each vNIC by its address and, where it has one, IP address; the first one with an address has its name. */
function namesOf(topology: Topology): NameRecord[] {
  const records = new Map<string, NameRecord>();
  const add = (address: Uint8Array, name: string) => {
    const key = address.join('.');
    if (!records.has(key)) records.set(key, { address, name });
  };
  for (const host of topology.hosts) {
    for (const { name, mac, ip } of host.vms.flatMap(({ nics }) => nics)) {
      add(octets(mac), `${host.name}/${name}`);
      if (ip !== undefined)
        add(Uint8Array.of(ip.address >>> 24, ip.address >>> 16, ip.address >>> 8, ip.address), name);
    }
  }
  return [...records.values()];
}

function octets(mac: string): Uint8Array {
  return Uint8Array.from(mac.split(':'), (octet) => Number.parseInt(octet, 16));
}

export interface CaptureCounts {
  /** Frames that passed while the capture was on; written; wanted, but lost. */
  readonly seen: number;
  readonly frames: number;
  readonly lost: number;
}

/** By interface. */
export function countsOf(memory: SharedMemory, { interfaces, points }: PlannedCapture): CaptureCounts[] {
  return interfaces.map((_, id) => {
    const own = points.filter(({ interfaceId }) => interfaceId === id);
    const sum = (field: number) => own.reduce((total, { address }) => total + memory.count(address + field), 0);
    return { seen: sum(L.CapturePoint_seen), frames: sum(L.CapturePoint_frames), lost: sum(L.CapturePoint_lost) };
  });
}

/** Interface statistics: what passed, what the filter took, what was written and lost; times in ns since 1970. */
export function statistics(counts: readonly CaptureCounts[], startNs: bigint, endNs: bigint): Uint8Array {
  const blocks = counts.map(({ seen, frames, lost }, interfaceId) =>
    interfaceStatistics({
      interfaceId,
      timeNs: endNs,
      startNs,
      endNs,
      received: seen,
      dropped: lost,
      accepted: frames + lost,
      delivered: frames,
    }),
  );
  return Buffer.concat(blocks);
}
