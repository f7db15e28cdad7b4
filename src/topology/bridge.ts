/**
 * What virtual and physical switches have in common: a MAC table and an MTU; and the physical switch, which has no more.
 */
import { limits } from './limits.ts';
import type { PhysicalSwitch, PortVlan, Table } from './model.ts';
import type { Problems } from './problem.ts';
import { count } from './scalar.ts';
import type { PhysicalSwitchEntry, TableEntry } from './schema.ts';
import { portVlan, vidMax } from './vlan.ts';

export const mtuDefault = 1500;
export const transparent: PortVlan = { mode: 'transparent' };

/** What switches are delivered with: everything passes, untagged frames are VLAN 1. */
const physicalDefault: PortVlan = { mode: 'trunk', vids: [{ first: 1, last: vidMax }], native: 1, nativeTagged: false };

export function tableOf(entry: TableEntry | undefined): Table {
  return {
    entriesMax: entry?.max ?? 8192,
    ageingSeconds: entry?.ageing ?? 300,
    whenFull: entry?.whenFull ?? 'evict',
  };
}

export function physicalSwitch(name: string, entry: PhysicalSwitchEntry, problems: Problems): PhysicalSwitch {
  const path = ['physical', 'switches', name];
  const ports = Object.entries(entry.ports);
  if (ports.length > limits.portsPerSwitch) {
    problems.add([...path, 'ports'], `too many ports; at most ${count(limits.portsPerSwitch)} on a switch`);
  }
  const unset = ports.some(([, port]) => port.vlan !== undefined) ? physicalDefault : transparent;
  return {
    name,
    ports: ports.map(([port, keys]) => ({
      name: port,
      vlan: portVlan(keys, unset, [...path, 'ports', port], problems),
    })),
    table: tableOf(entry.table),
    mtu: entry.mtu ?? mtuDefault,
  };
}
