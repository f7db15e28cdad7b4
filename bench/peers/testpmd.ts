/**
 * DPDK's testpmd: frames from port to port, with no table. io moves buffers; mac writes both addresses of each frame, macswap
 * exchanges them. A yardstick for input and output, not a switch. Its ports are net_null devices, which make a frame of
 * nothing (copy=1: copy one in and out), or net_pcap devices that replay frames as those of Open vSwitch do (ovs.ts).
 */
import type { ChildProcess } from 'node:child_process';
import { mkdirSync } from 'node:fs';
import { join } from 'node:path';
import { compile, cpuNs, memoryForDpdk, must, need, needRoot, start, Unavailable } from './host.ts';
import { CANONICAL, type Case, type Load, type Measure, paused, type Settings, type Size } from './peer.ts';

const MEMORY_MIB = 512;
const ANSWERS_MS = 30_000;
const SETTLE_MS = 300;
const PROMPT = 'testpmd> ';

/** Its command line. */
class Console {
  readonly #child: ChildProcess;
  #said = '';
  #changed: () => void = () => {};

  constructor(child: ChildProcess) {
    this.#child = child;
    const hear = (text: Buffer): void => {
      this.#said += text;
      this.#changed();
    };
    child.stdout!.on('data', hear);
    child.stderr!.on('data', hear);
    child.once('close', () => this.#changed());
    // It may have gone when it is asked.
    child.stdin!.on('error', () => {});
  }

  /** What it says until it prompts again. Throws Unavailable. */
  async answer(): Promise<string> {
    const late = setTimeout(() => this.#changed(), ANSWERS_MS);
    const until = performance.now() + ANSWERS_MS;
    while (!this.#said.endsWith(PROMPT)) {
      if (this.#child.exitCode !== null || performance.now() > until) {
        const last = this.#said.trimEnd().split('\n').at(-1);
        throw new Unavailable(`testpmd ${this.#child.exitCode === null ? 'does not answer' : 'ends'}: ${last}`);
      }
      await new Promise<void>((resolve) => {
        this.#changed = resolve;
      });
    }
    clearTimeout(late);
    const said = this.#said;
    this.#said = '';
    return said;
  }

  ask(command: string): Promise<string> {
    this.#child.stdin!.write(`${command}\n`);
    return this.answer();
  }
}

async function open(mode: string, devices: readonly string[], settings: Settings): Promise<Measure> {
  needRoot();
  need({ 'dpdk-testpmd': 'dpdk-dev', taskset: 'util-linux', stdbuf: 'coreutils' });
  const { core, other, seconds, folder } = settings;
  const cores = [`${other},${core}`, `--main-lcore=${other}`] as const;
  const memory = [...memoryForDpdk(MEMORY_MIB), '--no-pci', '--no-telemetry', `--file-prefix=bench-${process.pid}`];
  const forwarding = ['-i', '--nb-cores=1', '--total-num-mbufs=16384', `--forward-mode=${mode}`];
  const all = ['-l', ...cores, ...memory, ...devices.map((device) => `--vdev=${device}`), '--', ...forwarding];
  // Its prompt does not wait for what it has printed before.
  const child = await start('taskset', ['-c', cores[0], 'stdbuf', '-oL', 'dpdk-testpmd', ...all], {
    stdio: 'pipe',
    cwd: folder,
  });
  const line = new Console(child);
  await line.answer();
  await line.ask('start');
  const look = async () => {
    const said = await line.ask('show port stats all');
    const sent = [...said.matchAll(/TX-packets: (\d+)/g)].reduce((sum, [, n]) => sum + Number(n), 0);
    return { frames: sent, cpuNs: cpuNs(child.pid!, /worker/) };
  };
  return paused(child.pid!, look, seconds, SETTLE_MS);
}

const MODES = { io: 'moves the buffer', mac: 'writes both addresses', macswap: 'exchanges the addresses' } as const;
type Mode = keyof typeof MODES;
const BOTH_COPIES: Load = { ...CANONICAL, copies: 2 };

function nothing(mode: Mode, copy: 0 | 1, size: number, aim?: number): Case {
  const copies = copy === 1 ? 'copies one fixed frame in and out' : 'the driver touches no frame';
  return {
    peer: 'testpmd',
    name: `${mode}, net_null copy=${copy}`,
    size,
    cores: 1,
    does: `allocates and frees buffers, ${copies}; ${MODES[mode]}; no table`,
    ...(copy === 1 && mode === 'mac' && { ours: { ...BOTH_COPIES, size } }),
    ...(aim !== undefined && { aim }),
    open: (settings) =>
      open(
        mode,
        [0, 1].map((i) => `net_null${i},size=${size},copy=${copy}`),
        settings,
      ),
  };
}

function replay(mode: Mode, size: Size): Case {
  const { ports, macs, pairs } = CANONICAL;
  return {
    peer: 'testpmd',
    name: `${mode}, net_pcap replay, ${ports} ports`,
    size,
    cores: 1,
    does: `allocates a buffer, copies the frame in, ${MODES[mode]}, frees; no table`,
    ...(size !== 'imix' && { ours: { ...CANONICAL, size, copies: 1 } }),
    open: (settings) => {
      const frames = join(settings.folder, `frames-${ports}-${macs}-${pairs}-${size}`);
      mkdirSync(frames, { recursive: true });
      must(compile('gen.c', settings.folder), [frames, ...[ports, macs, pairs, size].map(String)], 'no frames');
      const devices = Array.from(
        { length: ports },
        (_, i) => `net_pcap${i},rx_pcap=${join(frames, `p${i}.pcap`)},infinite_rx=1`,
      );
      return open(mode, devices, settings);
    },
  };
}

export const cases: readonly Case[] = [
  nothing('mac', 1, 64, 1),
  nothing('io', 1, 64),
  nothing('macswap', 1, 64),
  nothing('mac', 1, 1514),
  nothing('io', 0, 64),
  nothing('mac', 0, 64),
  nothing('macswap', 0, 64),
  replay('mac', 64),
  replay('mac', 'imix'),
  replay('mac', 1514),
];
