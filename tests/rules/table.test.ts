/** The MAC table of a network that runs: exact ageing, its limit, flushing, static addresses. */
import { describe, expect, it } from 'vitest';
import { Lab } from '../engine/lab.ts';
import { mac } from './networks.ts';

const second = 1_000_000_000n;
const station = (n: number) => `02:00:00:00:01:${n.toString(16).padStart(2, '0')}`;
const tableOf = (lab: Lab) => lab.network.report().switches[0]!.table;

function lab(table: object, ports = 3): Lab {
  return new Lab({ physical: { switches: { s: { ports, table } } } });
}

describe('ageing', () => {
  const learnedAt = 12_345n;
  const rows = [
    [0n, true],
    [10n * second - 1n, true],
    [10n * second, false],
    [10n * second + 1n, false],
  ] as const;

  it.each(rows)('%i ns after a station was heard, with 10 s, it is still known: %s', (afterNs, known) => {
    const net = lab({ ageing: '10s' });
    net.send('s/1', net.frame(mac.all, mac.a), learnedAt);
    const { recipients } = net.send('s/2', net.frame(mac.a, mac.b), learnedAt + afterNs);
    expect(recipients).toEqual(known ? ['s/1'] : ['s/1', 's/3']);
    expect(net.table('s').some((row) => row.includes(mac.a))).toBe(known);
  });

  it('begins anew with each frame of the station', () => {
    const net = lab({ ageing: '10s' });
    for (const at of [0n, 9n, 18n, 27n]) net.send('s/1', net.frame(mac.all, mac.a), at * second);
    expect(net.send('s/2', net.frame(mac.a, mac.b), 37n * second - 1n).recipients).toEqual(['s/1']);
    expect(net.send('s/2', net.frame(mac.a, mac.b), 37n * second).recipients).toEqual(['s/1', 's/3']);
  });

  it('is shown as seconds since the station was heard, and counted when its place is used again', () => {
    const net = lab({ ageing: '10s' });
    net.send('s/1', net.frame(mac.all, mac.a), 0n);
    net.network.advance(2_500_000_000n);
    expect(net.network.macTable('s')[0]).toMatchObject({ mac: mac.a, port: 's/1', ageSeconds: 2.5 });
    net.send('s/1', net.frame(mac.all, mac.a), 20n * second);
    expect(tableOf(net)).toMatchObject({ entries: 1, learned: 2, aged: 1, moved: 0 });
  });

  it('can be set for all switches at once', () => {
    const net = new Lab({ physical: { switches: { s: { ports: 3 } } } }, { ageingSeconds: 2 });
    net.send('s/1', net.frame(mac.all, mac.a), 0n);
    net.network.advance(2n * second - 1n);
    expect(net.table('s')).toHaveLength(1);
    net.network.advance(2n * second);
    expect(net.table('s')).toEqual([]);
  });
});

describe('a full table', () => {
  it('that evicts lets the port that holds most lose its oldest, and counts it', () => {
    const net = lab({ max: 4, whenFull: 'evict' });
    net.send('s/1', net.frame(mac.all, mac.a), 0n);
    for (const n of [1, 2, 3]) net.send('s/2', net.frame(mac.all, station(n)), BigInt(n) * second);
    expect(net.table('s')).toHaveLength(4);
    for (const n of [4, 5, 6]) net.send('s/2', net.frame(mac.all, station(n)), BigInt(n) * second);
    expect(net.table('s')).toEqual([`0 ${mac.a} s/1`, ...[4, 5, 6].map((n) => `0 ${station(n)} s/2`)]);
    expect(tableOf(net)).toMatchObject({ entries: 4, entriesMax: 4, learned: 7, evicted: 3, notLearned: 0 });
  });

  it('that forwards learns nobody new, counts it, and floods', () => {
    const net = lab({ max: 2, whenFull: 'forward' });
    net.send('s/1', net.frame(mac.all, mac.a));
    net.send('s/2', net.frame(mac.all, mac.b));
    net.send('s/3', net.frame(mac.all, mac.c));
    expect(net.table('s')).toEqual([`0 ${mac.a} s/1`, `0 ${mac.b} s/2`]);
    expect(net.send('s/1', net.frame(mac.c, mac.a)).recipients).toEqual(['s/2', 's/3']);
    expect(tableOf(net)).toMatchObject({ learned: 2, evicted: 0, notLearned: 1 });
    net.send('s/3', net.frame(mac.all, mac.a));
    expect(net.table('s'), 'a known station may still move').toContain(`0 ${mac.a} s/3`);
  });

  it('first makes room of what has aged', () => {
    for (const whenFull of ['evict', 'forward']) {
      const net = lab({ max: 2, whenFull, ageing: '1s' });
      net.send('s/1', net.frame(mac.all, mac.a), 0n);
      net.send('s/1', net.frame(mac.all, mac.b), second / 2n);
      net.send('s/2', net.frame(mac.all, mac.c), second);
      expect(net.table('s')).toEqual([`0 ${mac.b} s/1`, `0 ${mac.c} s/2`]);
      expect(tableOf(net)).toMatchObject({ aged: 1, evicted: 0, notLearned: 0 });
    }
  });
});

