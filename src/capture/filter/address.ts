/** Addresses as pcap-filter spells them. */

/**
 * An IPv4 address of one to four decimal parts, left-justified as in `net 10.1`, and the length of what was given, bits;
 * null when it is none.
 */
export function parseIp4(text: string): { readonly address: number; readonly bits: number } | null {
  const parts = text.split('.');
  if (parts.length > 4 || !parts.every((part) => /^\d{1,3}$/.test(part) && Number(part) < 256)) return null;
  const padded = [...parts.map(Number), 0, 0, 0].slice(0, 4);
  return { address: padded.reduce((sum, part) => sum * 256 + part, 0), bits: parts.length * 8 };
}

/** An IPv6 address as four words of 32 bits, or null. */
export function parseIp6(text: string): number[] | null {
  const halves = text.split('::');
  if (halves.length > 2 || !text.includes(':')) return null;
  const groups = halves.map((half, i) => groupsOf(half, i === halves.length - 1));
  const [head, tail] = [groups[0], groups[1] ?? []];
  if (head === null || head === undefined || tail === null) return null;
  const missing = 8 - head.length - tail.length;
  if (halves.length === 1 ? missing !== 0 : missing < 1) return null;
  const all = [...head, ...new Array<number>(missing).fill(0), ...tail];
  return [0, 2, 4, 6].map((i) => all[i]! * 0x10000 + all[i + 1]!);
}

function groupsOf(half: string, isLast: boolean): number[] | null {
  if (half === '') return [];
  const groups: number[] = [];
  const parts = half.split(':');
  for (const [i, part] of parts.entries()) {
    if (/^[0-9a-f]{1,4}$/i.test(part)) {
      groups.push(Number.parseInt(part, 16));
      continue;
    }
    const embedded = isLast && i === parts.length - 1 && part.includes('.') ? parseIp4(part) : null;
    if (embedded === null || embedded.bits !== 32) return null;
    groups.push(Math.floor(embedded.address / 0x10000), embedded.address % 0x10000);
  }
  return groups;
}

/** The six octets of a MAC address in any of its spellings. */
export function parseMac(text: string): number[] {
  const parts = text.split(/[:.-]/);
  const digits = parts.length === 6 ? parts.map((part) => part.padStart(2, '0')).join('') : parts.join('');
  return [0, 2, 4, 6, 8, 10].map((i) => Number.parseInt(digits.slice(i, i + 2), 16));
}

/** A mask of so many leading ones of 32. */
export function maskOf(bits: number): number {
  return bits <= 0 ? 0 : (0xffffffff << (32 - Math.min(bits, 32))) >>> 0;
}
