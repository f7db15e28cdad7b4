/** Makes the story of a failure short: leaves out every step, and every peculiarity of the switch, without which it fails as well. */
import { type PortSpec, type ReferenceConfig, switchOf } from '../model/config.ts';
import type { Life } from './arbitraries.ts';

/** The shortest life found, in at most `limitMs`, that `fails` is still true of. */
export function shorten(life: Life, fails: (life: Life) => boolean, limitMs: number): Life {
  const until = Date.now() + limitMs;
  const stillFails = (each: Life) => Date.now() < until && fails(each);
  let best = life;
  for (let before = Number.POSITIVE_INFINITY; weight(best) < before; ) {
    before = weight(best);
    best = withFewerFrames(withFewerSteps(best, stillFails), stillFails);
    best = withPlainerSwitch(best, stillFails);
  }
  return best;
}

function weight({ config, steps }: Life): number {
  return JSON.stringify([config, steps], (_key, each) => (typeof each === 'bigint' ? Number(each) : each)).length;
}

/** Leaves out runs of steps, long ones first. */
function withFewerSteps({ config, steps }: Life, stillFails: (life: Life) => boolean): Life {
  let best = steps;
  for (let size = Math.ceil(best.length / 2); size >= 1; size = size === 1 ? 0 : Math.ceil(size / 2)) {
    for (let at = Math.max(0, best.length - size); at >= 0; at -= size) {
      const fewer = [...best.slice(0, at), ...best.slice(at + size)];
      if (fewer.length < best.length && stillFails({ config, steps: fewer })) best = fewer;
      if (at > 0 && at < size) at = size;
    }
  }
  return { config, steps: best };
}

/** Leaves out frames of bursts. */
function withFewerFrames(life: Life, stillFails: (life: Life) => boolean): Life {
  let best = life;
  for (const [i, step] of life.steps.entries()) {
    for (let at = step.do === 'frames' ? step.frames.length - 1 : -1; at >= 0; at--) {
      const now = best.steps[i]!;
      if (now.do !== 'frames' || now.frames.length === 1) break;
      const fewer = { ...now, frames: now.frames.filter((_, j) => j !== at) };
      const shorter = { ...best, steps: best.steps.map((each, j) => (j === i ? fewer : each)) };
      if (stillFails(shorter)) best = shorter;
    }
  }
  return best;
}

/** Gives up settings of the switch and its ports, one by one. Ports stay, for steps count them. */
function withPlainerSwitch({ config, steps }: Life, stillFails: (life: Life) => boolean): Life {
  const { macModel } = config;
  let best = config;
  const attempt = (plainer: ReferenceConfig) => {
    if (stillFails({ config: plainer, steps })) best = plainer;
  };
  const plain = switchOf(config.ports.map(nameAndKind), { macModel });
  for (const key of Object.keys(config) as (keyof ReferenceConfig)[]) {
    if (key !== 'ports' && key !== 'macModel') attempt({ ...best, [key]: plain[key] });
  }
  for (const [i, port] of config.ports.entries()) {
    const usual = plain.ports[i]!;
    const change = (what: object) =>
      attempt({ ...best, ports: best.ports.map((each, j) => (j === i ? { ...each, ...what } : each)) });
    change({ tags: usual.tags });
    if (port.teaming !== undefined) change({ teaming: undefined });
    for (const key of Object.keys(port.policy) as (keyof typeof port.policy)[]) {
      change({ policy: { ...best.ports[i]!.policy, [key]: usual.policy[key] } });
    }
  }
  return { config: best, steps };
}

const nameAndKind = ({ name, kind }: ReferenceConfig['ports'][number]): PortSpec => ({ name, kind });