describe('flushing', () => {
  const heard = () => {
    const net = lab({});
    for (const [port, who] of [
      ['s/1', 'a'],
      ['s/1', 'b'],
      ['s/2', 'c'],
    ] as const)
      net.send(port, net.frame(mac.all, mac[who]));
    return net;
  };

  it('of a port forgets its stations', async () => {
    const net = heard();
    await net.network.flush({ port: 's/1' });
    expect(net.table('s')).toEqual([`0 ${mac.c} s/2`]);
  });

  it('of a switch forgets all but what is static', async () => {
    const net = heard();
    expect(await net.network.setStatic('s', 0, mac.d, 's/3')).toBe(true);
    await net.network.flush({ switch: 's' });
    expect(net.table('s')).toEqual([`0 ${mac.d} s/3 static`]);
  });

  it('is what a pulled cable does to its port', async () => {
    const net = heard();
    await net.network.setLink('s/1', false);
    expect(net.table('s')).toEqual([`0 ${mac.c} s/2`]);
    expect(net.send('s/1', net.frame(mac.c, mac.a)).drops).toEqual(['s/1 link_down']);
    await net.network.setLink('s/1', true);
    expect(net.send('s/1', net.frame(mac.c, mac.a)).recipients).toEqual(['s/2']);
  });
});

describe('a static address', () => {
  it('neither ages nor moves, and a station heard elsewhere is counted', async () => {
    const net = lab({ ageing: '1s' });
    await net.network.setStatic('s', 0, mac.a, 's/1');
    net.send('s/2', net.frame(mac.all, mac.a), 100n * second);
    expect(net.table('s')).toEqual([`0 ${mac.a} s/1 static`]);
    expect(tableOf(net)).toMatchObject({ learned: 0, moved: 0, staticConflicts: 1 });
    expect(net.send('s/2', net.frame(mac.a, mac.b)).recipients).toEqual(['s/1']);
  });

  it('takes the place of a learned one, and can be taken back once', async () => {
    const net = lab({});
    net.send('s/1', net.frame(mac.all, mac.a));
    expect(await net.network.setStatic('s', 0, mac.a, 's/2')).toBe(true);
    expect(net.table('s')).toEqual([`0 ${mac.a} s/2 static`]);
    expect(await net.network.setStatic('s', 0, mac.a, null)).toBe(true);
    expect(await net.network.setStatic('s', 0, mac.a, null)).toBe(false);
    expect(net.table('s')).toEqual([]);
  });

  it('is refused when the table is full of static ones', async () => {
    const net = lab({ max: 1 });
    expect(await net.network.setStatic('s', 0, mac.a, 's/1')).toBe(true);
    expect(await net.network.setStatic('s', 0, mac.b, 's/2')).toBe(false);
    expect(net.table('s')).toEqual([`0 ${mac.a} s/1 static`]);
  });

  it('on a port without its VLAN leads nowhere, which is counted there', async () => {
    const net = new Lab({
      physical: { switches: { s: { ports: { 1: { vlan: 10 }, 2: { vlan: 10 }, 3: { vlan: 20 } } } } },
    });
    await net.network.setStatic('s', 10, mac.a, 's/3');
    expect(net.send('s/1', net.frame(mac.a, mac.b)).drops).toEqual(['s/3 egress_vlan']);
  });
});
