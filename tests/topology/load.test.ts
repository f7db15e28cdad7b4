import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, describe, expect, it } from 'vitest';
import { loadTopology, parseTopology, topologyFrom } from '../../src/topology/load.ts';
import { TopologyError } from '../../src/topology/problem.ts';
import { topologyJsonSchema } from '../../src/topology/schema.ts';
import { exampleYaml } from './example.ts';

const folder = mkdtempSync(join(tmpdir(), 'topology-'));
afterAll(() => rmSync(folder, { recursive: true }));

function fileOf(content: string | Uint8Array): string {
  const file = join(folder, 'lab.yaml');
  writeFileSync(file, content);
  return file;
}

describe('a file', () => {
  it('is read as UTF-8, with or without a byte order mark', () => {
    const file = fileOf(exampleYaml);
    expect(loadTopology(file)).toEqual(parseTopology(exampleYaml, file));
    expect(loadTopology(fileOf(`\ufeff${exampleYaml}`)).name).toBe('example');
  });

  it.each([
    ['missing', () => join(folder, 'no.yaml'), 'no such file'],
    ['a directory', () => folder, 'is a directory; name a topology file'],
    ['empty', () => fileOf(''), 'the file is empty; write hosts: and what they hold'],
    ['not UTF-8', () => fileOf(Uint8Array.of(0xff, 0xfe, 0x61, 0)), 'the file is not UTF-8 text; save it as UTF-8'],
    ['too large', () => fileOf(new Uint8Array(17 * 1024 * 1024)), 'the file is too large; at most 16 MiB'],
    ['no path at all', () => 'a\0b', "cannot be read: The argument 'path' must be"],
  ])('that is %s is refused by name', (_, name, message) => {
    const file = name();
    expect(() => loadTopology(file)).toThrow(TopologyError);
    expect(() => loadTopology(file)).toThrow(`${file}: ${message}`);
  });
});

describe('an object', () => {
  it('is refused with paths and without lines', () => {
    const value = { hosts: { esx1: { uplinks: { vmnic0: { to: 'tor/1', rate: 'fast' } } } } };
    const expected = [
      'hosts.esx1.uplinks.vmnic0.rate: fast is not a rate; bits a second, such as 10G, 100M or 2.5Gbps, or unlimited',
      'hosts.esx1.uplinks.vmnic0.to: unknown host or switch tor in tor/1; known: esx1',
    ];
    expect(() => topologyFrom(value)).toThrow(TopologyError);
    expect(() => topologyFrom(value)).toThrow(expected.join('\n'));
    expect(() => topologyFrom(value, 'lab')).toThrow(expected.map((line) => `lab: ${line}`).join('\n'));
  });

  it('may be of any kind without anything but a TopologyError', () => {
    const cyclic: Record<string, unknown> = {};
    cyclic['hosts'] = { esx: { count: 2, uplinks: cyclic, vms: { vm: { nics: [cyclic] } } } };
    const odd = [null, undefined, 5, 'x', [], () => 0, new Date(), new Map(), Object.create(null), Symbol('x'), 5n];
    const nested = odd.flatMap((each) => [
      { hosts: each },
      { hosts: { a: each } },
      { hosts: { a: { vms: { b: each } } } },
    ]);
    const vlans = odd.map((vlan) => ({ physical: { switches: { s: { ports: { 1: { vlan: [vlan] } } } } } }));
    for (const value of [cyclic, ...odd, ...nested, ...vlans]) {
      try {
        topologyFrom(value);
      } catch (error) {
        expect(error).toBeInstanceOf(TopologyError);
      }
    }
  });
});

