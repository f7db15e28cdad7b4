/** The keys of an entry of `captures:`. */
import type { z } from 'zod';
import { numberOrText } from './port-schema.ts';
import { readDuration, readSize } from './quantity.ts';
import { textReader } from './scalar.ts';
import { choice, integer, list, map, scalar } from './shape.ts';

const text = { type: 'string' };
const portText = textReader('a port', 'owner/port, such as esx1/vm1 or tor/1');
const framesMax = Number.MAX_SAFE_INTEGER;
const keepMax = 100_000;

const port = (description: string) =>
  scalar(portText, { description, ...text, examples: ['esx1/vm1', 'esx1/*', 'tor/DROP'] });
const duration = (description: string) => scalar(readDuration, { description, ...numberOrText }).optional();
const size = (description: string) => scalar(readSize, { description, ...numberOrText }).optional();
const frames = (description: string) => integer(1, framesMax, description).optional();

export const capture = map(
  {
    file: scalar(textReader('a file name', 'a path such as all.pcapng'), {
      description:
        'File to write: .pcap for classic pcap, else pcapng; .gz or .zst behind that compresses. "-" is the standard output; a named pipe is written to as well.',
      ...text,
      examples: ['all.pcapng', 'all.pcapng.zst', '-'],
    }),
    ports: list(
      port('A port, or a pattern such as esx1/*. owner/DROP is what died at the ports of a host or switch.'),
      {
        description: 'Default ["*"], all; none where there are wires.',
      },
    ).optional(),
    wires: list(port('A port at one end of a cable, or a pattern.'), {
      description: 'Cables to capture, both ways on one interface. Default: none.',
    }).optional(),
    stages: list(choice(['wire', 'inside'], 'Where on its way through a port a frame is captured.'), {
      description:
        'wire: as on the wire of the port. inside: as the switch relays it, with the tag of its VLAN. Default [wire].',
    }).optional(),
    direction: choice(['in', 'out', 'both'], 'As seen from the switch. Default both.').optional(),
    filter: scalar(textReader('a filter', 'a pcap-filter expression such as "arp or icmp"'), {
      description: 'A pcap-filter expression. Default: every frame.',
      ...text,
      examples: ['arp or icmp', 'vlan 10 and host 10.0.0.1'],
    }).optional(),
    snap: integer(0, 262_144, 'Bytes kept of each frame; 0 (default) keeps all.').optional(),
    sample: integer(1, 0xffff_ffff, 'One in so many of the frames that pass the filter. Default 1, all.').optional(),
    start: duration('Default 0.'),
    stop: duration('Default: at the end of the run.'),
    rotate: map(
      {
        size: size('Most bytes in a file before compression, such as 10MB or 64MiB.'),
        every: duration('Time on the clock of the run in a file.'),
        frames: frames('Frames in a file.'),
        keep: integer(1, keepMax, 'The oldest files are deleted so that this many are left. Default: all.').optional(),
      },
      { description: 'When another file is begun; they are numbered, all_00001.pcapng and so on.' },
    ).optional(),
    limit: map(
      {
        size: size('Bytes before compression, over all files.'),
        after: duration('Time since the start of the capture.'),
        frames: frames('Frames, over all files.'),
      },
      { description: 'After which the capture is over, while the run goes on.' },
    ).optional(),
    onError: choice(
      ['continue', 'stop'],
      'Whether the run goes on when this capture cannot be written any more. Default continue.',
    ).optional(),
  },
  { description: 'Frames to record.' },
);

export type CaptureEntry = z.output<typeof capture>;
