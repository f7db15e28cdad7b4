/** Captures at a running network from outside, over its socket. */
import {
  chmodSync,
  existsSync,
  lchownSync,
  mkdirSync,
  mkdtempSync,
  renameSync,
  rmSync,
  statSync,
  symlinkSync,
  writeFileSync,
} from 'node:fs';
import { connect, createServer } from 'node:net';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { captureAt, runningNetworks } from '../../src/attach/client.ts';
import { readRequest } from '../../src/attach/message.ts';
import { folderOfSockets, places } from '../../src/attach/place.ts';
import { type Offer, offerCaptures } from '../../src/attach/server.ts';
import { readCaptureBytes } from '../../src/capture/read.ts';
import { interfaceDescription } from '../../src/capture/write.ts';
import { FakeNetwork } from './fake.ts';

let runtime = '';
let offers: Offer[] = [];
const before = process.env['XDG_RUNTIME_DIR'];

beforeEach(() => {
  runtime = mkdtempSync(join(tmpdir(), 'vs-'));
  process.env['XDG_RUNTIME_DIR'] = runtime;
});
afterEach(async () => {
  for (const offer of offers) await offer.close();
  offers = [];
  if (before === undefined) delete process.env['XDG_RUNTIME_DIR'];
  else process.env['XDG_RUNTIME_DIR'] = before;
  rmSync(runtime, { recursive: true });
});

async function offer(network: FakeNetwork): Promise<string> {
  const made = await offerCaptures(network);
  offers.push(made);
  return made.path;
}

const until = async (isSo: () => boolean): Promise<void> => {
  while (!isSo()) await new Promise((resolve) => setTimeout(resolve, 2));
};

/** All that comes until the other side ends. */
async function all(stream: AsyncIterable<Buffer>): Promise<Buffer> {
  const pieces: Buffer[] = [];
  for await (const piece of stream) pieces.push(piece);
  return Buffer.concat(pieces);
}

