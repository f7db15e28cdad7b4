/** What the control thread has asked a worker for and has no answer to yet. */
import { type MessagePort, receiveMessageOnPort } from 'node:worker_threads';
import { type CommandBody, decodeDone } from './command.ts';
import { NetworkError } from './options.ts';

interface Pending {
  readonly body: CommandBody;
  readonly resolve: (ok: boolean) => void;
  readonly reject: (error: Error) => void;
}

/** By sequence number, in the order asked. */
export class Answers {
  readonly #pending = new Map<number, Pending>();

  expect(sequence: number, body: CommandBody): Promise<boolean> {
    return new Promise((resolve, reject) => this.#pending.set(sequence, { body, resolve, reject }));
  }

  take(letter: Uint8Array): void {
    const { sequence, ok } = decodeDone(letter);
    this.#pending.get(sequence)?.resolve(ok);
    this.#pending.delete(sequence);
  }

  /** Takes what a thread that has ended has answered, and no event has brought yet; closes the port. */
  takeLast(port: MessagePort): void {
    for (let mail = receiveMessageOnPort(port); mail !== undefined; mail = receiveMessageOnPort(port))
      this.take(mail.message as Uint8Array);
    port.close();
  }

  /** What is still to be answered. */
  open(): [sequence: number, body: CommandBody][] {
    return [...this.#pending].map(([sequence, { body }]) => [sequence, body]);
  }

  /** Nobody answers any more. */
  fail(error: Error): void {
    for (const { reject } of this.#pending.values()) reject(error);
    this.#pending.clear();
  }
}

export function stoppedBefore(): NetworkError {
  return new NetworkError('the network was stopped before this was carried out');
}
