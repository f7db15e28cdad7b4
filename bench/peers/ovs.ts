/**
 * Open vSwitch, userspace datapath, action NORMAL, so that it learns addresses. With DPDK: one PMD thread on one core, and ports
 * that are net_pcap devices with infinite_rx: to receive is to allocate an mbuf and copy a prepared frame (gen.c) into it, to
 * send is to free it. Without: ports are veth devices, and somebody sends (kernel.ts).
 *
 * Its PMD thread polls for ever, so the process is stopped while others are measured. Counted is what its ports have sent.
 */
import { spawnSync } from 'node:child_process';
import { existsSync, mkdirSync, mkdtempSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import { compile, cpuNs, memoryForDpdk, must, need, needRoot, start, Unavailable, until } from './host.ts';
import { CANONICAL, type Case, type Load, type Measure, paused, type Settings, type Size } from './peer.ts';

const FOLDERS = ['/usr/lib/openvswitch-switch-dpdk', '/usr/lib/openvswitch-switch', '/usr/sbin', '/usr/bin'];
const SCHEMA = '/usr/share/openvswitch/vswitch.ovsschema';
const MEMORY_MIB = 1536;
const STARTS_MS = 30_000;
const LEARNS_MS = 20_000;
const SETTLE_MS = 1000;
/** Flows outlive the time in which the process is stopped. */
const FLOW_IDLE_MS = 600_000;

/** A running Open vSwitch with the bridge br0, in a folder of its own. */
export class OpenVSwitch {
  readonly pid: number;
  readonly #env: NodeJS.ProcessEnv;
  readonly #control: string;

  private constructor(pid: number, env: NodeJS.ProcessEnv, control: string) {
    this.pid = pid;
    this.#env = env;
    this.#control = control;
  }

  /** `within`: a command that the switch is started with, such as `ip netns exec`. Throws Unavailable. */
  static async start(
    program: string,
    core: number,
    config: readonly string[],
    { folder }: Settings,
    within: readonly string[] = [],
  ): Promise<OpenVSwitch> {
    need({ 'ovs-vsctl': 'openvswitch-switch', 'ovsdb-server': 'openvswitch-switch', taskset: 'util-linux' });
    const path = FOLDERS.map((each) => join(each, program)).find(existsSync);
    if (path === undefined) throw new Unavailable(`${program} is not installed (Debian: openvswitch-switch-dpdk)`);
    if (!existsSync(SCHEMA)) throw new Unavailable(`Open vSwitch has no ${SCHEMA} here`);
    const work = mkdtempSync(join(folder, 'ovs-'));
    const env = { ...process.env, OVS_RUNDIR: work, OVS_LOGDIR: work, OVS_DBDIR: work };
    const [database, socket, control] = ['conf.db', 'db.sock', 'switch.ctl'].map((name) => join(work, name));
    must('ovsdb-tool', ['create', database!, SCHEMA], 'no database for Open vSwitch', env);
    await start('ovsdb-server', [database!, `--remote=punix:${socket}`, `--unixctl=${join(work, 'database.ctl')}`], {
      env,
    });
    await until(() => existsSync(socket!), STARTS_MS, 'ovsdb-server does not start');
    const of = (...settings: readonly string[]): string[] => ['--no-wait', 'set', 'Open_vSwitch', '.', ...settings];
    must('ovs-vsctl', ['--no-wait', 'init'], 'Open vSwitch has no database', env);
    must('ovs-vsctl', of(`other_config:max-idle=${FLOW_IDLE_MS}`, ...config), 'Open vSwitch takes no settings', env);
    const [first, ...rest] = [...within, 'taskset', '-c', String(core), path];
    const log = `--log-file=${join(work, 'switch.log')}`;
    const { pid } = await start(first!, [...rest, `unix:${socket}`, `--unixctl=${control}`, log], { env });
    const made = new OpenVSwitch(pid!, env, control!);
    const bridge = ['set', 'bridge', 'br0', 'datapath_type=netdev', 'other_config:mac-table-size=131072'];
    try {
      made.change('add-br', 'br0', '--', ...bridge);
    } catch (error) {
      const why = readFileSync(join(work, 'switch.log'), 'utf8')
        .split('\n')
        .findLast((line) => /\|(ERR|EMER)\|/.test(line));
      throw why === undefined ? error : new Unavailable(`Open vSwitch does not start: ${why.split('|').at(-1)}`);
    }
    return made;
  }

  /** Throws Unavailable when the switch does not do it. */
  change(...args: readonly string[]): void {
    must(
      'ovs-vsctl',
      ['-t', String(STARTS_MS / 1000), ...args],
      `Open vSwitch refuses ${args.slice(0, 3).join(' ')}`,
      this.#env,
    );
  }

  ask(...args: readonly string[]): string {
    const { stdout } = spawnSync('ovs-appctl', ['-t', this.#control, ...args], { encoding: 'utf8', env: this.#env });
    return stdout ?? '';
  }

  /** Addresses in its table. */
  get learned(): number {
    return this.ask('fdb/show', 'br0').trimEnd().split('\n').length - 1;
  }

  /** Frames sent by all ports that were added. */
  get sent(): number {
    let [sum, isPort] = [0, false];
    for (const line of this.ask('dpctl/show', '-s', 'netdev@ovs-netdev').split('\n')) {
      const name = /port \d+: (\S+)/.exec(line)?.[1];
      if (name !== undefined) isPort = /^p/.test(name);
      const packets = /TX packets:(\d+)/.exec(line)?.[1];
      if (isPort && packets !== undefined) sum += Number(packets);
    }
    return sum;
  }
}

async function open(
  traffic: Omit<Load, 'size'>,
  size: Size,
  more: readonly string[],
  settings: Settings,
): Promise<Measure> {
  needRoot();
  const { core, other, folder, seconds } = settings;
  const { ports, macs, pairs } = traffic;
  const frames = join(folder, `frames-${ports}-${macs}-${pairs}-${size}`);
  mkdirSync(frames, { recursive: true });
  must(compile('gen.c', folder), [frames, ...[ports, macs, pairs, size].map(String)], 'no frames for Open vSwitch');
  const memory = memoryForDpdk(MEMORY_MIB);
  const mask = (at: number): string => `0x${(2 ** at).toString(16)}`;
  const config = [
    'other_config:dpdk-init=true',
    `other_config:dpdk-extra=${[...memory, '--no-pci', '--no-telemetry'].join(' ')}`,
    `other_config:pmd-cpu-mask=${mask(core)}`,
    `other_config:dpdk-lcore-mask=${mask(other)}`,
    ...(memory.includes('--in-memory') ? [`other_config:dpdk-socket-mem=${MEMORY_MIB}`] : []),
    ...more,
  ];
  const ovs = await OpenVSwitch.start('ovs-vswitchd-dpdk', other, config, settings);
  for (let i = 0; i < ports; i++) {
    const device = `net_pcap${i},rx_pcap=${join(frames, `p${i}.pcap`)},infinite_rx=1`;
    ovs.change(
      'add-port',
      'br0',
      `p${i}`,
      '--',
      'set',
      'Interface',
      `p${i}`,
      'type=dpdk',
      `options:dpdk-devargs=${device}`,
    );
  }
  await until(
    () => ovs.learned >= macs,
    LEARNS_MS,
    `Open vSwitch has not learned ${macs} stations in ${LEARNS_MS / 1000} s`,
  );
  const look = () => ({ frames: ovs.sent, cpuNs: cpuNs(ovs.pid, /^pmd-/) });
  return paused(ovs.pid, look, seconds, SETTLE_MS);
}

const DOES =
  'allocates a buffer, copies the frame in, parses down to UDP, looks its flow up (5-tuple, then masks), sends, frees';
const [PAIR, SOME] = [
  { ports: 2, macs: 16, pairs: 32 },
  { ports: 8, macs: 64, pairs: 256 },
];

function dpdk(name: string, load: Partial<Load>, size: Size, aim?: number, ...more: readonly string[]): Case {
  const traffic = { ...CANONICAL, ...load };
  return {
    peer: 'Open vSwitch with DPDK',
    name,
    size,
    cores: 1,
    does: DOES,
    ...(size !== 'imix' && { ours: { ...traffic, size } }),
    ...(aim !== undefined && { aim }),
    open: (settings) => open(traffic, size, more, settings),
  };
}

const CANONICAL_NAME = '8 ports, 1,024 MACs, 4,096 pairs';
const NO_EMC = 'other_config:emc-insert-inv-prob=0';
export const cases: readonly Case[] = [
  dpdk(CANONICAL_NAME, CANONICAL, 64, 10),
  dpdk('2 ports, 16 MACs, 32 pairs', PAIR, 64, 4),
  dpdk('8 ports, 64 MACs, 256 pairs', SOME, 64),
  dpdk(CANONICAL_NAME, CANONICAL, 'imix'),
  dpdk(CANONICAL_NAME, CANONICAL, 1514),
  dpdk(
    `${CANONICAL_NAME}, signature cache for exact matches`,
    CANONICAL,
    64,
    10,
    NO_EMC,
    'other_config:smc-enable=true',
  ),
];
