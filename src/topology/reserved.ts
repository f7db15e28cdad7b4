/**
 * The sixteen reserved group addresses 01-80-C2-00-00-00 to 0F (802.1Q table 8-1), which a user names by their last octet.
 */
import { Refusal } from './value.ts';

/** 0-15. YAML makes a number of an unquoted 00 to 09, whose digits are the same. */
export function readReserved(value: unknown): number {
  const text = typeof value === 'number' ? String(value) : value;
  if (typeof text === 'string' && /^0?[0-9a-f]$/i.test(text)) return Number.parseInt(text, 16);
  throw new Refusal(value, 'a reserved address', 'its last octet, 00 to 0f');
}

/** Bit n stands for address n; `unset` where the user says nothing. */
export function reservedBits(octets: readonly (number | undefined)[] | undefined, unset: number): number {
  if (octets === undefined) return unset;
  return octets.reduce<number>((bits, octet) => (octet === undefined ? bits : bits | (1 << octet)), 0);
}
