/**
 * ARP suppression by chance: a physical switch beside a small model of who is known where, networks with two and three uplinks in which
 * every request either reaches its owner or is answered in its name, and the same bytes with any number of workers and after going back.
 * Where ways to an owner part, the switches on both may know it, and each answers with the same.
 */
import { mkdtempSync, readFileSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import fc from 'fast-check';
import { afterAll, describe, expect, it } from 'vitest';
import { Network } from '../../src/engine/network.ts';
import type { NetworkOptions } from '../../src/engine/options.ts';
import { topologyFrom } from '../../src/topology/load.ts';
import { allPorts } from '../../src/topology/ports.ts';
import { tshark, tsharkMissing } from '../capture/tshark.ts';
import { portOf } from '../engine/lab.ts';
import { announce, ask, reply } from './neighbour-frames.ts';
import { mac, type Name, nameOf, places, shapes, topology } from './networks.ts';
import { Twins } from './twins.ts';

const second = 1_000_000_000n;
const folder = mkdtempSync(join(tmpdir(), 'vswitch-neighbours-'));
afterAll(() => rmSync(folder, { recursive: true }));

const PORTS = 4;
const ageing = 20n * second;
const macOf = (n: number) => `02:00:00:00:00:0${n}`;
const ipOf = (n: number) => `10.0.0.${n}`;

interface Step {
  readonly do: 'announce' | 'ask' | 'reply' | 'pass';
  readonly port: number;
  /** Number of the station that sends, which may be anywhere; and of the addresses that it claims and speaks to. */
  readonly station: number;
  readonly own: number;
  readonly other: number;
  readonly seconds: number;
}

const number = fc.integer({ min: 1, max: PORTS });
const steps = fc.array(
  fc.record<Step>({
    do: fc.constantFrom('announce', 'ask', 'ask', 'reply', 'pass'),
    port: number,
    station: number,
    own: number,
    other: number,
    seconds: fc.constantFrom(1, 10, 19, 20),
  }),
  { minLength: 1, maxLength: 40 },
);

/** Who is where, and who has which address. */
class Model {
  readonly #places = new Map<number, number>();
  readonly #owners = new Map<number, { station: number; port: number; heardNs: bigint }>();
  readonly #max: number;

  constructor(max: number) {
    this.#max = max;
  }

  /** Ports that get something. */
  act({ do: what, port, station, own, other }: Step, now: bigint): number[] {
    const others = Array.from({ length: PORTS }, (_, i) => i + 1).filter((each) => each !== port);
    this.#places.set(station, port);
    if (this.#owners.has(own) || this.#owners.size < this.#max) this.#owners.set(own, { station, port, heardNs: now });
    if (what === 'reply') {
      const at = this.#places.get(other);
      return at === undefined ? others : at === port ? [] : [at];
    }
    if (what === 'announce' || own === other) return others;
    const owner = this.#owners.get(other);
    if (owner === undefined || owner.heardNs + ageing <= now) return others;
    if (this.#places.get(owner.station) !== owner.port) this.#owners.delete(other);
    const isElsewhere = this.#places.get(owner.station) === owner.port && owner.port !== port;
    return isElsewhere && owner.station !== station ? [port] : others;
  }
}

it('does as the model says, with and without short cuts', () => {
  fc.assert(
    fc.property(steps, (all) => {
      const model = new Model(PORTS);
      const neighbourSuppression = { max: PORTS, ageing: '20s' };
      const lab = new Twins({ physical: { switches: { s: { ports: PORTS, neighbourSuppression } } } });
      for (const [i, step] of all.entries()) {
        if (step.do === 'pass') {
          lab.pass(lab.nowNs + BigInt(step.seconds) * second);
          continue;
        }
        const from = { mac: macOf(step.station), ip: ipOf(step.own) };
        const to = { mac: macOf(step.other), ip: ipOf(step.other) };
        const frame = step.do === 'announce' ? announce(from) : step.do === 'ask' ? ask(from, to.ip) : reply(from, to);
        const { recipients } = lab.send(`s/${step.port}`, frame);
        const got = recipients.map((name) => Number(name.slice(2)));
        expect(got, `step ${i}: ${JSON.stringify(step)}`).toEqual(model.act(step, lab.nowNs));
      }
    }),
    { numRuns: 80 },
  );
});

const KEYS = [
  { neighbourSuppression: true },
  { neighbourSuppression: true, receivers: 'active' },
  { neighbourSuppression: true, receivers: 'per-recipient' },
  { neighbourSuppression: { max: 2 }, rpf: 'loose' },
];

interface Turn {
  readonly do: 'ask' | 'ask6' | 'announce' | 'reply' | 'uplink';
  readonly from: number;
  readonly to: number;
}

const turns = fc.array(
  fc.record<Turn>({
    do: fc.constantFrom('ask', 'ask', 'ask', 'ask6', 'announce', 'reply', 'uplink'),
    from: fc.nat({ max: 99 }),
    to: fc.nat({ max: 99 }),
  }),
  { minLength: 5, maxLength: 25 },
);

describe('in networks with several uplinks', () => {
  it('every request reaches its owner, or is answered in its name, once on each way there', async () => {
    const shape = fc.constantFrom(...shapes);
    const property = fc.asyncProperty(
      shape,
      fc.constantFrom(...KEYS),
      fc.boolean(),
      turns,
      async (of, keys, both, all) => {
        const network = topology(of) as {
          hosts: Record<string, { vswitches: { v: object } }>;
          physical: { switches: Record<string, object> };
        };
        for (const host of Object.values(network.hosts)) Object.assign(host.vswitches.v, keys);
        if (both) for (const each of Object.values(network.physical.switches)) Object.assign(each, KEYS[0]);
        const at = places(of);
        // With RPF loose, known unicast that the outside floods comes once for each uplink.
        const lab = new Twins(network, { injectAt: [...at.values()], unplugged: 'down' }, !('rpf' in keys));
        const names = [...at.keys()];
        const station = (name: Name, isV6 = false) => {
          const n = names.indexOf(name) + 1;
          return { mac: mac[name], ip: isV6 ? `2001:db8::${n}` : ipOf(n) };
        };
        let isUp = true;
        for (const turn of all) {
          const [from, to] = [names[turn.from % names.length]!, names[turn.to % names.length]!];
          if (turn.do === 'uplink') {
            isUp = !isUp;
            await lab.operate((n) => n.setLink('h1/u1', isUp));
            lab.settle();
            lab.seen();
            continue;
          }
          const isV6 = turn.do === 'ask6';
          const [asker, owner] = [station(from, isV6), station(to, isV6)];
          if (turn.do === 'announce') lab.send(at.get(from)!, announce(station(from, turn.to % 2 === 0)));
          if (turn.do === 'reply') lab.send(at.get(from)!, reply(asker, owner));
          if (turn.do !== 'ask' && !isV6) continue;
          if (from === to) continue;
          const { frames, recipients } = lab.send(at.get(from)!, ask(asker, owner.ip));
          const out = frames.filter((f) => f.direction === 'out' && recipients.includes(portOf(f)));
          const asked = frames[0]!.packetId;
          const reached = out.filter((f) => f.packetId === asked && portOf(f) === at.get(to)).length;
          const answers = out.filter((f) => f.packetId !== asked && portOf(f) === at.get(from));
          const sources = answers.map(({ bytes }) => Buffer.from(bytes.slice(6, 12)).toString('hex'));
          const what = `${nameOf(of)} ${JSON.stringify(keys)}: ${from} asks for ${to}`;
          // The first physical switch floods to the host and to the second one, which answers for a host that has a cable to it, too.
          const most = both && of.outside === 'joined' ? 2 : 1;
          expect(reached, what).toBeLessThanOrEqual(1);
          expect(reached + answers.length, what).toBeGreaterThanOrEqual(1);
          expect(reached + answers.length, what).toBeLessThanOrEqual(most);
          expect(sources, what).toEqual(sources.map(() => owner.mac.replaceAll(':', '')));
        }
      },
    );
    await fc.assert(property, { numRuns: 40 });
  });
});

/** Four VMs on two hosts ask for each other again and again: each stream begins with a request, and so does a VM that starts. */
function busy() {
  const host = (first: number, names: readonly string[]) => ({
    uplinks: { u1: { to: `tor/${first}`, delay: '2us' }, u2: { to: `tor/${first + 1}`, delay: '3us' } },
    vswitches: { v: { neighbourSuppression: true, portGroups: { pg: {} } } },
    vms: Object.fromEntries(names.map((name, i) => [name, { ip: `10.0.0.${first * 10 + i}/24` }])),
  });
  const pairs = ['h1/a h1/b', 'h2/d h1/a', 'h1/b h2/e', 'h2/e h2/d', 'h1/c h2/d', 'h2/f h1/b'];
  const traffic = pairs.map((pair, i) => {
    const [from, to] = pair.split(' ');
    return { from, to, rate: '100kpps', start: `${i * 20}us` };
  });
  const events = [
    { at: '150us', stopVm: 'h1/b' },
    { at: '200us', startVm: 'h1/b' },
    { at: '250us', unplug: 'h2/u1' },
  ];
  return topologyFrom({
    hosts: { h1: host(1, ['a', 'b', 'c']), h2: host(3, ['d', 'e', 'f']) },
    physical: { switches: { tor: { ports: 4, neighbourSuppression: true } } },
    traffic,
    events,
  });
}

let runs = 0;

async function run(options: NetworkOptions, goBack = false) {
  const file = join(folder, `${++runs}.pcapng`);
  const checked = busy();
  const network = new Network(checked, { captures: [{ file, ports: allPorts(checked), snapLength: 0 }], ...options });
  if (options.inline === false) await network.start();
  await network.runUntil(180_000n);
  if (goBack) {
    const snapshot = await network.snapshot();
    await network.runUntil(300_000n);
    await network.restore(snapshot);
  }
  await network.runUntil(400_000n);
  const report = await network.stop();
  expect(report.ledger.balanced).toBe(true);
  const told = report.switches.map(({ ledger, neighbourTable }) => ({ ledger, neighbourTable }));
  return { bytes: readFileSync(file), told };
}

describe('guests that ask for each other', () => {
  it('are told the same by any number of workers, in their threads, and after going back', async () => {
    const first = await run({});
    expect(first.told.reduce((sum, { neighbourTable: t }) => sum + t!.neighboursAnswered, 0)).toBeGreaterThan(0);
    const ways: [NetworkOptions, boolean][] = [
      [{ workers: 2 }, false],
      [{ workers: 3, burst: 3 }, false],
      [{ workers: 2, inline: false }, false],
      [{}, true],
    ];
    for (const [options, goBack] of ways) {
      const other = await run(options, goBack);
      expect(other.told, JSON.stringify(options)).toEqual(first.told);
      expect(other.bytes.equals(first.bytes), JSON.stringify(options)).toBe(true);
    }
  });
});

describe.skipIf(tsharkMissing !== null)('tshark', () => {
  it('reads the answers without complaint, checksums among them', async () => {
    const file = join(folder, 'answers.pcapng');
    const topologyOf = { physical: { switches: { s: { ports: 2, neighbourSuppression: true } } } };
    const network = new Network(topologyFrom(topologyOf), {
      clock: 'virtual',
      captures: [{ file, ports: ['s/1'], snapLength: 0, direction: 'out' }],
      injectAt: ['*'],
      unplugged: 'open',
    });
    const [a, b] = [macOf(1), macOf(2)];
    network.inject('s/2', reply({ mac: b, ip: ipOf(2) }, { mac: a, ip: ipOf(1) }), 0n);
    network.inject('s/2', reply({ mac: b, ip: 'fe80::2' }, { mac: a, ip: 'fe80::1' }, { isRouter: true }), 0n);
    network.advance(second);
    network.inject('s/1', ask({ mac: a, ip: ipOf(1) }, ipOf(2)), second);
    network.inject('s/1', ask({ mac: a, ip: 'fe80::1' }, 'fe80::2'), second);
    network.advance(2n * second);
    await network.stop();
    const arp = ['arp.opcode', 'arp.src.hw_mac', 'arp.src.proto_ipv4', 'arp.dst.hw_mac', 'arp.dst.proto_ipv4'];
    const odd = ['_ws.malformed', '_ws.expert.message'];
    expect(tshark(file, [...arp, ...odd], '-Y', 'arp && frame.time_relative > 0.5')).toEqual([
      ['2', b, ipOf(2), a, ipOf(1), '', ''],
    ]);
    const fields = ['eth.src', 'eth.dst', 'ipv6.src', 'ipv6.dst', 'ipv6.hlim', 'icmpv6.checksum.status'];
    const flags = ['icmpv6.nd.na.flag.r', 'icmpv6.nd.na.flag.s', 'icmpv6.nd.na.flag.o', 'icmpv6.opt.linkaddr'];
    const told = tshark(file, [...fields, ...flags, ...odd], '-Y', 'icmpv6.type == 136 && frame.time_relative > 0.5');
    const isTrue = expect.stringMatching(/^(1|True)$/);
    expect(told).toEqual([[b, a, 'fe80::2', 'fe80::1', '255', '1', isTrue, isTrue, isTrue, b, '', '']]);
  });
});
