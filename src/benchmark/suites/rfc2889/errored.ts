/**
 * RFC 2889 5.9: frames that a switch must not forward. They are injected, as from a guest and as from a wire, beside good frames of the
 * limits' size, which it must forward. Frames here have no check sequence and no bits beyond their octets.
 */
import type { Network } from '../../../engine/network.ts';
import type { PortName, Topology } from '../../../topology/model.ts';
import { ownerOf, portIndex } from '../../../topology/ports.ts';
import type { Bed, Step } from '../../bed.ts';
import { BenchError } from '../../error.ts';
import type { SuiteContext, SuiteTest } from '../../suite.ts';
import { Draft } from '../draft.ts';
import { vnicsFor } from '../ports.ts';

const frames = 100;
const groupFrames = 10;
const groupsMost = 15;
const fcsBytes = 4;
/** IEEE 802 local experimental. */
const testType = [0x88, 0xb5];
/** A priority tag: VLAN 0, which every port takes. */
const priorityTag = [0x81, 0x00, 0x00, 0x00];

interface Case {
  readonly name: string;
  /** With FCS. */
  readonly bytes: number;
  readonly isTagged: boolean;
  readonly isGood: boolean;
}

/** Limits by the largest payload: 1500 gives 1518, tagged 1522. */
function casesOf(mtu: number): Case[] {
  const most = mtu + 18;
  const plain = (name: string, bytes: number, isGood = false): Case => ({ name, bytes, isTagged: false, isGood });
  return [
    plain('good, 64', 64, true),
    plain(`good, ${most}`, most, true),
    { name: `good, tagged, ${most + 4}`, bytes: most + 4, isTagged: true, isGood: true },
    plain(`oversize, ${most + 1}`, most + 1),
    plain(`oversize, ${most + 482}`, most + 482),
    { name: `oversize, tagged, ${most + 5}`, bytes: most + 5, isTagged: true, isGood: false },
    plain('undersize, 63', 63),
    plain('undersize, 32', 32),
    plain('undersize, 17 (no whole header)', 17),
  ];
}

export const erroredFrames: SuiteTest = {
  id: 'rfc2889.errored-frames',
  title: 'Errored frames',
  source: 'RFC 2889, 5.9',
  async run(context) {
    const { settings, topology } = context;
    const draft = new Draft(
      `${frames} frames of each kind enter at a vNIC as from its guest, and where there is one at the physical port behind it as from the wire; how many leave at the receiving vNIC is counted. Damaged frames come off a cable that damages all (wrong frame check sequence).`,
    );
    const [from, to] = vnicsFor(context, 2, 4096);
    const ends = [from!, ...wirePorts(topology, from!)];
    const bed = await context.bed({
      topology,
      // The other way, so that both are known and what leaves at the receiver is what was injected.
      flows: [{ from: to!, to: from!, sizes: [64] }],
      clock: settings.clock,
      workers: settings.workers,
      injectAt: ends,
    });
    try {
      const mtu = Math.min(...topology.hosts.flatMap(({ vswitches }) => vswitches.map((each) => each.mtu)));
      for (const end of ends) {
        for (const each of casesOf(mtu)) {
          const bytes = frameOf(topology, from!, to!, each);
          const outcome = await forwarded(context, bed, end, to!, bytes);
          tell(draft, end === from ? 'vNIC' : 'physical port', each, outcome);
        }
      }
      const cable = cableOf(topology, from!);
      if (cable === null || ownerOf(from!) === ownerOf(to!)) {
        draft.note('No cable is on the way between the two vNICs, so no frame can be damaged on one.');
      } else {
        const good = frameOf(topology, from!, to!, casesOf(mtu)[0]!);
        await bed.network.setWire(cable, { corrupt: 1 });
        const outcome = await forwarded(context, bed, from!, to!, good);
        await bed.network.setWire(cable, { corrupt: 0 });
        tell(draft, 'cable', { name: 'wrong FCS', bytes: 64, isTagged: false, isGood: false }, outcome);
      }
    } finally {
      await bed.close();
    }
    draft.note(
      'Alignment errors and dribble bits are not applicable: frames are whole octets here, and no bit can be left over.',
    );
    return draft.done();
  },
};

