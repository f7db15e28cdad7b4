/** Reads from the shared memory which addresses a switch knows, and how many requests it has answered. */
import { VERDICTS } from '../telemetry/generated/verdicts.ts';
import type { NeighbourEntry, NeighbourReport } from '../telemetry/neighbours.ts';
import { groupText } from '../topology/group-address.ts';
import * as L from './generated/layout.ts';
import { macText } from './mac-table.ts';
import type { SharedMemory } from './memory.ts';
import type { PlannedSwitch } from './plan.ts';
import type { PlannedNeighbours } from './plan-neighbours.ts';

const ANSWERED = VERDICTS.find(({ name }) => name === 'answered')!.number;

/** To be spread into the report of a switch: nothing where it answers for nobody. */
export function neighboursReport(m: SharedMemory, sw: PlannedSwitch): { neighbourTable?: NeighbourReport } {
  const { neighbours } = sw;
  if (neighbours === undefined) return {};
  const at = neighbours.address;
  const neighbourTable = {
    neighbours: entriesOf(m, sw, neighbours),
    neighboursMax: neighbours.entriesMax,
    neighboursAnswered: sw.ports.reduce(
      (sum, { address }) => sum + m.count(address + L.Port_verdicts + 8 * ANSWERED),
      0,
    ),
    neighboursUnanswered: m.count(at + L.NeighbourTable_unanswered),
    neighboursLearned: m.count(at + L.NeighbourTable_learned),
    neighboursChanged: m.count(at + L.NeighbourTable_changed),
    neighboursRefused: m.count(at + L.NeighbourTable_refused),
  };
  return { neighbourTable };
}

/** Those that have not aged, by VLAN and address. */
function entriesOf(m: SharedMemory, sw: PlannedSwitch, { address, recordsAt }: PlannedNeighbours): NeighbourEntry[] {
  const now = m.u64(sw.address + L.Switch_now);
  const ageNs = m.u64(address + L.NeighbourTable_ageNs);
  const found: { order: bigint; entry: NeighbourEntry }[] = [];
  for (let i = 0; i < m.u32(address + L.NeighbourTable_fresh); i++) {
    const at = recordsAt + i * L.Owner_BYTES;
    const mac = m.u64(at + L.Owner_mac);
    const ageing = now - m.u64(at + L.Owner_heardNs);
    if (mac === 0n || ageing >= ageNs) continue;
    const vlan = m.u32(at + L.Owner_fid);
    const logical = m.u32(at + L.Owner_logical);
    const ip = (m.u64(at + L.Owner_high) << 64n) | m.u64(at + L.Owner_low);
    const port = logical === L.LOGICAL_TEAM ? 'uplink' : sw.ports[logical]!.name;
    const entry = { vlan, ip: groupText(ip), mac: macText(mac), port, ageSeconds: Number(ageing) / 1e9 };
    found.push({ order: (BigInt(vlan) << 128n) | ip, entry });
  }
  found.sort((a, b) => (a.order < b.order ? -1 : 1));
  return found.map(({ entry }) => entry);
}
