/** What those who run virtual switches ask: deployments, policies, failover, fan-out, attacks, density. */
import type { Suite } from '../suite.ts';
import { density } from './vswitch/density.ts';
import { deploymentTest } from './vswitch/deployments.ts';
import { failover } from './vswitch/failover.ts';
import { fanOut } from './vswitch/fan-out.ts';
import { macFlooding } from './vswitch/flooding.ts';
import { plainHost } from './vswitch/networks.ts';
import { nicTraps } from './vswitch/nic.ts';
import { policyCost } from './vswitch/policies.ts';

export const vswitch: Suite = {
  name: 'vswitch',
  title: 'Questions of a virtual switch',
  about: 'Deployments, cost of policies, uplink failover, fan-out, MAC flooding, density; on networks of its own.',
  defaultTopology: plainHost,
  tests: [deploymentTest, policyCost, failover, fanOut, macFlooding, density, nicTraps],
};
