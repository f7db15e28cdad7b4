/** The network card that a guest has between itself and its port. Without one it uses the port's rings itself. */

export type CardModel = 'virtio' | 'vmxnet3' | 'e1000' | 'lance';

interface Rings {
  /** Descriptors of each ring, a power of two, 4-4,096 (virtio up to 32,768, lance up to 512). */
  readonly ring: number;
}

/** virtio 1.2, split virtqueues. */
export interface VirtioCard extends Rings {
  readonly model: 'virtio';
  /** How either side says that it need not be told: not at all, by flags, or by VIRTIO_F_EVENT_IDX. */
  readonly suppress: 'none' | 'flags' | 'event-idx';
  /** Frames that the driver gathers before it looks whether to ring, 1 to `ring`; fewer when the guest has no more at once. */
  readonly batch: number;
}

/** As Linux' vmxnet3 driver uses it. */
export interface Vmxnet3Card extends Rings {
  readonly model: 'vmxnet3';
  /** Frames deferred before TXPROD is written, 1 to `ring`; at once when the ring was empty. */
  readonly txThreshold: number;
}

/** Intel 82540EM. */
export interface E1000Card extends Rings {
  readonly model: 'e1000';
  /** Frames for each write of TDT, 1 to `ring` - 1; fewer when the guest has no more at once. */
  readonly batch: number;
  /**
   * After an interrupt none comes for the least of these that is not 0, and at least 128 us: ITR in 256 ns, TADV and RADV in 1,024 ns,
   * 0-65,535 each. null: none is held back.
   */
  readonly mitigation: { readonly itr: number; readonly tadv: number; readonly radv: number } | null;
}

/** AMD Am79C970A by its two ports. */
export interface LanceCard extends Rings {
  readonly model: 'lance';
}

export type Card = VirtioCard | Vmxnet3Card | E1000Card | LanceCard;

/** Largest MTU that a card's descriptors and driver can take, bytes. */
export const cardMtuMax: Readonly<Record<CardModel, number>> = {
  virtio: 65_535,
  // VMXNET3_MAX_MTU.
  vmxnet3: 9000,
  // MAX_JUMBO_FRAME_SIZE of Linux' e1000, less headers and FCS.
  e1000: 16_110,
  lance: 1500,
};
