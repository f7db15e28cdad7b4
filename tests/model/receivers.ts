/** R8 and R9, for the reference model: on which uplink unicast and floods from outside are taken, and for whom. */
import type { ReferenceConfig } from './config.ts';
import type { PortState } from './port.ts';
import type { ReferenceTeam } from './team.ts';
import { carries } from './vlan.ts';

/** R8: whether unicast to `dst` behind the local port may come in by `uplink`. */
export function takesUnicast(
  { rpf, rpfGraceMs }: Pick<ReferenceConfig, 'rpf' | 'rpfGraceMs'>,
  { team, index, guestMac = '' }: PortState,
  dst: string,
  uplink: string,
  nowNs: bigint,
): boolean {
  if (rpf === 'off') return true;
  if (rpf === 'loose') return team.has(uplink);
  return (
    team.pin(index, dst) === uplink || team.isInGrace(index, guestMac, uplink, BigInt(rpfGraceMs) * 1_000_000n, nowNs)
  );
}

type Receivers = ReferenceConfig['receivers'];

function isReceiver(receivers: Receivers, team: ReferenceTeam, vid: number, uplink: string): boolean {
  return uplink === (receivers === 'active' ? team.usable[0] : team.designated(vid));
}

/** Whether floods of `vid` that come in by `uplink` are for the local port. */
export function takesFloods(receivers: Receivers, port: PortState, vid: number, uplink: string): boolean {
  if (receivers !== 'per-recipient') return isReceiver(receivers, port.team, vid, uplink);
  return port.team.pin(port.index, port.guestMac ?? '') === uplink;
}

/** Why nobody here takes floods of `vid` on `uplink`, if so. */
export function refusedFlood(
  receivers: Receivers,
  { teams, local }: { readonly teams: readonly ReferenceTeam[]; readonly local: readonly PortState[] },
  vid: number,
  uplink: string,
): 'not_designated' | 'rpf_group' | undefined {
  if (receivers !== 'per-recipient') {
    return teams.some((team) => isReceiver(receivers, team, vid, uplink)) ? undefined : 'not_designated';
  }
  const members = local.filter((port) => port.hasLink && carries(port.vlan, vid));
  return members.some((port) => takesFloods(receivers, port, vid, uplink)) ? undefined : 'rpf_group';
}
