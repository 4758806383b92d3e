#!/usr/bin/env bash
# SPDX-License-Identifier: BSD-3-Clause
# What DPDK says of a start is seen where it explains why that failed, or is asked for: the driver complains of each loopback
# interface.
# shellcheck source-path=SCRIPTDIR source=live.sh
. "$(dirname "$0")/live.sh"

complaint=eth_dev_macaddr_set

# fails CONFIGURATION: the start does; what it says is in other.log
fails() {
	(inside "$heptap" -c "$1" >/dev/null 2>"$work/other.log") && fail "it starts"
}

live_begin
start_probe -i lo
grep -v "^heptap" "$work/probe.log" && fail "it says more than heptap's lines"
ok "none of DPDK's lines on lo"
prefix=heptap write_config af_packet
fails "$work/heptap.yaml"
grep -q "Cannot create lock" "$work/other.log" && fail "it says what was tried: $(cat "$work/other.log")"
grep -q "runs already" "$work/other.log" || fail "it does not say why: $(cat "$work/other.log")"
ok "$(grep -o "a probe with .*" "$work/other.log")"
stop_probe TERM

cat >"$work/debug.yaml" <<-YAML
	ports: [{device: lo}]
	memory: {hugepages: off}
	log: {level: debug}
YAML
start_probe -c "$work/debug.yaml"
grep -q "$complaint" "$work/probe.log" || fail "debug does not show it"
ok "debug shows: $(grep "$complaint" "$work/probe.log")"
stop_probe TERM

cat >"$work/none.yaml" <<-YAML
	ports: [{device: "net_pcap0,rx_pcap=/none", driver: vdev}]
	memory: {hugepages: off}
YAML
fails "$work/none.yaml"
sed -n '/\/none: No such file/,$p' "$work/other.log" | grep -q "^heptap.*could not open" ||
	fail "not the reason and then what failed: $(cat "$work/other.log")"
ok "a start that fails is explained: $(grep -o "Couldn't open.*" "$work/other.log")"
