/** Port-id teaming of the reference model: which uplink serves whom, worked out anew whenever it is asked. */

export interface Team {
  readonly active: readonly string[];
  readonly standby: readonly string[];
}

/** Active uplinks with link, and for each active one without the next standby one with link. */
export function usableUplinks(team: Team, hasLink: (uplink: string) => boolean): string[] {
  return [...team.active, ...team.standby].filter(hasLink).slice(0, team.active.length);
}

/** The uplink of the `place`-th user: its own active one if that is usable, else a usable one by turns. */
export function chooseUplink(team: Team, usable: readonly string[], place: number): string | undefined {
  const preferred = team.active[place % team.active.length];
  if (preferred !== undefined && usable.includes(preferred)) return preferred;
  return usable[place % usable.length];
}
