/** Flow records of a switch: what came in by its ports, by who talked to whom. */
export interface FlowSettings {
  /** Records that live at once, 16-1,000,000. */
  readonly recordsMax: number;
  /** A record that is older ends when its next frame comes, ns. */
  readonly activeNs: number;
  /** A record ends when nothing has come for so long, ns. */
  readonly idleNs: number;
  /** One in so many frames is counted; 1: each. */
  readonly sample: number;
}
