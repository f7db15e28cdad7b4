/**
 * `vswitch extcap`: the running networks' ports as interfaces inside Wireshark, by its extcap protocol (wireshark's
 * doc/extcap.adoc). Wireshark calls it once for all interfaces, once for each interface's options, and then to capture into a FIFO.
 *
 * Its arguments are Wireshark's, not ours, so they are read here. Nothing of the engine is loaded: the frames come over a socket
 * (`src/attach`). With the built package a call takes about as long as Node does to start.
 */
import { createWriteStream } from 'node:fs';
import type { Socket } from 'node:net';
import { stderr, stdout } from 'node:process';
import { captureAt, type Running, runningNetworks } from '../attach/client.ts';
import { AttachError, type LiveOrder } from '../attach/message.ts';
import { ALL_PORTS, CONFIG_LINES, DLT_LINES, PORTS_LINE, SAMPLE_MAX, SNAP_MAX } from './extcap-words.ts';

/** Before the port of an interface: `vswitch:1234:esx1/web1`. */
const SCHEME = 'vswitch';

type Words = ReadonlyMap<string, string>;

/** Exit code 0, or 1 with a line on the standard error, which Wireshark shows. */
export async function extcap(args: readonly string[], version: string): Promise<number> {
  try {
    const words = readWords(args);
    if (words.has('install')) return await (await import('./extcap-install.ts')).install();
    if (words.has('uninstall')) return await (await import('./extcap-install.ts')).uninstall();
    if (words.has('extcap-interfaces')) return tellLines(interfaceLines(await runningNetworks(), version));
    const name = words.get('extcap-interface');
    if (name === undefined) return tellLines(HELP);
    if (words.has('extcap-dlts')) return tellLines(DLT_LINES);
    if (words.has('extcap-config'))
      return tellLines(partsOf(name).port === ALL_PORTS ? [...CONFIG_LINES, PORTS_LINE] : CONFIG_LINES);
    if (words.has('capture')) return await capture(name, words);
    const filter = words.get('extcap-capture-filter');
    if (filter !== undefined) return tellLines(await complaintsOf(filter));
    return tellLines(HELP);
  } catch (error) {
    stderr.write(`vswitch extcap: ${error instanceof Error ? error.message.split('\n')[0] : error}\n`);
    return 1;
  }
}

const HELP = [
  'vswitch extcap: the ports of running networks as interfaces of Wireshark',
  '',
  '  vswitch extcap --install     make Wireshark and tshark list them, and install the profile vSwitch',
  '  vswitch extcap --uninstall   take both away',
  '  vswitch extcap --extcap-interfaces   what Wireshark would list now',
  '',
  'All else is what Wireshark calls; a network is seen while vswitch run is under way.',
];

/** `--key value`, `--key=value`, `--flag`. */
function readWords(args: readonly string[]): Words {
  const words = new Map<string, string>();
  for (let i = 0; i < args.length; i++) {
    const word = args[i]!;
    if (!word.startsWith('--')) throw new AttachError(`${word} is none of extcap's options`);
    const equals = word.indexOf('=');
    const next = args[i + 1];
    if (equals !== -1) words.set(word.slice(2, equals), word.slice(equals + 1));
    else if (next !== undefined && !next.startsWith('--')) words.set(word.slice(2), args[++i]!);
    else words.set(word.slice(2), '');
  }
  return words;
}

function tellLines(lines: readonly string[]): number {
  stdout.write(lines.map((line) => `${line}\n`).join(''));
  return 0;
}

/** Wireshark asks in this way whether a filter is right, while it is typed: silence is yes. */
async function complaintsOf(filter: string): Promise<string[]> {
  if (filter === '') return [];
  const { compileFilter } = await import('../capture/filter.ts');
  try {
    compileFilter(filter);
    return [];
  } catch (error) {
    return [error instanceof Error ? error.message : String(error)];
  }
}

