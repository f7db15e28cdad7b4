/** RFC 2889 on the virtual clock, where the answers are known: lines carry (L + 20) * 8 bits a frame, tables keep what they are told to. */
import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { roundRobin } from '../../src/benchmark/suites/load.ts';
import { acrossUplink, fullyMeshed, oneAndMany, oneWay } from '../../src/benchmark/suites/rfc2889/mesh.ts';
import { servers } from '../../src/benchmark/suites/rfc2889/topologies.ts';
import { rfc2889 } from '../../src/benchmark/suites/rfc2889.ts';
import { contextOf } from './fluid.ts';
import { runTest, told } from './suite.ts';

/** Frames/s of 64 bytes on a line of 100 Mb/s. */
const line = 1e8 / (84 * 8);
const quick = { sizes: '64' };
const run = (id: string, given = {}, document?: unknown) =>
  runTest(rfc2889, `rfc2889.${id}`, { ...quick, ...given }, document);

/** One host without anything outside. */
const alone = (vswitch = {}) => ({
  hosts: { esx1: { vswitches: { v: { portGroups: { lan: {} }, ...vswitch } }, vms: { vm: { count: 8 } } } },
});

/** Servers whose switch has a table of so many entries, or whose cables are as told. */
const lan = (table: object, cable = {}) => ({
  ...servers,
  hosts: { server: { ...servers.hosts.server, uplinks: { eth0: { ...servers.hosts.server.uplinks.eth0, ...cable } } } },
  physical: { switches: { tor: { ports: 8, table } } },
});

const ports = fc.integer({ min: 2, max: 12 }).map((n) => Array.from({ length: n }, (_, i) => `h${i}/vm`));

describe('patterns of traffic', () => {
  it('mesh every port with every other one once, and each round sends one frame to each port', () => {
    fc.assert(
      fc.property(ports, (names) => {
        const { pairs } = fullyMeshed(names);
        expect(new Set(pairs.map((pair) => pair.join())).size).toBe(names.length * (names.length - 1));
        for (let round = 0; round < names.length - 1; round++) {
          const to = names.map((name) => pairs.filter(([from]) => from === name)[round]![1]);
          expect(new Set(to).size).toBe(names.length);
          expect(to).not.toContain(undefined);
        }
      }),
    );
  });

  it('send from one to all others, back, and both', () => {
    const [out, back, both] = oneAndMany(['a/x', 'b/x', 'c/x']);
    expect(out!.pairs).toEqual([
      ['a/x', 'b/x'],
      ['a/x', 'c/x'],
    ]);
    expect(back!.pairs).toEqual([
      ['b/x', 'a/x'],
      ['c/x', 'a/x'],
    ]);
    expect(both!.pairs).toHaveLength(4);
  });

  it('send from one half to the other only', () => {
    fc.assert(
      fc.property(ports, (names) => {
        const { pairs } = oneWay(names);
        const senders = new Set(pairs.map(([from]) => from));
        expect(pairs.some(([, to]) => senders.has(to))).toBe(false);
        expect(senders.size).toBe(Math.floor(names.length / 2));
      }),
    );
  });

  it('keep local traffic out of what crosses the uplinks', () => {
    const [without, withLocal] = acrossUplink(['a/1', 'a/2', 'b/1', 'b/2']);
    expect(without!.pairs).toHaveLength(8);
    expect(withLocal!.pairs).toHaveLength(12);
  });

  it('spread a sender over its receivers frame by frame, at equal distances', () => {
    fc.assert(
      fc.property(ports, fc.integer({ min: 1, max: 1000 }), (names, rate) => {
        const flows = fullyMeshed(names).pairs.map(([from]) => ({ from }));
        const loads = roundRobin(flows, rate * names.length, 60);
        const own = loads.filter((_, i) => flows[i]!.from === names[0]).map(({ from }) => from!);
        for (const [i, from] of own.entries()) expect(from).toBeCloseTo(i / rate, 9);
        expect(loads.reduce((sum, load) => sum + Number(load.rate), 0)).toBeCloseTo(rate * names.length, 6);
      }),
    );
  });
});

