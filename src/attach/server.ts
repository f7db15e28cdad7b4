/**
 * A running network lets others of its user see its frames: a socket that lists its ports and takes captures.
 *
 * A client that goes away ends its capture; a client that reads slowly makes its capture lose frames, which the network counts,
 * and never holds anybody up. The socket alone keeps no process alive.
 */
import { createServer, type Socket } from 'node:net';
import type { Topology } from '../topology/model.ts';
import { portIndex } from '../topology/ports.ts';
import { readLine } from './line.ts';
import { type Answer, AttachError, type LiveOrder, type Offered, type OfferedPort, readRequest } from './message.ts';
import { newPlace, removed } from './place.ts';

/** A live capture of a network. */
export interface AttachedCapture {
  close(): Promise<void>;
  /** What was not taken may be offered again. */
  drained(): void;
}

/** What a network has to know for this. */
export interface Attachable {
  readonly topology: Topology;
  readonly clock: 'wall' | 'virtual';
  /** Gives whole pcapng blocks to `write`, the section header first; `write` is false when it cannot take more now. */
  attach(order: LiveOrder, write: (bytes: Uint8Array) => boolean): Promise<AttachedCapture>;
}

export interface Offer {
  /** Where others find it. */
  readonly path: string;
  /** Ends all captures that came by it, with all that they have seen, and takes the socket away. */
  close(): Promise<void>;
}

const REQUEST_WAIT_MS = 5_000;

/** Lets others capture at a network from now on. @throws AttachError where no socket can be made. */
export async function offerCaptures(network: Attachable): Promise<Offer> {
  const path = newPlace();
  const guests = new Set<Guest>();
  const server = createServer((socket) => {
    const guest = new Guest(socket, network);
    guests.add(guest);
    socket.on('close', () => guests.delete(guest));
  });
  await new Promise<void>((resolve, reject) => {
    server.on('error', (error) => reject(new AttachError(`${path}: ${error.message}`)));
    server.listen(path, resolve);
  });
  server.unref();
  return {
    path,
    close: async () => {
      const closed = new Promise<void>((resolve) => server.close(() => resolve()));
      await Promise.all([...guests].map((guest) => guest.leave()));
      await closed;
      removed(path);
    },
  };
}

/** Whoever has connected. */
class Guest {
  readonly #socket: Socket;
  readonly #network: Attachable;
  #capture: AttachedCapture | null = null;
  #isGone = false;
  #hasAnswer = false;
  readonly #served: Promise<void>;

  constructor(socket: Socket, network: Attachable) {
    this.#socket = socket;
    this.#network = network;
    // What goes wrong with a connection ends it: `close` comes after.
    socket.on('error', () => {});
    socket.on('close', () => void this.#end());
    this.#served = this.#serve().catch((error: Error) => {
      this.#answer({ ok: false, error: error.message.split('\n')[0]! });
      socket.end();
    });
  }

  async #serve(): Promise<void> {
    const request = readRequest(await readLine(this.#socket, REQUEST_WAIT_MS));
    // From here on the other side only ever ends.
    this.#socket.resume();
    if ('list' in request) {
      this.#answer({ ok: true, network: introduce(this.#network) });
      this.#socket.end();
      return;
    }
    const capture = await this.#network.attach(request, (bytes) => this.#write(bytes));
    this.#answer({ ok: true });
    this.#capture = capture;
    this.#socket.on('drain', () => capture.drained());
    if (this.#isGone) await this.#end();
  }

  /** The blocks may stand in memory that is used again, so the socket gets a copy. */
  #write(bytes: Uint8Array): boolean {
    if (this.#isGone) return true;
    this.#answer({ ok: true });
    return this.#socket.write(Buffer.from(bytes));
  }

  #answer(answer: Answer): void {
    if (this.#hasAnswer || this.#isGone) return;
    this.#hasAnswer = true;
    this.#socket.write(`${JSON.stringify(answer)}\n`);
  }

  async #end(): Promise<void> {
    this.#isGone = true;
    const capture = this.#capture;
    this.#capture = null;
    await capture?.close();
  }

  /** The network is about to end: what the capture still has is sent first. */
  async leave(): Promise<void> {
    if (!this.#hasAnswer) this.#socket.destroy();
    await this.#served;
    const capture = this.#capture;
    this.#capture = null;
    await capture?.close();
    this.#isGone = true;
    // Whoever does not read any more is not waited for.
    const closed = new Promise<void>((resolve) => this.#socket.once('close', () => resolve()));
    if (this.#socket.destroyed) return;
    const timer = setTimeout(() => this.#socket.destroy(), REQUEST_WAIT_MS);
    this.#socket.end();
    await closed;
    clearTimeout(timer);
  }
}

function introduce({ topology, clock }: Attachable): Offered {
  return { name: topology.name, pid: process.pid, clock, ports: portsOf(topology) };
}

/** Every port, and what died at each host and switch. */
export function portsOf(topology: Topology): OfferedPort[] {
  const ports = [...portIndex(topology)].map(([name, port]): OfferedPort => {
    if (port.kind === 'vNIC')
      return {
        name,
        kind: port.kind,
        description: `vNIC in ${port.nic.portGroup} of ${port.host.name}/${port.nic.vswitch}`,
      };
    if (port.kind === 'uplink') return { name, kind: port.kind, description: `uplink of ${port.host.name}` };
    return { name, kind: port.kind, description: `port of physical switch ${port.switch.name}` };
  });
  const owners = [...topology.hosts, ...topology.switches];
  const drops = owners.map(
    ({ name }): OfferedPort => ({
      name: `${name}/DROP`,
      kind: 'drop',
      description: `what died at the ports of ${name}`,
    }),
  );
  return [...ports, ...drops];
}
