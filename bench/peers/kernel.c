// Frames for peers that switch between network devices of the kernel. Stations 02:bb:00:00:hi:lo receive, 02:aa:00:00:hi:lo
// send; veth.c sends from and to the first 1,024 of either.
//
//   kernel teach IF COUNT                  one broadcast from each station that receives, so that the switch learns it
//   kernel receive IF SECONDS              counts frames by a ring of blocks (TPACKET_V3) and looks at each
//   kernel live IF SECONDS BYTES [drop]    the kernel's own generator (BPF_PROG_TEST_RUN with live frames), as if IF received
//                                          them; the last octet of both addresses is random. drop: the generator alone
//
// Prints million frames a second of the wall clock and of this process' CPU time; teach prints nothing.
// Build: gcc -O2 kernel.c -o kernel
#define _GNU_SOURCE
#include <arpa/inet.h>
#include <errno.h>
#include <linux/bpf.h>
#include <linux/if_packet.h>
#include <net/if.h>
#include <poll.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/socket.h>
#include <sys/syscall.h>
#include <time.h>
#include <unistd.h>

enum { TYPE = 0x88b5, BYTES_MAX = 1514, BLOCKS = 16, BLOCK_BYTES = 1 << 20, PATIENCE_S = 5 };

static double seconds(clockid_t clock) {
  struct timespec t;
  clock_gettime(clock, &t);
  return t.tv_sec + t.tv_nsec * 1e-9;
}

static double now(void) { return seconds(CLOCK_MONOTONIC); }

static void die(const char *what) {
  perror(what);
  exit(1);
}

static void tell(uint64_t frames, double wall, double cpu) { printf("%.4f %.4f\n", frames / wall / 1e6, frames / cpu / 1e6); }

static void make(uint8_t *bytes, int length, int from, int to) {
  memset(bytes, 0x5a, length);
  memcpy(bytes, (uint8_t[]){2, 0xbb, 0, 0, to >> 8, to, 2, 0xaa, 0, 0, from >> 8, from, TYPE >> 8, TYPE & 255}, 14);
}

static int packet_socket(void) {
  int s = socket(AF_PACKET, SOCK_RAW, 0);
  if (s < 0) die("socket");
  return s;
}

static void bind_to(int s, const char *name, int type) {
  struct sockaddr_ll at = {.sll_family = AF_PACKET, .sll_protocol = htons(type), .sll_ifindex = (int)if_nametoindex(name)};
  if (bind(s, (void *)&at, sizeof at)) die(name);
}

static void teach(const char *name, int count) {
  int s = packet_socket();
  bind_to(s, name, 0);
  for (int i = 0; i < count; i++) {
    uint8_t bytes[64];
    make(bytes, sizeof bytes, 0, 0);
    memset(bytes, 255, 6);
    memcpy(bytes + 6, (uint8_t[]){2, 0xbb, 0, 0, i >> 8, i}, 6);
    if (send(s, bytes, sizeof bytes, 0) < 0 && errno != ENOBUFS) die("send");
    if (i % 64 == 63) usleep(2000); // a switch that is a process keeps up
  }
}

static void receive(const char *name, double for_s) {
  int s = packet_socket(), version = TPACKET_V3, block = 0;
  struct tpacket_req3 ring = {
    .tp_block_size = BLOCK_BYTES, .tp_block_nr = BLOCKS, .tp_frame_size = 2048,
    .tp_frame_nr = BLOCK_BYTES / 2048 * BLOCKS, .tp_retire_blk_tov = 10};
  setsockopt(s, SOL_PACKET, PACKET_VERSION, &version, sizeof version);
  if (setsockopt(s, SOL_PACKET, PACKET_RX_RING, &ring, sizeof ring)) die("PACKET_RX_RING");
  uint8_t *blocks = mmap(0, BLOCKS * BLOCK_BYTES, PROT_READ | PROT_WRITE, MAP_SHARED, s, 0);
  if (blocks == MAP_FAILED) die("mmap");
  bind_to(s, name, TYPE);
  uint64_t frames = 0;
  volatile uint32_t sum = 0;
  double from = 0, t = now(), last = t + for_s + PATIENCE_S, cpu = 0;
  while (t < last && (from == 0 || t - from < for_s)) {
    struct tpacket_block_desc *full = (void *)(blocks + (size_t)block * BLOCK_BYTES);
    if (!(full->hdr.bh1.block_status & TP_STATUS_USER)) {
      struct pollfd wait = {s, POLLIN, 0};
      poll(&wait, 1, 50);
      t = now();
      continue;
    }
    if (from == 0) from = now(), cpu = seconds(CLOCK_PROCESS_CPUTIME_ID);
    else frames += full->hdr.bh1.num_pkts;
    struct tpacket3_hdr *frame = (void *)((uint8_t *)full + full->hdr.bh1.offset_to_first_pkt);
    for (uint32_t i = 0; i < full->hdr.bh1.num_pkts; i++) {
      sum += ((uint8_t *)frame)[frame->tp_mac + 5];
      frame = (void *)((uint8_t *)frame + frame->tp_next_offset);
    }
    full->hdr.bh1.block_status = TP_STATUS_KERNEL;
    block = (block + 1) % BLOCKS;
    t = now();
  }
  if (from == 0) {
    fprintf(stderr, "kernel: nothing came\n");
    exit(1);
  }
  tell(frames, t - from, seconds(CLOCK_PROCESS_CPUTIME_ID) - cpu);
}

