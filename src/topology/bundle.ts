/**
 * Whether both ends of the cables of a LAG agree that they are one.
 */
import { peersOf } from './domain.ts';
import type { Lag, Link, PortName } from './model.ts';
import type { World } from './ports.ts';
import type { Path, Place, Problems } from './problem.ts';
import { listed } from './suggestion.ts';

interface Bundle {
  readonly name: string;
  readonly mode: Lag['mode'];
  readonly ports: readonly PortName[];
  readonly path: Path;
  readonly place: Place;
}

export function cautionBundles(world: World, links: readonly Link[], problems: Problems): void {
  const bundles = bundlesOf(world);
  const byPort = new Map(bundles.flatMap((bundle) => bundle.ports.map((port) => [port, bundle] as const)));
  const peers = peersOf(links);
  const seen = new Set<Bundle>();
  for (const bundle of bundles) {
    seen.add(bundle);
    const ends = bundle.ports.flatMap((port) => peers.get(port) ?? []);
    const partners = new Set(ends.map((end) => byPort.get(end)));
    const [partner] = partners;
    const warn = (message: string) => problems.warn(bundle.path, message, bundle.place);
    if (partners.size > 1 || partners.has(undefined)) {
      warn(`${listed(ends)} at the other end are not one LAG, so that frames come twice or are lost; make them one`);
    } else if (partner !== undefined && !seen.has(partner)) {
      const why = disagreement(bundle, partner);
      if (why !== null) warn(why);
    }
  }
}

function disagreement(a: Bundle, b: Bundle): string | null {
  if (a.mode === 'passive' && b.mode === 'passive') {
    return `${b.name} at the other end is passive, too, so that LACP never begins; make one of them active`;
  }
  if ((a.mode === 'static') === (b.mode === 'static')) return null;
  return `${b.name} at the other end is ${b.mode}: only one of them speaks LACP, which never comes up; use it on both ends or on none`;
}

function bundlesOf({ hosts, switches }: World): Bundle[] {
  const ofTeams = hosts.flatMap((host) =>
    host.vswitches.flatMap(({ name, lag, teaming }): Bundle[] => {
      if (lag === null) return [];
      const path = ['hosts', host.name, 'vswitches', name, 'teaming', 'lag'];
      const ports = teaming.active.map((uplink) => `${host.name}/${uplink}`);
      return [{ name: `${host.name}/${name}`, mode: lag.mode, ports, path, place: 'value' }];
    }),
  );
  const ofSwitches = switches.flatMap(({ name, lags }) =>
    lags.map((lag): Bundle => {
      const path = ['physical', 'switches', name, 'lags', lag.name];
      const ports = lag.ports.map((port) => `${name}/${port}`);
      return { name: `${name}/${lag.name}`, mode: lag.mode, ports, path, place: 'key' };
    }),
  );
  return [...ofTeams, ...ofSwitches];
}
