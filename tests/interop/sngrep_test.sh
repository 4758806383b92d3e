#!/usr/bin/env bash
# SPDX-License-Identifier: BSD-3-Clause
# sngrep as HEP collector writes the SIP messages into a capture file.
# shellcheck source-path=SCRIPTDIR source=interop.sh
. "$(dirname "$0")/interop.sh"

is_bound() {
	grep -qi ":$(printf '%04X' "$port") " /proc/net/udp
}

interop_begin sngrep script
for family in 4 6; do
	options=()
	[ "$family" = 4 ] || options=(--ipv6)
	make_capture "calls$family" --calls 4 --seconds 2 "${options[@]}"
	port=$(free_port udp)
	# It wants a terminal even without its interface, and a home to look for its settings.
	HOME=$work TERM=xterm script -qfec \
		"echo \$\$ >$work/sngrep.pid; exec sngrep -F -q -N -L udp:127.0.0.1:$port -O $work/kept$family.pcap" \
		"$work/sngrep.log" >/dev/null 2>&1 </dev/null &
	pids+=($!)
	wait_until "sngrep listens" is_bound
	send "calls$family" "$port"
	sleep 1
	kill -INT "$(cat "$work/sngrep.pid")"
	wait "${pids[-1]}"
	ok "IPv$family, sngrep $(sngrep -V | grep -om1 '[0-9.]*$'):"
	python3 "$check" pcap "$work/calls$family.pcap" "$work/kept$family.pcap" || exit 1
done
