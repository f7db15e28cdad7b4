/** Networks by chance, from a seed: hosts, physical switches, cables with and without delay, traffic that overflows something. */

type Dice = (sides: number) => number;

/** Whole numbers from 0 to `sides` - 1 (mulberry32). */
export function dice(seed: number): Dice {
  let state = seed >>> 0;
  return (sides) => {
    state = (state + 0x6d2b79f5) >>> 0;
    let t = Math.imul(state ^ (state >>> 15), state | 1);
    t ^= t + Math.imul(t ^ (t >>> 7), t | 61);
    return ((t ^ (t >>> 14)) >>> 0) % sides;
  };
}

const DELAYS = ['0ns', '700ns', '1us', '3us', '10us', '50us', '200us'];
const RATES = [undefined, '1Gbps', '10Gbps', '25Gbps'];
const POLICIES = ['port-id', 'source-mac', 'explicit'];

export interface RandomNetwork {
  readonly topology: unknown;
  /** Names of hosts and physical switches. */
  readonly owners: readonly string[];
}

export function randomNetwork(seed: number): RandomNetwork {
  const roll = dice(seed);
  const pick = <T>(list: readonly T[]): T => list[roll(list.length)]!;
  // Some networks have one delay for all cables, others a mixture, some have none at all for a part of them.
  const delays = roll(3) === 0 ? [pick(DELAYS)] : roll(2) === 0 ? DELAYS.slice(1) : DELAYS;
  const hostCount = 2 + roll(5);
  const switchCount = 1 + roll(3);
  const ports = new Array<number>(switchCount).fill(0);
  const hosts: Record<string, unknown> = {};
  const vms: string[] = [];
  const cable = () => ({
    delay: pick(delays),
    queue: pick([4, 32, 1024]),
    ...(roll(2) === 0 ? {} : rate()),
    ...(roll(4) === 0 ? { loss: '3%', corrupt: '2%', duplicate: '5%', jitter: '900ns' } : {}),
    ...(roll(6) === 0 ? { reorder: { share: '10%', by: '5us' } } : {}),
  });
  const rate = () => {
    const chosen = pick(RATES);
    return chosen === undefined ? {} : { rate: chosen };
  };
  for (let h = 1; h <= hostCount; h++) {
    const uplinks: Record<string, unknown> = {};
    for (let u = 0; u <= roll(3); u++) {
      const to = roll(switchCount);
      uplinks[`vmnic${u}`] = { to: `sw${to}/${++ports[to]!}`, ...cable() };
    }
    const own: Record<string, unknown> = {};
    for (let v = 1; v <= 1 + roll(4); v++) {
      const vlan = roll(2) === 0 ? 'a' : 'b';
      own[`vm${v}`] = { portGroup: vlan, ...(roll(3) === 0 ? {} : { ip: `10.0.${h}.${v}/16` }) };
      vms.push(`h${h}/vm${v}`);
    }
    hosts[`h${h}`] = {
      uplinks,
      vswitches: {
        v: {
          macModel: pick(['learning', 'registered']),
          table: { max: pick([5, 64, 8192]) },
          teaming: { policy: pick(POLICIES) },
          portGroups: { a: { vlan: 10 }, b: { vlan: pick([10, 20]) } },
        },
      },
      vms: own,
    };
  }
  // A tree, so that no frame goes round for ever.
  const links = Array.from({ length: switchCount - 1 }, (_, i) => {
    const to = roll(i + 1);
    return { a: `sw${i + 1}/${++ports[i + 1]!}`, b: `sw${to}/${++ports[to]!}`, ...cable() };
  });
  const switches = Object.fromEntries(
    ports.map((count, i) => [`sw${i}`, { ports: Math.max(1, count), table: { max: pick([4, 8192]) } }]),
  );
  const traffic = Array.from({ length: 2 + roll(6) }, () => {
    const from = pick(vms);
    const to = roll(4) === 0 ? 'broadcast' : pick(vms.filter((vm) => vm !== from));
    return {
      from,
      to,
      size: pick([64, 300, 1518]),
      rate: pick(['20kpps', '200kpps', '1Gbps', '9Gbps']),
      start: pick(['0us', '7us', '100us']),
      flows: roll(2) === 0 ? 1 : 5,
    };
  });
  return {
    topology: { seed, hosts, physical: { switches, links }, traffic },
    owners: [...Object.keys(hosts), ...Object.keys(switches)],
  };
}
