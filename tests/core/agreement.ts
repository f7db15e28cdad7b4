/** What a switch showed, so written that it can be compared: a port's frames in their order, everything else in one of its own. */
import { isDeepStrictEqual } from 'node:util';
import { expect } from 'vitest';
import type { TableRow } from '../model/stations.ts';
import type { Move } from '../model/table.ts';
import type { Batch, Sent, SwitchUnderTest } from './switch-under-test.ts';

/** As many moves as a switch keeps. */
const movesKept = 256;

/** By port, its frames in hex in the order in which it sent them. */
function byPort(sent: readonly Sent[]): Record<string, string[]> {
  const ports: Record<string, string[]> = {};
  for (const { port, bytes } of sent) {
    ports[port] ??= [];
    ports[port].push(Buffer.from(bytes.buffer, bytes.byteOffset, bytes.length).toString('hex'));
  }
  return ports;
}

function written({ verdicts, drops, copies }: Batch) {
  return { verdicts, drops, sent: byPort(copies) };
}

/** As vitest's, which takes its time, but only for what is not the same. */
function assertSame(name: string, got: unknown, want: unknown): void {
  if (!isDeepStrictEqual(got, want)) expect(got, name).toEqual(want);
}

export function assertSameBatch(name: string, got: Batch, want: Batch): void {
  assertSame(name, written(got), written(want));
}

/** What a switch sends of itself may leave in any order. */
export function assertSameSent(name: string, got: readonly Sent[], want: readonly Sent[]): void {
  const lines = (sent: readonly Sent[]) =>
    sent.map(({ port, bytes }) => `${port} ${Buffer.from(bytes).toString('hex')}`).sort();
  assertSame(name, lines(got), lines(want));
}

export function assertSameTable(name: string, got: SwitchUnderTest, want: SwitchUnderTest, timeNs: bigint): void {
  assertSame(`${name}, table`, got.table(timeNs).map(line).sort(), want.table(timeNs).map(line).sort());
}

export function assertSameMoves(name: string, got: SwitchUnderTest, want: SwitchUnderTest): void {
  const last = (moves: readonly Move[]) => moves.slice(-movesKept).map(lineOf);
  assertSame(`${name}, moves`, last(got.moves()), last(want.moves()));
}

const line = ({ vlan, mac, port, static: bound }: TableRow) => `${vlan} ${mac} ${port}${bound ? ' static' : ''}`;
const lineOf = ({ timeNs, vlan, mac, from, to }: Move) => `${timeNs} ${vlan} ${mac} ${from} -> ${to}`;
