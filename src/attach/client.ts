/** Finds running networks and captures at them. Loads nothing of them, for Wireshark calls it often. */
import { connect, type Socket } from 'node:net';
import { readLine } from './line.ts';
import { type Answer, AttachError, type LiveOrder, type Offered, type Request, readAnswer } from './message.ts';
import { places, removed } from './place.ts';

/** A network that answered. */
export interface Running extends Offered {
  readonly path: string;
}

const ANSWER_WAIT_MS = 5_000;
/** A list is for people who wait: a process that is busy or stopped is left out. */
const LIST_WAIT_MS = 1_000;

/** All networks of this user that answer, by process. */
export async function runningNetworks(): Promise<Running[]> {
  const answers = await Promise.all(
    places().map(async ({ path }): Promise<Running[]> => {
      try {
        const { socket, answer } = await ask(path, { list: true }, LIST_WAIT_MS);
        socket.destroy();
        return answer.ok && answer.network !== undefined ? [{ ...answer.network, path }] : [];
      } catch {
        return [];
      }
    }),
  );
  return answers.flat();
}

/** A pcapng stream of what a network sees, from now on; destroying it ends the capture. @throws AttachError with the network's reason. */
export async function captureAt(path: string, order: LiveOrder): Promise<Socket> {
  const { socket, answer } = await ask(path, order, ANSWER_WAIT_MS);
  if (answer.ok) return socket;
  socket.destroy();
  throw new AttachError(answer.error);
}

async function ask(path: string, request: Request, waitMs: number): Promise<{ socket: Socket; answer: Answer }> {
  const socket = await connected(path);
  socket.write(`${JSON.stringify(request)}\n`);
  try {
    return { socket, answer: readAnswer(await readLine(socket, waitMs)) };
  } catch (error) {
    socket.destroy();
    throw error;
  }
}

/** A socket at which nobody listens any more is removed. */
function connected(path: string): Promise<Socket> {
  return new Promise((resolve, reject) => {
    const socket = connect(path);
    socket.once('connect', () => resolve(socket));
    socket.once('error', (error: NodeJS.ErrnoException) => {
      if (error.code === 'ECONNREFUSED') removed(path);
      reject(new AttachError(`no network answers at ${path}; it may have ended`));
    });
  });
}
