/** A core that dies while it learns who has an address, forgets it, or answers for it: every count is put right, and no answer is wrong. */
import { expect, it } from 'vitest';
import { coreModule, instantiate } from '../../src/engine/core.ts';
import { Network } from '../../src/engine/network.ts';
import { repairWorker } from '../../src/engine/rescue.ts';
import { topologyFrom } from '../../src/topology/load.ts';
import { announce, ask } from '../rules/neighbour-frames.ts';
import { compileMortal, Death, mortal } from './mortal.ts';
import { dice } from './random-network.ts';
import { assertWhole } from './whole.ts';

const PORTS = 4;
const ROUNDS = 400;
const FILES = ['neighbour-table', 'neighbour-table', 'neighbours', 'fdb', 'team'];
const macOf = (n: number) => `02:00:00:00:00:0${n}`;
const ipOf = (n: number, isV6: boolean) => (isV6 ? `2001:db8::${n}` : `10.0.0.${n}`);

it('leaves a table that can be put right, time after time', async () => {
  const switches = { s: { ports: PORTS, table: { max: 32 }, neighbourSuppression: { max: 5, ageing: '1s' } } };
  const network = new Network(topologyFrom({ physical: { switches } }), {
    injectAt: ['*'],
    watch: ['*'],
    unplugged: 'open',
  });
  const { memory, plan } = network;
  const healthy = instantiate(coreModule(), memory.memory);
  const dying = mortal(compileMortal(), memory.memory);
  const worker = plan.workers[0]!.address;
  const roll = dice(5);
  let now = 0n;
  let died = 0;
  for (let round = 0; round < ROUNDS; round++) {
    for (let i = 0; i < 6; i++) {
      const port = 1 + roll(PORTS);
      const isV6 = roll(3) === 0;
      const from = { mac: macOf(port), ip: ipOf(port, isV6) };
      const frame = roll(2) === 0 ? announce(from) : ask(from, ipOf(1 + roll(PORTS), isV6));
      network.inject(`s/${port}`, frame, now);
    }
    now += BigInt(1 + roll(300_000_000));
    dying.dieAfter(1 + roll(60), FILES[roll(FILES.length)]!);
    try {
      if (roll(4) === 0) dying.core.flushTable(plan.switches[0]!.address, roll(PORTS), 4096, false);
      while (dying.core.runVirtual(worker, now, 100_000n) !== 0) network.advance(0n);
    } catch (error) {
      if (!(error instanceof Death)) throw error;
      died++;
      repairWorker(healthy, memory, plan, 0);
    }
    while (healthy.runVirtual(worker, now, 100_000n) !== 0) network.advance(0n);
    assertWhole(network);
    for (const { ip, mac } of network.report().switches[0]!.neighbourTable!.neighbours) {
      expect(mac).toBe(macOf(Number(ip.at(-1))));
    }
    for (const { bytes, direction } of network.takeFrames()) {
      // Each station has one address: what anybody sends, or is answered in its name, has its own number in both.
      const isArp = bytes[12] === 8 && bytes[13] === 6;
      if (direction === 'out' && isArp) expect(bytes[31]).toBe(bytes[11]);
    }
  }
  expect(died).toBeGreaterThan(50);
});
