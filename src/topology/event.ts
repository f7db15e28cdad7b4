/**
 * The events of a run: one trigger and one action each, with all names resolved.
 */
import { ActionReader } from './event-action.ts';
import { type EventCondition, type EventTrigger, portCounters, type TopologyEvent } from './event-model.ts';
import type { ConditionEntry, EventEntry } from './event-schema.ts';
import { rulesThatDrop, verdictNames } from './generated/verdicts.ts';
import { checkJoins } from './joining.ts';
import { limits } from './limits.ts';
import { portIndex } from './ports.ts';
import type { Path, Problems } from './problem.ts';
import { kindOf, portAt, switchAt } from './reference.ts';
import { count } from './scalar.ts';
import type { Scene } from './scene.ts';
import type { File } from './schema.ts';
import { hint } from './suggestion.ts';

/** As long as the clock goes: 52 bits of ns, 52 days. */
const timeNsMax = 2 ** 52 - 1;

export function eventsOf(file: File, scene: Scene, problems: Problems): TopologyEvent[] {
  const entries = file.events ?? [];
  if (entries.length > limits.events) {
    problems.add(['events'], `too many events; at most ${count(limits.events)}`);
    return [];
  }
  const actions = new ActionReader(scene, problems);
  const triggers = new TriggerReader(scene, problems);
  const events = entries.flatMap((entry, i) => {
    if (entry === undefined) return [];
    const path = ['events', i];
    const action = actions.read(entry, path);
    const trigger = triggers.read(entry, path);
    return action === null || trigger === null ? [] : [{ trigger, action }];
  });
  cautionBegins(file, problems);
  checkJoins(file, scene, problems);
  return events;
}

/** Reads when events happen; null after a problem. */
class TriggerReader {
  readonly #scene: Scene;
  readonly #problems: Problems;

  constructor(scene: Scene, problems: Problems) {
    this.#scene = scene;
    this.#problems = problems;
  }

  read(entry: EventEntry, path: Path): EventTrigger | null {
    const { at, when, every, after, times } = entry;
    if (at === undefined && when === undefined) {
      const isRead = !this.#problems.lost(path, 3);
      return isRead ? this.#refuse(path, 'no at and no when; write when it happens, such as at: 5ms') : null;
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
    if (entry.in !== undefined && !switchAt(entry.in, this.#scene.world, [...path, 'in'], this.#problems)) return null;
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
    const port = portAt(entry.port, this.#scene.world, [...path, 'port'], this.#problems);
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
