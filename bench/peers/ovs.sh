#!/bin/bash
# Open vSwitch with DPDK, action NORMAL (it learns addresses), one PMD thread on one core, driven over stdin and stdout so that
# it can be measured in turns with others:
#
#   ovs.sh FRAMES PORTS CORE     FRAMES: a folder with p0.pcap ... (gen.c); CORE: where the PMD thread runs
#
# It says `ready`, or `skip REASON` and ends. Then each line on stdin, seconds, is answered by a number: million frames a
# second. At the end of stdin everything is given back. Between measurements the process is stopped (SIGSTOP), since a PMD
# thread polls for ever. After `kill -9` look for a stopped ovs-vswitchd-dpdk.
#
# Ports are DPDK net_pcap devices with infinite_rx: to receive is to allocate an mbuf and copy a prepared frame into it, to
# send is to free it. Needs root, for huge pages if there are any to be had.
set -u
frames=$1 ports=$2 core=$3
control=$((core == 0 ? 1 : 0))
[ "$(nproc)" -gt 1 ] || control=0
skip() { echo "skip $*"; exit 0; }
[ "$(id -u)" = 0 ] || skip "needs root"
command -v ovs-vsctl ovsdb-server ovsdb-tool ovs-appctl taskset >/dev/null || skip "Open vSwitch is not installed"
vswitchd=$(command -v ovs-vswitchd-dpdk || ls /usr/lib/openvswitch-switch-dpdk/ovs-vswitchd-dpdk 2>/dev/null)
[ -x "$vswitchd" ] || skip "ovs-vswitchd-dpdk is not installed (Debian: openvswitch-switch-dpdk)"
schema=/usr/share/openvswitch/vswitch.ovsschema
[ -f "$schema" ] || skip "no $schema"

work=$(mktemp -d "${TMPDIR:-/tmp}/bench-ovs.XXXXXX")
export OVS_RUNDIR=$work OVS_LOGDIR=$work OVS_DBDIR=$work
pages=/sys/kernel/mm/hugepages/hugepages-2048kB/nr_hugepages pages_before="" switch="" database=""
finish() {
  if [ -n "$switch" ]; then
    kill -CONT "$switch"; kill "$switch"
    for _ in 1 2 3 4 5 6 7 8 9 10; do kill -0 "$switch" || break; sleep 0.3; done
    kill -9 "$switch"
  fi
  [ -z "$database" ] || kill "$database"
  [ -z "$pages_before" ] || echo "$pages_before" >"$pages"
  rm -rf "$work"
} 2>/dev/null
trap finish EXIT
trap 'exit 130' INT TERM

memory="--no-huge -m 1024" socket=""
if [ -w $pages ]; then
  pages_before=$(cat $pages)
  [ "$pages_before" -ge 768 ] || echo 768 >$pages
  [ "$(cat $pages)" -lt 768 ] || { memory=--in-memory; socket=other_config:dpdk-socket-mem=1024; }
fi
{
  ovsdb-tool create "$work/conf.db" "$schema" &&
    ovsdb-server "$work/conf.db" --remote=punix:"$work/db.sock" --pidfile --detach --log-file &&
    ovs-vsctl --no-wait init &&
    ovs-vsctl --no-wait set Open_vSwitch . other_config:dpdk-init=true \
      other_config:dpdk-extra="$memory --no-pci --no-telemetry" \
      other_config:pmd-cpu-mask="$(printf 0x%x $((1 << core)))" \
      other_config:dpdk-lcore-mask="$(printf 0x%x $((1 << control)))" $socket &&
    taskset -c $control "$vswitchd" --pidfile --detach --log-file
} >"$work/start.log" 2>&1
database=$(cat "$work/ovsdb-server.pid" 2>/dev/null) switch=$(cat "$work/ovs-vswitchd-dpdk.pid" 2>/dev/null)
[ -n "$switch" ] || skip "ovs-vswitchd-dpdk does not start: $(tail -1 "$work/start.log")"
ovs-vsctl -t 20 add-br br0 -- set bridge br0 datapath_type=netdev other_config:mac-table-size=131072 >&2 ||
  skip "no bridge with DPDK"
for ((i = 0; i < ports; i++)); do
  ovs-vsctl -t 20 add-port br0 p$i -- set Interface p$i type=dpdk \
    options:dpdk-devargs="net_pcap$i,rx_pcap=$frames/p$i.pcap,infinite_rx=1" >&2 || skip "no net_pcap port p$i"
done
ask() { ovs-appctl -t ovs-vswitchd-dpdk "$@"; }
sleep 2 # addresses and flows are learnt
ask dpif-netdev/pmd-stats-show 2>/dev/null | grep -q 'packets received: [1-9]' ||
  skip "Open vSwitch with DPDK starts but forwards nothing here (it wants net_pcap, librte-net-pcap, and memory from huge pages)"
kill -STOP "$switch"
echo ready

while read -r seconds; do
  kill -CONT "$switch"
  sleep 2 # flows that timed out meanwhile come back
  ask dpif-netdev/pmd-stats-clear >/dev/null
  from=$(date +%s%N)
  sleep "$seconds"
  ask dpif-netdev/pmd-stats-show >"$work/stats"
  to=$(date +%s%N)
  kill -STOP "$switch"
  awk -v ns=$((to - from)) '
    /^pmd thread/ { on = 1 } /^main/ { on = 0 }
    on && /packets received/ { n += $3 }
    END { printf "%.3f\n", n * 1000 / ns }' "$work/stats"
done
