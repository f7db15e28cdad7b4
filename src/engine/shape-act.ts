/** The action `shape`: a command for each shaper that it concerns. */
import type { ShapeChange } from '../topology/event-model.ts';
import type { Topology } from '../topology/model.ts';
import { matchPorts } from '../topology/ports.ts';
import { bits } from '../topology/shaping.ts';
import type { Bucket } from '../topology/shaping-model.ts';
import type { CommandBody } from './command.ts';
import { cableTo, slackOf } from './fill-shaping.ts';
import { NetworkError } from './options.ts';
import type { Plan, PlannedSwitch } from './plan.ts';
import type { Direction } from './plan-shaping.ts';

/** As an action's deed: action.ts knows this file, not the other way round. */
interface ShapeDeed {
  readonly sw: PlannedSwitch;
  readonly body: CommandBody;
}

/** Throws NetworkError for a port that there is not, or whose shaper nobody has planned. */
export function shapeAct(topology: Topology, plan: Plan, change: ShapeChange): { what: string; deeds: ShapeDeed[] } {
  const names = matchPorts(topology, change.port);
  if (names.length === 0) throw new NetworkError(`no port ${change.port} in ${topology.name}`);
  const deeds = (['in', 'out'] as const).flatMap((direction) => {
    const bucket = change[direction];
    return bucket === undefined ? [] : names.flatMap((name) => deedsFor(plan, name, direction, bucket));
  });
  const told = (['in', 'out'] as const)
    .filter((direction) => change[direction] !== undefined)
    .map((direction) => `${direction} ${spoken(change[direction]!)}`);
  return { what: `shaper of ${change.port}: ${told.join(', ')}`, deeds };
}

function deedsFor(plan: Plan, name: string, direction: Direction, bucket: Bucket | null): ShapeDeed[] {
  const { sw, port } = plan.ports.get(name)!;
  const shaper = sw.shaping?.shapers.find((each) => each.port === port.number && each.direction === direction);
  if (shaper === undefined) {
    throw new NetworkError(
      `${name} has no shaper ${direction}; give it one in the topology, shaping: { ${direction}: { average: 1T } }, or name it in an event`,
    );
  }
  // What comes by a cable is held back by whoever sends it.
  const cable = shaper.place === null ? cableTo(plan, name) : undefined;
  if (shaper.place === null && cable === undefined) return [];
  const owner = cable === undefined ? sw : plan.ports.get(cable.from!)!.sw;
  const setShaper = {
    switchAddress: owner.address,
    shaperAddress: shaper.address,
    averageBps: bucket?.averageBps ?? 0,
    peakBps: bucket?.peakBps ?? 0,
    burstBytes: bucket?.burstBytes ?? 0,
    slackNs: slackOf(plan.workers[0]!.heapAt !== 0),
  };
  return [{ sw: owner, body: { setShaper } }];
}

function spoken(bucket: Bucket | null): string {
  if (bucket === null) return 'off';
  const peak = bucket.peakBps === null ? '' : ` to ${bits(bucket.peakBps)}`;
  return `${bits(bucket.averageBps)}${peak}, burst ${bucket.burstBytes} bytes`;
}
