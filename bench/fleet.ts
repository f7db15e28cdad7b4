/** The large network of start.ts and idle.ts: hosts with two uplinks each, to two physical switches that are connected. */

export interface Fleet {
  readonly hosts: number;
  /** A host. */
  readonly vnics: number;
}

/** As a user would write it; port `hosts + 1` of each physical switch leads to the other one. */
export function fleet({ hosts, vnics }: Fleet): object {
  return {
    name: `${hosts} hosts with ${vnics} vNICs`,
    hosts: {
      esx: {
        count: hosts,
        uplinks: { vmnic0: { to: 'tor1/{n}', rate: '10G' }, vmnic1: { to: 'tor2/{n}', rate: '10G' } },
        vswitches: { vSwitch0: { portGroups: { vms: {} } } },
        vms: { vm: { count: vnics } },
      },
    },
    physical: {
      switches: { tor1: { ports: hosts + 1 }, tor2: { ports: hosts + 1 } },
      links: [{ a: `tor1/${hosts + 1}`, b: `tor2/${hosts + 1}`, rate: '100G' }],
    },
  };
}
