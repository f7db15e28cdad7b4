/**
 * What holds for every switch, whatever the model says: invariants of the end-host rules, asserted of what a switch showed.
 *
 * I1 no frame that came in by an uplink leaves by one. I2 a recipient gets a frame once, the outside too. I3 no frame returns to
 * its port without hairpin, nor to the vNIC that its source is registered to. I5 a frame leaves only by ports that carry its VLAN.
 *
 * I2 for a frame that comes in by all uplinks, one after the other: each recipient gets it once, if it is flooded (R9), or if
 * RPF is strict (R8) and no uplink has its grace. With RPF loose or off, or in grace, known unicast comes once for each uplink.
 */
import type { ReferenceConfig, ReferencePort } from '../model/config.ts';
import { macAt } from '../model/frame.ts';
import { carries, classify } from '../model/vlan.ts';
import type { Arrival } from './drive.ts';
import type { Sent } from './switch-under-test.ts';

export class Invariants {
  readonly #config: ReferenceConfig;
  #step: unknown;
  /** Verdicts of, and copies made of, the frame that comes in by all uplinks. */
  #verdicts = new Set<string>();
  #recipients: string[] = [];

  constructor(config: ReferenceConfig) {
    this.#config = config;
  }

  /** Asserts them of one arrival; of a burst, of what the model made of each frame, which the batch is compared with. */
  see(arrival: Arrival, which = 0): void {
    const { receptions, batches } = arrival;
    for (const [i, { verdict, copies }] of receptions.entries()) {
      const left = copies.flatMap(({ port, bytes }) => (bytes === null ? [] : [{ port, bytes }]));
      this.#see(arrival, arrival.frames[i]!, receptions.length === 1 ? batches[which]!.copies : left);
      if (arrival.step.do === 'everywhere') this.#seeEverywhere(arrival, verdict, which);
    }
  }

  #see({ port, ports }: Arrival, frame: Uint8Array, copies: readonly Sent[]): void {
    if (copies.length === 0) return;
    const named = new Map(ports.map((each) => [each.name, each]));
    const ingress = named.get(port)!;
    const to = copies.map((copy) => named.get(copy.port)!);
    const recipients = to.map(({ kind, name }) => (kind === 'uplink' ? 'outside' : name));

    const vid = classify(ingress, frame) as number;
    const isFromOutside = ingress.kind === 'uplink';
    assert(!isFromOutside || !recipients.includes('outside'), 'I1', recipients);
    assert(isDistinct(recipients), 'I2', recipients);
    assert(ingress.policy.hairpin || !recipients.includes(port), 'I3', recipients);
    assert(
      to.every(({ vlan }) => carries(vlan, vid)),
      'I5',
      recipients,
    );
    if (!isFromOutside || this.#config.macModel !== 'registered') return;
    const source = macAt(frame, 6);
    const isOwner = (each: ReferencePort) => registeredMac(each) === source && isRegistered(each, ingress);
    assert(!to.some(isOwner), 'I3, from outside', recipients);
  }

  #seeEverywhere({ step, batches }: Arrival, verdict: string, which: number): void {
    if (step !== this.#step) {
      this.#recipients = [];
      this.#verdicts.clear();
    }
    this.#step = step;
    this.#recipients.push(...batches[which]!.copies.map((copy) => copy.port));
    if (batches[which]!.copies.length > 0) this.#verdicts.add(verdict);
    // A destination that ages between one uplink and the next is known to one only.
    if (this.#verdicts.size !== 1) return;
    const { rpf, rpfGraceMs } = this.#config;
    if (this.#verdicts.has('forward') && (rpf !== 'strict' || rpfGraceMs > 0)) return;
    assert(isDistinct(this.#recipients), 'I2, by all uplinks', this.#recipients);
  }
}

function assert(holds: boolean, invariant: string, recipients: readonly string[]): void {
  if (!holds) throw new Error(`${invariant} does not hold of a frame to ${recipients.join(', ')}`);
}

const isDistinct = (names: readonly string[]) => new Set(names).size === names.length;

function registeredMac({ policy, mac, effectiveMac = mac }: ReferencePort): string | undefined {
  return policy.macChanges ? effectiveMac : mac;
}

/** A transparent port's address is registered in VLAN 0 alone. */
function isRegistered({ vlan }: ReferencePort, ingress: ReferencePort): boolean {
  return vlan.mode !== 'transparent' || ingress.vlan.mode === 'transparent';
}
