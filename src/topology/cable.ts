/**
 * The cables between uplinks and physical ports, from `to` of the uplinks and from `physical.links`.
 *
 * The same cable may stand in both places, or at both of its ends; its properties are put together.
 */
import { isDeepStrictEqual } from 'node:util';
import { type CableEntry, cableKeys } from './cable-schema.ts';
import type { Impairments, Link, PortName, Teaching } from './model.ts';
import { ownerOf, portIndex, vswitchOf, type World } from './ports.ts';
import { type Path, type Problems, pathText } from './problem.ts';
import { kindOf, portAt } from './reference.ts';
import type { File } from './schema.ts';

/** All cables: those of the uplinks in the order of the hosts, then those that stand in `physical.links` alone. */
export function linksOf(file: File, world: World, teaching: Teaching | null, problems: Problems): Link[] {
  const cabling = new Cabling(world, teaching?.disabled.includes(singleTier) ?? false, problems);
  const uplinks = Object.entries(file.hosts ?? {}).flatMap(([host, { uplinks = {} }]) =>
    Object.entries(uplinks).map(([name, entry]) => ({
      entry,
      port: `${host}/${name}`,
      path: ['hosts', host, 'uplinks', name],
    })),
  );
  for (const { port, entry, path } of uplinks) {
    if (entry.to !== undefined) cabling.lay({ text: port, path }, { text: entry.to, path: [...path, 'to'] });
  }
  const links = (file.physical?.links ?? []).flatMap((entry, i) =>
    entry === undefined ? [] : [{ entry, path: ['physical', 'links', i] }],
  );
  for (const { entry, path } of links) {
    const cable = cabling.lay({ text: entry.a, path: [...path, 'a'] }, { text: entry.b, path: [...path, 'b'] });
    if (cable !== undefined) cabling.give(cable, entry, path);
  }
  // Last, because a cable in physical.links may be the one an uplink without `to` speaks of.
  for (const { port, entry, path } of uplinks) cabling.giveTo(port, entry, path);
  return cabling.links();
}

/** R17: a host has one tier of vSwitches. */
const singleTier = 17;

/** A cable's end as the user wrote it. */
interface End {
  readonly text: string;
  readonly path: Path;
}

interface Cable {
  readonly a: PortName;
  readonly b: PortName;
  readonly given: Given;
}

/** What was said of a cable so far, with the place of the first mention. */
type Given = Map<keyof CableEntry, { readonly value: unknown; readonly path: Path }>;

class Cabling {
  readonly #world: World;
  readonly #tiersAllowed: boolean;
  readonly #problems: Problems;
  /** Both ends of every cable. */
  readonly #byPort = new Map<PortName, Cable>();
  readonly #cables: Cable[] = [];

  constructor(world: World, tiersAllowed: boolean, problems: Problems) {
    this.#world = world;
    this.#tiersAllowed = tiersAllowed;
    this.#problems = problems;
  }

  /** The cable between the two ends, a new one if there is none yet; undefined after a problem. */
  lay(endA: End, endB: End): Cable | undefined {
    const a = this.#socket(endA);
    const b = this.#socket(endB);
    if (a === null || b === null) return undefined;
    if (a === b) {
      this.#problems.add(endB.path, `${b} is cabled to itself; a cable has two different ends`);
      return undefined;
    }
    if (this.#isOneHost(a, b, endB.path)) return undefined;
    const there = this.#byPort.get(a);
    if (there !== undefined && (there.a === b || there.b === b)) return there;
    if (!this.#isFree(a, endA.path) || !this.#isFree(b, endB.path)) return undefined;
    const cable: Cable = { a, b, given: new Map() };
    this.#byPort.set(a, cable).set(b, cable);
    this.#cables.push(cable);
    return cable;
  }

  /** Properties written at an uplink, which need a cable on it. */
  giveTo(port: PortName, entry: CableEntry, path: Path): void {
    const cable = this.#byPort.get(port);
    if (cable !== undefined) {
      this.give(cable, entry, path);
    } else if (!('to' in entry) && !this.#problems.lost([...path, 'to'])) {
      for (const [key] of properties(entry)) {
        this.#problems.add([...path, key], `${key} has no cable; write to: the port at its other end`);
      }
    }
  }

  give(cable: Cable, entry: CableEntry, path: Path): void {
    for (const [key, value] of properties(entry)) {
      const place = [...path, key];
      const before = cable.given.get(key);
      if (before === undefined) cable.given.set(key, { value, path: place });
      else if (!isDeepStrictEqual(before.value, value)) {
        this.#problems.add(
          place,
          `${key} differs from ${pathText(before.path)}, which is the same cable; write it once`,
        );
      }
    }
  }

  links(): Link[] {
    return this.#cables.map(({ a, b, given }) => {
      const entry: CableEntry = Object.fromEntries([...given].map(([key, { value }]) => [key, value]));
      const impairments = impairmentsOf(entry);
      return {
        a,
        b,
        rateBps: entry.rate ?? null,
        delayNs: entry.delay ?? 0,
        queueFrames: entry.queue ?? 1024,
        ...(impairments !== null && { impairments }),
      };
    });
  }

  #socket({ text, path }: End): PortName | null {
    const name = portAt(text, this.#world, path, this.#problems);
    if (name === null || portIndex(this.#world).get(name)?.kind !== 'vNIC') return name;
    this.#problems.add(path, `${kindOf(name, this.#world)}; only uplinks and physical ports can be cabled`);
    return null;
  }

  /** Whether both are uplinks of one host, which only a lesson without R17 may join, and then two vSwitches. */
  #isOneHost(a: PortName, b: PortName, path: Path): boolean {
    if (ownerOf(a) !== ownerOf(b) || portIndex(this.#world).get(a)?.kind !== 'uplink') return false;
    if (!this.#tiersAllowed) {
      if (this.#problems.lost(['teaching'], 2)) return true;
      this.#problems.add(
        path,
        `${b} is on the same host as ${a}; rule R17 lets no vSwitches of one host be joined, cable it to a physical switch or another host`,
      );
      return true;
    }
    const vswitch = vswitchOf(a, this.#world);
    if (vswitch === undefined || vswitch !== vswitchOf(b, this.#world)) return false;
    this.#problems.add(path, `${b} is an uplink of the same vSwitch as ${a}; cable it to another vSwitch`);
    return true;
  }

  #isFree(port: PortName, path: Path): boolean {
    const cable = this.#byPort.get(port);
    if (cable === undefined) return true;
    const other = cable.a === port ? cable.b : cable.a;
    this.#problems.add(path, `${port} is linked to ${other} already; a port takes one cable`);
    return false;
  }
}

/** What befalls frames on a cable; null where nothing is said of it. */
function impairmentsOf({ loss, duplicate, corrupt, reorder, jitter }: CableEntry): Impairments | null {
  if ([loss, duplicate, corrupt, reorder, jitter].every((value) => value === undefined)) return null;
  return {
    loss: loss ?? 0,
    duplicate: duplicate ?? 0,
    corrupt: corrupt ?? 0,
    reorder: reorder === undefined ? null : { share: reorder.share, byNs: reorder.by },
    jitterNs: jitter ?? 0,
  };
}

function properties(entry: CableEntry): [keyof CableEntry, unknown][] {
  const keys = Object.keys(cableKeys) as (keyof CableEntry)[];
  return keys.flatMap((key) => (entry[key] === undefined ? [] : [[key, entry[key]] as [keyof CableEntry, unknown]]));
}
