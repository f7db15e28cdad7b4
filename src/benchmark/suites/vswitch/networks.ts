/** Networks of our own questions, as documents, so that each part of one shows what it asks. */
import { topologyFrom } from '../../../topology/load.ts';
import type { Topology } from '../../../topology/model.ts';

type Keys = Readonly<Record<string, unknown>>;

/** A host `esx1` with a vSwitch and vNICs `vm1` to `vmN`, and nothing outside. */
export const oneHost = (vms: number, vswitch: Keys = {}, portGroup: Keys = {}): Topology =>
  topologyFrom(
    {
      hosts: {
        esx1: { vswitches: { vSwitch0: { portGroups: { lan: portGroup }, ...vswitch } }, vms: { vm: { count: vms } } },
      },
    },
    `${vms} vNICs`,
  );

/** `esx1/vm1` and so on. */
export const vm = (number: number, host = 'esx1'): string => `${host}/vm${number}`;

/** Pairs of neighbours: vm1 and vm2, vm3 and vm4. */
export const neighbours = (vms: number): (readonly [string, string])[] =>
  Array.from({ length: vms >>> 1 }, (_, i) => [vm(2 * i + 1), vm(2 * i + 2)] as const);

/** What a vSwitch without anything configured is, for the suite's list of networks. */
export const plainHost = {
  name: 'vswitch',
  hosts: { esx1: { vswitches: { vSwitch0: { portGroups: { lan: {} } } }, vms: { vm: { count: 8 } } } },
};
