/** The canonical load of the switch: known unicast between all ports, learned, checked frame by frame once. */
import { macText } from '../src/engine/observe.ts';
import { Checksum, Rig, vms } from './rig.ts';
import { framesOf, type Mix, station } from './traffic.ts';

export interface KnownOptions extends Mix {
  readonly burst: number;
  readonly model: string;
}

export interface Known {
  readonly rig: Rig;
  /** Of where every frame of one lap came out, in order. */
  readonly checksum: number;
}

/** A switch that has learned every station. Throws when a frame comes out where it should not. */
export function knownUnicast({ ports, stations, pairs, bytes, burst, model }: KnownOptions): Known {
  // Room for a burst from every port to one, whatever the traffic; a shorter list of frames is repeated.
  const ringEntries = Math.max(pairs / ports, 2 ** Math.ceil(Math.log2(ports * burst)));
  // Entries at most half of the table's places: four places for each station, as many as the C limit has.
  const vswitch = { macModel: model, table: { max: 2 * stations }, portGroups: { g: {} } };
  const rig = new Rig({ vswitches: { s: vswitch }, vms: vms(ports) }, { burst, ringEntries });
  for (const [port, frames] of framesOf({ ports, stations, pairs, bytes }).entries()) rig.load(port, frames);
  const home = new Map(Array.from({ length: stations }, (_, i) => [station(i), Math.floor(i / (stations / ports))]));
  if (model === 'registered') for (const [mac, port] of home) rig.bind(0, mac, port);
  rig.lap();
  const sum = new Checksum();
  let copies = 0;
  rig.lap((port, at) => {
    const mac = BigInt(rig.u32(at)) | (BigInt(rig.u16(at + 4)) << 32n);
    if (home.get(mac) !== port)
      throw new Error(`a frame for ${macText(mac)} came out of port ${port}, not ${home.get(mac)}`);
    sum.add(port);
    sum.add(rig.u32(at));
    copies++;
  });
  const sent = ports * ringEntries;
  if (copies !== sent) throw new Error(`${sent} frames went in, ${copies} came out`);
  return { rig, checksum: sum.value };
}
