/**
 * The spanning tree of a physical switch: its own keys over those of all switches.
 */
import type { PhysicalLag, PhysicalPort } from './model.ts';
import type { Path, Problems } from './problem.ts';
import { type SpanningTree, type SpanningTreePort, treeLimits, treePortDefault } from './spanning-tree-model.ts';
import type { SpanningTreeEntry, SpanningTreeOfAllEntry } from './spanning-tree-schema.ts';
import { hint } from './suggestion.ts';

interface Bridge {
  readonly ports: readonly PhysicalPort[];
  readonly lags: readonly PhysicalLag[];
  /** Of the switch. */
  readonly path: Path;
}

/** The tree that the switch takes part in; undefined for none. */
export function spanningTreeOf(
  entry: SpanningTreeEntry | undefined,
  all: SpanningTreeOfAllEntry | undefined,
  bridge: Bridge,
  problems: Problems,
): SpanningTree | undefined {
  const path = [...bridge.path, 'spanningTree'];
  if (entry?.mode === 'none') {
    for (const key of Object.keys(entry)) {
      if (key === 'mode') continue;
      problems.add([...path, key], `${key} is that of a spanning tree, and mode is none; write rstp, or leave it out`);
    }
    return undefined;
  }
  // One word switches all trees off that do not say otherwise, for lessons.
  const mode = entry?.mode ?? all?.mode ?? (entry === undefined && all === undefined ? 'none' : 'rstp');
  if (mode === 'none') return undefined;
  const { priority, hello, maxAge, forwardDelay } = { ...all, ...entry };
  const tree: SpanningTree = {
    priority: priority ?? treeLimits.priority.unset,
    helloSeconds: hello ?? treeLimits.hello.unset,
    maxAgeSeconds: maxAge ?? treeLimits.maxAge.unset,
    forwardDelaySeconds: forwardDelay ?? treeLimits.forwardDelay.unset,
    ports: portsOf(entry?.ports ?? {}, bridge, [...path, 'ports'], problems),
  };
  checkTimes(tree, entry === undefined ? ['physical', 'spanningTree'] : path, problems);
  return tree;
}

/** 802.1D-2004 17.14. */
function checkTimes(
  { helloSeconds, maxAgeSeconds, forwardDelaySeconds }: SpanningTree,
  path: Path,
  problems: Problems,
) {
  const unread = ['hello', 'maxAge', 'forwardDelay'].some((key) => problems.lost([...path, key]));
  if (unread) return;
  const told = (name: string, seconds: number) => `${name} (${seconds} s)`;
  if (maxAgeSeconds < 2 * (helloSeconds + 1)) {
    const least = `twice (hello + 1 s), ${2 * (helloSeconds + 1)} s`;
    const why = `${told('maxAge', maxAgeSeconds)} is less than ${least}: what is told of the root would age between two BPDUs; write more, or a shorter hello`;
    problems.add(path, why, 'key');
  } else if (maxAgeSeconds > 2 * (forwardDelaySeconds - 1)) {
    const most = `twice (forwardDelay - 1 s), ${2 * (forwardDelaySeconds - 1)} s`;
    const why = `${told('maxAge', maxAgeSeconds)} is more than ${most}: a port could forward before old information is gone; write less, or a longer forwardDelay`;
    problems.add(path, why, 'key');
  }
}

type PortEntries = NonNullable<SpanningTreeEntry['ports']>;

function portsOf(
  entries: PortEntries,
  { ports, lags, path: bridge }: Bridge,
  path: Path,
  problems: Problems,
): Record<string, SpanningTreePort> {
  const known = new Map(ports.map((port) => [port.name, port]));
  const result: Record<string, SpanningTreePort> = {};
  for (const [name, entry] of Object.entries(entries)) {
    const place = [...path, name];
    const port = known.get(name);
    if (port === undefined) {
      if (problems.lost([...bridge, 'ports'], 2)) continue;
      problems.add(place, `unknown port ${name}; ${hint(name, [...known.keys()], 'the switch has')}`, 'key');
      continue;
    }
    const lag = lags.find((each) => each.ports.includes(name) && each.ports[0] !== name);
    if (lag !== undefined) {
      const lead = lag.ports[0];
      problems.add(place, `${name} is in LAG ${lag.name}, which is one port, named by its first; write ${lead}`, 'key');
    }
    if (entry.guard === 'bpdu' && port.policy.bpdu === 'filter') {
      problems.add(
        [...place, 'guard'],
        `bpdu: filter of port ${name} drops what the guard is to see; leave one of them out`,
      );
    }
    const { cost, priority, edge, guard, enabled } = entry;
    result[name] = {
      cost: cost ?? treePortDefault.cost,
      priority: priority ?? treePortDefault.priority,
      edge: edge ?? treePortDefault.edge,
      guard: guard ?? treePortDefault.guard,
      enabled: enabled ?? treePortDefault.enabled,
    };
  }
  return result;
}

/** The ports with the guard of the tree as their own: a BPDU shuts the port, of a LAG any member. */
export function guarded(
  ports: readonly PhysicalPort[],
  lags: readonly PhysicalLag[],
  tree: SpanningTree | undefined,
): readonly PhysicalPort[] {
  if (tree === undefined) return ports;
  return ports.map((port) => {
    const lead = lags.find((lag) => lag.ports.includes(port.name))?.ports[0] ?? port.name;
    return tree.ports[lead]?.guard === 'bpdu' ? { ...port, policy: { ...port.policy, bpdu: 'guard' } } : port;
  });
}
