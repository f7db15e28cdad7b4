/** What an event says of VMs, uplinks and port groups that come and go. What depends on the course of the run is found out in it. */
import type { ChangeAction } from './change-model.ts';
import type { EventEntry } from './event-schema.ts';
import type { Host, PortName } from './model.ts';
import { ownerOf, portIndex, vswitchOf } from './ports.ts';
import type { Path, Problems } from './problem.ts';
import { inDoubt, kindOf, portAt } from './reference.ts';
import type { Scene } from './scene.ts';
import { hint } from './suggestion.ts';
import { isVmkernel, whyItStays } from './vmkernel.ts';
import { cautionMove } from './watcher.ts';

type Key = 'attach' | 'detach' | 'migrate' | 'addUplink' | 'removeUplink' | 'addPortGroup' | 'removePortGroup';

/** The action that stands at `path`; null after a problem. */
export function changeAction(
  key: Key,
  entry: EventEntry,
  scene: Scene,
  path: Path,
  problems: Problems,
): ChangeAction | null {
  const reader = new ChangeReader(scene, problems);
  switch (key) {
    case 'attach': {
      const { vm, to } = entry.attach!;
      const vmPath = at(entry.attach, path, 'vm');
      if (!reader.isVm(vm, vmPath) || !reader.isHost(to, [...path, 'to'])) return null;
      cautionMove(scene, vm, to, vmPath, problems);
      return { attach: { vm, ...(to !== undefined && { to }) } };
    }
    case 'detach':
      if (!reader.isVm(entry.detach!, path)) return null;
      cautionMove(scene, entry.detach!, null, path, problems);
      return { detach: entry.detach! };
    case 'migrate': {
      const { vm, to, downtime = 0 } = entry.migrate!;
      const isFine = reader.isVm(vm, [...path, 'vm']) && reader.isHost(to, [...path, 'to']);
      if (!isFine || reader.isOnly(vm, to, [...path, 'to'])) return null;
      cautionMove(scene, vm, to, [...path, 'vm'], problems);
      return { migrate: { vm, to, downtimeNs: downtime } };
    }
    case 'addUplink': {
      const { uplink, as } = entry.addUplink!;
      const port = reader.uplink(uplink, at(entry.addUplink, path, 'uplink'));
      return port === null ? null : { addUplink: { uplink: port, ...(as !== undefined && { as }) } };
    }
    case 'removeUplink': {
      const port = reader.uplink(entry.removeUplink!, path);
      if (port !== null) reader.cautionLast(port, path);
      return port === null ? null : { removeUplink: port };
    }
    case 'addPortGroup':
    case 'removePortGroup': {
      const name = entry[key]!;
      if (!reader.isGroup(name, path)) return null;
      return key === 'addPortGroup' ? { addPortGroup: name } : { removePortGroup: name };
    }
  }
}

/** A text that stands for a map with this key alone is where the key would be. */
function at(entry: object | undefined, path: Path, key: string): Path {
  return Object.values(entry ?? {}).filter((value) => value !== undefined).length > 1 ? [...path, key] : path;
}

class ChangeReader {
  readonly #scene: Scene;
  readonly #problems: Problems;

  constructor(scene: Scene, problems: Problems) {
    this.#scene = scene;
    this.#problems = problems;
  }

  get #hosts(): readonly Host[] {
    return this.#scene.world.hosts;
  }

  isVm(text: string, path: Path): boolean {
    const [owner = '', ...rest] = text.split('/');
    const host = this.#hosts.find(({ name }) => name === owner);
    if (isVmkernel(text, this.#scene.world)) {
      this.#problems.add(path, whyItStays(text));
      return false;
    }
    const vms = host?.vms.flatMap(({ name, vmkernel }) => (vmkernel ? [] : [name])) ?? [];
    if (vms.includes(rest.join('/'))) return true;
    if (inDoubt(text, this.#scene.world, this.#problems)) return false;
    const hosts = this.#hosts.map(({ name }) => name);
    if (rest.length === 0) this.#problems.add(path, `${text} is not a VM; write host/vm, such as esx1/web1`);
    else if (host === undefined)
      this.#problems.add(path, `unknown host ${owner} in ${text}; ${hint(owner, hosts, 'known:')}`);
    else this.#problems.add(path, `unknown VM ${text}; ${hint(rest.join('/'), vms, `${owner} has`)}`);
    return false;
  }

  isHost(name: string | undefined, path: Path): boolean {
    const hosts = this.#hosts.map((host) => host.name);
    if (name === undefined || hosts.includes(name)) return true;
    if (!this.#problems.lost(['hosts'], 1))
      this.#problems.add(path, `unknown host ${name}; ${hint(name, hosts, 'known:')}`);
    return false;
  }

  /** Whether the VM is never anywhere else: then it cannot move there. */
  isOnly(vm: string, to: string, path: Path): boolean {
    const seats = this.#scene.changes?.seats ?? [];
    const { of } = seats.find(({ port }) => port === vm) ?? { of: vm };
    const places = seats.filter((seat) => seat.of === of).map(({ port }) => ownerOf(port));
    // After a problem with its seat there may be fewer places than were asked for.
    if (places.length !== 1 || places[0] !== to || this.#problems.count > 0) return false;
    this.#problems.add(path, `${vm} is at ${to} all the time; name the host that it moves to`);
    return true;
  }

  uplink(text: string, path: Path): PortName | null {
    const { world } = this.#scene;
    const port = portAt(text, world, path, this.#problems);
    if (port === null) return null;
    const refuse = (why: string): null => {
      this.#problems.add(path, why);
      return null;
    };
    if (portIndex(world).get(port)?.kind !== 'uplink')
      return refuse(`${kindOf(port, world)}; only an uplink comes and goes with its host's card`);
    const vswitch = vswitchOf(port, world);
    if (vswitch === undefined) return refuse(`${port} belongs to no vSwitch; list it in uplinks of one`);
    if (vswitch.lag !== null)
      return refuse(`${port} belongs to the LAG of ${vswitch.name}, whose members stay; use unplug and plug`);
    return port;
  }

  cautionLast(port: PortName, path: Path): void {
    const vswitch = vswitchOf(port, this.#scene.world);
    if (vswitch?.uplinks.length === 1)
      this.#problems.warn(
        path,
        `${port} is the only uplink of ${vswitch.name}; without it nothing reaches the outside`,
      );
  }

  isGroup(text: string, path: Path): boolean {
    const [owner = '', own = '', ...rest] = text.split('/');
    const host = this.#hosts.find(({ name }) => name === owner);
    const vswitch = host?.vswitches.find(({ name }) => name === own);
    const groups = vswitch?.portGroups.map(({ name }) => name) ?? [];
    if (groups.includes(rest.join('/'))) return true;
    if (this.#problems.lost(['hosts', owner], 4)) return false;
    const hosts = this.#hosts.map(({ name }) => name);
    const switches = host?.vswitches.map(({ name }) => name) ?? [];
    if (rest.length === 0)
      this.#problems.add(path, `${text} is no port group; write host/vSwitch/port group, such as esx1/vSwitch0/web`);
    else if (host === undefined)
      this.#problems.add(path, `unknown host ${owner} in ${text}; ${hint(owner, hosts, 'known:')}`);
    else if (vswitch === undefined)
      this.#problems.add(path, `unknown vSwitch ${own} in ${text}; ${hint(own, switches, `${owner} has`)}`);
    else this.#problems.add(path, `unknown port group ${text}; ${hint(rest.join('/'), groups, `${owner}/${own} has`)}`);
    return false;
  }
}
