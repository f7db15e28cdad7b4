/**
 * Events: what happens to a network while it runs, and when. The same words in a topology file and in `network.at` and
 * `network.when`. An action is a map with one key, named after what is done.
 */

import type { ChangeAction } from './change-model.ts';
import type { Bucket } from './shaping-model.ts';

/** `owner/port`, and six octets, as in model.ts. */
type PortName = string;
type Mac = string;
/** `R7` and so on. */
export type RuleName = string;

/** A port's link goes down for a while and comes again; both ends of its cable where it has one. */
export interface Flap {
  readonly port: PortName;
  /** ns without link, and with it before the next time; more than 0. */
  readonly downNs: number;
  readonly upNs: number;
  /** 1-1,000,000. */
  readonly times: number;
}

/** What becomes of a cable, both ways; what is absent stays. Shares are 0 to 1. */
export interface CableChange {
  readonly port: PortName;
  /** bit/s; null: no limit. */
  readonly rateBps?: number | null;
  readonly delayNs?: number;
  readonly queueFrames?: number;
  readonly loss?: number;
  readonly duplicate?: number;
  readonly corrupt?: number;
  readonly reorder?: { readonly share: number; readonly byNs: number };
  readonly jitterNs?: number;
}

/** What becomes of shapers; what is absent stays. */
export interface ShapeChange {
  readonly port: string;
  readonly in?: Bucket | null;
  readonly out?: Bucket | null;
}

export interface Membership {
  readonly port: PortName;
  /** `239.1.1.1` or `ff15::1`. */
  readonly group: string;
}

export type EventAction =
  /** A cable, at both of its ends. */
  | { readonly unplug: PortName }
  | { readonly plug: PortName }
  /** The link of one port. */
  | { readonly linkDown: PortName }
  | { readonly linkUp: PortName }
  | { readonly flap: Flap }
  /** What a cable does to frames that are sent from then on. */
  | { readonly wire: CableChange }
  /** A VM, `host/vm`: all of its vNICs lose their link, its guest neither sends nor answers. */
  | { readonly stopVm: string }
  | { readonly startVm: string }
  /** The streams that a vNIC sends, or all vNICs of a pattern such as `esx1/*`. */
  | { readonly stopTraffic: string }
  | { readonly startTraffic: string }
  | { readonly ruleOff: RuleName }
  | { readonly ruleOn: RuleName }
  /** A host or a physical switch loses its power with all that it holds, and gets it again. */
  | { readonly crash: string }
  | { readonly boot: string }
  /** Learned addresses of a switch, or of a port. */
  | { readonly flush: string }
  /** An uplink goes first in every team that has it. */
  | { readonly activate: PortName }
  /** The guest at a vNIC uses another address. */
  | { readonly changeMac: { readonly port: PortName; readonly mac: Mac } }
  /** Shapers of a port, or of the ports that a pattern fits; null: off. */
  | { readonly shape: ShapeChange }
  /** The guest at a vNIC joins a group, or leaves it. */
  | { readonly join: Membership }
  | { readonly leave: Membership }
  /** A capture, by its file: it pauses, or goes on. */
  | { readonly captureOff: string }
  | { readonly captureOn: string }
  /** A mirror, `switch/mirror`: it copies from now on, or no more. */
  | { readonly mirrorOn: string }
  | { readonly mirrorOff: string }
  /** What comes and goes. */
  | ChangeAction
  /** Nothing but a line among the events. */
  | { readonly note: string };

export type EventCondition =
  /** A counter of a port passes a figure: a verdict's name, or one of `portCounters`. */
  | { readonly counter: string; readonly port: PortName; readonly above: number }
  /** A station is heard on another port, on any switch or on one. */
  | { readonly moved: Mac; readonly in?: string }
  /** A rule has dropped more frames than so many (default 0), on all switches or on one. */
  | { readonly rule: RuleName; readonly above?: number; readonly in?: string };

export type EventTrigger =
  /** At a time, and again `everyNs` later; `times` in all, null: without end. */
  | { readonly atNs: number; readonly everyNs: number | null; readonly times: number | null }
  /** `afterNs` after the condition holds; counted anew each time, `times` in all, null: without end. */
  | { readonly when: EventCondition; readonly afterNs: number; readonly times: number | null };

export interface TopologyEvent {
  readonly trigger: EventTrigger;
  readonly action: EventAction;
}

/** Counters of a port beside its verdicts; `sent` and `received` are its guest's, `drops` all verdicts that drop. */
export const portCounters = ['rxFrames', 'rxBytes', 'txFrames', 'txBytes', 'drops', 'sent', 'received'] as const;

/** Rules that work on how ports and cables are set up before a run: they cannot be switched while it lasts. */
export const fixedRules: readonly RuleName[] = ['R10', 'R11', 'R15', 'R16', 'R17'];

/** Rules that one of these actions switches off. */
export function rulesSwitchedOff(events: readonly TopologyEvent[]): RuleName[] {
  return [...new Set(events.flatMap(({ action }) => ('ruleOff' in action ? [action.ruleOff] : [])))];
}
