// The limit: what a learning switch costs on one core of this machine in C, with nothing else around it.
//
//   calib [ports=8] [macs=1024] [pairs=4096] [burst=32] [len=64|imix] [prefetch=0] [copy=0|1|2] [txring=1024] [secs=0.5]
//
// Prints two numbers: million frames a second of the wall clock, and of CPU time.
// Build: gcc -O3 -march=native calib.c -o calib
//
// For each frame: take an 8-byte descriptor from the port's SPSC ring, load both addresses from the frame's first line, hash
// and refresh the source (port and time), hash and look up the destination, put the descriptor into that port's ring; heads
// and tails are published once a burst, with acquire and release. There are no VLANs, no checks, no counters, no ledger and
// no reference counts. The table is open-addressed, 16 bytes an entry, a quarter full. Source and sink are stores to cursors:
// rings that send are always full, rings that receive are emptied after each visit. The traffic is that of traffic.ts.
//
//   prefetch=1  a burst's frames and then its places in the table are asked for before the first is forwarded
//   copy=1      each frame is copied into a slab of the port it goes to, txring slots long
//   copy=2      a copy in and a copy out: who sends writes each frame into the shared memory before the visit, who receives
//               copies it out after; the switch itself copies nothing
//   len=imix    64, 594 and 1518 bytes, 7:4:1
#define _GNU_SOURCE
#include <stdatomic.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <time.h>

typedef uint8_t u8;
typedef uint32_t u32;
typedef uint64_t u64;
#define ALWAYS_INLINE static inline __attribute__((always_inline))

enum { PORTS_MAX = 64, BURST_MAX = 256, TABLE_PLACES_PER_MAC = 4, OUT_SLOTS = 1024 };
enum { COPY_NONE, COPY_ONE, COPY_BOTH };
enum { LENGTH_MAX = 1518, PAGE = 4096, LINE = 64 };

typedef struct { // descriptor: offset of the frame << 16 | length
  _Alignas(64) _Atomic u32 head;
  u32 tail_seen;
  _Alignas(64) _Atomic u32 tail;
  _Alignas(64) u64 *entries;
  u32 mask;
  u8 *slab; // of copies for this port
} ring;

typedef struct {
  u64 mac; // 0: empty
  u32 port, seen;
} entry;

static u32 ports = 8, macs = 1024, pairs = 4096, burst = 32, len = 64, prefetch = 0, copy = 0;
static u32 txring = 1024, stride;
static double secs = 0.5;

static entry *table;
static u32 table_mask, table_shift, tick = 1;
static ring rx[PORTS_MAX], tx[PORTS_MAX];
static u8 *frames, *originals, *taken_out;
static u64 dropped, flooded;
static volatile u32 seen_last;

static double seconds(clockid_t clock) {
  struct timespec t;
  clock_gettime(clock, &t);
  return t.tv_sec + t.tv_nsec * 1e-9;
}

static u32 below(u32 n) { // xorshift64
  static u64 state = 88172645463325252ull;
  state ^= state << 13;
  state ^= state >> 7;
  state ^= state << 17;
  return state % n;
}

static void *pages(size_t bytes) {
  void *p = mmap(0, bytes, PROT_READ | PROT_WRITE, MAP_PRIVATE | MAP_ANONYMOUS, -1, 0);
  if (p == MAP_FAILED) {
    perror("mmap");
    exit(1);
  }
  madvise(p, bytes, MADV_HUGEPAGE);
  memset(p, 0, bytes);
  return p;
}

// len=0 is the mix.
static u32 length_of(u32 number) {
  u32 place = number * 7919u % 12;
  return len ? len : place < 7 ? 64 : place < 11 ? 594 : LENGTH_MAX;
}

// Station i: locally administered, scattered; its first octet in the low bits.
static u64 station(u32 i) {
  u64 z = (i + 1) * 0x9E3779B97F4A7C15ull;
  z = (z ^ z >> 30) * 0xBF58476D1CE4E5B9ull;
  z ^= z >> 27;
  return (z & 0xffffffffff00ull) | 0x02;
}

ALWAYS_INLINE void copy_frame(u8 *to, const u8 *from, u32 length) {
  if (length == 64) memcpy(to, from, 64);
  else memcpy(to, from, length);
}

ALWAYS_INLINE u64 mac_at(const u8 *p) {
  u64 v;
  memcpy(&v, p, 8);
  return v & 0xffffffffffffull;
}

ALWAYS_INLINE u32 home(u64 mac) {
  mac *= 0x9E3779B97F4A7C15ull;
  mac ^= mac >> 29;
  return (mac * 0xBF58476D1CE4E5B9ull) >> table_shift;
}

ALWAYS_INLINE int lookup(u64 mac, u32 at) {
  for (;; at = (at + 1) & table_mask) {
    if (table[at].mac == mac) return table[at].port;
    if (!table[at].mac) return -1;
  }
}

