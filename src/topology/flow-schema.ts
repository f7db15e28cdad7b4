/** The keys of flow records: of a switch, and of the run. */
import type { z } from 'zod';
import { numberOrText } from './port-schema.ts';
import { readPause } from './quantity.ts';
import { textReader } from './scalar.ts';
import { integer, map, scalar } from './shape.ts';

export const flows = map(
  {
    max: integer(16, 1_000_000, 'Records that live at once. Default 4096.').optional(),
    activeTimeout: scalar(readPause, {
      description: 'A record that is older ends with its next frame, 1ms to 1h. Default 60s.',
      ...numberOrText,
    }).optional(),
    idleTimeout: scalar(readPause, {
      description: 'A record ends after so long without a frame, 1ms to 1h. Default 15s.',
      ...numberOrText,
    }).optional(),
    sample: integer(1, 0xffff_ffff, 'One in so many frames is counted. Default 1, all.').optional(),
  },
  { description: 'Flow records of what comes in by the ports of this switch. Default: none.' },
);

export const flowRecords = map(
  {
    file: scalar(textReader('a file name', 'a path such as flows.csv'), {
      description: 'File that a run writes at its end: .csv, .json or .ndjson.',
      type: 'string',
      examples: ['flows.csv'],
    }),
  },
  { description: 'Where flow records go. Without flows on any switch, all have records.' },
);

export type FlowsEntry = z.output<typeof flows>;
