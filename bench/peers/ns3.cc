// ns-3: one learning bridge (BridgeNetDevice) with 8 hosts on SimpleNetDevice, its fastest: channels with a delay of 100 ns and no
// rate. Host i sends frames (of 64 bytes) with real payload to host i + 4 (of 8, round), every 3 us. Prints frames that reached a host through
// the bridge per second of the wall clock and per second of CPU time, in millions.
//   ns3 FRAMES [BYTES]     BYTES: 60 to 1514, without FCS
#include "ns3/bridge-module.h"
#include "ns3/core-module.h"
#include "ns3/network-module.h"
#include <chrono>
#include <cstdio>
#include <cstdlib>
#include <ctime>
#include <iostream>
#include <vector>
using namespace ns3;

static const int HOSTS = 8;
static const int HEADER = 14;
static std::vector<uint8_t> bytes(64 - HEADER, 0x5a);
static uint64_t received, toSend;

static bool receive(Ptr<NetDevice>, Ptr<const Packet>, uint16_t, const Address &) {
  ++received;
  return true;
}

static void send(Ptr<NetDevice> from, Address to, Time gap) {
  if (toSend == 0) return;
  --toSend;
  from->Send(Create<Packet>(bytes.data(), bytes.size()), to, 0x88b5);
  Simulator::Schedule(gap, &send, from, to, gap);
}

int main(int count, char **arguments) {
  const int length = count == 3 ? atoi(arguments[2]) : 64;
  if (count < 2 || count > 3 || length < 60 || length > 1514) {
    std::cerr << "ns3 FRAMES [BYTES], BYTES is 60 to 1514\n";
    return 2;
  }
  bytes.assign(length - HEADER, 0x5a);
  const uint64_t wanted = toSend = strtoull(arguments[1], nullptr, 10);
  NodeContainer hosts;
  hosts.Create(HOSTS);
  Ptr<Node> bridge = CreateObject<Node>();
  NetDeviceContainer cards, ports;
  for (int i = 0; i < HOSTS; i++) {
    SimpleNetDeviceHelper helper;
    helper.SetChannel("ns3::SimpleChannel", "Delay", TimeValue(NanoSeconds(100)));
    NetDeviceContainer both = helper.Install(NodeContainer(hosts.Get(i), bridge));
    cards.Add(both.Get(0));
    ports.Add(both.Get(1));
    both.Get(0)->SetReceiveCallback(MakeCallback(&receive));
  }
  BridgeHelper().Install(bridge, ports);
  // All speak first, so that the bridge has learned them.
  for (int i = 0; i < HOSTS; i++)
    Simulator::Schedule(MicroSeconds(10 * i), [&cards, i] { cards.Get(i)->Send(Create<Packet>(50), cards.Get((i + 1) % HOSTS)->GetAddress(), 0x88b5); });
  for (int i = 0; i < HOSTS; i++)
    Simulator::Schedule(MicroSeconds(200) + NanoSeconds(370 * i), &send, cards.Get(i), cards.Get((i + HOSTS / 2) % HOSTS)->GetAddress(), NanoSeconds(3000));
  Simulator::Stop(MicroSeconds(199));
  Simulator::Run();
  received = 0;
  const auto from = std::chrono::steady_clock::now();
  const clock_t used = clock();
  Simulator::Run();
  const double seconds = std::chrono::duration<double>(std::chrono::steady_clock::now() - from).count();
  const double cpu = double(clock() - used) / CLOCKS_PER_SEC;
  Simulator::Destroy();
  if (received != wanted) {
    std::cerr << "ns3: delivered " << received << " of " << wanted << "\n";
    return 1;
  }
  printf("%.4f %.4f\n", received / seconds / 1e6, received / cpu / 1e6);
}
