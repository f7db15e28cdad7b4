/**
 * Whether the two ends of each cable agree, as the health check of ESXi's distributed switch asks by probes and we by reading both
 * ends: VLANs and tags, MTU, teaming against LAGs, and rings of switches (health-rings). An error keeps frames from their way; a warning may.
 */
import type { Mismatch, Severity } from './health-model.ts';
import { ringsAreBlocked } from './health-rings.ts';
import { bareVlan, isBlind, taggedVlans, untaggedVlan } from './health-vlan.ts';
import type { Lag, Link, PhysicalPort, PhysicalSwitch, VlanRange, VSwitch } from './model.ts';
import { portIndex, type World } from './ports.ts';
import type { Path } from './problem.ts';
import { listed } from './suggestion.ts';
import { difference, union, vlansOf, vlanText } from './vlan.ts';

/** An uplink and what it is plugged into. */
interface Cable {
  readonly host: string;
  readonly vswitch: VSwitch;
  readonly uplink: string;
  readonly far: PhysicalSwitch;
  readonly port: PhysicalPort;
  readonly link: Link;
}

const UNTAGGED: readonly VlanRange[] = [{ first: 0, last: 0 }];

/** Compares both ends of every cable; nothing is said of uplinks that lead outside the emulated world. */
export function mismatches(world: World, links: readonly Link[]): Mismatch[] {
  const cables = links.flatMap((link) => cableOf(world, link) ?? []);
  const found: Mismatch[] = [];
  for (const host of world.hosts) {
    for (const vswitch of host.vswitches) {
      const own = cables.filter((cable) => cable.host === host.name && cable.vswitch === vswitch);
      const path = ['hosts', host.name, 'vswitches', vswitch.name];
      found.push(
        ...vlansAgree(vswitch, own, path),
        ...mtusAgree(vswitch, own, path),
        ...teamsAgree(vswitch, own, path),
      );
    }
  }
  return [...found, ...links.flatMap((link) => trunksAgree(world, link)), ...ringsAreBlocked(world, links)];
}

function cableOf(world: World, link: Link): Cable | null {
  const ports = portIndex(world);
  const ends = [link.a, link.b].map((name) => ({ name, port: ports.get(name) }));
  const near = ends.find(({ port }) => port?.kind === 'uplink');
  const far = ends.find(({ port }) => port?.kind === 'physical port')?.port;
  if (near?.port?.kind !== 'uplink' || far?.kind !== 'physical port') return null;
  const { host } = near.port;
  const uplink = near.name.slice(host.name.length + 1);
  const vswitch = host.vswitches.find(({ uplinks }) => uplinks.includes(uplink));
  if (vswitch === undefined) return null;
  return { host: host.name, vswitch, uplink, far: far.switch, port: far.port, link };
}

const farName = ({ far, port }: Cable): string => `${far.name}/${port.name}`;
const farNames = (cables: readonly Cable[]): string =>
  listed(cables.map((each) => `${farName(each)} (${each.uplink})`));

