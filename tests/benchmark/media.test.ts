/** What 100 % is: worked out from cables, for flows that share them. */
import { describe, expect, it } from 'vitest';
import { crosses, mediaOf, switchesBehind } from '../../src/benchmark/suites/media.ts';
import { topologyFrom } from '../../src/topology/load.ts';
import { alone, behindSwitch } from './networks.ts';

const mix = { name: '64', sizes: [64], meanBytes: 64 };

function media(document: unknown, pairs: readonly string[], line: number | null = null) {
  const flows = pairs.map((pair) => {
    const [from, to] = pair.split(' ') as [string, string];
    return { from, to, sizes: [64] };
  });
  const network = { ports: () => [] };
  const bed = { flows, network, maximumLoad: () => line };
  const { maximum, line: way, queueFrames } = mediaOf(topologyFrom(document), bed, mix);
  const floor = (rate: number | null) => (rate === null ? null : Math.floor(rate));
  return [floor(maximum), floor(way), queueFrames];
}

describe('100 %', () => {
  it.each([
    ['one flow, equal cables', behindSwitch('1G', '1G'), ['a/vm1 b/vm1'], [1_488_095, 1_488_095, 1024]],
    [
      'two flows that share them',
      behindSwitch('1G', '1G', 8),
      ['a/vm1 b/vm1', 'a/vm2 b/vm2'],
      [1_488_095, 1_488_095, 8],
    ],
    [
      'both ways: each has its own half',
      behindSwitch('1G', '1G'),
      ['a/vm1 b/vm1', 'b/vm2 a/vm2'],
      [2_976_190, 2_976_190, 1024],
    ],
    ['no rate at all', behindSwitch(null, null), ['a/vm1 b/vm1'], [null, null, 1024]],
    ['within a host', alone, ['h/vm1 h/vm2'], [null, null, 1]],
    [
      'half of the flows within a host',
      behindSwitch('1G', '1G'),
      ['a/vm1 b/vm1', 'b/vm1 b/vm2'],
      [2_976_190, 2_976_190, 1024],
    ],
  ] as const)('is right for %s', (_, document, pairs, expected) => {
    expect(media(document, pairs)).toEqual(expected);
  });

  it('is what the senders’ media carry, although the line may be less', () => {
    expect(media(behindSwitch('10G', '1G'), ['a/vm1 b/vm1'], 1_488_095)).toEqual([14_880_952, 1_488_095, 1024]);
  });

  it('is the line where the senders’ media have no rate', () => {
    expect(media(behindSwitch(null, '1G'), ['a/vm1 b/vm1'], 1_488_095)).toEqual([1_488_095, 1_488_095, 1024]);
  });

  it('counts only the uplink in use of an explicit order, and all of a team', () => {
    const team = (policy: string) => ({
      hosts: {
        a: {
          uplinks: { u1: { to: 'tor/1', rate: '1G' }, u2: { to: 'tor/2', rate: '1G' } },
          vswitches: { v: { teaming: { policy, active: ['u1', 'u2'] }, portGroups: { pg: {} } } },
          vms: { vm: { count: 2 } },
        },
        b: { uplinks: { u: { to: 'tor/3' } }, vswitches: { v: { portGroups: { pg: {} } } }, vms: { vm: {} } },
      },
      physical: { switches: { tor: { ports: 3 } } },
    });
    expect(media(team('explicit'), ['a/vm1 b/vm'])[0]).toBe(1_488_095);
    expect(media(team('source-mac'), ['a/vm1 b/vm'])[0]).toBe(2_976_190);
  });
});

describe('the way of a flow', () => {
  const topology = topologyFrom(behindSwitch('1G', '1G'));

  it('crosses where it leaves the vSwitch', () => {
    expect(crosses(topology, { from: 'a/vm1', to: 'b/vm1', sizes: [64] })).toBe(true);
    expect(crosses(topology, { from: 'a/vm1', to: 'a/vm2', sizes: [64] })).toBe(false);
  });

  it('goes over the physical switch behind the uplinks', () => {
    expect(switchesBehind(topology, 'a/vm1')).toEqual(['tor']);
    expect(switchesBehind(topologyFrom(alone), 'h/vm1')).toEqual([]);
  });
});
