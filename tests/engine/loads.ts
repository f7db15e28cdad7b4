/** Networks and frames that give a switch everything to do at once, for workers to die of it. */
import fc from 'fast-check';

const trunks = Object.fromEntries(['1', '2', '3', '4'].map((name) => [name, { vlan: '1-100', tag: 's' }]));

/** Streams within and across, a table that is always full, tags that need bytes of their own. */
export const networks = {
  learning: {
    hosts: {
      h: {
        count: 2,
        uplinks: { u1: { to: 'tor/{n*2-1}' }, u2: { to: 'tor/{n*2}', rate: '1G', delay: '3us' } },
        vswitches: {
          v: {
            table: { max: 24 },
            padding: true,
            teaming: { policy: 'source-mac', active: ['u1', 'u2'] },
            portGroups: {
              pg: { vlan: 10, macLimit: { max: 12, whenFull: 'drop' } },
              trunk: { vlan: '10-30', native: 20 },
            },
          },
        },
        vms: {
          ip: { count: 2, portGroup: 'pg', ip: '10.0.{n}.{v}/16' },
          vm: { count: 2, portGroup: 'pg' },
          t: { count: 2, portGroup: 'trunk' },
        },
      },
    },
    physical: { switches: { tor: { ports: 5, table: { max: 40 } } } },
    traffic: [
      { from: 'h1/ip1', to: 'h1/ip2', rate: '400kpps' },
      { from: 'h1/vm1', to: 'h2/vm2', rate: '300kpps', count: 1000 },
      { from: 'h2/ip1', to: 'h1/ip1', size: 1518, flows: 100, rate: '100kpps' },
      { from: 'h2/vm1', to: 'broadcast', rate: '100kpps' },
    ],
  },
  registered: {
    hosts: {
      h: {
        count: 2,
        uplinks: { u1: { to: 'tor/{n*2-1}' }, u2: { to: 'tor/{n*2}', delay: '1us' } },
        vswitches: {
          v: {
            macModel: 'registered',
            receivers: 'per-recipient',
            teaming: { policy: 'port-id', active: ['u1'], standby: ['u2'], detection: 'beacon', beaconInterval: '1ms' },
            portGroups: {
              pg: { vlan: 10, floodUnknown: true },
              guest: { vlan: 4095, learning: true, sticky: true, macLimit: { max: 8, whenFull: 'shut' } },
              seen: { vlan: 10, security: { promiscuous: 'accept' } },
            },
          },
        },
        vms: {
          vm: { count: 3, portGroup: 'pg', ip: '10.0.{n}.{v}/16' },
          g: { count: 2, portGroup: 'guest' },
          s: { portGroup: 'seen' },
        },
      },
    },
    physical: { switches: { tor: { ports: 5 } } },
    traffic: [
      { from: 'h1/vm*', to: 'h2/vm*', rate: '200kpps' },
      { from: 'h2/g1', to: 'broadcast', rate: '100kpps' },
    ],
  },
  bundled: {
    hosts: {
      h: {
        count: 2,
        uplinks: { u1: { to: 'tor/{n*2-1}' }, u2: { to: 'tor/{n*2}' } },
        vswitches: {
          v: { teaming: { active: ['u1', 'u2'], lag: 'active', lacpRate: 'fast' }, portGroups: { pg: { vlan: 10 } } },
        },
        vms: { vm: { count: 3, portGroup: 'pg' } },
      },
    },
    physical: {
      switches: {
        tor: {
          ports: { ...trunks, '5': { vlan: '1-100' }, '6': { vlan: 10, tunnel: true } },
          lags: { a: { mode: 'active', ports: [1, 2] }, b: { mode: 'active', ports: [3, 4] } },
        },
      },
    },
    traffic: [
      { from: 'h1/vm*', to: 'h2/vm*', rate: '200kpps' },
      { from: 'h2/vm1', to: 'broadcast', rate: '100kpps' },
    ],
  },
  /** Guests behind network cards, with rings that are soon full. */
  cards: {
    hosts: {
      h: {
        count: 2,
        uplinks: { u1: { to: 'tor/{n}', rate: '1G', delay: '3us' } },
        vswitches: { v: { portGroups: { pg: { vlan: 10 } } } },
        vms: {
          ip: { count: 2, ip: '10.0.{n}.{v}/16', nic: { virtio: { ring: 16, batch: 4 } } },
          vm: { count: 2, nic: { e1000: { ring: 8, batch: 2, mitigation: {} } } },
          esxi: { nic: { vmxnet3: { ring: 8, txThreshold: 4 } } },
          old: { nic: { lance: { ring: 4 } } },
        },
      },
    },
    physical: { switches: { tor: { ports: 3 } } },
    traffic: [
      { from: 'h1/ip1', to: 'h1/ip2', rate: '400kpps' },
      { from: 'h1/vm1', to: 'h2/vm2', rate: '300kpps', count: 1000 },
      { from: 'h2/ip1', to: 'h1/ip1', size: 1518, flows: 100, rate: '100kpps' },
      { from: 'h1/esxi', to: 'h2/old', rate: '100kpps' },
      { from: 'h2/old', to: 'broadcast', rate: '100kpps' },
    ],
  },
} as const;

/** PCs whose VMs are behind a NAT, reach each other and a server by it, and get their addresses by DHCP. */
export const hosted = {
  hosts: {
    pc: {
      count: 2,
      hypervisor: 'type2',
      uplinks: { eth0: { to: 'lan/{n}', delay: '1us' } },
      ip: '192.168.1.{n}/24',
      gateway: '192.168.1.99',
      networks: {
        shared: { mode: 'nat-network', forwards: [{ protocol: 'udp', hostPort: 80, to: 'b' }] },
        own: 'nat',
      },
      vms: {
        a: { network: 'shared', ip: 'dhcp' },
        b: { network: 'shared', ip: '192.168.8.9/24', listen: [80] },
        n: { network: 'own', ip: 'dhcp' },
      },
    },
    srv: {
      uplinks: { eth0: { to: 'lan/3', delay: '1us' } },
      vswitches: { v: { portGroups: { g: {} } } },
      vms: { s: { ip: '192.168.1.20/24', listen: [7] } },
    },
  },
  physical: { switches: { lan: { ports: 4 } } },
  traffic: [
    { from: 'pc1/a', to: '192.168.1.20:7', rate: '200kpps', flows: 300 },
    { from: 'pc1/n', to: '192.168.1.1:80', rate: '100kpps', flows: 20 },
    { from: 'pc2/n', to: '192.168.1.1:80', rate: '100kpps', flows: 20 },
    { from: 'pc2/a', to: '10.9.9.9:7', rate: '50kpps', flows: 2000 },
    { from: 'pc1/host', to: '192.168.1.1:80', rate: '50kpps' },
  ],
} as const;

/** Stations that come and go, tags of all kinds, and what a switch must not pass on. */
const individual = fc.integer({ min: 1, max: 60 }).map((n) => `02:00:00:00:00:${n.toString(16).padStart(2, '0')}`);
const groups = ['ff:ff:ff:ff:ff:ff', '01:00:5e:00:00:09', '01:80:c2:00:00:00'];
export const frame = fc.record({
  dst: fc.oneof(individual, fc.constantFrom(...groups)),
  src: individual,
  tags: fc.array(fc.constantFrom(10, 20, 25, 30, 4095), { maxLength: 3 }),
  payload: fc.constantFrom('ip' as const, 'rarp' as const, 'gratuitous request' as const, 'arp reply' as const),
});
