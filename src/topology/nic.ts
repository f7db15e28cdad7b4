/** From the key `nic` to a card: what its parameters mean together, and whether it can take the frames of its vSwitch. */
import type { VSwitch } from './model.ts';
import { type Card, type CardModel, cardMtuMax } from './nic-model.ts';
import type { CardEntry } from './nic-schema.ts';
import type { Path, Problems } from './problem.ts';
import { count } from './scalar.ts';
import { listed } from './suggestion.ts';

/** The card of a vNIC; undefined where it has none. `path` is the place of the key. */
export function cardOf(
  entry: CardEntry | undefined,
  path: Path,
  vswitch: VSwitch | undefined,
  problems: Problems,
): Card | undefined {
  if (entry === undefined) return undefined;
  const models = Object.keys(entry).filter((key) => entry[key as keyof CardEntry] !== undefined);
  if (models.length !== 1) {
    if (models.length === 0 && problems.lost(path, 1)) return undefined;
    const what = models.length === 0 ? 'no model' : `several models, ${listed(models)}`;
    problems.add(path, `${what}; a vNIC has one card, such as nic: virtio`);
    return undefined;
  }
  const card = read(entry);
  if (card === undefined) return undefined;
  checkBatch(card, path, problems);
  const mtuMax = cardMtuMax[card.model];
  if (vswitch !== undefined && vswitch.mtu > mtuMax) {
    problems.add(
      path,
      `a ${card.model} card takes frames of an mtu of at most ${count(mtuMax)}, and ${vswitch.name} has ${count(vswitch.mtu)}; lower its mtu, or write ${fitting(vswitch.mtu)}`,
    );
  }
  return card;
}

function read({ virtio, vmxnet3, e1000, lance }: CardEntry): Card | undefined {
  if (virtio !== undefined) {
    return {
      model: 'virtio',
      ring: virtio.ring ?? 256,
      suppress: virtio.suppress ?? 'event-idx',
      batch: virtio.batch ?? 1,
    };
  }
  if (vmxnet3 !== undefined) {
    const ring = vmxnet3.ring ?? 512;
    return { model: 'vmxnet3', ring, txThreshold: vmxnet3.txThreshold ?? Math.min(32, ring) };
  }
  if (e1000 !== undefined) {
    const { mitigation } = e1000;
    const { itr = 0, tadv = 0, radv = 0 } = mitigation ?? {};
    return {
      model: 'e1000',
      ring: e1000.ring ?? 256,
      batch: e1000.batch ?? 1,
      mitigation: mitigation === undefined ? null : { itr, tadv, radv },
    };
  }
  return lance === undefined ? undefined : { model: 'lance', ring: lance.ring ?? 16 };
}

/** More frames than the ring holds would never be told of. */
function checkBatch(card: Card, path: Path, problems: Problems): void {
  if (card.model === 'lance') return;
  const [key, frames] =
    card.model === 'vmxnet3' ? (['txThreshold', card.txThreshold] as const) : (['batch', card.batch] as const);
  const room = card.model === 'e1000' ? card.ring - 1 : card.ring;
  if (frames <= room) return;
  problems.add(
    [...path, card.model, key],
    `${key} ${count(frames)} is more than the ring of ${count(card.ring)} holds; at most ${count(room)}, or a larger ring`,
  );
}

function fitting(mtu: number): string {
  const models = (Object.keys(cardMtuMax) as CardModel[]).filter((model) => cardMtuMax[model] >= mtu);
  return models.map((model) => `nic: ${model}`).join(' or ');
}
