/** Events in a topology file: what is refused and what is warned of, with its place in line 8, and what becomes of the rest. */
import { describe, expect, it } from 'vitest';
import { parseTopology } from '../../src/topology/load.ts';
import { TopologyError } from '../../src/topology/problem.ts';

const base = `hosts:
  esx1:
    uplinks: { vmnic0: { to: tor/1 }, vmnic1: { to: tor/2, delay: 2us, queue: 9 }, vmnic2: {} }
    vswitches: { vSwitch0: { teaming: { active: [vmnic0], standby: [vmnic2] }, portGroups: { web: {} } } }
    vms: { web1: {}, web2: { nics: [{}, {}] } }
physical: { switches: { tor: { ports: 4 } } }
traffic: [{ from: esx1/web1, to: esx1/web2, rate: 1kpps }]
`;
const load = (event: string) => parseTopology(`${base}events: [{ ${event} }]\n`, 'lab');

const refusals: [event: string, ...lines: string[]][] = [
  ['unplug: esx1/vmnic0', '10: events[0]: no at and no when; write when it happens, such as at: 5ms'],
  [
    'at: 1ms',
    '10: events[0]: nothing happens; write one of unplug, plug, linkDown, linkUp, flap, wire, stopVm, startVm, stopTraffic, startTraffic, ruleOff, ruleOn, crash, boot, flush, activate, changeMac, shape, join, leave, captureOff, captureOn, mirrorOn, mirrorOff, attach, detach, migrate, addUplink, removeUplink, addPortGroup, removePortGroup, note',
  ],
  ['at: 1ms, note: ""', '27: events[0].note: an empty text is not a note; any text'],
  [
    'at: 1ms, unplug: esx1/vmnic0, plug: esx1/vmnic0',
    '42: events[0].plug: unplug and plug in one event; write two events',
  ],
  [
    'at: 1ms, unplugg: esx1/vmnic0',
    '21: events[0].unplugg: unknown key unplugg; did you mean unplug? allowed: at, every, when, after, times, unplug, plug, linkDown, … (N in all)',
  ],
  ['at: 1ms, when: { rule: R7 }, note: x', '21: events[0].when: at and when stand together; an event has one of them'],
  ['at: 1ms, after: 1ms, note: x', '21: events[0].after: after goes with when; add it to at'],
  ['at: 1300h, note: x', '16: events[0].at: later than the clock goes; at most 52 days'],
  [
    'at: -1ms, note: x',
    '16: events[0].at: -1ms is not a duration; a number with ns, us, ms, s, m or h, such as 2us or 1.5s, or a number of seconds; at most 100 days',
  ],
  [
    'at: soon, note: x',
    '16: events[0].at: soon is not a duration; a number with ns, us, ms, s, m or h, such as 2us or 1.5s, or a number of seconds; at most 100 days',
  ],
  ['at: 1ms, every: 0, note: x', '28: events[0].every: 0 is no time to pass; write such as 10ms'],
  [
    'at: 1ms, every: 5, note: x',
    '28: events[0].every: 5 is not a duration; a number with ns, us, ms, s, m or h, such as 2us or 1.5s; at most 100 days',
  ],
  [
    'at: 1ms, times: 3, note: x',
    '21: events[0].times: times goes with every, which is missing; write such as every: 10ms',
  ],
  ['at: 1ms, every: 1ms, times: 0, note: x', '40: events[0].times: 0 is not in range; 1 to 1,000,000'],
  [
    'when: { rule: R7 }, every: 1ms, note: x',
    '32: events[0].every: every goes with at; with when, times says how often',
  ],
  ['when: {}, note: x', '18: events[0].when: a condition has one of counter, moved and rule'],
  [
    'when: { rule: R7, moved: "00:50:56:00:00:01" }, note: x',
    '18: events[0].when: a condition has one of counter, moved and rule',
  ],
  [
    'when: { rule: R5 }, note: x',
    '26: events[0].when.rule: R5 drops no frame itself; R1, R2, R4, R6, R7, R8, R9, R15, R16, R18, R19 do',
  ],
  ['when: { rule: R20 }, note: x', '26: events[0].when.rule: R20 is not a rule; allowed: R1 to R19'],
  [
    'when: { rule: R7, in: esx1/vSwitch }, note: x',
    '34: events[0].when.in: unknown switch esx1/vSwitch; there are esx1/vSwitch0, tor',
  ],
  ['when: { rule: R7, port: esx1/web1 }, note: x', '30: events[0].when.port: port does not go with rule; leave it out'],
  [
    'when: { rule: R7, above: -1 }, note: x',
    '37: events[0].when.above: -1 is not in range; 0 to 9,007,199,254,740,991',
  ],
  [
    'when: { counter: deja_vue, port: esx1/vmnic0, above: 1 }, note: x',
    '29: events[0].when.counter: unknown counter deja_vue; did you mean deja_vu? there are rxFrames, rxBytes, txFrames, txBytes, drops, sent, received, forward, … (N in all)',
  ],
  [
    'when: { counter: deja_vu, above: 1 }, note: x',
    '18: events[0].when: deja_vu is the counter of a port; write port: esx1/vm1 or the like',
  ],
  [
    'when: { counter: deja_vu, port: esx1/vmnic0 }, note: x',
    '18: events[0].when: no figure that deja_vu passes; write above: 0 or the like',
  ],
  [
    'when: { counter: deja_vu, port: esx1/vmnic9, above: 1 }, note: x',
    '44: events[0].when.port: unknown port esx1/vmnic9; esx1 has web1, web2, web2.eth1, vmnic0, vmnic1, vmnic2',
  ],
  [
    'when: { counter: deja_vu, port: esx1/vmnic0, above: 1, in: tor }, note: x',
    '67: events[0].when.in: in does not go with counter; leave it out',
  ],
  [
    'when: { counter: sent, port: esx1/vmnic0, above: 1 }, note: x',
    "29: events[0].when.counter: sent is a guest's; esx1/vmnic0 is an uplink; write txFrames",
  ],
  [
    'when: { moved: 01:00:00:00:00:01 }, note: x',
    "27: events[0].when.moved: 01:00:00:00:00:01 is not a station's address; a unicast address: the first octet is even",
  ],
  [
    'when: { moved: "00:50:56:00:00:01", above: 3 }, note: x',
    '48: events[0].when.above: above does not go with moved; leave it out',
  ],
  [
    'at: 1ms, unplug: esx1/vmnic3',
    '29: events[0].unplug: unknown port esx1/vmnic3; esx1 has web1, web2, web2.eth1, vmnic0, vmnic1, vmnic2',
  ],
  [
    'at: 1ms, unplug: esx1/vmnic2',
    '29: events[0].unplug: esx1/vmnic2 has no cable; linkDown and linkUp are for one port alone',
  ],
  [
    'at: 1ms, unplug: esx1/web1',
    '29: events[0].unplug: esx1/web1 has no cable; linkDown and linkUp are for one port alone',
  ],
  [
    'at: 1ms, unplug: esx2/vmnic0',
    '29: events[0].unplug: unknown host or switch esx2 in esx2/vmnic0; known: esx1, tor',
  ],
  [
    'at: 1ms, linkDown: esx1',
    '31: events[0].linkDown: esx1 is not a port; write owner/port, such as esx1/vm1 or tor/1',
  ],
  ['at: 1ms, stopVm: esx1/web3', '29: events[0].stopVm: unknown VM esx1/web3; esx1 has web1, web2'],
  ['at: 1ms, stopVm: esx2/web1', '29: events[0].stopVm: unknown host esx2 in esx2/web1; known: esx1'],
  ['at: 1ms, stopVm: web1', '29: events[0].stopVm: web1 is not a VM; write host/vm, such as esx1/web1'],
  ['at: 1ms, stopVm: esx1/web2.eth1', '29: events[0].stopVm: unknown VM esx1/web2.eth1; esx1 has web1, web2'],
  [
    'at: 1ms, stopTraffic: esx1/web2',
    '34: events[0].stopTraffic: esx1/web2 sends no traffic; name a vNIC that stands as from in traffic, or *',
  ],
  [
    'at: 1ms, stopTraffic: "tor/*"',
    '34: events[0].stopTraffic: tor/* sends no traffic; name a vNIC that stands as from in traffic, or *',
  ],
  [
    'at: 1ms, stopTraffic: esx1/web9',
    '34: events[0].stopTraffic: unknown port esx1/web9; esx1 has web1, web2, web2.eth1, vmnic0, vmnic1, vmnic2',
  ],
  ['at: 1ms, ruleOff: 7', '30: events[0].ruleOff: 7 is not a rule; allowed: R1 to R19'],
  [
    'at: 1ms, ruleOff: R17',
    '30: events[0].ruleOff: R17 works on how ports and cables are set up; it is on or off for a whole run: teaching: { disable: [R17] }',
  ],
  ['at: 1ms, crash: esx2', '28: events[0].crash: unknown host or switch esx2; known: esx1, tor'],
  [
    'at: 1ms, crash: esx1/vSwitch0',
    '28: events[0].crash: esx1/vSwitch0 is not a name; letters, digits, _ - and ., 1-63 characters, the first a letter or digit',
  ],
  ['at: 1ms, flush: tot', '28: events[0].flush: unknown switch tot; did you mean tor? there are esx1/vSwitch0, tor'],
  [
    'at: 1ms, flush: esx1/web7',
    '28: events[0].flush: unknown port esx1/web7; esx1 has web1, web2, web2.eth1, vmnic0, vmnic1, vmnic2',
  ],
  ['at: 1ms, activate: esx1/web1', '31: events[0].activate: esx1/web1 is a vNIC; only an uplink can be made active'],
  [
    'at: 1ms, activate: esx1/vmnic1',
    '31: events[0].activate: esx1/vmnic1 is unused; no team has it as active or standby',
  ],
  [
    'at: 1ms, changeMac: { port: tor/1, mac: "00:50:56:00:00:01" }',
    '40: events[0].changeMac.port: tor/1 is a physical port; only a vNIC has a guest',
  ],
  [
    'at: 1ms, changeMac: { port: esx1/web1 }',
    '32: events[0].changeMac.mac: missing; six octets such as 00:50:56:00:00:01',
  ],
  [
    'at: 1ms, flap: { port: esx1/vmnic0, down: 0, up: 1ms }',
    '54: events[0].flap.down: 0 is no time to pass; write such as 2ms',
  ],
  [
    'at: 1ms, flap: { port: esx1/vmnic0, down: 1ms }',
    '27: events[0].flap.up: missing; a number with ns, us, ms, s, m or h, such as 2us or 1.5s; at most 100 days',
  ],
  [
    'at: 1ms, flap: { port: esx1/vmnic0, down: 1ms, up: 1ms, times: 0 }',
    '75: events[0].flap.times: 0 is not in range; 1 to 1,000,000',
  ],
  [
    'at: 1ms, every: 5ms, flap: { port: esx1/vmnic0, down: 1ms, up: 1ms }',
    '21: events[0].every: a flap has its own times; leave every out',
  ],
];