function vlansAgree(vswitch: VSwitch, cables: readonly Cable[], path: Path): Mismatch[] {
  const found: Mismatch[] = [];
  const say = (severity: Severity, at: Path, message: string) =>
    found.push({ severity, subject: 'vlan', path: at, message });
  if (vswitch.uplinkVlan.mode === 'transparent') {
    const deaf = cables.filter(({ port }) => untaggedVlan(port.vlan) === null);
    if (deaf.length > 0)
      say(
        'error',
        path,
        `only tagged frames are taken at ${farNames(deaf)}, and no port group has a vlan; give one, or the port a native VLAN`,
      );
    return found;
  }
  for (const group of vswitch.portGroups) {
    const at = [...path, 'portGroups', group.name, 'vlan'];
    const wanted = difference(vlansOf(group.vlan), UNTAGGED);
    // What does not even leave by the uplinks is told when the topology is read.
    const leaving = difference(wanted, difference(wanted, vlansOf(vswitch.uplinkVlan)));
    const lost = new Map<string, Cable[]>();
    for (const cable of cables) {
      const text = vlanText(difference(leaving, taggedVlans(cable.port.vlan)));
      if (text !== '') lost.set(text, [...(lost.get(text) ?? []), cable]);
    }
    // A trunk to a guest wants what there is.
    const severity = group.vlan.mode === 'trunk' ? 'warning' : 'error';
    for (const [text, ends] of lost) {
      const plain = ends.filter(({ port }) => port.vlan.mode !== 'trunk' && String(untaggedVlan(port.vlan)) === text);
      const others = ends.filter((end) => !plain.includes(end));
      if (others.length > 0) say(severity, at, `VLAN ${text} is not carried at ${farNames(others)}; add it there`);
      if (plain.length > 0)
        say(
          severity,
          at,
          `VLAN ${text} leaves tagged, and ${farNames(plain)} ${plain.length === 1 ? 'is an access port' : 'are access ports'} of it; make a trunk there, or write vlan: 0 here`,
        );
    }
    if (vlansOf(group.vlan).some(({ first }) => first === 0)) {
      const deaf = cables.filter(({ port }) => untaggedVlan(port.vlan) === null);
      if (deaf.length > 0)
        say(
          'error',
          at,
          `only tagged frames are taken at ${farNames(deaf)}, and VLAN 0 leaves untagged; give the port a native VLAN`,
        );
    }
  }
  const carriesUntagged = vlansOf(vswitch.uplinkVlan).some(({ first }) => first === 0);
  for (const cable of cables) {
    const native = untaggedVlan(cable.port.vlan);
    const leavesUntagged = native !== null && !(cable.port.vlan.mode === 'trunk' && cable.port.vlan.nativeTagged);
    const isWanted =
      native !== null && difference([{ first: native, last: native }], vlansOf(vswitch.uplinkVlan)).length === 0;
    // Of an access port the port group has been told.
    if (!leavesUntagged || !isWanted || native === 0 || cable.port.vlan.mode !== 'trunk') continue;
    const where = carriesUntagged ? 'ends in VLAN 0 here' : 'is not taken here';
    say(
      'error',
      ['physical', 'switches', cable.far.name, 'ports', cable.port.name, 'native'],
      `VLAN ${native} leaves untagged for ${cable.host}/${cable.uplink} and ${where}; make it tagged (nativeTagged: true), or another VLAN native`,
    );
  }
  const tags = cables.filter(({ port }) => port.tags.tpid !== vswitch.uplinkTags.tpid && !isBlind(port.vlan));
  if (tags.length > 0)
    say(
      'error',
      [...path, 'uplinkTag'],
      `tags have EtherType 0x${vswitch.uplinkTags.tpid.toString(16)} here and 0x${tags[0]!.port.tags.tpid.toString(16)} at ${farNames(tags)}; make both alike`,
    );
  return found;
}

function mtusAgree(vswitch: VSwitch, cables: readonly Cable[], path: Path): Mismatch[] {
  const at = [...path, 'mtu'];
  const smaller = cables.filter(({ far }) => far.mtu < vswitch.mtu);
  const larger = cables.filter(({ far }) => far.mtu > vswitch.mtu);
  const found: Mismatch[] = [];
  if (smaller.length > 0)
    found.push({
      severity: 'error',
      subject: 'mtu',
      path: at,
      message: `${vswitch.mtu} here and ${smaller[0]!.far.mtu} at ${farNames(smaller)}: longer frames die there as giants; make it the same everywhere`,
    });
  if (larger.length > 0)
    found.push({
      severity: 'warning',
      subject: 'mtu',
      path: at,
      message: `${vswitch.mtu} here and ${larger[0]!.far.mtu} at ${farNames(larger)}: longer frames from there die here as giants; make it the same everywhere`,
    });
  return found;
}

function teamsAgree(vswitch: VSwitch, cables: readonly Cable[], path: Path): Mismatch[] {
  const at = [...path, 'teaming'];
  const found: Mismatch[] = [];
  const say = (severity: Severity, message: string, subject: Mismatch['subject'] = 'teaming') =>
    found.push({ severity, subject, path: at, message });
  const active = cables.filter(({ uplink }) => vswitch.teaming.active.includes(uplink));
  const bundled = cables.filter(({ port }) => port.lag !== undefined);
  if (vswitch.lag === null) {
    if (bundled.length > 0)
      say(
        'error',
        `there is a LAG at ${farNames(bundled)}, and the uplinks here are none: frames for one VM come in by any of them, and R8 and R9 drop them; write lag here, or take the ports out of the LAG`,
      );
  } else {
    found.push(...lagAgrees(vswitch.lag, active, at));
  }
  const rates = new Set(active.map(({ link }) => link.rateBps));
  if (rates.size > 1)
    say(
      'warning',
      'the active uplinks have different rates, and are chosen as if they had the same; make them alike, or the slower ones standby',
      'rate',
    );
  return found;
}

