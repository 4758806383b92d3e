#!/usr/bin/env bash
# SPDX-License-Identifier: BSD-3-Clause
# A probe that was killed is started again on the same interface and sees everything:
# restart_test.sh af_packet|af_xdp
# shellcheck source-path=SCRIPTDIR source=live.sh
. "$(dirname "$0")/live.sh"

xdp_program() {
	ip -n "$netns" -d link show v1 | grep -o "prog/xdp id [0-9]* name [a-z_]*"
}

live_begin
make_capture calls --calls 2 --seconds 2 --failed 1 --profiles loss,dup
write_config "${1:?}"
start_probe -c "$work/heptap.yaml"
kill -9 "$probe_pid"
wait "$probe_pid" 2>/dev/null
left=$(xdp_program)
if [ "$1" = af_xdp ]; then
	[ -n "$left" ] || fail "no XDP program is left: nothing to test"
	ok "kill -9 leaves the XDP program behind ($left)"
else
	[ -z "$left" ] || fail "AF_PACKET leaves $left"
	ok "kill -9 leaves no XDP program"
fi
start_probe -c "$work/heptap.yaml" --json "$work/live.json"
ok "it starts again"
replay calls 2
stop_probe TERM
left=$(xdp_program)
[ -z "$left" ] || fail "an orderly end leaves $left"
ok "an orderly end leaves no XDP program"
start_probe -c "$work/heptap.yaml"
stop_probe HUP
left=$(ip -n "$netns" -d link show v1 | grep -o "prog/xdp\|promiscuity [1-9]")
[ -z "$left" ] || fail "SIGHUP leaves $left"
ok "SIGHUP is an orderly end too"
python3 "$check" same "$work/live.json" "$work/calls.file.json" "$work/calls.pcap.truth.json" || exit 1
