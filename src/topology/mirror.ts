/**
 * Mirrors: which ports they copy, and where to. Looked at once all ports are known; a port that copies go to has no other life.
 */

import type { Ping } from './guest-model.ts';
import type { Mirror } from './mirror-model.ts';
import { type MirrorEntry, verdictsToCopy } from './mirror-schema.ts';
import type { PhysicalSwitch, PortName, PortVlan, Stream, VlanRange, VSwitch } from './model.ts';
import { fits, isGlob, type World } from './ports.ts';
import type { Path, Problems } from './problem.ts';
import type { File } from './schema.ts';
import { hint } from './suggestion.ts';
import { difference, union } from './vlan.ts';

const mirrorsMax = 32;

interface PortHere {
  readonly name: PortName;
  readonly kind: 'vNIC' | 'uplink' | 'physical port';
  readonly vlan: PortVlan;
  readonly lag: string | undefined;
}

/** A switch with mirrors, as far as they are concerned. */
interface Place {
  /** In front of a port's own name. */
  readonly owner: string;
  readonly name: string;
  readonly ports: readonly PortHere[];
  readonly entries: Readonly<Record<string, MirrorEntry>>;
  readonly uplinkVlans: readonly VlanRange[] | undefined;
  readonly isVirtual: boolean;
  readonly path: Path;
}

/** The world with its mirrors; uplinks carry the RSPAN VLANs that their vSwitch's mirrors need. */
export function withMirrors(file: File, world: World, problems: Problems): World {
  const places = placesOf(file, world);
  if (places.length === 0) return world;
  const remote = new Set(places.flatMap(({ entries }) => Object.values(entries).flatMap(({ to }) => to?.vlan ?? [])));
  const made = new Map(places.map((place) => [place.name, mirrorsOf(place, problems)]));
  for (const place of places) {
    refuseUsedVlans(place, world, problems);
    refuseRouters(place, made.get(place.name)!, world, problems);
  }
  const vswitches = (host: string, each: VSwitch): VSwitch => {
    const mirrors = made.get(`${host}/${each.name}`);
    if (mirrors === undefined) return each;
    const entry = file.hosts![host]!.vswitches![each.name]!;
    return { ...each, mirrors, uplinkVlan: uplinkVlanOf(each.uplinkVlan, entry.uplinkVlans, mirrors, remote) };
  };
  return {
    hosts: world.hosts.map((host) => ({
      ...host,
      vswitches: host.vswitches.map((each) => vswitches(host.name, each)),
    })),
    switches: world.switches.map((each): PhysicalSwitch => {
      const mirrors = made.get(each.name);
      return mirrors === undefined ? each : { ...each, mirrors };
    }),
  };
}

/** All mirrors by name: `esx1/vSwitch0/span1`, `tor/span1`. */
export function mirrorNames({ hosts, switches }: World): string[] {
  const named = (owner: string, mirrors: readonly Mirror[] = []) => mirrors.map(({ name }) => `${owner}/${name}`);
  return [
    ...hosts.flatMap((host) => host.vswitches.flatMap((each) => named(`${host.name}/${each.name}`, each.mirrors))),
    ...switches.flatMap((each) => named(each.name, each.mirrors)),
  ];
}

/** Who stands where copies go only listens. */
export function cautionMirrors(
  world: World,
  streams: readonly Stream[],
  pings: readonly Ping[],
  problems: Problems,
): void {
  const senders = new Set(streams.map(({ from }) => from));
  const pinging = new Set(pings.map(({ from }) => from));
  for (const host of world.hosts) {
    for (const vswitch of host.vswitches) {
      for (const { name, to } of vswitch.mirrors ?? []) {
        if (!('port' in to)) continue;
        const path = ['hosts', host.name, 'vswitches', vswitch.name, 'mirrors', name, 'to'];
        const nic = host.vms.flatMap(({ nics }) => nics).find((each) => `${host.name}/${each.name}` === to.port);
        const unheard = [
          ...(nic?.guest?.dhcp === true ? ['asks for an address by DHCP'] : []),
          ...((nic?.listening?.groups ?? []).length > 0 ? ['joins groups'] : []),
          ...(pinging.has(to.port) ? ['pings'] : []),
        ];
        if (unheard.length > 0)
          problems.warn(
            path,
            `${to.port} ${unheard.join(' and ')}, which nobody hears: what comes from there is dropped as mirror_port`,
          );
        if (!senders.has(to.port)) continue;
        problems.warn(
          path,
          `${to.port} sends traffic, all of which is dropped as mirror_port: who watches only listens`,
        );
      }
    }
  }
}

