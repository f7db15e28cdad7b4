/** The half of the tests' face that is the same however frames come and go: what an operator does, and what he can look up. */
import type { Network } from '../../src/engine/network.ts';
import type { SwitchUnderTest } from './switch-under-test.ts';

/** For the network's first switch. On the virtual clock in this thread every call is done when it returns. */
export function operate(network: Network): Omit<SwitchUnderTest, 'receiveAll' | 'advance' | 'assertLedger'> {
  const { name, host } = network.plan.switches[0]!;
  const full = (port: string): string => `${host}/${port}`;
  const short = (port: string): string => (port === 'uplink' ? port : port.slice(host.length + 1));
  return {
    setLink: (port, up) => void network.setLink(full(port), up),
    setActive: (uplink) => void network.setActive(full(uplink)),
    setGuestMac: (port, mac) => void network.setGuestMac(full(port), mac),
    setPortVlan: (port, vlan) => void network.setPortVlan(full(port), vlan),
    flush(port, vlan) {
      const of = vlan === undefined ? {} : { vlan };
      void network.flush(port === undefined ? { switch: name, ...of } : { port: full(port), ...of });
    },
    setStatic: (vid, mac, port) => void network.setStatic(name, vid, mac, full(port)),
    deleteStatic: (vid, mac) => void network.setStatic(name, vid, mac, null),
    table(timeNs) {
      network.advance(timeNs);
      return network.macTable(name).map(({ vlan, mac, port, static: bound }) => {
        return { vlan, mac, port: short(port), ...(bound && { static: true as const }) };
      });
    },
    moves() {
      return network.moves(name).map(({ seconds, vlan, mac, from, to }) => {
        return { timeNs: BigInt(Math.round(seconds * 1e9)), vlan, mac, from: short(from), to: short(to) };
      });
    },
    close: () => void network.stop(),
  };
}
