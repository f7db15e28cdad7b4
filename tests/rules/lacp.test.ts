/**
 * R18: the uplinks of a LAG are one, and which of them take part is agreed by LACP (IEEE 802.1AX). The network and the letters of a
 * LACPDU's state are those of lags.ts.
 */
import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { tshark, tsharkMissing } from '../capture/tshark.ts';
import { at, Lab, portOf } from '../engine/lab.ts';
import {
  all,
  conversation,
  crossed,
  inUse,
  isLacpdu,
  labOf,
  type Mode,
  type Rate,
  SECOND,
  settled,
  told,
  uplinks,
  wait,
} from './lags.ts';
import { mac } from './networks.ts';

describe('the two ends of a LAG', () => {
  type Row = readonly [vswitch: Mode, tor: Mode, inUse: string, said: string, answered: string];
  const rows: Row[] = [
    ['active', 'active', all, 'A.G...FE A.GS.... A.GSCD..', 'A.G...FE A.GS.... A.GSCD..'],
    ['active', 'passive', all, 'A.G...FE A.GSCD..', '..GS.... ..GSCD..'],
    ['passive', 'active', all, '..GS.... ..GSCD..', 'A.G...FE A.GSCD..'],
    ['static', 'static', all, '', ''],
  ];
  it.each(rows)('%s and %s agree on %s within microseconds', (vswitch, tor, expected, said, answered) => {
    const lab = wait(labOf({ vswitch, tor }), 10_000n);
    const frames = lab.network.takeFrames();
    for (const [i, uplink] of uplinks.entries()) {
      expect(told(frames, uplink).join(' '), uplink).toBe(said);
      expect(told(frames, `tor/${i + 1}`).join(' '), `tor/${i + 1}`).toBe(answered);
    }
    expect(inUse(lab)).toBe(expected);
    const out = lab.send('h1/a', lab.frame(mac.all, mac.a));
    expect({ recipients: out.recipients, drops: out.drops }).toMatchObject({ drops: [] });
    expect(out.recipients).toEqual(['h1/b', 'tor/4', 'tor/5', 'tor/6', 'tor/7', 'tor/8']);
    const back = lab.send('tor/8', lab.frame(mac.a, mac.x));
    expect({ recipients: back.recipients, drops: back.drops }).toEqual({ recipients: ['h1/a'], drops: [] });
  });

  it('never agree when both are passive: nothing is said, and nothing gets through', () => {
    const lab = wait(labOf({ vswitch: 'passive', tor: 'passive' }), 100n * SECOND);
    expect(lab.network.takeFrames()).toEqual([]);
    expect(inUse(lab)).toBe('-');
    expect(lab.send('h1/a', lab.frame(mac.all, mac.a))).toMatchObject({
      recipients: ['h1/b'],
      drops: ['h1/a no_uplink_copy'],
    });
    expect(lab.send('tor/8', lab.frame(mac.all, mac.x)).recipients).toEqual(['tor/4', 'tor/5', 'tor/6', 'tor/7']);
  });

  it('do not agree when one is static: what it sends is dropped by name', () => {
    const lab = settled({ vswitch: 'static', tor: 'active' });
    expect(inUse(lab)).toBe(all); // as far as a static end can tell
    lab.network.takeFrames();
    const out = lab.send('h1/a', lab.frame(mac.all, mac.a));
    expect(out.recipients).toEqual(['h1/b']);
    expect(out.drops).toEqual([expect.stringMatching(/^tor\/[123] lag_not_ready$/)]);
  });

  it('do not agree when one is static: the other one sends it nothing but LACPDUs, as by a port without link', () => {
    const lab = settled({ vswitch: 'static', tor: 'active' });
    lab.network.takeFrames();
    const { recipients, drops, frames } = lab.send('tor/8', lab.frame(mac.all, mac.x));
    expect(recipients).toEqual(['tor/4', 'tor/5', 'tor/6', 'tor/7']);
    expect({ drops, crossed: crossed(frames) }).toEqual({ drops: [], crossed: [] });
    const dropped = lab.network.ports().filter(({ verdicts }) => verdicts['reserved_mac'] === 3); // one each second
    expect(dropped.map(({ name }) => name)).toEqual(uplinks);
  });

  it('do not agree when the other one is static', () => {
    const lab = settled({ vswitch: 'active', tor: 'static' });
    expect(inUse(lab)).toBe('-');
    expect(lab.send('h1/a', lab.frame(mac.all, mac.a)).drops).toEqual(['h1/a no_uplink_copy']);
    const back = lab.send('tor/8', lab.frame(mac.all, mac.x));
    expect(back.recipients).toEqual(['tor/4', 'tor/5', 'tor/6', 'tor/7']);
    expect(back.drops).toEqual([expect.stringMatching(/^h1\/u[123] lag_not_ready$/)]);
  });

  it('agree between two physical switches too', () => {
    const lags = { l1: { mode: 'active', ports: [1, 2] } };
    const link = (n: number) => ({ a: `tor/${n}`, b: `agg/${n}`, delay: '1us' });
    const switches = { tor: { ports: 3, lags }, agg: { ports: 3, lags: { l1: { mode: 'passive', ports: [1, 2] } } } };
    const lab = wait(new Lab({ physical: { switches, links: [link(1), link(2)] } }), SECOND / 2n);
    expect(lab.send('tor/3', lab.frame(mac.all, mac.x))).toMatchObject({ recipients: ['agg/3'], drops: [] });
    expect(lab.send('agg/3', lab.frame(mac.x, mac.y))).toMatchObject({ recipients: ['tor/3'], drops: [] });
    expect(lab.table('agg')).toEqual([`0 ${mac.x} agg/1`, `0 ${mac.y} agg/3`]);
  });
});

