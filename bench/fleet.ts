/** The large network of several benches: hosts with two uplinks each, in racks with two physical switches; all of these are joined by the first. */

export interface Fleet {
  readonly hosts: number;
  /** A host. */
  readonly vnics: number;
  /** Physical switches: an even number, two for each rack. */
  readonly switches?: number;
  readonly traffic?: readonly object[];
}

/** As a user would write it; the ports behind those of the hosts lead to the other physical switches. */
export function fleet({ hosts, vnics, switches = 2, traffic = [] }: Fleet): object {
  const racks = switches / 2;
  const [least, extra] = [Math.floor(hosts / racks), hosts % racks];
  const tors = Array.from({ length: switches }, (_, i) => `tor${i + 1}`);
  const rackHosts = (rack: number): number => least + (rack < extra ? 1 : 0);
  const free = (tor: number): number => rackHosts(Math.floor(tor / 2)) + 1;
  return {
    name: `${hosts} hosts with ${vnics} vNICs`,
    hosts: Object.fromEntries(
      Array.from({ length: racks }, (_, rack) => [
        racks === 1 ? 'esx' : `rack${rack + 1}esx`,
        {
          count: rackHosts(rack),
          uplinks: {
            vmnic0: { to: `${tors[2 * rack]}/{n}`, rate: '10G' },
            vmnic1: { to: `${tors[2 * rack + 1]}/{n}`, rate: '10G' },
          },
          vswitches: { vSwitch0: { portGroups: { vms: {} } } },
          vms: { vm: { count: vnics } },
        },
      ]),
    ),
    physical: {
      switches: Object.fromEntries(
        tors.map((tor, i) => [tor, { ports: rackHosts(Math.floor(i / 2)) + (i === 0 ? switches - 1 : 1) }]),
      ),
      links: tors.slice(1).map((tor, i) => ({ a: `tor1/${free(0) + i}`, b: `${tor}/${free(i + 1)}`, rate: '100G' })),
    },
    traffic,
  };
}
