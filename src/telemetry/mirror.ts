/** What a run tells of a mirror. */
export interface MirrorReport {
  readonly name: string;
  /** Whether it copies now. */
  readonly on: boolean;
  /** `esx1/ids`, or `VLAN 999`. */
  readonly to: string;
  /** Frames that were copied because they came in by a mirrored port. */
  readonly mirroredIn: number;
  /** Because they left by one. */
  readonly mirroredOut: number;
  /** Because of their VLAN alone. */
  readonly mirroredVlan: number;
  /** Because they died. */
  readonly mirroredDrops: number;
  /** Copies made of those; to a VLAN there may be several of a frame. */
  readonly mirrorCopies: number;
  /** Copies that the destination had no room, no link or no buffer for. */
  readonly mirrorLost: number;
  /** Frames whose copy no uplink carried, for they had come in by one (R1), or which are too short for a tag. */
  readonly mirrorWithheld: number;
  /** Frames that sampling left out. */
  readonly mirrorSkipped: number;
}
