/** Captures attached to a network that the calling thread moves. */
import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, expect, it } from 'vitest';
import type { CapturedFrame } from '../../src/capture/frame.ts';
import { readCapture, readCaptureBytes } from '../../src/capture/read.ts';
import { Network } from '../../src/engine/network.ts';
import { topologyFrom } from '../../src/topology/load.ts';

const folder = mkdtempSync(join(tmpdir(), 'vswitch-live-'));
afterAll(() => rmSync(folder, { recursive: true }));
const file = join(folder, 'all.pcapng');

/** Its second stream fills a capture ring many times over. */
const topology = topologyFrom({
  hosts: {
    h: {
      count: 2,
      uplinks: { u: { to: 'tor/{n}', rate: '10G', delay: '2us' } },
      vswitches: { v: { portGroups: { pg: { vlan: 10 } } } },
      vms: { a: { ip: '10.0.0.{n}/24' }, b: { ip: '10.0.1.{n}/24' } },
    },
  },
  physical: { switches: { tor: { ports: 2 } } },
  traffic: [
    { from: 'h1/a', to: 'h2/a', rate: '10kpps', size: 64 },
    { from: 'h1/b', to: 'h2/b', rate: '700kpps', size: 1518 },
  ],
  captures: [{ file, ports: ['h1/*'], filter: 'arp or greater 1000' }],
});

const told = (frames: Iterable<CapturedFrame>) =>
  [...frames].map(
    ({ timeNs, packetId, direction, interface: at, bytes }) =>
      `${timeNs} ${packetId} ${direction} ${at.name} ${bytes.length}`,
  );

it.each([1, 3])('have all that a file has, after each call, with %i workers', async (workers) => {
  const network = new Network(topology, { live: 1, workers });
  const blocks: Buffer[] = [];
  const live = await network.attach({ ports: ['h1/*'], filter: 'arp or greater 1000' }, (bytes) => {
    blocks.push(Buffer.from(bytes));
    return false; // nobody could say `drained` while a call is under way
  });
  await network.runUntil(20_000_000n);
  const given = readCaptureBytes('live', Buffer.concat(blocks));
  expect(live.lost).toBe(0);
  await network.stop();
  expect(told(given)).toEqual(told(readCapture(file)));
  expect(live.frames).toBeGreaterThan(20_000);
});
