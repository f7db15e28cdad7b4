/** The summary's table of spanning trees: who is the root, and what each port is in the tree. */
import type { SwitchReport } from '../telemetry/report.ts';
import { counted, grouped, table } from './format.ts';

/** Rows of the table: the ports that lead to bridges or block come first in a large network. */
const ROWS_MAX = 40;

const right = (title: string) => ({ title, align: 'right' as const });

/** Nothing where no switch has a spanning tree. */
export function treeLines(switches: readonly SwitchReport[]): string[] {
  const trees = switches.flatMap(({ name, spanningTree }) =>
    spanningTree === undefined ? [] : [{ name, ...spanningTree }],
  );
  if (trees.length === 0) return [];
  const told = trees.map(({ name, rootPort, rootCost, rootId, topologyChanges }) => {
    const changes = counted(topologyChanges, 'topology change');
    return rootPort === null
      ? `${name} is the root of its spanning tree (${rootId}), ${changes}`
      : `${name} reaches the root ${rootId} by ${rootPort} at a cost of ${grouped(rootCost)}, ${changes}`;
  });
  const rows = trees
    .flatMap(({ ports }) => ports.filter(({ state }) => state !== 'disabled'))
    .map((port) => [
      port.name,
      port.role,
      port.state,
      grouped(port.cost),
      port.edge ? 'edge' : port.legacy ? 'STP' : '-',
      grouped(port.bpdusSent),
      grouped(port.bpdusReceived),
    ]);
  const columns = [
    { title: 'spanning tree' },
    { title: 'role' },
    { title: 'state' },
    right('cost'),
    { title: 'kind' },
    right('bpdusSent'),
    right('bpdusReceived'),
  ];
  const more =
    rows.length > ROWS_MAX ? [`… and ${counted(rows.length - ROWS_MAX, 'port')} more; --report has them`] : [];
  return [table(columns, rows.slice(0, ROWS_MAX)), ...more, ...told, ''];
}