ALWAYS_INLINE void learn(u64 mac, u32 at, u32 port) {
  for (;; at = (at + 1) & table_mask) {
    if (table[at].mac == mac) {
      if (table[at].port != port) table[at].port = port;
      table[at].seen = tick;
      return;
    }
    if (!table[at].mac) {
      table[at] = (entry){mac, port, tick};
      return;
    }
  }
}

static void set_up(void) {
  u32 places = 1, per_port = 1, stations = macs / ports;
  stride = ((len ? len : LENGTH_MAX) + LINE - 1) & ~(LINE - 1);
  if (stride % PAGE == 0) stride += LINE; // else all frames begin in one set of the cache
  while (places < macs * TABLE_PLACES_PER_MAC) places <<= 1;
  table_mask = places - 1;
  table_shift = 64 - __builtin_ctz(places);
  table = pages(places * sizeof(entry));
  while (per_port < pairs / ports) per_port <<= 1;
  frames = pages((size_t)per_port * ports * stride);
  for (u32 p = 0; p < ports; p++) {
    rx[p].entries = pages(per_port * 8);
    rx[p].mask = per_port - 1;
    tx[p].entries = pages(txring * 8);
    tx[p].mask = txring - 1;
    if (copy == COPY_ONE) tx[p].slab = pages((size_t)txring * stride);
    for (u32 i = 0; i < per_port; i++) {
      u32 number = p * per_port + i, to = (p + 1 + below(ports - 1)) % ports;
      u8 *bytes = frames + (size_t)number * stride;
      u64 dst = station(to * stations + below(stations)), src = station(p * stations + i % stations);
      memcpy(bytes, &dst, 6);
      memcpy(bytes + 6, &src, 6);
      bytes[12] = 0x88;
      bytes[13] = 0xb5;
      rx[p].entries[i] = ((u64)number * stride) << 16 | length_of(number);
    }
  }
  if (copy == COPY_BOTH) {
    size_t bytes = (size_t)per_port * ports * stride;
    originals = pages(bytes);
    memcpy(originals, frames, bytes);
    taken_out = pages((size_t)OUT_SLOTS * stride);
  }
  for (u32 i = 0; i < stations * ports; i++) learn(station(i), home(station(i)), i / stations);
}

// One visit to a port: all of the switch's work for a burst.
ALWAYS_INLINE u32 visit(u32 port, const int with_prefetch, const int with_copy) {
  ring *from = &rx[port];
  u32 tail = atomic_load_explicit(&from->tail, memory_order_relaxed);
  u32 n = atomic_load_explicit(&from->head, memory_order_acquire) - tail;
  if (n > burst) n = burst;
  u64 dirty = 0, dsts[BURST_MAX], srcs[BURST_MAX];
  u32 heads[PORTS_MAX], dst_homes[BURST_MAX], src_homes[BURST_MAX];
  if (with_prefetch) {
    for (u32 i = 0; i < n; i++) __builtin_prefetch(frames + (from->entries[(tail + i) & from->mask] >> 16));
    for (u32 i = 0; i < n; i++) {
      const u8 *bytes = frames + (from->entries[(tail + i) & from->mask] >> 16);
      dsts[i] = mac_at(bytes), srcs[i] = mac_at(bytes + 6);
      dst_homes[i] = home(dsts[i]), src_homes[i] = home(srcs[i]);
      __builtin_prefetch(&table[dst_homes[i]]);
      __builtin_prefetch(&table[src_homes[i]], 1);
    }
  }
  for (u32 i = 0; i < n; i++) {
    u64 descriptor = from->entries[(tail + i) & from->mask];
    const u8 *bytes = frames + (descriptor >> 16);
    u64 dst = with_prefetch ? dsts[i] : mac_at(bytes), src = with_prefetch ? srcs[i] : mac_at(bytes + 6);
    learn(src, with_prefetch ? src_homes[i] : home(src), port);
    int out = (dst & 1) ? -1 : lookup(dst, with_prefetch ? dst_homes[i] : home(dst));
    if (out < 0) { // never taken in this traffic, but checked
      flooded++;
      continue;
    }
    ring *to = &tx[out];
    if (!(dirty >> out & 1)) {
      dirty |= 1ull << out;
      heads[out] = atomic_load_explicit(&to->head, memory_order_relaxed);
    }
    u32 head = heads[out];
    if (head - to->tail_seen > to->mask) {
      to->tail_seen = atomic_load_explicit(&to->tail, memory_order_acquire);
      if (head - to->tail_seen > to->mask) {
        dropped++;
        continue;
      }
    }
    if (with_copy) {
      u64 at = (u64)(head & to->mask) * stride;
      copy_frame(to->slab + at, bytes, descriptor & 0xffff);
      descriptor = at << 16 | (descriptor & 0xffff);
    }
    to->entries[head & to->mask] = descriptor;
    heads[out] = head + 1;
  }
  while (dirty) {
    int out = __builtin_ctzll(dirty);
    dirty &= dirty - 1;
    atomic_store_explicit(&tx[out].head, heads[out], memory_order_release);
  }
  atomic_store_explicit(&from->tail, tail + n, memory_order_release);
  return n;
}

