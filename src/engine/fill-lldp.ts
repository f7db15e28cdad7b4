/** What a switch's ports tell by LLDP, and what they have heard. */
import type { LldpReport, NeighbourReport } from '../telemetry/lldp.ts';
import type { Lldp } from '../topology/lldp-model.ts';
import type { PortVlan } from '../topology/model.ts';
import type { DraftPort } from './draft.ts';
import * as L from './generated/layout.ts';
import { hardwareMac, NEVER } from './in-memory.ts';
import { lldpFrame, readNeighbour } from './lldp-frame.ts';
import type { SharedMemory } from './memory.ts';
import type { PlannedSwitch } from './planned.ts';

const MODE = { advertise: 1, listen: 2, both: 3 } as const;
/** 802.1AB-2016 9.2.5.6 and 9.2.5.22: msgTxHold, and the greatest time to live. */
const HOLD = 4;
const TTL_MAX_SECONDS = 65_535;
/** A frame's header, a tag and its FCS. */
const AROUND_PAYLOAD = 22;

export function fillLldp(m: SharedMemory, sw: PlannedSwitch): void {
  m.setU64(sw.address + L.Switch_lldpDue, NEVER);
  if (sw.lldp === undefined) return;
  const { mode, intervalNs } = sw.lldp;
  m.setU64(sw.address + L.Switch_lldpNs, BigInt(Math.round(intervalNs)));
  if (mode !== 'listen') m.setU64(sw.address + L.Switch_lldpDue, 0n);
  for (const { number, address, frameAt } of sw.lldpPorts) {
    const port = sw.ports[number]!;
    const frame = lldpFrame(told(sw, sw.lldp, port, number));
    m.setU8(address + L.LldpPort_mode, MODE[mode]);
    m.setU32(address + L.LldpPort_frame, frameAt);
    m.setU32(address + L.LldpPort_frameBytes, frame.length);
    m.bytes.set(frame, frameAt);
    m.setU32(port.address + L.Port_lldp, address);
    m.setU8(port.address + L.Port_speaks, 1);
  }
}

function told(sw: PlannedSwitch, { intervalNs }: Lldp, port: DraftPort, number: number) {
  const lag = sw.uplinks.lags.find(({ members }) => members.includes(number));
  return {
    mac: hardwareMac(sw.number, number),
    chassis: hardwareMac(sw.number, sw.ports.length),
    portId: port.name.slice(port.name.indexOf('/') + 1),
    systemName: sw.name,
    ttlSeconds: Math.min(TTL_MAX_SECONDS, Math.ceil((intervalNs * HOLD) / 1e9) + 1),
    pvid: untaggedVlan(port.vlan),
    frameMax: sw.mtu + AROUND_PAYLOAD,
    lag: lag === undefined ? null : { port: lag.members[0]! + 1 },
  };
}

function untaggedVlan(vlan: PortVlan): number {
  if (vlan.mode === 'transparent') return 0;
  if (vlan.mode === 'trunk') return vlan.nativeTagged ? 0 : (vlan.native ?? 0);
  return vlan.vid;
}

export function observeLldp(m: SharedMemory, sw: PlannedSwitch): { lldp?: LldpReport } {
  if (sw.lldp === undefined) return {};
  const ports = sw.lldpPorts;
  const sum = (field: number) => ports.reduce((all, { address }) => all + m.count(address + field), 0);
  const lldp = {
    mode: sw.lldp.mode,
    lldpSent: sum(L.LldpPort_sent),
    lldpReceived: sum(L.LldpPort_received),
    lldpDiscarded: sum(L.LldpPort_discarded),
    lldpTooMany: sum(L.LldpPort_tooMany),
    neighbours: ports.flatMap(({ number, address }) => neighboursOf(m, sw, number, address)),
  };
  return { lldp };
}

function neighboursOf(m: SharedMemory, sw: PlannedSwitch, number: number, address: number): NeighbourReport[] {
  const now = m.u64(sw.address + L.Switch_now);
  const first = address + L.LldpPort_neighbours;
  return Array.from({ length: L.LLDP_NEIGHBOURS }, (_, i) => first + i * L.LLDP_NEIGHBOUR)
    .filter((at) => m.u64(at + L.LldpNeighbour_until) > now)
    .map((at) => {
      const tlvs = m.bytes.slice(
        at + L.LldpNeighbour_BYTES,
        at + L.LldpNeighbour_BYTES + m.u32(at + L.LldpNeighbour_length),
      );
      const ttlSeconds = Number(m.u64(at + L.LldpNeighbour_until) - now) / 1e9;
      return { port: sw.ports[number]!.name, ...readNeighbour(tlvs), ttlSeconds };
    });
}
