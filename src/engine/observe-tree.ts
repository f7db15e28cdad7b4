/** Reads the spanning tree of a physical switch from the shared memory. */
import type { SpanningTreeReport, TreePortReport } from '../telemetry/spanning-tree.ts';
import * as L from './generated/layout.ts';
import type { SharedMemory } from './memory.ts';
import type { PlannedSwitch } from './plan.ts';

const ROLES = ['disabled', 'alternate', 'backup', 'root', 'designated'] as const;
const STATES = ['forwarding', 'learning', 'discarding'] as const;
const MAC_BITS = 48n;

/** What a switch's report has of it: nothing where there is none. */
export function treeOf(
  m: SharedMemory,
  { tree, ports }: PlannedSwitch,
): { readonly spanningTree?: SpanningTreeReport } {
  if (tree === null) return {};
  const at = tree.address;
  const rootAt = at + L.Tree_BYTES;
  const nameOf = (members: readonly number[]) => ports[members[0]!]!.name;
  const rootPort = tree.ports.find(({ address }) => address === m.u32(at + L.Tree_rootPort));
  const spanningTree = {
    bridgeId: bridgeText(m.u64(at + L.Tree_bridge)),
    rootId: bridgeText(m.u64(rootAt + L.Message_root)),
    rootCost: m.u32(rootAt + L.Message_cost),
    rootPort: rootPort === undefined ? null : nameOf(rootPort.members),
    ports: tree.ports.map(({ address, members }): TreePortReport => {
      const isEnabled = m.u8(address + L.TreePort_isEnabled) === 1;
      return {
        name: nameOf(members),
        role: ROLES[m.u8(address + L.TreePort_role)]!,
        state: isEnabled ? STATES[m.u8(ports[members[0]!]!.address + L.Port_treeState)]! : 'disabled',
        cost: m.u32(address + L.TreePort_cost),
        edge: m.u8(address + L.TreePort_operEdge) === 1,
        legacy: isEnabled && m.u8(address + L.TreePort_sendRSTP) === 0,
        bpdusSent: m.count(address + L.TreePort_sent),
        bpdusReceived: m.count(address + L.TreePort_received),
      };
    }),
    topologyChanges: m.count(at + L.Tree_topologyChanges),
  };
  return { spanningTree };
}

/** The priority as a number and the address as octets. */
function bridgeText(id: bigint): string {
  const mac = BigInt.asUintN(Number(MAC_BITS), id).toString(16).padStart(12, '0').match(/../g)!;
  return `${id >> MAC_BITS}.${mac.join(':')}`;
}
