/** What has to hold of a network's memory whenever nobody moves it, however it came there. */
import * as L from '../../src/engine/generated/layout.ts';
import type { Network } from '../../src/engine/network.ts';
import type { PlannedSwitch } from '../../src/engine/plan.ts';

const multiplier = 0x9e3779b97f4a7c15n;

/** Throws with the first thing that does not hold. */
export function assertWhole(network: Network): void {
  assertLedgers(network);
  assertPools(network);
  for (const sw of network.plan.switches) assertTable(network, sw);
}

export function assertLedgers(network: Network): void {
  assertCursors(network);
  const { ledger, switches } = network.report();
  for (const sw of switches) {
    if (!sw.ledger.balanced) throw new Error(`the ledger of ${sw.name}: ${JSON.stringify(sw.ledger)}`);
    for (const port of sw.ports) {
      if ((port.verdicts['delivered'] ?? 0) !== port.txFrames) throw new Error(`${port.name}: delivered`);
    }
  }
  if (!ledger.balanced) throw new Error(`the ledger does not balance: ${JSON.stringify(ledger)}`);
}

/** What went into every ring and wire and came out of it is what was counted there; tells the port where it is not. */
function assertCursors(network: Network): void {
  const { memory, plan } = network;
  const head = (at: number) => memory.u32(at + L.Ring_head);
  const tail = (at: number) => memory.u32(at + L.Ring_tail);
  const sum = (cursors: readonly number[]) => cursors.reduce((total, cursor) => total + cursor, 0);
  for (const { name, rxFrames, txFrames, guest } of network.ports()) {
    const same = (what: string, counted: number, there: number) => {
      if (counted % 2 ** 32 !== there % 2 ** 32)
        throw new Error(`${name}: ${what} ${counted}, its cursors say ${there}`);
    };
    const { rxRing, txRing } = plan.ports.get(name)!.port;
    const inlets = plan.wires.filter(({ to }) => to === name).map(({ address }) => tail(address));
    const outlets = plan.wires.filter(({ from }) => from === name).map(({ address }) => head(address));
    same('rx', rxFrames, sum(guest === null ? inlets : [...inlets, tail(rxRing)]));
    if (guest !== null) {
      // Its counters go with it from ring to ring.
      const own = memory.u32(plan.ports.get(name)!.port.address + L.Port_guest);
      same('sent', guest.sent, head(rxRing) + memory.u32(own + L.Guest_sentOffset));
      same('taken', guest.received + guest.filtered, tail(txRing) + memory.u32(own + L.Guest_takenOffset));
    }
    if (guest !== null || outlets.length > 0)
      same('delivered', txFrames, sum(guest === null ? outlets : [head(txRing)]));
  }
}

