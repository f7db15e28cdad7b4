import { existsSync, readdirSync } from 'node:fs';
import path from 'node:path';
import { describe, expect, it } from 'vitest';
import { type CapturedFrame, readCapture } from '../../src/capture/read.ts';
import { epochNs, tshark, tsharkMissing } from './tshark.ts';

// Captures other projects made; they lie beside the checkout, not in it.
const SAMPLES = path.resolve(import.meta.dirname, '../../../shared/captures');
const files = existsSync(SAMPLES)
  ? readdirSync(SAMPLES, { recursive: true, encoding: 'utf8' }).filter((file) => /\.pcap(ng)?$/.test(file))
  : [];
const missing = files.length === 0 ? `${SAMPLES} has no captures` : null;
if (missing) console.warn(`tests/capture: tests against samples are skipped, because ${missing}`);
const because = (reason: string | null): string => (reason ? ` (skipped: ${reason})` : '');

/** The samples that are not Ethernet alone, and what is said of them. */
const REFUSED: Readonly<Record<string, string>> = {
  'LINKTYPE_IPV6.pcap': 'offset 20: link type 229 (RAW IPv6) is not Ethernet;',
  'LINKTYPE_RAW_ipv6.pcap': 'offset 20: link type 101 (RAW IP) is not Ethernet;',
  'pcapng/test101-be.pcapng': 'offset 920: interface 1: link type 0 (BSD loopback) is not Ethernet;',
  'pcapng/test101-le.pcapng': 'offset 920: interface 1: link type 0 (BSD loopback) is not Ethernet;',
  'pcapng/test201-be.pcapng': 'offset 1228: interface 1: link type 0 (BSD loopback) is not Ethernet;',
  'pcapng/test201-le.pcapng': 'offset 1228: interface 1: link type 0 (BSD loopback) is not Ethernet;',
};
const linkTypes = [0, 1, 101, 229];

describe.skipIf(missing !== null)(`samples${because(missing)}`, () => {
  it.each(files)('%s reads, or is refused by name', (file) => {
    const refused = REFUSED[file];
    const read = (): CapturedFrame[] => [...readCapture(path.join(SAMPLES, file))];
    if (refused === undefined) expect(read).not.toThrow();
    else expect(read).toThrow(refused);
  });

  it.skipIf(tsharkMissing !== null).each(files)(`%s has the frames tshark sees${because(tsharkMissing)}`, (file) => {
    const full = path.join(SAMPLES, file);
    const seen = tshark(full, ['frame.time_epoch', 'frame.cap_len', 'frame.len']);
    const frames = [...readCapture(full, { linkTypes })];
    expect(frames.map((frame) => [frame.timeNs, frame.bytes.length, frame.originalLength])).toEqual(
      seen.map(([time = '', captured, original]) => [epochNs(time), Number(captured), Number(original)]),
    );
  });

  const twins = files.filter((file) => file.endsWith('-le.pcapng'));
  it.each(twins)('%s has the same frames as its big-endian twin', (file) => {
    const little = [...readCapture(path.join(SAMPLES, file), { linkTypes })];
    const big = [...readCapture(path.join(SAMPLES, file.replace('-le.', '-be.')), { linkTypes })];
    expect(little.length).toBeGreaterThan(0);
    expect(big).toEqual(little);
  });
});