describe('a network that is offered', () => {
  it('is found with its name, process and ports', async () => {
    const path = await offer(new FakeNetwork());
    const [network, ...others] = await runningNetworks();
    expect(others).toEqual([]);
    expect(network).toMatchObject({ name: 'lab', pid: process.pid, clock: 'wall', path });
    expect(network!.ports).toContainEqual({
      name: 'esx1/vm1',
      kind: 'vNIC',
      description: 'vNIC in web of esx1/vSwitch0',
    });
    expect(network!.ports.filter(({ kind }) => kind === 'drop').map(({ name }) => name)).toEqual([
      ...['esx1/DROP', 'esx2/DROP', 'tor/DROP'],
    ]);
  });

  it('stands in a folder that nobody else may enter', async () => {
    await offer(new FakeNetwork());
    expect(statSync(folderOfSockets()).mode & 0o777).toBe(0o700);
  });

  it('is not looked for where others could have put it', async () => {
    const path = await offer(new FakeNetwork());
    expect(places()).toHaveLength(1);
    chmodSync(folderOfSockets(), 0o770);
    expect(places()).toEqual([]);
    chmodSync(folderOfSockets(), 0o700);
    if (process.getuid?.() === 0) {
      for (const each of [path, folderOfSockets()]) {
        lchownSync(each, 65_534, 65_534);
        expect(places()).toEqual([]);
        lchownSync(each, 0, 0);
      }
    }
    expect(places()).toHaveLength(1);
  });

  it('refuses a folder that is a link', async () => {
    symlinkSync(tmpdir(), join(runtime, 'vswitch'));
    await expect(offerCaptures(new FakeNetwork())).rejects.toThrow(/is no folder/);
  });

  it('has a socket of its own beside another one of the same process', async () => {
    const paths = [await offer(new FakeNetwork()), await offer(new FakeNetwork())];
    expect(new Set(paths).size).toBe(2);
    expect(await runningNetworks()).toHaveLength(2);
  });

  it('gives the frames of a capture, unchanged and in order, and its last words when it ends', async () => {
    const last = interfaceDescription({ name: 'last' });
    const network = new FakeNetwork(last);
    const stream = await captureAt(await offer(network), { ports: ['esx1/*'], snapLength: 96, filter: 'arp' });
    const received = all(stream);
    network.send(1000);
    await offers[0]!.close();
    const bytes = await received;
    expect(network.orders).toEqual([{ ports: ['esx1/*'], snapLength: 96, filter: 'arp' }]);
    expect(network.open).toBe(0);
    expect(bytes.subarray(-last.length)).toEqual(Buffer.from(last));
    const frames = [...readCaptureBytes('live', bytes)];
    expect(frames.map(({ timeNs }) => timeNs)).toEqual(Array.from({ length: 1000 }, (_, i) => BigInt(i) * 1000n));
  });

  it('ends a capture whose client goes away, and goes on', async () => {
    const network = new FakeNetwork();
    const path = await offer(network);
    const stream = await captureAt(path, { ports: ['*'] });
    expect(network.open).toBe(1);
    stream.destroy();
    await until(() => network.open === 0);
    network.send(10);
    (await captureAt(path, { ports: ['*'] })).destroy();
  });

  it('tells a capture when its client cannot take more, and when it can again', async () => {
    const network = new FakeNetwork();
    const stream = await captureAt(await offer(network), { ports: ['*'] });
    while (network.isTaking) network.send(1000);
    expect(network.drained).toBe(0);
    stream.resume();
    await until(() => network.drained > 0);
    stream.destroy();
  });

  it('does not wait for ever for a client that does not read when it ends', { timeout: 20_000 }, async () => {
    const network = new FakeNetwork();
    const stream = await captureAt(await offer(network), { ports: ['*'] });
    stream.pause();
    for (let i = 0; i < 20; i++) network.send(1000);
    await offers.pop()!.close();
    expect(network.open).toBe(0);
    stream.destroy();
  });

  it('passes on why a capture is refused', async () => {
    const path = await offer(new FakeNetwork());
    await expect(captureAt(path, { ports: ['nobody'] })).rejects.toThrow('nobody is not a port; write owner/port');
  });

  it.each([
    ['hello', 'the line is no JSON'],
    ['7', 'the request is no JSON object'],
    ['{}', 'the request names no ports'],
    ['{"ports":[]}', 'ports in the request is not a list of port names and patterns'],
    ['{"ports":["*"],"snapLength":0}', 'snapLength in the request is not a whole number from 1 to 262144'],
    ['{"ports":["*"],"snapLength":262145}', 'snapLength in the request is not a whole number from 1 to 262144'],
    ['{"ports":["*"],"sample":4294967296}', 'sample in the request is not a whole number from 1 to 4294967295'],
    ['{"ports":["*"],"stages":["wire","wire"]}', 'stages in the request is not a list of wire and inside, each once'],
    ['{"ports":["*"],"constructor":1}', 'unknown key constructor in the request'],
    ['{"ports":["*"],"__proto__":{}}', 'unknown key __proto__ in the request'],
    ['{"ports":["*"],"stages":["outside"]}', 'stages in the request is not a list of wire and inside, each once'],
    ['{"ports":["*"],"direction":"up"}', 'direction in the request is not in, out or both'],
    ['{"ports":["*"],"shell":"sh"}', 'unknown key shell in the request'],
  ])('refuses the request %s by name', async (line, why) => {
    expect(() => readRequest(line)).toThrow(why);
    const path = await offer(new FakeNetwork());
    const socket = connect(path);
    socket.end(`${line}\n`);
    expect(JSON.parse((await all(socket)).toString())).toEqual({ ok: false, error: why });
  });

  it('is not held up by a client that says nothing', async () => {
    const network = new FakeNetwork();
    const path = await offer(network);
    const silent = connect(path);
    await new Promise((resolve) => silent.once('connect', resolve));
    (await captureAt(path, { ports: ['*'] })).destroy();
    await offers.pop()!.close();
    silent.destroy();
  });

  it('leaves no socket behind', async () => {
    const path = await offer(new FakeNetwork());
    expect(existsSync(path)).toBe(true);
    await offers.pop()!.close();
    expect(existsSync(path)).toBe(false);
    expect(await runningNetworks()).toEqual([]);
    await expect(captureAt(path, { ports: ['*'] })).rejects.toThrow(/no network answers at/);
  });
});

describe('what is left of a network that died', () => {
  it('is removed when its process is gone', () => {
    mkdirSync(folderOfSockets(), { mode: 0o700 });
    const stale = join(folderOfSockets(), '4194303.sock');
    writeFileSync(stale, '');
    expect(places()).toEqual([]);
    expect(existsSync(stale)).toBe(false);
  });

  it('is removed when its process number lives again but nobody listens', async () => {
    mkdirSync(folderOfSockets(), { mode: 0o700 });
    const stale = join(folderOfSockets(), `${process.pid}.sock`);
    const server = createServer();
    await new Promise<void>((resolve) => server.listen(`${stale}.other`, resolve));
    // As a killed process leaves it: the socket without who listens.
    renameSync(`${stale}.other`, stale);
    await new Promise((resolve) => server.close(resolve));
    expect(existsSync(stale)).toBe(true);
    expect(await runningNetworks()).toEqual([]);
    expect(existsSync(stale)).toBe(false);
  });
});
