# SPDX-License-Identifier: BSD-3-Clause
# For the interop tests: other people's HEP collectors on loopback, on ports of their own. Sourced;
# everything started here ends with the test.
# shellcheck shell=bash

set -u
here=$(cd "$(dirname "${BASH_SOURCE[0]}")" && pwd)
root=$(cd "$here/../.." && pwd)
heptap=${HEPTAP:-$root/build/probe/heptap}
# shellcheck disable=SC2034 # for the tests
check=$here/interop_check.py
pids=()
work=

skip() {
	echo "skipped: $*"
	exit 77
}

fail() {
	echo "FAILED: $*"
	exit 1
}

ok() {
	echo "ok: $*"
}

cleanup() {
	local pid

	for pid in "${pids[@]}"; do
		kill -TERM "$pid" 2>/dev/null
	done
	for pid in "${pids[@]}"; do
		wait "$pid" 2>/dev/null
	done
	[ -z "$work" ] || rm -rf "$work"
}

# interop_begin TOOL...: what must be installed.
interop_begin() {
	local tool

	[ -x "$heptap" ] || fail "no program \"$heptap\", set HEPTAP"
	for tool in python3 "$@"; do
		command -v "$tool" >/dev/null || skip "$tool is not installed"
	done
	work=$(mktemp -d /tmp/heptap-interop.XXXXXX)
	chmod 755 "$work" # the database runs as another user
	trap cleanup EXIT
	trap 'exit 1' INT TERM
}

# free_port udp|tcp: one that nobody has at this moment.
free_port() {
	python3 -c "import socket, sys
s = socket.socket(type=socket.SOCK_DGRAM if sys.argv[1] == 'udp' else socket.SOCK_STREAM)
s.bind(('127.0.0.1', 0))
print(s.getsockname()[1])" "$1"
}

# wait_until WHAT COMMAND: at most 15 s.
wait_until() {
	local what=$1 i

	shift
	for ((i = 0; i < 300; i++)); do
		"$@" >/dev/null 2>&1 && return
		sleep 0.05
	done
	fail "waited in vain for: $what"
}

# make_capture NAME ARGUMENTS
make_capture() {
	local name=$1

	shift
	python3 "$root/scripts/make-pcap" "$work/$name.pcap" "$@" || fail "could not make a capture"
}

# send NAME PORT...: the capture's HEP to these ports; figures and the HEP that was made to NAME.json.
send() {
	local name=$1 port to=()

	shift
	for port in "$@"; do
		to+=(--hep "udp:127.0.0.1:$port")
	done
	"$heptap" -r "$work/$name.pcap" --json "$work/$name.json" "${to[@]}" >/dev/null ||
		fail "heptap -r ended with $?"
}
