/** What each card's protocol promises: when it rings, when it interrupts, and that indices may wrap. */
import { describe, expect, it } from 'vitest';
import { coreModule, instantiate } from '../../src/engine/core.ts';
import * as L from '../../src/engine/generated/layout.ts';
import { Network } from '../../src/engine/network.ts';
import type { NetworkOptions } from '../../src/engine/options.ts';
import type { NicReport } from '../../src/telemetry/nic.ts';
import { topologyFrom } from '../../src/topology/load.ts';

interface Stream {
  readonly rate: string;
  readonly count?: number;
  readonly size?: number;
}

/** Guest a sends to guest b, both with that card. */
function pair(nic: unknown, streams: readonly Stream[], options: NetworkOptions = {}): Network {
  const vms = { a: { nic }, b: { nic } };
  const traffic = streams.map((each) => ({ from: 'h/a', to: 'h/b', ...each }));
  const topology = { hosts: { h: { vswitches: { v: { portGroups: { pg: {} } } }, vms } }, traffic };
  return new Network(topologyFrom(topology), options);
}

function nicsOf(network: Network): [a: NicReport, b: NicReport] {
  const [a, b] = network.ports();
  return [a!.nic!, b!.nic!];
}

function register({ registers }: NicReport, name: string) {
  return registers.find((each) => each.register === name) ?? { reads: 0, writes: 0 };
}

/** So many streams with a frame each at the same instants. */
const together = (streams: number, count: number): Stream[] => Array(streams).fill({ rate: '1kpps', count });
const second = 1_000_000_000n;

describe('virtio', () => {
  it.each(['none', 'flags', 'event-idx'])('goes on when its indices wrap from 65,535 to 0 (%s)', (suppress) => {
    const network = pair({ virtio: { suppress, ring: 8 } }, [{ rate: '1Mpps', count: 140_000 }]);
    network.advance(second);
    const [a, b] = nicsOf(network);
    expect(b.rxFrames).toBe(140_000);
    expect([a.missedWakeups, b.missedWakeups]).toEqual([0, 0]);
    expect(network.ledger().balanced).toBe(true);
    // One at a time: the device had gone to sleep each time, and asked to be rung for.
    expect(a.doorbells).toBe(140_000);
    expect(a.doorbellsSpurious).toBe(0);
    expect(b.interrupts).toBe(140_000);
  });

  it.each([
    // The device only says that it is at work when it begins to be.
    ['none', 20, 19],
    ['flags', 20, 19],
    ['event-idx', 1, 0],
  ] as const)(
    'with %s, twenty frames at once take %i doorbells, of which %i are spurious and do no harm',
    (suppress, bells, spurious) => {
      const network = pair({ virtio: { suppress } }, together(20, 1));
      network.advance(second);
      const [a, b] = nicsOf(network);
      expect(b.rxFrames).toBe(20);
      expect(a.doorbells).toBe(bells);
      expect(a.doorbellsSpurious).toBe(spurious);
      expect(a.doorbellsSuppressed).toBe(20 - bells);
      expect(register(a, 'notify tx').writes).toBe(bells);
    },
  );

  it('interrupts for what was sent only where nothing is suppressed, or the ring was full', () => {
    const interrupts = (nic: object) => {
      const network = pair({ virtio: nic }, together(20, 5));
      network.advance(second);
      return nicsOf(network)[0];
    };
    expect(interrupts({ suppress: 'none' }).interrupts).toBe(5);
    expect(interrupts({ suppress: 'flags' })).toMatchObject({ interrupts: 0, interruptsSuppressed: 5 });
    expect(interrupts({})).toMatchObject({ interrupts: 0, interruptsSuppressed: 5 });
    expect(interrupts({ ring: 8 }).interrupts).toBeGreaterThan(0);
  });

  it('copies each frame once each way', () => {
    const network = pair('virtio', [{ rate: '1kpps', count: 10, size: 1518 }]);
    network.advance(second);
    for (const nic of nicsOf(network)) expect(nic).toMatchObject({ copies: 10, bytesCopied: 15_140, descriptors: 10 });
  });
});

