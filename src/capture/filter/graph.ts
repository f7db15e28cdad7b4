/**
 * Conditions as a graph of decisions: each node makes one test and says where to go on. Nodes only point to nodes that
 * were made before them, down to accept and reject.
 *
 * Then the graph is walked with what is known by then, so that nothing is asked twice on any way through it: `vlan 10 and
 * host 10.0.0.1 and tcp port 80` asks for the EtherType 13 times as written, and 5 times as run. What is left out was
 * loaded before on that way, so frames that are cut short get the same answer.
 */
import { type Condition, holds, keyOf, type Relation, type Value } from './condition.ts';

export interface Decision {
  readonly left: Value;
  readonly key: string;
  readonly relation: Relation;
  readonly right: Value;
  readonly yes: Target;
  readonly no: Target;
}

export type Target = Decision | boolean;

/** More decisions than this are not looked at again, and run as written. */
const SIMPLIFIED_MAX = 512;

/** The graph of a condition; null where it has more than `max` tests. */
export function graphOf(condition: Condition, max: number): Target | null {
  const builder = new Builder();
  const built = builder.build(condition, true, false, max);
  if (built === null) return null;
  return builder.count > SIMPLIFIED_MAX ? built : (new Simplifier().walk(built, new Map()) ?? built);
}

class Builder {
  count = 0;

  build(condition: Condition, yes: Target, no: Target, max: number): Target | null {
    switch (condition.kind) {
      case 'not':
        return this.build(condition.of, no, yes, max);
      case 'all':
      case 'any': {
        let target: Target = condition.kind === 'all' ? yes : no;
        for (const each of [...condition.of].reverse()) {
          const built: Target | null =
            condition.kind === 'all' ? this.build(each, target, no, max) : this.build(each, yes, target, max);
          if (built === null) return null;
          target = built;
        }
        return target;
      }
      case 'test': {
        if (++this.count > max) return null;
        const { left, relation, right } = condition;
        return { left, key: keyOf(left), relation, right, yes, no };
      }
    }
  }
}

/** What is known of a value: that it is a number, or how single tests of it ended. */
type Known = ReadonlyMap<string, number | boolean>;

class Simplifier {
  /** Made for a node and what was known there. */
  private readonly made = new Map<Decision, Map<string, Target>>();
  /** Same test, same ways on: one node. */
  private readonly shared = new Map<string, Decision>();
  private readonly numbers = new Map<Decision, number>();
  private readonly asked = new Map<Decision, ReadonlySet<string>>();
  private steps = 0;

  /** Null where the graph would become too large. */
  walk(node: Target, known: Known): Target | null {
    if (typeof node === 'boolean') return node;
    const outcome = outcomeOf(node, known);
    if (outcome !== null) return this.walk(outcome ? node.yes : node.no, known);
    const relevant = this.relevant(node, known);
    const state = JSON.stringify([...relevant].sort(([a], [b]) => (a < b ? -1 : 1)));
    const before = this.made.get(node)?.get(state);
    if (before !== undefined) return before;
    if (++this.steps > 8 * SIMPLIFIED_MAX) return null;
    const yes = this.walk(node.yes, learned(relevant, node, true));
    const no = this.walk(node.no, learned(relevant, node, false));
    if (yes === null || no === null) return null;
    // A test that can only reject may go, for so would a load that fails.
    const made = yes === false && no === false ? false : this.share({ ...node, yes, no });
    const states = this.made.get(node) ?? new Map<string, Target>();
    this.made.set(node, states.set(state, made));
    return made;
  }

  private share(node: Decision): Target {
    const key = `${testKey(node)} ${this.nameOf(node.yes)} ${this.nameOf(node.no)}`;
    const before = this.shared.get(key);
    if (before !== undefined) return before;
    this.shared.set(key, node);
    this.numbers.set(node, this.numbers.size);
    return node;
  }

  private nameOf(target: Target): string {
    return typeof target === 'boolean' ? String(target) : String(this.numbers.get(target));
  }

  /** Of what is known, what is asked again from here on. */
  private relevant(node: Decision, known: Known): Known {
    const asked = this.askedFrom(node);
    return new Map([...known].filter(([key]) => asked.has(key)));
  }

  private askedFrom(node: Decision): ReadonlySet<string> {
    const before = this.asked.get(node);
    if (before !== undefined) return before;
    const asked = new Set([node.key, testKey(node)]);
    for (const next of [node.yes, node.no]) {
      if (typeof next !== 'boolean') for (const key of this.askedFrom(next)) asked.add(key);
    }
    this.asked.set(node, asked);
    return asked;
  }
}

const testKey = (node: Decision): string => `${node.key} ${node.relation} ${keyOf(node.right)}`;

function outcomeOf(node: Decision, known: Known): boolean | null {
  const left = node.left.kind === 'number' ? node.left.value : known.get(node.key);
  if (typeof left === 'number' && node.right.kind === 'number') return holds(left, node.relation, node.right.value);
  const before = known.get(testKey(node));
  return typeof before === 'boolean' ? before : null;
}

function learned(known: Known, node: Decision, outcome: boolean): Known {
  const more = new Map(known);
  if (outcome && node.relation === '=' && node.right.kind === 'number') more.set(node.key, node.right.value);
  else more.set(testKey(node), outcome);
  return more;
}
