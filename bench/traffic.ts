/**
 * The canonical traffic: stations spread evenly over the ports, each port sends to scattered stations of the others. The
 * same addresses in the same order as the C limit has them (peers/calib.c), so that both look up the same things.
 */

const BITS = 64;
const trim = (n: bigint): bigint => BigInt.asUintN(BITS, n);

/** Marsaglia's xorshift64. */
class Random {
  #state = 88172645463325252n;

  below(n: number): number {
    this.#state ^= trim(this.#state << 13n);
    this.#state ^= this.#state >> 7n;
    this.#state ^= trim(this.#state << 17n);
    return Number(this.#state % BigInt(n));
  }
}

/** Address of a station: locally administered, scattered; its first octet in the low bits. */
export function station(i: number): bigint {
  let z = trim(BigInt(i + 1) * 0x9e3779b97f4a7c15n);
  z = trim((z ^ (z >> 30n)) * 0xbf58476d1ce4e5b9n);
  z ^= z >> 27n;
  return (z & 0xffffffffff00n) | 2n;
}

/** A test frame without FCS; `vid` gives it an 802.1Q tag. */
export function frame(dst: bigint, src: bigint, bytes: number, vid?: number): Uint8Array {
  const view = new DataView(new ArrayBuffer(bytes));
  view.setBigUint64(0, dst, true);
  view.setUint32(6, Number(src & 0xffffffffn), true);
  view.setUint16(10, Number(src >> 32n), true);
  if (vid !== undefined) view.setUint32(12, (0x8100 << 16) | vid);
  view.setUint16(vid === undefined ? 12 : 16, 0x88b5);
  return new Uint8Array(view.buffer);
}

export const BROADCAST = 0xffff_ffff_ffffn;

export interface Mix {
  readonly ports: number;
  /** Stations in all; `i` is behind port `i / (stations / ports)`. */
  readonly stations: number;
  /** Frames in all, at least one from each station. */
  readonly pairs: number;
  readonly bytes: number;
  /** Of each frame's tag; absent: untagged. */
  readonly vid?: number;
  /** One frame in so many goes to a station outside; absent: none. */
  readonly outsideOneIn?: number;
}

/** A station that is behind no vNIC. */
export const OUTSIDE = station(1_000_000);

/** The frames that each port sends, in turn. */
export function framesOf({ ports, stations, pairs, bytes, vid, outsideOneIn }: Mix): Uint8Array[][] {
  const random = new Random();
  const perPort = stations / ports;
  return Array.from({ length: ports }, (_, port) =>
    Array.from({ length: pairs / ports }, (_, i) => {
      const to = (port + 1 + random.below(ports - 1)) % ports;
      const inside = station(to * perPort + random.below(perPort));
      const dst = outsideOneIn !== undefined && i % outsideOneIn === 0 ? OUTSIDE : inside;
      return frame(dst, station(port * perPort + (i % perPort)), bytes, vid);
    }),
  );
}
