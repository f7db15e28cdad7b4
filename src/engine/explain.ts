/**
 * `explain`: one frame relayed by the real core on a copy of the memory, with its trace switched on. Not a second
 * implementation of the rules, and without any effect on the network.
 */
import { readCaptureBytes } from '../capture/read.ts';
import { CHECKS, type Row, VERDICTS } from '../telemetry/generated/verdicts.ts';
import { bannerOf } from '../telemetry/teaching.ts';
import type { PortName, Topology } from '../topology/model.ts';
import { header } from './capture-blocks.ts';
import { coreModule, instantiate } from './core.ts';
import { Drain, IN_MEMORY } from './drain.ts';
import * as L from './generated/layout.ts';
import { macText } from './mac-table.ts';
import { SharedMemory } from './memory.ts';
import { Observer } from './observe.ts';
import type { Plan, PlannedPort, PlannedSwitch } from './plan.ts';
import { isClassic } from './plan-capture.ts';

export interface ExplainedCheck {
  /** `deja_vu`, `designated` and so on; with the rule and a sentence. */
  readonly check: Row;
  readonly outcome: 'failed' | 'passed' | 'decided' | 'off';
  /** What decided, in words; empty when there is nothing to say. */
  readonly fact: string;
}

export interface ExplainedCopy {
  readonly port: PortName;
  readonly verdict: Row;
  /** The copy as it leaves, when the port is watched. */
  readonly bytes: Uint8Array | null;
}

export interface Explanation {
  readonly port: PortName;
  readonly switch: string;
  readonly macModel: 'learning' | 'registered' | 'bridge';
  /** Says which rules are switched off; null when none is. */
  readonly banner: string | null;
  readonly checks: readonly ExplainedCheck[];
  readonly verdict: Row;
  readonly copies: readonly ExplainedCopy[];
}

const OUTCOMES = ['failed', 'passed', 'decided'] as const;
const NO_FACT = 0xffffffff;

export function explain(
  live: SharedMemory,
  plan: Plan,
  topology: Topology,
  sw: PlannedSwitch,
  port: PlannedPort,
  bytes: Uint8Array,
): Explanation {
  const pages = plan.bytes / 65_536;
  const memory = new SharedMemory(new WebAssembly.Memory({ initial: pages, maximum: pages, shared: true }));
  memory.bytes.set(live.bytes.subarray(0, plan.bytes));
  const core = instantiate(coreModule(), memory.memory);
  const observer = new Observer(memory, plan, topology);
  const worker = plan.workers[sw.worker]!.address;
  core.publishPorts(sw.address, worker);
  const taps = plan.captures.map((capture) => {
    const pieces: Uint8Array[] = [header(plan, capture, topology, 'virtual')];
    const write = (piece: Uint8Array) => pieces.push(piece.slice());
    const drain = new Drain(memory, { ...IN_MEMORY, rings: capture.rings }, { write });
    // One that has come to its end tells this frame all the same.
    for (const { address } of capture.rings) memory.setU32(address + L.CaptureRing_closed, 0);
    drain.run(true);
    pieces.length = 1;
    return { drain, pieces, isPcapng: !isClassic(capture.request.file) };
  });
  const before = sw.ports.map((p) => observer.port(sw, p).verdicts);

  memory.bytes.set(bytes, plan.stagingAt);
  core.explain(sw.address, port.number, plan.injectPoolAt, plan.stagingAt, bytes.length, plan.traceAt);
  core.publishPorts(sw.address, worker);

  const watched = new Map<PortName, Uint8Array>();
  for (const { drain, pieces, isPcapng } of taps) {
    drain.run(true);
    if (!isPcapng) continue;
    for (const frame of readCaptureBytes('', Buffer.concat(pieces)))
      if (frame.direction === 'out') watched.set(frame.interface.name!, frame.bytes);
  }
  const changes = sw.ports.flatMap((p, i) => {
    const after = observer.port(sw, p).verdicts;
    return VERDICTS.filter((row) => (after[row.name] ?? 0) > (before[i]![row.name] ?? 0)).map((verdict) => ({
      port: p.name,
      verdict,
    }));
  });
  return {
    port: port.name,
    switch: sw.name,
    macModel: sw.vswitch?.macModel ?? 'bridge',
    banner: bannerOf(observer.lesson()),
    checks: readTrace(memory, plan, sw, port, observer.lesson().off),
    verdict: changes.find(({ verdict }) => verdict.side === 'ingress')!.verdict,
    copies: changes
      .filter(({ verdict }) => verdict.side === 'egress')
      .map(({ port: name, verdict }) => ({ port: name, verdict, bytes: watched.get(name) ?? null })),
  };
}

