/** The suites that `vswitch bench` knows, in the order in which it tells them. */
import type { Suite } from './suite.ts';

export const SUITES: readonly Suite[] = [];