ALWAYS_INLINE u64 turn(const int with_prefetch, const int with_copy) {
  u64 moved = 0;
  for (u32 p = 0; p < ports; p++) {
    atomic_store_explicit(&rx[p].head, rx[p].tail + rx[p].mask + 1, memory_order_release);
    moved += visit(p, with_prefetch, with_copy);
    for (u32 o = 0; o < ports; o++) atomic_store_explicit(&tx[o].tail, tx[o].head, memory_order_release);
  }
  return moved;
}

// Who sends: a burst of frames, each written into its place.
static void write_burst(ring *from) {
  u32 head = from->head;
  for (u32 i = 0; i < burst; i++) {
    u64 descriptor = from->entries[(head + i) & from->mask];
    copy_frame(frames + (descriptor >> 16), originals + (descriptor >> 16), descriptor & 0xffff);
  }
  atomic_store_explicit(&from->head, head + burst, memory_order_release);
}

// Who receives: all that has come, copied out.
static u64 take_out(ring *from, u64 before) {
  u32 tail = from->tail, head = atomic_load_explicit(&from->head, memory_order_acquire);
  u64 taken = 0;
  for (; tail != head; tail++, taken++) {
    u64 descriptor = from->entries[tail & from->mask];
    u8 *to = taken_out + (before + taken) % OUT_SLOTS * stride;
    copy_frame(to, frames + (descriptor >> 16), descriptor & 0xffff);
    seen_last = to[(descriptor & 0xffff) - 1];
  }
  atomic_store_explicit(&from->tail, tail, memory_order_release);
  return taken;
}

ALWAYS_INLINE u64 turn_of_guests(const int with_prefetch) {
  u64 moved = 0;
  for (u32 p = 0; p < ports; p++) {
    write_burst(&rx[p]);
    visit(p, with_prefetch, 0);
    for (u32 o = 0; o < ports; o++) moved += take_out(&tx[o], moved);
  }
  return moved;
}

static u64 turn_as_asked(void) {
  if (copy == COPY_BOTH) return prefetch ? turn_of_guests(1) : turn_of_guests(0);
  if (copy == COPY_ONE) return prefetch ? turn(1, 1) : turn(0, 1);
  return prefetch ? turn(1, 0) : turn(0, 0);
}

static void run(double for_secs, double *wall, double *cpu) {
  double wall0 = seconds(CLOCK_MONOTONIC), cpu0 = seconds(CLOCK_PROCESS_CPUTIME_ID), elapsed;
  u64 moved = 0;
  do {
    for (int i = 0; i < 64; i++) moved += turn_as_asked();
    tick++;
    elapsed = seconds(CLOCK_MONOTONIC) - wall0;
  } while (elapsed < for_secs);
  *wall = moved / elapsed / 1e6;
  *cpu = moved / (seconds(CLOCK_PROCESS_CPUTIME_ID) - cpu0) / 1e6;
}

static int set(const char *key, const char *value) {
  struct { const char *key; u32 *to; } options[] = {
    {"ports", &ports}, {"macs", &macs}, {"pairs", &pairs}, {"burst", &burst}, {"len", &len}, {"prefetch", &prefetch},
    {"copy", &copy}, {"txring", &txring},
  };
  if (!strcmp(key, "secs")) return secs = atof(value), 1;
  if (!strcmp(key, "len") && !strcmp(value, "imix")) return len = 0, 1;
  for (u32 i = 0; i < sizeof options / sizeof *options; i++) {
    if (!strcmp(key, options[i].key)) return *options[i].to = atoi(value), 1;
  }
  return 0;
}

int main(int count, char **arguments) {
  for (int i = 1; i < count; i++) {
    char *equals = strchr(arguments[i], '=');
    if (!equals || (*equals = 0, !set(arguments[i], equals + 1))) {
      fprintf(stderr, "calib: no option %s\n", arguments[i]);
      return 2;
    }
  }
  int is_sane = burst >= 1 && burst <= BURST_MAX && ports >= 2 && ports <= PORTS_MAX && macs >= ports && pairs >= macs;
  if (!is_sane || (len && (len < 14 || len > LENGTH_MAX)) || copy > COPY_BOTH || txring & (txring - 1) || txring < burst) {
    fprintf(stderr,
            "calib: 2-%d ports, burst 1-%d, macs from ports, pairs from macs, len 14-%d or imix, copy 0-2, txring a power of 2 from burst\n",
            PORTS_MAX, BURST_MAX, LENGTH_MAX);
    return 2;
  }
  double wall, cpu;
  set_up();
  run(0.1, &wall, &cpu); // warm-up
  run(secs, &wall, &cpu);
  if (flooded || dropped) {
    fprintf(stderr, "calib: flooded %llu dropped %llu\n", (unsigned long long)flooded, (unsigned long long)dropped);
    return 1;
  }
  printf("%.3f %.3f\n", wall, cpu);
  return 0;
}
