/** What a filter asks of a frame: numbers computed from it, and conditions on them, in the order of their tests. */
import type { ALU, JUMP_IF } from './bpf.ts';

export type Operator = keyof typeof ALU;
export type Relation = keyof typeof JUMP_IF;

export type Value =
  | { readonly kind: 'number'; readonly value: number }
  /** Octets of the frame, whether captured or not. */
  | { readonly kind: 'length' }
  | {
      readonly kind: 'load';
      readonly size: 1 | 2 | 4;
      /** `base` + `index` octets from the start of the frame; `behindIp4`: counted on from the end of the IPv4 header at `base`. */
      readonly base: number;
      readonly index: Value;
      readonly behindIp4: boolean;
    }
  | { readonly kind: 'negation'; readonly of: Value }
  | { readonly kind: 'arithmetic'; readonly operator: Operator; readonly left: Value; readonly right: Value };

export type Condition =
  | { readonly kind: 'test'; readonly left: Value; readonly relation: Relation; readonly right: Value }
  | { readonly kind: 'all' | 'any'; readonly of: readonly Condition[] }
  | { readonly kind: 'not'; readonly of: Condition };

export const number = (value: number): Value => ({ kind: 'number', value });

export const load = (base: number, size: 1 | 2 | 4): Value => ({
  kind: 'load',
  size,
  base,
  index: number(0),
  behindIp4: false,
});

export const masked = (value: Value, mask: number): Value =>
  mask === 0xffffffff ? value : { kind: 'arithmetic', operator: '&', left: value, right: number(mask) };

export const test = (left: Value, relation: Relation, right: number): Condition => ({
  kind: 'test',
  left,
  relation,
  right: number(right),
});

export const not = (of: Condition): Condition => ({ kind: 'not', of });
export const all = (...of: readonly Condition[]): Condition => joined('all', of);
export const any = (...of: readonly Condition[]): Condition => joined('any', of);

/** One flat list, so that a thousand hosts are not a thousand levels. */
function joined(kind: 'all' | 'any', of: readonly Condition[]): Condition {
  const flat = of.flatMap((each) => (each.kind === kind ? each.of : [each]));
  return flat.length === 1 ? flat[0]! : { kind, of: flat };
}

/** The same text for the same value. */
export function keyOf(value: Value): string {
  switch (value.kind) {
    case 'number':
      return String(value.value);
    case 'length':
      return 'len';
    case 'load':
      return `${value.behindIp4 ? 'ip' : ''}[${value.base},${keyOf(value.index)}:${value.size}]`;
    case 'negation':
      return `(-${keyOf(value.of)})`;
    case 'arithmetic':
      return `(${keyOf(value.left)}${value.operator}${keyOf(value.right)})`;
  }
}

/** What the operator gives, or null for a division by 0, which rejects a frame. */
export function compute(operator: Operator, left: number, right: number): number | null {
  switch (operator) {
    case '+':
      return (left + right) >>> 0;
    case '-':
      return (left - right) >>> 0;
    case '*':
      return Math.imul(left, right) >>> 0;
    case '/':
      return right === 0 ? null : Math.floor(left / right);
    case '%':
      return right === 0 ? null : left % right;
    case '&':
      return (left & right) >>> 0;
    case '|':
      return (left | right) >>> 0;
    case '^':
      return (left ^ right) >>> 0;
    case '<<':
      return right > 31 ? 0 : (left << right) >>> 0;
    case '>>':
      return right > 31 ? 0 : left >>> right;
  }
}

export function holds(left: number, relation: Relation, right: number): boolean {
  switch (relation) {
    case '=':
      return left === right;
    case '>':
      return left > right;
    case '>=':
      return left >= right;
    case '&':
      return (left & right) !== 0;
  }
}
