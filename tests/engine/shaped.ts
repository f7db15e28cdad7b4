/** A network with shapers of all kinds, some behind network cards, and queues in front of its uplinks, for workers to die of it and to be compared. */

const slow = { average: '200M', peak: '900M', burst: 4000 };

export const shaped = {
  hosts: {
    h: {
      count: 2,
      uplinks: {
        u1: { to: 'tor/{n*2-1}', rate: '300M', delay: '2us', queue: 16 },
        u2: { to: 'tor/{n*2}', delay: '1us' },
      },
      vswitches: {
        v: {
          shares: { web: 75, db: { shares: 25, reservation: '20M', priority: 5 }, slow: { limit: '50M' } },
          uplinkShaping: { out: { average: '250M', burst: 6000 }, in: { average: '400M', burst: 3000 } },
          portGroups: {
            web: { vlan: 10, shaping: { in: slow, out: slow } },
            db: { vlan: 10, shaping: { out: { average: '20M', burst: 1518 } } },
            slow: { vlan: 10, shaping: { in: { average: '30M', burst: 1600 } } },
          },
        },
      },
      vms: {
        w: { count: 2, portGroup: 'web', ip: '10.0.{n}.{v}/16', nic: { virtio: { ring: 16 } } },
        d: { count: 2, portGroup: 'db' },
        s: { portGroup: 'slow', nic: { e1000: { ring: 8, batch: 2 } } },
      },
    },
  },
  physical: {
    switches: {
      tor: {
        ports: {
          1: { priority: 'strict' },
          2: { shaping: { out: slow } },
          3: { priority: 'strict', shaping: { out: slow } },
          4: { shaping: { in: slow } },
          5: {},
        },
      },
    },
  },
  traffic: [
    { from: 'h1/w*', to: 'h2/w*', rate: '200kpps' },
    { from: 'h1/d1', to: 'h2/d2', size: 1518, rate: '40kpps' },
    { from: 'h1/d2', to: 'h1/w1', rate: '400kpps' },
    { from: 'h2/s', to: 'h1/d1', size: 300, rate: '100kpps' },
    { from: 'h2/d1', to: 'broadcast', rate: '50kpps' },
  ],
} as const;
