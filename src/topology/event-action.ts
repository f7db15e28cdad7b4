/**
 * What an event does: one action, on things that there are.
 */
import { changeAction } from './change-action.ts';
import { type EventAction, fixedRules } from './event-model.ts';
import { actionKeys, type EventEntry } from './event-schema.ts';
import { mirrorNames } from './mirror.ts';
import type { PortName } from './model.ts';
import { isGlob, matchPorts, ownerOf, portIndex, vswitchOf } from './ports.ts';
import type { Path, Problems } from './problem.ts';
import { inDoubt, isSwitch, kindOf, portAt, switchAt } from './reference.ts';
import type { Scene } from './scene.ts';
import { readShape } from './shaping-event.ts';
import { hint } from './suggestion.ts';

type WireEntry = NonNullable<EventEntry['wire']>;
type ActionKey = keyof typeof actionKeys;

const keys = Object.keys(actionKeys) as ActionKey[];

/** Reads the actions of events; null after a problem. */
export class ActionReader {
  readonly #scene: Scene;
  readonly #problems: Problems;

  constructor(scene: Scene, problems: Problems) {
    this.#scene = scene;
    this.#problems = problems;
  }

  read(entry: EventEntry, path: Path): EventAction | null {
    const given = keys.filter((key) => entry[key] !== undefined);
    const [key, second] = given;
    if (key === undefined) {
      if (!this.#problems.lost(path, 3)) this.#problems.add(path, `nothing happens; write one of ${keys.join(', ')}`);
      return null;
    }
    if (second !== undefined) {
      return this.#refuse([...path, second], `${key} and ${second} in one event; write two events`, 'key');
    }
    return this.#one(key, entry, [...path, key]);
  }

  #one(key: ActionKey, entry: EventEntry, path: Path): EventAction | null {
    switch (key) {
      case 'unplug':
      case 'plug': {
        const port = this.#cabled(entry[key]!, path);
        return port === null ? null : key === 'plug' ? { plug: port } : { unplug: port };
      }
      case 'linkDown':
      case 'linkUp': {
        const port = this.#port(entry[key]!, path);
        return port === null ? null : key === 'linkUp' ? { linkUp: port } : { linkDown: port };
      }
      case 'flap':
        return this.#flap(entry, path);
      case 'wire':
        return this.#wire(entry.wire!, path);
      case 'stopVm':
      case 'startVm': {
        if (!this.#isVm(entry[key]!, path)) return null;
        return key === 'startVm' ? { startVm: entry[key]! } : { stopVm: entry[key]! };
      }
      case 'stopTraffic':
      case 'startTraffic': {
        if (!this.#sends(entry[key]!, path)) return null;
        return key === 'startTraffic' ? { startTraffic: entry[key]! } : { stopTraffic: entry[key]! };
      }
      case 'ruleOff':
      case 'ruleOn': {
        if (!this.#isSwitchable(entry[key]!, path)) return null;
        return key === 'ruleOn' ? { ruleOn: entry[key]! } : { ruleOff: entry[key]! };
      }
      case 'crash':
      case 'boot': {
        if (!this.#isOwner(entry[key]!, path)) return null;
        return key === 'boot' ? { boot: entry[key]! } : { crash: entry[key]! };
      }
      case 'flush': {
        if (!entry.flush!.includes('/') || isSwitch(entry.flush!, this.#scene.world)) {
          return switchAt(entry.flush!, this.#scene.world, path, this.#problems) ? { flush: entry.flush! } : null;
        }
        const port = this.#port(entry.flush!, path);
        return port === null ? null : { flush: port };
      }
      case 'activate':
        return this.#activate(entry.activate!, path);
      case 'changeMac': {
        const port = this.#kind(entry.changeMac!.port, 'vNIC', 'only a vNIC has a guest', [...path, 'port']);
        return port === null ? null : { changeMac: { port, mac: entry.changeMac!.mac } };
      }
      case 'shape':
        return readShape(entry.shape!, this.#scene.world, path, this.#problems);
      case 'join':
      case 'leave': {
        const port = this.#listener(entry[key]!.port, [...path, 'port']);
        if (port === null) return null;
        const membership = { port, group: entry[key]!.group };
        return key === 'join' ? { join: membership } : { leave: membership };
      }
      case 'captureOff':
      case 'captureOn': {
        if (!this.#isCaptured(entry[key]!, path)) return null;
        return key === 'captureOn' ? { captureOn: entry[key]! } : { captureOff: entry[key]! };
      }
      case 'mirrorOn':
      case 'mirrorOff': {
        if (!this.#isMirror(entry[key]!, path)) return null;
        return key === 'mirrorOn' ? { mirrorOn: entry[key]! } : { mirrorOff: entry[key]! };
      }
      case 'note':
        return { note: entry.note! };
      default:
        return changeAction(key, entry, this.#scene, path, this.#problems);
    }
  }

  #flap(entry: EventEntry, path: Path): EventAction | null {
    const { down, up, times } = entry.flap!;
    const port = this.#port(entry.flap!.port, [...path, 'port']);
    if (entry.every !== undefined || entry.times !== undefined) {
      const key = entry.every === undefined ? 'times' : 'every';
      return this.#refuse([...path.slice(0, -1), key], `a flap has its own times; leave ${key} out`, 'key');
    }
    for (const side of ['down', 'up'] as const) {
      if (entry.flap![side] === 0) return this.#refuse([...path, side], '0 is no time to pass; write such as 2ms');
    }
    return port === null ? null : { flap: { port, downNs: down, upNs: up, times: times ?? 1 } };
  }

  /** What was planned for the cable bounds what may become of it. */
  #wire({ port: text, rate, delay, queue, reorder, jitter, ...shares }: WireEntry, path: Path): EventAction | null {
    const port = this.#cabled(text, [...path, 'port']);
    const link = this.#scene.links.find(({ a, b }) => a === port || b === port);
    if (port === null || link === undefined) return null;
    if (delay !== undefined && (delay === 0) !== (link.delayNs === 0)) {
      const why =
        delay === 0
          ? 'the cable has a delay, and keeps some; write 1ns'
          : 'the cable has no delay; give it one where it stands';
      return this.#refuse([...path, 'delay'], `${why}, for without one its ends are moved as one`);
    }
    const queueMax = 2 ** Math.ceil(Math.log2(link.queueFrames));
    if (queue !== undefined && queue > queueMax) {
      return this.#refuse(
        [...path, 'queue'],
        `${queue} is more than there is memory for; 1 to ${queueMax}, or a longer queue where the cable stands`,
      );
    }
    if (reorder !== undefined && (link.impairments?.reorder ?? null) === null) {
      const why =
        'the cable has no memory for frames that are held back; write reorder: { share: 0%, by: 50us } where it stands';
      return this.#refuse([...path, 'reorder'], why);
    }
    const given = Object.fromEntries(Object.entries(shares).filter(([, share]) => share !== undefined));
    const wire = {
      port,
      ...(rate !== undefined && { rateBps: rate }),
      ...(delay !== undefined && { delayNs: delay }),
      ...(queue !== undefined && { queueFrames: queue }),
      ...given,
      ...(reorder !== undefined && { reorder: { share: reorder.share, byNs: reorder.by } }),
      ...(jitter !== undefined && { jitterNs: jitter }),
    };
    if (Object.keys(wire).length > 1) return { wire };
    return this.#problems.lost(path, 2)
      ? null
      : this.#refuse(path, 'nothing of the cable changes; write such as loss: 10%');
  }

  #activate(text: string, path: Path): EventAction | null {
    const port = this.#kind(text, 'uplink', 'only an uplink can be made active', path);
    if (port === null) return null;
    const vswitch = vswitchOf(port, this.#scene.world);
    const own = port.slice(ownerOf(port).length + 1);
    const isMember = [vswitch, ...(vswitch?.portGroups ?? [])].some(
      (each) => each?.teaming.active.includes(own) || each?.teaming.standby.includes(own),
    );
    if (!isMember) return this.#refuse(path, `${port} is unused; no team has it as active or standby`);
    return { activate: port };
  }

  #isSwitchable(rule: string, path: Path): boolean {
    if (fixedRules.includes(rule)) {
      const why = `${rule} works on how ports and cables are set up; it is on or off for a whole run: teaching: { disable: [${rule}] }`;
      this.#problems.add(path, why);
      return false;
    }
    if (path.at(-1) === 'ruleOff')
      this.#problems.warn(path, `without ${rule} frames may loop or come twice, until ruleOn: ${rule}`);
    return true;
  }

  /** A vNIC, or a pattern of some, from which streams go out. */
  #sends(text: string, path: Path): boolean {
    const { world, streams } = this.#scene;
    const names = isGlob(text) ? matchPorts(world, text) : [this.#port(text, path)];
    if (names.includes(null) || inDoubt(text, world, this.#problems) || this.#problems.lost(['traffic'], 2))
      return false;
    if (streams.some(({ from }) => names.includes(from))) return true;
    this.#problems.add(path, `${text} sends no traffic; name a vNIC that stands as from in traffic, or *`);
    return false;
  }

  #isVm(text: string, path: Path): boolean {
    const { world } = this.#scene;
    const [owner = '', ...rest] = text.split('/');
    const host = world.hosts.find(({ name }) => name === owner);
    const vms = host?.vms.map(({ name }) => name) ?? [];
    if (vms.includes(rest.join('/'))) return true;
    if (inDoubt(text, world, this.#problems)) return false;
    const hosts = world.hosts.map(({ name }) => name);
    if (rest.length === 0) this.#problems.add(path, `${text} is not a VM; write host/vm, such as esx1/web1`);
    else if (host === undefined)
      this.#problems.add(path, `unknown host ${owner} in ${text}; ${hint(owner, hosts, 'known:')}`);
    else this.#problems.add(path, `unknown VM ${text}; ${hint(rest.join('/'), vms, `${owner} has`)}`);
    return false;
  }

  #isCaptured(file: string, path: Path): boolean {
    const files = this.#scene.captures.map((capture) => capture.file);
    if (files.includes(file)) return true;
    if (!this.#problems.lost(['captures'], 2))
      this.#problems.add(path, `no capture goes to ${file}; ${hint(file, files, 'there are')}`);
    return false;
  }

  #isMirror(text: string, path: Path): boolean {
    const { world } = this.#scene;
    const names = mirrorNames(world);
    if (names.includes(text)) return true;
    if (!inDoubt(text, world, this.#problems))
      this.#problems.add(path, `unknown mirror ${text}; ${hint(text, names, 'there are')}`);
    return false;
  }

  #isOwner(name: string, path: Path): boolean {
    const { hosts, switches } = this.#scene.world;
    const owners = [...hosts, ...switches].map((each) => each.name);
    if (owners.includes(name)) return true;
    if (!inDoubt(name, this.#scene.world, this.#problems))
      this.#problems.add(path, `unknown host or switch ${name}; ${hint(name, owners, 'known:')}`);
    return false;
  }

  /** A vNIC whose guest joins groups. */
  #listener(text: string, path: Path): PortName | null {
    const port = this.#kind(text, 'vNIC', 'only a vNIC has a guest', path);
    const found = port === null ? undefined : portIndex(this.#scene.world).get(port);
    if (found?.kind !== 'vNIC' || found.nic.listening !== undefined) return port;
    return this.#refuse(path, `the guest at ${port} takes every group and joins none; write groups: [] at the vNIC`);
  }

  #port(text: string, path: Path): PortName | null {
    return portAt(text, this.#scene.world, path, this.#problems);
  }

  #kind(text: string, kind: 'vNIC' | 'uplink', why: string, path: Path): PortName | null {
    const port = this.#port(text, path);
    if (port === null || portIndex(this.#scene.world).get(port)?.kind === kind) return port;
    return this.#refuse(path, `${kindOf(port, this.#scene.world)}; ${why}`);
  }

  #cabled(text: string, path: Path): PortName | null {
    const port = this.#port(text, path);
    if (port === null || this.#scene.links.some(({ a, b }) => a === port || b === port)) return port;
    if (['hosts', 'physical'].some((part) => this.#problems.lost([part], 6))) return null;
    return this.#refuse(path, `${port} has no cable; linkDown and linkUp are for one port alone`);
  }

  #refuse(path: Path, message: string, place: 'key' | 'value' = 'value'): null {
    this.#problems.add(path, message, place);
    return null;
  }
}
