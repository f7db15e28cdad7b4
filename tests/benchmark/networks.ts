/** Topologies that the tests of benchmark suites have in common. */

const vswitches = { v: { portGroups: { pg: {} } } };

/** `senders` hosts of one VM each and a receiving one, at a physical switch; `hosts` come in this order. */
export function behindSwitch(send: string | null, receive: string | null, queue = 1024) {
  const cable = (to: string, rate: string | null) => ({ to, queue, ...(rate === null ? {} : { rate }) });
  return {
    name: 'lab',
    hosts: {
      a: { uplinks: { u: cable('tor/1', send) }, vswitches, vms: { vm: { count: 2 } } },
      b: { uplinks: { u: cable('tor/2', receive) }, vswitches, vms: { vm: { count: 2 } } },
    },
    physical: { switches: { tor: { ports: 2 } } },
  };
}

/** One host on its own. */
export const alone = { name: 'alone', hosts: { h: { vswitches, vms: { vm: { count: 4 } } } } };