it.each(refusals)('refused: %s', (event, ...lines) => {
  expect(problemsOf(event)).toEqual(lines.map((line) => `lab:8:${line}`));
});

/** How many keys and verdicts there are may change. */
function problemsOf(event: string): string[] {
  try {
    load(event);
  } catch (error) {
    if (!(error instanceof TopologyError)) throw error;
    return error.message.split('\n').map((line) => line.replace(/\d+ in all/, 'N in all'));
  }
  throw new Error('accepted');
}

it.each<[wire: string, line: string]>([
  [
    'port: esx1/vmnic2, loss: 1%',
    '35: events[0].wire.port: esx1/vmnic2 has no cable; linkDown and linkUp are for one port alone',
  ],
  ['port: esx1/vmnic0', '27: events[0].wire: nothing of the cable changes; write such as loss: 10%'],
  [
    'port: esx1/vmnic0, loss: 101%',
    '54: events[0].wire.loss: 101% is not a share; per cent such as 1% or 0.05%, 0% to 100%',
  ],
  [
    'port: esx1/vmnic0, delay: 1us',
    '55: events[0].wire.delay: the cable has no delay; give it one where it stands, for without one its ends are moved as one',
  ],
  [
    'port: esx1/vmnic1, delay: 0',
    '55: events[0].wire.delay: the cable has a delay, and keeps some; write 1ns, for without one its ends are moved as one',
  ],
  [
    'port: esx1/vmnic1, queue: 17',
    '55: events[0].wire.queue: 17 is more than there is memory for; 1 to 16, or a longer queue where the cable stands',
  ],
  [
    'port: tor/2, reorder: { share: 1%, by: 1us }',
    '51: events[0].wire.reorder: the cable has no memory for frames that are held back; write reorder: { share: 0%, by: 50us } where it stands',
  ],
])('refused of a cable: %s', (wire, line) => {
  expect(problemsOf(`at: 1ms, wire: { ${wire} }`)).toEqual([`lab:8:${line}`]);
});