describe('meshes', () => {
  it('find the full line at every port', async () => {
    const result = await run('fully-meshed');
    expect(told(result, 'throughput', 'fully meshed', 64)).toBeCloseTo(8 * line, 0);
    expect(told(result, 'throughput of the line')).toBe(100);
    expect(told(result, 'frame loss at maximum load')).toBe(0);
    expect(told(result, 'forwarding rate at maximum load') / (8 * line)).toBeCloseTo(1, 3);
    expect(result.trials.every((trial) => trial.void === null && trial.balanced)).toBe(true);
  });

  it('find one line where one port sends to many, and where many send to one', async () => {
    const result = await run('one-to-many');
    expect(told(result, 'throughput', 'one to many')).toBeCloseTo(line, 0);
    expect(told(result, 'throughput', 'many to one')).toBeCloseTo(line, 0);
    expect(told(result, 'throughput', 'both directions')).toBeCloseTo(2 * line, 0);
  });

  it('fill the uplinks of two hosts, and local traffic beside', async () => {
    const result = await run('multiple-devices');
    // Of 56 flows 32 cross the uplinks of 1 Gb/s.
    expect(told(result, 'throughput', 'without local traffic')).toBeCloseTo(20 * line, -1);
    expect(told(result, 'throughput', 'with local traffic')).toBeCloseTo((20 * line * 56) / 32, -1);
    expect(result.notes.join()).toContain('two hosts');
  });

  it('tell that nothing is without loss where a cable loses', async () => {
    const result = await run('unidirectional', {}, lan({}, { loss: '1%' }));
    expect(result.figures.some(({ name }) => name === 'throughput')).toBe(false);
    expect(told(result, 'frame loss at maximum load')).toBeGreaterThan(0.5);
    expect(result.notes.join()).toContain('even at 5 %');
  });

  it('are not applicable where nothing limits', async () => {
    const result = await run('fully-meshed', {}, alone());
    expect(result).toMatchObject({ status: 'not-applicable', figures: [] });
    expect(result.why).toContain('no cable on the way has a rate');
  });

  it('need as many vNICs as they mesh', async () => {
    await expect(run('fully-meshed', { from: 'server1/*' })).rejects.toThrow(
      /1 vNICs are too few; this test takes 2; name more/,
    );
  });

  it('take a load that the machine could not offer for one that was not reached', async () => {
    const { context } = contextOf(servers, { generator: 100_000, line }, { ...quick, clock: 'wall' });
    const result = await rfc2889.tests.find(({ id }) => id === 'rfc2889.fully-meshed')!.run(context);
    const throughput = told(result, 'throughput');
    expect(throughput).toBeLessThanOrEqual(100_000);
    expect(throughput).toBeGreaterThan(100_000 - 0.06 * line);
    expect(result.notes.join()).toContain('could not be offered in full');
  });
});

describe('congestion control', () => {
  it('loses a third at the congested port and nothing at the other one', async () => {
    const result = await run('congestion');
    expect(told(result, 'frame loss at the uncongested port', 64)).toBe(0);
    const loss = told(result, 'frame loss at the congested port', 64);
    expect(loss).toBeGreaterThan(33.2);
    expect(loss).toBeLessThanOrEqual(33.34);
    expect(result.notes.join()).toContain('no head-of-line blocking, no backpressure');
  });

  it('is not applicable without servers at a switch', async () => {
    expect((await run('congestion', {}, alone())).status).toBe('not-applicable');
  });

  it('says nothing where the lines could not be filled', async () => {
    const { context } = contextOf(servers, { generator: 1000, line }, { ...quick, clock: 'wall' });
    const result = await rfc2889.tests.find(({ id }) => id === 'rfc2889.congestion')!.run(context);
    expect(result.status).toBe('not-applicable');
    expect(result.figures).toEqual([]);
  });
});

describe('forward pressure and maximum forwarding rate', () => {
  it('forwards no faster than the line when it is fed faster', async () => {
    const result = await run('forward-pressure');
    expect(told(result, 'forwarding rate', 64) / line).toBeCloseTo(1, 4);
    expect(told(result, 'forward pressure', 64)).toBeLessThan(0.01);
    expect(result.notes.join()).toContain('no forward pressure');
  });

  it('forwards most at the full line', async () => {
    const result = await run('maximum-forwarding-rate');
    expect(told(result, 'maximum forwarding rate') / (8 * line)).toBeCloseTo(1, 3);
    expect(told(result, 'load of the maximum forwarding rate')).toBe(100);
  });

  it('are not applicable without a line, nor pressure on the wall clock', async () => {
    expect((await run('maximum-forwarding-rate', {}, alone())).why).toContain('no media limit');
    expect((await run('forward-pressure', {}, alone())).status).toBe('not-applicable');
    expect((await run('forward-pressure', { clock: 'wall' })).why).toContain('virtual clock');
  });
});

