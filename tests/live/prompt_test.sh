#!/usr/bin/env bash
# SPDX-License-Identifier: BSD-3-Clause
# Lines of streams and calls are there when these end, while the probe runs; the tables come at its end, of all of them. A
# call has ended when nothing can come of its transactions any more, 32 s after its last message.
# shellcheck source-path=SCRIPTDIR source=live.sh
. "$(dirname "$0")/live.sh"

# lines EVENT FILE: how many there are
lines() {
	grep -c "^{\"event\":\"$1\"" "$work/$2.json"
}

# has EVENT COUNT
has() {
	[ "$(lines "$1" live)" -eq "$2" ]
}

# expect_prompt SECONDS ARGUMENTS: calls have so long to end, or do with the run
expect_prompt() {
	start_probe "${@:2}" --json "$work/live.json"
	replay calls 4
	wait_until "the lines of all streams are there" has stream "$streams"
	sleep "$1"
	[ "$1" -eq 0 ] || wait_until "the lines of all calls are there" has call "$calls"
	has summary 0 || fail "there is a summary already"
	ok "lines of $(lines call live) calls and $streams streams while it runs"
	stop_probe TERM
	[ "$(tail -1 "$work/live.json" | cut -c -18)" = '{"event":"summary"' ] || fail "the summary is not last"
	{ has stream "$streams" && has call "$calls"; } || fail "lines are there twice, or not at all"
	python3 "$check" same "$work/live.json" "$work/calls.file.json" "$work/calls.pcap.truth.json" || exit 1
}

live_begin
make_capture calls --calls 3 --seconds 2 --failed 1 --profiles clean
calls=$(lines call calls.file)
streams=$(lines stream calls.file)
write_config af_packet
expect_prompt 0 -c "$work/heptap.yaml"
[ -s "$work/probe.out" ] && fail "tables that nobody asked for"
ip -n "$netns" link del v0
ip -n "$netns" link add v0 type veth peer name v1
ip -n "$netns" link set v0 up
ip -n "$netns" link set v1 up
expect_prompt 30 -i v1
grep -q "^$calls calls:" "$work/probe.out" || fail "no table of calls"
[ "$(grep -c "completed\|failed" "$work/probe.out")" -eq "$calls" ] || fail "the table has not all calls"
grep -q "^$streams streams (" "$work/probe.out" || fail "no table of streams"
ok "the tables have all of them"
