import { describe, expect, it } from 'vitest';
import { parseTopology } from '../../src/topology/load.ts';
import { allPorts, matchPorts, resolvePort } from '../../src/topology/ports.ts';

const topology = parseTopology(
  `
  hosts:
    b: { uplinks: [u0, u1], vswitches: { v: { portGroups: { g: {} } } }, vms: { web: {}, db: { nics: [{}, {}] } } }
    a: { uplinks: [u0] }
  physical: { switches: { tor: { ports: 2 } } }`,
  'lab.yaml',
);

describe('ports', () => {
  it('come in a stable order: vNICs and uplinks of each host, then the physical ones', () => {
    expect(allPorts(topology)).toEqual(['b/web', 'b/db', 'b/db.eth1', 'b/u0', 'b/u1', 'a/u0', 'tor/1', 'tor/2']);
  });

  it.each([
    ['b/web', 'b/web'],
    ['b/web.eth0', 'b/web'],
    ['b/db.eth0', 'b/db'],
    ['b/db.eth1', 'b/db.eth1'],
    ['b/db.eth1.eth0', null],
    ['b/u0.eth0', null],
    ['tor/2', 'tor/2'],
    ['tor/3', null],
    ['web', null],
    ['', null],
    ['.eth0', null],
  ])('%j is resolved to %j', (text, name) => {
    expect(resolvePort(topology, text)).toBe(name);
  });

  it.each([
    ['*', 8],
    ['b/*', 5],
    ['*/u0', 2],
    ['*/*0', 2],
    ['b/d*b', 1],
    ['b/db*b', 0],
    ['*b*eth*1', 1],
    ['t.r/*', 0],
    ['b/web.eth0', 1],
    ['b', 0],
  ])('%j matches %i of them', (glob, count) => {
    expect(matchPorts(topology, glob)).toHaveLength(count);
  });

  it('matches a glob of many stars without back-tracking', () => {
    expect(matchPorts(topology, `${'*b'.repeat(5000)}*`)).toEqual([]);
  });
});