/** Braces end a value. */
const plain = (text: string): string => text.replace(/[{}\p{Cc}]/gu, ' ');

function interfaceLines(networks: readonly Running[], version: string): string[] {
  const listed = networks.flatMap((network) => [
    interfaceLine(network, ALL_PORTS, 'all ports'),
    ...network.ports.map(({ name, description }) => interfaceLine(network, name, `${name}, ${description}`)),
  ]);
  return [`extcap {version=${version}}{display=vSwitch: ports of running networks}`, ...listed];
}

function interfaceLine({ name, pid }: Running, port: string, what: string): string {
  return `interface {value=${SCHEME}:${pid}:${port}}{display=vSwitch ${plain(name)}: ${plain(what)}}`;
}

function partsOf(name: string): { pid: number; port: string } {
  const [, pid = '', port = ''] = new RegExp(`^${SCHEME}:(\\d+):(.+)$`).exec(name) ?? [];
  if (port === '') throw new AttachError(`${name} is no interface of vSwitch; they are named ${SCHEME}:PID:PORT`);
  return { pid: Number(pid), port };
}

function orderOf(port: string, words: Words): LiveOrder {
  const snapLength = numberOf(words, 'snap', 0, SNAP_MAX);
  const sample = numberOf(words, 'sample', 1, SAMPLE_MAX);
  const filter = words.get('extcap-capture-filter') ?? '';
  const direction = words.get('direction') ?? 'both';
  const stages = (words.get('stage') ?? 'wire').split(',') as LiveOrder['stages'];
  const named = port === ALL_PORTS ? (words.get('ports') ?? ALL_PORTS) : port;
  return {
    ports: named.split(',').map((each) => each.trim()),
    ...(snapLength > 0 ? { snapLength } : {}),
    ...(sample > 1 ? { sample } : {}),
    ...(filter === '' ? {} : { filter }),
    ...(direction === 'both' ? {} : { direction: direction as 'in' | 'out' }),
    ...(stages?.join() === 'wire' || stages === undefined ? {} : { stages }),
  };
}

function numberOf(words: Words, key: string, first: number, last: number): number {
  const text = words.get(key) ?? String(first);
  const value = /^\d+$/.test(text) ? Number(text) : Number.NaN;
  if (value >= first && value <= last) return value;
  throw new AttachError(`--${key} ${text}: expected a whole number from ${first} to ${last}`);
}

/** Until Wireshark closes the FIFO or asks to stop, or the network ends; all three are fine. */
async function capture(name: string, words: Words): Promise<number> {
  const fifo = words.get('fifo') ?? '';
  if (fifo === '') throw new AttachError('--capture needs --fifo, the path of the pipe to write to');
  const { pid, port } = partsOf(name);
  const order = orderOf(port, words);
  const networks = (await runningNetworks()).filter((network) => network.pid === pid);
  const network = networks.find(({ ports }) => port === ALL_PORTS || ports.some((each) => each.name === port));
  if (network === undefined)
    throw new AttachError(
      networks.length === 0
        ? `process ${pid} runs no network any more; refresh the interfaces`
        : `the network of process ${pid} has no port ${port}; refresh the interfaces`,
    );
  await pour(await captureAt(network.path, order), fifo);
  return 0;
}

function pour(stream: Socket, fifo: string): Promise<void> {
  return new Promise((resolve, reject) => {
    const pipe = createWriteStream(fifo);
    const stop = (): void => {
      stream.destroy();
      pipe.destroy();
      resolve();
    };
    pipe.on('error', (error: NodeJS.ErrnoException) => {
      if (error.code !== 'EPIPE') reject(new AttachError(`${fifo}: ${error.message}`));
      stop();
    });
    pipe.on('finish', resolve);
    stream.on('error', stop);
    process.on('SIGTERM', stop).on('SIGINT', stop);
    stream.pipe(pipe);
  });
}