function placesOf(file: File, { hosts, switches }: World): Place[] {
  const virtual = hosts.flatMap((host) =>
    host.vswitches.flatMap((vswitch): Place[] => {
      const entry = file.hosts?.[host.name]?.vswitches?.[vswitch.name];
      if (entry?.mirrors === undefined) return [];
      const groups = new Map(vswitch.portGroups.map((group) => [group.name, group.vlan]));
      const nics = host.vms.flatMap(({ nics }) => nics).filter((nic) => nic.vswitch === vswitch.name);
      const port = (kind: PortHere['kind'], name: string, vlan: PortVlan) => {
        return { name: `${host.name}/${name}`, kind, vlan, lag: undefined };
      };
      return [
        {
          owner: host.name,
          name: `${host.name}/${vswitch.name}`,
          ports: [
            ...nics.map((nic) => port('vNIC', nic.name, groups.get(nic.portGroup) ?? { mode: 'transparent' })),
            ...vswitch.uplinks.map((name) => port('uplink', name, vswitch.uplinkVlan)),
          ],
          entries: entry.mirrors,
          uplinkVlans: entry.uplinkVlans,
          isVirtual: true,
          path: ['hosts', host.name, 'vswitches', vswitch.name, 'mirrors'],
        },
      ];
    }),
  );
  const physical = switches.flatMap(({ name, ports }): Place[] => {
    const entries = file.physical?.switches?.[name]?.mirrors;
    if (entries === undefined) return [];
    const here = ports.map((port): PortHere => {
      return { name: `${name}/${port.name}`, kind: 'physical port', vlan: port.vlan, lag: port.lag };
    });
    const path = ['physical', 'switches', name, 'mirrors'];
    return [{ owner: name, name, ports: here, entries, uplinkVlans: undefined, isVirtual: false, path }];
  });
  return [...virtual, ...physical];
}

function mirrorsOf(place: Place, problems: Problems): Mirror[] {
  const entries = Object.entries(place.entries);
  if (entries.length > mirrorsMax) problems.add(place.path, `too many mirrors; at most ${mirrorsMax} on a switch`);
  // Where copies go, by port: nothing of it is mirrored.
  const takenBy = new Map<PortName, string>();
  const targets = entries.map(([name, { to }]) => {
    const port = to?.port === undefined ? null : targetOf(to.port, place, [...place.path, name, 'to'], problems);
    if (port !== null && !takenBy.has(port.name)) takenBy.set(port.name, name);
    return port;
  });
  return entries.flatMap(([name, entry], i) => {
    const path = [...place.path, name];
    const to = toOf(entry, targets[i]!, path, problems);
    checkKeys(place, entry, path, problems);
    const sources = (key: 'from' | 'in' | 'out') =>
      sourcesOf(entry[key] ?? [], place, takenBy, [...path, key], problems);
    const [both, into, out] = [sources('from'), sources('in'), sources('out')];
    const hasPorts = [entry.from, entry.in, entry.out].some((each) => each !== undefined);
    const drops = entry.drops ?? [];
    const all = place.ports.map((port) => port.name).filter((port) => !takenBy.has(port));
    const byVlan = !hasPorts && !entry.all && drops.length === 0 && entry.vlans !== undefined;
    const isNothing = !hasPorts && !entry.all && drops.length === 0 && !byVlan;
    if (isNothing && !problems.lost(path, 2))
      problems.add(path, 'nothing is copied; write from, in, out, vlans, drops or all', 'key');
    if (to === null) return [];
    return {
      name,
      in: entry.all || byVlan ? all : distinct([...both, ...into]),
      out: entry.all ? all : distinct([...both, ...out]),
      vlans: entry.vlans ?? null,
      byVlan,
      drops: verdictsToCopy.filter((verdict) => drops.includes(verdict)),
      to,
      snapBytes: entry.snap ?? null,
      sample: entry.sample ?? 1,
      transit: entry.transit ?? false,
      on: !(entry.off ?? false),
    };
  });
}

