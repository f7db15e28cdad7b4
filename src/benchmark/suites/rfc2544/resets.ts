/** The kinds of reset (RFC 6201 section 4), by what an emulator can lose. */
import { ownerOf } from '../../../topology/ports.ts';
import type { Flow, Step } from '../../bed.ts';
import type { SuiteContext } from '../../suite.ts';
import { cablesOf, switchesBehind } from '../media.ts';

export interface Where {
  readonly context: SuiteContext;
  /** The first of the flows, all of which go from its sender's host to its receiver's. */
  readonly flow: Flow;
}

export interface When extends Where {
  /** s after the trial begins. */
  readonly at: number;
  readonly downSeconds: number;
}

export interface Reset {
  readonly name: string;
  readonly title: string;
  readonly source: string;
  readonly method: string;
  /** It is down until the test gives it back what it took. */
  readonly isDown: boolean;
  /** Why it cannot be done here; null: it can. */
  whyNot(where: Where): string | null;
  steps(when: When): Step[];
}

const receiverOf = ({ flow }: Where): string => ownerOf(flow.to);
const switchOf = ({ context, flow }: Where): string | undefined => switchesBehind(context.topology, flow.from)[0];
const cableOf = ({ context, flow }: Where) => (flow.to === 'broadcast' ? [] : cablesOf(context.topology, flow.to));

function offAndOn(name: string, { at, downSeconds }: When): Step[] {
  return [
    { at, do: (network) => network.setPower(name, false) },
    { at: at + downSeconds, do: (network) => network.setPower(name, true) },
  ];
}

const powerSwitch: Reset = {
  name: 'switch-power',
  title: 'power of the physical switch',
  source: 'RFC 2544, 26.6; RFC 6201, 4.3',
  method: 'The physical switch behind the sender loses its power with all that it holds, and gets it back.',
  isDown: true,
  whyNot: (where) => (switchOf(where) === undefined ? 'there is no physical switch on the way' : null),
  steps: (when) => offAndOn(switchOf(when)!, when),
};

const powerHost: Reset = {
  name: 'host-power',
  title: 'power of the receiving host',
  source: 'RFC 2544, 26.6; RFC 6201, 4.3',
  method:
    'The receiving host loses its power with all that it holds, its VMs’ memory but for their counts, and gets it back; it boots in no time.',
  isDown: true,
  whyNot: () => null,
  steps: (when) => offAndOn(receiverOf(when), when),
};

const cable: Reset = {
  name: 'cable',
  title: 'uplinks of the receiving host out and in again',
  source: 'RFC 2544, 26.6; RFC 6201, 4.1.2',
  method:
    'The cables of all uplinks of the receiving vSwitch are pulled at once, as with a line card that is taken out, and put back.',
  isDown: true,
  whyNot: (where) => (cableOf(where).length === 0 ? 'the receiving host has no cable' : null),
  steps: (when) => {
    const plug =
      (up: boolean): Step['do'] =>
      (network) =>
        Promise.all(cableOf(when).map((name) => network.setCable(name, up)));
    return [
      { at: when.at, do: plug(false) },
      { at: when.at + when.downSeconds, do: plug(true) },
    ];
  },
};

const table: Reset = {
  name: 'table',
  title: 'all MAC tables emptied',
  source: 'RFC 2544, 26.6; RFC 6201, 4.2',
  method:
    'The tables of all switches of the network are emptied as by an operator who reloads their configuration; floods go on in the meantime where the switch floods.',
  isDown: false,
  whyNot: () => null,
  steps: ({ context: { topology }, at }) => {
    const hosts = topology.hosts.flatMap(({ name, vswitches }) => vswitches.map((each) => `${name}/${each.name}`));
    const names = [...hosts, ...topology.switches.map(({ name }) => name)];
    return [{ at, do: (network) => Promise.all(names.map((name) => network.flush({ switch: name }))) }];
  },
};

const worker: Reset = {
  name: 'worker',
  title: 'thread of the receiving host ended',
  source: 'RFC 2544, 26.6; RFC 6201, 4.2.2',
  method:
    'The thread that moves the receiving host is ended from outside; another one puts its switches right and goes on with them.',
  isDown: false,
  whyNot: ({ context: { settings } }) => {
    if (settings.clock === 'virtual')
      return 'on the virtual clock nothing is lost while a thread is replaced: time stands still';
    if (settings.workers < 2)
      return 'sender and receiver share the only worker, and no frame is offered while it is dead; use --workers 2';
    return null;
  },
  steps: ({ at }) => [{ at, do: (network) => network.threadOf(1)?.terminate() }],
};

export const resets: readonly Reset[] = [powerSwitch, powerHost, cable, table, worker];
