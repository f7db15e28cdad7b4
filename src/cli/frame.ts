/** A frame as it is typed and as it is told. */
import { existsSync } from 'node:fs';
import { readCapture } from '../capture/read.ts';
import { UsageError } from './errors.ts';
import { counted } from './format.ts';

const SHOWN_MAX = 40;

/** A frame as hex digits (spaces, colons and a leading 0x are fine), or the first frame of a capture file. */
export function readFrame(text: string): Uint8Array {
  const hex = text.trim().replace(/^0x/i, '').replace(/[\s:]/g, '');
  if (/^([0-9a-f]{2})+$/i.test(hex)) return Uint8Array.from(Buffer.from(hex, 'hex'));
  if (text === '' || !existsSync(text)) throw new UsageError(`--frame ${quoted(text)}: ${whyNoFrame(hex)}`);
  for (const { bytes } of readCapture(text)) return bytes;
  throw new UsageError(`${text}: holds no frame; name a capture with one, or give the frame as hex digits`);
}

function whyNoFrame(hex: string): string {
  if (/^[0-9a-f]+$/i.test(hex)) return `${hex.length} hex digits are no whole octets; give two for each`;
  return 'neither hex digits, two for each octet, nor a capture file that exists';
}

function quoted(text: string): string {
  return text.length > SHOWN_MAX ? `${text.slice(0, SHOWN_MAX)}…` : JSON.stringify(text);
}

/** `00:50:… > ff:ff:…, VLAN 10 (priority 0), 60 bytes`. */
export function describeFrame(bytes: Uint8Array): string {
  const mac = (at: number): string =>
    Array.from(bytes.subarray(at, at + 6), (octet) => octet.toString(16).padStart(2, '0')).join(':');
  const length = counted(bytes.length, 'byte');
  if (bytes.length < 14) return `${length}, no Ethernet header`;
  return `${mac(6)} > ${mac(0)}, ${describeTags(bytes)}, ${length}`;
}

const TAGS: Readonly<Record<number, string>> = { 33024: 'VLAN', 34984: 'S-VLAN' };

/** `VLAN 10 (priority 5)`, `S-VLAN 200 (priority 0), VLAN 5 (priority 5)`, `untagged`. */
function describeTags(bytes: Uint8Array): string {
  const tags: string[] = [];
  for (let at = 12; at + 6 <= bytes.length; at += 4) {
    const name = TAGS[(bytes[at]! << 8) | bytes[at + 1]!];
    if (name === undefined) break;
    tags.push(`${name} ${((bytes[at + 2]! & 15) << 8) | bytes[at + 3]!} (priority ${bytes[at + 2]! >>> 5})`);
  }
  return tags.join(', ') || 'untagged';
}
