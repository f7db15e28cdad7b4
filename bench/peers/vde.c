// A plug of a vde_switch, for each side a process.
//
//   vde receive SOCKET SECONDS                 first, a broadcast from each of its 256 stations (02:bb:00:00:00:xx)
//   vde send SOCKET SECONDS BYTES              to those stations, as fast as the switch takes them
//
// Prints million frames a second of the wall clock and of this process' CPU time.
// Build: gcc -O2 vde.c -lvdeplug -o vde
#include <errno.h>
#include <libvdeplug.h>
#include <poll.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <time.h>
#include <unistd.h>

enum { STATIONS = 256, BYTES_MAX = 1514, BURST = 32, PATIENCE_S = 5 };

static double seconds(clockid_t clock) {
  struct timespec t;
  clock_gettime(clock, &t);
  return t.tv_sec + t.tv_nsec * 1e-9;
}

static double now(void) { return seconds(CLOCK_MONOTONIC); }

static void tell(uint64_t frames, double wall, double cpu) { printf("%.4f %.4f\n", frames / wall / 1e6, frames / cpu / 1e6); }

static void address(uint8_t *at, int side, int station) { memcpy(at, (uint8_t[]){2, side, 0, 0, 0, station}, 6); }

static int receive(VDECONN *plug, double for_s) {
  uint8_t bytes[2048] = {0};
  for (int i = 0; i < STATIONS; i++) {
    memset(bytes, 255, 6);
    address(bytes + 6, 0xbb, i);
    bytes[12] = 0x88, bytes[13] = 0xb5;
    vde_send(plug, bytes, 64, 0);
    usleep(200);
  }
  struct pollfd wait = {vde_datafd(plug), POLLIN, 0};
  uint64_t frames = 0;
  double from = 0, t = now(), last = t + for_s + PATIENCE_S, cpu = 0;
  while (t < last && (from == 0 || t - from < for_s)) {
    poll(&wait, 1, 100);
    for (int i = 0; i < BURST; i++) {
      ssize_t n = vde_recv(plug, bytes, sizeof bytes, MSG_DONTWAIT);
      if (n <= 1) break;
      frames += bytes[0] == 2 && bytes[1] == 0xbb;
    }
    t = now();
    if (from == 0 && frames != 0) from = t, frames = 0, cpu = seconds(CLOCK_PROCESS_CPUTIME_ID);
  }
  if (from == 0) {
    fprintf(stderr, "vde: nothing came\n");
    return 1;
  }
  tell(frames, t - from, seconds(CLOCK_PROCESS_CPUTIME_ID) - cpu);
  return 0;
}

static int send_all(VDECONN *plug, double for_s, int length) {
  uint8_t bytes[BYTES_MAX];
  memset(bytes, 0x5a, sizeof bytes);
  bytes[12] = 0x88, bytes[13] = 0xb5;
  struct pollfd wait = {vde_datafd(plug), POLLOUT, 0};
  uint64_t frames = 0;
  double from = now(), t, cpu = seconds(CLOCK_PROCESS_CPUTIME_ID);
  uint32_t number = 0;
  do {
    for (int i = 0; i < BURST; i++, number++) {
      address(bytes, 0xbb, number % STATIONS);
      address(bytes + 6, 0xaa, number * 7 % STATIONS);
      if (vde_send(plug, bytes, length, 0) == length) frames++;
      else if (errno == EAGAIN || errno == ENOBUFS) {
        poll(&wait, 1, 1);
        break;
      } else {
        perror("vde_send");
        return 1;
      }
    }
    t = now();
  } while (t - from < for_s);
  tell(frames, t - from, seconds(CLOCK_PROCESS_CPUTIME_ID) - cpu);
  return 0;
}

int main(int count, char **arguments) {
  int is_receiver = count == 4 && !strcmp(arguments[1], "receive"), length = count == 5 ? atoi(arguments[4]) : 64;
  if (!is_receiver && (count != 5 || strcmp(arguments[1], "send") || length < 60 || length > BYTES_MAX)) {
    fprintf(stderr, "vde receive SOCKET SECONDS | send SOCKET SECONDS BYTES (60 to %d)\n", BYTES_MAX);
    return 2;
  }
  VDECONN *plug = vde_open(arguments[2], "bench", NULL);
  if (!plug) {
    perror(arguments[2]);
    return 1;
  }
  int status = is_receiver ? receive(plug, atof(arguments[3])) : send_all(plug, atof(arguments[3]), length);
  vde_close(plug);
  return status;
}