// A program that puts random octets into both addresses of the frame and lets it pass, or drops it.
static int load_program(int verdict) {
  enum { RANDOM = 7 };
#define OP(CODE, DST, SRC, OFF, IMM) {.code = CODE, .dst_reg = DST, .src_reg = SRC, .off = OFF, .imm = IMM}
  struct bpf_insn program[] = {
    OP(BPF_ALU64 | BPF_MOV | BPF_X, 6, 1, 0, 0),
    OP(BPF_JMP | BPF_CALL, 0, 0, 0, RANDOM),
    OP(BPF_ALU64 | BPF_MOV | BPF_X, 7, 0, 0, 0),
    OP(BPF_ALU64 | BPF_RSH | BPF_K, 7, 0, 0, 8),
    OP(BPF_LDX | BPF_MEM | BPF_W, 2, 6, 0, 0), // data
    OP(BPF_LDX | BPF_MEM | BPF_W, 3, 6, 4, 0), // its end
    OP(BPF_ALU64 | BPF_MOV | BPF_X, 1, 2, 0, 0),
    OP(BPF_ALU64 | BPF_ADD | BPF_K, 1, 0, 0, 14),
    OP(BPF_JMP | BPF_JGT | BPF_X, 1, 3, 2, 0),
    OP(BPF_STX | BPF_MEM | BPF_B, 2, 0, 5, 0),
    OP(BPF_STX | BPF_MEM | BPF_B, 2, 7, 11, 0),
    OP(BPF_ALU64 | BPF_MOV | BPF_K, 0, 0, 0, verdict),
    OP(BPF_JMP | BPF_EXIT, 0, 0, 0, 0),
  };
  union bpf_attr load = {
    .prog_type = BPF_PROG_TYPE_XDP, .insns = (uintptr_t)program, .insn_cnt = sizeof program / sizeof *program,
    .license = (uintptr_t) "GPL"};
  int fd = (int)syscall(SYS_bpf, BPF_PROG_LOAD, &load, sizeof load);
  if (fd < 0) die("BPF_PROG_LOAD");
  return fd;
}

static void live(const char *name, double for_s, int length, int verdict) {
  enum { REPEAT = 65536, BATCH = 64 };
  if (length < 14 || length > BYTES_MAX) {
    fprintf(stderr, "kernel: BYTES is 14 to %d\n", BYTES_MAX);
    exit(2);
  }
  int program = load_program(verdict);
  uint8_t bytes[BYTES_MAX];
  make(bytes, length, 0, 0);
  struct xdp_md context = {.data_end = (uint32_t)length, .ingress_ifindex = if_nametoindex(name)};
  uint64_t frames = 0;
  double from = now(), cpu = seconds(CLOCK_PROCESS_CPUTIME_ID), t;
  do {
    union bpf_attr run;
    memset(&run, 0, sizeof run);
    run.test.prog_fd = program;
    run.test.data_in = (uintptr_t)bytes;
    run.test.data_size_in = length;
    run.test.ctx_in = (uintptr_t)&context;
    run.test.ctx_size_in = sizeof context;
    run.test.repeat = REPEAT;
    run.test.flags = BPF_F_TEST_XDP_LIVE_FRAMES;
    run.test.batch_size = BATCH;
    if (syscall(SYS_bpf, BPF_PROG_TEST_RUN, &run, sizeof run)) die("BPF_PROG_TEST_RUN");
    frames += REPEAT;
    t = now();
  } while (t - from < for_s);
  tell(frames, t - from, seconds(CLOCK_PROCESS_CPUTIME_ID) - cpu);
}

int main(int count, char **arguments) {
  if (count >= 4 && !if_nametoindex(arguments[2])) die(arguments[2]);
  if (count == 4 && !strcmp(arguments[1], "teach")) teach(arguments[2], atoi(arguments[3]));
  else if (count == 4 && !strcmp(arguments[1], "receive")) receive(arguments[2], atof(arguments[3]));
  else if (count >= 5 && !strcmp(arguments[1], "live"))
    live(arguments[2], atof(arguments[3]), atoi(arguments[4]), count > 5 ? XDP_DROP : XDP_PASS);
  else {
    fprintf(stderr, "kernel teach IF COUNT | receive IF SECONDS | live IF SECONDS BYTES [drop]\n");
    return 2;
  }
  return 0;
}
