/** The keys of an event: when it happens, and one action. What they mean together is checked by event.ts. */
import type { z } from 'zod';
import { readMac } from './address.ts';
import { cableKeys } from './cable-schema.ts';
import { changeKeys } from './change-schema.ts';
import { readGroup } from './group-address.ts';
import { numberOrText } from './port-schema.ts';
import { readDelay, readDuration } from './quantity.ts';
import { readRule } from './rule.ts';
import { readName, textReader } from './scalar.ts';
import { integer, map, scalar, spelled } from './shape.ts';
import { bucketOrOff } from './shaping-schema.ts';

const text = { type: 'string' };
const portText = textReader('a port', 'owner/port, such as esx1/vm1 or tor/1');
const port = (description: string) => scalar(portText, { description, ...text, examples: ['esx1/vmnic0', 'tor/1'] });
const duration = (description: string) => scalar(readDelay, { description, ...numberOrText });
const rule = (description: string) =>
  scalar((value) => `R${readRule(value)}`, { description, ...text, pattern: '^R([1-9]|1[0-9])$' });
const vm = (description: string) =>
  scalar(textReader('a VM', 'host/vm, such as esx1/web1'), { description, ...text, examples: ['esx1/web1'] });
const traffic = (description: string) =>
  scalar(textReader('a port', 'a vNIC or a pattern such as esx1/*'), { description, ...text });
const fileText = textReader('a file name', 'the file of a capture, as it stands there');
const switchText = textReader('a switch', 'host/vSwitch, such as esx1/vSwitch0, or a physical switch');

const mirror = (description: string) =>
  scalar(textReader('a mirror', 'switch/mirror, such as esx1/vSwitch0/span1 or tor/span1'), {
    description,
    ...text,
    examples: ['esx1/vSwitch0/span1'],
  });

const condition = map(
  {
    counter: scalar(readName, {
      description: 'A verdict such as deja_vu, or rxFrames, rxBytes, txFrames, txBytes, drops, sent, received.',
      ...text,
    }).optional(),
    port: port('The port that the counter is of.').optional(),
    moved: scalar(readMac, {
      description: 'The address of a station that is heard on another port.',
      ...text,
    }).optional(),
    rule: rule('A rule that drops a frame.').optional(),
    above: integer(0, Number.MAX_SAFE_INTEGER, 'The figure that is passed. Default for a rule: 0.').optional(),
    in: scalar(switchText, { description: 'Only on this switch. Default: on any.', ...text }).optional(),
  },
  { description: 'counter, moved or rule: the event happens once this holds.' },
);

const flap = map(
  {
    port: port('Whose link flaps, at both ends of its cable.'),
    down: duration('Time without link, such as 2ms.'),
    up: duration('Time with link before the next time.'),
    times: integer(1, 1_000_000, 'How often it goes down. Default 1.').optional(),
  },
  { description: 'A link goes down and up again, several times.' },
);

const wire = map(
  { port: port('One of its ends.'), ...cableKeys },
  { description: 'A cable changes, both ways; what is not said stays.' },
);

const changeMac = map(
  { port: port('The vNIC.'), mac: scalar(readMac, { description: 'The address.', ...text }) },
  { description: "A vNIC's guest uses another address." },
);

/** `in: off` is the same as no shaper. */
const rates = (description: string) =>
  spelled((value) => (value === 'off' || value === false ? {} : value), bucketOrOff(description), {
    description,
    also: [{ const: 'off' }],
  });

const shape = map(
  {
    port: scalar(textReader('a port', 'a port or a pattern such as esx1/*'), {
      description: 'The port, or a pattern such as esx1/*.',
      ...text,
    }),
    in: rates('What the switch gets from the port, or off.').optional(),
    out: rates('What it sends to the port, or off.').optional(),
  },
  { description: 'A shaper changes, comes or goes; what is not said stays.' },
);

const membership = (description: string) =>
  map(
    { port: port('The vNIC.'), group: scalar(readGroup, { description: 'Such as 239.1.1.1 or ff15::1.', ...text }) },
    { description },
  );

export const actionKeys = {
  unplug: port('Pulls the cable of this port: both ends lose their link.').optional(),
  plug: port('Plugs the cable of this port again.').optional(),
  linkDown: port('This port alone loses its link.').optional(),
  linkUp: port('This port gets its link again; opens it if a guard has shut it.').optional(),
  flap: flap.optional(),
  wire: wire.optional(),
  stopVm: vm('This VM stops: its vNICs lose their link, it neither sends nor answers.').optional(),
  startVm: vm('This VM starts again, and goes on with its traffic from now.').optional(),
  stopTraffic: traffic('The traffic that this vNIC sends pauses.').optional(),
  startTraffic: traffic('It goes on from now.').optional(),
  ruleOff: rule('This rule is switched off everywhere, for a lesson.').optional(),
  ruleOn: rule('This rule is in force again.').optional(),
  crash: scalar(readName, {
    description: 'This host or physical switch loses its power with all that it holds.',
    ...text,
  }).optional(),
  boot: scalar(readName, { description: 'It comes again, empty.', ...text }).optional(),
  flush: scalar(textReader('a switch or port', 'esx1/vSwitch0, tor, or a port such as esx1/vm1'), {
    description: 'Learned addresses of this switch or port are forgotten.',
    ...text,
  }).optional(),
  activate: port('This uplink goes first in every team that has it.').optional(),
  changeMac: changeMac.optional(),
  shape: shape.optional(),
  join: membership("A vNIC's guest joins a group.").optional(),
  leave: membership('It leaves one.').optional(),
  captureOff: scalar(fileText, { description: 'The capture to this file pauses.', ...text }).optional(),
  captureOn: scalar(fileText, { description: 'It goes on.', ...text }).optional(),
  mirrorOn: mirror('This mirror copies from now on.').optional(),
  mirrorOff: mirror('This mirror copies nothing any more.').optional(),
  ...changeKeys,
  note: scalar(textReader('a note', 'any text'), {
    description: 'A line among the events, nothing else.',
    ...text,
  }).optional(),
} as const;

export const event = map(
  {
    at: scalar(readDuration, {
      description: 'When it happens, such as 5ms after the start.',
      ...numberOrText,
    }).optional(),
    every: duration('Happens again each time this has passed.').optional(),
    when: condition.optional(),
    after: duration('How long after the condition holds. Default 0.').optional(),
    times: integer(1, 1_000_000, 'How often it happens. Default 1, with every: no limit.').optional(),
    ...actionKeys,
  },
  { description: 'Something that happens while the network runs: at or when, and one action.' },
);

export type EventEntry = z.output<typeof event>;
export type ConditionEntry = z.output<typeof condition>;
