/** A network on the virtual clock that a test can talk to: frames in at any port, and who got what. */
import type { CapturedFrame } from '../../src/capture/read.ts';
import { Network } from '../../src/engine/network.ts';
import type { NetworkOptions } from '../../src/engine/options.ts';
import { VERDICTS } from '../../src/telemetry/generated/verdicts.ts';
import { topologyFrom } from '../../src/topology/load.ts';
import { type FrameSpec, frameOf } from '../core/frames.ts';

export interface Outcome {
  /** Ports where a copy left the network, once for each copy, sorted. */
  readonly recipients: readonly string[];
  /** `port verdict` for every frame or copy that was dropped, sorted. */
  readonly drops: readonly string[];
  /** All that passed any port, in order. */
  readonly frames: readonly CapturedFrame[];
}

const drops = VERDICTS.filter(({ fate }) => fate === 'drop').map(({ name }) => name);
const eventsMax = 100_000;

export class Lab {
  readonly network: Network;
  readonly #linked: ReadonlySet<string>;
  readonly #isOnce: boolean;
  #sent = 0;

  /** `isOnce` false: the test shows how a frame can come more than once. */
  constructor(topology: unknown, options: NetworkOptions = {}, isOnce = true) {
    const checked = topologyFrom(topology);
    this.network = new Network(checked, { injectAt: ['*'], watch: ['*'], unplugged: 'open', ...options });
    this.#isOnce = isOnce;
    this.#linked = new Set(checked.links.flatMap(({ a, b }) => [a, b]));
  }

  get nowNs(): bigint {
    return this.network.nowNs;
  }

  /** A frame, with a number in it that no other frame of this lab has. */
  frame(dst: string, src: string, more: Partial<FrameSpec> = {}): Uint8Array {
    return frameOf({ dst, src, tags: [], payload: 'ip', ...more }, ++this.#sent);
  }

  /** Lets a frame enter at `port`, by default now, and runs until nothing moves any more. */
  send(port: string, bytes: Uint8Array, atNs: bigint = this.nowNs): Outcome {
    return this.sendAll([[port, bytes]], atNs);
  }

  /** The same with several frames at one instant. */
  sendAll(frames: readonly (readonly [port: string, bytes: Uint8Array])[], atNs: bigint = this.nowNs): Outcome {
    const before = this.#drops();
    for (const [port, bytes] of frames) {
      if (!this.network.inject(port, bytes, atNs)) throw new Error(`the queue of ${port} is full`);
    }
    this.settle();
    const seen = this.network.takeFrames();
    this.#assertSafe(seen);
    const dropped = this.#drops();
    return {
      recipients: seen
        .filter((frame) => this.#leaves(frame))
        .map(portOf)
        .sort(),
      drops: [...dropped].flatMap(([what, count]) => Array(count - (before.get(what) ?? 0)).fill(what)).sort(),
      frames: seen,
    };
  }

  /** Runs until nothing moves any more; a network that never rests is a failure. */
  settle(): void {
    for (let next = this.network.nextEventNs(); next !== null; next = this.network.nextEventNs()) {
      if (!this.network.advance(next, eventsMax)) throw new Error(`still busy after ${eventsMax} events`);
    }
    const ledger = this.network.ledger();
    if (!ledger.balanced) throw new Error(`the ledger does not balance: ${JSON.stringify(ledger)}`);
  }

  pinOf(port: string): string | null {
    return this.network.ports().find(({ name }) => name === port)!.pinnedTo;
  }

  /** `vlan mac port`, with `static` behind it where it is. */
  table(name: string): string[] {
    const rows = this.network.macTable(name);
    return rows.map(({ vlan, mac, port, static: fixed }) => `${vlan} ${mac} ${port}${fixed ? ' static' : ''}`);
  }

  /** No transit, and once: what came in by an uplink is on no uplink of its vSwitch, and no VM gets a frame twice. */
  #assertSafe(frames: readonly CapturedFrame[]): void {
    const { topology } = this.network;
    if (topology.teaching !== null) return;
    for (const host of topology.hosts) {
      for (const vswitch of host.vswitches) {
        const uplinks = new Set(vswitch.uplinks.map((name) => `${host.name}/${name}`));
        const arrived = new Set(
          frames.filter((f) => f.direction === 'in' && uplinks.has(portOf(f))).map((f) => f.packetId),
        );
        const left = frames.find((f) => f.direction === 'out' && uplinks.has(portOf(f)) && arrived.has(f.packetId));
        // A frame that left and came back is a reflection, not transit.
        if (left !== undefined && !this.#wasHere(frames, host.name, left)) {
          throw new Error(
            `transit: frame ${left.packetId} came in by an uplink of ${host.name} and left by ${portOf(left)}`,
          );
        }
      }
    }
    const got = new Set<string>();
    for (const frame of this.#isOnce
      ? frames.filter((f) => f.direction === 'out' && !this.#linked.has(portOf(f)))
      : []) {
      const key = `${portOf(frame)} ${frame.packetId}`;
      if (got.has(key)) throw new Error(`twice: frame ${frame.packetId} left by ${portOf(frame)} more than once`);
      got.add(key);
    }
  }

  #wasHere(frames: readonly CapturedFrame[], host: string, { packetId }: CapturedFrame): boolean {
    const first = frames.find((f) => f.packetId === packetId && portOf(f).startsWith(`${host}/`))!;
    return this.network.plan.ports.get(portOf(first))!.port.kind === 'vnic' || first.direction === 'out';
  }

  #leaves(frame: CapturedFrame): boolean {
    return frame.direction === 'out' && !this.#linked.has(portOf(frame));
  }

  #drops(): Map<string, number> {
    return new Map(
      this.network
        .ports()
        .flatMap(({ name, verdicts }) => drops.map((verdict) => [`${name} ${verdict}`, verdicts[verdict] ?? 0])),
    );
  }
}

export function portOf(frame: CapturedFrame): string {
  return frame.interface.name!;
}

/** The frames of one port in one direction. */
export function at(frames: readonly CapturedFrame[], port: string, direction: 'in' | 'out'): CapturedFrame[] {
  return frames.filter((frame) => portOf(frame) === port && frame.direction === direction);
}
