/** Pings of a run: entries of traffic that say whom to ping. */
import type { Ping } from './guest-model.ts';
import { limits } from './limits.ts';
import type { PortName } from './model.ts';
import type { World } from './ports.ts';
import type { Path, Problems } from './problem.ts';
import { count } from './scalar.ts';
import type { File, StreamEntry } from './schema.ts';
import { checkSize, checkTimes, pairedOff, sizeBytesMin, vnicsOf } from './stream.ts';
import { addressAt, addressOf, checkWay, isAddress } from './target.ts';

const intervalNsDefault = 1e9;

export function pingsOf(file: File, world: World, problems: Problems): Ping[] {
  const pings: Ping[] = [];
  for (const [i, entry] of (file.traffic ?? []).entries()) {
    if (entry?.ping === undefined) continue;
    const path = ['traffic', i];
    refuseOthers(entry, path, problems);
    checkTimes(entry, path, problems);
    const senders = vnicsOf(entry.from, world, [...path, 'from'], problems);
    const own = toEach(senders, entry.ping, world, path, problems);
    if (pings.length + own.length > limits.pings) {
      problems.add(path, `too many pings; at most ${count(limits.pings)} in all`);
      break;
    }
    checkSize(entry, own, world, path, problems);
    for (const { from, to, address } of own) {
      pings.push({
        from,
        to,
        address,
        intervalNs: entry.interval ?? intervalNsDefault,
        count: entry.count ?? null,
        sizeBytes: entry.size ?? sizeBytesMin,
        startNs: entry.start ?? 0,
        stopNs: entry.stop ?? null,
      });
    }
  }
  return pings;
}

/** Keys of a stream that say nothing about a ping. */
function refuseOthers(entry: StreamEntry, path: Path, problems: Problems): void {
  for (const key of ['to', 'rate', 'flows', 'fromPort'] as const) {
    if (entry[key] !== undefined) problems.add([...path, key], `${key} stands beside ping; write one of them`);
  }
}

function toEach(
  senders: readonly PortName[],
  text: string,
  world: World,
  path: Path,
  problems: Problems,
): Pick<Ping, 'from' | 'to' | 'address'>[] {
  const place = [...path, 'ping'];
  if (isAddress(text)) {
    const address = addressAt(text, place, problems);
    if (address === null) return [];
    return senders.flatMap((from) =>
      checkWay(from, { address, text }, world, path, 'ping', problems) ? [{ from, to: text, address }] : [],
    );
  }
  const receivers = vnicsOf(text, world, place, problems);
  if (senders.length === 0 || receivers.length === 0) return [];
  const pairs = pairedOff(senders, receivers);
  if (pairs.length === 0) problems.add(place, `${text} is the sender itself; write another vNIC`);
  return pairs.flatMap(({ from, to }) => {
    const whom = addressOf(to, world, place, problems);
    const isWay = whom !== null && checkWay(from, { ...whom, text: to }, world, path, 'ping', problems);
    return isWay ? [{ from, to, address: whom.address }] : [];
  });
}