function toOf(entry: MirrorEntry, port: PortHere | null, path: Path, problems: Problems): Mirror['to'] | null {
  const to = entry.to;
  if (to === undefined || (to.port === undefined && to.vlan === undefined)) {
    if (!problems.lost([...path, 'to'], 1))
      problems.add([...path, 'to'], 'copies go nowhere; name a port, or { vlan: 999 }');
    return null;
  }
  if (to.port !== undefined && to.vlan !== undefined) {
    problems.add([...path, 'to'], 'copies go to a port or to a VLAN, not to both; write two mirrors');
    return null;
  }
  if (to.vlan !== undefined) return { vlan: to.vlan };
  return port === null ? null : { port: port.name };
}

/** The port that copies are to go to; null after a problem. */
function targetOf(text: string, place: Place, path: Path, problems: Problems): PortHere | null {
  const port = portHere(text, place, path, problems);
  if (port === null) return null;
  const refuse = (why: string) => {
    problems.add(path, why);
    return null;
  };
  if (port.kind === 'uplink')
    return refuse(
      `${port.name} is an uplink, which carries frames of all; for copies to leave the host write to: { vlan: 999 }`,
    );
  if (port.lag !== undefined)
    return refuse(`${port.name} belongs to LAG ${port.lag}, and copies go to a port that carries nothing else`);
  if (port.vlan.mode === 'tunnel')
    return refuse(`${port.name} is a tunnel port, which cannot show a frame's own VLAN; name an access or trunk port`);
  return port;
}

function portHere(text: string, place: Place, path: Path, problems: Problems): PortHere | null {
  const own = (name: string) => name.slice(place.owner.length + 1);
  const port = place.ports.find(({ name }) => name === text || own(name) === text);
  if (port !== undefined) return port;
  const top = place.isVirtual ? ['hosts', place.owner] : ['physical', 'switches', place.owner];
  if (!problems.lost(top, 2)) {
    const there = place.ports.map(({ name }) => own(name));
    problems.add(path, `unknown port ${text}; ${hint(text, there, `${place.name} has`)}`);
  }
  return null;
}

/** Ports that are named or that fit a pattern; a pattern passes over those that copies go to. */
function sourcesOf(
  texts: readonly (string | undefined)[],
  place: Place,
  takenBy: ReadonlyMap<PortName, string>,
  path: Path,
  problems: Problems,
): PortName[] {
  const own = (name: string) => name.slice(place.owner.length + 1);
  return texts.flatMap((text, i) => {
    if (text === undefined) return [];
    if (isGlob(text)) {
      const found = place.ports.filter(({ name }) => fits(text, name) || fits(text, own(name)));
      if (found.length === 0) problems.add([...path, i], `no port of ${place.name} fits ${text}`);
      return found.map(({ name }) => name).filter((name) => !takenBy.has(name));
    }
    const port = portHere(text, place, [...path, i], problems);
    if (port === null) return [];
    const taker = takenBy.get(port.name);
    if (taker === undefined) return [port.name];
    const isItself = path.at(-2) === taker;
    const why = isItself
      ? `the mirror copies to ${port.name}, and would mirror itself; leave the port out, or copy to another one`
      : `${port.name} is where the copies of mirror ${taker} go, and carries nothing else; leave it out`;
    problems.add([...path, i], why);
    return [];
  });
}

