/**
 * LLDPDUs as bytes (IEEE 802.1AB-2016 clause 8; organizationally specific TLVs of 802.1Q annex D and 802.3 clause 79): what a
 * port tells of itself, and what can be read of what it heard.
 */
import type { NeighbourReport } from '../telemetry/lldp.ts';

/** What a port tells. */
export interface Told {
  /** The port's own address, and the switch's. */
  readonly mac: string;
  readonly chassis: string;
  readonly portId: string;
  readonly systemName: string;
  readonly ttlSeconds: number;
  /** VLAN of untagged frames, 0: none. */
  readonly pvid: number;
  /** Longest frame with FCS, bytes. */
  readonly frameMax: number;
  /** Whether the port is a member of a LAG, and the number of the port that stands for it, from 1. */
  readonly lag: { readonly port: number } | null;
}

const NEAREST_BRIDGE = '01:80:c2:00:00:0e';
const ETHERTYPE = [0x88, 0xcc];
const TYPE = { end: 0, chassis: 1, port: 2, ttl: 3, portDescription: 4, systemName: 5, systemDescription: 6 } as const;
const CAPABILITIES = 7;
const ORGANIZATION = 127;
const OUI_8021 = [0x00, 0x80, 0xc2];
const OUI_8023 = [0x00, 0x12, 0x0f];
const SUBTYPE_MAC = 4;
const SUBTYPE_NAME = 5;
const CAPABILITY_BRIDGE = 0x0004;
/** Of 802.1: port VLAN ID and link aggregation; of 802.3: maximum frame size. */
const PVID = 1;
const AGGREGATION = 7;
const FRAME_MAX = 4;
/** Most octets of a name. */
const NAME_MAX = 120;

/** The frame without FCS. */
export function lldpFrame(told: Told): Uint8Array {
  const text = (value: string) => [...Buffer.from(value).subarray(0, NAME_MAX)];
  const pdu = [
    ...tlv(TYPE.chassis, [SUBTYPE_MAC, ...octets(told.chassis)]),
    ...tlv(TYPE.port, [SUBTYPE_NAME, ...text(told.portId)]),
    ...tlv(TYPE.ttl, u16(told.ttlSeconds)),
    ...tlv(TYPE.portDescription, text(`${told.systemName} ${told.portId}`)),
    ...tlv(TYPE.systemName, text(told.systemName)),
    ...tlv(TYPE.systemDescription, text('vSwitch emulator')),
    ...tlv(CAPABILITIES, [...u16(CAPABILITY_BRIDGE), ...u16(CAPABILITY_BRIDGE)]),
    ...tlv(ORGANIZATION, [...OUI_8021, PVID, ...u16(told.pvid)]),
    ...tlv(ORGANIZATION, [...OUI_8021, AGGREGATION, told.lag === null ? 1 : 3, 0, 0, ...u16(told.lag?.port ?? 0)]),
    ...tlv(ORGANIZATION, [...OUI_8023, FRAME_MAX, ...u16(Math.min(told.frameMax, 0xffff))]),
    ...tlv(TYPE.end, []),
  ];
  return Uint8Array.from([...octets(NEAREST_BRIDGE), ...octets(told.mac), ...ETHERTYPE, ...pdu]);
}

function tlv(type: number, value: readonly number[]): number[] {
  return [...u16((type << 9) | value.length), ...value];
}

function u16(value: number): [number, number] {
  return [(value >>> 8) & 0xff, value & 0xff];
}

function octets(mac: string): number[] {
  return mac.split(':').map((octet) => Number.parseInt(octet, 16));
}

/** Reads the TLVs of a neighbour; they are whole, and begin with chassis ID, port ID and time to live. */
export function readNeighbour(bytes: Uint8Array): Omit<NeighbourReport, 'port' | 'ttlSeconds'> {
  let chassis = '';
  let portId = '';
  let systemName: string | null = null;
  let pvid: number | null = null;
  let frameMax: number | null = null;
  let inLag: boolean | null = null;
  for (const { type, value } of tlvsOf(bytes)) {
    if (type === TYPE.chassis) chassis = identity(value, SUBTYPE_MAC);
    else if (type === TYPE.port) portId = identity(value, 3);
    else if (type === TYPE.systemName) systemName = printable(value);
    else if (type !== ORGANIZATION || value.length < 4) continue;
    else if (isOf(value, OUI_8021, PVID, 6)) pvid = value[4]! * 256 + value[5]!;
    else if (isOf(value, OUI_8021, AGGREGATION, 9)) inLag = (value[4]! & 2) !== 0;
    else if (isOf(value, OUI_8023, FRAME_MAX, 6)) frameMax = value[4]! * 256 + value[5]!;
  }
  return { chassis, portId, systemName, pvid, frameMax, inLag };
}

function* tlvsOf(bytes: Uint8Array): Generator<{ type: number; value: Uint8Array }> {
  for (let at = 0; at + 2 <= bytes.length; ) {
    const head = bytes[at]! * 256 + bytes[at + 1]!;
    const end = at + 2 + (head & 0x1ff);
    if (end > bytes.length) return;
    yield { type: head >>> 9, value: bytes.subarray(at + 2, end) };
    at = end;
  }
}

function isOf(value: Uint8Array, oui: readonly number[], subtype: number, length: number): boolean {
  return value.length >= length && oui.every((octet, i) => value[i] === octet) && value[3] === subtype;
}

/** A chassis or port ID by its subtype: an address, a name, or octets in hex. */
function identity(value: Uint8Array, macSubtype: number): string {
  const own = value.subarray(1);
  if (value[0] === macSubtype && own.length === 6) return hex(own, ':');
  const text = printable(own);
  return text === '' || text.includes('?') ? hex(own, '') : text;
}

function hex(bytes: Uint8Array, between: string): string {
  return [...bytes].map((octet) => octet.toString(16).padStart(2, '0')).join(between);
}

/** Nothing that would move a terminal's cursor. */
function printable(bytes: Uint8Array): string {
  return Buffer.from(bytes)
    .toString('utf8')
    .replace(/[\p{C}\ufffd]/gu, '?');
}
