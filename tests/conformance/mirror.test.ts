/** The core's mirrors against Open vSwitch's: the recorded scenarios that have some, which the reference model does not know. */
import { describe, expect, it } from 'vitest';
import type { Mirror } from '../../src/topology/mirror-model.ts';
import type { Topology } from '../../src/topology/model.ts';
import { underTest } from '../core/under-test.ts';
import { topologyOf } from '../model/topology.ts';
import { judge } from './judge.ts';
import { configOf, type Scenario, wholeCorpus } from './scenario.ts';

const scenarios = wholeCorpus().filter((scenario) => scenario.switch.mirrors !== undefined);

function mirrored({ switch: recorded }: Scenario, topology: Topology): Topology {
  const members = recorded.uplinks?.members ?? [];
  const ports = (names: readonly string[] = []) =>
    names.flatMap((name) => (name === 'uplink' ? members : [name])).map((name) => `sw/${name}`);
  const mirrors = recorded.mirrors!.map(({ name, ingress, egress, to }): Mirror => {
    const more = { vlans: null, byVlan: false, drops: [], snapBytes: null, sample: 1, transit: false, on: true };
    return { name, in: ports(ingress), out: ports(egress), to: { port: `sw/${to}` }, ...more };
  });
  const hosts = topology.hosts.map((host) => {
    return { ...host, vswitches: host.vswitches.map((vswitch) => ({ ...vswitch, mirrors })) };
  });
  return { ...topology, hosts };
}

describe('the core mirrors what was recorded', () => {
  it('in every scenario that there is', () => expect(scenarios).toHaveLength(5));

  it.each(scenarios)('$name: $about', (scenario) => {
    const sut = underTest(mirrored(scenario, topologyOf(configOf(scenario, 'ours'))));
    try {
      expect(judge(scenario, sut)).toEqual({ counts: {}, unexplained: [] });
    } finally {
      sut.close();
    }
  });
});
