/** Networks that others may capture at while they run: those of `vswitch run`, and one that runs for `vswitch wireshark` only. */
import { availableParallelism } from 'node:os';
import { type Attachable, type Offer, offerCaptures } from '../attach/server.ts';
import { Network } from '../engine/network.ts';
import { loadTopology } from '../topology/load.ts';
import { EXIT_FAILED, note, tell, tellWarnings, UsageError } from './errors.ts';

/** Captures that can be attached to a running network at one time. */
export const LIVE_PLACES = 4;

/** Offers a network; that nobody can find it is no reason not to run it. */
export async function offered(network: Attachable): Promise<Offer | null> {
  try {
    return await offerCaptures(network);
  } catch (error) {
    note(`no live captures from outside: ${error instanceof Error ? error.message : error}`);
    return null;
  }
}

/** Runs a network on the wall clock for as long as somebody looks; `look` gets the socket at which it is offered. */
export async function runOffered(file: string, look: (path: string) => Promise<number>): Promise<number> {
  const topology = loadTopology(file);
  tellWarnings(topology);
  const switches = topology.hosts.length + topology.switches.length;
  const workers = Math.max(1, Math.min(availableParallelism(), switches));
  const network = new Network(topology, { clock: 'wall', workers, inline: false, live: LIVE_PLACES });
  await network.start();
  const offer = await offered(network);
  try {
    if (offer === null) throw new UsageError(`${topology.name}: nobody can capture at this network while it runs`);
    const code = await look(offer.path);
    if (network.failure === null) return code;
    tell(network.failure.message.split('\n')[0]!);
    return EXIT_FAILED;
  } finally {
    await offer?.close();
    await network.stop();
  }
}
