/**
 * Readers of plain values: names, texts, whole numbers, choices.
 *
 * A reader takes the value as YAML made it and returns the checked one, or throws a Refusal.
 */
import { hint } from './suggestion.ts';
import { Refusal, show } from './value.ts';

export type Reader<T> = (value: unknown) => T;

/** First character a letter or digit: keeps `.`, `..`, `-x` and `__proto__` from ever being a name. */
const namePattern = /^[A-Za-z0-9][A-Za-z0-9_.-]{0,62}$/;

/** ESXi's own port group is called "VM Network", so these names, which are no part of a port's name, may hold spaces. */
const portGroupNamePattern = /^[A-Za-z0-9](?:[A-Za-z0-9_. -]{0,61}[A-Za-z0-9_.-])?$/;

/** Name of a host, switch, VM, uplink, vSwitch or physical port; a number counts as its digits. */
export function readName(value: unknown): string {
  const name = typeof value === 'number' ? String(value) : value;
  if (typeof name === 'string' && namePattern.test(name)) return name;
  throw new Refusal(value, 'a name', 'letters, digits, _ - and ., 1-63 characters, the first a letter or digit');
}

export function readPortGroupName(value: unknown): string {
  const name = typeof value === 'number' ? String(value) : value;
  if (typeof name === 'string' && portGroupNamePattern.test(name)) return name;
  throw new Refusal(
    value,
    'a port group name',
    'letters, digits, spaces, _ - and ., 1-63 characters, the first a letter or digit',
  );
}

/** Any text but an empty one; `allowed` says what is meant. */
export function textReader(noun: string, allowed: string): Reader<string> {
  return (value) => {
    if (typeof value === 'string' && value.trim() !== '') return value;
    throw new Refusal(value, noun, allowed);
  };
}

/** Whole number of the inclusive range; a text of digits counts, because `{n}` leaves a text behind. */
export function integerReader(first: number, last: number): Reader<number> {
  return (value) => {
    const number = typeof value === 'string' && /^-?\d+$/.test(value) ? Number(value) : value;
    if (typeof number !== 'number' || !Number.isInteger(number)) {
      throw new Refusal(value, 'a whole number', `${count(first)} to ${count(last)}`);
    }
    if (number < first || number > last) {
      throw new Refusal(value, 'in range', `${count(first)} to ${count(last)}`);
    }
    return number;
  };
}

/** 1234567 as `1,234,567`. */
export function count(number: number): string {
  return number.toLocaleString('en-US');
}

export function choiceReader<const T extends string>(choices: readonly T[]): Reader<T> {
  return (value) => {
    const choice = choices.find((each) => each === value);
    if (choice === undefined) throw new Refusal(value, 'one of the choices', hint(show(value), choices, 'allowed:'));
    return choice;
  };
}

export function readBoolean(value: unknown): boolean {
  if (typeof value === 'boolean') return value;
  throw new Refusal(value, 'a boolean', 'true or false');
}
