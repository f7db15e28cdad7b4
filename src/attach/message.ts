/**
 * What is said between a running network and whoever wants to see its frames, over a socket:
 *
 *     client  one line of JSON: `{"list":true}`, or what to capture: `{"ports":["esx1/*"],"filter":"arp"}`
 *     server  one line of JSON: `{"ok":true,...}` or `{"ok":false,"error":"one line"}`
 *     server  then, for a capture, a pcapng stream until either side closes the connection
 */

/** What a port is, as a list shows it. */
export interface OfferedPort {
  readonly name: string;
  readonly kind: 'vNIC' | 'uplink' | 'physical port' | 'drop';
  readonly description: string;
}

/** A running network as it introduces itself. */
export interface Offered {
  readonly name: string;
  readonly pid: number;
  readonly clock: 'wall' | 'virtual';
  readonly ports: readonly OfferedPort[];
}

/** What to capture; the words are those of `captures:` in a topology. */
export interface LiveOrder {
  /** Names and patterns; `owner/DROP` for what died there. */
  readonly ports: readonly string[];
  /** Most bytes kept of a frame, 1-262144; absent: all. */
  readonly snapLength?: number;
  readonly filter?: string;
  readonly stages?: readonly ('wire' | 'inside')[];
  readonly direction?: 'in' | 'out' | 'both';
  /** One frame in so many, 1-4294967295. */
  readonly sample?: number;
}

export type Request = { readonly list: true } | LiveOrder;

export type Answer = { readonly ok: true; readonly network?: Offered } | { readonly ok: false; readonly error: string };

/** Most bytes of a line, on either side: the ports of the largest topologies fit. */
export const LINE_BYTES_MAX = 16 * 2 ** 20;

/** What cannot be attached to: one line, what and what to do. */
export class AttachError extends Error {
  override readonly name = 'AttachError';
}

const isText = (value: unknown): value is string => typeof value === 'string' && value !== '';
const isCountTo =
  (most: number) =>
  (value: unknown): value is number =>
    Number.isInteger(value) && Number(value) >= 1 && Number(value) <= most;
const isOneOf =
  <T extends string>(...words: readonly T[]) =>
  (value: unknown): value is T =>
    words.some((word) => word === value);
const isOnceEach = (value: unknown): boolean => Array.isArray(value) && new Set(value).size === value.length;
const isListOf =
  <T>(isItem: (value: unknown) => value is T) =>
  (value: unknown): value is T[] =>
    Array.isArray(value) && value.length > 0 && value.every(isItem);

const isStages = isListOf(isOneOf('wire', 'inside'));

/** Which keys there are, and what they hold. */
const KEYS: Readonly<Record<string, readonly [(value: unknown) => boolean, expected: string]>> = {
  ports: [isListOf(isText), 'a list of port names and patterns'],
  snapLength: [isCountTo(262_144), 'a whole number from 1 to 262144'],
  filter: [isText, 'a filter expression'],
  stages: [(value) => isStages(value) && isOnceEach(value), 'a list of wire and inside, each once'],
  direction: [isOneOf('in', 'out', 'both'), 'in, out or both'],
  sample: [isCountTo(0xffff_ffff), 'a whole number from 1 to 4294967295'],
};

/** A line as the request that it is. @throws AttachError that names the key which is wrong. */
export function readRequest(line: string): Request {
  const value = parsed(line);
  if (typeof value !== 'object' || value === null) throw new AttachError('the request is no JSON object');
  if ('list' in value && value.list === true) return { list: true };
  for (const [key, held] of Object.entries(value)) {
    // `constructor` is none.
    const row = Object.hasOwn(KEYS, key) ? KEYS[key] : undefined;
    if (row === undefined) throw new AttachError(`unknown key ${key} in the request`);
    if (!row[0](held)) throw new AttachError(`${key} in the request is not ${row[1]}`);
  }
  if (!Object.hasOwn(value, 'ports')) throw new AttachError('the request names no ports');
  return value as LiveOrder;
}

/** A line as the answer that it is. @throws AttachError for what is none. */
export function readAnswer(line: string): Answer {
  const value = parsed(line);
  if (typeof value === 'object' && value !== null && 'ok' in value) return value as Answer;
  throw new AttachError('the answer is not one of a vSwitch; another version may be running');
}

function parsed(line: string): unknown {
  try {
    return JSON.parse(line);
  } catch {
    throw new AttachError('the line is no JSON');
  }
}
