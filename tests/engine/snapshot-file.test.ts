/** Snapshots as files: whole or refused, by name and in one line. */
import { createHash } from 'node:crypto';
import { mkdirSync, mkdtempSync, readdirSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import fc from 'fast-check';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import type { CapturedFrame } from '../../src/capture/read.ts';
import { vswitch } from '../../src/engine/generated/snapshot.js';
import { Network } from '../../src/engine/network.ts';
import { Snapshot } from '../../src/engine/snapshot.ts';
import { parseSnapshot, SnapshotError } from '../../src/engine/snapshot-file.ts';
import { loadTopology, topologyFrom } from '../../src/topology/load.ts';
import { live, told, withoutHandles, worlds } from './world.ts';

const folder = mkdtempSync(join(tmpdir(), 'vswitch-vsnap-'));
afterAll(() => rmSync(folder, { recursive: true }));
const path = (name: string) => join(folder, name);

const topology = topologyFrom({
  name: 'small',
  hosts: {
    h: {
      uplinks: { u: { to: 'p/1', rate: '10G', delay: '2us' } },
      vswitches: { s: { table: { max: 16 }, portGroups: { g: { vlan: 10 } } } },
      vms: { vm: { count: 2, portGroup: 'g', ip: '10.0.0.1/24' } },
    },
  },
  physical: { switches: { p: { ports: 2, table: { max: 16 } } } },
  traffic: [
    { from: 'h/vm1', to: 'h/vm2', rate: '1Gbps' },
    { from: 'h/vm2', to: 'broadcast', rate: '100kpps' },
  ],
});

let network: Network;
let snapshot: Snapshot;
let file: Buffer;
beforeAll(async () => {
  network = new Network(topology);
  network.advance(100_000n);
  snapshot = await network.snapshot();
  await snapshot.save(path('a.vsnap'));
  file = readFileSync(path('a.vsnap'));
});

const inWords = ({ timeNs, interface: { name }, direction, bytes }: CapturedFrame): string =>
  `${timeNs} ${name} ${direction} ${Buffer.from(bytes).toString('hex')}`;

describe('a snapshot in a file', () => {
  it('is what was saved', async () => {
    const loaded = await Snapshot.load(path('a.vsnap'), { topology });
    expect(loaded.topology).toEqual(topology);
    const { topology: _, timeNs, position, bytes, options } = loaded;
    expect({ timeNs, position, bytes, options }).toEqual({
      timeNs: 100_000n,
      position: network.position,
      bytes: snapshot.bytes,
      options: snapshot.options,
    });
    const again = Network.from(loaded);
    expect(told(again)).toEqual(told(network));
    const other = await network.fork();
    for (const each of [again, other]) each.advance(1_000_000n);
    expect(told(again)).toEqual(told(other));
  });

  it('of any random network goes on as if it had never stopped', async () => {
    await fc.assert(
      fc.asyncProperty(worlds, fc.nat(), fc.integer({ min: 1, max: 3 }), async (drawn, some, workers) => {
        const world = withoutHandles(drawn);
        const first = new Network(world.topology, { injectAt: ['*'], watch: ['*'], workers });
        const done = some % (world.acts.length + 1);
        await live(first, world, 0, done);
        // In the middle of what several workers do side by side, too.
        first.advance(world.endNs, some % 400);
        first.takeFrames();
        const name = path('world.vsnap');
        await (await first.snapshot()).save(name);
        const second = Network.from(await Snapshot.load(name, { topology: world.topology }));
        for (const each of [first, second]) {
          await live(each, world, done);
          each.advance(world.endNs);
        }
        expect(told(second)).toEqual(told(first));
        expect(second.takeFrames().map(inWords)).toEqual(first.takeFrames().map(inWords));
      }),
      { numRuns: 15 },
    );
  });

  it('is of any topology that can be loaded', async () => {
    for (const name of ['two-uplinks', 'vlans']) {
      const sample = loadTopology(join(import.meta.dirname, '../../captures/samples', `${name}.yaml`));
      const one = new Network({ ...sample, captures: [] });
      await (await one.snapshot()).save(path('sample.vsnap'));
      const { topology: read } = await Snapshot.load(path('sample.vsnap'), { topology: { ...sample, captures: [] } });
      expect(read).toEqual({ ...sample, captures: [] });
    }
  });

  it('leaves nothing beside it', () => {
    expect(readdirSync(folder).filter((name) => name.includes('part'))).toEqual([]);
  });
});

async function refusal(bytes: Buffer): Promise<string> {
  const error = await parseSnapshot('x.vsnap', bytes).then(
    () => new Error('it was read'),
    (thrown: Error) => thrown,
  );
  expect(error).toBeInstanceOf(SnapshotError);
  expect(error.message).not.toContain('\n');
  return error.message;
}

/** The file with another header or format, and a digest that fits. */
function altered(change: (header: vswitch.SnapshotHeader) => void, format = 1): Buffer {
  const headerBytes = file.readUInt32LE(12);
  const header = vswitch.SnapshotHeader.decode(file.subarray(24, 24 + headerBytes));
  change(header);
  const encoded = vswitch.SnapshotHeader.encode(header).finish();
  const head = Buffer.from(file.subarray(0, 24));
  head.writeUInt32LE(format, 8);
  head.writeUInt32LE(encoded.length, 12);
  const all = Buffer.concat([head, encoded, file.subarray(24 + headerBytes, -32)]);
  return Buffer.concat([all, createHash('sha256').update(all).digest()]);
}

describe('a file is refused', () => {
  const none = 'x.vsnap: that is no snapshot; name a file that vswitch run --snapshot-at or snapshot.save wrote';
  const cut = 'x.vsnap: the snapshot is cut off; take it again, or use a copy of it';
  const damaged = 'x.vsnap: the snapshot is damaged; take it again, or use a copy of it';

  it('with any of its bytes flipped, and the running network is as it was', async () => {
    const before = told(network);
    for (let at = 0; at < file.length; at++) {
      const bytes = Buffer.from(file);
      bytes[at]! ^= 0xff;
      expect([none, cut, damaged]).toContain(await refusal(bytes));
    }
    expect(told(network)).toEqual(before);
  });

  it('with any one bit of its head flipped', async () => {
    for (let bit = 0; bit < 24 * 8; bit++) {
      const bytes = Buffer.from(file);
      bytes[bit >> 3]! ^= 1 << (bit & 7);
      expect([none, cut, damaged]).toContain(await refusal(bytes));
    }
  });

  it('that ends too early, wherever', async () => {
    expect(await refusal(Buffer.alloc(0))).toBe(none);
    for (let length = 1; length < file.length; length++) expect(await refusal(file.subarray(0, length))).toBe(cut);
  });

  it('with something behind its end', async () => {
    expect(await refusal(Buffer.concat([file, Buffer.alloc(1)]))).toBe(damaged);
  });

  it('that is something else', async () => {
    expect(await refusal(Buffer.from('hosts: {}\n'))).toBe(none);
  });

  it('of another format', async () => {
    expect(await refusal(altered(() => {}, 7))).toBe(
      'x.vsnap: the snapshot has format 7, and this version reads format 1; use the version that made it',
    );
  });

  it('of another core', async () => {
    const bytes = altered((header) => {
      header.programVersion = '9.8.7';
      header.core = new Uint8Array(32);
    });
    expect(await refusal(bytes)).toBe(
      'x.vsnap: the snapshot was made by version 9.8.7 with another core, whose memory is laid out otherwise; use the version that made it',
    );
  });

  it('whose parts do not fit, though its digest does', async () => {
    for (const change of [
      (header: vswitch.SnapshotHeader) => header.runs.push(1, 1),
      (header: vswitch.SnapshotHeader) => header.runs.pop(),
      (header: vswitch.SnapshotHeader) => header.runs.push(0, 0xffff_ffff),
      (header: vswitch.SnapshotHeader) => {
        header.topology = '{';
      },
    ])
      expect(await refusal(altered((header) => void change(header)))).toBe(damaged);
  });

  it('that is not there, or is a directory', async () => {
    await expect(Snapshot.load(path('none.vsnap'))).rejects.toThrow(
      `${path('none.vsnap')}: no such file; name a snapshot`,
    );
    await expect(Snapshot.load(folder)).rejects.toThrow(`${folder}: that is a directory; name a snapshot`);
  });

  it('of another topology, where one is expected', async () => {
    await expect(Snapshot.load(path('a.vsnap'), { topology: { ...topology, seed: 2 } })).rejects.toThrow(
      `${path('a.vsnap')}: the snapshot is of another topology (small), or of an earlier state of small; leave the topology out to go on with the snapshot's own`,
    );
  });

  it('of a plan that puts things elsewhere', async () => {
    writeFileSync(
      path('plan.vsnap'),
      altered((header) => header.fingerprint.fill(0)),
    );
    const loaded = await Snapshot.load(path('plan.vsnap'));
    expect(() => Network.from(loaded)).toThrow(
      'the snapshot was made by another version, which lays the memory out otherwise; use the version that made it',
    );
  });
});

describe('a snapshot cannot be saved', () => {
  it('where there is no folder', async () => {
    await expect(snapshot.save(path('no/a.vsnap'))).rejects.toThrow(
      `${path('no/a.vsnap')}: no such directory; give another path for the snapshot`,
    );
  });

  it('over a folder, and leaves nothing beside it', async () => {
    mkdirSync(path('taken'));
    await expect(snapshot.save(path('taken'))).rejects.toThrow(
      'that is a directory; give another path for the snapshot',
    );
    expect(readdirSync(folder).filter((name) => name.startsWith('taken'))).toEqual(['taken']);
  });
});
