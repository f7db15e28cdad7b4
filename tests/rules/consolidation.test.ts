/**
 * How many frames never touched a wire, beside what captures show: for every frame of a VM, whether a copy of it left by an uplink,
 * and for every copy that a VM got, whether its frame came in by one.
 */
import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import type { CapturedFrame } from '../../src/capture/read.ts';
import { consolidationTable } from '../../src/cli/summary-outside.ts';
import { Network } from '../../src/engine/network.ts';
import { insideShare } from '../../src/telemetry/consolidation.ts';
import { topologyFrom } from '../../src/topology/load.ts';
import { Lab, portOf } from '../engine/lab.ts';
import { Twins } from './twins.ts';

const address = (n: number) => `02:00:00:00:00:0${n}`;
const vms = [1, 2, 3, 4];
const outside = 9;

/** Four VMs on one host, or one each on four; two VLANs; two uplinks each into one switch, at whose port 9 station 9 is. */
function topology(hosts: 1 | 4, macModel: 'learning' | 'registered', more: object = {}) {
  const vm = (n: number) => ({ portGroup: n === 4 ? 'other' : 'web', mac: address(n) });
  const host = (h: number, own: readonly number[]) => ({
    uplinks: { u1: { to: `tor/${2 * h - 1}` }, u2: { to: `tor/${2 * h}` } },
    vswitches: { v: { macModel, portGroups: { web: { vlan: 10 }, other: { vlan: 20 }, ...more } } },
    vms: Object.fromEntries(own.map((n) => [`vm${n}`, vm(n)])),
  });
  const groups = hosts === 1 ? [vms] : vms.map((n) => [n]);
  return {
    hosts: Object.fromEntries(groups.map((own, i) => [`h${i + 1}`, host(i + 1, own)])),
    physical: {
      switches: {
        tor: {
          ports: Object.fromEntries(Array.from({ length: 9 }, (_, i) => [i + 1, { vlan: i === 8 ? 10 : '10,20' }])),
        },
      },
    },
  };
}

const hostOf = (hosts: 1 | 4, n: number) => (hosts === 1 ? 'h1' : `h${n}`);

describe('what a report says never touched a wire', () => {
  const frames = fc.array(
    fc.record({ from: fc.constantFrom(...vms, outside), to: fc.constantFrom(...vms, outside, 0, 8) }),
    { minLength: 1, maxLength: 30 },
  );
  it('is what captures show, with and without them', () => {
    fc.assert(
      fc.property(
        fc.constantFrom<1 | 4>(1, 4),
        fc.constantFrom('learning' as const, 'registered' as const),
        frames,
        (hosts, model, sends) => {
          const lab = new Twins(topology(hosts, model));
          const seen: CapturedFrame[] = [];
          for (const { from, to } of sends) {
            const dst = to === 0 ? 'ff:ff:ff:ff:ff:ff' : address(to);
            const port = from === outside ? 'tor/9' : `${hostOf(hosts, from)}/vm${from}`;
            seen.push(...lab.send(port, lab.frame(dst, address(from))).frames);
          }
          const wired = (frame: CapturedFrame, direction: 'in' | 'out') => {
            const host = portOf(frame).split('/')[0]!;
            return seen.some(
              (f) =>
                f.packetId === frame.packetId &&
                f.direction === direction &&
                [`${host}/u1`, `${host}/u2`].includes(portOf(f)),
            );
          };
          for (const { host, ...told } of lab.network.report().consolidation) {
            const at = (direction: 'in' | 'out') =>
              seen.filter((f) => f.direction === direction && portOf(f).startsWith(`${host}/vm`));
            const left = at('in').filter((f) => wired(f, 'out')).length;
            const got = at('out');
            // A VM's own frame comes in by the other uplink as well, where it dies (R7).
            const own = new Set(at('in').map(({ packetId }) => packetId));
            expect(told.leftByUplink).toBe(left);
            expect(told.fromOutside).toBe(got.filter((f) => wired(f, 'in') && !own.has(f.packetId)).length);
            expect(told.fromInside).toBe(got.length - told.fromOutside);
            expect(told.passedOn).toBe(told.stayedInside + told.leftByUplink);
            for (const key of ['passedOn', 'stayedInside', 'leftByUplink', 'fromInside', 'fromOutside'] as const)
              expect(told.vms.reduce((sum, vm) => sum + vm[key], 0)).toBe(told[key]);
          }
        },
      ),
      { numRuns: 40 },
    );
  });

  it('is all of it between two VMs of a host, and none of it between two hosts', async () => {
    const share = async (to: string) => {
      const vm = (n: number) => ({ mac: address(n) });
      const network = new Network(
        topologyFrom({
          hosts: {
            h1: {
              uplinks: { u: { to: 'tor/1' } },
              vswitches: { v: { portGroups: { g: {} } } },
              vms: { a: vm(1), b: vm(2) },
            },
            h2: { uplinks: { u: { to: 'tor/2' } }, vswitches: { v: { portGroups: { g: {} } } }, vms: { c: vm(3) } },
          },
          physical: { switches: { tor: { ports: 2 } } },
          traffic: [
            { from: 'h1/a', to, size: 64, rate: '1kpps', count: 100 },
            { from: to, to: 'h1/a', size: 64, rate: '1kpps', count: 100 },
          ],
        }),
        { clock: 'virtual' },
      );
      network.advance(1_000_000_000n);
      const report = await network.stop();
      expect(report.ledger.balanced).toBe(true);
      // The first frames of both find no entry, and go everywhere.
      return report.consolidation.map((host) => [host.passedOn, host.leftByUplink, insideShare(host)]);
    };
    expect(await share('h1/b')).toEqual([
      [200, 1, 0.995],
      [0, 0, null],
    ]);
    expect(await share('h2/c')).toEqual([
      [100, 100, 0],
      [100, 100, 0],
    ]);
  });

  it('does not count what the vSwitch refused', () => {
    const lab = new Lab(topology(1, 'learning'));
    lab.send('h1/vm1', lab.frame(address(2), '00:00:00:00:00:00'));
    expect(lab.network.report().consolidation[0]).toMatchObject({ passedOn: 0, stayedInside: 0, leftByUplink: 0 });
  });

  it('has a row in the summary for a host whose VM only listens, and none where no VM sends or gets a frame', () => {
    const none = { passedOn: 0, stayedInside: 0, leftByUplink: 0, fromInside: 0, fromOutside: 0 };
    const listens = { ...none, fromOutside: 5 };
    const idle = { host: 'h1', ...none, vms: [{ vm: 'h1/a', ...none }] };
    const table = consolidationTable([idle, { host: 'h2', ...listens, vms: [{ vm: 'h2/b', ...listens }] }]);
    const rows = table!.split('\n').map((line) => line.trim().split(/\s{2,}/));
    expect(rows.slice(1)).toEqual([
      ['h2', '0', '0', '-', '0', '0', '5'],
      ['h2/b', '0', '0', '-', '0', '0', '5'],
    ]);
    expect(consolidationTable([idle])).toBeNull();
    const busy = { ...none, passedOn: 10_000, stayedInside: 9_999, leftByUplink: 1 };
    expect(consolidationTable([{ host: 'h1', ...busy, vms: [] }])).toMatch(/^h1 +10,000 +9,999 +99\.9 %/m);
  });
});
