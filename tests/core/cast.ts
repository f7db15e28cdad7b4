/** Who takes part in a random life: its ports and addresses as they are now, and what a step means for them. */
import type { ReferenceConfig, ReferencePort } from '../model/config.ts';
import { serviceTag } from '../model/frame.ts';
import { vnicMac } from '../model/topology.ts';
import { carries } from '../model/vlan.ts';
import type { Step } from './arbitraries.ts';
import type { FrameSpec } from './frames.ts';
import { type LooseFrame, own, strangers } from './random-frame.ts';
import { otherMac } from './random-switch.ts';
import type { SwitchUnderTest } from './switch-under-test.ts';

const roomForAll = 64;

export const pick = <T>(list: readonly T[], index: number): T => list[index % list.length]!;

export class Cast {
  #ports: ReferencePort[];
  /** Of stations heard in one instant any may be evicted, so where that can be they are heard one after the other. */
  readonly hearsTogether: boolean;

  /** Uplinks that some team has as active or standby. */
  readonly members: readonly string[];

  constructor({ ports, teaming, whenFull, entriesMax }: ReferenceConfig) {
    this.#ports = [...ports];
    const teams = [teaming, ...ports.flatMap((port) => port.teaming ?? [])];
    this.members = this.uplinks.filter((name) =>
      teams.some((team) => [...team.active, ...team.standby].includes(name)),
    );
    this.hearsTogether = whenFull !== 'evict' || entriesMax >= roomForAll;
  }

  get ports(): readonly ReferencePort[] {
    return this.#ports;
  }

  named(isMeant: (port: ReferencePort) => boolean): string[] {
    return this.#ports.filter(isMeant).map(({ name }) => name);
  }

  get uplinks(): string[] {
    return this.named(({ kind }) => kind === 'uplink');
  }

  /** The frame as it comes in by the port: with its source's address, a stranger's if none is the port's own, and its tags. */
  spell({ fits, ...frame }: LooseFrame, name: string): FrameSpec {
    const port = this.#ports.find((each) => each.name === name)!;
    const src = frame.src === own ? (port.effectiveMac ?? port.mac ?? strangers[0]!) : frame.src;
    return { ...frame, src, ...(fits && fitting(frame, port)) };
  }

  change(name: string, what: Partial<ReferencePort>): void {
    this.#ports = this.#ports.map((port) => (port.name === name ? { ...port, ...what } : port));
  }
}

/** The frame's tags, with an outer one that the port can read and carries, if it reads any. */
function fitting({ tags }: FrameSpec, { vlan, tags: { tpid } }: ReferencePort): Pick<FrameSpec, 'tags' | 'isService'> {
  const isService = tpid === serviceTag;
  const [tci, ...inner] = tags;
  if (vlan.mode === 'transparent' || vlan.mode === 'tunnel' || tci === undefined) return { tags, isService };
  const vid = [tci & 0xfff, 10, 20, 30].find((each) => vlan.mode === 'trunk' && carries(vlan, each));
  return { tags: vid === undefined ? inner : [(tci & 0xf000) | vid, ...inner], isService };
}

type Operation = Exclude<Step, { do: 'frames' | 'everywhere' | 'reflect' }>;

/** What is to be done to every switch, for ports and addresses that this one has; nothing where there is none. */
export function operation(step: Operation, cast: Cast): (sut: SwitchUnderTest) => void {
  const all = cast.named(() => true);
  const local = cast.named(({ kind }) => kind !== 'uplink');
  const { members } = cast;
  const nothing = () => {};
  switch (step.do) {
    case 'link':
      return (sut) => sut.setLink(pick(all, step.port), step.up);
    case 'activate':
      return members.length === 0 ? nothing : (sut) => sut.setActive(pick(members, step.port));
    case 'flush':
      return (sut) => sut.flush(step.port === null ? undefined : pick(all, step.port), step.vid ?? undefined);
    case 'bind':
      return (sut) => sut.setStatic(step.vid, step.mac, pick(local, step.port));
    case 'unbind':
      return (sut) => sut.deleteStatic(step.vid, step.mac);
    case 'guest': {
      const index = step.port % local.length;
      const names = { configured: vnicMac(index), other: otherMac(index) };
      const mac = step.mac === 'configured' || step.mac === 'other' ? names[step.mac] : step.mac;
      cast.change(local[index]!, { effectiveMac: mac });
      return (sut) => sut.setGuestMac(local[index]!, mac);
    }
    case 'vlan': {
      // A port that takes no untagged frames cannot become an access port, nor one that reads no tags.
      const mayBe = ({ tpid, accepts }: ReferencePort['tags']) => tpid === 0x8100 && accepts !== 'tagged';
      const ports = cast.named(
        ({ kind, tags, vlan }) => kind !== 'uplink' && mayBe(tags) && vlan.mode !== 'transparent',
      );
      if (ports.length === 0) return nothing;
      const name = pick(ports, step.port);
      cast.change(name, { vlan: step.vlan });
      return (sut) => sut.setPortVlan(name, step.vlan);
    }
  }
}
