/** The canonical load of the switch: known unicast between all ports, learned, checked frame by frame once. */
import { macText } from '../src/engine/mac-table.ts';
import { Checksum, Rig, type RigOptions, vms } from './rig.ts';
import { framesOf, type Mix, OUTSIDE, station } from './traffic.ts';

export interface KnownOptions extends Mix {
  readonly burst: number;
  readonly model: string;
  /** See `settings`. */
  readonly policy?: string;
  readonly captures?: NonNullable<RigOptions['captures']>;
}

const VID = 10;
/** What a vNIC brings of buffers for short frames, and for those of full size (src/engine/plan.ts, plan-pool.ts). */
const BUFFERS = { short: 4096, full: 300 };
const SHORT_BYTES = 100;
/** What a careful operator configures: none of it may cost a known frame much. */
const SECURITY = {
  security: { promiscuous: 'reject', macChanges: 'reject', staticConflict: 'drop' },
  bpdu: 'guard',
  storm: { broadcast: '1kpps', multicast: '1kpps', unknownUnicast: '1kpps' },
  macLimit: { max: 4096, whenFull: 'shut' },
};

/** A shaper that never has to wait. */
const WIDE = { average: '1T', peak: '1T', burst: '1GB' };

interface Settings {
  readonly group: Readonly<Record<string, unknown>>;
  readonly vswitch?: Readonly<Record<string, unknown>>;
  readonly uplinks?: readonly string[];
  readonly vid: number;
  readonly mix: Partial<Mix>;
  /** What somebody who watches has set up; copies go to one VM more. */
  readonly watch?: Readonly<Record<string, unknown>>;
}

/** The vSwitch's settings: nothing at all, access ports or trunks on a team of two uplinks with security, and some of it going outside. */
const settings: Readonly<Record<string, Settings>> = {
  plain: { group: {}, vid: 0, mix: {} },
  snooping: { group: {}, vswitch: { multicast: 'snooping' }, vid: 0, mix: {} },
  access: { group: { vlan: VID, ...SECURITY }, uplinks: ['u0', 'u1'], vid: VID, mix: {} },
  outside: { group: { vlan: VID, ...SECURITY }, uplinks: ['u0', 'u1'], vid: VID, mix: { outsideOneIn: 4 } },
  shaped: { group: { shaping: { in: WIDE, out: WIDE } }, vid: 0, mix: {} },
  guarded: { group: { dhcpGuard: true, routerGuard: true }, vid: 0, mix: {} },
  suppressing: { group: {}, vswitch: { neighbourSuppression: true }, vid: 0, mix: {} },
  flows: { group: {}, vid: 0, mix: {}, watch: { flows: {} } },
  mirrorOff: { group: {}, vid: 0, mix: {}, watch: { mirrors: { m: { all: true, to: 'watcher', off: true } } } },
  mirrorOne: { group: {}, vid: 0, mix: {}, watch: { mirrors: { m: { in: ['vm1'], to: 'watcher' } } } },
  mirrorOut: { group: {}, vid: 0, mix: {}, watch: { mirrors: { m: { out: ['vm1'], to: 'watcher' } } } },
  mirrorAll: { group: {}, vid: 0, mix: {}, watch: { mirrors: { m: { in: ['vm*'], to: 'watcher' } } } },
  trunk: { group: { vlan: '10,20', ...SECURITY }, uplinks: ['u0', 'u1'], vid: VID, mix: { vid: VID } },
};

export interface Known {
  readonly rig: Rig;
  /** Of where every frame of one lap came out, in order. */
  readonly checksum: number;
}

/** A switch that has learned every station. Throws when a frame comes out where it should not. */
export function knownUnicast(options: KnownOptions): Known {
  const { ports, stations, pairs, bytes, burst, model, policy = 'plain', captures = [] } = options;
  const setting = settings[policy];
  if (setting === undefined) throw new Error(`no policy ${policy}; there are ${Object.keys(settings).join(', ')}`);
  const { group, uplinks, vid, mix, vswitch: more, watch = {} } = setting;
  // Room for a burst from every port to one, whatever the traffic; a shorter list of frames is repeated.
  const ringEntries = Math.max(pairs / ports, 2 ** Math.ceil(Math.log2(ports * burst)));
  // Entries at most half of the table's places: four places for each station, as many as the C limit has.
  const vswitch = { macModel: model, table: { max: 2 * stations }, portGroups: { g: group }, ...more, ...watch };
  const host = {
    vswitches: { s: vswitch },
    vms: { ...vms(ports), ...('mirrors' in watch && { watcher: {} }) },
    ...(uplinks && { uplinks }),
  };
  const lenders = Math.max(0, Math.ceil(pairs / BUFFERS[bytes <= SHORT_BYTES ? 'short' : 'full']) - ports);
  // On the wall clock a shaper makes up for what a round at one instant could not have at peak rate.
  const clock = policy === 'shaped' ? 'wall' : 'virtual';
  const rig = new Rig(host, { burst, ringEntries, captures, lenders, clock });
  if (mix.outsideOneIn !== undefined) rig.bindOutside(vid, OUTSIDE);
  for (const [port, frames] of framesOf({ ports, stations, pairs, bytes, ...mix }).entries()) rig.load(port, frames);
  const home = new Map(Array.from({ length: stations }, (_, i) => [station(i), Math.floor(i / (stations / ports))]));
  if (model === 'registered') for (const [mac, port] of home) rig.bind(vid, mac, port);
  rig.lap();
  const sum = new Checksum();
  let copies = 0;
  rig.lap((port, at) => {
    // Who watches gets copies beside.
    if (port === ports) return;
    const mac = BigInt(rig.u32(at)) | (BigInt(rig.u16(at + 4)) << 32n);
    if (home.get(mac) !== port)
      throw new Error(`a frame for ${macText(mac)} came out of port ${port}, not ${home.get(mac)}`);
    sum.add(port);
    sum.add(rig.u32(at));
    copies++;
  });
  const sent = ports * ringEntries * (1 - (mix.outsideOneIn === undefined ? 0 : 1 / mix.outsideOneIn));
  if (copies !== sent) throw new Error(`${sent} frames went in, ${copies} came out`);
  return { rig, checksum: sum.value };
}
