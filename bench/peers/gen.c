// Writes the canonical traffic (traffic.ts, calib.c) as one pcap for each port: DIR/p0.pcap and so on. Each frame is valid
// IPv4/UDP with addresses made from the stations' numbers: Open vSwitch hashes the 5-tuple, and frames that are not IP would
// all hash alike and spoil its cache.
//
//   gen DIR PORTS MACS PAIRS LENGTH     LENGTH: 42 to 1514, or imix: 64, 594 and 1514, 7:4:1
//
// Build: gcc -O2 gen.c -o gen
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

typedef uint8_t u8;
typedef uint32_t u32;
typedef uint64_t u64;

static u32 below(u32 n) { // xorshift64
  static u64 state = 88172645463325252ull;
  state ^= state << 13;
  state ^= state >> 7;
  state ^= state << 17;
  return state % n;
}

static u64 station(u32 i) {
  u64 z = (i + 1) * 0x9E3779B97F4A7C15ull;
  z = (z ^ z >> 30) * 0xBF58476D1CE4E5B9ull;
  z ^= z >> 27;
  return (z & 0xffffffffff00ull) | 0x02;
}

static u32 mixed(u32 number) { // as in calib.c
  u32 place = number * 7919u % 12;
  return place < 7 ? 64 : place < 11 ? 594 : 1514;
}

static void put16(u8 *at, u32 value) {
  at[0] = value >> 8;
  at[1] = value;
}

static void put_address(u8 *at, u32 number) { // 10.x.x.x
  at[0] = 10;
  at[1] = number >> 16;
  put16(at + 2, number);
}

static void make(u8 *bytes, u32 length, u32 src, u32 dst) {
  u64 to = station(dst), from = station(src);
  u8 *ip = bytes + 14, *udp = ip + 20;
  u32 sum = 0;
  memset(bytes, 0, length);
  memcpy(bytes, &to, 6);
  memcpy(bytes + 6, &from, 6);
  put16(bytes + 12, 0x0800);
  put16(ip, 0x4500);
  put16(ip + 2, length - 14);
  put16(ip + 6, 0x4000); // don't fragment
  put16(ip + 8, 64 << 8 | 17);
  put_address(ip + 12, src);
  put_address(ip + 16, dst);
  for (int i = 0; i < 20; i += 2) sum += ip[i] << 8 | ip[i + 1];
  sum = (sum & 0xffff) + (sum >> 16);
  put16(ip + 10, ~((sum & 0xffff) + (sum >> 16)));
  put16(udp, 5000);
  put16(udp + 2, 5001);
  put16(udp + 4, length - 34);
}

int main(int count, char **arguments) {
  if (count != 6) {
    fprintf(stderr, "gen DIR PORTS MACS PAIRS LENGTH|imix\n");
    return 2;
  }
  u32 ports = atoi(arguments[2]), stations = atoi(arguments[3]) / ports, per_port = atoi(arguments[4]) / ports;
  u32 length = atoi(arguments[5]);
  int is_mix = !strcmp(arguments[5], "imix");
  if (!is_mix && (length < 42 || length > 1514)) {
    fprintf(stderr, "gen: LENGTH is 42 to 1514, or imix\n");
    return 2;
  }
  for (u32 p = 0; p < ports; p++) {
    char name[4096];
    snprintf(name, sizeof name, "%s/p%u.pcap", arguments[1], p);
    FILE *file = fopen(name, "wb");
    if (!file) {
      perror(name);
      return 1;
    }
    u32 header[6] = {0xa1b2c3d4, 2 | 4 << 16, 0, 0, 65535, 1};
    fwrite(header, 4, 6, file);
    for (u32 i = 0; i < per_port; i++) {
      u8 bytes[1514];
      if (is_mix) length = mixed(p * per_port + i);
      u32 to = (p + 1 + below(ports - 1)) % ports, dst = to * stations + below(stations);
      make(bytes, length, p * stations + i % stations, dst);
      u32 record[4] = {i / 1000000, i % 1000000, length, length};
      fwrite(record, 4, 4, file);
      fwrite(bytes, 1, length, file);
    }
    fclose(file);
  }
  return 0;
}
