/** The key `nic`: what it makes of a file, and what is refused with which words. */
import { describe, expect, it } from 'vitest';
import { parseTopology } from '../../src/topology/load.ts';
import { TopologyError } from '../../src/topology/problem.ts';

const vm = (nic: string, vswitch = '') =>
  `hosts:\n  h:\n    vswitches: { v: { portGroups: { pg: {} }${vswitch} } }\n    vms:\n      a: { nic: ${nic} }\n`;
const path = 'hosts.h.vms.a.nic';

const cards: [nic: string, card: object | undefined][] = [
  ['direct', undefined],
  ['{ direct: }', undefined],
  ['virtio', { model: 'virtio', ring: 256, suppress: 'event-idx', batch: 1 }],
  ['{ virtio: { suppress: none, ring: 8, batch: 8 } }', { model: 'virtio', ring: 8, suppress: 'none', batch: 8 }],
  ['vmxnet3', { model: 'vmxnet3', ring: 512, txThreshold: 32 }],
  ['{ vmxnet3: { ring: 16 } }', { model: 'vmxnet3', ring: 16, txThreshold: 16 }],
  ['e1000', { model: 'e1000', ring: 256, batch: 1, mitigation: null }],
  [
    '{ e1000: { mitigation: { itr: 651 } } }',
    { model: 'e1000', ring: 256, batch: 1, mitigation: { itr: 651, tadv: 0, radv: 0 } },
  ],
  ['lance', { model: 'lance', ring: 16 }],
];

const refusals: [yaml: string, ...lines: string[]][] = [
  [
    vm('virtoi'),
    `5:17: ${path}: virtoi is not a network card; did you mean virtio? allowed: direct, virtio, vmxnet3, e1000, lance`,
  ],
  [vm('7'), `5:17: ${path}: 7 is not a network card; allowed: direct, virtio, vmxnet3, e1000, lance`],
  [vm('{ rtl8139: {} }'), `5:19: ${path}.rtl8139: unknown key rtl8139; allowed: direct, virtio, vmxnet3, e1000, lance`],
  [vm('{}'), `5:17: ${path}: no model; a vNIC has one card, such as nic: virtio`],
  [
    vm('{ virtio: {}, lance: {} }'),
    `5:17: ${path}: several models, virtio, lance; a vNIC has one card, such as nic: virtio`,
  ],
  [vm('{ virtio: { ring: 100 } }'), `5:35: ${path}.virtio.ring: 100 is not a power of two; such as 64 or 128`],
  [vm('{ lance: { ring: 1024 } }'), `5:34: ${path}.lance.ring: 1024 is not in range; 4 to 512`],
  [vm('{ virtio: { batch: 0 } }'), `5:36: ${path}.virtio.batch: 0 is not in range; 1 to 32,768`],
  [
    vm('{ virtio: { ring: 8, batch: 9 } }'),
    `5:45: ${path}.virtio.batch: batch 9 is more than the ring of 8 holds; at most 8, or a larger ring`,
  ],
  [
    vm('{ e1000: { ring: 8, batch: 8 } }'),
    `5:44: ${path}.e1000.batch: batch 8 is more than the ring of 8 holds; at most 7, or a larger ring`,
  ],
  [
    vm('{ vmxnet3: { ring: 16, txThreshold: 32 } }'),
    `5:53: ${path}.vmxnet3.txThreshold: txThreshold 32 is more than the ring of 16 holds; at most 16, or a larger ring`,
  ],
  [
    vm('{ virtio: { suppress: event } }'),
    `5:39: ${path}.virtio.suppress: event is not one of the choices; allowed: none, flags, event-idx`,
  ],
  [
    vm('lance', ', mtu: 9000'),
    `5:17: ${path}: a lance card takes frames of an mtu of at most 1,500, and v has 9,000; lower its mtu, or write nic: virtio or nic: vmxnet3 or nic: e1000`,
  ],
  [vm('virtio, nics: [{}]'), `5:17: ${path}: nic stands beside nics; write it in an entry of nics`],
];

describe('the key nic', () => {
  it.each(cards)('%s is that card', (nic, card) => {
    expect(parseTopology(vm(nic), 'lab.yaml').hosts[0]!.vms[0]!.nics[0]!.card).toEqual(card);
  });

  it.each(refusals)('refuses %j', (yaml, ...lines) => {
    let told: unknown;
    try {
      parseTopology(yaml, 'lab.yaml');
    } catch (error) {
      told = error;
    }
    expect(told).toBeInstanceOf(TopologyError);
    expect((told as Error).message.split('\n')).toEqual(lines.map((line) => `lab.yaml:${line}`));
  });
});
