/** A network with mirrors and flow records, for workers to die of it. */
export const observed = {
  hosts: {
    h: {
      count: 2,
      uplinks: { u: { to: 'tor/{n}', delay: '2us' } },
      vswitches: {
        v: {
          portGroups: { web: { vlan: 10 }, watch: { vlan: 4095 } },
          mirrors: { span: { from: ['vm1', 'u'], to: 'ids' }, wide: { in: ['vm2'], to: 'ids', snap: 64 } },
          flows: { max: 16, activeTimeout: '1ms', idleTimeout: '1ms' },
        },
      },
      vms: { vm: { count: 3, portGroup: 'web', ip: '10.0.{n}.{v}/16' }, ids: { portGroup: 'watch' } },
    },
  },
  physical: {
    switches: {
      tor: {
        ports: { 1: { vlan: '1-4094' }, 2: { vlan: '1-4094' }, 3: { vlan: '1-4094' } },
        mirrors: { all: { in: ['1', '2'], to: '3' } },
        flows: { max: 16 },
      },
    },
  },
  traffic: [
    { from: 'h1/vm1', to: 'h1/vm2', rate: '600kpps', flows: 50 },
    { from: 'h1/vm2', to: 'h1/vm3', rate: '500kpps', flows: 5 },
    { from: 'h2/vm1', to: 'h1/vm1', rate: '300kpps', flows: 20 },
    { from: 'h1/vm3', to: 'h2/vm2', rate: '200kpps' },
  ],
};
