/** For each rule what it is good for: a sentence that holds while the rule is in force, and what comes of it without. */
import type { Plot } from './network.ts';
import type { Step } from './story.ts';

export interface Scenario {
  readonly rule: number;
  readonly sentence: string;
  readonly plot: Plot;
  readonly steps: readonly Step[];
  /** With the rule in force there is no such network: the topology is refused with these words. */
  readonly refusal?: RegExp;
}

const registered = { macModel: 'registered' };

export const scenarios: readonly Scenario[] = [
  {
    rule: 1,
    sentence: 'a frame from outside does not leave by another uplink, or it would come back for ever',
    plot: {},
    steps: [['x > all', 'a b c y', 'a×63 b×63 c×63 x×63 y×64']],
  },
  {
    rule: 1,
    sentence: 'a frame to a station outside does not take its way through the host',
    plot: {},
    // The host knows that y is outside, the switch there does not, and floods.
    steps: [['a > all', 'b c x y'], ['y > a', 'a'], ['forget tor'], ['x > y', 'y', 'x×63 y×64']],
  },
  {
    rule: 2,
    sentence: 'nobody gets his own frame back',
    plot: {},
    steps: [
      ['a > all', 'b c x y', 'a b c x y'],
      ['x > all', 'a b c y', 'a b c x y'],
      ['a > a', '', 'a'],
    ],
  },
  {
    rule: 3,
    sentence: 'a broadcast leaves the host by one uplink, however many there are',
    plot: { uplinks: 3 },
    steps: [['a > all', 'b c x y', 'b c x×3 y×3']],
  },
  {
    rule: 4,
    sentence: 'the frames of one VM leave by one uplink, so that the outside knows the way back',
    plot: {},
    steps: [
      ['x > all', 'a b c y'],
      ['a > x', 'x'],
      ['x > a', 'a'],
      ['a > x', 'x'],
      ['x > a', 'a', ''],
      ['a > x', 'x'],
      ['moves tor', '', 'a:1>2 a:2>1'],
    ],
  },
  {
    rule: 5,
    sentence: "a frame for a station that nobody knows is none of the other VMs' business",
    plot: { vswitch: registered },
    steps: [['a > nobody', 'x y', 'b c x y']],
  },
  {
    rule: 6,
    sentence: 'a frame from outside for a station that is not here reaches no VM',
    plot: { vswitch: registered },
    steps: [['x > nobody', 'y', 'a b c y']],
  },
  {
    rule: 7,
    sentence: "a VM gets its neighbour's broadcast once although the outside sends it back, and never its own",
    plot: { vlan: 11 },
    steps: [['a > all', 'b c x y', 'a b×2 c×2 x y']],
  },
  {
    rule: 7,
    sentence: "a VM that takes floods by its own pin gets a neighbour's broadcast once",
    plot: { vswitch: { ...registered, receivers: 'per-recipient' } },
    steps: [['a > all', 'b c x y', 'b×2 c x y']],
  },
  {
    rule: 7,
    sentence: 'a reflection moves nobody in the table',
    plot: { vlan: 11 },
    steps: [
      ['a > all', 'b c x y', 'a b×2 c×2 x y'],
      ['table v', 'a@a', 'a@uplink'],
      ['b > a', 'a', ''],
    ],
  },
  {
    rule: 8,
    sentence: 'a unicast that the outside floods arrives once',
    plot: { vswitch: registered },
    steps: [['x > a', 'a y', 'a×2 y']],
  },
  {
    rule: 9,
    sentence: 'a broadcast from outside arrives once',
    plot: { uplinks: 3 },
    steps: [
      ['x > all', 'a b c y', 'a×3 b×3 c×3 y'],
      ['x > group', 'a b c y', 'a×3 b×3 c×3 y'],
    ],
  },
  {
    rule: 9,
    sentence: 'a VM that takes floods by its own pin gets a broadcast from outside once',
    plot: { vswitch: { ...registered, receivers: 'per-recipient' } },
    steps: [['x > all', 'a b c y', 'a×2 b×2 c×2 y']],
  },
  {
    rule: 10,
    sentence: 'a vSwitch that knows its VMs learns nobody from outside',
    plot: { vswitch: registered },
    steps: [
      ['x > all', 'a b c y'],
      ['table v', 'a@a b@b c@c', 'a@a b@b c@c x@uplink'],
    ],
  },
  {
    rule: 11,
    sentence: "a VM that sends with its neighbour's address does not get the neighbour's frames",
    plot: { vswitch: registered },
    steps: [
      ['b as a > x', 'x y'],
      ['c > a', 'a', 'b'],
    ],
  },
  {
    rule: 12,
    sentence: 'a VM that has moved away says so, and is reached where it is now',
    plot: {},
    steps: [
      ['a > all', 'b c x y'],
      ['b > all', 'a c x y'],
      ['y as a > all rarp', 'a b c x', 'x'],
      ['b > a', 'y', 'a'],
    ],
  },
  {
    rule: 13,
    sentence: "a VM that announces itself is not moved outside by its own announcement's return",
    plot: { vlan: 11 },
    steps: [
      ['a > all gratuitous request', 'b c x y', 'a b×2 c×2 x y'],
      ['table v', 'a@a', 'a@uplink'],
      ['b > a', 'a', ''],
    ],
  },
  {
    rule: 14,
    sentence: 'the outside finds a VM at once by its new uplink after the old one has failed',
    plot: {},
    steps: [['a > all', 'b c x y'], ['-u1'], ['x > a', 'a', '']],
  },
  {
    rule: 15,
    sentence: "a guest's BPDU does not get out where BPDUs are filtered",
    plot: { group: { bpdu: 'filter', relayReserved: ['00'] }, tor: { relayReserved: ['00'] } },
    steps: [
      ['a > pvst', '', 'b c x y'],
      ['a > stp', '', 'b c x y'],
      ['a > all', 'b c x y'],
    ],
  },
  {
    rule: 15,
    sentence: 'a guest that sends a BPDU is cut off where they are guarded against',
    plot: { group: { bpdu: 'guard' } },
    steps: [
      ['a > pvst', '', 'b c x y'],
      ['a > all', '', 'b c x y'],
    ],
  },
  {
    rule: 16,
    sentence: 'what is said to the nearest bridge goes no further',
    plot: {},
    steps: [
      ['a > lldp', '', 'b c x y'],
      ['x > lldp', '', 'a b c y'],
    ],
  },
  {
    rule: 17,
    sentence: 'no cable joins two vSwitches of one host',
    plot: { isTiered: true },
    refusal: /h\d+\/u2 is on the same host as h\d+\/u1; rule R17 lets no vSwitches of one host be joined/,
    steps: [['a > all', '', 'b']],
  },
  {
    rule: 18,
    sentence: 'a VM is reached by every member of a LAG, for the other end sends one copy',
    plot: { teaming: { lag: 'static' }, tor: { lags: { l1: { mode: 'static', ports: [1, 2] } } } },
    steps: [
      ['a > all', 'b c x y'],
      ['x > all', 'a b c y'],
      ['y > all', 'a b c x', 'x'],
      ['x > a', 'a', ''],
      ['y > a', 'a'],
    ],
  },
  {
    rule: 18,
    sentence: 'a LAG that the other end has not agreed to carries nothing',
    plot: { teaming: { lag: 'static' }, tor: { lags: { l1: { mode: 'active', ports: [1, 2] } } } },
    steps: [['a > all', 'b c', 'b c x y']],
  },
  {
    rule: 19,
    sentence: 'a standby uplink takes nothing',
    plot: { vswitch: { ...registered, rpf: 'loose' }, teaming: { active: ['u1'], standby: ['u2'] } },
    steps: [['x > a', 'a y', 'a×2 y']],
  },
];
