/** Where the layer 3 parts of guests stand (core/guest-ip.ts): who needs one, and what hangs off it. */
import type { Nic, PortName, Topology } from '../topology/model.ts';
import * as L from './generated/layout.ts';
import { align, type Space } from './space.ts';

const NEIGHBOURS_MIN = 8;
const NEIGHBOURS_MAX = 64;

export interface PlannedStack {
  readonly name: PortName;
  readonly nic: Nic;
  readonly address: number;
  readonly neighbours: number;
  readonly neighbourCount: number;
  /** Pings of the guest stand together; by place in topology.pings. */
  readonly pings: readonly PlannedPing[];
  /** 0: its address is its own. */
  readonly dhcp: number;
  /** List of u16. */
  readonly listens: number;
}

export interface PlannedPing {
  readonly number: number;
  readonly address: number;
  readonly template: number;
  readonly times: number;
}

export function planStacks(space: Space, topology: Topology): PlannedStack[] {
  const pings = grouped(topology.pings ?? []);
  const streams = grouped(topology.streams);
  // A VM has one stack, wherever it may be.
  const seats = new Set(topology.changes?.seats.filter(({ port, of }) => port !== of).map(({ port }) => port));
  return topology.hosts.flatMap((host) =>
    host.vms.flatMap((vm) =>
      vm.nics.flatMap((nic) => {
        const name = `${host.name}/${nic.name}`;
        if (seats.has(name)) return [];
        const own = pings.get(name) ?? [];
        const sent = streams.get(name) ?? [];
        const isAsked = sent.some((number) => topology.streams[number]!.target !== undefined);
        if (nic.guest === undefined && own.length === 0 && !isAsked) return [];
        const wanted = own.length + sent.length + 1;
        const neighbourCount = Math.min(NEIGHBOURS_MAX, Math.max(NEIGHBOURS_MIN, wanted));
        const address = space.reserve('guests', L.Stack_BYTES);
        const first = space.reserve('guests', own.length * L.Ping_BYTES);
        return {
          name,
          nic,
          address,
          neighbours: space.reserve('guests', neighbourCount * L.Neighbour_BYTES),
          neighbourCount,
          pings: own.map((number, i) => ({
            number,
            address: first + i * L.Ping_BYTES,
            template: space.reserve('streams', align(topology.pings![number]!.sizeBytes, 16)),
            times: space.reserve('guests', L.PING_TIMES * 8),
          })),
          dhcp: nic.guest?.dhcp === true ? space.reserve('guests', L.DhcpClient_BYTES) : 0,
          listens: space.reserve('guests', (nic.guest?.listen?.length ?? 0) * 2),
        };
      }),
    ),
  );
}

interface Senders {
  readonly streamsOf: ReadonlyMap<PortName, unknown>;
  readonly stacks: readonly PlannedStack[];
}

/** vNICs that send streams or pings, which can be paused. */
export function sendersOf({ streamsOf, stacks }: Senders): Set<PortName> {
  const pinging = stacks.filter(({ pings }) => pings.length > 0).map(({ name }) => name);
  return new Set([...streamsOf.keys(), ...pinging]);
}

/** Numbers by sender, rising. */
function grouped(list: readonly { readonly from: PortName }[]): Map<PortName, number[]> {
  const of = new Map<PortName, number[]>();
  for (const [number, { from }] of list.entries()) {
    const numbers = of.get(from);
    if (numbers === undefined) of.set(from, [number]);
    else numbers.push(number);
  }
  return of;
}
