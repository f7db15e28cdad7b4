// Sends Ethernet frames by a packet socket at a steady rate, for the capture tools of veth.ts.
//   veth IF SECONDS RATE BYTES     RATE: frames a second, 0 for as many as go; BYTES without FCS
// Prints frames sent, and seconds.
// Build: gcc -O2 veth.c -o veth
#define _GNU_SOURCE
#include <errno.h>
#include <linux/if_packet.h>
#include <net/if.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <time.h>
enum { BURST = 64, SPREAD = 1024 };
static double now(void) { struct timespec t; clock_gettime(CLOCK_MONOTONIC, &t); return t.tv_sec + t.tv_nsec * 1e-9; }
static void die(const char *what) { perror(what); exit(1); }
int main(int c, char **v) {
  if (c != 5) { fprintf(stderr, "veth IF SECONDS RATE BYTES\n"); return 2; }
  double seconds = atof(v[2]), rate = atof(v[3]);
  int bytes = atoi(v[4]), s = socket(AF_PACKET, SOCK_RAW, 0), one = 1, buffer = 8 << 20;
  if (s < 0) die("socket");
  struct sockaddr_ll to = {.sll_family = AF_PACKET, .sll_ifindex = (int)if_nametoindex(v[1])};
  if (to.sll_ifindex == 0 || bind(s, (void *)&to, sizeof to)) die(v[1]);
  // Past the queueing discipline, which does nothing here but cost time.
  setsockopt(s, SOL_PACKET, PACKET_QDISC_BYPASS, &one, sizeof one);
  setsockopt(s, SOL_SOCKET, SO_SNDBUFFORCE, &buffer, sizeof buffer);
  static uint8_t frames[SPREAD][1536]; static struct iovec parts[SPREAD]; static struct mmsghdr messages[SPREAD];
  for (int i = 0; i < SPREAD; i++) {
    memset(frames[i], 0x5a, bytes);
    memcpy(frames[i], (uint8_t[]){2, 0xbb, 0, 0, i >> 8, i, 2, 0xaa, 0, 0, i >> 8, i, 0x88, 0xb5}, 14);
    parts[i] = (struct iovec){frames[i], bytes}; messages[i].msg_hdr.msg_iov = &parts[i]; messages[i].msg_hdr.msg_iovlen = 1;
  }
  uint64_t sent = 0; double from = now(), t = from;
  while (t - from < seconds) {
    uint64_t due = rate == 0 ? sent + BURST : (uint64_t)((t - from) * rate);
    unsigned at = sent % SPREAD, n = due - sent < BURST ? due - sent : BURST;
    if (n > SPREAD - at) n = SPREAD - at;
    if (n != 0) { int r = sendmmsg(s, messages + at, n, 0); if (r > 0) sent += r; else if (errno != ENOBUFS && errno != EAGAIN) die("sendmmsg"); }
    t = now();
  }
  printf("%llu %.6f\n", (unsigned long long)sent, t - from);
  return 0;
}