interface Forwarded {
  /** 0-1. */
  readonly share: number;
  readonly drops: readonly string[];
}

function tell(draft: Draft, at: string, { name, isGood }: Case, { share, drops }: Forwarded): void {
  const better = isGood ? 'higher' : 'lower';
  draft.figure('forwarded', { frame: name, at }, '%', [share * 100], better);
  const why = drops.length > 0 ? ` (${drops.join(', ')})` : '';
  if (isGood && share < 1) draft.note(`${name} at a ${at}: not all are forwarded, although they should be${why}.`);
  if (!isGood && share > 0) draft.note(`${name} at a ${at}: forwarded, although the RFC expects that they are not.`);
  if (!isGood && share === 0) draft.note(`${name} at a ${at}: not forwarded${why}.`);
}

/** Injects frames in a trial of its own and counts those that leave at the receiver. */
async function forwarded(
  context: SuiteContext,
  bed: Bed,
  at: PortName,
  to: PortName,
  bytes: Uint8Array,
): Promise<Forwarded> {
  context.check();
  context.progress({ text: `${bytes.length + fcsBytes} bytes at ${at}` });
  let before = 0;
  let after = 0;
  let entered = 0;
  // What may be injected at once is little, and a busy machine takes its time to make room for more.
  const groups = Array.from(
    { length: groupsMost },
    (_, i): Step => ({
      at: 0.03 + 0.01 * i,
      do(network) {
        for (let k = 0; k < groupFrames && entered < frames; k++) {
          if (!network.inject(at, bytes, network.nowNs)) break;
          entered++;
        }
      },
    }),
  );
  const end = 0.03 + 0.01 * (groupsMost + 5);
  const { drops } = await bed.trial({
    load: [{ rate: 100 }],
    seconds: end + 0.02,
    learn: false,
    steps: [
      { at: 0.02, do: (network) => (before = sentTo(network, to)) },
      ...groups,
      { at: end, do: (network) => (after = sentTo(network, to)) },
    ],
  });
  if (entered === 0)
    throw new BenchError(`no frame could enter at ${at}`, 'free the machine of other work, and try again');
  const verdicts = Object.entries(drops).filter(([, count]) => count >= entered);
  return { share: (after - before) / entered, drops: verdicts.map(([verdict]) => verdict) };
}

const sentTo = (network: Network, name: PortName): number =>
  network.ports().find((port) => port.name === name)?.txFrames ?? 0;

/** A frame as it lies in memory: without FCS. */
function frameOf(topology: Topology, from: PortName, to: PortName, { bytes, isTagged }: Case): Uint8Array {
  const head = [...octets(topology, to), ...octets(topology, from), ...(isTagged ? priorityTag : []), ...testType];
  const frame = new Uint8Array(bytes - fcsBytes);
  frame.set(head.slice(0, frame.length));
  return frame;
}

function octets(topology: Topology, name: PortName): number[] {
  const port = portIndex(topology).get(name);
  if (port?.kind !== 'vNIC') throw new Error(`${name} is no vNIC`);
  return (port.nic.effectiveMac ?? port.nic.mac).split(':').map((octet) => Number.parseInt(octet, 16));
}

/** The cable of a vNIC's host, by its end there; null: it has none, or more than one. */
function cableOf({ links, hosts }: Topology, vnic: PortName): PortName | null {
  const host = hosts.find(({ name }) => name === ownerOf(vnic));
  const ends = (host?.uplinks ?? []).map((uplink) => `${host!.name}/${uplink}`);
  const cabled = ends.filter((end) => links.some(({ a, b }) => a === end || b === end));
  return cabled.length === 1 ? cabled[0]! : null;
}

/** The physical switch's port that a vNIC's host is plugged in to, if it is one. */
function wirePorts(topology: Topology, vnic: PortName): PortName[] {
  const end = cableOf(topology, vnic);
  const link = topology.links.find(({ a, b }) => a === end || b === end);
  if (link === undefined) return [];
  const far = link.a === end ? link.b : link.a;
  return topology.switches.some(({ name }) => name === ownerOf(far)) ? [far] : [];
}