const warnings: [event: string, ...lines: string[]][] = [
  ['at: 1ms, boot: esx1', '27: events[0].boot: esx1 has not crashed before; nothing comes of it'],
  [
    'at: 1ms, boot: esx1 }, { at: 2ms, crash: esx1',
    '27: events[0].boot: esx1 has not crashed before; nothing comes of it',
  ],
  ['at: 2ms, boot: esx1 }, { at: 1ms, crash: esx1'],
  ['at: 1ms, startVm: esx1/web1', '30: events[0].startVm: esx1/web1 has not been stopped before; nothing comes of it'],
  ['at: 1ms, startTraffic: "*"', '35: events[0].startTraffic: * has not been stopped before; nothing comes of it'],
  ['at: 1ms, ruleOn: R7', '29: events[0].ruleOn: R7 has not been switched off before; nothing comes of it'],
  ['at: 1ms, ruleOff: R7', '30: events[0].ruleOff: without R7 frames may loop or come twice, until ruleOn: R7'],
  ['when: { rule: R7 }, boot: esx1 }, { at: 9ms, crash: esx1'],
];

it.each(warnings)('warned of: %s', (event, ...lines) => {
  const found = load(event).warnings.map(({ place, message }) => `${place}: ${message}`);
  expect(found).toEqual(lines.map((line) => `lab:8:${line}`));
});

