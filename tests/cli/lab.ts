/** The topologies, frames and captures of these tests. */
import { readFileSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { type CapturedFrame, readCapture } from '../../src/capture/read.ts';
import { pcapHeader, pcapRecord } from '../../src/capture/write.ts';

export const VM1 = '00:50:56:00:00:01';
export const VM2 = '00:50:56:00:00:02';
export const VM3 = '00:50:56:00:00:03';
export const OUTSIDE = '00:aa:00:00:00:01';
export const BROADCAST = 'ff:ff:ff:ff:ff:ff';

/** Two hosts of two uplinks each on one switch, whose port 5 leads outside. */
export const LAB = `name: lab
hosts:
  esx1:
    uplinks: { vmnic0: { to: tor/1, rate: 10G, delay: 2us }, vmnic1: { to: tor/2, rate: 10G, delay: 2us } }
    vswitches: { vSwitch0: { portGroups: { web: { vlan: 10 } } } }
    vms:
      vm1: { portGroup: web, mac: "${VM1}", ip: 10.0.10.1/24 }
      vm2: { portGroup: web, mac: "${VM2}", ip: 10.0.10.2/24 }
  esx2:
    uplinks: { vmnic0: { to: tor/3, rate: 10G, delay: 2us }, vmnic1: { to: tor/4, rate: 10G, delay: 2us } }
    vswitches: { vSwitch0: { portGroups: { web: { vlan: 10 } } } }
    vms: { vm3: { portGroup: web, mac: "${VM3}", ip: 10.0.10.3/24 } }
physical: { switches: { tor: { ports: 5 } } }
`;

export const TRAFFIC = `traffic:
  - { from: esx1/vm1, to: esx2/vm3, size: 128, rate: 2000pps }
  - { from: esx1/vm2, to: broadcast, size: 64, rate: 50pps }
`;

export const withCapture = (file: string): string => `${LAB}${TRAFFIC}captures: [{ file: "${file}" }]\n`;

/** Two switches with two cables between them, and no spanning tree. */
export const LOOP = `name: loop
hosts:
  esx1:
    uplinks: { vmnic0: { to: a/1 } }
    vswitches: { vSwitch0: { portGroups: { web: { vlan: 10 } } } }
    vms: { vm1: { portGroup: web, mac: "${VM1}" }, vm2: { portGroup: web, mac: "${VM2}" } }
physical:
  switches: { a: { ports: 3 }, b: { ports: 2 } }
  links: [{ a: a/2, b: b/1 }, { a: a/3, b: b/2 }]
traffic: [{ from: esx1/vm1, to: broadcast, rate: 10pps }]
`;

export const LARGE = `hosts:
  esx:
    count: 200
    uplinks: { vmnic0: { to: "tor/{n}", rate: 10G, delay: 2us } }
    vswitches: { v: { portGroups: { web: { vlan: 10 } } } }
    vms: { vm: { count: 8, portGroup: web, ip: "10.0.{n}.1/16" } }
physical: { switches: { tor: { ports: 200 } } }
traffic: [{ from: "esx*/vm1", to: "esx*/vm2", rate: 10pps }]
`;

/** A frame of any length; `head` stands before the payload, such as a VLAN tag. */
export function frame(to: string, from: string, length = 60, head = '0800'): Uint8Array {
  const bytes = new Uint8Array(length);
  bytes.set(Buffer.from((to + from + head).replaceAll(':', ''), 'hex').subarray(0, length));
  return bytes;
}

/** Behind the addresses: VLAN 10, IPv4. */
export const TAG_10 = '8100000a0800';

/** When the captures of these tests begin: no round number, so that a lost nanosecond shows. */
export const T0 = 1_700_000_000_123_456_789n;

/** Writes a pcap of frames at ns after T0 and returns its path. */
export function pcap(
  folder: string,
  name: string,
  frames: readonly (readonly [atNs: number, bytes: Uint8Array])[],
): string {
  const path = join(folder, name);
  const records = frames.map(([atNs, bytes]) => pcapRecord(T0 + BigInt(atNs), bytes));
  writeFileSync(path, Buffer.concat([pcapHeader(262_144), ...records]));
  return path;
}

export function write(folder: string, name: string, text: string | Uint8Array): string {
  const path = join(folder, name);
  writeFileSync(path, text);
  return path;
}

/** The frames of a capture, at ns after T0. */
export function framesOf(
  file: string,
): (Pick<CapturedFrame, 'direction'> & { atNs: number; length: number; hex: string })[] {
  return [...readCapture(file)].map(({ timeNs, bytes, direction }) => ({
    atNs: Number(timeNs - T0),
    direction,
    length: bytes.length,
    hex: Buffer.from(bytes).toString('hex'),
  }));
}

const INTERFACE_STATISTICS = 5;
const INTERFACE_DESCRIPTION = 1;

/** Whether a pcapng file was closed: it ends between two blocks, with statistics for every interface. */
export function isClosed(file: string): boolean {
  const bytes = readFileSync(file);
  const counts = new Map<number, number>();
  let at = 0;
  while (at + 12 <= bytes.length) {
    const type = bytes.readUInt32LE(at);
    counts.set(type, (counts.get(type) ?? 0) + 1);
    at += bytes.readUInt32LE(at + 4);
  }
  const interfaces = counts.get(INTERFACE_DESCRIPTION) ?? 0;
  return at === bytes.length && interfaces > 0 && counts.get(INTERFACE_STATISTICS) === interfaces;
}
