/**
 * The network of a user who gives none: two hosts of four VMs each at a physical switch, 10 Gbit/s cables.
 *
 * It serves both clocks. On the wall clock frames go from vNIC to vNIC within the hosts, where no medium limits, and on two workers the
 * hosts run side by side. On the virtual clock, where nothing but a medium limits, they go from one host to the other.
 */
export const twoHosts = {
  name: 'two hosts',
  hosts: {
    esx: {
      count: 2,
      uplinks: { vmnic0: { to: 'tor/{n}', rate: '10G' } },
      vswitches: { vSwitch0: { portGroups: { vms: {} } } },
      vms: { vm: { count: 4 } },
    },
  },
  physical: { switches: { tor: { ports: 2 } } },
};
