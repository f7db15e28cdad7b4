/** Every key that a topology file can have. */
export const exampleYaml = `name: example
seed: 7
hosts:
  esx:
    count: 2
    uplinks:
      vmnic0: { to: "tor/{n*2-1}", rate: 10G, delay: 2us }
      vmnic1: { to: "tor/{n*2}" }
    vswitches:
      vSwitch0:
        uplinks: [vmnic0, vmnic1]
        macModel: learning
        mtu: 1500
        teaming: { policy: port-id, active: [vmnic0, vmnic1], standby: [], failback: true, upDelay: 100ms, downDelay: 0 }
        table: { max: 8192, ageing: 300s, whenFull: evict }
        uplinkVlans: 0-4094
        uplinkTag: c
        uplinkStorm: { broadcast: 1kpps, multicast: 2kpps, unknownUnicast: 3kpps }
        uplinkShaping: { out: { average: 5G, burst: 64KiB } }
        shares: { web: high, plain: { shares: 20, reservation: 1G, limit: 5G, priority: 5 } }
        preset: vds
        security: { promiscuous: reject, macChanges: accept, forgedTransmits: accept, staticConflict: drop }
        bpdu: filter
        relayReserved: ["0e"]
        privateVlans: [{ primary: 100, isolated: 101, community: [102, 103] }]
        sharedVlans: [[10, 20]]
        receivers: per-vlan
        rpf: strict
        rpfGrace: 200ms
        unknownFromOutside: "10,20"
        padding: true
        lldp: { mode: both, interval: 10s }
        multicast:
          mode: snooping
          querier: { on: true, interval: 60s, address: 10.0.0.254 }
          floodUnregistered: false
          ageing: 130s
          fastLeave: true
          versions: { igmp: 3, mld: 2 }
          max: 512
          routerPorts: [vmnic0]
        neighbourSuppression: { on: true, max: 4096, ageing: 30s }
        mirrors:
          span1: { from: [vm1], in: [vmnic0], out: ["vmnic*"], vlans: 10, drops: [deja_vu], to: vm2, snap: 128, sample: 10, off: true }
          rspan1: { all: true, to: { vlan: 999 }, transit: true }
        flows: { max: 100000, activeTimeout: 30s, idleTimeout: 5s, sample: 10 }
        portGroups:
          web: { vlan: 10, storm: { broadcast: 100pps }, macLimit: 4, sticky: true }
          trunk: { vlan: 1-4094, tag: s, accept: tagged, ingressFilter: false }
          mixed: { vlan: "10,20-30", native: 10, nativeTagged: false }
          plain: { shaping: { in: { average: 100M, peak: 200M, burst: 64KB }, out: { average: 200M } } }
          customer: { vlan: 200, tunnel: true, macLimit: { max: 16, whenFull: shut } }
          alone: { vlan: 101, dhcpGuard: true, routerGuard: true, hairpin: true, teaming: { policy: explicit, active: [vmnic1], standby: [vmnic0], failback: false } }
          guest: { vlan: 20, bpdu: guard, relayReserved: [], learning: true, floodUnknown: false, security: { macChanges: reject } }
    vms:
      vm1: { nics: [{ portGroup: web, mac: "00:50:56:00:00:01", ip: "10.0.{n}.1/24", groups: [239.1.1.1, "ff15::1"], igmp: 3, mld: 1 }] }
      vm2: { portGroup: web, vswitch: vSwitch0, effectiveMac: "00:50:56:00:00:99", ip: "10.0.{n}.2/24", gateway: "10.0.{n}.254", listen: [8080] }
      client: { count: 8, portGroup: web, ip: "10.0.{n}.10/24" }
      fast: { portGroup: web, nic: { virtio: { suppress: flags, ring: 128, batch: 8 } } }
      esxi: { portGroup: web, nic: { vmxnet3: { txThreshold: 16, ring: 256 } } }
      old: { portGroup: web, nic: { e1000: { ring: 64, batch: 4, mitigation: { itr: 1000, tadv: 64, radv: 64 } } } }
      older: { portGroup: web, nic: { lance: { ring: 32 } } }
      bare: { portGroup: web, nic: { direct: } }
    vmkernel:
      vmk0: { portGroup: web, vswitch: vSwitch0, ip: "10.0.{n}.100/24", gateway: "10.0.{n}.254", listen: [902], mac: "00:50:56:00:00:60" }
  probe:
    uplinks: [vmnic0, vmnic1, vmnic2]
    vswitches:
      vSwitch0: { teaming: { detection: beacon, beaconInterval: 500ms, notify: { repeat: 3, interval: 2s } } }
  bundle:
    uplinks: { vmnic0: { to: agg/4 }, vmnic1: { to: agg/5 } }
    vswitches:
      vSwitch0: { teaming: { lag: active, lacpRate: fast, notify: false } }
  spare:
    uplinks: { vmnic0: {}, vmnic1: { absent: true } }
    vswitches: { vSwitch0: { portGroups: { lab: {}, later: { vlan: 30, absent: true } } } }
    vms: { far: { portGroup: lab }, late: { portGroup: later, absent: true } }
  other:
    vswitches: { vSwitch0: { portGroups: { lab: {} } } }
  pc:
    hypervisor: type2
    uplinks: [eth0]
    ip: 192.168.1.10/24
    gateway: 192.168.1.1
    mac: "00:50:56:00:00:50"
    listen: [7]
    networks:
      vmnet0: { mode: bridged, uplink: eth0 }
      vmnet1: host-only
      vmnet8:
        mode: nat-network
        subnet: 192.168.8.0/24
        dhcp: { enabled: true, range: 192.168.8.128-192.168.8.199, lease: 30m }
        forwards: [{ protocol: udp, hostPort: 8080, to: web, port: 80 }]
    vms:
      web: { network: vmnet8, ip: dhcp }
physical:
  spanningTree: { mode: none, priority: 32768, hello: 2s, maxAge: 20s, forwardDelay: 15s }
  switches:
    tor: { ports: 8 }
    agg:
      ports: { 1: { vlan: 10, priority: strict, security: { staticConflict: shut } }, 2: { vlan: 1-4094, native: 1 }, 3: , 4: , 5: }
      mtu: 9000
      table: { max: 16 }
      lags: { l1: { mode: passive, rate: slow, ports: [5, 4] } }
      relayReserved: ["02"]
      sharedVlans: [[1, 2]]
      padding: true
      lldp: listen
      spanningTree:
        mode: rstp
        priority: 4096
        hello: 1s
        maxAge: 10s
        forwardDelay: 6s
        ports: { 1: { cost: 200, priority: 16, edge: auto, guard: root, enabled: true } }
      mirrors: { drops: { drops: true, to: { port: 3 } } }
      flows: { max: 16 }
  links:
    - { a: esx1/vmnic0, b: tor/1, rate: 10G, delay: 2us, queue: 512 }
    - { a: tor/8, b: agg/2, loss: 1%, duplicate: 0.5%, corrupt: 0.1%, reorder: { share: 2%, by: 50us }, jitter: 20us }
traffic:
  - { from: esx1/vm1, to: esx2/vm1, size: 64, rate: max, flows: 16, start: 1s, stop: 5s, count: 1000 }
  - { from: esx1/vm1, to: "10.0.1.2:8080", fromPort: 5000, rate: 10pps, count: 20 }
  - { from: esx1/vm2, ping: esx2/vm1, interval: 100ms, count: 3 }
captures:
  - { file: all.pcapng, ports: ["*"], snap: 0 }
  - file: ring.pcapng.zst
    ports: ["esx1/*", tor/DROP]
    wires: ["esx1/vmnic*"]
    stages: [wire, inside]
    direction: in
    filter: arp or icmp
    snap: 96
    sample: 100
    start: 1ms
    stop: 5s
    rotate: { size: 10MB, every: 1s, frames: 1000, keep: 5 }
    limit: { size: 1GiB, after: 10s, frames: 100000 }
    onError: stop
events:
  - { at: 5ms, unplug: esx1/vmnic0 }
  - { at: 9ms, plug: esx1/vmnic0 }
  - { at: 10ms, every: 2s, times: 3, linkDown: tor/1 }
  - { at: 11ms, linkUp: tor/1 }
  - { at: 20ms, flap: { port: esx2/vmnic1, down: 2ms, up: 3ms, times: 5 } }
  - { at: 45ms, wire: { port: esx1/vmnic0, loss: 10%, delay: 5us } }
  - { at: 50ms, stopVm: esx1/vm2 }
  - { at: 60ms, startVm: esx1/vm2 }
  - { at: 70ms, stopTraffic: esx1/vm1 }
  - { at: 80ms, startTraffic: "esx1/*" }
  - { at: 90ms, ruleOff: R7 }
  - { at: 100ms, ruleOn: R7 }
  - { at: 1s, crash: esx2 }
  - { at: 2s, boot: esx2 }
  - { at: 3s, flush: tor }
  - { at: 3s, activate: esx1/vmnic1 }
  - { at: 3s, changeMac: { port: esx1/vm2, mac: "00:50:56:00:00:98" } }
  - { at: 4s, addPortGroup: spare/vSwitch0/later }
  - { at: 4s, attach: spare/late }
  - { at: 5s, detach: spare/late }
  - { at: 6s, attach: { vm: spare/late, to: spare } }
  - { at: 6s, migrate: { vm: spare/far, to: other, downtime: 20ms } }
  - { at: 7s, addUplink: { uplink: spare/vmnic1, as: standby } }
  - { at: 8s, removeUplink: spare/vmnic0 }
  - { at: 9s, removePortGroup: spare/vSwitch0/later }
  - { when: { counter: deja_vu, port: esx1/vmnic0, above: 100 }, unplug: esx1/vmnic1 }
  - { at: 60ms, shape: { port: esx1/vm1, in: off, out: { average: 50M } } }
  - { at: 4s, join: { port: esx1/vm1, group: 239.1.1.2 } }
  - { at: 5s, leave: { port: esx1/vm1, group: 239.1.1.1 } }
  - { at: 60ms, captureOff: all.pcapng }
  - { at: 61ms, captureOn: all.pcapng }
  - { at: 62ms, mirrorOn: esx1/vSwitch0/span1 }
  - { at: 63ms, mirrorOff: agg/drops }
  - { when: { moved: "00:50:56:00:00:01", in: esx1/vSwitch0 }, after: 1ms, note: it has moved }
  - { when: { rule: R9 }, times: 2, note: R9 was needed }
flowRecords: { file: flows.csv }
teaching: { disable: [R17], stormLimit: 32 }
`;