function checkKeys(place: Place, entry: MirrorEntry, path: Path, problems: Problems): void {
  const add = (key: string, why: string) => problems.add([...path, key], why, 'key');
  if (entry.all) {
    for (const key of ['from', 'in', 'out'] as const)
      if (entry[key] !== undefined) add(key, `all is every port already; leave ${key} out`);
  }
  const isTagged = place.ports.some(({ vlan }) => vlan.mode !== 'transparent');
  const remedy = 'no port has a vlan, so that tags pass unread; give one a vlan';
  if (entry.vlans !== undefined && !isTagged) add('vlans', remedy);
  const remote = entry.to?.vlan;
  if (remote !== undefined && !isTagged) problems.add([...path, 'to', 'vlan'], remedy);
  if (entry.transit && remote === undefined) add('transit', 'transit is for copies to a VLAN; leave it out');
  else if (entry.transit && !place.isVirtual) add('transit', 'a physical switch has no uplinks; leave transit out');
}

/** An RSPAN VLAN is nobody's own, and uplinks carry it. */
function refuseUsedVlans(place: Place, { hosts, switches }: World, problems: Problems): void {
  const groups = hosts.flatMap((host) =>
    host.vswitches.flatMap((vswitch) =>
      vswitch.portGroups.map(({ name, vlan }) => ({
        what: `port group ${name} of ${host.name}/${vswitch.name}`,
        vlan,
      })),
    ),
  );
  const natives = switches.flatMap((sw) =>
    sw.ports.flatMap(({ name, vlan }) => (vlan.mode === 'access' ? [] : { what: `${sw.name}/${name}`, vlan })),
  );
  for (const [name, { to }] of Object.entries(place.entries)) {
    const vid = to?.vlan;
    if (vid === undefined) continue;
    const path = [...place.path, name, 'to', 'vlan'];
    const user = [...groups, ...natives].find(({ vlan }) => ownVlan(vlan) === vid);
    if (user !== undefined)
      problems.add(path, `VLAN ${vid} is the own VLAN of ${user.what}; copies need a VLAN that no station is in`);
    const wanted = [{ first: vid, last: vid }];
    if (place.uplinkVlans !== undefined && difference(wanted, place.uplinkVlans).length > 0)
      problems.add(path, `the uplinks do not carry VLAN ${vid}; add it to uplinkVlans`);
  }
}

/** No router stands where copies go: what it says is not heard, and it gets nothing else. */
function refuseRouters(
  { owner, name, path }: Place,
  mirrors: readonly Mirror[],
  world: World,
  problems: Problems,
): void {
  const { hosts, switches } = world;
  const virtual = hosts.flatMap((host) => host.vswitches.map((each) => ({ name: `${host.name}/${each.name}`, each })));
  const here = [...virtual, ...switches.map((each) => ({ name: each.name, each }))].find((each) => each.name === name);
  for (const [i, router] of (here?.each.multicast?.routerPorts ?? []).entries()) {
    const taker = mirrors.find(({ to }) => 'port' in to && to.port === `${owner}/${router}`);
    if (taker === undefined) continue;
    const why = `${router} is where the copies of mirror ${taker.name} go, and carries nothing else; leave it out`;
    problems.add([...path.slice(0, -1), 'multicast', 'routerPorts', i], why);
  }
}

function ownVlan(vlan: PortVlan): number | undefined {
  if (vlan.mode === 'transparent') return undefined;
  return vlan.mode === 'trunk' ? vlan.native : vlan.vid;
}

function uplinkVlanOf(
  vlan: PortVlan,
  written: readonly VlanRange[] | undefined,
  mirrors: readonly Mirror[],
  remote: ReadonlySet<number>,
): PortVlan {
  if (written !== undefined || vlan.mode !== 'trunk') return vlan;
  const needed = [...remote].filter((vid) =>
    mirrors.some(({ to, vlans }) => {
      const isNamed = (vlans ?? []).some(({ first, last }) => first <= vid && vid <= last);
      return isNamed || ('vlan' in to && to.vlan === vid);
    }),
  );
  return { ...vlan, vids: union([...vlan.vids, ...needed.map((vid) => ({ first: vid, last: vid }))]) };
}

function distinct<T>(values: readonly T[]): T[] {
  return [...new Set(values)];
}
