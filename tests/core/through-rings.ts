/**
 * The real core, entered as a guest enters it: frames wait in a vNIC's ring and are taken by visits, and uplinks have cables,
 * each to a bridge of its own that has no other port. Only so are the short cuts of visit.ts and arrival.ts under test, for
 * watched ports do without them. Frames from outside are injected at the uplinks.
 *
 * What VMs get and what goes outside is read from rings and cables after the other end has taken it: a slot that was given
 * back keeps its bytes until it is taken again, and all frames of a batch are in their slots before the first is relayed.
 */
import { coreModule, instantiate } from '../../src/engine/core.ts';
import * as L from '../../src/engine/generated/layout.ts';
import { Network } from '../../src/engine/network.ts';
import { VERDICTS } from '../../src/telemetry/generated/verdicts.ts';
import type { Topology } from '../../src/topology/model.ts';
import type { SwitchUnderTest } from './switch-under-test.ts';

export interface Batch {
  /** Ingress verdicts and how many frames had each. */
  readonly verdicts: Record<string, number>;
  /** In the order in which each port got them. */
  readonly copies: { port: string; bytes: Uint8Array }[];
}

export interface RingsUnderTest extends SwitchUnderTest {
  /** All of `frames` wait at `port`, at most 64, before the switch looks at the first. */
  receiveAll(port: string, frames: readonly Uint8Array[], timeNs: bigint): Batch;
}

interface Exit {
  readonly port: string;
  readonly ring: number;
  readonly entryBytes: number;
}

function withCables(topology: Topology, uplinks: readonly string[]): Topology {
  const table = { entriesMax: 16, ageingSeconds: 300, whenFull: 'forward' } as const;
  const far = uplinks.map((uplink, i) => ({ uplink, name: `far${i}`, port: `far${i}/1` }));
  const ports = [{ name: '1', vlan: { mode: 'transparent' } as const }];
  return {
    ...topology,
    switches: far.map(({ name }) => ({ name, ports, table, mtu: 9000 })),
    links: far.map(({ uplink, port }) => ({ a: uplink, b: port, rateBps: null, delayNs: 0, queueFrames: 1024 })),
  };
}

export function throughRings(topology: Topology, options: { burst?: number } = {}): RingsUnderTest {
  const [host] = topology.hosts;
  const outer = host!.uplinks.map((uplink) => `${host!.name}/${uplink}`);
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
  let before = ingressVerdicts(network, sw.host);

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
  function newCopies(): Batch['copies'] {
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

  function receiveAll(port: string, frames: readonly Uint8Array[], timeNs: bigint): Batch {
    network.advance(timeNs);
    const vnic = vnics.find(({ name }) => name === full(port));
    for (const bytes of frames) {
      if (vnic !== undefined) push(vnic.rxRing, bytes);
      else if (!network.inject(full(port), bytes, timeNs)) throw new Error('the injection queue is full');
    }
    network.advance(timeNs);
    const after = ingressVerdicts(network, sw.host);
    const fresh = [...after].map(([name, count]) => [name, count - before.get(name)!] as const);
    before = after;
    return {
      verdicts: Object.fromEntries(fresh.filter(([, count]) => count > 0)),
      copies: newCopies(),
    };
  }

  return {
    receiveAll,
    receive(port, bytes, timeNs) {
      const { verdicts, copies } = receiveAll(port, [bytes], timeNs);
      return { verdict: Object.keys(verdicts).join(' and '), copies };
    },
    setLink: (port, up) => void network.setLink(full(port), up),
    flush: (port) => void network.flush(port === undefined ? { switch: sw.name } : { port: full(port) }),
    setStatic: (vid, mac, port) => void network.setStatic(sw.name, vid, mac, full(port)),
    deleteStatic: (vid, mac) => void network.setStatic(sw.name, vid, mac, null),
    table(timeNs) {
      network.advance(timeNs);
      return network.macTable(sw.name).map(({ vlan, mac, port, static: bound }) => {
        return { vlan, mac, port: port === 'uplink' ? port : short(port), ...(bound && { static: true as const }) };
      });
    },
    close: () => void network.stop(),
  };
}

const ingressNames = VERDICTS.filter((row) => row.side === 'ingress').map((row) => row.name);

function ingressVerdicts(network: Network, host: string): Map<string, number> {
  const ports = network.ports().filter(({ name }) => name.startsWith(`${host}/`));
  return new Map(ingressNames.map((name) => [name, ports.reduce((sum, port) => sum + (port.verdicts[name] ?? 0), 0)]));
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
