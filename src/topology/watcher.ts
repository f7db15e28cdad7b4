/** VMs that a mirror copies to, and that come and go: copies go to the port, and nowhere while the VM is not there. */
import type { Changes } from './change-model.ts';
import type { PortName } from './model.ts';
import { ownerOf, type World } from './ports.ts';
import type { Path, Problems } from './problem.ts';
import type { Scene } from './scene.ts';

interface Watched {
  /** `esx1/vSwitch0/span1`. */
  readonly mirror: string;
  readonly to: PortName;
  /** Where it says so. */
  readonly path: Path;
}

function watchedPorts({ hosts }: World): Watched[] {
  return hosts.flatMap((host) =>
    host.vswitches.flatMap((vswitch) =>
      (vswitch.mirrors ?? []).flatMap(({ name, to }): Watched[] => {
        if (!('port' in to)) return [];
        const path = ['hosts', host.name, 'vswitches', vswitch.name, 'mirrors', name, 'to'];
        return [{ mirror: `${host.name}/${vswitch.name}/${name}`, to: to.port, path }];
      }),
    ),
  );
}

/** A VM goes to a host, by default where it is declared, or nowhere (null); `path`: of the event that says so. */
export function cautionMove(
  { world, changes }: Scene,
  vm: string,
  to: string | null | undefined,
  path: Path,
  problems: Problems,
): void {
  const seats = changes?.seats ?? [];
  const host = world.hosts.find(({ name }) => name === ownerOf(vm));
  const nics = host?.vms.find(({ name }) => `${host.name}/${name}` === vm)?.nics ?? [];
  for (const nic of nics) {
    const port = `${host!.name}/${nic.name}`;
    const of = seats.find((seat) => seat.port === port)?.of ?? port;
    const places = [of, ...seats.filter((seat) => seat.of === of).map((seat) => seat.port)];
    for (const { mirror, to: place } of watchedPorts(world)) {
      if (!places.includes(place) || ownerOf(place) === (to === undefined ? ownerOf(of) : to)) continue;
      const why = `copies of mirror ${mirror} go to ${place} and do not follow the VM: they are lost while it is not there`;
      problems.warn(path, `${why}; mirror to a VM that stays`);
    }
  }
}

/** A VM that is not there at the start. */
export function cautionAbsent(world: World, changes: Changes | undefined, problems: Problems): void {
  const away = new Set(changes?.seats.filter(({ isHere }) => !isHere).map(({ port }) => port));
  for (const { to, path } of watchedPorts(world)) {
    if (away.has(to))
      problems.warn(path, `${to} is absent at the start: copies are lost until its VM is attached there`);
  }
}