describe('all problems', () => {
  it('are told at once, in the order of the file, and consequences are not', () => {
    const yaml = `traffic:
  - { from: esx1/vm1, to: esx2/vm9, size: 9000 }
  - { from: esx1/client3, to: esx1/vm1 }
hosts:
  esx1:
    uplinks: { vmnic0: { to: tor/9, rate: 10Q }, vmnic1: {} }
    vswitches:
      vSwitch0:
        mtu: huge
        teaming: { active: [vmnic7] }
        portGroups: { web: { vlan: 5000 } }
    vms:
      vm1: { portGroup: web, ip: 10.0.0.300/24 }
      vm2: { portGroup: wbe }
      client: { count: lots, portGroup: web }
  esx2:
    vswitchs: { vSwitch0: { portGroups: { web: {} } } }
    vms: { vm1: { portGroup: web } }
physical:
  switches: { tor: { ports: 2 } }
`;
    const lines = linesOf(yaml);
    expect(lines.map((line) => line.split(': ').slice(0, 2).join(' '))).toEqual([
      'lab.yaml:6:30 hosts.esx1.uplinks.vmnic0.to',
      'lab.yaml:6:43 hosts.esx1.uplinks.vmnic0.rate',
      'lab.yaml:9:14 hosts.esx1.vswitches.vSwitch0.mtu',
      'lab.yaml:10:29 hosts.esx1.vswitches.vSwitch0.teaming.active[0]',
      'lab.yaml:11:36 hosts.esx1.vswitches.vSwitch0.portGroups.web.vlan',
      'lab.yaml:13:34 hosts.esx1.vms.vm1.ip',
      'lab.yaml:15:24 hosts.esx1.vms.client.count',
      'lab.yaml:17:5 hosts.esx2.vswitchs',
    ]);
  });

  it('of a counted host are told once, at the place that was written', () => {
    const yaml =
      'hosts:\n  esx:\n    count: 500\n    vswitches: { v: { portGroups: { a: {}, b: {} } } }\n    vms: { vm: { count: 9 } }\n';
    expect(linesOf(yaml)).toEqual(['lab.yaml:5:16: hosts.esx.vms.vm.portGroup: missing; this host has a, b']);
  });

  it('behind an alias are told at the anchor', () => {
    const yaml = 'hosts:\n  a: &a { uplinks: [u], mtu: 9 }\n  b: *a\n';
    expect(linesOf(yaml).map((line) => line.slice(0, 30))).toEqual([
      'lab.yaml:2:25: hosts.a.mtu: un',
      'lab.yaml:2:25: hosts.b.mtu: un',
    ]);
  });

  function linesOf(yaml: string): string[] {
    try {
      parseTopology(yaml, 'lab.yaml');
    } catch (error) {
      return (error as Error).message.split('\n');
    }
    return [];
  }
});

describe('a topology that is too large', () => {
  const vms = (count: number) => `vswitches: { v: { portGroups: { g: {} } } }, vms: { vm: { count: ${count} } }`;
  const physical = Array.from({ length: 33 }, (_, i) => `s${i}: { ports: 2000 }`).join(', ');
  it.each([
    ['hosts', 'hosts: { a: { count: 4096 }, b: {}, c: {} }', 'hosts.b: too many hosts; at most 4,096 in all'],
    [
      'vNICs',
      `hosts: { a: { count: 11, ${vms(2000)} } }`,
      'hosts.a.vms.vm.count: too many vNICs; at most 20,000 in all',
    ],
    [
      'ports',
      `physical: { switches: { ${physical} } }`,
      'physical.switches: too many ports; at most 65,536 on all switches',
    ],
    [
      'streams',
      `hosts: { a: { ${vms(1000)} } }\ntraffic: [${'{ from: "*", to: broadcast }, '.repeat(102)}]`,
      'traffic[100]: too many streams; at most 100,000 in all',
    ],
  ])('for its %s is refused in one line', (_, yaml, line) => {
    expect(() => parseTopology(yaml, 'f')).toThrow(new RegExp(`^f:\\d+:\\d+: ${line.replace(/[[\].]/g, '\\$&')}$`));
  });
});

describe('the JSON Schema', () => {
  it('describes every key', () => {
    const undescribed: string[] = [];
    const walk = (schema: unknown, path: string): void => {
      if (typeof schema !== 'object' || schema === null) return;
      for (const [key, value] of Object.entries((schema as { properties?: object }).properties ?? {})) {
        if (!(value as { description?: string }).description) undescribed.push(`${path}.${key}`);
      }
      for (const [key, value] of Object.entries(schema)) walk(value, `${path}.${key}`);
    };
    walk(topologyJsonSchema(), '');
    expect(undescribed).toEqual([]);
  });

  it('has no key that the example lacks', () => {
    const keys = new Set<string>();
    const walk = (schema: unknown): void => {
      if (typeof schema !== 'object' || schema === null) return;
      for (const key of Object.keys((schema as { properties?: object }).properties ?? {})) keys.add(key);
      for (const value of Object.values(schema)) walk(value);
    };
    walk(topologyJsonSchema());
    expect([...keys].filter((key) => !new RegExp(`\\b${key}:`).test(exampleYaml))).toEqual([]);
  });

  it('knows the second spelling of uplinks and ports, the required keys, and no others than these', () => {
    const text = JSON.stringify(topologyJsonSchema());
    expect(text).toContain('"anyOf":[{"type":"object","propertyNames":{"type":"string"},"additionalProperties":');
    expect(text).toContain('{"type":"integer","minimum":1,"maximum":2000}');
    expect(text).toContain('"required":["a","b"],"additionalProperties":false');
    expect(text).not.toContain('"also"');
  });
});
