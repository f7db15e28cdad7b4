import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import path from 'node:path';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { readCapture } from '../../src/capture/read.ts';
import {
  enhancedPacket,
  interfaceDescription,
  interfaceStatistics,
  pcapHeader,
  pcapRecord,
  sectionHeader,
} from '../../src/capture/write.ts';
import { joined, language } from './blocks.ts';
import { epochNs, tshark, tsharkBlocks, tsharkMissing } from './tshark.ts';

const T0 = 1_700_000_000_123_456_789n;
/** An Ethernet frame of 64 octets, of the experimental EtherType. */
const FRAME = Uint8Array.from(
  { length: 64 },
  (_, index) => [2, 0, 0, 0, 0, 1, 2, 0, 0, 0, 0, 2, 0x88, 0xb5][index] ?? index,
);

const because = tsharkMissing === null ? '' : ` (skipped: ${tsharkMissing})`;

describe.skipIf(tsharkMissing !== null)(`tshark${because}`, () => {
  let directory = '';
  const save = (name: string, ...parts: Uint8Array[]): string => {
    const file = path.join(directory, name);
    writeFileSync(file, joined(...parts));
    return file;
  };
  beforeAll(() => {
    directory = mkdtempSync(path.join(tmpdir(), 'capture-'));
  });
  afterAll(() => rmSync(directory, { recursive: true }));

  const written = (): string =>
    save(
      'written.pcapng',
      sectionHeader({ hardware: 'a host', os: 'an os', application: 'vswitch', comment: 'a run' }),
      interfaceDescription({
        name: 'uplink0',
        description: 'to the spine',
        mac: FRAME.subarray(0, 6),
        speedBps: 10n ** 10n,
      }),
      interfaceDescription({ name: 'host-ü', snapLength: 60 }),
      enhancedPacket({
        interfaceId: 0,
        timeNs: T0,
        bytes: FRAME,
        direction: 'in',
        packetId: 2n ** 63n,
        comment: 'flooded',
      }),
      enhancedPacket({
        interfaceId: 1,
        timeNs: T0 + 1n,
        bytes: FRAME.subarray(0, 60),
        originalLength: 64,
        direction: 'out',
        dropCount: 3,
      }),
      enhancedPacket({ interfaceId: 1, timeNs: 4_323_283_200_000_000_007n, bytes: FRAME }),
      interfaceStatistics({
        interfaceId: 1,
        timeNs: T0,
        startNs: T0 - 5n,
        endNs: T0,
        received: 10,
        dropped: 1,
        accepted: 9,
        droppedByOs: 2,
        delivered: 7,
      }),
    );

  it('reads every field of the frames we write', () => {
    const fields = [
      ...['frame.time_epoch', 'frame.cap_len', 'frame.len', 'frame.interface_name', 'frame.interface_description'],
      ...[
        'frame.packet_flags_direction',
        'frame.packet_id',
        'frame.drop_count',
        'frame.comment',
        'frame.section_number',
      ],
    ];
    const frames = tshark(written(), fields);
    const times = frames.map(([time = '']) => epochNs(time));
    expect(times).toEqual([T0, T0 + 1n, 4_323_283_200_000_000_007n]);
    const [inbound, outbound] = ['0x00000001', '0x00000002'];
    expect(frames.map(([, ...others]) => others)).toEqual([
      ['64', '64', 'uplink0', 'to the spine', inbound, '9223372036854775808', '', 'flooded', '1'],
      ['60', '64', 'host-ü', '', outbound, '', '3', '', '1'],
      ['64', '64', 'host-ü', '', '', '', '', '', '1'],
    ]);
  });

  it('dissects the file we write into its blocks and options, with nothing to complain of', () => {
    const expected = {
      'pcapng.block.type': [
        ...['0x0a0d0d0a', '0x00000001', '0x00000001'],
        ...['0x00000006', '0x00000006', '0x00000006', '0x00000005'],
      ],
      'pcapng.options.option.code': '2 3 4 1 0 2 3 6 8 9 0 2 9 0 2 5 1 0 2 4 0 2 3 4 5 6 7 8 0'.split(' '),
      'pcapng.interface_description.snap_length': ['0', '60'],
      'pcapng.options.option.data.hardware': ['a host'],
      'pcapng.options.option.data.os': ['an os'],
      'pcapng.options.option.data.user_application': ['vswitch'],
      'pcapng.options.option.data.comment': ['a run', 'flooded'],
      'pcapng.options.option.data.mac': ['02:00:00:00:00:01'],
      'pcapng.options.option.data.interface.speed': ['10000000000'],
      'pcapng.options.option.data.interface.timestamp_resolution': ['0x09', '0x09'],
      'pcapng.options.option.data.interface.received': ['10'],
      'pcapng.options.option.data.interface.dropped': ['1'],
      'pcapng.options.option.data.interface.accepted_by_filter': ['9'],
      'pcapng.options.option.data.interface.dropped_by_os': ['2'],
      'pcapng.options.option.data.interface.delivered_to_user': ['7'],
      'pcapng.block_lengths_dont_match': [''],
      'pcapng.invalid_option_length': [''],
      '_ws.malformed': [''],
      '_ws.expert.message': [''],
    };
    expect(tsharkBlocks(written(), Object.keys(expected))).toEqual(expected);
  });

  it('reads the pcap files we write', () => {
    const file = save(
      'written.pcap',
      pcapHeader(60),
      pcapRecord(T0, FRAME.subarray(0, 60), 64),
      pcapRecord(T0 + 1n, FRAME),
    );
    const frames = tshark(file, ['frame.time_epoch', 'frame.cap_len', 'frame.len', 'eth.type']);
    expect(frames.map(([time = '', ...others]) => [epochNs(time), ...others])).toEqual([
      [T0, '60', '64', '0x88b5'],
      [T0 + 1n, '64', '64', '0x88b5'],
    ]);
  });

  it.each<[string, () => string]>([
    [
      'if_fcslen',
      () =>
        save(
          ...(['fcs.pcapng', sectionHeader(), interfaceDescription({ name: 'p0', fcsLength: 4 })] as const),
          enhancedPacket({ interfaceId: 0, timeNs: T0, bytes: FRAME }),
        ),
    ],
    [
      'the bits beside the link type of a pcap file',
      () => save('fcs.pcap', language('be').pcapHeader(0xa1b2c3d4, 0x24000001), language('be').pcapRecord(1, 0, FRAME)),
    ],
  ])('agrees that %s counts octets of frame check sequence', (_, saved) => {
    const file = saved();
    const [[sequence] = []] = tshark(file, ['eth.fcs']);
    expect(sequence).toBe('0x3c3d3e3f');
    expect([...readCapture(file)]).toMatchObject([{ interface: { fcsLength: 4 } }]);
  });
});
