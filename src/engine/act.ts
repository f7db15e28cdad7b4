/** What an action comes to: a sentence for people, and a command for each switch that it concerns. */
import type { CommandBody } from './command.ts';
import type { PlannedPort, PlannedSwitch } from './plan.ts';

/** A port of a switch. */
export interface Place {
  readonly sw: PlannedSwitch;
  readonly port: PlannedPort;
}

export interface Deed {
  readonly sw: PlannedSwitch;
  readonly body: CommandBody;
}

export interface Act {
  /** `esx1/vmnic0 unplugged`. */
  readonly what: string;
  readonly deeds: readonly Deed[];
  /** What it is can be told only when it happens; throws NetworkError when it cannot be done then. */
  readonly late?: (nowNs: bigint) => Act;
  /** To be called when the deeds are done. */
  readonly done?: () => void;
}
