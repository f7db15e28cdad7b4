/** The mirrors in a summary. */
import type { SwitchReport } from '../telemetry/report.ts';
import { grouped, table } from './format.ts';

const right = (title: string) => ({ title, align: 'right' as const });

/** A row for each mirror, and an empty line; nothing where there is none. */
export function mirrorsTable(switches: readonly SwitchReport[]): string[] {
  const columns = [
    { title: 'mirror' },
    { title: 'to' },
    right('mirroredIn'),
    right('mirroredOut'),
    right('mirroredVlan'),
    right('mirroredDrops'),
    right('mirrorCopies'),
    right('mirrorLost'),
    right('mirrorWithheld'),
    right('mirrorSkipped'),
  ];
  const rows = switches.flatMap((sw) =>
    (sw.mirrors ?? []).map((mirror) => [
      `${sw.name}/${mirror.name}${mirror.on ? '' : ' (off)'}`,
      mirror.to,
      grouped(mirror.mirroredIn),
      grouped(mirror.mirroredOut),
      grouped(mirror.mirroredVlan),
      grouped(mirror.mirroredDrops),
      grouped(mirror.mirrorCopies),
      grouped(mirror.mirrorLost),
      grouped(mirror.mirrorWithheld),
      grouped(mirror.mirrorSkipped),
    ]),
  );
  return rows.length === 0 ? [] : [table(columns, rows), ''];
}
