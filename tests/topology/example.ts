/** Every key that a topology file can have, once. */
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
        teaming: { policy: port-id, active: [vmnic0, vmnic1], standby: [] }
        table: { max: 8192, ageing: 300s, whenFull: evict }
        uplinkVlans: 1-4094
        portGroups:
          web: { vlan: 10 }
          trunk: { vlan: 1-4094 }
          mixed: { vlan: "10,20-30", native: 10, nativeTagged: false }
          plain: {}
    vms:
      vm1: { nics: [{ portGroup: web, mac: "00:50:56:00:00:01", ip: "10.0.{n}.1/24" }] }
      vm2: { portGroup: web, vswitch: vSwitch0, ip: "10.0.{n}.2/24" }
      client: { count: 8, portGroup: web, ip: "10.0.{n}.10/24" }
physical:
  switches:
    tor: { ports: 8 }
    agg:
      ports: { 1: { vlan: 10 }, 2: { vlan: 1-4094, native: 1 }, 3: }
      mtu: 9000
      table: { max: 16 }
  links:
    - { a: esx1/vmnic0, b: tor/1, rate: 10G, delay: 2us, queue: 512 }
    - { a: tor/8, b: agg/2 }
traffic:
  - { from: esx1/vm1, to: esx2/vm1, size: 64, rate: max, flows: 16, start: 1s, stop: 5s, count: 1000 }
captures:
  - { file: all.pcapng, ports: ["*"], snap: 0 }
`;
