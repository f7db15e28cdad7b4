/** Plain data with times and bytes as JSON: `{ "bigint": "12" }`, `{ "base64": "AAE=" }`. */

export function toJson(value: unknown): string {
  return JSON.stringify(value, (_, each) => {
    if (typeof each === 'bigint') return { bigint: each.toString() };
    return each instanceof Uint8Array ? { base64: Buffer.from(each).toString('base64') } : each;
  });
}

export function fromJson(text: string): unknown {
  return JSON.parse(text, (_, each) => {
    if (typeof each !== 'object' || each === null) return each;
    if (typeof each.bigint === 'string') return BigInt(each.bigint);
    return typeof each.base64 === 'string' ? Uint8Array.from(Buffer.from(each.base64, 'base64')) : each;
  });
}
