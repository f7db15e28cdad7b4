/** The whole state of a network at an instant: to go back to, to go on from elsewhere, to compare. */
import type { Topology } from '../topology/model.ts';
import { type Image, unpackImage } from './image.ts';
import type { SharedMemory } from './memory.ts';
import type { Origin } from './moment.ts';
import { toJson } from './plain.ts';
import type { Plan } from './plan.ts';
import { fingerprintOf, planNetwork } from './planning.ts';
import type { EngineState, FixedOptions, SnapshotContent } from './snapshot-content.ts';
import { readSnapshot, SnapshotError, writeSnapshot } from './snapshot-file.ts';

/** What can be looked into: a network, or what a snapshot unpacks to. */
export interface Readable {
  readonly topology: Topology;
  readonly plan: Plan;
  readonly memory: SharedMemory;
  /** Internal time, ns. */
  readonly nowNs: bigint;
}

export class Snapshot {
  readonly #content: SnapshotContent;
  /** @internal null: it was loaded from a file. */
  readonly origin: Origin | null;

  /** @internal Use `network.snapshot()` or `Snapshot.load`. */
  constructor(content: SnapshotContent, origin: Origin | null) {
    this.#content = content;
    this.origin = origin;
  }

  /**
   * Reads a snapshot that `save` wrote. Throws SnapshotError when it is none, is damaged, or was made by a version that lays the memory out
   * otherwise; with `topology` also when it is of another one.
   */
  static async load(path: string, options: { readonly topology?: Topology } = {}): Promise<Snapshot> {
    const content = await readSnapshot(path);
    const { topology } = options;
    // As JSON, for a field that is undefined is not there in a file.
    if (topology !== undefined && toJson(topology) !== toJson(content.topology)) {
      throw new SnapshotError(
        `${path}: the snapshot is of another topology (${content.topology.name}), or of an earlier state of ${topology.name}; leave the topology out to go on with the snapshot's own`,
      );
    }
    return new Snapshot(content, null);
  }

  /** Writes it to a file, whole or not at all. Throws OutputError. */
  async save(path: string): Promise<void> {
    await writeSnapshot(path, this.#content);
  }

  get topology(): Topology {
    return this.#content.topology;
  }

  /** The options of the network that it was taken of. */
  get options(): FixedOptions {
    return this.#content.options;
  }

  /** Internal time, ns since the start of the run. */
  get timeNs(): bigint {
    return this.#content.timeNs;
  }

  /** Frames moved until then. */
  get position(): number {
    return this.#content.position;
  }

  /** Bytes of the used pages, uncompressed. */
  get bytes(): number {
    return this.image.store.bytes;
  }

  /** @internal */
  get fingerprint(): string {
    return this.#content.fingerprint;
  }

  /** @internal */
  get state(): EngineState {
    return this.#content.state;
  }

  /** @internal */
  get image(): Image {
    return this.#content.image;
  }

  /** @internal Its memory, to be looked into. */
  unpack(): Readable {
    const plan = planNetwork(this.topology, this.options);
    if (fingerprintOf(this.topology, this.options, plan) !== this.fingerprint) throw anotherBuild();
    return { topology: this.topology, plan, memory: unpackImage(this.image, plan.bytes), nowNs: this.timeNs };
  }
}

/** The same core, but a plan that puts things elsewhere. */
export function anotherBuild(): SnapshotError {
  return new SnapshotError(
    'the snapshot was made by another version, which lays the memory out otherwise; use the version that made it',
  );
}