describe('a LACPDU', () => {
  const rates: [Rate, Rate, number, number][] = [
    ['fast', 'fast', 90, 90],
    ['slow', 'slow', 3, 3],
    // Whoever wants to know soon is told often.
    ['fast', 'slow', 3, 90],
    ['slow', 'fast', 90, 3],
  ];
  it.each(rates)(
    'comes as often as its receiver wants: %s vSwitch, %s switch',
    (vswitchRate, torRate, said, answered) => {
      const lab = settled({ vswitchRate, torRate });
      lab.network.takeFrames();
      wait(lab, 90n * SECOND);
      const frames = lab.network.takeFrames();
      expect([told(frames, 'h1/u1').length, told(frames, 'tor/1').length]).toEqual([said, answered]);
      expect(inUse(lab)).toBe(all);
    },
  );

  it('comes at most three times in any second, however often the cable is pulled and plugged', async () => {
    const lab = labOf({ vswitchRate: 'fast', torRate: 'fast' });
    for (let i = 0; i < 200; i++) {
      await lab.network.setLink('h1/u1', i % 2 === 1);
      wait(lab, 25_000_000n);
    }
    const times = at(lab.network.takeFrames(), 'h1/u1', 'out').map(({ timeNs }) => timeNs);
    expect(times.length).toBeGreaterThan(9);
    for (const [i, time] of times.entries())
      expect(times[i + 3] ?? time + SECOND).toBeGreaterThanOrEqual(time + SECOND);
    wait(lab, 2n * SECOND);
    expect(inUse(lab)).toBe(all);
  });

  it('is the same at the same time whatever is taken at a visit', () => {
    const said = (burst: number) => {
      const lab = settled({}, { burst });
      return lab.network
        .takeFrames()
        .map((frame) => [frame.timeNs, portOf(frame), Buffer.from(frame.bytes).toString('hex')]);
    };
    expect(said(1)).toEqual(said(64));
  });

  type Door = readonly [what: string, change: (pdu: Uint8Array) => Uint8Array, verdict: string | null];
  const doors: Door[] = [
    ['cut off before its partner is read', (pdu) => pdu.subarray(0, 55), null],
    ['cut off behind its subtype', (pdu) => pdu.subarray(0, 15), null],
    ['with an actor of another length', (pdu) => pdu.with(17, 19), null],
    ['with something else for a partner', (pdu) => pdu.with(36, 9), null],
    [
      'with a VLAN tag',
      (pdu) => Uint8Array.of(...pdu.subarray(0, 12), 0x81, 0, 0, 0, ...pdu.subarray(12)),
      'reserved_mac',
    ],
    ['that is none but a marker', (pdu) => pdu.with(14, 2), 'reserved_mac'],
  ];
  it.each(doors)('%s changes nothing', (_, change, verdict) => {
    const lab = settled();
    const pdu = at(lab.network.takeFrames(), 'tor/1', 'out')[0]!.bytes;
    const { drops, frames } = lab.send('h1/u1', change(pdu));
    expect(drops).toEqual(verdict === null ? [] : [`h1/u1 ${verdict}`]);
    expect(frames.filter(({ direction }) => direction === 'out')).toEqual([]);
    expect(inUse(lab)).toBe(all);
  });

  it('of a stranger takes a member out of use until the partner has spoken again', async () => {
    const lab = settled();
    const pdu = at(lab.network.takeFrames(), 'tor/1', 'out').at(-1)!.bytes;
    const stranger = pdu.with(25, 0x99);
    const { frames } = lab.send('h1/u1', stranger);
    expect(told(frames, 'h1/u1')).toEqual(['A.G.....', 'A.GSCD..']);
    expect(told(frames, 'tor/1')).toEqual(['A.GS....', 'A.GSCD..']);
    expect(inUse(lab)).toBe(all);
    await lab.network.setLink('tor/1', false);
    lab.send('h1/u1', stranger);
    expect(inUse(lab)).toBe('u2 u3');
  });
});

