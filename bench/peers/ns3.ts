/** ns-3, a simulator: its learning bridge with 8 hosts on SimpleNetDevice (ns3.cc). `bench/virtual.ts` compares like with like. */
import { compile } from './host.ts';
import { type Case, rateOf } from './peer.ts';

const LIBRARIES = ['-lns3-bridge', '-lns3-network', '-lns3-core'];
const FRAMES_PER_SECOND = 200_000;
const HOSTS = 8;

export const cases: readonly Case[] = [64, 1514].map((size) => ({
  peer: 'ns-3',
  name: `BridgeNetDevice, ${HOSTS} hosts on SimpleNetDevice`,
  size,
  cores: 1,
  does: 'events of the hosts and both channels too, copies the payload once, learns, looks up (std::map)',
  ours: { ports: HOSTS, macs: HOSTS, pairs: HOSTS, size },
  open: ({ seconds, folder }) => {
    const program = compile('ns3.cc', folder, ...LIBRARIES);
    return () => rateOf(program, [Math.ceil(FRAMES_PER_SECOND * seconds), size]);
  },
}));