describe('addresses', () => {
  it('are kept up to the size of the table, less one for the test port', async () => {
    expect(told(await run('address-caching', {}, lan({ max: 100 })), 'address caching capacity')).toBe(99);
    expect(
      told(await run('address-caching', {}, lan({ max: 3000, whenFull: 'forward' })), 'address caching capacity'),
    ).toBe(2999);
    expect(
      told(await run('address-caching', {}, lan({ max: 500, whenFull: 'drop' })), 'address caching capacity'),
    ).toBe(499);
  });

  it('are limited by a port as well, and the last ones by what was tried', async () => {
    const port = (macLimit: number) => ({ ...lan({}), ...alone({ portGroups: { lan: { macLimit } } }) });
    expect(told(await run('address-caching', {}, port(7)), 'address caching capacity')).toBe(7);
    const wide = await run('address-caching', {}, alone({ table: { max: 100_000 } }));
    expect(told(wide, 'address caching capacity')).toBe(16_384);
    expect(wide.notes.join()).toContain('at least that');
  });

  it('are learned as fast as the line brings them', async () => {
    const result = await run('address-learning-rate');
    expect(told(result, 'address learning rate', 1024)).toBeCloseTo(line, 0);
    const small = await run('address-learning-rate', {}, lan({ max: 100 }));
    expect(told(small, 'address learning rate', 64)).toBeCloseTo(line, 0);
  });

  it('are not learned by a registered vSwitch, and in no time without a line', async () => {
    expect((await run('address-caching', {}, alone({ macModel: 'registered' }))).why).toContain(
      'esx1/v knows its stations',
    );
    expect((await run('address-learning-rate', {}, alone())).why).toContain('takes no time on the virtual clock');
  });
});

describe('errored frames', () => {
  it('are told apart from good ones, with the verdict', async () => {
    const result = await run('errored-frames');
    for (const at of ['vNIC', 'physical port']) {
      for (const good of ['good, 64', 'good, 1518', 'good, tagged, 1522'])
        expect(told(result, 'forwarded', good, at)).toBe(100);
      for (const bad of [
        'oversize, 1519',
        'oversize, 2000',
        'oversize, tagged, 1523',
        'undersize, 17 (no whole header)',
      ])
        expect(told(result, 'forwarded', bad, at)).toBe(0);
      // Runts down to a header pass, as in Open vSwitch and the Linux bridge.
      expect(told(result, 'forwarded', 'undersize, 63', at)).toBe(100);
    }
    expect(told(result, 'forwarded', 'wrong FCS', 'cable')).toBe(0);
    const notes = result.notes.join('\n');
    expect(notes).toContain('wrong FCS at a cable: not forwarded (bad_fcs)');
    expect(notes).toContain('oversize, 1519 at a vNIC: not forwarded (giant)');
    expect(notes).toContain('undersize, 63 at a vNIC: forwarded, although the RFC expects that they are not');
    expect(notes).toContain('dribble bits are not applicable');
  });

  it('cannot be damaged where there is no cable', async () => {
    const result = await run('errored-frames', {}, alone());
    expect(result.notes.join()).toContain('no frame can be damaged');
    expect(result.figures.some(({ labels }) => labels['at'] !== 'vNIC')).toBe(false);
  });
});

describe('broadcasts', () => {
  it('go to all others at the rate of the line, after the time that two cables take', async () => {
    const result = await run('broadcast');
    expect(told(result, 'broadcast throughput', 64)).toBeCloseTo(line, 0);
    expect(told(result, 'copies delivered at maximum load', 64) / (7 * line)).toBeCloseTo(1, 3);
    expect(told(result, 'copies lost at maximum load', 64)).toBe(0);
    expect(told(result, 'broadcast latency', 64, 'max')).toBe(13_440);
  });

  it('are not applicable where nothing limits', async () => {
    expect((await run('broadcast', {}, alone())).status).toBe('not-applicable');
  });
});
