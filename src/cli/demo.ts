/**
 * The network of `vswitch run` without a file: two hosts with two uplinks each on one physical switch, eight VMs in two VLANs.
 *
 * One host learns, the other registers, so that both MAC models can be compared; broadcasts show what keeps two uplinks
 * on one layer-2 domain from looping. The busy pair is not captured: its frames would fill a disk.
 */
export const DEMO = `name: demo
hosts:
  esx1:
    uplinks: { vmnic0: { to: tor/1, rate: 10G, delay: 2us }, vmnic1: { to: tor/2, rate: 10G, delay: 2us } }
    vswitches: { vSwitch0: { macModel: learning, portGroups: { web: { vlan: 10 }, db: { vlan: 20 } } } }
    vms:
      web1: { portGroup: web, ip: 10.0.10.1/24 }
      web2: { portGroup: web, ip: 10.0.10.2/24 }
      db1: { portGroup: db, ip: 10.0.20.1/24 }
      db2: { portGroup: db, ip: 10.0.20.2/24 }
  esx2:
    uplinks: { vmnic0: { to: tor/3, rate: 10G, delay: 2us }, vmnic1: { to: tor/4, rate: 10G, delay: 2us } }
    vswitches: { vSwitch0: { macModel: registered, portGroups: { web: { vlan: 10 }, db: { vlan: 20 } } } }
    vms:
      web3: { portGroup: web, ip: 10.0.10.3/24 }
      web4: { portGroup: web, ip: 10.0.10.4/24 }
      busy1: { portGroup: db, ip: 10.0.20.3/24 }
      busy2: { portGroup: db, ip: 10.0.20.4/24 }
physical:
  switches: { tor: { ports: 4 } }
traffic:
  - { from: esx1/web1, to: esx2/web3, size: 512, rate: 500pps, flows: 4 }
  - { from: esx2/web3, to: esx1/web1, size: 1518, rate: 500pps, flows: 4 }
  - { from: esx1/web2, to: esx2/web4, size: 64, rate: 1000pps }
  - { from: esx1/db1, to: esx1/db2, size: 256, rate: 1000pps }
  - { from: esx1/db2, to: broadcast, size: 64, rate: 20pps }
  - { from: esx2/web4, to: broadcast, size: 64, rate: 20pps }
  - { from: esx2/busy1, to: esx2/busy2, size: 64, rate: max }
captures:
  - { file: captures/demo.pcapng, ports: ["esx1/*", "esx2/web*", "esx2/vmnic*", "tor/*"] }
`;
