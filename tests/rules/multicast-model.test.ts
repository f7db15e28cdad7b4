/**
 * Random joins, leaves, queries, data and pauses at a physical switch, beside a small model of who should get which frame: a map from
 * group and port to the time until which it is a member, and one of routers.
 */
import fc from 'fast-check';
import { expect, it } from 'vitest';
import { data, leave, query, report } from './igmp-frames.ts';
import { Twins } from './twins.ts';

const PORTS = 5;
const second = 1_000_000_000n;
const ageing = 20n * second;
const routerTime = 255n * second;
const groups = ['239.1.1.1', '239.129.1.1', '239.7.0.9', 'ff15::7', 'ff02::1:ff00:7'];
const mac = (port: number) => `02:00:00:00:00:0${port}`;

type Step = {
  readonly do: 'join' | 'leave' | 'query' | 'data' | 'pass';
  readonly port: number;
  readonly group: number;
  readonly seconds: number;
};

const steps = fc.array(
  fc.record<Step>({
    do: fc.constantFrom('join', 'join', 'leave', 'query', 'data', 'data', 'data', 'pass'),
    port: fc.integer({ min: 1, max: PORTS }),
    group: fc.integer({ min: 0, max: groups.length - 1 }),
    seconds: fc.constantFrom(1, 2, 7, 19, 20, 130, 255),
  }),
  { minLength: 1, maxLength: 40 },
);

interface Settings {
  readonly fastLeave: boolean;
  readonly floodUnregistered: boolean;
}

class Model {
  readonly #members = new Map<string, Map<number, bigint>>();
  readonly #routers = new Map<number, Map<number, bigint>>([4, 6].map((family) => [family, new Map()]));
  readonly #settings: Settings;

  constructor(settings: Settings) {
    this.#settings = settings;
  }

  #alive(times: ReadonlyMap<number, bigint>, now: bigint): number[] {
    return [...times].filter(([, until]) => until > now).map(([port]) => port);
  }

  #family(group: string): number {
    return group.includes(':') ? 6 : 4;
  }

  /** Ports that get what `port` does at `now`; what the switch sends of itself is beside it. */
  act({ do: what, port, group }: Step, now: bigint): number[] {
    const name = groups[group]!;
    const own = this.#members.get(name) ?? new Map<number, bigint>();
    const routers = this.#alive(this.#routers.get(this.#family(name))!, now);
    const all = Array.from({ length: PORTS }, (_, i) => i + 1);
    const without = (ports: readonly number[]) => [...new Set(ports)].filter((each) => each !== port).sort();
    if (what === 'join') {
      this.#members.set(name, own.set(port, now + ageing));
      return without(routers);
    }
    if (what === 'leave') {
      if ((own.get(port) ?? 0n) > now) {
        if (this.#settings.fastLeave) own.delete(port);
        else if (own.get(port)! > now + 2n * second) own.set(port, now + 2n * second);
      }
      return without(routers);
    }
    if (what === 'query') {
      this.#routers.get(this.#family(name))!.set(port, now + routerTime);
      return without(all);
    }
    const members = this.#alive(own, now);
    if (members.length > 0) return without([...members, ...routers]);
    return without(this.#settings.floodUnregistered || name.startsWith('ff02') ? all : routers);
  }
}

function bytesOf({ do: what, port, group }: Step): Uint8Array {
  const name = groups[group]!;
  const isV6 = name.includes(':');
  const envelope = { src: mac(port), ip: isV6 ? `fe80::${port}` : `10.0.0.${port}` };
  if (what === 'join') return report(name, envelope, isV6 ? 1 : 2);
  if (what === 'leave') return leave(name, envelope);
  return what === 'query' ? query(null, envelope, 100, isV6 ? 6 : 4) : data(name, envelope);
}

it('gives each frame to whom the model says', () => {
  fc.assert(
    fc.property(fc.record({ fastLeave: fc.boolean(), floodUnregistered: fc.boolean() }), steps, (settings, acts) => {
      const multicast = { ageing: '20s', ...settings };
      const lab = new Twins({ physical: { switches: { s: { ports: PORTS, multicast } } } });
      const model = new Model(settings);
      for (const act of acts) {
        if (act.do === 'pass') {
          lab.pass(lab.nowNs + BigInt(act.seconds) * second);
          lab.seen();
          continue;
        }
        const port = `s/${act.port}`;
        const { frames } = lab.send(port, bytesOf(act));
        const id = frames.find((frame) => frame.direction === 'in')!.packetId;
        const copies = frames.filter((frame) => frame.direction === 'out' && frame.packetId === id);
        const got = copies.map((frame) => Number(frame.interface.name!.slice(2))).sort();
        expect(got, JSON.stringify(act)).toEqual(model.act(act, lab.nowNs));
      }
    }),
    { numRuns: 60 },
  );
}, 60_000);
