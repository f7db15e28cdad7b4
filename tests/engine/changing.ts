/** Networks by chance, from a seed, in which everything that may come and go does so, over all that stands around a switch. */
import { dice } from './random-network.ts';

const GROUPS = ['239.1.1.1', '239.1.1.2', 'ff15::1'];
const NICS = [
  undefined,
  { virtio: { ring: 16, batch: 4 } },
  { e1000: { ring: 8, batch: 2 } },
  { vmxnet3: { ring: 16 } },
];
const UNTIL_US = 3000;

export interface Changing {
  readonly topology: unknown;
  readonly hosts: readonly string[];
}

/** Three hosts on two physical switches; VMs that move, shapers in front of and behind them, mirrors, snooping, cards, a NAT. */
export function changing(seed: number, eventCount: number): Changing {
  const roll = dice(seed);
  const pick = <T>(list: readonly T[]): T => list[roll(list.length)]!;
  const isTree = roll(3) === 0;
  const lag = roll(4) === 0 ? pick(['static', 'active']) : undefined;
  const isSnooping = roll(2) === 0;
  const hasNat = roll(2) === 0;
  const delay = pick(['1us', '3us', '10us']);
  const cable = () => ({ delay, ...(roll(2) === 0 ? { rate: pick(['100M', '1G']), queue: pick([4, 64]) } : {}) });
  const shaping = () =>
    roll(2) === 0 ? {} : { shaping: { [pick(['in', 'out'])]: { average: pick(['2M', '20M']), burst: '3KB' } } };
  const vm = (n: number, more: object = {}) => ({
    portGroup: pick(['web', 'app']),
    mac: `02:00:00:00:01:${n.toString(16).padStart(2, '0')}`,
    ip: `10.0.0.${n}/24`,
    ...(isSnooping && roll(2) === 0 ? { groups: [GROUPS[0]!] } : {}),
    ...(roll(2) === 0 ? { nic: pick(NICS.slice(1)) } : {}),
    ...more,
  });
  const groups = { web: { vlan: 10, ...shaping() }, app: { vlan: 20, ...shaping() } };
  const listening: string[] = [];
  const hosts: Record<string, object> = {};
  for (let h = 1; h <= 3; h++) {
    const vms: Record<string, object> = {
      [`a${h}`]: vm(10 * h + 1),
      [`b${h}`]: vm(10 * h + 2),
      [`late${h}`]: vm(10 * h + 3, { absent: true }),
      probe: { portGroup: 'web' },
    };
    for (const [name, each] of Object.entries(vms)) if ('groups' in each) listening.push(`h${h}/${name}`);
    const isBundled = lag !== undefined && h === 1;
    hosts[`h${h}`] = {
      uplinks: {
        u1: { to: `s1/${2 * h - 1}`, ...cable() },
        u2: { to: `${isBundled ? 's1' : 's2'}/${2 * h}`, ...cable() },
      },
      vswitches: {
        v: {
          macModel: pick(['learning', 'registered']),
          portGroups: groups,
          ...(isBundled
            ? { teaming: { lag, ...(lag === 'active' ? { lacpRate: 'fast' } : {}) } }
            : { teaming: { policy: pick(['port-id', 'source-mac', 'explicit']), active: ['u1'], standby: ['u2'] } }),
          ...(roll(2) === 0 ? { lldp: { mode: 'both', interval: '1s' } } : {}),
          ...(isSnooping ? { multicast: { mode: 'snooping', querier: { on: true, interval: '1s' } } } : {}),
          ...(roll(2) === 0 ? { uplinkShaping: { out: { average: '20M', burst: '3KB' } } } : {}),
          mirrors: { span: { from: [`a${h}`, 'u1'], drops: true, to: 'probe', off: roll(2) === 0 } },
        },
      },
      vms,
    };
  }
  if (hasNat)
    hosts['pc'] = {
      hypervisor: 'type2',
      uplinks: { eth0: { to: 's1/9', ...cable() } },
      ip: '10.0.0.90/24',
      networks: { nat: { mode: 'nat', subnet: '192.168.8.0/24' } },
      vms: { w: { network: 'nat', ip: 'dhcp' } },
    };
  const vmNames = [1, 2, 3].flatMap((h) => ['a', 'b', 'late'].map((name) => `h${h}/${name}${h}`));
  const uplinks = [1, 2, 3].flatMap((h) => (lag !== undefined && h === 1 ? [] : [`h${h}/u1`, `h${h}/u2`]));
  const lagMembers = lag === undefined ? [] : ['h1/u1', 'h1/u2'];
  const makers: (() => object)[] = [
    () => ({ migrate: { vm: pick(vmNames), to: `h${1 + roll(3)}`, downtime: pick(['0us', '50us', '300us']) } }),
    () => ({ migrate: { vm: pick(vmNames), to: `h${1 + roll(3)}` } }),
    () => ({ detach: pick(vmNames) }),
    () => ({ attach: { vm: pick(vmNames), to: `h${1 + roll(3)}` } }),
    () => ({ removeUplink: pick(uplinks) }),
    () => ({ addUplink: pick(uplinks) }),
    () => ({ [pick(['removePortGroup', 'addPortGroup'])]: `h${1 + roll(3)}/v/${pick(['web', 'app'])}` }),
    () => ({ linkDown: pick([...vmNames, ...uplinks, ...lagMembers, 's1/3']) }),
    () => ({ linkUp: pick([...vmNames, ...uplinks, ...lagMembers, 's1/3']) }),
    () => ({ [pick(['unplug', 'plug'])]: pick([...uplinks, ...lagMembers]) }),
    () => ({ crash: pick(['h1', 'h2', 's2']) }),
    () => ({ boot: pick(['h1', 'h2', 's2']) }),
    () => ({ [pick(['stopVm', 'startVm'])]: pick(vmNames) }),
    () => ({ [pick(['mirrorOn', 'mirrorOff'])]: `h${1 + roll(3)}/v/span` }),
    () => ({ shape: { port: pick(vmNames), [pick(['in', 'out'])]: pick(['off', { average: '1M', burst: '2KB' }]) } }),
    () => ({ flush: pick(['h1/v', 's1', 'h2/a2']) }),
    () => ({ activate: pick(uplinks) }),
    () => ({ changeMac: { port: pick(vmNames), mac: `02:00:00:00:02:0${roll(8)}` } }),
    () =>
      listening.length === 0
        ? { note: 'nobody listens' }
        : { [pick(['join', 'leave'])]: { port: pick(listening), group: pick(GROUPS) } },
  ];
  // Several at one instant, and that the one at which everybody sends.
  const events = Array.from({ length: eventCount }, () => ({
    at: `${100 * roll(UNTIL_US / 100)}us`,
    ...pick(makers)(),
  }));
  const reserve = vmNames.flatMap((name) => [1, 2, 3].map((h) => ({ at: '10s', migrate: { vm: name, to: `h${h}` } })));
  const traffic: object[] = Array.from({ length: 8 }, () => {
    const from = pick(vmNames);
    const to = roll(4) === 0 ? 'broadcast' : pick(vmNames.filter((name) => name !== from));
    return { from, to, rate: pick(['10kpps', '50kpps', '200kpps']), size: pick([64, 300, 1500]) };
  });
  if (hasNat) traffic.push({ from: 'pc/w', to: '10.0.0.11:80', rate: '10kpps' });
  const port = { vlan: '1-100' };
  const ports = Object.fromEntries(Array.from({ length: 10 }, (_, i) => [i + 1, i === 8 ? { vlan: 10 } : port]));
  const topology = {
    seed,
    hosts,
    physical: {
      ...(isTree ? { spanningTree: { mode: 'rstp' } } : {}),
      switches: {
        s1: {
          ports,
          ...(lag === undefined
            ? {}
            : { lags: { l: { mode: lag === 'static' ? 'static' : 'active', ports: [1, 2] } } }),
        },
        s2: { ports, ...(roll(2) === 0 ? { lldp: 'both' } : {}) },
      },
      links: [{ a: 's1/10', b: 's2/10', delay }, ...(isTree ? [{ a: 's1/8', b: 's2/8', delay }] : [])],
    },
    traffic,
    events: [...events, ...reserve],
  };
  return { topology, hosts: Object.keys(hosts) };
}