describe('an event', () => {
  it.each<[event: string, trigger: object, action: object]>([
    ['at: 5ms, unplug: esx1/vmnic0', { atNs: 5e6, everyNs: null, times: 1 }, { unplug: 'esx1/vmnic0' }],
    ['at: 5ms, every: 1s, note: x', { atNs: 5e6, everyNs: 1e9, times: null }, { note: 'x' }],
    ['at: 0.5, every: 1s, times: 3, note: x', { atNs: 5e8, everyNs: 1e9, times: 3 }, { note: 'x' }],
    ['at: 1ms, linkDown: esx1/web2.eth0', { atNs: 1e6, everyNs: null, times: 1 }, { linkDown: 'esx1/web2' }],
    [
      'at: 1ms, wire: { port: tor/2, rate: unlimited, delay: 5us, loss: 10%, jitter: 1us, queue: 16 }',
      { atNs: 1e6, everyNs: null, times: 1 },
      { wire: { port: 'tor/2', rateBps: null, delayNs: 5000, loss: 0.1, jitterNs: 1000, queueFrames: 16 } },
    ],
    [
      'when: { rule: R7 }, flap: { port: tor/1, down: 1ms, up: 2ms }',
      { when: { rule: 'R7', above: 0 }, afterNs: 0, times: 1 },
      { flap: { port: 'tor/1', downNs: 1e6, upNs: 2e6, times: 1 } },
    ],
    [
      'when: { moved: 00-50-56-00-00-0A, in: tor }, after: 2us, times: 2, crash: tor',
      { when: { moved: '00:50:56:00:00:0a', in: 'tor' }, afterNs: 2000, times: 2 },
      { crash: 'tor' },
    ],
    [
      'when: { counter: drops, port: tor/1, above: 0 }, flush: esx1/vSwitch0',
      { when: { counter: 'drops', port: 'tor/1', above: 0 }, afterNs: 0, times: 1 },
      { flush: 'esx1/vSwitch0' },
    ],
  ])('%s', (event, trigger, action) => {
    expect(load(event).events).toEqual([{ trigger, action }]);
  });

  it('may name a port whose declaration is at fault without being blamed for it', () => {
    const yaml = base.replace('queue: 9', 'rate: fast');
    const read = () => parseTopology(`${yaml}events: [{ at: 1ms, unplug: esx1/vmnic1 }]\n`, 'lab');
    expect(read).toThrow(/^lab:3:[^\n]*rate[^\n]*$/);
  });

  it('is one of at most 10,000', () => {
    const event = { at: '1ms', note: 'x' };
    const topology = {
      physical: { switches: { s: { ports: 1 } } },
      events: Array.from({ length: 10_001 }, () => event),
    };
    expect(() => parseTopology(JSON.stringify(topology), 'lab')).toThrow('too many events; at most 10,000');
  });
});
