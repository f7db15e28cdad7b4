/**
 * What a host with a type-2 hypervisor does behind its own vNICs: NAT (nat.ts) and DHCP servers (dhcp-server.ts). Whatever they
 * take was delivered to a guest, whatever they send is a guest's frame, so the ledger knows nothing of them.
 *
 * The switches of a host belong to one worker and one island, so a frame may go from one of them to the ring of a guest at another
 * at the same instant; that switch then has something to do.
 */
import { DhcpServer, hearDhcp } from './dhcp-server';
import { Guest, IPV4_BROADCAST, transmit } from './guest-card';
import { hasten } from './heap';
import { HEADER_BYTES } from './frame';
import { fromOutside, fromSegment, Nat, OUTSIDE } from './nat';
import { hearOf, loop } from './nat-way';
import { release } from './pool';
import { Port } from './port';
import { publishNear, Ring } from './ring';
import { Switch } from './switch';
import { Worker } from './worker';

const ARP: u32 = 0x0608;
const IPV4: u32 = 0x0008;
export const ETHERNET: u32 = 14;
const UDP: u8 = 17;
const DHCP_SERVER: u32 = 0x4300; // port 67 as in a frame

@unmanaged
export class Services {
  nat: u32; // address of the Nat whose port this is; 0: none
  segment: u32; // which of its segments, or OUTSIDE
  dhcp: u32; // address of the DhcpServer, 0: none
  padding: u32;
}

/** Looks at a frame for the guest, whose bytes are as they stand; true: nobody else has to. */
export function serve(sw: Switch, guest: Guest, bytes: usize, length: u32): bool {
  const services = changetype<Services>(<usize>guest.services);
  const type = <u32>load<u16>(bytes, 12);
  if (type == IPV4) {
    if (services.dhcp != 0 && isForDhcp(guest, bytes, length)) {
      hearDhcp(sw, changetype<DhcpServer>(<usize>services.dhcp), guest, bytes, length);
      return true;
    }
    if (services.nat == 0) return false;
    const nat = changetype<Nat>(<usize>services.nat);
    if (services.segment == OUTSIDE) return fromOutside(sw, nat, bytes, length);
    return fromSegment(sw, nat, services.segment, guest, bytes, length);
  }
  if (services.nat == 0) return false;
  const nat = changetype<Nat>(<usize>services.nat);
  if (type == ARP) hearOf(sw, nat, services.segment, guest, bytes, length);
  else if (services.segment != OUTSIDE && (load<u8>(bytes) & 1) == 0) nat.notIpv4++;
  return false;
}

function isForDhcp(guest: Guest, bytes: usize, length: u32): bool {
  if (length < ETHERNET + 28 || load<u8>(bytes, 23) != UDP) return false;
  const to = load<u32>(bytes, 30);
  // One to a server elsewhere goes through the NAT as anything does.
  if (to != IPV4_BROADCAST && to != guest.ip) return false;
  const header = <u32>(load<u8>(bytes, ETHERNET) & 15) * 4;
  return length >= ETHERNET + header + 8 && <u32>load<u16>(bytes + ETHERNET + header, 2) == DHCP_SERVER;
}

/** Sends a frame as another guest of the host does, from `sw`, whose turn it is; the slot is gone in any case. */
export function sendAs(sw: Switch, at: Switch, guest: Guest, slot: usize, length: u32): bool {
  comeTo(sw, at);
  const sent = transmit(at, guest, slot, length);
  wake(sw, at, guest);
  return sent;
}

/** Whether the host sends a frame to its own MAC, which nobody on the LAN shall see. */
export function isOfItself(guest: Guest, bytes: usize): bool {
  const services = changetype<Services>(<usize>guest.services);
  return services.nat != 0 && services.segment == OUTSIDE && (load<u64>(bytes) & 0xffffffffffff) == guest.mac;
}

/** What the host sends to its own MAC is for itself, and never on the LAN; true: it has heard it, and the slot is gone. */
export function toItself(sw: Switch, guest: Guest, slot: usize, length: u32): bool {
  const services = changetype<Services>(<usize>guest.services);
  if (!isOfItself(guest, slot + HEADER_BYTES)) return false;
  loop(sw, changetype<Nat>(<usize>services.nat), slot, length);
  release(slot, sw);
  return true;
}

/** Another switch of the host comes to the time of the one whose turn it is: nothing before that can come to it any more. */
export function comeTo(sw: Switch, at: Switch): void {
  if (at.now >= sw.now) return;
  at.now = sw.now;
  at.stampNow = sw.now & at.stampMask;
}

/** After its worker died in the middle of something. */
export function mendServices(guest: Guest): void {
  const services = changetype<Services>(<usize>guest.services);
  if (services.nat != 0) changetype<Nat>(<usize>services.nat).turns = 0;
}

/** The guest's ring at another switch, or at this one, holds something. */
export function wake(sw: Switch, at: Switch, guest: Guest): void {
  publishNear(changetype<Ring>(<usize>changetype<Port>(<usize>guest.port).rxRing));
  at.toVisit = 1;
  const worker = changetype<Worker>(<usize>sw.worker);
  if (at != sw && worker.heap != 0) hasten(worker, at, sw.now);
}
