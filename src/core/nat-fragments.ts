/**
 * Fragments on their way through a NAT: only the first has ports, the others follow it by their addresses, protocol and identification
 * (RFC 791, 3.2). Nothing is put together.
 *
 * FRAGMENTS packets at once are remembered, for 30 s each as Linux does; the oldest gives way. Known limits: what comes before its first
 * fragment is dropped and counted; identifications are not translated, so two senders behind the NAT may use the same one.
 */
export const FRAGMENTS: u32 = 32;
const KEPT_NS: u64 = 30_000_000_000;

@unmanaged
export class Fragment {
  from: u32; // as in a frame, as it came
  to: u32;
  side: u32; // the segment that it came from, or OUTSIDE
  id: u16;
  protocol: u16; // 0: nobody's
  ip: u32; // where it goes to, and in which segment
  segment: u32;
  endNs: u64;
}

// @ts-ignore: decorator
@inline
function at(table: u32, i: u32): Fragment {
  return changetype<Fragment>(<usize>table + <usize>(i & (FRAGMENTS - 1)) * offsetof<Fragment>());
}

/** What was remembered of the packet that a fragment belongs to; null when nothing was. */
export function firstOf(table: u32, side: u32, bytes: usize, now: u64): Fragment | null {
  const protocol = <u32>load<u8>(bytes, 23);
  for (let i: u32 = 0; i < FRAGMENTS; i++) {
    const each = at(table, i);
    const isIt = each.id == load<u16>(bytes, 18) && each.from == load<u32>(bytes, 26) && each.to == load<u32>(bytes, 30);
    if (isIt && each.side == side && <u32>each.protocol == protocol && now < each.endNs) return each;
  }
  return null;
}

/** A first fragment went through, to `ip` in `segment`; `turn`: one more for each. */
export function remember(table: u32, turn: u32, side: u32, bytes: usize, segment: u32, ip: u32, now: u64): void {
  const known = firstOf(table, side, bytes, now);
  const place = known ? known : at(table, turn);
  place.protocol = 0;
  place.from = load<u32>(bytes, 26);
  place.to = load<u32>(bytes, 30);
  place.side = side;
  place.id = load<u16>(bytes, 18);
  place.ip = ip;
  place.segment = segment;
  place.endNs = now + KEPT_NS;
  place.protocol = <u16>load<u8>(bytes, 23);
}
