/**
 * Link aggregation: the active uplinks of a team, or ports of a physical switch, as one.
 */
import type { PhysicalSwitchEntry } from './bridge-schema.ts';
import type { Lag, PhysicalLag, PhysicalPort, Teaming } from './model.ts';
import type { Path, Problems } from './problem.ts';
import { hint } from './suggestion.ts';
import type { Uplinks } from './teaming.ts';
import { uplinksKnown } from './uplink.ts';
import type { TeamingEntry } from './vswitch-schema.ts';

export function lagOf(entry: TeamingEntry = {}, teaming: Teaming, uplinks: Uplinks, problems: Problems): Lag | null {
  const path = [...uplinks.path, 'teaming'];
  const { lag, lacpRate } = entry;
  refuseRate(lag, lacpRate, [...path, 'lacpRate'], !problems.lost([...path, 'lag']), problems);
  if (lag === undefined) return null;
  const refuse = (key: string, message: string) => problems.add([...path, key], message);
  if (teaming.policy !== 'ip-hash' && teaming.policy !== 'source-mac') {
    refuse('policy', `${teaming.policy} does not choose members of a LAG; ip-hash or source-mac`);
  }
  if (teaming.standby.length > 0) refuse('standby', 'a LAG has no standby uplinks; leave standby out');
  if (entry.detection === 'beacon') refuse('detection', 'no beacon goes between the members of a LAG; write link');
  if (teaming.active.length === 0 && uplinksKnown(uplinks.path, problems) && !problems.lost([...path, 'active'], 1)) {
    refuse('lag', 'the LAG has no member; write an uplink in active');
  }
  return { mode: lag, fast: lacpRate === 'fast' };
}

/** The LAGs of a physical switch with the given ports. */
export function physicalLags(
  entry: PhysicalSwitchEntry,
  ports: readonly PhysicalPort[],
  path: Path,
  problems: Problems,
): PhysicalLag[] {
  const takenBy = new Map<string, string>();
  return Object.entries(entry.lags ?? {}).map(([name, { mode = 'static', rate, ports: wanted }]) => {
    const lagPath = [...path, 'lags', name];
    refuseRate(mode, rate, [...lagPath, 'rate'], !problems.lost([...lagPath, 'mode']), problems);
    if (wanted.length === 0) problems.add([...lagPath, 'ports'], 'no ports; a LAG has one or more');
    const members = wanted.flatMap((port, i) =>
      port === undefined ? [] : [{ port, place: [...lagPath, 'ports', i] }],
    );
    for (const { port, place } of members) {
      const other = takenBy.get(port);
      if (other === name) problems.add(place, `${port} stands twice in ports; each port once`);
      else if (other !== undefined) problems.add(place, `${port} is in LAG ${other} already; a port is in one LAG`);
      takenBy.set(port, name);
    }
    return { name, mode, fast: rate === 'fast', ports: known(members, ports, path, problems) };
  });
}

/** The members in the order of the switch's ports; all carry the same VLANs, since they are one. */
function known(
  members: readonly { readonly port: string; readonly place: Path }[],
  ports: readonly PhysicalPort[],
  path: Path,
  problems: Problems,
): string[] {
  const byName = new Map(ports.map((port) => [port.name, port]));
  const complete = !problems.lost([...path, 'ports'], 2);
  let first: PhysicalPort | undefined;
  for (const { port: name, place } of members) {
    const port = byName.get(name);
    if (port === undefined) {
      if (complete) problems.add(place, `unknown port ${name}; ${hint(name, [...byName.keys()], 'the switch has')}`);
      continue;
    }
    first ??= port;
    if (complete && settings(port) !== settings(first)) {
      problems.add(place, `${name} has other VLANs or tags than ${first.name}; the ports of a LAG have the same`);
    }
  }
  const wanted = new Set(members.map(({ port }) => port));
  return [...byName.keys()].filter((name) => wanted.has(name));
}

function settings({ vlan, tags }: PhysicalPort): string {
  return JSON.stringify([vlan, tags]);
}

function refuseRate(mode: Lag['mode'] | undefined, rate: unknown, path: Path, known: boolean, problems: Problems) {
  const speaks = mode === 'active' || mode === 'passive';
  if (rate === undefined || speaks || !known) return;
  problems.add(path, `${path.at(-1)} is that of LACP; write active or passive, or leave it out`);
}
