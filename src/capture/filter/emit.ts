/**
 * A graph of decisions as instructions: the decisions in an order in which every jump goes forward, and before each what
 * brings its number into A, unless it is there on all ways that lead to it.
 */
import {
  ALU,
  JUMP,
  JUMP_IF,
  LOAD_ABSOLUTE,
  LOAD_INDIRECT,
  LOAD_LENGTH,
  LOAD_MEMORY,
  LOAD_NUMBER,
  LOAD_X_HEADER,
  LOAD_X_MEMORY,
  MEMORY_WORDS,
  NEGATE,
  OF_X,
  RETURN,
  STORE,
  X_FROM_A,
} from './bpf.ts';
import { keyOf, type Value } from './condition.ts';
import type { Decision, Target } from './graph.ts';

/** What a program returns for a frame that it accepts: octets to keep, as libpcap says for all. */
const WHOLE = 262_144;
/** Furthest that the 8 bits of a conditional jump reach. */
const JUMP_MAX = 255;
const HEADER_OCTETS_MAX = 60;
/** An index below this cannot carry a sum over 32 bits, so that it may be added now. */
const INDEX_MAX = 0x10000;
const EVERYTHING = 0xffffffff;

export interface Emitted {
  readonly words: Uint32Array;
  readonly reach: number;
}

/** The program of a graph, or null where its numbers take more than MEMORY_WORDS to compute. */
export function emit(root: Target): Emitted | null {
  const order = inOrder(root);
  const entries = new Map<Decision, Registers>();
  const bodies = new Map<Decision, Body>();
  for (const node of order) {
    const body = new Body(entries.get(node) ?? UNKNOWN);
    body.decide(node);
    if (body.isTooDeep) return null;
    bodies.set(node, body);
    for (const next of [node.yes, node.no]) {
      if (typeof next !== 'boolean') entries.set(next, common(entries.get(next) ?? body.registers, body.registers));
    }
  }
  const reach = Math.max(0, ...[...bodies.values()].map((body) => body.reach));
  return { words: laidOut(root, order, bodies), reach };
}

/** Every decision before those that it leads to. */
function inOrder(root: Target): Decision[] {
  const seen = new Set<Decision>();
  const order: Decision[] = [];
  const visit = (target: Target): void => {
    if (typeof target === 'boolean' || seen.has(target)) return;
    seen.add(target);
    visit(target.no);
    visit(target.yes);
    order.push(target);
  };
  visit(root);
  return order.reverse();
}

/** What A and X hold, as keys; null: not known. */
interface Registers {
  readonly a: string | null;
  readonly x: string | null;
}

const UNKNOWN: Registers = { a: null, x: null };

const common = (one: Registers, other: Registers): Registers => ({
  a: one.a === other.a ? one.a : null,
  x: one.x === other.x ? one.x : null,
});

type Instruction = readonly [code: number, k: number];

/** The instructions of one decision, without where its jump goes. */
class Body {
  readonly instructions: Instruction[] = [];
  jump: Instruction = [JUMP, 0];
  reach = 0;
  isTooDeep = false;
  private a: string | null;
  private x: string | null;

  constructor(entry: Registers) {
    this.a = entry.a;
    this.x = entry.x;
  }

  get registers(): Registers {
    return { a: this.a, x: this.x };
  }

  decide({ left, relation, right }: Decision): void {
    if (right.kind === 'number') {
      this.bring(left, 0);
      this.jump = [JUMP_IF[relation], right.value];
      return;
    }
    this.both(left, right, 0);
    this.a = keyOf(left);
    this.jump = [JUMP_IF[relation] + OF_X, 0];
  }

  /** Brings a number into A. M from `free` on may be used. */
  private bring(value: Value, free: number): void {
    const key = keyOf(value);
    if (this.a === key) return;
    switch (value.kind) {
      case 'number':
        this.add(LOAD_NUMBER, value.value);
        break;
      case 'length':
        this.add(LOAD_LENGTH, 0);
        break;
      case 'load':
        this.load(value, free);
        break;
      case 'negation':
        this.bring(value.of, free);
        this.add(NEGATE, 0);
        break;
      case 'arithmetic':
        if (value.right.kind === 'number') {
          this.bring(value.left, free);
          this.add(ALU[value.operator], value.right.value);
          break;
        }
        this.both(value.left, value.right, free);
        this.add(ALU[value.operator] + OF_X, 0);
        break;
    }
    this.a = key;
  }

