/**
 * Memory for what may come and go (core/change.ts): at each seat of a VM a Guest that stands for nobody, for the VM a list of its
 * absences; for each port group a word that says whether it is there.
 */
import type { Seat } from '../topology/change-model.ts';
import type { PortName, Topology } from '../topology/model.ts';
import * as L from './generated/layout.ts';
import type { Space } from './space.ts';

export interface PlannedSeat extends Seat {
  readonly chair: number;
  /** The VM's, the same at all of its seats. */
  readonly absencesAt: number;
}

export interface PlannedGroup {
  /** `esx1/vSwitch0/web`. */
  readonly name: string;
  readonly isHere: boolean;
  /** A u32: 1 while it is there. */
  readonly stateAt: number;
}

export interface PlannedChanges {
  /** Ports without link because a VM or an uplink is not there at the start; of a cable both ends. */
  readonly away: ReadonlySet<PortName>;
  readonly absentUplinks: readonly PortName[];
  readonly groups: readonly PlannedGroup[];
}

/** Gives out guests: one for a VM, whatever seats it has. */
export class Seats {
  readonly #space: Space;
  readonly #guests = new Map<PortName, { guest: number; absencesAt: number }>();

  constructor(space: Space) {
    this.#space = space;
  }

  guestOf(seat: Seat | undefined): { guest: number; seat?: PlannedSeat } {
    if (seat === undefined) return { guest: this.#guest() };
    let own = this.#guests.get(seat.of);
    if (own === undefined) {
      own = { guest: this.#guest(), absencesAt: this.#space.reserve('guests', L.ABSENCES_KEPT * L.Absence_BYTES) };
      this.#guests.set(seat.of, own);
    }
    const { guest, absencesAt } = own;
    return { guest, seat: { ...seat, chair: this.#guest(), absencesAt } };
  }

  #guest(): number {
    return this.#space.reserve('guests', L.Guest_BYTES);
  }
}

export function planChanges(space: Space, { changes, links }: Topology): PlannedChanges {
  const absentUplinks = changes?.absentUplinks ?? [];
  const isAbsent = (port: PortName) => absentUplinks.includes(port);
  const cables = links.filter(({ a, b }) => isAbsent(a) || isAbsent(b));
  const seats = changes?.seats.filter(({ isHere }) => !isHere).map(({ port }) => port) ?? [];
  return {
    away: new Set([...seats, ...absentUplinks, ...cables.flatMap(({ a, b }) => [a, b])]),
    absentUplinks,
    groups: (changes?.portGroups ?? []).map((group) => ({ ...group, stateAt: space.reserve('lists', 4) })),
  };
}

interface Seating {
  readonly ports: readonly { readonly guest: number; readonly seat?: PlannedSeat }[];
}

/** Every Guest of a network, those that stand for nobody among them. */
export function guestsOf({ switches }: { readonly switches: readonly Seating[] }): number[] {
  const own = switches.flatMap(({ ports }) =>
    ports.flatMap(({ guest, seat }) => (guest === 0 ? [] : seat === undefined ? [guest] : [guest, seat.chair])),
  );
  return [...new Set(own)];
}
