/** A network that can be captured live, without one: the header of a capture, then as many frames as are asked of it. */

import type { LiveOrder } from '../../src/attach/message.ts';
import type { Attachable, AttachedCapture } from '../../src/attach/server.ts';
import { enhancedPacket, interfaceDescription, sectionHeader } from '../../src/capture/write.ts';
import { parseTopology } from '../../src/topology/load.ts';
import type { Topology } from '../../src/topology/model.ts';
import { LAB } from '../cli/lab.ts';

const FRAME = new Uint8Array(60);
FRAME.set(Buffer.from('ffffffffffff00505600000188b5', 'hex'));

export class FakeNetwork implements Attachable {
  readonly topology: Topology = parseTopology(LAB, 'lab.yaml');
  readonly clock = 'wall';
  readonly orders: LiveOrder[] = [];
  /** Captures under way. */
  open = 0;
  /** Times that a client said that it can take more. */
  drained = 0;
  /** What `write` said last. */
  isTaking = true;
  #write: ((bytes: Uint8Array) => boolean) | null = null;
  #sent = 0;
  #timer: NodeJS.Timeout | null = null;
  readonly #atClose: Uint8Array | null;

  /** `atClose` is written when a capture is closed, as statistics are. */
  constructor(atClose: Uint8Array | null = null) {
    this.#atClose = atClose;
  }

  async attach(order: LiveOrder, write: (bytes: Uint8Array) => boolean): Promise<AttachedCapture> {
    if (order.ports.includes('nobody')) throw new Error('nobody is not a port; write owner/port');
    this.orders.push(order);
    this.open++;
    this.#write = write;
    write(sectionHeader({ application: 'vSwitch' }));
    write(interfaceDescription({ name: 'esx1/vm1' }));
    return {
      drained: () => {
        this.drained++;
      },
      close: async () => {
        this.open--;
        this.#write = null;
        if (this.#timer !== null) clearInterval(this.#timer);
        if (this.#atClose !== null) write(this.#atClose);
      },
    };
  }

  send(frames: number): void {
    for (let i = 0; i < frames; i++) {
      const timeNs = BigInt(this.#sent++) * 1000n;
      // The same memory every time, as a ring has it.
      const bytes = enhancedPacket({ interfaceId: 0, timeNs, bytes: FRAME, direction: 'in', packetId: this.#sent });
      this.isTaking = this.#write?.(bytes) ?? true;
      bytes.fill(0xff);
    }
  }

  /** A few frames every few milliseconds from now on. */
  keepSending(): void {
    this.#timer = setInterval(() => this.send(5), 5);
    this.#timer.unref();
  }
}
