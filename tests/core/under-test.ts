/** The real core behind the tests' face: one vSwitch on the virtual clock, frames injected one by one, copies read back from a capture. */
import { Network } from '../../src/engine/network.ts';
import type { Topology } from '../../src/topology/model.ts';
import type { SwitchUnderTest } from './switch-under-test.ts';

export function underTest(topology: Topology, options: { burst?: number } = {}): SwitchUnderTest {
  const network = new Network(topology, { ...options, injectAt: ['*'], watch: ['*'], unplugged: 'open' });
  const sw = network.plan.switches[0]!;
  const full = (port: string): string => `${sw.host}/${port}`;
  const short = (port: string): string => port.slice(sw.host.length + 1);
  let before = verdicts(network);
  return {
    receive(port, bytes, timeNs) {
      if (!network.inject(full(port), bytes, timeNs)) throw new Error('the injection queue is full');
      network.advance(timeNs);
      const copies = network.takeFrames().filter((frame) => frame.direction === 'out');
      const after = verdicts(network);
      const fresh = [...after].filter(([name, count]) => count !== (before.get(name) ?? 0)).map(([name]) => name);
      before = after;
      if (fresh.length !== 1) throw new Error(`one frame had ${fresh.length} ingress verdicts: ${fresh.join(', ')}`);
      assertLedger(network);
      return { verdict: fresh[0]!, copies: copies.map((f) => ({ port: short(f.interface.name!), bytes: f.bytes })) };
    },
    setLink(port, up) {
      void network.setLink(full(port), up);
    },
    flush(port) {
      void network.flush(port === undefined ? { switch: sw.name } : { port: full(port) });
    },
    setStatic(vid, mac, port) {
      void network.setStatic(sw.name, vid, mac, full(port));
    },
    deleteStatic(vid, mac) {
      void network.setStatic(sw.name, vid, mac, null);
    },
    table(timeNs) {
      network.advance(timeNs);
      return network.macTable(sw.name).map(({ vlan, mac, port, static: fixed }) => {
        const where = port === 'uplink' ? port : short(port);
        return fixed ? { vlan, mac, port: where, static: true as const } : { vlan, mac, port: where };
      });
    },
    close() {
      void network.stop();
    },
  };
}

const EGRESS = new Set(['delivered', 'queue_full', 'egress_link_down', 'egress_vlan', 'no_uplink_copy', 'no_buffer']);

function verdicts(network: Network): Map<string, number> {
  const sums = new Map<string, number>();
  for (const port of network.ports()) {
    for (const [name, count] of Object.entries(port.verdicts)) {
      if (!EGRESS.has(name)) sums.set(name, (sums.get(name) ?? 0) + count);
    }
  }
  return sums;
}

/** Frames in + copies made = delivered + drops + held, exactly, after every frame. */
function assertLedger(network: Network): void {
  const ledger = network.ledger();
  if (!ledger.balanced) throw new Error(`the ledger does not balance: ${JSON.stringify(ledger)}`);
}
