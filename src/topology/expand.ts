/**
 * Copies: `count` on hosts and VMs, and the placeholders `{n}` and `{v}` in their texts.
 *
 * Works on the raw file, before any other check, so that a copy is checked like a host that was written out.
 */
import { formatIpv4, formatMac, macNumber, macNumberMax, network, readIpv4, readMac } from './address.ts';
import { limits } from './limits.ts';
import type { Origin, Path, Problems } from './problem.ts';
import { count, integerReader } from './scalar.ts';
import { isMap, Refusal } from './value.ts';

type Raw = Record<string, unknown>;

/** Values of the placeholders at one place: n in a counted host, v in a counted VM. */
type Numbers = Readonly<Record<string, number>>;

/** `{n}`, `{n*2}`, `{n+8}`, `{n*2-1}`; the first group takes whatever else stands in braces. */
const placeholder = /\{([^{}]*)\}/g;
const arithmetic = /^([a-z]+)(?:\*(\d{1,6}))?(?:([+-])(\d{1,6}))?$/;

/** Deeper than any schema; a caller's object may be cyclic. */
const depthMax = 16;

/** The file with every copy written out and no `count` left; teaches `problems` where the copies came from. */
export function expand(file: unknown, problems: Problems): unknown {
  if (!isMap(file) || !isMap(file['hosts'])) return file;
  const expansion = new Expansion(problems);
  for (const [name, host] of Object.entries(file['hosts'])) expansion.addHost(name, host);
  problems.setOrigins(expansion.origins);
  return { ...file, hosts: Object.fromEntries(expansion.hosts) };
}

class Expansion {
  readonly hosts = new Map<string, unknown>();
  readonly origins = new Map<string, Origin>();
  readonly #problems: Problems;
  #nicCount = 0;

  constructor(problems: Problems) {
    this.#problems = problems;
  }

  addHost(name: string, host: unknown): void {
    const path: Path = ['hosts', name];
    const copies = this.#copies(name, host, 'hosts', limits.hosts - this.hosts.size, path);
    for (const [i, copy] of copies.entries()) {
      if (this.hosts.has(copy)) {
        this.#problems.add(path, alreadyThere('host', copy, this.origins.get(copy)!.host), 'key');
        continue;
      }
      const numbers: Numbers = counted(host) ? { n: i + 1 } : {};
      const vms = new Map<string, string>();
      this.origins.set(copy, { host: name, vms });
      this.hosts.set(copy, this.#host(host, numbers, path, vms));
    }
  }

  #host(host: unknown, numbers: Numbers, path: Path, origins: Map<string, string>): unknown {
    if (!isMap(host)) return host;
    const { count: _, vms, ...rest } = host;
    if (isMap(rest['vmkernel'])) rest['vmkernel'] = this.#ownNics(rest['vmkernel'], [...path, 'vmkernel']);
    const filled = this.#fill(rest, numbers, path) as Raw;
    if (!('vms' in host)) return filled;
    if (!isMap(vms)) return { ...filled, vms };
    const copies = new Map<string, unknown>();
    for (const [name, vm] of Object.entries(vms)) {
      const vmPath = [...path, 'vms', name];
      for (const [i, copy] of this.#vmCopies(name, vm, vmPath).entries()) {
        if (copies.has(copy)) {
          this.#problems.add(vmPath, alreadyThere('VM', copy, origins.get(copy)!), 'key');
          continue;
        }
        origins.set(copy, name);
        copies.set(copy, this.#vm(vm, numbers, counted(vm) ? i + 1 : undefined, vmPath));
      }
    }
    return { ...filled, vms: Object.fromEntries(copies) };
  }

  /** Those for which there is room; they have no count. */
  #ownNics(nics: Raw, path: Path): Raw {
    const fitting = Object.entries(nics).filter(([name]) => {
      const isFitting = this.#copies(name, null, 'nics', limits.nics - this.#nicCount, [...path, name]).length > 0;
      if (isFitting) this.#nicCount++;
      return isFitting;
    });
    return Object.fromEntries(fitting);
  }

