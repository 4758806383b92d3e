#!/usr/bin/env bash
# SPDX-License-Identifier: BSD-3-Clause
# Two probes on one interface, in containers where both are the same process number: each sees every frame. The end of
# one leaves the other, and whoever else wants it, an interface that takes frames for others.
# shared_test.sh one|two (queues)
# shellcheck source-path=SCRIPTDIR source=live.sh
. "$(dirname "$0")/live.sh"

first_pid=

let_go() {
	[ -z "$first_pid" ] || kill -9 "$first_pid" 2>/dev/null
	cleanup
}

# start_in_container NAME: probe_pid is the probe then, not who made the container.
start_in_container() {
	local maker

	rm -f "$work/probe.log"
	prefix=$1 write_config af_packet "${cores:-}"
	(inside unshare --pid --fork "$heptap" -c "$work/heptap.yaml" --json "$work/$1.json" \
		>"$work/probe.out" 2>"$work/probe.log") &
	maker=$!
	probe_pid=$maker
	wait_until "the probe \"$1\" receives" grep -q "link is up" "$work/probe.log"
	probe_pid=$(tr -d ' ' <"/proc/$maker/task/$maker/children")
	[ "$(awk '/^NSpid:/ { print $NF }' "/proc/$probe_pid/status")" -eq 1 ] || fail "\"$1\" is not process 1"
}

# end_in_container NAME PID: it has received everything, whoever else did
end_in_container() {
	local i

	kill -TERM "$2"
	for ((i = 0; i < 200; i++)); do
		kill -0 "$2" 2>/dev/null || break
		sleep 0.05
	done
	python3 "$check" same "$work/$1.json" "$work/calls.file.json" "$work/calls.pcap.truth.json" || exit 1
}

# wants COUNT: so many do that the interface takes frames for others
wants() {
	local count

	count=$(ip -n "$netns" -d link show v1 | grep -o "promiscuity [0-9]*" | cut -d " " -f 2)
	[ "$count" -eq "$1" ] || fail "$count want frames for others, not $1"
}

live_begin
trap let_go EXIT
queues=1
if [ "${1:?}" = two ]; then
	queues=2
	cores="cores: {workers: [0, 0], share: true}"
fi
make_capture calls --calls 4 --seconds 2 --failed 1 --profiles loss,dup
start_in_container first
first_pid=$probe_pid
start_in_container second
wants 2
replay calls 2
end_in_container second "$probe_pid"
wants 1
end_in_container first "$first_pid"
first_pid=
wants 0
ip -n "$netns" link set v1 promisc on
for promiscuous in true false; do
	write_config af_packet
	sed -i "s/driver: .*/&\n    promiscuous: $promiscuous/" "$work/heptap.yaml"
	start_probe -c "$work/heptap.yaml"
	stop_probe TERM
	wants 1
done
ok "what was promiscuous before stays so"
