/** The suites that `vswitch bench` knows, in the order in which it tells them. */
import type { Suite } from './suite.ts';
import { mlr } from './suites/mlr.ts';
import { rfc2544 } from './suites/rfc2544.ts';
import { rfc2889 } from './suites/rfc2889.ts';
import { rfc8204 } from './suites/rfc8204.ts';
import { vswitch } from './suites/vswitch.ts';

export const SUITES: readonly Suite[] = [rfc2544, mlr, rfc2889, rfc8204, vswitch];