/** Each slot that was ever used is free once, or has as many references as descriptors that wait somewhere. */
export function assertPools({ memory, plan }: Network): void {
  const referred = new Map<number, number>();
  const ring = (at: number, bytes: number) => {
    const mask = memory.u32(at + L.Ring_mask);
    // Behind a shaper what is not published waits as well.
    const head = memory.u32(at + L.Ring_headNext);
    for (let cursor = memory.u32(at + L.Ring_tail); cursor !== head; cursor = (cursor + 1) >>> 0) {
      const descriptor = memory.u64(memory.u32(at + L.Ring_entries) + (cursor & mask) * bytes);
      const slot = Number(descriptor & 0x3ffffffn) * 64;
      referred.set(slot, (referred.get(slot) ?? 0) + 1);
    }
  };
  for (const { ports } of plan.switches)
    for (const { rxRing, txRing } of ports) for (const at of [rxRing, txRing]) if (at !== 0) ring(at, 8);
  for (const { address } of plan.wires) ring(address, 16);
  for (const { shaping } of plan.switches)
    for (const { flows } of shaping?.schedulers ?? []) for (const { address } of flows) ring(address, 16);

  const pools = [
    ...plan.switches.map((sw) => ({ at: sw.poolAt, classes: sw.poolClasses, of: sw.name })),
    { at: plan.injectPoolAt, classes: plan.injectClasses, of: 'injection' },
  ];
  let used = 0;
  for (const { at, classes, of } of pools) {
    classes.forEach(({ slotBytes, from, returnsAt, returnsEntries }, i) => {
      const c = at + i * L.PoolClass_BYTES;
      const fresh = memory.u32(c + L.PoolClass_fresh);
      const free = new Set<number>();
      const add = (slot: number) => {
        if (free.has(slot)) throw new Error(`${of}: slot ${slot} is free twice`);
        if (referred.has(slot)) throw new Error(`${of}: slot ${slot} is free and referred to`);
        free.add(slot);
      };
      for (let slot = memory.u32(c + L.PoolClass_free); slot !== 0; slot = memory.u32(slot + L.Frame_poolClass))
        add(slot);
      const returned = memory.u32(c + L.PoolClass_returned);
      for (let place = memory.u32(c + L.PoolClass_taken); place !== returned; place = (place + 1) >>> 0)
        add(memory.u32(returnsAt + 8 * (place & (returnsEntries - 1))));
      for (let slot = from; slot < fresh; slot += slotBytes) {
        const references = referred.get(slot) ?? 0;
        if (references === 0 && !free.has(slot)) throw new Error(`${of}: slot ${slot} is lost`);
        if (references > 0 && (memory.u32(slot + L.Frame_refs) & 0xffffff) !== references)
          throw new Error(`${of}: slot ${slot} has ${memory.u32(slot)} references, ${references} are there`);
        if (references > 0) used++;
      }
    });
  }
  if (used !== referred.size) throw new Error(`${referred.size - used} descriptors name no slot`);
}

/** Every entry is found, once, by the search from its home; what is counted is what is there. */
export function assertTable({ memory }: Network, sw: PlannedSwitch): void {
  const mask = sw.tableSlots - 1;
  const shift = BigInt(64 - Math.log2(sw.tableSlots));
  const keyAt = (place: number) => memory.u64(sw.tableAt + 16 * place);
  const counts = new Map<number, number>();
  const sticky = new Map<number, number>();
  let entries = 0;
  for (let place = 0; place <= mask; place++) {
    const key = keyAt(place);
    if (key === 0n) continue;
    entries++;
    let at = Number(BigInt.asUintN(64, key * multiplier) >> shift);
    while (keyAt(at) !== key && keyAt(at) !== 0n) at = (at + 1) & mask;
    if (at !== place) throw new Error(`${sw.name}: ${key.toString(16)} at ${place} is found at ${at}`);
    const value = memory.u64(sw.tableAt + 16 * place + 8);
    const logical = Number(value & 0x7ffn);
    const isStatic = (value & 0x800n) !== 0n;
    const isSticky = isStatic && value >> 12n === 0xffffffffffffen;
    if (isSticky) sticky.set(logical, (sticky.get(logical) ?? 0) + 1);
    if (!isStatic) counts.set(logical, (counts.get(logical) ?? 0) + 1);
  }
  const same = (what: string, counted: number, there: number) => {
    if (counted !== there) throw new Error(`${sw.name}: ${what} counted ${counted}, there are ${there}`);
  };
  same('entries', memory.u32(sw.address + L.Switch_entryCount), entries);
  same('outside', memory.u32(sw.address + L.Switch_teamEntryCount), counts.get(L.LOGICAL_TEAM) ?? 0);
  if (memory.u32(sw.address + L.Switch_tableVersion) % 2 !== 0) throw new Error(`${sw.name}: an entry is on the move`);
  let unregistered = 0;
  for (const port of sw.ports) {
    same(port.name, memory.u32(port.address + L.Port_entryCount), counts.get(port.number) ?? 0);
    same(`${port.name} sticky`, memory.u32(port.address + L.Port_stickyCount), sticky.get(port.number) ?? 0);
    const isKept = memory.u64(port.address + L.Port_configuredMac) !== 0n;
    if (isKept && memory.u8(port.address + L.Port_isRegistered) === 0) unregistered++;
  }
  if (sw.vswitch?.macModel === 'registered')
    same('kept places', memory.u32(sw.address + L.Switch_keptPlaces), unregistered);
}