describe('vmxnet3', () => {
  it('rings for the first frame of an empty ring, and then for every txThreshold', () => {
    for (const [txThreshold, bells] of [
      [1, 20],
      [4, 5],
      [32, 1],
    ] as const) {
      const network = pair({ vmxnet3: { txThreshold } }, together(20, 1));
      network.advance(second);
      const [a, b] = nicsOf(network);
      expect(b.rxFrames).toBe(20);
      expect(a.doorbells, `threshold ${txThreshold}`).toBe(bells);
      expect(a.missedWakeups).toBe(0);
    }
  });

  it('unmasks its interrupt once for each that came', () => {
    const network = pair('vmxnet3', [{ rate: '1kpps', count: 100 }]);
    network.advance(second);
    const [, b] = nicsOf(network);
    expect(b.interrupts).toBe(100);
    expect(register(b, 'IMR').writes).toBe(100);
  });
});

describe('e1000', () => {
  it('is asked by ICR for each interrupt, which clears it: there is no second one for the same frames', () => {
    const network = pair('e1000', [{ rate: '1kpps', count: 100 }]);
    network.advance(second);
    const [a, b] = nicsOf(network);
    for (const nic of [a, b]) {
      expect(nic.interrupts).toBe(100);
      expect(register(nic, 'ICR').reads).toBe(100);
      expect(register(nic, 'IMC').writes).toBe(100);
      expect(register(nic, 'IMS').writes).toBe(100);
      expect(register(nic, 'STATUS').reads).toBe(200);
    }
    expect(register(a, 'TDT').writes).toBe(100);
    expect(register(b, 'RDT').writes).toBe(100);
    const { memory, plan } = network;
    for (const { nic } of plan.switches[0]!.ports) expect(memory.u32(nic!.address + L.Nic_icr)).toBe(0);
  });

  it('keeps interrupts apart by the least of its registers, and at least 128 us', () => {
    const interrupts = (mitigation: object) => {
      const network = pair({ e1000: { mitigation } }, [{ rate: '200kpps', count: 2000 }]);
      network.advance(second);
      const [, b] = nicsOf(network);
      expect(b.rxFrames).toBe(2000);
      return b.interrupts;
    };
    // 10 ms of frames: one at once, and one at the end of each distance.
    const apart = (us: number) => 1 + Math.ceil(10_000 / us);
    expect(interrupts({})).toBe(apart(128));
    expect(interrupts({ itr: 10 })).toBe(apart(128));
    expect(interrupts({ itr: 1000 })).toBe(apart(256));
    expect(interrupts({ itr: 4000, radv: 500 })).toBe(apart(512));
  });
});

describe('lance', () => {
  it('takes two OUTs for a frame, and six accesses for an interrupt', () => {
    const network = pair('lance', [{ rate: '1kpps', count: 100 }]);
    network.advance(second);
    const [a, b] = nicsOf(network);
    expect(a.traps).toBe(100 * (2 + 6));
    expect(b.traps).toBe(100 * 6);
    expect(register(a, 'RAP').writes).toBe(300);
    expect(register(a, 'RDP')).toMatchObject({ reads: 200, writes: 300 });
  });
});

describe.each(['virtio', 'vmxnet3', 'e1000', 'lance'])('a %s card', (nic) => {
  it('has work left on the wall clock and goes on with it, without a missed wake-up', () => {
    const network = pair(nic, [{ rate: 'max' }], { clock: 'wall', burst: 64, ringEntries: 64 });
    const core = instantiate(coreModule(), network.memory.memory);
    const worker = network.plan.workers[0]!.address;
    for (let i = 1n; i <= 200n; i++) core.runWall(worker, i * 1000n, 1);
    const [a, b] = nicsOf(network);
    expect(a.txFrames).toBeGreaterThan(1000);
    expect([a.missedWakeups, b.missedWakeups]).toEqual([0, 0]);
    expect(network.ledger().balanced).toBe(true);
  });

  it('counts the same with any number of workers', () => {
    const hosts = Object.fromEntries(
      [1, 2, 3].map((n) => [
        `h${n}`,
        {
          uplinks: { u: { to: `tor/${n}`, rate: '1G', delay: '5us' } },
          vswitches: { v: { portGroups: { pg: {} } } },
          vms: { a: { nic, ip: `10.0.0.${n}/24` }, b: { nic } },
        },
      ]),
    );
    const traffic = [
      { from: 'h1/a', to: 'h2/a', rate: '300kpps' },
      { from: 'h2/a', to: 'h3/a', rate: '200kpps', size: 512 },
      { from: 'h3/b', to: 'broadcast', rate: '100kpps' },
    ];
    const topology = topologyFrom({ hosts, physical: { switches: { tor: { ports: 3 } } }, traffic });
    const [one, three] = [1, 3].map((workers) => {
      const network = new Network(topology, { workers });
      network.advance(5_000_000n);
      return network.ports();
    });
    expect(three).toEqual(one);
  });
});
