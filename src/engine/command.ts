/** Commands to a switch, executed between two bursts by whoever moves it: control.proto's messages, encoded and carried out. */
import type { Core } from './core.ts';
import { vswitch } from './generated/control.js';
import * as L from './generated/layout.ts';
import { ALL_ONES, chanceOf } from './in-memory.ts';

const { Command, Done } = vswitch;

export type CommandBody = Omit<vswitch.Command.$Properties, 'sequence'>;

const ALL_PORTS = L.LOGICAL_TEAM + 1;
const ALL_FIDS = 4096;
/** A setting that stays as it is (core/impair.ts). */
const KEEP = ALL_ONES;

export function encodeCommand(sequence: number, body: CommandBody): Uint8Array {
  return Command.encode({ sequence, ...body }).finish();
}

export function decodeDone(bytes: Uint8Array): { sequence: number; ok: boolean } {
  const { sequence, ok } = Done.decode(bytes);
  return { sequence, ok };
}

/** Carries a command out and says how it went. */
export function execute(core: Core, bytes: Uint8Array): Uint8Array {
  const command = Command.decode(bytes);
  return Done.encode({ sequence: command.sequence, ok: carryOut(core, command) }).finish();
}

export function carryOut(core: Core, command: CommandBody): boolean {
  const { setLink, flushTable, setStatic, setActive, setGuestMac, setAccessVlan, setWire } = command;
  const { setGuest, setStreams, setPower, setRule, setCapture, setShaper, setGroup, setMirror } = command;
  if (setLink) core.setLink(setLink.switchAddress!, setLink.port!, setLink.up!, setLink.reason ?? L.LINK_OPERATOR);
  if (setGuest) core.setGuest(setGuest.switchAddress!, setGuest.port!, setGuest.on!);
  if (setStreams) core.setStreams(setStreams.switchAddress!, setStreams.port!, setStreams.on!);
  if (setPower) core.setPower(setPower.switchAddress!, setPower.on!);
  if (setRule) {
    const { switchAddress, rule, on, guard, stormLimit } = setRule;
    core.setRule(switchAddress!, rule!, on!, guard!, stormLimit!);
  }
  carryChange(core, command);
  if (setCapture) for (const point of setCapture.points!) core.setPoint(point, setCapture.on!);
  if (setMirror) core.setMirror(setMirror.switchAddress!, setMirror.mirror!, setMirror.on!);
  if (flushTable) {
    const { switchAddress, port, fid } = flushTable;
    const sticksToo = typeof port === 'number' || typeof fid !== 'number';
    core.flushTable(switchAddress!, port ?? ALL_PORTS, fid ?? ALL_FIDS, sticksToo);
  }
  if (setActive) core.setActive(setActive.switchAddress!, setActive.port!);
  if (setGuestMac) core.setGuestMac(setGuestMac.switchAddress!, setGuestMac.port!, octetBits(setGuestMac.mac!));
  if (setAccessVlan) core.setAccessVlan(setAccessVlan.switchAddress!, setAccessVlan.port!, setAccessVlan.vid!);
  if (setWire) changeWire(core, setWire);
  if (setShaper) {
    const { switchAddress, shaperAddress, averageBps, peakBps, burstBytes, slackNs } = setShaper;
    const [average, peak, bytes, slack] = [averageBps, peakBps, burstBytes, slackNs].map((value) => BigInt(value!));
    core.setShaper(switchAddress!, shaperAddress!, average!, peak!, bytes!, slack!);
  }
  if (setGroup) {
    const { switchAddress, port, group, on } = setGroup;
    const view = new DataView(group!.buffer, group!.byteOffset, group!.length);
    return core.setGroup(switchAddress!, port!, view.getBigUint64(0), view.getBigUint64(8), on!) !== 0;
  }
  if (setStatic) {
    const mac = octetBits(setStatic.mac!);
    const { switchAddress, fid, port } = setStatic;
    if (port === null || port === undefined) return core.unbindStatic(switchAddress!, fid!, mac) !== 0;
    return core.bindStatic(switchAddress!, fid!, mac, port) !== 0;
  }
  return true;
}

/** What comes and goes: core/change.ts. */
function carryChange(core: Core, { leave, come, setUplink, setPortGroup }: CommandBody): void {
  if (leave) core.leave(leave.switchAddress!, leave.port!, leave.goesTo ?? 0);
  if (come) core.come(come.switchAddress!, come.port!, come.guest!);
  if (setUplink) {
    const { switchAddress, port, there, roles } = setUplink;
    for (const [team, role] of roles!.entries()) core.setRole(switchAddress!, port!, team, role);
    core.setPresent(switchAddress!, port!, there!);
  }
  if (setPortGroup) {
    const { switchAddress, state, there, members, vids } = setPortGroup;
    core.setThere(state!, there!);
    for (const vid of vids!) core.setCarried(switchAddress!, members!, vid, there!);
  }
}

function changeWire(core: Core, wire: vswitch.SetWire.$Properties): void {
  const { wireAddress, rateBps, delayNs, queueFrames, loss, duplicate, corrupt, reorder, reorderNs, jitterNs } = wire;
  const whole = (value: number | null | undefined) => (typeof value === 'number' ? BigInt(value) : KEEP);
  const chance = (share: number | null | undefined) => (typeof share === 'number' ? chanceOf(share) : KEEP);
  core.setMedium(wireAddress!, whole(rateBps), whole(delayNs), whole(queueFrames));
  core.setChances(
    wireAddress!,
    chance(loss),
    chance(corrupt),
    chance(duplicate),
    chance(reorder),
    whole(reorderNs),
    whole(jitterNs),
  );
}

/** Six octets as the core has them: the first in the lowest byte. */
function octetBits(mac: Uint8Array): bigint {
  return [...mac].reduceRight((bits, octet) => (bits << 8n) | BigInt(octet), 0n);
}
