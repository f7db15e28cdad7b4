/** The line of JSON at the begin of a connection; what follows stays in the socket. */
import type { Socket } from 'node:net';
import { AttachError, LINE_BYTES_MAX } from './message.ts';

const NEWLINE = 0x0a;

/** @throws AttachError when the other side closes before, says too much, or nothing for so long. */
export function readLine(socket: Socket, waitMs: number): Promise<string> {
  return new Promise((resolve, reject) => {
    const pieces: Buffer[] = [];
    let length = 0;
    const settle = (finish: () => void): void => {
      clearTimeout(timer);
      socket.off('readable', look).off('end', early).off('close', early).off('error', failed);
      finish();
    };
    const fail = (why: string): void => settle(() => reject(new AttachError(why)));
    const early = (): void => fail('the connection was closed before its first line');
    const failed = (error: Error): void => fail(error.message);
    const timer = setTimeout(() => fail(`no line within ${waitMs} ms`), waitMs);
    const look = (): void => {
      for (let piece: Buffer | null = socket.read(); piece !== null; piece = socket.read()) {
        const end = piece.indexOf(NEWLINE);
        pieces.push(end === -1 ? piece : piece.subarray(0, end));
        length += piece.length;
        if (end === -1 && length <= LINE_BYTES_MAX) continue;
        if (end === -1) fail('the line is too long');
        else settle(() => resolve(textBefore(socket, pieces, piece.subarray(end + 1))));
        return;
      }
    };
    socket.on('readable', look).on('end', early).on('close', early).on('error', failed);
  });
}

function textBefore(socket: Socket, pieces: readonly Buffer[], rest: Buffer): string {
  if (rest.length > 0) socket.unshift(rest);
  return Buffer.concat(pieces).toString();
}
