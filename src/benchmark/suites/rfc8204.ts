/** RFC 8204: what VSPERF asks of virtual switches beyond RFC 2544 and RFC 2889, with the density of RFC 8172. */
import type { Suite } from '../suite.ts';
import { twoHosts } from './lab.ts';
import { broadcasts } from './rfc8204/broadcasts.ts';
import { coupling } from './rfc8204/coupling.ts';
import { densityOfHosts, densityOfVms } from './rfc8204/density.ts';
import { firstFrames } from './rfc8204/first-frames.ts';
import { lossRatio } from './rfc8204/loss-ratio.ts';
import { neighbour } from './rfc8204/neighbour.ts';
import { scale } from './rfc8204/pairs.ts';
import { profile } from './rfc8204/profile.ts';
import { graceful, killed, recovery } from './rfc8204/resets.ts';
import { bestAndWorst } from './rfc8204/runs.ts';
import { soak } from './rfc8204/soak.ts';

export const rfc8204: Suite = {
  name: 'rfc8204',
  title: 'RFC 8204: virtual switches',
  about:
    'profile round the throughput, recovery, soak, loss ratio, first frames, table changes, noisy neighbour, density (RFC 8204, 8172)',
  defaultTopology: twoHosts,
  tests: [
    lossRatio,
    profile,
    broadcasts,
    recovery,
    soak,
    bestAndWorst,
    neighbour,
    killed,
    graceful,
    firstFrames,
    coupling,
    scale,
    densityOfVms,
    densityOfHosts,
  ],
};