describe('what the partner says of us', () => {
  const set = (at: number, value: number) => (pdu: Uint8Array) => pdu.with(at, value);
  type Row = readonly [what: string, change: (pdu: Uint8Array) => Uint8Array, inUse: string];
  const rows: Row[] = [
    ['that is right', (pdu) => pdu, all],
    ['with another system priority', set(38, 1), 'u2 u3'],
    ['with another system', set(45, 0x99), 'u2 u3'],
    ['with another key', set(47, 9), 'u2 u3'],
    ['with another port priority', set(48, 1), 'u2 u3'],
    ['with another port', set(51, 9), 'u2 u3'],
    ['that calls us individual', set(52, 0x39), 'u2 u3'],
    ['while it is not in sync itself', set(32, 0x05), 'u2 u3'],
    ['while it is individual itself', set(32, 0x39), 'u2 u3'],
    ['while it is passive itself', set(32, 0x3c), all],
    ['that calls us passive, as it is itself', (pdu) => pdu.with(32, 0x3c).with(52, 0x3c), 'u2 u3'],
    ['in a later version, with more behind', (pdu) => Uint8Array.of(...pdu.with(15, 2), ...Array(20).fill(1)), all],
  ];
  it.each(rows)('%s', async (_, change, expected) => {
    const lab = settled();
    const pdu = at(lab.network.takeFrames(), 'tor/1', 'out').at(-1)!.bytes;
    await lab.network.setLink('tor/1', false); // so that nobody puts it right
    const { drops } = lab.send('h1/u1', change(pdu));
    expect(drops.filter((drop) => drop.startsWith('h1'))).toEqual([]);
    expect(inUse(lab)).toBe(expected);
  });

  it('is answered at once when it wants to know often from now on', async () => {
    const lab = settled();
    const pdu = at(lab.network.takeFrames(), 'tor/1', 'out').at(-1)!.bytes;
    await lab.network.setLink('tor/1', false);
    expect(told(lab.send('h1/u1', pdu).frames, 'h1/u1')).toEqual([]);
    expect(told(lab.send('h1/u1', pdu.with(32, 0x3f)).frames, 'h1/u1')).toEqual(['A.GSCD..']);
    wait(lab, 10n * SECOND);
    expect(told(lab.network.takeFrames(), 'h1/u1').length).toBe(10);
  });
});

describe('a LAG that is up', () => {
  it('carries a conversation by one member, and many by all', () => {
    const lab = settled();
    lab.network.takeFrames();
    for (const toX of [true, false]) {
      const taken = Array.from({ length: 12 }, (_, hash) => {
        const times = Array.from({ length: 3 }, () => {
          const { frames, drops } = lab.send(toX ? 'h1/a' : 'tor/8', conversation(lab, hash, toX));
          expect(drops).toEqual([]);
          return crossed(frames).join(' ');
        });
        expect(new Set(times).size, `hash ${hash}`).toBe(1);
        return times[0];
      });
      expect(taken).toEqual(Array.from({ length: 4 }, () => ['u1', 'u2', 'u3']).flat());
    }
  });

  it('gives everybody one copy of a broadcast, and nobody his own', () => {
    const lab = settled();
    const outside = ['tor/4', 'tor/5', 'tor/6', 'tor/7', 'tor/8'];
    for (const [from, name] of [
      ['h1/a', 'a'],
      ['h1/b', 'b'],
      ['tor/8', 'x'],
    ] as const) {
      const { recipients, drops } = lab.send(from, lab.frame(mac.all, mac[name]));
      expect(recipients, from).toEqual(['h1/a', 'h1/b', ...outside].filter((port) => port !== from));
      expect(drops).toEqual([]);
    }
  });

  it('is one port in the table of the switch, whichever member a frame came by', () => {
    const lab = settled();
    for (let hash = 0; hash < 6; hash++) lab.send('h1/a', conversation(lab, hash, true));
    expect(lab.table('tor').map((row) => row.slice(-5))).toEqual(Array(6).fill('tor/1'));
    expect(lab.network.moves('tor')).toEqual([]);
  });
});

