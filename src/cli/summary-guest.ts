/** Lines of a summary about guests at layer 3: pings as `ping` tells of them, services, addresses by DHCP, missing routes. */
import type { LeaseReport, PingReport } from '../telemetry/guest.ts';
import type { Report, StreamReport } from '../telemetry/report.ts';
import { counted, grouped } from './format.ts';

export function guestLines({ pings = [], streams, switches }: Report): string[] {
  const guests = switches.flatMap(({ ports }) =>
    ports.flatMap(({ name, guest }) => (guest?.ip === undefined ? [] : [{ name, guest }])),
  );
  const told = guests.flatMap(({ name, guest }) => [
    ...(guest.lease === undefined ? [] : [leaseLine(name, guest.ip ?? null, guest.lease)]),
    ...((guest.served ?? 0) > 0 ? [`${name} answered ${counted(guest.served!, 'datagram')}`] : []),
    ...((guest.badChecksums ?? 0) > 0
      ? [`${name} took ${counted(guest.badChecksums!, 'wrong checksum')} for nothing`]
      : []),
  ]);
  return [...pings.map(pingLine), ...streams.flatMap(answeredLine), ...told];
}

/** Whether a stream without its receiver's address asks for that, and does not wait for a lease or lack a route. */
export function asksByArp({ switches }: Report, { from, noRoute }: StreamReport): boolean {
  const sender = switches.flatMap(({ ports }) => ports).find(({ name }) => name === from);
  return noRoute !== true && sender?.guest?.ip !== null;
}

/** `pc1/vm1 -> 10.0.0.5: 5 sent, 5 answered, rtt min/avg/max 2.000/2.000/2.000 us`. */
export function pingLine({ from, to, sent, answered, duplicates, unreachable, noRoute, rtt }: PingReport): string {
  const parts = [
    `${grouped(sent)} sent`,
    `${grouped(answered)} answered`,
    ...(duplicates > 0 ? [`${counted(duplicates, 'duplicate')}`] : []),
    ...(unreachable > 0 ? [`${grouped(unreachable)} unreachable: nobody answered ARP`] : []),
    ...(noRoute > 0 ? [`${grouped(noRoute)} without a route`] : []),
    ...(rtt === null ? [] : [`rtt min/avg/max ${times([rtt.minNs, rtt.avgNs, rtt.maxNs])}`]),
  ];
  return `${from} -> ${to}: ${parts.join(', ')}`;
}

/** `pc1/vm1: 10.0.2.15 by DHCP from 10.0.2.2 until 3600.000 s`. */
function leaseLine(name: string, ip: string | null, { server, endsSeconds, discovers, naks }: LeaseReport): string {
  const refused = naks > 0 ? `, ${counted(naks, 'refusal')}` : '';
  if (ip === null) return `${name}: no address by DHCP after ${counted(discovers, 'DISCOVER')}${refused}`;
  const until = endsSeconds === null ? 'for good' : `until ${endsSeconds.toFixed(3)} s`;
  return `${name}: ${ip} by DHCP from ${server ?? 'nobody'} ${until}${refused}`;
}

/** In the unit that fits the longest. */
function times(ns: readonly number[]): string {
  const longest = Math.max(...ns);
  const [unit, per] = longest >= 1e9 ? ['s', 1e9] : longest >= 1e6 ? ['ms', 1e6] : ['us', 1e3];
  return `${ns.map((each) => (each / Number(per)).toFixed(3)).join('/')} ${unit}`;
}

function answeredLine({ from, to, sent, answered, noRoute }: StreamReport): string[] {
  if (noRoute === true)
    return [`${from} has no route to ${to}: it is not in its prefix and there is no gateway; nothing was sent`];
  return answered === undefined ? [] : [`${from} -> ${to}: ${grouped(sent)} sent, ${grouped(answered)} answered`];
}
