/** RFC 2544: the six classic benchmarks of a forwarding device, with RFC 9004 (back-to-back frames) and RFC 6201 (resets). */
import type { Suite } from '../suite.ts';
import { twoHosts } from './lab.ts';
import { backToBack } from './rfc2544/back-to-back.ts';
import { latency } from './rfc2544/latency.ts';
import { loss } from './rfc2544/loss.ts';
import { recovery } from './rfc2544/recovery.ts';
import { resetTests } from './rfc2544/reset.ts';
import { throughput } from './rfc2544/throughput.ts';

export const rfc2544: Suite = {
  name: 'rfc2544',
  title: 'RFC 2544 benchmarks',
  about: 'throughput, latency, frame loss, back-to-back frames, recovery and reset (RFC 2544, 9004, 6201)',
  defaultTopology: twoHosts,
  tests: [throughput, latency, loss, backToBack, recovery, ...resetTests],
};