describe('a member of a LAG', () => {
  /** Of conversations 0 to 2, which members 1 to 3 carry, those that get through from x to a. */
  const arrive = (lab: Lab) =>
    [0, 1, 2].filter((hash) => lab.send('tor/8', conversation(lab, hash, false)).recipients.join(' ') === 'h1/a');
  const timeouts: [Rate, bigint][] = [
    ['fast', 3n],
    ['slow', 90n],
  ];
  it.each(timeouts)(
    'leaves at once where its link is lost, and at the other end when LACP is %s after %d s',
    async (rate, seconds) => {
      const lab = settled({ vswitchRate: rate, torRate: rate });
      const lastHeardNs = at(lab.network.takeFrames(), 'tor/1', 'in').findLast(isLacpdu)!.timeNs;
      for (let hash = 0; hash < 3; hash++) lab.send('h1/a', conversation(lab, hash, true));
      await lab.network.setLink('h1/u1', false);
      expect(inUse(lab)).toBe('u2 u3');
      const { frames } = lab.send('h1/a', conversation(lab, 0, true));
      expect(crossed(frames)).toEqual(['u2']);
      expect(arrive(lab)).toEqual([1, 2]);
      wait(lab, lastHeardNs + seconds * SECOND - 10_000n - lab.nowNs);
      expect(arrive(lab)).toEqual([1, 2]);
      wait(lab, 10_000n);
      expect(arrive(lab)).toEqual([0, 1, 2]);
    },
  );

  it('leaves at once where its link is lost, even if a team believes in links for longer', async () => {
    const lab = settled({ downDelay: '5s' });
    await lab.network.setLink('h1/u1', false);
    expect(inUse(lab)).toBe('u2 u3');
  });

  it('comes back microseconds after its link', async () => {
    const lab = settled();
    await lab.network.setLink('h1/u1', false);
    await lab.network.setLink('tor/1', false);
    wait(lab, 200n * SECOND);
    expect(inUse(lab)).toBe('u2 u3');
    await lab.network.setLink('tor/1', true);
    wait(lab, SECOND / 2n);
    expect(inUse(lab)).toBe('u2 u3');
    await lab.network.setLink('h1/u1', true);
    expect(inUse(lab)).toBe('u2 u3');
    wait(lab, 10_000n);
    expect(inUse(lab)).toBe(all);
    for (let hash = 0; hash < 3; hash++) lab.send('h1/a', conversation(lab, hash, true));
    expect(arrive(lab)).toEqual([0, 1, 2]);
  });

  it('leaves when the other end falls silent, though its own link is up', async () => {
    const lab = settled({ vswitchRate: 'fast' });
    await lab.network.setLink('tor/1', false); // what u1 sends ends there
    expect(inUse(lab)).toBe(all);
    wait(lab, 4n * SECOND);
    expect(inUse(lab)).toBe('u2 u3');
    expect(told(lab.network.takeFrames(), 'h1/u1').at(-1)).toBe('ATGS...E');
    wait(lab, 4n * SECOND);
    expect(told(lab.network.takeFrames(), 'h1/u1').at(-1)).toBe('ATG...F.');
  });

  it('of the last ones makes the switch forget its stations: unicast to them is flooded', async () => {
    const lab = settled();
    lab.send('h1/a', lab.frame(mac.all, mac.a));
    for (const port of ['tor/1', 'tor/2', 'tor/3']) await lab.network.setLink(port, false);
    const { recipients, drops } = lab.send('tor/8', lab.frame(mac.a, mac.x));
    expect({ recipients, drops }).toEqual({ recipients: ['tor/4', 'tor/5', 'tor/6', 'tor/7'], drops: [] });
  });

  it('has to lead where the others lead: who was heard first is the partner, until it is lost', async () => {
    const lab = settled({ torLags: { l1: [1, 2] }, sockets: ['tor/1', 'agg/1', 'tor/2'] });
    expect(inUse(lab)).toBe('u1 u3');
    expect(told(lab.network.takeFrames(), 'h1/u2').at(-1)).toBe('A.G.....');
    const { recipients, drops } = lab.send('agg/8', lab.frame(mac.all, mac.y));
    expect(recipients).toEqual(['agg/2', 'agg/3', 'agg/4', 'agg/5', 'agg/6', 'agg/7']);
    expect(drops).toEqual([]);
    wait(lab, 10n * SECOND);
    expect(told(lab.network.takeFrames(), 'agg/1').length).toBe(10); // each second, for u2 is not in sync
    await lab.network.setLink('h1/u1', false);
    wait(lab, 10_000n);
    expect(inUse(lab)).toBe('u3');
    await lab.network.setLink('h1/u3', false);
    wait(lab, 10_000n);
    expect(inUse(lab)).toBe('u2');
    await lab.network.setLink('h1/u1', true);
    wait(lab, 10n * SECOND);
    expect(inUse(lab)).toBe('u2');
  });

  it('has to lead to the same LAG of the other switch', () => {
    expect(inUse(settled({ torLags: { l1: [1, 2], l2: [3] } }))).toBe('u1 u2');
  });

  it('is none when it leads back to the same switch', () => {
    const lags = { l1: { mode: 'active', ports: [1, 2] }, l2: { mode: 'active', ports: [3, 4] } };
    const links = [1, 2].map((n) => ({ a: `tor/${n}`, b: `tor/${n + 2}`, delay: '1us' }));
    const lab = wait(new Lab({ physical: { switches: { tor: { ports: 6, lags } }, links } }), (5n * SECOND) / 2n);
    expect(told(lab.network.takeFrames(), 'tor/1').at(-1)).toBe('A.G.....');
    expect(lab.send('tor/5', lab.frame(mac.all, mac.x)).recipients).toEqual(['tor/6']);
  });
});

