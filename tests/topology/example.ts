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
        portGroups:
          web: { vlan: 10, storm: { broadcast: 100pps }, macLimit: 4, sticky: true }
          trunk: { vlan: 1-4094, tag: s, accept: tagged, ingressFilter: false }
          mixed: { vlan: "10,20-30", native: 10, nativeTagged: false }
          plain: {}
          customer: { vlan: 200, tunnel: true, macLimit: { max: 16, whenFull: shut } }
          alone: { vlan: 101, teaming: { policy: explicit, active: [vmnic1], standby: [vmnic0], failback: false } }
          guest: { vlan: 20, bpdu: guard, relayReserved: [], learning: true, floodUnknown: false, security: { macChanges: reject } }
    vms:
      vm1: { nics: [{ portGroup: web, mac: "00:50:56:00:00:01", ip: "10.0.{n}.1/24" }] }
      vm2: { portGroup: web, vswitch: vSwitch0, effectiveMac: "00:50:56:00:00:99", ip: "10.0.{n}.2/24" }
      client: { count: 8, portGroup: web, ip: "10.0.{n}.10/24" }
  probe:
    uplinks: [vmnic0, vmnic1, vmnic2]
    vswitches:
      vSwitch0: { teaming: { detection: beacon, beaconInterval: 500ms, notify: { repeat: 3, interval: 2s } } }
  bundle:
    uplinks: { vmnic0: { to: agg/4 }, vmnic1: { to: agg/5 } }
    vswitches:
      vSwitch0: { teaming: { lag: active, lacpRate: fast, notify: false } }
physical:
  switches:
    tor: { ports: 8 }
    agg:
      ports: { 1: { vlan: 10, security: { staticConflict: shut } }, 2: { vlan: 1-4094, native: 1 }, 3: , 4: , 5: }
      mtu: 9000
      table: { max: 16 }
      lags: { l1: { mode: passive, rate: slow, ports: [5, 4] } }
      relayReserved: ["02"]
      sharedVlans: [[1, 2]]
      padding: true
  links:
    - { a: esx1/vmnic0, b: tor/1, rate: 10G, delay: 2us, queue: 512 }
    - { a: tor/8, b: agg/2, loss: 1%, duplicate: 0.5%, corrupt: 0.1%, reorder: { share: 2%, by: 50us }, jitter: 20us }
traffic:
  - { from: esx1/vm1, to: esx2/vm1, size: 64, rate: max, flows: 16, start: 1s, stop: 5s, count: 1000 }
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
  - { when: { counter: deja_vu, port: esx1/vmnic0, above: 100 }, unplug: esx1/vmnic1 }
  - { at: 60ms, captureOff: all.pcapng }
  - { at: 61ms, captureOn: all.pcapng }
  - { when: { moved: "00:50:56:00:00:01", in: esx1/vSwitch0 }, after: 1ms, note: it has moved }
  - { when: { rule: R9 }, times: 2, note: R9 was needed }
teaching: { disable: [R17], stormLimit: 32 }
`;
