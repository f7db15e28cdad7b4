/** Writes the empty tables of switches that answer ARP and neighbour discovery for others. */
import * as L from './generated/layout.ts';
import type { SharedMemory } from './memory.ts';
import type { Plan } from './plan.ts';

export function fillNeighbours(m: SharedMemory, plan: Plan): void {
  for (const { address, ports, neighbours } of plan.switches) {
    if (neighbours === undefined) continue;
    const at = neighbours.address;
    m.setU32(address + L.Switch_neighbours, at);
    m.setU32(at + L.NeighbourTable_entriesMax, neighbours.entriesMax);
    m.setU32(at + L.NeighbourTable_records, neighbours.recordsAt);
    m.setU32(at + L.NeighbourTable_heads, neighbours.headsAt);
    m.setU32(at + L.NeighbourTable_headShift, 64 - Math.log2(neighbours.heads));
    m.setU64(at + L.NeighbourTable_ageNs, BigInt(neighbours.ageingNs));
    for (const port of ports) m.setU8(port.address + L.Port_heeds, 1);
  }
}
