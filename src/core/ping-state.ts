/** A ping as the guest keeps it; ping.ts sends it and takes the replies. Addresses are as in a frame, times in ns. */
@unmanaged
export class Ping {
  number: u32; // its low 16 bits identify the guest's requests
  length: u32; // bytes in memory, without FCS
  template: u32; // a frame without addresses of cards, sender and sequence number
  sum: u32; // ones' complement sum of the ICMP message with checksum and sequence number 0
  target: u32;
  tries: u32; // ARP requests for the attempt in hand
  times: u32; // address of TIMES u64: when each of the latest requests was sent, and one more; 0: answered
  reserved: u32;
  dueNs: u64;
  stopNs: u64; // 0: none
  intervalNs: u64;
  remaining: u64;
  sent: u64; // echo requests
  answered: u64;
  duplicates: u64; // replies to what was answered already, or is not remembered any more
  unreachable: u64; // attempts that nobody answered by ARP
  noRoute: u64; // attempts without a way to the target
  rttMin: u64;
  rttMax: u64;
  rttSum: u64;
}
