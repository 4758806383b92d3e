#!/usr/bin/env bash
# SPDX-License-Identifier: BSD-3-Clause
# The probe's host gets another address while HEP goes out: all of it goes out.
# shellcheck source-path=SCRIPTDIR source=live.sh
. "$(dirname "$0")/live.sh"

# set_address ADDRESS: h0's only one, where the collector's stays known.
set_address() {
	ip -n "$netns" addr flush dev h0
	ip -n "$netns" addr add "$1/24" dev h0
	ip -n "$netns" neigh replace 192.0.2.9 lladdr 02:00:00:00:00:09 nud permanent dev h0
}

live_begin
ip -n "$netns" link add h0 type veth peer name h1
ip -n "$netns" link set h0 up
ip -n "$netns" link set h1 up
set_address 192.0.2.1
make_capture calls --calls 2 --seconds 2 --failed 1 --profiles clean
write_config af_packet "hep: {collectors: [{address: \"udp:192.0.2.9:9060\"}]}"
start_probe -c "$work/heptap.yaml"
replay calls 2
set_address 192.0.2.2
replay calls 2
stop_probe TERM
read -r made sent < <(sed -n "s/.*HEP \([0-9]*\) made, \([0-9]*\) sent/\1 \2/p" "$work/probe.log")
[ "$made" -gt 0 ] || fail "no HEP was made"
[ "$sent" = "$made" ] || fail "HEP: $made made, $sent sent"
ok "HEP: $made made, $sent sent"
