/**
 * Who is behind a vNIC, as the hypervisor knows it: its registered address (R11), the address that its guest uses, its VLAN.
 * Called between two bursts, never for a frame.
 */
import { announceArrival } from './care';
import { deleteStatic, FID_ANY, find, flush, isStatic, isSticky, keyOf, logicalOf, remove, setStatic } from './fdb';
import { forgetPlace, snooperOf } from './members';
import { Guest, readdress } from './guest';
import { fidOf } from './learning';
import * as P from './port';
import { Port } from './port';
import { MODEL_REGISTERED, portAt, Switch } from './switch';
import { reform } from './team';

/** The FID that a vNIC's own address stands under: any VLAN's where the guest tags its own frames. */
export function ownFid(sw: Switch, port: Port): u32 {
  const mode = port.vlanMode;
  if (mode == P.VLAN_TRANSPARENT) return 0;
  const isTrunk = mode == P.VLAN_TRUNK || mode == P.VLAN_NATIVE || mode == P.VLAN_NATIVE_TAGGED;
  return isTrunk ? FID_ANY : fidOf(sw, port.pvid);
}

/** The address that is registered: the guest's, unless it may not change it. */
export function ownMac(port: Port): u64 {
  return port.changesRejected ? port.configuredMac : port.mac;
}

export function bindOwn(sw: Switch, port: Port): void {
  if (sw.model != MODEL_REGISTERED || port.configuredMac == 0 || !port.linkUp || port.isRegistered) return;
  const fid = ownFid(sw, port);
  if (fid == FID_ANY) sw.hasAnyFid = 1;
  const key = keyOf(fid, ownMac(port));
  const entry = find(sw, key);
  // An address belongs to who had it first; what was learned of it, sticky or not, gives way.
  const value = entry == 0 ? 0 : load<u64>(entry, 8);
  if (isStatic(value) && !isSticky(value)) return;
  if (fid == FID_ANY) forgetLearned(sw, port, ownMac(port));
  sw.keptPlaces--;
  if (setStatic(sw, key, port.logical)) port.isRegistered = 1;
  else sw.keptPlaces++;
}

/** Forgets what was learned of an address in the VLANs that a trunk carries. */
function forgetLearned(sw: Switch, port: Port, mac: u64): void {
  for (let vid: u32 = 0; vid < FID_ANY; vid++) {
    const entry = P.carries(port, vid) ? find(sw, keyOf(fidOf(sw, vid), mac)) : 0;
    if (entry != 0 && (!isStatic(load<u64>(entry, 8)) || isSticky(load<u64>(entry, 8)))) remove(sw, entry);
  }
}

/** Who else has the address gets it now. */
export function unbindOwn(sw: Switch, port: Port): void {
  if (!port.isRegistered) return;
  const fid = ownFid(sw, port);
  const mac = ownMac(port);
  deleteStatic(sw, keyOf(fid, mac));
  port.isRegistered = 0;
  sw.keptPlaces++;
  for (let i: u32 = 0; i < sw.localCount; i++) {
    const other = portAt(sw, i);
    if (other != port && other.configuredMac != 0 && ownMac(other) == mac && ownFid(sw, other) == fid) bindOwn(sw, other);
  }
}

export function changeMac(sw: Switch, port: Port, mac: u64): void {
  unbindOwn(sw, port);
  port.mac = mac;
  port.hasChanged = 1;
  port.blocked = port.changesRejected && mac != port.configuredMac ? 1 : 0;
  if (port.guest != 0) readdress(changetype<Guest>(<usize>port.guest), mac);
  bindOwn(sw, port);
  // Another address may leave by another uplink; that is no change of a path, for which R8 would have patience.
  const formerPin = port.formerPin;
  const repinnedAt = port.repinnedAt;
  reform(sw, false);
  port.formerPin = formerPin;
  port.repinnedAt = repinnedAt;
  if (sw.model == MODEL_REGISTERED) announceArrival(sw, port);
}

export function changeVlan(sw: Switch, port: Port, vid: u32): void {
  unbindOwn(sw, port);
  flush(sw, port.logical, FID_ANY + 1, true);
  if (sw.snooper != 0) forgetPlace(snooperOf(sw), port.logical);
  port.vlanMode = P.VLAN_ACCESS;
  port.pvid = vid;
  port.untaggedVid = vid;
  bindOwn(sw, port);
  reform(sw, false);
}