  #vmCopies(name: string, vm: unknown, path: Path): string[] {
    const nics = isMap(vm) && Array.isArray(vm['nics']) ? vm['nics'].length : 1;
    const room = Math.floor((limits.nics - this.#nicCount) / Math.max(nics, 1));
    const copies = this.#copies(name, vm, 'nics', room, path);
    this.#nicCount += copies.length * nics;
    return copies;
  }

  #vm(vm: unknown, numbers: Numbers, v: number | undefined, path: Path): unknown {
    if (!isMap(vm)) return vm;
    const { count: _, ...rest } = vm;
    if (v === undefined) return this.#fill(rest, numbers, path);
    const filled = this.#fill(rest, { ...numbers, v }, path) as Raw;
    const counting = this.#countUp(filled, rest, v, path);
    if (!Array.isArray(filled['nics']) || !Array.isArray(rest['nics'])) return counting;
    const written: unknown[] = rest['nics'];
    return {
      ...counting,
      nics: filled['nics'].map((nic, i) => this.#countUp(nic, written[i], v, [...path, 'nics', i])),
    };
  }

  /** The vNIC's addresses moved on by v - 1, unless the user places them with {v}. */
  #countUp<T>(nic: T, written: unknown, v: number, path: Path): T {
    if (!isMap(nic) || !isMap(written)) return nic;
    const moved: Raw = { ...nic };
    for (const [key, add] of [
      ['ip', addToIp],
      ['mac', addToMac],
      ['effectiveMac', addToMac],
    ] as const) {
      const text = written[key];
      if (typeof text !== 'string' || text.includes('{v') || (key === 'ip' && text === 'dhcp')) continue;
      try {
        moved[key] = add(nic[key], v - 1);
      } catch (error) {
        if (!(error instanceof Refusal)) throw error;
        this.#problems.add([...path, key], error.message);
      }
    }
    return moved as T;
  }

  /** The names that `name` stands for. None if there is no room left: the limit is told once, at the place that passes it. */
  #copies(name: string, entry: unknown, kind: 'hosts' | 'nics', room: number, path: Path): string[] {
    let number = 1;
    if (counted(entry)) {
      try {
        number = integerReader(1, limits[kind])(entry['count']);
      } catch (error) {
        if (!(error instanceof Refusal)) throw error;
        this.#problems.refuse([...path, 'count'], error.message, 'value', path);
        return [];
      }
    }
    if (number > room) {
      const place = counted(entry) ? [...path, 'count'] : path;
      // One line is enough; after it every name is in doubt.
      if (!this.#problems.lost(['hosts'])) {
        const message = `too many ${kind === 'nics' ? 'vNICs' : kind}; at most ${count(limits[kind])} in all`;
        this.#problems.refuse(place, message, 'value', ['hosts']);
      }
      return [];
    }
    return counted(entry) ? Array.from({ length: number }, (_, i) => `${name}${i + 1}`) : [name];
  }

  /** The value with all placeholders of its texts, but not of its keys, replaced. */
  #fill(value: unknown, numbers: Numbers, path: Path): unknown {
    if (path.length > depthMax) return value;
    if (typeof value === 'string') return value.includes('{') ? this.#fillText(value, numbers, path) : value;
    if (Array.isArray(value)) return value.map((each, i) => this.#fill(each, numbers, [...path, i]));
    if (!isMap(value)) return value;
    return Object.fromEntries(
      Object.entries(value).map(([key, each]) => [key, this.#fill(each, numbers, [...path, key])]),
    );
  }

  #fillText(text: string, numbers: Numbers, path: Path): string {
    return text.replace(placeholder, (whole, inside: string) => {
      const [, name = '', factor = '1', sign = '+', summand = '0'] = arithmetic.exec(inside) ?? [];
      const number = numbers[name];
      if (number !== undefined) return String(number * Number(factor) + Number(`${sign}${summand}`));
      this.#problems.add(path, `${whole} is not a placeholder here; ${allowed(numbers)}`);
      return whole;
    });
  }
}

function allowed(numbers: Numbers): string {
  const names = Object.keys(numbers);
  if (names.length === 0) return '{n} needs a count on its host, {v} a count on its VM';
  return names.map((name) => `{${name}}, {${name}*2}, {${name}+8}, {${name}*2-1}`).join(', ');
}

function alreadyThere(what: 'host' | 'VM', copy: string, source: string): string {
  const maker = source === copy ? '' : `, made by the count of ${source}`;
  return `${what} ${copy} exists already${maker}; names are unique`;
}

function counted(entry: unknown): entry is { readonly count: unknown } {
  return isMap(entry) && 'count' in entry;
}

function addToIp(value: unknown, offset: number): string {
  const ip = readIpv4(value);
  const moved = { ...ip, address: ip.address + offset };
  const room = new Refusal(value, 'an address with room to count up', 'a larger subnet, or a smaller count');
  if (network(moved) !== network(ip)) throw room;
  try {
    readIpv4(formatIpv4(moved));
  } catch {
    throw room;
  }
  return formatIpv4(moved);
}

function addToMac(value: unknown, offset: number): string {
  const number = macNumber(readMac(value)) + offset;
  if (number > macNumberMax) throw new Refusal(value, 'an address with room to count up', 'a lower one');
  return formatMac(number);
}
