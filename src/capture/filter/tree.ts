/** A filter as it is written, before it is said what that means in octets. */
import type { Operator, Relation } from './condition.ts';
import type { Token } from './lexer.ts';

/** What stands before an id, and holds for the ids that follow after `and` and `or`. Column: where it begins. */
export interface Qualifiers {
  readonly protocol: string | null;
  readonly direction: 'src' | 'dst' | 'or' | 'and' | null;
  readonly type: 'host' | 'net' | 'port' | 'portrange' | 'proto' | null;
  readonly column: number;
}

/** An address, a number or a name; `bits` or `mask` behind an address. */
export interface Id {
  readonly token: Token;
  readonly bits?: number;
  readonly mask?: Token;
}

export type Expression =
  | { readonly kind: 'primitive'; readonly qualifiers: Qualifiers; readonly id: Id }
  | { readonly kind: 'protocol'; readonly protocol: string; readonly column: number }
  | { readonly kind: 'vlan'; readonly id: number | null; readonly column: number }
  | {
      readonly kind: 'cast';
      readonly cast: 'broadcast' | 'multicast';
      readonly protocol: string | null;
      readonly column: number;
    }
  | {
      readonly kind: 'relation';
      readonly left: Arithmetic;
      readonly relation: Relation;
      readonly right: Arithmetic;
      readonly isNot: boolean;
    }
  | { readonly kind: 'and' | 'or'; readonly left: Expression; readonly right: Expression }
  | { readonly kind: 'not'; readonly of: Expression };

export type Arithmetic =
  | { readonly kind: 'number'; readonly value: number; readonly column: number }
  | { readonly kind: 'length' }
  | {
      readonly kind: 'field';
      readonly protocol: string;
      readonly index: Arithmetic;
      readonly size: 1 | 2 | 4;
      readonly column: number;
    }
  | { readonly kind: 'negation'; readonly of: Arithmetic }
  | { readonly kind: 'binary'; readonly operator: Operator; readonly left: Arithmetic; readonly right: Arithmetic };
