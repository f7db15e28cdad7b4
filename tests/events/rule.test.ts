/** Rules that are switched off in the course of a run: what they prevent happens from then, and the report says so. */
import { mkdtempSync, readFileSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, describe, expect, it } from 'vitest';
import { Network } from '../../src/engine/network.ts';
import { topologyFrom } from '../../src/topology/load.ts';
import { frameOf } from '../core/frames.ts';
import { A, B, MS, portOf, told, topologyOf } from './network.ts';

const folder = mkdtempSync(join(tmpdir(), 'vswitch-rule-'));
afterAll(() => rmSync(folder, { recursive: true }));

const safe = 'this network is not safe from loops and duplicates';
const traffic = [{ from: 'h1/a', to: 'broadcast', size: 100, rate: '10kpps' }];
const off = (rule: string, ms: number) => ({ at: `${ms}ms`, ruleOff: rule });
const on = (rule: string, ms: number) => ({ at: `${ms}ms`, ruleOn: rule });

describe('R7', () => {
  // The receiver of an odd VLAN is u2, by which broadcasts that left by u1 come back.
  const plot = { traffic, vlan: 11 };
  const atA = async (events: object[], ms: number) =>
    portOf(await told({ ...plot, events }, BigInt(ms) * MS), 'h1/u2').verdicts;

  it('keeps the reflection out until it is switched off, and again from when it is in force', async () => {
    expect(Object.keys(await atA([], 3))).toEqual(['deja_vu']);
    const { deja_vu, ...others } = await atA([off('R7', 1), on('R7', 2)], 3);
    expect(Math.abs(deja_vu! - 20)).toBeLessThan(3);
    expect(Object.values(others).reduce((sum, n) => sum + n, 0)).toBeGreaterThan(8);
  });

  it('is what moves a station outside when it is off', async () => {
    const moves = async (events: object[]) =>
      (await told({ ...plot, events }, 2n * MS)).switches.find(({ name }) => name === 'h1/v')!.moves;
    expect(await moves([])).toEqual([]);
    const [first] = await moves([off('R7', 1)]);
    expect(first).toMatchObject({ mac: A, from: 'h1/a', to: 'uplink' });
    expect(first!.seconds).toBeGreaterThan(0.001);
  });
});

it('R9 off lets a broadcast from outside in by every uplink', async () => {
  const received = async (events: object[]) => portOf(await told({ traffic, events }, 2n * MS), 'h2/b').guest!.received;
  const plain = await received([]);
  expect(Math.abs((await received([off('R9', 1)])) - plain - 10)).toBeLessThan(3);
});

it('the storm guard takes out what goes round from then, and the report names the way', async () => {
  const report = await told({ traffic, events: [off('R1', 1)], teaching: { stormLimit: 8 } }, 2n * MS);
  expect(report.ledger.balanced).toBe(true);
  expect(report.ledger.drops['storm_guard']).toBeGreaterThan(0);
  expect(report.teaching!.cycle).toMatch(/^frame \d+ went round: it came in by /);
  expect(report.teaching!.banner).toBe(`TEACHING MODE: rule R1 is switched off; ${safe}`);
  const quiet = await told({ traffic, events: [off('R1', 3)], teaching: { stormLimit: 8 } }, 2n * MS);
  expect(quiet.ledger.drops['storm_guard']).toBeUndefined();
  expect(quiet.teaching).toBeNull();
});

it('is told by the report, by explain and by the section of each capture', async () => {
  const file = join(folder, 'told.pcapng');
  const topology = topologyOf({ traffic, events: [off('R7', 1), on('R7', 2), off('R9', 2), off('R1', 5)] });
  const network = new Network({ ...topology, captures: [{ file, ports: ['h1/a'], snapLength: 0 }] });
  const frame = frameOf({ dst: B, src: A, tags: [], payload: 'ip' }, 0);
  expect(network.explain('h1/u2', frame).banner).toBeNull();
  network.advance(MS);
  const { banner, checks } = network.explain('h1/u2', frame);
  expect(banner).toBe(`TEACHING MODE: rule R7 is switched off; ${safe}`);
  expect(checks.find(({ check }) => check.rule === 'R7')!.outcome).toBe('off');
  network.advance(3n * MS);
  const report = await network.stop();
  expect(report.teaching).toMatchObject({
    disabled: ['R9'],
    formerly: ['R7'],
    banner: `TEACHING MODE: rule R9 is switched off, rule R7 was switched off for a while; ${safe}`,
  });
  const comment = `TEACHING MODE: rules R1, R7 and R9 may be switched off in the course of it; ${safe}`;
  expect(readFileSync(file).includes(comment)).toBe(true);
});

describe('from a program', () => {
  it('a rule is switched where that has been planned', async () => {
    const network = new Network(topologyOf({ traffic, vlan: 11 }), { mayDisable: ['R7'] });
    await network.setRule('R7', false);
    expect(network.banner).toBe(`TEACHING MODE: rule R7 is switched off; ${safe}`);
    network.advance(MS);
    expect(network.moves('h1/v').length).toBeGreaterThan(0);
    await network.setRule('R7', true);
    expect(network.banner).toBe(`TEACHING MODE: rule R7 was switched off for a while; ${safe}`);
  });

  it('else it is refused with the remedy', async () => {
    const network = new Network(topologyOf({}));
    const why = "R7 can be switched off only in a network with a storm guard; build it with mayDisable: ['R7']";
    await expect(network.setRule('R7', false)).rejects.toThrow(why);
    expect(() => network.at(0n, { ruleOff: 'R7' })).toThrow(why);
    expect(network.banner).toBeNull();
  });

  it.each(['R10', 'R11', 'R15', 'R16', 'R17'])('%s is refused by name', (rule) => {
    const why = `${rule} works on how ports and cables are set up and cannot be switched while the network runs; write teaching: { disable: [${rule}] }`;
    expect(() => new Network(topologyOf({}), { mayDisable: [rule] })).toThrow(why);
  });

  it('nonsense is no rule', () => {
    expect(() => new Network(topologyOf({}), { mayDisable: ['7'] })).toThrow('7 is not a rule; allowed: R1 to R19');
  });
});

it('a topology with rules off from the start may switch others, and these again', async () => {
  const topology = topologyFrom({
    hosts: { h: { uplinks: ['u'], vswitches: { v: { portGroups: { pg: {} } } }, vms: { a: {} } } },
    teaching: { disable: ['R7'] },
  });
  const network = new Network(topology);
  await network.setRule('R9', false);
  await network.setRule('R7', true);
  expect(network.banner).toBe(`TEACHING MODE: rule R9 is switched off, rule R7 was switched off for a while; ${safe}`);
});
