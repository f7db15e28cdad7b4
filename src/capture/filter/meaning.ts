/**
 * What a filter means in octets of an Ethernet frame, in the order in which libpcap tests them (gencode.c): a load beyond
 * what was captured rejects the frame whatever is tested behind it, so the order is part of the meaning.
 *
 * `vlan` moves every offset behind the addresses on by a tag, for all that stands after it in the text, whatever joins it.
 */
import { all, any, type Condition, compute, load, masked, not, number, test, type Value } from './condition.ts';
import { FilterError } from './error.ts';
import { PrimitiveMeaning } from './primitive.ts';
import { checkOf, linkType } from './protocol.ts';
import type { Arithmetic, Expression } from './tree.ts';

const TPIDS = [0x8100, 0x88a8, 0x9100] as const;
const VID_MAX = 4095;

/** @throws FilterError where the filter asks for what cannot be. */
export function meaningOf(expression: Expression): Condition {
  return new Meaning().of(expression);
}

class Meaning {
  /** Octets of the tags that `vlan` has stepped over so far. */
  private tags = 0;

  of(expression: Expression): Condition {
    switch (expression.kind) {
      case 'and':
      case 'or': {
        const left = this.of(expression.left);
        const right = this.of(expression.right);
        return expression.kind === 'and' ? all(left, right) : any(left, right);
      }
      case 'not':
        return not(this.of(expression.of));
      case 'protocol':
        return checkOf(expression.protocol, this.tags, expression.column);
      case 'vlan':
        return this.vlan(expression.id, expression.column);
      case 'cast':
        return this.cast(expression);
      case 'relation':
        return this.relation(expression);
      case 'primitive':
        return new PrimitiveMeaning(expression.qualifiers, this.tags).of(expression.id);
    }
  }

  private vlan(id: number | null, column: number): Condition {
    if (id !== null && id > VID_MAX) throw new FilterError(column, `there is no VLAN ${id}`, `write 0 to ${VID_MAX}`);
    const type = 12 + this.tags;
    const isTag = any(...TPIDS.map((tpid) => test(load(type, 2), '=', tpid)));
    const condition = id === null ? isTag : all(isTag, test(masked(load(type + 2, 2), 0xfff), '=', id));
    this.tags += 4;
    return condition;
  }

  private cast({ cast, protocol, column }: Expression & { kind: 'cast' }): Condition {
    const payload = 14 + this.tags;
    if (protocol === null || protocol === 'link') {
      if (cast === 'multicast') return test(load(0, 1), '&', 1);
      return all(test(load(2, 4), '=', 0xffffffff), test(load(0, 2), '=', 0xffff));
    }
    if (cast === 'broadcast' && protocol === 'ip')
      throw new FilterError(
        column,
        "'ip broadcast' needs a netmask, and a capture has none",
        "write 'ether broadcast', or 'dst host' and the address",
      );
    if (cast === 'multicast' && protocol === 'ip')
      return all(linkType(0x0800, this.tags), test(load(payload + 16, 1), '>=', 224));
    if (cast === 'multicast' && protocol === 'ip6')
      return all(linkType(0x86dd, this.tags), test(load(payload + 24, 1), '=', 255));
    throw new FilterError(column, `'${protocol}' knows no ${cast}`, `write 'ether ${cast}'`);
  }

  private relation({ left, relation, right, isNot }: Expression & { kind: 'relation' }): Condition {
    const [first, second] = [this.arithmetic(left), this.arithmetic(right)];
    const compared: Condition = { kind: 'test', left: first.value, relation, right: second.value };
    return all(...first.checks, ...second.checks, isNot ? not(compared) : compared);
  }

  /**
   * A number, and what must be so for it to be there. Like libpcap we look only at the checks of an operator's left side:
   * `ip[0] + tcp[0]` is computed for any IPv4 frame.
   */
  private arithmetic(written: Arithmetic): { value: Value; checks: readonly Condition[] } {
    switch (written.kind) {
      case 'number':
        return { value: number(written.value), checks: [] };
      case 'length':
        return { value: { kind: 'length' }, checks: [] };
      case 'field':
        return this.field(written);
      case 'negation': {
        const { value, checks } = this.arithmetic(written.of);
        if (value.kind === 'number') return { value: number(-value.value >>> 0), checks };
        return { value: { kind: 'negation', of: value }, checks };
      }
      case 'binary': {
        const { operator } = written;
        const { value: left, checks } = this.arithmetic(written.left);
        const { value: right } = this.arithmetic(written.right);
        if (written.right.kind === 'number') refuse(operator, written.right);
        const known =
          left.kind === 'number' && right.kind === 'number' ? compute(operator, left.value, right.value) : null;
        return { value: known === null ? { kind: 'arithmetic', operator, left, right } : number(known), checks };
      }
    }
  }

  private field({ protocol, index, size, column }: Arithmetic & { kind: 'field' }): {
    value: Value;
    checks: readonly Condition[];
  } {
    const { value: at, checks } = this.arithmetic(index);
    const payload = 14 + this.tags;
    const from = (base: number, behindIp4 = false): Value => ({ kind: 'load', size, base, index: at, behindIp4 });
    switch (protocol) {
      case 'link':
        return { value: from(0), checks };
      case 'ip':
      case 'arp':
      case 'rarp':
      case 'atalk':
      case 'decnet':
      case 'sca':
      case 'lat':
      case 'moprc':
      case 'mopdl':
      case 'ip6':
        return { value: from(payload), checks: [...checks, checkOf(protocol, this.tags, column)] };
      case 'icmp6':
        return {
          value: from(payload + 40),
          checks: [...checks, linkType(0x86dd, this.tags), test(load(payload + 6, 1), '=', 58)],
        };
      case 'sctp':
      case 'tcp':
      case 'udp':
      case 'icmp':
      case 'igmp':
      case 'igrp':
      case 'pim':
      case 'vrrp':
      case 'carp': {
        const isFirst = not(test(load(payload + 6, 2), '&', 0x1fff));
        const mine = [checkOf(protocol, this.tags, column), isFirst];
        return { value: from(payload, true), checks: [linkType(0x0800, this.tags), ...checks, ...mine] };
      }
      default:
        throw new FilterError(
          column,
          `the octets of '${protocol}' cannot be named`,
          "write 'ether[N]', counted from the frame's start",
        );
    }
  }
}

function refuse(operator: string, right: { readonly value: number; readonly column: number }): void {
  if ((operator === '/' || operator === '%') && right.value === 0)
    throw new FilterError(right.column, 'this divides by 0', 'write another number');
  if ((operator === '<<' || operator === '>>') && right.value > 31)
    throw new FilterError(right.column, `this shifts by ${right.value} bits`, 'write at most 31');
}
