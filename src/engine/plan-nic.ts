/** Where a network card's rings and buffers stand (core/nic.ts). */
import type { Card } from '../topology/nic-model.ts';
import * as L from './generated/layout.ts';
import { align, CACHE_LINE, type Space } from './space.ts';

export interface PlannedNicQueue {
  readonly address: number;
  readonly table: number;
  /** virtio: the available ring. */
  readonly avail: number;
  /** virtio: the used ring; vmxnet3: the completion ring. */
  readonly used: number;
  readonly buffers: number;
}

export interface PlannedNic {
  readonly card: Card;
  readonly address: number;
  readonly tx: PlannedNicQueue;
  readonly rx: PlannedNicQueue;
  /** Of one buffer, with a frame's header. */
  readonly bufferBytes: number;
}

const DESCRIPTOR_BYTES = 16;
/** Ethernet header, two tags and some more. */
const FRAME_MARGIN = 32;

export function planNic(space: Space, card: Card, mtu: number): PlannedNic {
  const bufferBytes = align(L.FRAME_HEADER + mtu + FRAME_MARGIN, CACHE_LINE);
  const { ring } = card;
  const queue = (): PlannedNicQueue => ({
    address: space.reserve('network cards', L.NicQueue_BYTES),
    table: space.reserve('network cards', ring * DESCRIPTOR_BYTES),
    avail: card.model === 'virtio' ? space.reserve('network cards', 6 + ring * 2) : 0,
    used: usedBytes(card) === 0 ? 0 : space.reserve('network cards', usedBytes(card)),
    buffers: space.reserve('network cards', ring * bufferBytes),
  });
  return { card, address: space.reserve('network cards', L.NIC_STRIDE), tx: queue(), rx: queue(), bufferBytes };
}

function usedBytes({ model, ring }: Card): number {
  if (model === 'virtio') return 6 + ring * 8;
  return model === 'vmxnet3' ? ring * DESCRIPTOR_BYTES : 0;
}
