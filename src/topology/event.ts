/**
 * The events of a run: one trigger and one action each, with all names resolved.
 */
import {
  type EventAction,
  type EventCondition,
  type EventTrigger,
  fixedRules,
  portCounters,
  type TopologyEvent,
} from './event-model.ts';
import { actionKeys, type ConditionEntry, type EventEntry } from './event-schema.ts';
import { rulesThatDrop, verdictNames } from './generated/verdicts.ts';
import { limits } from './limits.ts';
import type { Link, PortName, Stream } from './model.ts';
import { isGlob, matchPorts, ownerOf, portIndex, vswitchOf, type World } from './ports.ts';
import type { Path, Problems } from './problem.ts';
import { inDoubt, kindOf, portAt } from './reference.ts';
import { count } from './scalar.ts';
import type { File } from './schema.ts';
import { hint } from './suggestion.ts';

/** What events may be about. */
interface Scene {
  readonly world: World;
  readonly links: readonly Link[];
  readonly streams: readonly Stream[];
}

/** As long as the clock goes: 52 bits of ns, 52 days. */
const timeNsMax = 2 ** 52 - 1;
const actions = Object.keys(actionKeys) as (keyof typeof actionKeys)[];

export function eventsOf(file: File, scene: Scene, problems: Problems): TopologyEvent[] {
  const entries = file.events ?? [];
  if (entries.length > limits.events) {
    problems.add(['events'], `too many events; at most ${count(limits.events)}`);
    return [];
  }
  const checker = new Checker(scene, problems);
  const events = entries.flatMap((entry, i) => {
    if (entry === undefined) return [];
    const path = ['events', i];
    const action = checker.action(entry, path);
    const trigger = checker.trigger(entry, path);
    return action === null || trigger === null ? [] : [{ trigger, action }];
  });
  cautionBegins(file, problems);
  return events;
}

class Checker {
  readonly #scene: Scene;
  readonly #problems: Problems;

  constructor(scene: Scene, problems: Problems) {
    this.#scene = scene;
    this.#problems = problems;
  }

