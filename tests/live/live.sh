# SPDX-License-Identifier: BSD-3-Clause
# For the live tests: a network namespace with a veth pair, in it a probe on one end, tcpreplay on
# the other and hep-dump as collector. Sourced; everything made here goes away with the test.
# shellcheck shell=bash

set -u
here=$(cd "$(dirname "${BASH_SOURCE[0]}")" && pwd)
root=$(cd "$here/../.." && pwd)
heptap=${HEPTAP:-$root/build/probe/heptap}
# shellcheck disable=SC2034 # for the tests
check=$here/live_check.py
prefix=live
probe_pid=
collector_pid=
recorder_pid=
holder_pid=
work=
netns=

skip() {
	echo "skipped: $*"
	exit 77
}

fail() {
	echo "FAILED: $*"
	[ -z "$work" ] || sed 's/^/  probe: /' "$work/probe.log" 2>/dev/null
	exit 1
}

ok() {
	echo "ok: $*"
}

# Runs a command in the namespace. Its own process, so that a signal reaches the command itself.
inside() {
	exec ip netns exec "$netns" "$@"
}

cleanup() {
	local pid

	for pid in $probe_pid $collector_pid $recorder_pid $holder_pid; do
		kill -9 "$pid" 2>/dev/null
		wait "$pid" 2>/dev/null
	done
	[ -z "$netns" ] || rm -rf "/etc/netns/$netns"
	[ -z "$netns" ] || ip netns del "$netns" 2>/dev/null
	[ -z "$work" ] || rm -rf "$work"
}

# The namespace with v0, where frames go in, and v1, where the probe listens. IPv6 is off, so that the
# kernel itself sends nothing.
live_begin() {
	local tool

	[ -x "$heptap" ] || fail "no program \"$heptap\", set HEPTAP"
	for tool in ip tcpdump tcpreplay python3 dpdk-telemetry.py; do
		command -v "$tool" >/dev/null || skip "$tool is not installed"
	done
	[ "$(id -u)" -eq 0 ] || skip "network namespaces need root"
	trap cleanup EXIT
	trap 'exit 1' INT TERM
	work=$(mktemp -d /tmp/heptap-live.XXXXXX)
	# EAL's lock, the telemetry socket: apart from those of any other probe on this machine.
	export RUNTIME_DIRECTORY=$work/run
	mkdir "$RUNTIME_DIRECTORY"
	netns=heptap-$$
	ip netns add "$netns" 2>"$work/error" ||
		skip "cannot make a network namespace: $(head -1 "$work/error")"
	(inside true) 2>"$work/error" ||
		skip "cannot enter a network namespace: $(head -1 "$work/error")"
	(inside sysctl -qw net.ipv6.conf.all.disable_ipv6=1 net.ipv6.conf.default.disable_ipv6=1) ||
		fail "could not switch IPv6 off"
	ip -n "$netns" link set lo up
	ip -n "$netns" link add v0 type veth peer name v1 || skip "the kernel has no veth"
	ip -n "$netns" link set v0 up
	ip -n "$netns" link set v1 up
}

# make_capture NAME ARGUMENTS: NAME.pcap, its truth, and NAME.file.json, what heptap -r says of it.
make_capture() {
	local name=$1

	shift
	python3 "$root/scripts/make-pcap" "$work/$name.pcap" "$@" || fail "could not make a capture"
	"$heptap" -r "$work/$name.pcap" --json "$work/$name.file.json" >/dev/null ||
		fail "heptap -r ended with $?"
}

# write_config DRIVER [KEY-LINES]: v1 with that driver; lines beside "ports" as they are.
write_config() {
	cat >"$work/heptap.yaml" <<-YAML
		ports:
		  - device: v1
		    driver: $1
		    queues: ${queues:-1}
		memory:
		  hugepages: off
		telemetry:
		  prefix: $prefix
		${2:-}
	YAML
}

# wait_until WHAT COMMAND: at most 15 s, as long as the probe lives.
wait_until() {
	local what=$1 i

	shift
	for ((i = 0; i < 300; i++)); do
		"$@" >/dev/null 2>&1 && return
		kill -0 "$probe_pid" 2>/dev/null || fail "heptap ended before: $what"
		sleep 0.05
	done
	fail "waited in vain for: $what"
}

start_collector() {
	(inside python3 "$root/scripts/hep-dump" --json --bind 127.0.0.1:9060 \
		>"$work/hep.json" 2>"$work/hep.log") &
	collector_pid=$!
	local i
	for ((i = 0; i < 100; i++)); do
		grep -q "^listening" "$work/hep.log" 2>/dev/null && return
		sleep 0.05
	done
	fail "hep-dump does not listen"
}

stop_collector() {
	sleep 0.3
	kill -TERM "$collector_pid"
	wait "$collector_pid" || fail "hep-dump: $(head -1 "$work/hep.log")"
	collector_pid=
}

# tcpdump on the sending end, where AF_XDP takes no frame away from it, as the witness of times.
start_recorder() {
	(inside tcpdump -i v0 -Q out -s 0 -B 8192 -U -Z root -w "$work/sent.pcap" 2>"$work/tcpdump.log") &
	recorder_pid=$!
	wait_until "tcpdump listens" grep -q "listening on" "$work/tcpdump.log"
}

stop_recorder() {
	kill -INT "$recorder_pid"
	wait "$recorder_pid" || fail "tcpdump: $(tail -1 "$work/tcpdump.log")"
	recorder_pid=
}

# start_probe ARGUMENTS: returns when it receives.
start_probe() {
	rm -f "$work/probe.log" # of the one before, which would answer for this one
	(inside "$heptap" "$@" >"$work/probe.out" 2>"$work/probe.log") &
	probe_pid=$!
	wait_until "the probe receives" grep -q "link is up" "$work/probe.log"
}

# stop_probe SIGNAL: must end it with exit code 0 and the totals.
stop_probe() {
	local code

	kill "-$1" "$probe_pid"
	wait "$probe_pid"
	code=$?
	probe_pid=
	[ "$code" -eq 0 ] || fail "SIG$1 ended heptap with exit code $code"
	grep -q "heptap: .* frames, .* SIP, .* RTP" "$work/probe.log" || fail "no totals after SIG$1"
	ok "SIG$1 ends it with exit code 0: $(grep -o "[0-9]* frames, .*" "$work/probe.log")"
}

counter() {
	(inside cat "/sys/class/net/$1/statistics/$2")
}

frames_of() {
	python3 -c "import json, sys; print(json.load(open(sys.argv[1]))['totals']['frames'])" \
		"$work/$1.pcap.truth.json"
}

# replay NAME SPEED: all of it must reach v1, and nothing else.
replay() {
	local before after frames

	before=$(counter v1 rx_packets)
	(inside tcpreplay -q -x "$2" -i v0 "$work/$1.pcap" >"$work/replay.log" 2>&1) ||
		fail "tcpreplay: $(tail -1 "$work/replay.log")"
	sleep 0.3 # the last burst's way through the probe
	after=$(counter v1 rx_packets)
	frames=$(frames_of "$1")
	[ $((after - before)) -eq "$frames" ] ||
		fail "the kernel counted $((after - before)) frames of $frames"
	ok "the kernel's rx counter rose by the capture's $frames frames"
}

telemetry() {
	printf '%s\n' "$@" | dpdk-telemetry.py -f "$prefix"
}
