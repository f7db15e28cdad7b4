/** What there is, for those who read what happens to it. */
import type { Changes } from './change-model.ts';
import type { CaptureRequest, Link, Stream } from './model.ts';
import type { World } from './ports.ts';

/** What events may be about. */
export interface Scene {
  readonly world: World;
  readonly links: readonly Link[];
  /** Whatever guests send of themselves. */
  readonly streams: readonly Pick<Stream, 'from'>[];
  readonly captures: readonly CaptureRequest[];
  readonly changes?: Changes | undefined;
}