  trigger(entry: EventEntry, path: Path): EventTrigger | null {
    const { at, when, every, after, times } = entry;
    const has = (key: string) => this.#problems.lost([...path, key], 1);
    if (at === undefined && when === undefined) {
      if (!has('at') && !has('when'))
        this.#problems.add(path, 'no at and no when; write when it happens, such as at: 5ms');
      return null;
    }
    if (at !== undefined && when !== undefined) {
      return this.#refuse([...path, 'when'], 'at and when stand together; an event has one of them', 'key');
    }
    if (at !== undefined) {
      if (after !== undefined) return this.#refuse([...path, 'after'], 'after goes with when; add it to at', 'key');
      if (at > timeNsMax) return this.#refuse([...path, 'at'], 'later than the clock goes; at most 52 days');
      if (every === 0) return this.#refuse([...path, 'every'], '0 is no time to pass; write such as 10ms');
      if (times !== undefined && every === undefined) {
        return this.#refuse(
          [...path, 'times'],
          'times goes with every, which is missing; write such as every: 10ms',
          'key',
        );
      }
      return { atNs: at, everyNs: every ?? null, times: every === undefined ? 1 : (times ?? null) };
    }
    if (every !== undefined) {
      return this.#refuse([...path, 'every'], 'every goes with at; with when, times says how often', 'key');
    }
    const condition = this.#condition(when!, [...path, 'when']);
    return condition === null ? null : { when: condition, afterNs: after ?? 0, times: times ?? 1 };
  }

  #condition(entry: ConditionEntry, path: Path): EventCondition | null {
    const kinds = (['counter', 'moved', 'rule'] as const).filter((key) => entry[key] !== undefined);
    if (kinds.length !== 1) {
      if (kinds.length === 0 && this.#problems.lost(path, 1)) return null;
      return this.#refuse(path, 'a condition has one of counter, moved and rule');
    }
    const allowed = { counter: ['port', 'above'], moved: ['in'], rule: ['above', 'in'] }[kinds[0]!];
    for (const key of ['port', 'above', 'in'] as const) {
      if (entry[key] === undefined || allowed.includes(key)) continue;
      return this.#refuse([...path, key], `${key} does not go with ${kinds[0]}; leave it out`, 'key');
    }
    if (entry.counter !== undefined) return this.#counter(entry.counter, entry, path);
    if (entry.in !== undefined && !this.#isSwitch(entry.in, [...path, 'in'])) return null;
    const where = entry.in === undefined ? {} : { in: entry.in };
    if (entry.moved !== undefined) return { moved: entry.moved, ...where };
    if (!rulesThatDrop.includes(entry.rule!)) {
      const why = `${entry.rule} drops no frame itself; ${rulesThatDrop.join(', ')} do`;
      return this.#refuse([...path, 'rule'], why);
    }
    return { rule: entry.rule!, above: entry.above ?? 0, ...where };
  }

  #counter(counter: string, entry: ConditionEntry, path: Path): EventCondition | null {
    const known = [...portCounters, ...verdictNames];
    if (!known.includes(counter)) {
      return this.#refuse([...path, 'counter'], `unknown counter ${counter}; ${hint(counter, known, 'there are')}`);
    }
    if (entry.port === undefined) {
      if (this.#problems.lost([...path, 'port'])) return null;
      return this.#refuse(path, `${counter} is the counter of a port; write port: esx1/vm1 or the like`);
    }
    if (entry.above === undefined) {
      if (this.#problems.lost([...path, 'above'])) return null;
      return this.#refuse(path, `no figure that ${counter} passes; write above: 0 or the like`);
    }
    const port = this.#port(entry.port, [...path, 'port']);
    if (port === null) return null;
    const isGuests = counter === 'sent' || counter === 'received';
    if (isGuests && portIndex(this.#scene.world).get(port)?.kind !== 'vNIC') {
      return this.#refuse(
        [...path, 'counter'],
        `${counter} is a guest's; ${kindOf(port, this.#scene.world)}; write txFrames`,
      );
    }
    return { counter, port, above: entry.above };
  }

  action(entry: EventEntry, path: Path): EventAction | null {
    const given = actions.filter((key) => entry[key] !== undefined);
    const [key, second] = given;
    if (key === undefined) {
      if (!actions.some((each) => this.#problems.lost([...path, each], 2))) {
        this.#problems.add(path, `nothing happens; write one of ${actions.join(', ')}`);
      }
      return null;
    }
    if (second !== undefined) {
      return this.#refuse([...path, second], `${key} and ${second} in one event; write two events`, 'key');
    }
    return this.#one(key, entry, [...path, key]);
  }

  #one(key: keyof typeof actionKeys, entry: EventEntry, path: Path): EventAction | null {
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
        if (!entry.flush!.includes('/') || this.#switches().includes(entry.flush!)) {
          return this.#isSwitch(entry.flush!, path) ? { flush: entry.flush! } : null;
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
      case 'note':
        return { note: entry.note! };
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

  #isOwner(name: string, path: Path): boolean {
    const { hosts, switches } = this.#scene.world;
    const owners = [...hosts, ...switches].map((each) => each.name);
    if (owners.includes(name)) return true;
    if (!inDoubt(name, this.#scene.world, this.#problems))
      this.#problems.add(path, `unknown host or switch ${name}; ${hint(name, owners, 'known:')}`);
    return false;
  }

  #switches(): string[] {
    const { hosts, switches } = this.#scene.world;
    const vswitches = hosts.flatMap((host) => host.vswitches.map(({ name }) => `${host.name}/${name}`));
    return [...vswitches, ...switches.map(({ name }) => name)];
  }

  #isSwitch(name: string, path: Path): boolean {
    const known = this.#switches();
    if (known.includes(name)) return true;
    if (!inDoubt(name, this.#scene.world, this.#problems))
      this.#problems.add(path, `unknown switch ${name}; ${hint(name, known, 'there are')}`);
    return false;
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

/** What starts again without having stopped. Whoever waits for a condition may mean any order. */
function cautionBegins({ events: entries = [], teaching }: File, problems: Problems): void {
  const pairs = [
    ['boot', 'crash', 'has not crashed'],
    ['startVm', 'stopVm', 'has not been stopped'],
    ['startTraffic', 'stopTraffic', 'has not been stopped'],
    ['ruleOn', 'ruleOff', 'has not been switched off'],
  ] as const;
  entries.forEach((entry, i) => {
    for (const [begin, end, why] of pairs) {
      const name = entry?.[begin];
      if (name === undefined || (begin === 'ruleOn' && teaching?.disable?.some((rule) => `R${rule}` === name)))
        continue;
      const isEnded = entries.some((other) => {
        if (other?.[end] !== name && !(end === 'stopTraffic' && other?.[end] !== undefined)) return false;
        return other?.at === undefined || entry?.at === undefined || other.at <= entry.at;
      });
      if (!isEnded) problems.warn(['events', i, begin], `${name} ${why} before; nothing comes of it`);
    }
  });
}
