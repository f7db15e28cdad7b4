/** `vswitch wireshark`: what a running network sees, live in Wireshark or on the standard output. */
import { type ChildProcess, spawn } from 'node:child_process';
import { existsSync } from 'node:fs';
import type { Socket } from 'node:net';
import { stdout } from 'node:process';
import type { Writable } from 'node:stream';
import { fileURLToPath } from 'node:url';
import { captureAt, type Running, runningNetworks } from '../attach/client.ts';
import type { LiveOrder } from '../attach/message.ts';
import { EXIT_FAILED, EXIT_FINE, note, tell, UsageError } from './errors.ts';
import { counted, table } from './format.ts';
import { configurationFolder, hasProfile, PROFILE_NAME, PROFILE_SOURCE } from './wireshark-folders.ts';

export interface WiresharkOptions {
  readonly of?: string;
  readonly port?: readonly string[];
  readonly filter?: string;
  readonly snap?: number;
  readonly sample?: number;
  readonly direction?: 'in' | 'out' | 'both';
  readonly stages?: LiveOrder['stages'];
  readonly pipe?: boolean;
  readonly list?: boolean;
}

/** Names by which Wireshark is called where it is not in the path. */
const ELSEWHERE = [
  '/Applications/Wireshark.app/Contents/MacOS/Wireshark',
  'C:\\Program Files\\Wireshark\\Wireshark.exe',
];

export async function wireshark(file: string | undefined, options: WiresharkOptions): Promise<number> {
  if (options.list === true) return list();
  if (options.pipe === true && stdout.isTTY)
    throw new UsageError('--pipe: the standard output is a terminal; write `| wireshark -k -i -` behind it');
  if (file !== undefined && options.of !== undefined)
    throw new UsageError('--of is for a network that runs already; leave it out, or the topology');
  if (file === undefined) return show(await captureAt((await chosen(options.of)).path, orderFrom(options)), options);
  const { runOffered } = await import('./offered.ts');
  return runOffered(file, async (path) => show(await captureAt(path, orderFrom(options)), options));
}

function orderFrom({ port = ['*'], filter, snap, sample, direction, stages }: WiresharkOptions): LiveOrder {
  return {
    ports: port,
    ...(filter === undefined ? {} : { filter }),
    ...(snap === undefined ? {} : { snapLength: snap }),
    ...(sample === undefined ? {} : { sample }),
    ...(direction === undefined || direction === 'both' ? {} : { direction }),
    ...(stages === undefined ? {} : { stages }),
  };
}

async function list(): Promise<number> {
  const networks = await runningNetworks();
  if (networks.length === 0) stdout.write('no network is running\n');
  else {
    const rows = networks.map(({ name, pid, clock, ports }) => [
      String(pid),
      name,
      clock,
      counted(ports.length, 'port'),
    ]);
    stdout.write(
      `${table([{ title: 'process', align: 'right' }, { title: 'network' }, { title: 'clock' }, { title: 'to see' }], rows)}\n`,
    );
  }
  return EXIT_FINE;
}

/** The only network, or the one that is named by name or process. */
async function chosen(of: string | undefined): Promise<Running> {
  const networks = await runningNetworks();
  if (networks.length === 0)
    throw new UsageError('no network is running; start one with vswitch run, or name a topology to run here');
  const fit = of === undefined ? networks : networks.filter(({ name, pid }) => name === of || String(pid) === of);
  if (fit.length === 1) return fit[0]!;
  const known = (fit.length === 0 ? networks : fit).map(({ name, pid }) => `${name} (${pid})`).join(', ');
  throw new UsageError(
    of !== undefined && fit.length === 0
      ? `--of ${of}: no such network is running; there are ${known}`
      : `several networks are running: ${known}; choose one by --of with its process`,
  );
}

/** Ends when Wireshark is closed, when nobody reads the standard output any more, or by Ctrl-C; and when the network ends. */
async function show(stream: Socket, { pipe }: WiresharkOptions): Promise<number> {
  const stop = (): void => void stream.destroy();
  process.on('SIGINT', stop).on('SIGTERM', stop);
  try {
    if (pipe === true) {
      await pour(stream, stdout);
      return EXIT_FINE;
    }
    const child = await opened(stream);
    const exited = new Promise<number>((resolve) =>
      child.on('close', (code, signal) => resolve(signal ? 0 : (code ?? 0))),
    );
    await Promise.race([pour(stream, child.stdin!), exited]);
    child.stdin!.end();
    const code = await exited;
    if (code !== 0) tell(`wireshark ended with exit code ${code}`);
    return code === 0 ? EXIT_FINE : EXIT_FAILED;
  } finally {
    stream.destroy();
    process.off('SIGINT', stop).off('SIGTERM', stop);
  }
}

/** Until either side has ended. Whoever reads may go at any time. */
function pour(stream: Socket, to: Writable): Promise<void> {
  return new Promise((resolve) => {
    stream.on('error', () => {}).on('close', () => resolve());
    to.on('error', () => stream.destroy());
    stream.pipe(to, { end: false });
  });
}

/** Wireshark with its end of a pipe. @throws UsageError when there is none. */
function opened(stream: Socket): Promise<ChildProcess> {
  const named = process.env['VSWITCH_WIRESHARK'];
  const program = named ?? ELSEWHERE.find((path) => existsSync(path)) ?? 'wireshark';
  const isInstalled = hasProfile(configurationFolder());
  if (!isInstalled)
    note(`vswitch extcap --install adds a profile with columns, colours and buttons for what vSwitch tells`);
  const lua = fileURLToPath(new URL('vswitch.lua', PROFILE_SOURCE));
  const args = ['-k', '-i', '-', ...(isInstalled ? ['-C', PROFILE_NAME] : []), '-X', `lua_script:${lua}`];
  return new Promise((resolve, reject) => {
    const child = spawn(program, args, { stdio: ['pipe', 'inherit', 'inherit'] });
    child.once('spawn', () => resolve(child));
    child.once('error', () => {
      stream.destroy();
      reject(
        new UsageError(
          named === undefined
            ? 'Wireshark was not found; install it (apt install wireshark, brew install --cask wireshark, or wireshark.org), name it in VSWITCH_WIRESHARK, or write to another program with --pipe'
            : `VSWITCH_WIRESHARK: ${named} cannot be started; it is the path of Wireshark`,
        ),
      );
    });
  });
}