function readTrace(
  memory: SharedMemory,
  plan: Plan,
  sw: PlannedSwitch,
  ingress: PlannedPort,
  off: readonly number[],
): ExplainedCheck[] {
  const rulesOff = new Set(off.map((rule) => `R${rule}`));
  const count = memory.u32(plan.traceAt + L.Trace_rowCount);
  return Array.from({ length: count }, (_, i) => {
    const at = plan.traceAt + L.Trace_rows + 8 * i;
    const check = CHECKS[memory.u8(at)]!;
    const outcome = OUTCOMES[memory.u8(at + 1)]!;
    const own = outcome === 'failed' ? ownFact(check.name, memory, sw, ingress) : null;
    const fact = own ?? tell(check.name, outcome, memory.u32(at + 4), sw);
    return { check, outcome: rulesOff.has(check.rule) && outcome === 'passed' ? 'off' : outcome, fact };
  });
}

/** What decided where it is a setting of the ingress port and no number; null elsewhere. */
function ownFact(
  check: string,
  memory: SharedMemory,
  sw: PlannedSwitch,
  { address, policy, name }: PlannedPort,
): string | null {
  if (check === 'link') return memory.u8(address + L.Port_shut) === 1 ? 'a guard has shut it' : 'its cable is pulled';
  if (check === 'bpdu') return `bpdu: ${policy.bpdu}`;
  if (check === 'rogue')
    return [policy.dhcpGuard && 'dhcpGuard: true', policy.routerGuard && 'routerGuard: true']
      .filter(Boolean)
      .join(', ');
  if (check === 'forged') return `its guest has ${macText(memory.u64(address + L.Port_mac))}`;
  if (check === 'protocol') return 'it is: LACP, a BPDU, or a beacon of its own team';
  if (check === 'tree') return memory.u8(address + L.Port_treeState) === 1 ? 'it is learning' : 'it is discarding';
  if (check === 'lag') return 'LACP has no partner for it';
  if (check === 'storm') {
    const limits = Object.entries(policy.storm).filter(([, rate]) => rate !== null);
    return limits.map(([kind, rate]) => `${kind} ${rate} frames/s`).join(', ');
  }
  if (check !== 'active') return null;
  const { teaming } = sw.vswitch!;
  const own = name.slice(name.indexOf('/') + 1);
  const inUse = sw.ports.filter((port) => port.kind === 'uplink' && memory.u8(port.address + L.Port_usable) === 1);
  const role = teaming.active.includes(own)
    ? 'active, and not working'
    : teaming.standby.includes(own)
      ? 'standby'
      : 'unused';
  return `it is ${role}; in use: ${inUse.map((port) => port.name).join(', ') || 'none'}`;
}

/** The number that decided, in words: a port, a VLAN or a length, by the check it belongs to. */
function tell(check: string, outcome: string, fact: number, sw: PlannedSwitch): string {
  const port = fact === L.LOGICAL_TEAM ? 'outside, behind the uplinks' : (sw.ports[fact]?.name ?? '');
  if (check === 'length') return `${fact} bytes`;
  if (check === 'vlan') return fact === 4096 ? 'untagged, and the port has no native VLAN' : `VLAN ${fact}`;
  if (check === 'lookup' && outcome === 'decided') return `flooded: ${fact} ${fact === 1 ? 'copy' : 'copies'}`;
  if (check === 'lookup')
    return fact === NO_FACT
      ? outcome === 'failed'
        ? 'nobody else is there to have it'
        : 'not in the table'
      : `it is ${where(port)}`;
  if (check === 'out_tree') return `${port} does not forward`;
  if (check === 'out_vlan') return leftOut(sw.ports[fact]!);
  if (check === 'storm_guard') return `it has come in by this switch more than ${fact} times`;
  if (check === 'learn' && outcome === 'failed') return fact === 0 ? 'the table is full' : `its port may hold ${fact}`;
  if (fact === NO_FACT) return check === 'uplink' ? 'no uplink is usable' : '';
  if (check === 'deja_vu') return outcome === 'failed' ? `the source is at ${port}` : `the source is ${where(port)}`;
  const isLag = sw.vswitch !== null && sw.vswitch.lag !== null;
  if (check === 'designated') return isLag ? 'a LAG is one uplink' : `the designated uplink is ${port}`;
  if (check === 'rpf') return `the destination is pinned to ${port}`;
  if (check === 'learn') return `heard ${where(port)}`;
  if (check === 'uplink') return isLag ? `the LAG's hash gives ${port}` : `pinned to ${port}`;
  if (check === 'neighbour')
    return outcome === 'failed'
      ? `the owner is ${where(port)}`
      : `the owner is ${where(port)}, where the request goes by itself`;
  if (check === 'static') return `it is bound to ${port}`;
  return where(port);
}

/** Why a port has no part in a VLAN. */
function leftOut({ name, vlan }: PlannedPort): string {
  if (vlan.mode === 'private')
    return `${name} is in private VLAN ${vlan.vid} and gets ${vlan.receives.join(', ')} only`;
  return `${name} does not`;
}

function where(port: string): string {
  return port.startsWith('outside') ? port : `at ${port}`;
}
