/** What the health check finds. */
import type { Path } from './problem.ts';

export type Severity = 'error' | 'warning';

/** What does not fit, at its place in the file. */
export interface Mismatch {
  readonly severity: Severity;
  readonly subject: 'vlan' | 'mtu' | 'teaming' | 'rate' | 'tree';
  readonly path: Path;
  readonly message: string;
}
