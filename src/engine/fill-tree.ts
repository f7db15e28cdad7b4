/** Writes the spanning tree of a physical switch: all ports that take part discard until the switch has looked at them. */
import { treeLimits } from '../topology/spanning-tree-model.ts';
import * as L from './generated/layout.ts';
import { hardwareMac, NEVER } from './in-memory.ts';
import type { SharedMemory } from './memory.ts';
import type { PlannedSwitch } from './plan.ts';

const STATE_DISCARDING = 2;
/** BPDUs tell times in 1/256 s. */
const UNITS_A_SECOND = 256;
/** 802.1D-2004 table 17-3: 20,000 for 1 Gbit/s, and in proportion. */
const COST_BPS = 20e12;
const COST_UNKNOWN = 2000;

/** `rateOf`: bit/s of a port's cable, null where it has none. */
export function fillTree(m: SharedMemory, sw: PlannedSwitch, rateOf: (port: string) => number | null): void {
  const { tree } = sw;
  m.setU64(sw.address + L.Switch_treeDue, NEVER);
  if (tree === null) return;
  const { address: at, settings } = tree;
  m.setU32(sw.address + L.Switch_tree, at);
  m.setU64(sw.address + L.Switch_treeDue, 0n);
  const system = BigInt(`0x${hardwareMac(sw.number, sw.ports.length).replaceAll(':', '')}`);
  m.setU64(at + L.Tree_bridge, (BigInt(settings.priority) << 48n) | system);
  m.setU32(at + L.Tree_ports, tree.ports[0]?.address ?? 0);
  m.setU32(at + L.Tree_portCount, tree.ports.length);
  m.setU32(at + L.Tree_maxAge, settings.maxAgeSeconds * UNITS_A_SECOND);
  m.setU32(at + L.Tree_hello, settings.helloSeconds * UNITS_A_SECOND);
  m.setU32(at + L.Tree_forwardDelay, settings.forwardDelaySeconds * UNITS_A_SECOND);
  for (const { address, members, settings: own } of tree.ports) {
    const ports = members.map((number) => sw.ports[number]!);
    const rates = ports.map(({ name }) => rateOf(name));
    m.setU32(address + L.TreePort_port, ports[0]!.address);
    // Ports are numbered from 1.
    m.setU32(address + L.TreePort_id, own.priority * 256 + ports[0]!.number + 1);
    m.setU32(address + L.TreePort_cost, own.cost ?? costOf(rates));
    m.setU8(address + L.TreePort_adminEdge, own.edge === true ? 1 : 0);
    m.setU8(address + L.TreePort_autoEdge, own.edge === 'auto' ? 1 : 0);
    m.setU8(address + L.TreePort_restrictedRole, own.guard === 'root' ? 1 : 0);
    m.setU8(address + L.TreePort_reselect, 1);
    for (const port of ports) {
      m.setU32(port.address + L.Port_tree, address);
      m.setU8(port.address + L.Port_treeState, STATE_DISCARDING);
      m.setU8(port.address + L.Port_speaks, 1);
    }
  }
}

/** A LAG has the sum of its members' rates. */
function costOf(rates: readonly (number | null)[]): number {
  if (rates.some((rate) => rate === null)) return COST_UNKNOWN;
  const rate = rates.reduce<number>((sum, each) => sum + (each ?? 0), 0);
  return Math.min(treeLimits.cost.last, Math.max(treeLimits.cost.first, Math.round(COST_BPS / rate)));
}
