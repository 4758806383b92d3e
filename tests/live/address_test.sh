#!/usr/bin/env bash
# SPDX-License-Identifier: BSD-3-Clause
# The probe's host gets another address while HEP goes out: all of it goes out. And one that has no address yet when the
# probe starts: HEP goes out from when it has one.
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
make_capture calls --calls 2 --seconds 2 --failed 1 --profiles clean
write_config af_packet "hep: {collectors: [{address: \"udp:192.0.2.9:9060\"}]}"

# take_totals: made and sent, of the probe that has ended.
take_totals() {
	read -r made sent < <(sed -n "s/.*HEP \([0-9]*\) made, \([0-9]*\) sent/\1 \2/p" "$work/probe.log")
	[ "$made" -gt 0 ] || fail "no HEP was made"
}

set_address 192.0.2.1
start_probe -c "$work/heptap.yaml"
replay calls 2
set_address 192.0.2.2
replay calls 2
stop_probe TERM
take_totals
[ "$sent" = "$made" ] || fail "HEP: $made made, $sent sent"
ok "HEP: $made made, $sent sent"

ip -n "$netns" addr flush dev h0
(inside "$heptap" -r "$work/calls.pcap" --hep udp:192.0.2.9:9060 >"$work/file.log" 2>&1) &&
	fail "a file is read though there is no route to the collector"
grep -q "could not open a socket for HEP: Network is unreachable" "$work/file.log" ||
	fail "it does not say why: $(cat "$work/file.log")"
start_probe -c "$work/heptap.yaml"
grep -q "no way to collector \"udp:192.0.2.9:9060\" yet: Network is unreachable" "$work/probe.log" ||
	fail "it does not say that there is no route"
replay calls 2
telemetry /heptap/hep >"$work/hep" || fail "no answer: $(cat "$work/hep")"
grep -q "\"sent\": 0\b" "$work/hep" || fail "sent without a route: $(cat "$work/hep")"
set_address 192.0.2.1
sleep 1.1 # it is looked for once a second at most
replay calls 2
stop_probe TERM
take_totals
[ $((2 * sent)) -ge "$made" ] || fail "HEP with a route from the middle on: $made made, $sent sent"
[ "$sent" -lt "$made" ] || fail "HEP without a route was sent"
[ "$(grep -c "no way to collector" "$work/probe.log")" -eq 1 ] || fail "it says more than once that there is no route"
ok "HEP with a route from the middle on: $made made, $sent sent"
