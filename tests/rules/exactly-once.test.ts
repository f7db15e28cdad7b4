/** Invariants I1, I2 and I3 over the whole network: who gets a frame gets it once, and nobody gets his own. */
import { describe, expect, it } from 'vitest';
import { type Outcome, portOf } from '../engine/lab.ts';
import { labOf, mac, type Name, nameOf, places, shapes } from './networks.ts';

/** R1: after a frame came in by an uplink, its host sends it by none. */
function transits({ frames }: Outcome): string[] {
  const cameIn = new Set<string>();
  return frames.flatMap((frame) => {
    const [host, port] = portOf(frame).split('/') as [string, string];
    if (!port.startsWith('u')) return [];
    const journey = `${frame.packetId} ${host}`;
    if (frame.direction === 'in') cameIn.add(journey);
    return frame.direction === 'out' && cameIn.has(journey) ? [`${journey} ${port}`] : [];
  });
}

/** R3: copies that a host sent outside by its uplinks. */
function exits({ frames }: Outcome, host: string): number {
  return frames.filter((frame) => portOf(frame).startsWith(`${host}/u`) && frame.direction === 'out').length;
}

describe.each(shapes.map((shape) => [nameOf(shape), shape] as const))('%s', (_name, shape) => {
  const where = places(shape);
  const names = [...where.keys()];
  const others = (...but: Name[]) => names.filter((name) => !but.includes(name)).map((name) => where.get(name)!);

  it.each(['all', 'group'] as const)('gives a frame to %s to everyone else exactly once', (to) => {
    const lab = labOf(shape);
    for (const from of [...names, ...names]) {
      const outcome = lab.send(where.get(from)!, lab.frame(mac[to], mac[from]));
      expect(outcome.recipients, `from ${from}`).toEqual(others(from).sort());
      expect(transits(outcome)).toEqual([]);
      const [owner, port] = where.get(from)!.split('/') as [string, string];
      if (owner.startsWith('h')) expect(exits(outcome, owner), `${port} leaves ${owner} once`).toBe(1);
    }
  });

  it('gives a unicast to its destination exactly once, whoever has been heard before', () => {
    const lab = labOf(shape);
    for (const from of names) {
      for (const to of names) {
        if (from === to) continue;
        const outcome = lab.send(where.get(from)!, lab.frame(mac[to], mac[from]));
        expect(new Set(outcome.recipients).size, `${from} > ${to}: nobody twice`).toBe(outcome.recipients.length);
        expect(outcome.recipients, `${from} > ${to}`).toContain(where.get(to));
        expect(outcome.recipients, `${from} > ${to}`).not.toContain(where.get(from));
        expect(transits(outcome)).toEqual([]);
      }
    }
    // By now all are known, and a frame is its recipient's alone.
    for (const [from, to] of [
      ['a', 'x'],
      ['x', 'b'],
      ['y', 'c'],
      ['b', 'a'],
    ] as const) {
      expect(lab.send(where.get(from)!, lab.frame(mac[to], mac[from])).recipients).toEqual([where.get(to)]);
    }
  });

  it('gives a unicast that the outside floods, having forgotten everything, to its destination once', () => {
    const lab = labOf(shape);
    for (const name of names) lab.send(where.get(name)!, lab.frame(mac.all, mac[name]));
    for (const to of ['a', 'b', 'c'] as const) {
      for (const name of ['tor', ...(shape.outside === 'one' ? [] : ['agg'])]) void lab.network.flush({ switch: name });
      const outcome = lab.send('tor/8', lab.frame(mac[to], mac.x));
      expect(outcome.recipients.filter((port) => port.startsWith('h1/'))).toEqual([`h1/${to}`]);
      const copies = outcome.drops.filter((drop) => drop.startsWith('h1/u'));
      expect(copies, 'R8 discards the copy of every other uplink').toHaveLength(shape.uplinks - 1);
      expect(new Set(copies.map((drop) => drop.split(' ')[1]))).toEqual(new Set(['rpf_unicast']));
    }
  });
});
