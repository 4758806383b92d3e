#!/usr/bin/env bash
# SPDX-License-Identifier: BSD-3-Clause
# An interface that does not exist: one line that names it, exit code 1. A second probe of the same prefix: a line
# that names the key. A queue that another socket holds: an error, and no crash. What a process may not do is named.
# shellcheck source-path=SCRIPTDIR source=live.sh
. "$(dirname "$0")/live.sh"

# refused WHAT ARGUMENTS
refused() {
	local what=$1 code lines

	shift
	(inside timeout 20 "$heptap" "$@" >"$work/out" 2>&1)
	code=$?
	lines=$(wc -l <"$work/out")
	[ "$code" -eq 1 ] || fail "$what: exit code $code"
	[ "$lines" -eq 1 ] || fail "$what: $lines lines: $(cat "$work/out")"
	grep -q "\"gone0\"" "$work/out" || fail "$what: does not name it: $(cat "$work/out")"
	ok "$what: exit code 1, $(cat "$work/out")"
}

live_begin
refused "heptap -i" -i gone0
for driver in af_packet af_xdp; do
	write_config "$driver"
	sed -i "s/device: v1/device: gone0/" "$work/heptap.yaml"
	refused "driver $driver" -c "$work/heptap.yaml"
done

write_config af_packet
start_probe -c "$work/heptap.yaml"
(inside timeout 20 "$heptap" -c "$work/heptap.yaml" >"$work/out" 2>&1)
code=$?
[ "$code" -eq 1 ] || fail "a second probe: exit code $code"
grep -q "telemetry.prefix \"$prefix\" runs already" "$work/out" || fail "a second probe: $(cat "$work/out")"
ok "a second probe: exit code 1, $(tail -1 "$work/out")"
stop_probe TERM

# The driver gives back the rings of a queue that it could not set up.
(inside python3 "$here/hold_queue.py" v1 >"$work/held" 2>&1) &
holder_pid=$!
for ((i = 0; i < 100; i++)); do
	grep -q held "$work/held" && break
	sleep 0.05
done
grep -q held "$work/held" || fail "could not hold the queue: $(cat "$work/held")"
write_config af_xdp
(inside timeout 20 "$heptap" -c "$work/heptap.yaml" >"$work/out" 2>&1)
code=$?
[ "$code" -eq 1 ] || fail "a queue that another socket holds: exit code $code: $(cat "$work/out")"
left=$(ip -n "$netns" -d link show v1 | grep -o "prog/xdp\|promiscuity [1-9]")
[ -z "$left" ] || fail "a queue that another socket holds: it leaves $left"
ok "a queue that another socket holds: exit code 1, $(tail -1 "$work/out")"

# lacks WHAT DRIVER TEXT COMMAND...: one line, with the text
lacks() {
	write_config "$2"
	(inside "${@:4}" timeout 20 "$heptap" -c "$work/heptap.yaml" >"$work/out" 2>&1)
	code=$?
	[ "$code" -eq 1 ] || fail "without $1, $2: exit code $code: $(cat "$work/out")"
	[ "$(wc -l <"$work/out")" -eq 1 ] || fail "without $1, $2: not one line: $(cat "$work/out")"
	grep -qF "could not open \"v1\": $3" "$work/out" || fail "without $1, $2: $(cat "$work/out")"
	ok "without $1, $2: $(cat "$work/out")"
}

kill "$holder_pid"
wait "$holder_pid" 2>/dev/null
holder_pid=
without=(setpriv --inh-caps=-all --bounding-set)
for driver in af_packet af_xdp; do
	lacks CAP_NET_RAW "$driver" "it needs CAP_NET_RAW" "${without[@]}" -net_raw
	lacks CAP_NET_ADMIN "$driver" "it needs CAP_NET_ADMIN" "${without[@]}" -net_admin
	lacks "locked memory" "$driver" "it locks" "${without[@]}" -ipc_lock,-sys_resource prlimit --memlock=1048576
done
lacks CAP_SYS_ADMIN af_xdp "it needs CAP_SYS_ADMIN" "${without[@]}" -sys_admin
lacks "all of them" af_xdp "it needs CAP_NET_RAW, CAP_NET_ADMIN, CAP_SYS_ADMIN" "${without[@]}" -net_raw,-net_admin,-sys_admin
# The kernel asks for room for each ring by itself.
queues=2 lacks "locked memory for one of two queues" af_packet "it locks 64 MiB" \
	"${without[@]}" -ipc_lock,-sys_resource prlimit --memlock=1048576
