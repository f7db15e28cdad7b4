/**
 * What virtual and physical switches have in common: a MAC table and an MTU; and the physical switch, which has little more.
 */

import type { PhysicalSwitchEntry } from './bridge-schema.ts';
import { DROP, reservedDrop } from './capture-port.ts';
import { sharedVlansOf } from './fid.ts';
import { flowSettings } from './flow.ts';
import { physicalLags } from './lag.ts';
import { limits } from './limits.ts';
import { lldpOf } from './lldp.ts';
import type { PhysicalPort, PhysicalSwitch, PortVlan, Table } from './model.ts';
import { checkSwitchRouters, multicastOf } from './multicast.ts';
import { suppressionOf } from './neighbour-schema.ts';
import { physicalPolicyBase, policyOf } from './policy.ts';
import type { TableEntry } from './port-schema.ts';
import type { Path, Problems } from './problem.ts';
import { count } from './scalar.ts';
import { shapingOf } from './shaping.ts';
import { guarded, spanningTreeOf } from './spanning-tree.ts';
import type { SpanningTreeOfAllEntry } from './spanning-tree-schema.ts';
import { tagRules } from './tag.ts';
import { portVlan, vidMax } from './vlan.ts';

export const mtuDefault = 1500;
export const transparent: PortVlan = { mode: 'transparent' };

/** 802.1D-2004 table 7-5 has no shorter one. */
const ageingSecondsUsual = 10;

/** What switches are delivered with: everything passes, untagged frames are VLAN 1. */
const physicalDefault: PortVlan = { mode: 'trunk', vids: [{ first: 1, last: vidMax }], native: 1, nativeTagged: false };

/** The table of the switch at `path`. */
export function tableOf(entry: TableEntry = {}, path: Path, problems: Problems): Table {
  const { max: entriesMax = 8192, ageing: ageingSeconds = 300, whenFull = 'evict' } = entry;
  if (ageingSeconds < ageingSecondsUsual) {
    const why = `802.1D begins at ${ageingSecondsUsual} s: what a station is sent while it pauses for longer than this is flooded`;
    problems.warn([...path, 'table', 'ageing'], why);
  }
  return { entriesMax, ageingSeconds, whenFull };
}

export function physicalSwitch(
  name: string,
  entry: PhysicalSwitchEntry,
  treeOfAll: SpanningTreeOfAllEntry | undefined,
  problems: Problems,
): PhysicalSwitch {
  const path = ['physical', 'switches', name];
  if (Object.keys(entry.ports).length > limits.portsPerSwitch) {
    problems.add([...path, 'ports'], `too many ports; at most ${count(limits.portsPerSwitch)} on a switch`);
  }
  const ports = portsOf(entry, path, problems);
  const lags = physicalLags(entry, ports, path, problems);
  const spanningTree = spanningTreeOf(entry.spanningTree, treeOfAll, { ports, lags, path }, problems);
  const groups = multicastOf(entry.multicast, path, problems);
  checkSwitchRouters(groups.multicast, ports, path, problems);
  const lagOf = new Map(lags.flatMap((lag) => lag.ports.map((port) => [port, lag.name])));
  return {
    name,
    ports: guarded(ports, lags, spanningTree).map((port) => {
      const lag = lagOf.get(port.name);
      return lag === undefined ? port : { ...port, lag };
    }),
    lags,
    sharedVlans: sharedVlansOf(entry.sharedVlans, [], [...path, 'sharedVlans'], problems),
    padding: entry.padding ?? false,
    ...lldpOf(entry.lldp),
    ...groups,
    ...suppressionOf(entry.neighbourSuppression),
    table: tableOf(entry.table, path, problems),
    mtu: entry.mtu ?? mtuDefault,
    ...(spanningTree !== undefined && { spanningTree }),
    ...(entry.flows !== undefined && { flows: flowSettings(entry.flows) }),
  };
}

function portsOf(entry: PhysicalSwitchEntry, path: Path, problems: Problems): PhysicalPort[] {
  const ports = Object.entries(entry.ports);
  const unset = ports.some(([, port]) => port.vlan !== undefined) ? physicalDefault : transparent;
  const policy = physicalPolicyBase(entry);
  return ports.map(([name, keys]) => {
    const place = [...path, 'ports', name];
    if (name === DROP) problems.add(place, reservedDrop(path.at(-1)), 'key');
    const vlan = portVlan(keys, unset, place, problems);
    return {
      name,
      vlan,
      tags: tagRules(keys, vlan, place, problems),
      policy: policyOf(keys, policy, place, problems),
      ...shapingOf(keys, entry.mtu ?? mtuDefault, place, problems),
    };
  });
}
