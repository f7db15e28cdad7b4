/** Writes what a port lets its station do, and which tags it takes. */
import * as L from './generated/layout.ts';
import { hardwareMac, macBits } from './in-memory.ts';
import type { SharedMemory } from './memory.ts';
import type { PlannedPort, PlannedSwitch } from './plan.ts';

const ACCEPTS = { default: 0, all: 1, tagged: 2, untagged: 3 } as const;
const BPDU = { pass: 0, filter: 1, guard: 2 } as const;
const GUARD = { dhcp: 1, router: 2 } as const;
const REFUSE = { forward: 0, drop: 1, shut: 2 } as const;
const TPID_S = 0x88a8;
const EVERY_RESERVED = 0xffff;
/** A bucket holds a second's worth of tokens of 1e-9 frame and starts full. */
const TOKENS_A_FRAME = 1_000_000_000n;

export function fillPolicy(m: SharedMemory, sw: PlannedSwitch, port: PlannedPort, rulesOff: readonly number[]): void {
  const { address: at, policy, tags, kind } = port;
  const isOff = (rule: number) => rulesOff.includes(rule);
  const flag = (field: number, value: boolean) => m.setU8(at + field, value ? 1 : 0);
  const learnsAnyway = kind === 'uplink' ? isOff(10) : isOff(11);
  flag(L.Port_learns, policy.learning || learnsAnyway);
  flag(L.Port_floodsUnknown, policy.floodUnknown);
  flag(L.Port_promiscuous, policy.promiscuous);
  flag(L.Port_forgedRejected, kind === 'vnic' && !policy.forgedTransmits);
  flag(L.Port_changesRejected, kind === 'vnic' && !policy.macChanges);
  m.setU8(at + L.Port_guards, (policy.dhcpGuard ? GUARD.dhcp : 0) + (policy.routerGuard ? GUARD.router : 0));
  flag(L.Port_hairpin, policy.hairpin);
  flag(L.Port_sticky, policy.sticky);
  flag(L.Port_isOpen, !tags.ingressFilter);
  flag(L.Port_sTag, tags.tpid === TPID_S);
  m.setU8(at + L.Port_accepts, ACCEPTS[tags.accepts]);
  m.setU8(at + L.Port_bpdu, kind === 'uplink' || isOff(15) ? BPDU.pass : BPDU[policy.bpdu]);
  m.setU8(at + L.Port_onStatic, REFUSE[policy.staticConflict]);
  m.setU32(at + L.Port_relayReserved, isOff(16) ? EVERY_RESERVED : policy.relayReserved);
  if (policy.macLimit !== null) {
    m.setU32(at + L.Port_macLimit, policy.macLimit.max);
    m.setU8(at + L.Port_onLimit, REFUSE[policy.macLimit.whenFull]);
  }
  if (policy.promiscuous) {
    const count = sw.address + L.Switch_promiscuousCount;
    m.setU32(count, m.u32(count) + 1);
    m.setU8(sw.address + L.Switch_isOdd, 1);
  }
  fillStorm(m, port);
  const configured = port.mac === null ? hardwareMac(sw.number, port.number) : port.mac;
  const effective = port.effectiveMac ?? configured;
  m.setU64(at + L.Port_mac, macBits(effective));
  if (port.mac !== null) m.setU64(at + L.Port_configuredMac, macBits(port.mac));
  flag(L.Port_blocked, kind === 'vnic' && !policy.macChanges && effective !== configured);
}

function fillStorm(m: SharedMemory, { address, stormAt, policy: { storm } }: PlannedPort): void {
  if (stormAt === 0) return;
  m.setU32(address + L.Port_storm, stormAt);
  const rates = [storm.broadcast, storm.multicast, storm.unknownUnicast];
  const fields = [L.Storm_broadcastRate, L.Storm_multicastRate, L.Storm_unknownRate];
  for (const [i, field] of fields.entries()) {
    const rate = BigInt(Math.round(rates[i] ?? 0));
    m.setU64(stormAt + field, rate);
    m.setU64(stormAt + field + 8, rate * TOKENS_A_FRAME);
  }
}
