/** Reads where VMs' frames went: counters of vNICs beside their verdicts. */
import type { HostTraffic, VmTraffic } from '../telemetry/consolidation.ts';
import { VERDICTS } from '../telemetry/generated/verdicts.ts';
import type { Topology } from '../topology/model.ts';
import * as L from './generated/layout.ts';
import type { SharedMemory } from './memory.ts';
import type { Plan, PlannedPort } from './plan.ts';

const PASSED_ON = VERDICTS.filter(
  ({ side, fate, name }) => side === 'ingress' && fate === 'pass' && name !== 'consumed' && name !== 'answered',
);
/** What became of copies at the port that they were for; a copy without an uplink is counted where its frame came in. */
const COPIES = VERDICTS.filter(({ side, name }) => side === 'egress' && name !== 'no_uplink_copy');

type Counts = Omit<VmTraffic, 'vm'>;

const NONE: Counts = { passedOn: 0, stayedInside: 0, leftByUplink: 0, fromOutside: 0, fromInside: 0 };

export function consolidation(m: SharedMemory, plan: Plan, topology: Topology): HostTraffic[] {
  return topology.hosts.map((host) => {
    const vms = host.vms.map((vm): VmTraffic => {
      const ports = vm.nics.map((nic) => plan.ports.get(`${host.name}/${nic.name}`)!.port);
      return { vm: `${host.name}/${vm.name}`, ...ports.map((port) => countsOf(m, port)).reduce(add, NONE) };
    });
    return { host: host.name, ...vms.reduce<Counts>(add, NONE), vms };
  });
}

function countsOf(m: SharedMemory, { address, txRing }: PlannedPort): Counts {
  const sum = (rows: typeof VERDICTS) =>
    rows.reduce((all, { number }) => all + m.count(address + L.Port_verdicts + 8 * number), 0);
  const passedOn = sum(PASSED_ON);
  const leftByUplink = m.count(address + L.Port_upFrames);
  const fromOutside = m.count(address + L.Port_wireFrames);
  // Queued, and not yet published.
  const waiting = (m.u32(txRing + L.Ring_headNext) - m.u32(txRing + L.Ring_head)) >>> 0;
  const copies = sum(COPIES) + waiting;
  return {
    passedOn,
    stayedInside: passedOn - leftByUplink,
    leftByUplink,
    fromOutside,
    fromInside: copies - fromOutside,
  };
}

function add(a: Counts, b: Counts): Counts {
  return {
    passedOn: a.passedOn + b.passedOn,
    stayedInside: a.stayedInside + b.stayedInside,
    leftByUplink: a.leftByUplink + b.leftByUplink,
    fromOutside: a.fromOutside + b.fromOutside,
    fromInside: a.fromInside + b.fromInside,
  };
}
