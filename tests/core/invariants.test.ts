/** What holds for every switch, whatever the model says: invariants I1, I2, I3, I5 and I7 of the end-host rules. */
import fc from 'fast-check';
import { expect, it } from 'vitest';
import { macAt, outerTag, startsWithTag, withoutTag } from '../model/frame.ts';
import type { ReferencePort } from '../model/reference.ts';
import { topologyOf } from '../model/topology.ts';
import { carries, untaggedOut } from '../model/vlan.ts';
import { type Life, lives } from './arbitraries.ts';
import { drive, type Received, type Shown } from './drive.ts';
import { underTest } from './under-test.ts';

const parameters = { numRuns: Number(process.env['MODEL_RUNS'] ?? 300) };

interface Sight {
  readonly life: Life;
  readonly received: Received;
  readonly ingress: ReferencePort;
  /** The copies, as port and bytes. */
  readonly copies: readonly { readonly port: ReferencePort; readonly bytes: Uint8Array }[];
}

/** Lets `check` see each frame and its copies. */
function always(check: (sight: Sight) => void): void {
  const property = fc.property(lives(40), (life) => {
    const port = (name: string) => life.config.ports.find((each) => each.name === name)!;
    watch(life, (received, { copies }) => {
      const sent = copies.map((copy) => {
        const [name, hex] = copy.split(' ') as [string, string];
        return { port: port(name), bytes: Buffer.from(hex, 'hex') };
      });
      check({ life, received, ingress: port(received.port), copies: sent });
    });
  });
  fc.assert(property, parameters);
}

function watch(life: Life, see: (received: Received, shown: Shown) => void): void {
  const sut = underTest(topologyOf(life.config));
  try {
    drive(life, [sut], (_step, received, [shown]) => {
      if (received !== null) see(received, shown!);
    });
  } finally {
    sut.close();
  }
}

const timeoutMs = 120_000;

it(
  'never sends on an uplink what came in by an uplink (I1)',
  () => {
    always(({ ingress, copies }) => {
      if (ingress.kind === 'uplink') expect(copies.filter(({ port }) => port.kind === 'uplink')).toEqual([]);
    });
  },
  timeoutMs,
);

it(
  'gives each recipient a frame once, and the outside once (I2)',
  () => {
    always(({ copies }) => {
      const recipients = copies.map(({ port }) => (port.kind === 'uplink' ? 'outside' : port.name));
      expect(new Set(recipients).size).toBe(recipients.length);
    });
  },
  timeoutMs,
);

it(
  'never returns a frame to the port it came from (I3)',
  () => {
    always(({ ingress, copies }) => expect(copies.map(({ port }) => port.name)).not.toContain(ingress.name));
  },
  timeoutMs,
);

it(
  'never gives a VM with a registered address its own frame back from outside (I3)',
  () => {
    always(({ life, received, ingress, copies }) => {
      if (life.config.macModel !== 'registered' || ingress.kind !== 'uplink' || copies.length === 0) return;
      const source = macAt(received.bytes, 6);
      // A transparent port's address is registered in VLAN 0 alone.
      const isRegistered = ({ vlan }: ReferencePort) =>
        vlan.mode !== 'transparent' || ingress.vlan.mode === 'transparent';
      expect(copies.filter(({ port }) => port.mac === source && isRegistered(port))).toEqual([]);
    });
  },
  timeoutMs,
);

it(
  'sends no frame in a VLAN that the port does not carry (I5)',
  () => {
    always(({ received, ingress, copies }) => {
      // Behind a transparent port, and under a first tag, a tag is payload and says nothing of the VLAN.
      if (ingress.vlan.mode === 'transparent' || startsWithTag(withoutTag(received.bytes))) return;
      for (const { port, bytes } of copies) {
        if (port.vlan.mode === 'transparent') continue;
        const tag = outerTag(bytes);
        if (tag === undefined) expect(untaggedOut(port.vlan)).toBeDefined();
        else expect(port.vlan.mode === 'trunk' && carries(port.vlan, tag.vid)).toBe(true);
      }
    });
  },
  timeoutMs,
);

it(
  'keeps its table within its limit, one entry for a VLAN and address, none for a group (I7)',
  () => {
    const property = fc.property(lives(40), (life) => {
      watch(life, (_received, { table }) => {
        const stations = table.map((line) => line.split(' ').slice(0, 2).join(' '));
        expect(new Set(stations).size).toBe(stations.length);
        expect(stations.length).toBeLessThanOrEqual(life.config.entriesMax);
        expect(stations.filter((each) => /^\d+ .[13579bdf]/.test(each))).toEqual([]);
      });
    });
    fc.assert(property, parameters);
  },
  timeoutMs,
);
