/** Devices that exist in a formula only: what they forward at a load, with noise, buffers, and trials that go wrong. */

export interface Device {
  /** Frames/s it forwards. */
  readonly capacity: number;
  /** Frames it holds before it drops any; a short trial above capacity may then lose nothing. */
  readonly buffer?: number;
  /** Share of trials that lose `disturbance` of their frames, whatever the load. */
  readonly disturbed?: number;
  readonly disturbance?: number;
  /** Share of trials that are void. */
  readonly voids?: number;
  /** Capacity varies by this share from trial to trial. */
  readonly noise?: number;
}

/** Numbers in [0, 1) from a seed (mulberry32). */
export function randomFrom(seed: number): () => number {
  let state = seed | 0;
  return () => {
    state = (state + 0x6d2b79f5) | 0;
    let t = Math.imul(state ^ (state >>> 15), 1 | state);
    t = (t + Math.imul(t ^ (t >>> 7), 61 | t)) ^ t;
    return ((t ^ (t >>> 14)) >>> 0) / 2 ** 32;
  };
}

export interface Outcome {
  readonly lossRatio: number;
  readonly seconds: number;
  readonly isVoid: boolean;
  readonly why: string;
}

export function measureOf(device: Device, seed = 1): (load: number, seconds: number) => Promise<Outcome> {
  const { capacity, buffer = 0, disturbed = 0, disturbance = 0.1, voids = 0, noise = 0 } = device;
  const random = randomFrom(seed);
  return async (load, seconds) => {
    if (random() < voids) return { lossRatio: 0, seconds, isVoid: true, why: 'the generator fell behind' };
    const able = capacity * (1 + noise * (2 * random() - 1));
    const lost = Math.max(0, (load - able) * seconds - buffer);
    const share = random() < disturbed ? disturbance : 0;
    return { lossRatio: Math.min(1, Math.max(share, lost / (load * seconds))), seconds, isVoid: false, why: '' };
  };
}
