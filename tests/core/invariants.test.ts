/**
 * What holds for every switch, whatever the model says: invariants I1, I2, I3, I5 and I7 of the end-host rules, and the ledger.
 * The model takes part only to tell which copy left by an uplink, so that it can be reflected.
 */
import { expect, it } from 'vitest';
import { topologyOf } from '../model/topology.ts';
import { referenceUnderTest } from '../model/under-test.ts';
import type { Life } from './arbitraries.ts';
import { drive } from './drive.ts';
import { Invariants } from './invariants.ts';
import { checkLives, timeoutMs } from './runs.ts';
import type { SwitchUnderTest } from './switch-under-test.ts';
import { throughRings } from './through-rings.ts';
import { underTest } from './under-test.ts';

const core = 1; // its place behind the model

function holds(life: Life, sut: SwitchUnderTest): void {
  const invariants = new Invariants(life.config);
  const places = life.config.entriesMax;
  const look = (timeNs: bigint) => {
    const rows = sut.table(timeNs);
    const stations = rows.map(({ vlan, mac }) => `${vlan} ${mac}`);
    expect(stations, 'I7, one entry for a VLAN and address').toHaveLength(new Set(stations).size);
    expect(rows.length, 'I7, no more than there is room for').toBeLessThanOrEqual(places);
    expect(
      stations.filter((each) => /^\d+ .[13579bdf]/.test(each)),
      'I7, no group',
    ).toEqual([]);
    sut.assertLedger();
  };
  drive(life, referenceUnderTest(life.config), [sut], {
    arrived(arrival) {
      if (arrival.frames.length === 1) invariants.see(arrival, core);
      look(arrival.timeNs);
    },
    happened: ({ timeNs }) => look(timeNs),
  });
}

const ways = [
  ['by injection', underTest],
  ['through rings', throughRings],
] as const;

it.each(ways)(
  'hold for the core, %s',
  async (way, open) => {
    await checkLives(`invariants ${way}`, 100, 100, (life) => {
      const sut = open(topologyOf(life.config));
      try {
        holds(life, sut);
      } finally {
        sut.close();
      }
    });
  },
  timeoutMs,
);
