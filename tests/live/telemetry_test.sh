#!/usr/bin/env bash
# SPDX-License-Identifier: BSD-3-Clause
# The nine commands answer the stock client while traffic runs, and their figures agree.
# shellcheck source-path=SCRIPTDIR source=live.sh
. "$(dirname "$0")/live.sh"

live_begin
make_capture calls --calls 4 --seconds 3 --failed 1 --profiles loss,dup,reorder,jitter
write_config af_packet "cores: {rx: 0, workers: 0, share: true}" # with rings to ask about
start_collector
start_probe -c "$work/heptap.yaml" --hep udp:127.0.0.1:9060
replay calls 1 &
replay_pid=$!
sleep 3
telemetry /help,/heptap/info /heptap/info /heptap/stats /heptap/ports /heptap/workers /heptap/rings \
	/heptap/calls,20 /heptap/streams,worst,5 /heptap/hep /heptap/memory >"$work/answers" ||
	fail "dpdk-telemetry.py: $(tail -1 "$work/answers")"
kill -0 "$replay_pid" 2>/dev/null || fail "the replay ended before the questions"
telemetry /heptap/info,1 /heptap/ports,x /heptap/calls,21 /heptap/calls,0 /heptap/calls,-1 /heptap/calls,5x \
	/heptap/calls,99999999999999999999 /heptap/streams,best /heptap/streams,worst,x /heptap/streams,worst5 \
	/heptap/streams,worst,5,5 >"$work/refused" || fail "dpdk-telemetry.py: $(tail -1 "$work/refused")"
[ "$(grep -c ": null}" "$work/refused")" -eq 11 ] || fail "not refused: $(grep -v ": null}" "$work/refused")"
ok "parameters that are none are refused"
wait "$replay_pid" || exit 1
stop_collector
python3 "$check" telemetry "$work/answers" "$(frames_of calls)" || exit 1

# link_is VALUE: what /heptap/ports says now, or soon.
link_is() {
	local i

	for ((i = 0; i < 40; i++)); do
		telemetry /heptap/ports >"$work/link" || fail "no answer: $(cat "$work/link")"
		grep -q "\"link_up\": $1\\b" "$work/link" && return
		sleep 0.05
	done
	fail "link_up is not $1: $(cat "$work/link")"
}

# Both ends of a veth lose their carrier with one.
watch_link() {
	link_is 1
	ip -n "$netns" link set v0 down
	link_is 0
	ip -n "$netns" link set v0 up
	link_is 1
	ip -n "$netns" link set v1 down
	link_is 0
	ip -n "$netns" link set v1 up
	link_is 1
	ok "$1: link_up is what the interface is"
}

# speed_is MBPS: of the port, 0 where the kernel knows none.
speed_is() {
	telemetry /heptap/ports >"$work/speed" || fail "no answer: $(cat "$work/speed")"
	grep -q "\"speed_mbps\": ${1:-0}\b" "$work/speed" || fail "speed_mbps is not ${1:-0}: $(cat "$work/speed")"
	ok "speed_mbps is ${1:-0}"
}

kernel_speed=$(inside cat /sys/class/net/v1/speed 2>/dev/null)
watch_link af_packet
speed_is "$kernel_speed"
stop_probe TERM
write_config af_xdp
start_probe -c "$work/heptap.yaml"
watch_link af_xdp
speed_is "$kernel_speed"
stop_probe TERM
write_config af_packet
sed -i "s|device: v1|device: lo|" "$work/heptap.yaml"
start_probe -c "$work/heptap.yaml"
speed_is ""
stop_probe TERM
write_config af_packet
start_probe -c "$work/heptap.yaml"
ip -n "$netns" link del v0
link_is 0
stop_probe TERM
