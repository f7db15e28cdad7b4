/** Reads what mirrors have copied from the shared memory. */
import type { MirrorReport } from '../telemetry/mirror.ts';
import * as L from './generated/layout.ts';
import type { SharedMemory } from './memory.ts';
import type { PlannedSwitch } from './plan.ts';

/** The switch's mirrors in order; nothing where it has none. */
export function mirrorsOf(m: SharedMemory, { mirroring }: PlannedSwitch): { readonly mirrors?: MirrorReport[] } {
  if (mirroring === undefined || mirroring.mirrors.length === 0) return {};
  const mirrors = mirroring.mirrors.map(({ mirror: { name, to }, address: at }) => ({
    name,
    on: m.u8(at + L.Mirror_isOff) === 0,
    to: 'port' in to ? to.port : `VLAN ${to.vlan}`,
    mirroredIn: m.count(at + L.Mirror_fromIn),
    mirroredOut: m.count(at + L.Mirror_fromOut),
    mirroredVlan: m.count(at + L.Mirror_fromVlan),
    mirroredDrops: m.count(at + L.Mirror_fromDrops),
    mirrorCopies: m.count(at + L.Mirror_copies),
    mirrorLost: m.count(at + L.Mirror_lost),
    mirrorWithheld: m.count(at + L.Mirror_withheld),
    mirrorSkipped: m.count(at + L.Mirror_skipped),
  }));
  return { mirrors };
}
