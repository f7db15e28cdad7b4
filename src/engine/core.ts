/** The core, compiled once and instantiated in each thread over the one shared memory. */
import { createHash } from 'node:crypto';
import { readFileSync } from 'node:fs';

export interface Core {
  runWall(worker: number, nowNs: bigint, rounds: number): number;
  runVirtual(worker: number, untilNs: bigint, budget: bigint): number;
  runEpochs(worker: number, budget: bigint, mayWait: boolean): number;
  go(epochs: number, targetNs: bigint): void;
  again(epochs: number): void;
  setCells(epochs: number, nowNs: bigint, cellNs: bigint): void;
  repair(sw: number): number;
  openPool(pool: number): void;
  markFrames(sw: number): void;
  sweepPool(pool: number): void;
  setTime(worker: number, nowNs: bigint): void;
  nextWork(worker: number, withPeriodic: boolean): bigint;
  reform(sw: number, isStart: boolean): void;
  register(sw: number, port: number): void;
  setActive(sw: number, port: number): void;
  setGuestMac(sw: number, port: number, mac: bigint): void;
  setGroup(sw: number, port: number, high: bigint, low: bigint, on: boolean): number;
  setAccessVlan(sw: number, port: number, vid: number): void;
  setLink(sw: number, port: number, up: boolean, reason: number): void;
  setGuest(sw: number, port: number, on: boolean): void;
  setStreams(sw: number, port: number, on: boolean): void;
  setPower(sw: number, on: boolean): void;
  leave(sw: number, port: number, goesTo: number): void;
  come(sw: number, port: number, guest: number): void;
  setRole(sw: number, port: number, team: number, role: number): void;
  setPresent(sw: number, port: number, isThere: boolean): void;
  setThere(state: number, isThere: boolean): void;
  setCarried(sw: number, members: number, vid: number, isCarried: boolean): void;
  setPoint(point: number, on: boolean): void;
  setRule(sw: number, rule: number, on: boolean, guard: number, stormLimit: number): void;
  setMirror(sw: number, mirror: number, on: boolean): void;
  flushTable(sw: number, logical: number, fid: number, sticksToo: boolean): void;
  bindStatic(sw: number, fid: number, mac: bigint, logical: number): number;
  unbindStatic(sw: number, fid: number, mac: bigint): number;
  setShaper(sw: number, shaper: number, average: bigint, peak: bigint, bytes: bigint, slackNs: bigint): void;
  setMedium(wire: number, rateBps: bigint, delayNs: bigint, queueMax: bigint): void;
  setChances(
    wire: number,
    loss: bigint,
    corruption: bigint,
    duplication: bigint,
    reordering: bigint,
    heldNs: bigint,
    jitterNs: bigint,
  ): void;
  inject(wire: number, pool: number, from: number, length: number, id: bigint, dueNs: bigint): number;
  explain(sw: number, port: number, pool: number, from: number, length: number, trace: number): number;
  passRing(ring: number, count: number, burst: number, isNear: number): number;
  visitPort(sw: number, port: number): number;
  publishPorts(sw: number, worker: number): void;
  sendCopies(sw: number, port: number, list: number, mask: number, next: number, count: number): number;
  takeCopies(sw: number, port: number, list: number, mask: number, next: number, reads: boolean): number;
  accepts(program: number, bytes: number, captured: number, length: number): number;
  firstPage(from: number, end: number, used: boolean): number;
  openNat(nat: number): void;
  takeFrame(pool: number, from: number, length: number): bigint;
}

/** What `runVirtual` and `runEpochs` say (clock.ts). */
export const RUN_DONE = 0;
export const RUN_TIGHT = 1;
export const RUN_BUDGET = 2;
export const RUN_WAIT = 3;

const FILE = new URL('./generated/core.wasm', import.meta.url);

let compiled: WebAssembly.Module | undefined;
let version: Uint8Array | undefined;

/** The compiled core; compiling takes a few milliseconds and is done once for each thread. */
export function coreModule(): WebAssembly.Module {
  compiled ??= new WebAssembly.Module(readFileSync(FILE));
  return compiled;
}

/** SHA-256 of the compiled core: with another one structs may stand elsewhere. */
export function coreVersion(): Uint8Array {
  version ??= createHash('sha256').update(readFileSync(FILE)).digest();
  return version;
}

/** `now`: the wall clock, ns since the network's start, for frames of a test bed that carry a time of their own. */
export function instantiate(
  module: WebAssembly.Module,
  memory: WebAssembly.Memory,
  now: () => bigint = () => 0n,
): Core {
  return new WebAssembly.Instance(module, { env: { memory, now } }).exports as unknown as Core;
}
