/** Mirrors whose destination comes and goes, and guests that join more than they may: told where a topology is loaded. */
import { describe, expect, it } from 'vitest';
import { topologyFrom } from '../../src/topology/load.ts';

const lab = (events: readonly object[], probe: object = {}, groups: readonly string[] = []) => ({
  hosts: {
    h1: {
      vswitches: { v: { portGroups: { pg: {} }, mirrors: { span: { from: ['a'], to: 'probe' } } } },
      vms: { a: { groups }, probe: { mac: '02:00:00:00:00:77', ...probe } },
    },
    h2: { vswitches: { v: { portGroups: { pg: {} } } } },
  },
  events,
});

const lost =
  'copies of mirror h1/v/span go to h1/probe and do not follow the VM: they are lost while it is not there; mirror to a VM that stays';
const warningsOf = (events: readonly object[], probe: object = {}) =>
  topologyFrom(lab(events, probe)).warnings.map(({ place, message }) => `${place}: ${message}`);

describe('a mirror whose copies go to a VM', () => {
  it.each([
    [{ migrate: { vm: 'h1/probe', to: 'h2' } }, [`events[0].migrate.vm: ${lost}`]],
    [{ detach: 'h1/probe' }, [`events[0].detach: ${lost}`]],
    [{ migrate: { vm: 'h1/a', to: 'h2' } }, []],
    [{ detach: 'h1/a' }, []],
  ])('is warned of with %j', (event, warnings) => {
    expect(warningsOf([{ at: '1ms', ...event }])).toEqual(warnings);
  });

  it('is warned of where the VM is absent, and not of its coming', () => {
    const absent =
      'hosts.h1.vswitches.v.mirrors.span.to: h1/probe is absent at the start: copies are lost until its VM is attached there';
    expect(warningsOf([{ at: '1ms', attach: 'h1/probe' }], { absent: true })).toEqual([absent]);
    expect(warningsOf([{ at: '1ms', attach: { vm: 'h1/probe', to: 'h2' } }], { absent: true })).toEqual([
      absent,
      `events[0].attach.vm: ${lost}`,
    ]);
  });

  it('is not warned of when it comes back', () => {
    const events = [
      { at: '1ms', migrate: { vm: 'h1/probe', to: 'h2' } },
      { at: '2ms', migrate: { vm: 'h2/probe', to: 'h1' } },
    ];
    expect(warningsOf(events)).toEqual([`events[0].migrate.vm: ${lost}`]);
  });
});

const groups = Array.from({ length: 64 }, (_, i) => `239.1.1.${i + 1}`);
const join = (group: string, more: object = { at: '5ms' }) => ({ ...more, join: { port: 'h1/a', group } });
const leave = (group: string, more: object = { at: '4ms' }) => ({ ...more, leave: { port: 'h1/a', group } });
const rule = (name: string) => ({ when: { rule: name } });

describe('a guest in 64 groups', () => {
  it.each([
    ['a 65th', [join('239.9.9.9')], 'events[0].join.group'],
    ['a 65th behind one that it has', [join('239.1.1.1'), join('239.9.9.9')], 'events[1].join.group'],
    ['a 65th before it leaves one', [leave('239.1.1.1', { at: '6ms' }), join('239.9.9.9')], 'events[1].join.group'],
  ])('may not join %s', (_, events, place) => {
    const why = `${place}: the guest at h1/a is in 64 groups by then, the most that it may join; let it leave one first`;
    expect(() => topologyFrom(lab(events, {}, groups))).toThrow(why);
  });

  it.each([
    ['leaves one first', [join('239.9.9.9'), leave('239.1.1.1')]],
    ['joins what it has joined', [join('239.1.1.64')]],
    ['may have left one by then', [join('239.9.9.9'), leave('239.1.1.1', rule('R7'))]],
    ['joins nobody knows when', [join('239.9.9.9', rule('R7'))]],
  ])('is fine where it %s', (_, events) => {
    expect(() => topologyFrom(lab(events, {}, groups))).not.toThrow();
  });
});
