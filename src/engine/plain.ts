/** Plain data with times as JSON: a bigint is written as `{ "bigint": "12" }`. */

export function toJson(value: unknown): string {
  return JSON.stringify(value, (_, each) => (typeof each === 'bigint' ? { bigint: each.toString() } : each));
}

export function fromJson(text: string): unknown {
  return JSON.parse(text, (_, each) => (isBigint(each) ? BigInt(each.bigint) : each));
}

function isBigint(value: unknown): value is { bigint: string } {
  return typeof value === 'object' && value !== null && 'bigint' in value && typeof value.bigint === 'string';
}
