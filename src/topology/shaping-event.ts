/** The event `shape`: which ports, and what becomes of their shapers. */
import { mtuDefault } from './bridge.ts';
import type { EventAction } from './event-model.ts';
import type { EventEntry } from './event-schema.ts';
import type { PortName } from './model.ts';
import { isGlob, matchPorts, portIndex, vswitchOf, type World } from './ports.ts';
import type { Path, Problems } from './problem.ts';
import { inDoubt, portAt } from './reference.ts';
import { bucketOf } from './shaping.ts';
import type { Bucket } from './shaping-model.ts';

type ShapeEntry = NonNullable<EventEntry['shape']>;
type RatesEntry = NonNullable<ShapeEntry['in']>;

/** Null after a problem. */
export function readShape(entry: ShapeEntry, world: World, path: Path, problems: Problems): EventAction | null {
  const before = problems.count;
  const ports = portsOf(entry.port, world, [...path, 'port'], problems);
  if (ports.length === 0) return null;
  if (entry.in === undefined && entry.out === undefined) {
    if (!problems.lost(path, 2)) problems.add(path, 'no direction; write in: { average: 100M }, out: off or the like');
    return null;
  }
  const mtu = Math.max(...ports.map((port) => mtuOf(port, world)));
  const one = (key: 'in' | 'out') => {
    const rates = entry[key];
    return rates === undefined ? {} : { [key]: ratesOf(rates, mtu, [...path, key], problems) };
  };
  const shape = { port: entry.port, ...one('in'), ...one('out') };
  return problems.count === before ? { shape } : null;
}

function portsOf(text: string, world: World, path: Path, problems: Problems): PortName[] {
  if (!isGlob(text)) {
    const port = portAt(text, world, path, problems);
    return port === null ? [] : [port];
  }
  const ports = matchPorts(world, text);
  if (ports.length === 0 && !inDoubt(text, world, problems)) {
    problems.add(path, `no port fits ${text}; name a port, or write a pattern such as esx1/*`);
  }
  return ports;
}

function ratesOf(rates: RatesEntry, mtu: number, path: Path, problems: Problems): Bucket | null {
  const { average, peak, burst } = rates;
  if (average === undefined) {
    if (peak === undefined && burst === undefined && !problems.lost(path, 1)) return null;
    if (!problems.lost([...path, 'average'], 1)) problems.add(path, 'no average; write { average: 100M } or off');
    return null;
  }
  return bucketOf({ average, peak, burst }, mtu, path, problems);
}

function mtuOf(port: PortName, world: World): number {
  const found = portIndex(world).get(port);
  if (found?.kind === 'physical port') return found.switch.mtu;
  const own = found?.kind === 'vNIC' ? found.host.vswitches.find(({ name }) => name === found.nic.vswitch) : null;
  return (own ?? vswitchOf(port, world))?.mtu ?? mtuDefault;
}
