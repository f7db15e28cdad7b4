/**
 * Acceptable frame types and ingress filter (802.1Q-2018 6.9, 8.6.2): which frames a port takes, by their tag, and in which VLAN.
 *
 * Beside the port under test, `in`, stand t10 and t20, access ports of VLANs 10 and 20, and all, a trunk. A frame is
 * written as its VLAN tag: `-` none, `0` a priority tag, `10`.
 */
import { describe, expect, it } from 'vitest';
import { mac } from './networks.ts';
import { Twins, told } from './twins.ts';

const others = { t10: { vlan: 10 }, t20: { vlan: 20 }, all: { vlan: '1-4094' } };
const tagsOf = (text: string) => (text === '-' ? [] : text === '0' ? [0xa000] : [Number(text)]);

const access = { vlan: 10 };
const trunk = { vlan: '10,30' };
const native = { vlan: '10,30', native: 10 };
const zero = { vlan: '0,10' };
const in10 = 'all, t10';
const in20 = 'all, t20';
const notMember = 'in vlan_not_member';
const type = 'in frame_type';

/** The port, then what comes of frames tagged `- 0 10 20 4095`. */
type Row = readonly [port: object, none: string, priority: string, ten: string, twenty: string, reserved: string];
const reserved = 'in vid_reserved';
const rows: Row[] = [
  // Without a word an access port refuses tagged frames as not its VLAN's, and any other port takes all.
  [access, in10, in10, notMember, notMember, reserved],
  [trunk, notMember, notMember, in10, notMember, reserved],
  [native, in10, in10, in10, notMember, reserved],
  // all
  [{ ...access, accept: 'all' }, in10, in10, in10, notMember, reserved],
  [{ ...trunk, accept: 'all' }, notMember, notMember, in10, notMember, reserved],
  [{ ...native, accept: 'all' }, in10, in10, in10, notMember, reserved],
  // Only tagged: a priority tag is none (6.9.1).
  [{ ...trunk, accept: 'tagged' }, type, type, in10, notMember, reserved],
  [{ ...native, accept: 'tagged' }, type, type, in10, notMember, reserved],
  // Only untagged, or priority-tagged
  [{ ...access, accept: 'untagged' }, in10, in10, type, type, reserved],
  [{ ...native, accept: 'untagged' }, in10, in10, type, type, reserved],
  // No ingress filter
  [{ ...access, ingressFilter: false }, in10, in10, notMember, notMember, reserved],
  [{ ...access, accept: 'all', ingressFilter: false }, in10, in10, in10, in20, reserved],
  [{ ...access, accept: 'untagged', ingressFilter: false }, in10, in10, type, type, reserved],
  [{ ...trunk, ingressFilter: false }, notMember, notMember, in10, in20, reserved],
  [{ ...native, ingressFilter: false }, in10, in10, in10, in20, reserved],
  [{ ...native, accept: 'tagged', ingressFilter: false }, type, type, in10, in20, reserved],
  [{ ...native, accept: 'untagged', ingressFilter: false }, in10, in10, type, type, reserved],
  // VLAN 0 in a trunk's list is that of untagged frames; nobody else is in it here.
  [zero, 'in no_recipient', 'in no_recipient', in10, notMember, reserved],
  [{ ...zero, accept: 'untagged' }, 'in no_recipient', 'in no_recipient', type, type, reserved],
  [{ ...zero, accept: 'tagged' }, type, type, in10, notMember, reserved],
];

describe.each([
  ['a physical port', 's'],
  ['a port group', 'h'],
])('%s', (_what, owner) => {
  /** As ports of switch s, or as VMs of host h in port groups of the same names, without uplinks. */
  function lab(port: object): Twins {
    const ports = { in: port, ...others };
    if (owner === 's') return new Twins({ physical: { switches: { s: { ports } } } });
    const vms = Object.fromEntries(Object.keys(ports).map((portGroup) => [portGroup, { portGroup }]));
    return new Twins({ hosts: { h: { uplinks: [], vswitches: { v: { uplinks: [], portGroups: ports } }, vms } } });
  }
  const outcome = (net: Twins, port: string, dst: string, tag: string, src: string = mac.a) =>
    told(net.send(`${owner}/${port}`, net.frame(dst, src, { tags: tagsOf(tag) }))).replaceAll(`${owner}/`, '');

  it.each(rows)('%j: untagged %s; priority %s; 10 %s; 20 %s; 4095 %s', (port, ...wanted) => {
    const got = ['-', '0', '10', '20', '4095'].map((tag) => outcome(lab(port), 'in', mac.all, tag));
    expect(got).toEqual(wanted);
  });

  it('teaches nothing by what it refuses', () => {
    const net = lab({ ...native, accept: 'tagged' });
    for (const tag of ['-', '0', '20', '4095']) outcome(net, 'in', mac.all, tag);
    expect(net.table(owner === 's' ? 's' : 'h/v')).toEqual([]);
  });

  it('without ingress filter learns in the frame’s VLAN, but gets no answer in it', () => {
    const net = lab({ ...access, accept: 'all', ingressFilter: false });
    outcome(net, 'in', mac.all, '20');
    expect(net.table(owner === 's' ? 's' : 'h/v')).toEqual([`20 ${mac.a} ${owner}/in`]);
    expect(outcome(net, 't20', mac.a, '-', mac.b)).toBe('in egress_vlan');
    expect(outcome(net, 't20', mac.all, '-', mac.b)).toBe('all');
    expect(outcome(net, 'in', mac.b, '20')).toBe('t20');
  });

  it('that takes tagged frames of its own VLAN sends untagged ones all the same', () => {
    const net = lab({ ...access, accept: 'all' });
    outcome(net, 'in', mac.all, '10');
    const { frames } = net.send(`${owner}/t10`, net.frame(mac.a, mac.b));
    expect(frames.filter(({ direction }) => direction === 'out').map(({ bytes }) => [...bytes.slice(12, 14)])).toEqual([
      [8, 0],
    ]);
  });
});