function lagAgrees(lag: Lag, members: readonly Cable[], path: Path): Mismatch[] {
  const error = (message: string): Mismatch => ({
    severity: 'error',
    subject: 'teaming',
    path: [...path, 'lag'],
    message,
  });
  if (members.length === 0) return [];
  const alone = members.filter(({ port }) => port.lag === undefined);
  if (alone.length > 0)
    return [
      error(
        `the uplinks are one LAG, and there is none at ${farNames(alone)}: stations seem to move from port to port there; make the ports a LAG`,
      ),
    ];
  const ends = new Set(members.map(({ far, port }) => `${far.name} ${port.lag}`));
  if (ends.size > 1)
    return [
      error(
        `the uplinks are one LAG, and lead to ${ends.size}: ${farNames(members)}; a LAG ends at one LAG of one switch`,
      ),
    ];
  const { far, port } = members[0]!;
  const other = far.lags.find(({ name }) => name === port.lag)!;
  const end = `LAG ${other.name} of ${far.name}`;
  if ((lag.mode === 'static') !== (other.mode === 'static'))
    return [
      error(
        `${lag.mode} here and ${other.mode} at ${end}: one speaks LACP and the other does not; make both static, or neither`,
      ),
    ];
  if (lag.mode === 'passive' && other.mode === 'passive')
    return [error(`passive here and at ${end}: each waits for the other to begin; make one active`)];
  return [];
}

/** Two physical switches. */
function trunksAgree(world: World, { a, b }: Link): Mismatch[] {
  const ports = portIndex(world);
  const [near, far] = [ports.get(a), ports.get(b)];
  if (near?.kind !== 'physical port' || far?.kind !== 'physical port') return [];
  const path = ['physical', 'switches', near.switch.name, 'ports', near.port.name];
  const found: Mismatch[] = [];
  const say = (severity: Severity, subject: Mismatch['subject'], at: Path, message: string) =>
    found.push({ severity, subject, path: at, message });
  const vlans = [near.port.vlan, far.port.vlan];
  const [here, there] = vlans.map(untaggedVlan) as [number | null, number | null];
  // Where both ends tag all that they send, nothing comes without a tag.
  const isSent = vlans.some((vlan) => bareVlan(vlan) !== null);
  if (!vlans.some(isBlind) && isSent && here !== there)
    say(
      'error',
      'vlan',
      [...path, 'native'],
      `frames without a tag are of ${spoken(here)} here and of ${spoken(there)} at ${b}: VLANs run into each other; make them the same`,
    );
  if (vlans.every(({ mode }) => mode === 'trunk')) {
    const [own, other] = [taggedVlans(near.port.vlan), taggedVlans(far.port.vlan)];
    const odd = union([...difference(own, other), ...difference(other, own)]);
    if (odd.length > 0)
      say(
        'warning',
        'vlan',
        [...path, 'vlan'],
        `VLAN ${vlanText(odd)} is carried at one end only, here or at ${b}; make both alike`,
      );
  }
  const [least, most] = [near.switch, far.switch].sort((x, y) => x.mtu - y.mtu) as [PhysicalSwitch, PhysicalSwitch];
  if (least.mtu !== most.mtu)
    say(
      'warning',
      'mtu',
      ['physical', 'switches', least.name, 'mtu'],
      `${least.mtu} here and ${most.mtu} at ${most.name}: longer frames from there die here as giants; make it the same everywhere`,
    );
  const [lag, otherLag] = [near, far].map((end) => end.switch.lags.find(({ name }) => name === end.port.lag));
  if ((lag === undefined) !== (otherLag === undefined)) {
    say(
      'error',
      'teaming',
      [...path, 'lag'],
      `a LAG ends at ${lag === undefined ? b : a}, and the other end is in none; make both ends LAGs, or neither`,
    );
  } else if (lag !== undefined && otherLag !== undefined) {
    if ((lag.mode === 'static') !== (otherLag.mode === 'static'))
      say(
        'error',
        'teaming',
        [...path, 'lag'],
        `the LAG is ${lag.mode} here and ${otherLag.mode} at ${b}: one speaks LACP and the other does not; make both static, or neither`,
      );
    else if (lag.mode === 'passive' && otherLag.mode === 'passive')
      say(
        'error',
        'teaming',
        [...path, 'lag'],
        `the LAG is passive here and at ${b}: each end waits for the other to begin; make one active`,
      );
  }
  return found;
}

function spoken(vlan: number | null): string {
  return vlan === null ? 'none, and dropped,' : `VLAN ${vlan}`;
}
