/** What a physical switch needs in memory for its spanning tree. */
import { type SpanningTree, type SpanningTreePort, treePortDefault } from '../topology/spanning-tree-model.ts';
import type { DraftSwitch } from './draft.ts';
import * as L from './generated/layout.ts';
import type { Space } from './space.ts';

export interface PlannedTree {
  readonly settings: SpanningTree;
  readonly address: number;
  readonly ports: readonly PlannedTreePort[];
}

/** A port that takes part; a LAG is one. */
export interface PlannedTreePort {
  readonly settings: SpanningTreePort;
  readonly address: number;
  /** Places among the switch's ports, the first one standing for all. */
  readonly members: readonly number[];
}

export function planTree(space: Space, { spanningTree: settings, ports, lags }: DraftSwitch): PlannedTree | null {
  if (settings === undefined) return null;
  const names = ports.map(({ name }) => name.slice(name.indexOf('/') + 1));
  const parts = names.flatMap((name, place) => {
    const lag = lags.find((each) => each.ports.includes(name));
    if (lag !== undefined && lag.ports[0] !== name) return [];
    const own = settings.ports[name] ?? treePortDefault;
    const members = lag === undefined ? [place] : lag.ports.map((each) => names.indexOf(each));
    return own.enabled ? [{ settings: own, members }] : [];
  });
  const address = space.reserve('spanning trees', L.TREE_STRIDE);
  // The core walks the ports as one array.
  const portsAt = space.reserve('spanning trees', parts.length * L.TREE_PORT_STRIDE);
  return { settings, address, ports: parts.map((part, i) => ({ ...part, address: portsAt + i * L.TREE_PORT_STRIDE })) };
}