  /** Brings one number into A and another into X, the deeper one first, so that few words of M do. */
  private both(left: Value, right: Value, free: number): void {
    if (depthOf(left) > depthOf(right)) {
      this.bring(left, free);
      this.keep(free);
      this.bring(right, free + 1);
      this.add(X_FROM_A, 0);
      this.add(LOAD_MEMORY, free);
    } else {
      this.bring(right, free);
      this.keep(free);
      this.bring(left, free + 1);
      this.add(LOAD_X_MEMORY, free);
    }
    this.x = null;
  }

  private keep(word: number): void {
    if (word >= MEMORY_WORDS) this.isTooDeep = true;
    this.add(STORE, word);
  }

  private load({ size, base, index, behindIp4 }: Value & { kind: 'load' }, free: number): void {
    if (index.kind === 'number' && index.value < INDEX_MAX) {
      const at = base + index.value;
      if (behindIp4) this.bringHeader(base);
      this.reaches(at + size + (behindIp4 ? HEADER_OCTETS_MAX : 0));
      this.add((behindIp4 ? LOAD_INDIRECT : LOAD_ABSOLUTE)[size], at);
      return;
    }
    this.bring(index, free);
    if (behindIp4) {
      // The sum goes round at 32 bits, as libpcap's does: -4 is what stands before.
      this.keep(free);
      this.bringHeader(base);
      this.add(LOAD_MEMORY, free);
      this.add(ALU['+'] + OF_X, 0);
    }
    this.add(X_FROM_A, 0);
    this.x = null;
    this.reaches(EVERYTHING);
    this.add(LOAD_INDIRECT[size], base);
  }

  private bringHeader(base: number): void {
    const key = `header ${base}`;
    if (this.x === key) return;
    this.add(LOAD_X_HEADER, base);
    this.reaches(base + 1);
    this.x = key;
  }

  private reaches(octets: number): void {
    this.reach = Math.min(EVERYTHING, Math.max(this.reach, octets));
  }

  private add(code: number, k: number): void {
    this.instructions.push([code, k]);
  }
}

/** Words of M that a value takes. */
function depthOf(value: Value): number {
  switch (value.kind) {
    case 'number':
    case 'length':
      return 0;
    case 'load':
      return Math.max(depthOf(value.index), value.behindIp4 && value.index.kind !== 'number' ? 1 : 0);
    case 'negation':
      return depthOf(value.of);
    case 'arithmetic': {
      const [left, right] = [depthOf(value.left), depthOf(value.right)];
      if (value.right.kind === 'number') return left;
      return left === right ? left + 1 : Math.max(left, right);
    }
  }
}

/** From the end, where the ways lead to, so that every distance is known when it is written. */
function laidOut(root: Target, order: readonly Decision[], bodies: ReadonlyMap<Decision, Body>): Uint32Array {
  const reversed: (readonly [code: number, jt: number, jf: number, k: number])[] = [];
  /** Instructions from the end up to and with a target's first. */
  const places = new Map<Target, number>();
  const put = (code: number, k: number, jt = 0, jf = 0): void => {
    reversed.push([code, jt, jf, k]);
  };
  for (const verdict of [false, true]) {
    if (order.length === 0 && root !== verdict) continue;
    put(RETURN, verdict ? WHOLE : 0);
    places.set(verdict, reversed.length);
  }
  /** How far a jump goes that is written next, `more` instructions later. */
  const distance = (target: Target, more = 0): number => reversed.length + more - places.get(target)!;
  for (const node of [...order].reverse()) {
    const body = bodies.get(node)!;
    // Ways too long for a conditional jump take a plain one right behind it. The second may push the first out of reach.
    const far = new Set<Target>();
    for (const target of [node.no, node.yes]) if (distance(target, 2) > JUMP_MAX) far.add(target);
    const near = new Map<Target, number>();
    for (const target of far) {
      put(JUMP, distance(target));
      near.set(target, reversed.length);
    }
    const jumpTo = (target: Target): number => reversed.length - (near.get(target) ?? places.get(target)!);
    put(body.jump[0], body.jump[1], jumpTo(node.yes), jumpTo(node.no));
    for (const [code, k] of [...body.instructions].reverse()) put(code, k);
    places.set(node, reversed.length);
  }
  const words = new Uint32Array(2 * reversed.length);
  for (const [i, [code, jt, jf, k]] of reversed.reverse().entries()) {
    words[2 * i] = code | (jt << 16) | (jf << 24);
    words[2 * i + 1] = k;
  }
  return words;
}
