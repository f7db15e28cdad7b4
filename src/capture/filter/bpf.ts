/**
 * Classic BPF, the machine that runs filters (McCanne and Jacobson 1993; net/bpf.h): an accumulator A, an index X, a few
 * words M, jumps that only go forward. Two 32-bit words an instruction:
 *
 *      31    24 23    16 15               0
 *     +--------+--------+-----------------+--------------------+
 *     |   jf   |   jt   |      code       |         k          |
 *     +--------+--------+-----------------+--------------------+
 *
 * Only what our generator emits is known: see src/core/filter.ts, which runs it, and run.ts, which does the same here.
 * All arithmetic is unsigned, of 32 bits. A load that reaches beyond the captured octets, and a division by 0, end the
 * program, and the frame is rejected.
 */

/** Words M that a program may use. Expressions are computed so that more than 3 are hardly ever needed. */
export const MEMORY_WORDS = 4;
/** Most instructions of a program, as in Linux. */
export const INSTRUCTIONS_MAX = 4096;

/** Code by size, octets. */
export const LOAD_ABSOLUTE = { 1: 0x30, 2: 0x28, 4: 0x20 } as const;
/** Relative to X. */
export const LOAD_INDIRECT = { 1: 0x50, 2: 0x48, 4: 0x40 } as const;
export const LOAD_NUMBER = 0x00;
export const LOAD_LENGTH = 0x80;
export const LOAD_MEMORY = 0x60;
export const LOAD_X_MEMORY = 0x61;
/** X = octets of the IPv4 header at k. */
export const LOAD_X_HEADER = 0xb1;
export const STORE = 0x02;
export const X_FROM_A = 0x07;
export const NEGATE = 0x84;
/** With k; OF_X added, with X. */
export const ALU = {
  '+': 0x04,
  '-': 0x14,
  '*': 0x24,
  '/': 0x34,
  '|': 0x44,
  '&': 0x54,
  '<<': 0x64,
  '>>': 0x74,
  '%': 0x94,
  '^': 0xa4,
} as const;
export const JUMP = 0x05;
/** With k; OF_X added, with X. `&`: any bit in common. */
export const JUMP_IF = { '=': 0x15, '>': 0x25, '>=': 0x35, '&': 0x45 } as const;
export const OF_X = 0x08;
export const RETURN = 0x06;
