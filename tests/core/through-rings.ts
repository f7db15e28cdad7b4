/**
 * The real core, entered as a guest enters it: frames wait in a vNIC's ring and are taken by visits, and uplinks and physical
 * ports have cables, each to a bridge of its own that has no other port. Only so are the short cuts of visit.ts and arrival.ts
 * under test, for watched ports do without them. Frames from outside are injected where the cables end.
 *
 * What VMs get and what goes outside is read from rings and cables after the other end has taken it: a slot that was given
 * back keeps its bytes until it is taken again, and all frames of a batch are in their slots before the first is relayed.
 */
import { coreModule, instantiate } from '../../src/engine/core.ts';
import * as L from '../../src/engine/generated/layout.ts';
import { Network } from '../../src/engine/network.ts';
import type { NetworkOptions } from '../../src/engine/options.ts';
import { policyDefault, tagRulesDefault } from '../../src/topology/defaults.ts';
import type { PhysicalSwitch, Topology } from '../../src/topology/model.ts';
import { assertBalanced, Counters } from './counters.ts';
import { operate } from './operate.ts';
import type { Sent, SwitchUnderTest } from './switch-under-test.ts';

interface Exit {
  readonly port: string;
  readonly ring: number;
  readonly entryBytes: number;
}

/** Each of the ports leads to a bridge of its own. */
function withCables(topology: Topology, ports: readonly string[]): Topology {
  const far = ports.map((outer, i): { outer: string; bridge: PhysicalSwitch } => ({
    outer,
    bridge: {
      name: `far${i}`,
      ports: [{ name: '1', vlan: { mode: 'transparent' }, tags: tagRulesDefault, policy: policyDefault('learning') }],
      lags: [],
      sharedVlans: [],
      padding: false,
      table: { entriesMax: 16, ageingSeconds: 300, whenFull: 'forward' },
      mtu: 9000,
    },
  }));
  return {
    ...topology,
    switches: [...topology.switches, ...far.map(({ bridge }) => bridge)],
    links: far.map(({ outer, bridge }) => {
      return { a: outer, b: `${bridge.name}/1`, rateBps: null, delayNs: 0, queueFrames: 1024 };
    }),
  };
}

/** The ports that cables can go to. */
function outerPorts({ hosts: [host], switches: [bridge] }: Topology): string[] {
  if (host !== undefined) return host.uplinks.map((uplink) => `${host.name}/${uplink}`);
  return bridge!.ports.map((port) => `${bridge!.name}/${port.name}`);
}

export function throughRings(
  topology: Topology,
  options: Pick<NetworkOptions, 'burst' | 'watch'> = {},
): SwitchUnderTest & { readonly network: Network } {
  const outer = outerPorts(topology);
  const network = new Network(withCables(topology, outer), { ...options, injectAt: outer });
  const { memory } = network;
  const core = instantiate(coreModule(), memory.memory);
  const sw = network.plan.switches[0]!;
  const vnics = sw.ports.filter((port) => port.kind === 'vnic');
  const full = (port: string) => `${sw.host}/${port}`;
  const short = (port: string) => port.slice(sw.host.length + 1);
  const cables = network.plan.wires.filter(({ from }) => from !== null && outer.includes(from));
  const exits: Exit[] = [
    ...vnics.map(({ name, txRing }) => ({ port: short(name), ring: txRing, entryBytes: 8 })),
    ...cables.map(({ from, address }) => ({ port: short(from!), ring: address, entryBytes: 16 })),
  ];
  const taken = new Map(exits.map(({ ring }) => [ring, 0]));
  const counters = new Counters(network);

  function push(ring: number, bytes: Uint8Array): void {
    memory.bytes.set(bytes, network.plan.stagingAt);
    const descriptor = core.takeFrame(sw.poolAt, network.plan.stagingAt, bytes.length);
    if (descriptor === 0n) throw new Error('the pool is empty');
    const head = memory.u32(ring + L.Ring_headNext);
    const place = head & memory.u32(ring + L.Ring_mask);
    memory.setU64(memory.u32(ring + L.Ring_entries) + 8 * place, BigInt.asUintN(64, descriptor));
    memory.setU32(ring + L.Ring_headNext, head + 1);
    memory.setU32(ring + L.Ring_head, head + 1);
  }

  /** What left since the last time. */
  function newCopies(): Sent[] {
    return exits.flatMap(({ port, ring, entryBytes }) => {
      const from = taken.get(ring)!;
      const to = memory.u32(ring + L.Ring_head);
      taken.set(ring, to);
      const entries = memory.u32(ring + L.Ring_entries);
      const mask = memory.u32(ring + L.Ring_mask);
      const cursors = Array.from({ length: to - from }, (_, i) => entries + entryBytes * ((from + i) & mask));
      return cursors.map((at) => ({ port, bytes: bytesOf(memory.bytes, memory.u64(at)) }));
    });
  }

  return {
    ...operate(network),
    network,
    receiveAll(port, frames, timeNs) {
      network.advance(timeNs);
      const vnic = vnics.find(({ name }) => name === full(port));
      for (const bytes of frames) {
        if (vnic !== undefined) push(vnic.rxRing, bytes);
        else if (!network.inject(full(port), bytes, timeNs)) throw new Error('the injection queue is full');
      }
      network.advance(timeNs);
      return { ...counters.fresh(), copies: newCopies() };
    },
    advance(timeNs) {
      network.advance(timeNs);
      return newCopies();
    },
    // The guests' rings are filled here and not by guests, so the switch's own ledger is what can balance.
    assertLedger: () => assertBalanced(network.report().switches[0]!.ledger),
  };
}

/** The frame that a descriptor stands for; frame.ts draws its fields. */
function bytesOf(memory: Uint8Array, descriptor: bigint): Uint8Array {
  const from = Number(descriptor & 0x3ffffffn) * 64 + L.FRAME_HEADER;
  const edit = Number((descriptor >> 26n) & 3n);
  const tci = Number((descriptor >> 28n) & 0xffffn);
  const length = Number(descriptor >> 44n);
  if (edit === 0) return memory.slice(from, from + length);
  const [stripped, inserted] = [edit === 1, edit === 2];
  const tag = stripped ? [] : [0x81, 0x00, tci >> 8, tci & 0xff];
  const tail = from + (inserted ? 12 : 16);
  return Uint8Array.from([
    ...memory.slice(from, from + 12),
    ...tag,
    ...memory.slice(tail, tail + length - 12 - tag.length),
  ]);
}
