/** Writes a switch's teams and LAGs, and when it first has to look after them. */

import * as L from './generated/layout.ts';
import { hardwareMac, macBits, NEVER } from './in-memory.ts';
import type { SharedMemory } from './memory.ts';
import type { PlannedPort, PlannedSwitch } from './plan.ts';
import { CHOICES_BYTES, type PlannedLag, teamKey } from './plan-uplinks.ts';

const POLICY = { 'port-id': 0, 'source-mac': 1, explicit: 2, 'load-based': 3, 'ip-hash': 4 } as const;
const LAG_MODE = { static: 0, active: 1, passive: 2 } as const;
const BALANCE_NS = 30_000_000_000n;

export function fillUplinks(m: SharedMemory, sw: PlannedSwitch): void {
  const { address: at, uplinks, vswitch } = sw;
  for (const field of [
    L.Switch_notifyDue,
    L.Switch_beaconDue,
    L.Switch_balanceDue,
    L.Switch_lacpDue,
    L.Switch_linkDue,
  ]) {
    m.setU64(at + field, NEVER);
  }
  m.setU32(at + L.Switch_teams, uplinks.teams[0]?.address ?? 0);
  m.setU32(at + L.Switch_teamCount, uplinks.teams.length);
  for (const port of sw.ports) fillMember(m, sw, port);
  fillTeams(m, sw);
  m.setU32(at + L.Switch_lags, uplinks.lagListAt);
  m.setU32(at + L.Switch_lagCount, uplinks.lags.length);
  m.setU32s(
    uplinks.lagListAt,
    uplinks.lags.map(({ address }) => address),
  );
  for (const [i, lag] of uplinks.lags.entries()) fillLag(m, sw, lag, i);
  if (vswitch === null) return;
  const { care, lag } = vswitch;
  if (lag !== null) m.setU32(at + L.Switch_lag, uplinks.lags[0]!.address);
  m.setU64(at + L.Switch_upDelayNs, BigInt(care.upDelayNs));
  m.setU64(at + L.Switch_downDelayNs, BigInt(care.downDelayNs));
  m.setU32(at + L.Switch_notifyRepeat, care.notify.repeat);
  m.setU64(at + L.Switch_notifyNs, BigInt(care.notify.intervalNs));
  if (care.detection === 'beacon') {
    m.setU64(at + L.Switch_beaconNs, BigInt(care.beaconNs));
    m.setU64(at + L.Switch_beaconDue, 0n);
    m.setU32(at + L.Switch_beaconVid, lowestVlan(sw));
    for (const uplink of sw.ports.slice(sw.localCount)) m.setU8(uplink.address + L.Port_speaks, 1);
  }
  if (uplinks.teams.some(({ teaming }) => teaming.policy === 'load-based'))
    m.setU64(at + L.Switch_balanceDue, BALANCE_NS);
}

function fillMember(m: SharedMemory, { localCount, uplinks }: PlannedSwitch, port: PlannedPort): void {
  const { address, number, kind, teaming } = port;
  m.setU64(address + L.Port_linkDue, NEVER);
  m.setU8(address + L.Port_hasLink, m.u8(address + L.Port_linkUp));
  if (kind === 'uplink') {
    m.setU8(address + L.Port_index, number - localCount);
    m.setU32(address + L.Port_beaconSeen, uplinks.beaconSeenAt[number - localCount] ?? 0);
  }
  if (teaming === null) return;
  const key = teamKey(teaming);
  m.setU32(address + L.Port_team, uplinks.teams.find((team) => teamKey(team.teaming) === key)!.address);
}

function fillTeams(m: SharedMemory, { ports, host, localCount, uplinks }: PlannedSwitch): void {
  const place = new Map(ports.slice(localCount).map((port) => [port.name, port]));
  for (const { teaming, address, listsAt, choicesAt } of uplinks.teams) {
    const members = [...teaming.active, ...teaming.standby].map((name) => place.get(`${host}/${name}`)!);
    const list = (ports.length - localCount) * 4;
    m.setU8(address + L.Team_policy, POLICY[teaming.policy]);
    m.setU8(address + L.Team_failback, teaming.failback ? 1 : 0);
    m.setU32(address + L.Team_order, listsAt);
    m.setU32(address + L.Team_usableList, listsAt + list);
    m.setU32(address + L.Team_formerList, listsAt + 2 * list);
    if (choicesAt !== 0) {
      m.setU32(address + L.Team_choices, choicesAt);
      m.setU32(address + L.Team_movedOctets, choicesAt + CHOICES_BYTES);
    }
    m.setU32(address + L.Team_orderCount, members.length);
    m.setU32(address + L.Team_activeCount, teaming.active.length);
    m.setU32s(
      listsAt,
      members.map((port) => port.address),
    );
    const mask = members.reduce((bits, port) => bits | (1n << BigInt(port.number - localCount)), 0n);
    m.setU64(address + L.Team_memberMask, mask);
  }
}

function fillLag(
  m: SharedMemory,
  sw: PlannedSwitch,
  { lag, address, listsAt, members, lacpAt }: PlannedLag,
  i: number,
): void {
  const ports = members.map((number) => sw.ports[number]!);
  m.setU32(address + L.Lag_lead, ports[0]!.address);
  m.setU32(address + L.Lag_members, listsAt);
  m.setU32(address + L.Lag_memberCount, ports.length);
  m.setU32(address + L.Lag_usableList, listsAt + 4 * ports.length);
  m.setU8(address + L.Lag_mode, LAG_MODE[lag.mode]);
  m.setU8(address + L.Lag_fast, lag.fast ? 1 : 0);
  m.setU8(address + L.Lag_bySource, sw.vswitch?.teaming.policy === 'source-mac' ? 1 : 0);
  m.setU32(address + L.Lag_key, i + 1);
  m.setU64(address + L.Lag_system, macBits(hardwareMac(sw.number, sw.ports.length)));
  m.setU32s(
    listsAt,
    ports.map((port) => port.address),
  );
  const speaksLacp = lag.mode !== 'static';
  for (const [n, port] of ports.entries()) {
    m.setU32(port.address + L.Port_lag, address);
    m.setU8(port.address + L.Port_isBundled, speaksLacp ? 0 : 1);
    m.setU32(port.address + L.Port_lacp, lacpAt[n] ?? 0);
    m.setU8(port.address + L.Port_speaks, speaksLacp ? 1 : 0);
    // Stations behind a LAG are behind its lead.
    if (port.kind === 'bridge') m.setU32(port.address + L.Port_logical, ports[0]!.number);
  }
  if (speaksLacp) m.setU64(sw.address + L.Switch_lacpDue, 0n);
}

/** The lowest VLAN that all port groups' frames may leave in; 0 for untagged. */
function lowestVlan({ vswitch }: PlannedSwitch): number {
  const vlan = vswitch!.uplinkVlan;
  if (vlan.mode !== 'trunk' || vlan.vids.length === 0) return 0;
  return Math.min(...vlan.vids.map(({ first }) => first));
}
