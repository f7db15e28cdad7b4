/** The NIC of a type-1 host itself on its vSwitch: who reaches it over VLANs, and that the end-host rules hold for it as for a VM. */
import { describe, expect, it } from 'vitest';
import { Network } from '../../src/engine/network.ts';
import type { NetworkOptions } from '../../src/engine/options.ts';
import { topologyFrom } from '../../src/topology/load.ts';
import { Twins, told } from './twins.ts';

const mac = { vmk0: '02:00:00:00:00:11', adm: '02:00:00:00:00:0a', x: '02:00:00:00:00:f1', all: 'ff:ff:ff:ff:ff:ff' };
const models = ['learning', 'registered'] as const;
type Where = 'vmkernel' | 'vms';

interface Shape {
  readonly macModel?: (typeof models)[number];
  /** Where the host's own NICs stand; written as VMs they are to do the same. */
  readonly where?: Where;
  readonly traffic?: readonly object[];
  readonly events?: readonly object[];
}

/**
 * esx1 with vmk0 in VLAN 5 and vmk1 in VLAN 10, each with a VM beside it; esx2 with vmk0 in VLAN 5, cabled by one uplink. The tor's port 8 is an
 * access port of VLAN 5.
 */
function topology({ macModel = 'learning', where = 'vmkernel', traffic = [], events = [] }: Shape = {}): object {
  const portGroups = { mgmt: { vlan: 5 }, web: { vlan: 10 } };
  const own = {
    vmk0: { portGroup: 'mgmt', mac: mac.vmk0, ip: '10.0.0.11/24' },
    vmk1: { portGroup: 'web', ip: '10.0.1.11/24', listen: [902] },
  };
  const vms = {
    adm: { portGroup: 'mgmt', mac: mac.adm, ip: '10.0.0.1/24' },
    web1: { portGroup: 'web', ip: '10.0.1.1/24', gateway: '10.0.1.11' },
    odd: { portGroup: 'web', ip: '10.0.0.9/24' },
  };
  const cable = (to: string) => ({ to, delay: '2us' });
  return {
    hosts: {
      esx1: {
        uplinks: { u1: cable('tor/1'), u2: cable('tor/2') },
        vswitches: { v: { macModel, portGroups } },
        ...(where === 'vms' ? { vms: { ...vms, ...own } } : { vms, vmkernel: own }),
      },
      esx2: {
        uplinks: { u1: cable('tor/3') },
        vswitches: { v: { portGroups } },
        [where]: { vmk0: { portGroup: 'mgmt', ip: '10.0.0.12/24' } },
      },
    },
    physical: {
      switches: { tor: { ports: { 1: null, 2: null, 3: null, 8: { vlan: 5 } } } },
    },
    traffic,
    events,
  };
}

async function run(shape: Shape, options: NetworkOptions = {}) {
  const network = new Network(topologyFrom(topology(shape)), options);
  await network.runUntil(8_000_000_000n);
  const report = await network.stop();
  expect(report.ledger.balanced, JSON.stringify(report.ledger)).toBe(true);
  return report;
}

const three = { count: 3, interval: '100ms' };

describe.each(models)('a vmkernel NIC, %s', (macModel) => {
  it.each([
    ['a VM beside it is answered', 'esx1/adm', 'esx1/vmk0', 3],
    ['so is another host, over the wire', 'esx2/vmk0', 'esx1/vmk0', 3],
    ['and is answered there in turn', 'esx1/vmk0', 'esx2/vmk0', 3],
    ['and by a VM beside it', 'esx1/vmk0', 'esx1/adm', 3],
    ['a VM in another VLAN is not, even with an address of the same subnet', 'esx1/odd', 'esx1/vmk0', 0],
    ['nor is one that takes another NIC of the host for its gateway: nothing is routed', 'esx1/web1', '10.0.0.11', 0],
  ])('pings: %s', async (_, from, ping, answered) => {
    const { pings } = await run({ macModel, traffic: [{ from, ping, ...three }] });
    expect(pings![0]!.answered).toBe(answered);
  });

  it('sends back what comes to a port at which it listens', async () => {
    const stream = { from: 'esx1/web1', to: 'esx1/vmk1:902', rate: '10pps', count: 5 };
    const { streams } = await run({ macModel, traffic: [stream] });
    expect(streams[0]!.answered).toBe(5);
  });

  it('is to the switch what a VM is, in every figure', async () => {
    const traffic = [
      { from: 'esx1/vmk0', ping: 'esx2/vmk0', ...three },
      { from: 'esx2/vmk0', to: 'esx1/vmk0', rate: '1kpps', count: 500 },
      { from: 'esx1/vmk1', to: 'broadcast', rate: '100pps', count: 50 },
    ];
    const [own, vm, two] = await Promise.all([
      run({ macModel, traffic }),
      run({ macModel, traffic, where: 'vms' }),
      run({ macModel, traffic }, { workers: 2 }),
    ]);
    const plain = ({ switches, streams, pings, ledger }: typeof own) => ({
      switches: switches.map(({ worker: _, ...rest }) => rest),
      streams,
      pings,
      ledger,
    });
    expect(own.pings![0]!.answered).toBe(3);
    expect(plain(own)).toEqual(plain(vm));
    expect(plain(two)).toEqual(plain(own));
  });

  it('its broadcast stays in its VLAN, leaves once, and what comes back is dropped (R7)', () => {
    const lab = new Twins(topology({ macModel }));
    const out = told(lab.send('esx1/vmk0', lab.frame(mac.all, mac.vmk0)));
    expect(out).toBe('esx1/adm, esx2/vmk0, tor/8, esx1/u1 deja_vu');
  });

  it('gets what comes from outside for its address, once, and nobody else does', () => {
    const lab = new Twins(topology({ macModel }));
    lab.send('esx1/vmk0', lab.frame(mac.all, mac.vmk0));
    const { recipients, drops } = lab.send('tor/8', lab.frame(mac.vmk0, mac.x));
    expect([recipients, drops]).toEqual([['esx1/vmk0'], []]);
  });

  it('its own address from outside is dropped (R7)', () => {
    const lab = new Twins(topology({ macModel }));
    lab.send('esx1/vmk0', lab.frame(mac.all, mac.vmk0));
    const { recipients, drops } = lab.send('tor/8', lab.frame(mac.adm, mac.vmk0));
    expect(recipients).not.toContain('esx1/adm');
    expect(new Set(drops.map((drop) => drop.split(' ')[1]))).toEqual(new Set(['deja_vu']));
  });

  it('goes silent when it is stopped, and answers again when it is started', async () => {
    const events = [
      { at: '50ms', stopVm: 'esx1/vmk0' },
      { at: '150ms', startVm: 'esx1/vmk0' },
    ];
    const { pings } = await run({ macModel, traffic: [{ from: 'esx2/vmk0', ping: 'esx1/vmk0', ...three }], events });
    expect(pings![0]!.answered).toBe(2);
  });
});