describe.skipIf(tsharkMissing !== null)(
  `LACPDUs in a capture, read by tshark (${tsharkMissing ?? 'installed'})`,
  () => {
    const folder = mkdtempSync(join(tmpdir(), 'vswitch-lacp-'));
    const file = join(folder, 'lacp.pcapng');
    afterAll(() => rmSync(folder, { recursive: true }));
    beforeAll(async () => {
      const lab = settled({
        vswitch: 'passive',
        vswitchRate: 'fast',
        more: { captures: [{ file, ports: ['h1/u2'] }] },
      });
      await lab.network.stop();
    });

    it('have nothing to complain of', () => {
      const rows = tshark(file, [
        'eth.dst',
        'frame.len',
        'slow.subtype',
        'lacp.version',
        '_ws.malformed',
        '_ws.expert',
      ]);
      expect(rows.length).toBeGreaterThan(5);
      expect(new Set(rows.map((row) => row.join(' ').trim()))).toEqual(new Set(['01:80:c2:00:00:02 124 0x01 0x01']));
      expect(tshark(file, ['frame.number'], '-Y', 'lacp.wrong_tlv_type or lacp.wrong_tlv_length')).toEqual([]);
    });

    it('say who speaks, and what it knows of the other', () => {
      const side = (who: string) =>
        ['sys_priority', 'sysid', 'key', 'port_priority', 'port', 'state'].map((field) => `lacp.${who}.${field}`);
      const rows = tshark(file, [...side('actor'), ...side('partner'), 'lacp.collector.max_delay', 'eth.src']);
      const [mine, theirs] = [rows.findLast((row) => row[4] === '4')!, rows.findLast((row) => row[4] === '2')!];
      expect(mine.slice(0, 6)).toEqual(['32768', expect.stringMatching(/^02(:..){5}$/), '1', '32768', '4', '0x3e']);
      expect(theirs.slice(0, 6)).toEqual(['32768', expect.stringMatching(/^02(:..){5}$/), '1', '32768', '2', '0x3d']);
      expect(theirs[1]).not.toBe(mine[1]);
      expect(mine.slice(6, 12)).toEqual(theirs.slice(0, 6));
      expect(theirs.slice(6, 12)).toEqual(mine.slice(0, 6));
      expect(mine[12]).toBe('0');
      expect(mine[13]).not.toBe(theirs[13]);
    });
  },
);
