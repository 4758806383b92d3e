#!/usr/bin/env bash
# SPDX-License-Identifier: BSD-3-Clause
# Collectors that have names which nobody can resolve when the probe starts, as at boot: it starts, and HEP goes out from when
# somebody can. A name server that does not answer holds up neither the other collectors nor the end.
# shellcheck source-path=SCRIPTDIR source=live.sh
. "$(dirname "$0")/live.sh"

# is_accounted_for: what was made, by telemetry, of all collectors together.
is_accounted_for() {
	telemetry /heptap/hep >"$work/hep" || return 1
	made=$(figure made)
	sent=$(figure sent)
	[ "$made" -gt 0 ] && [ $((sent + $(figure failed))) -eq "$made" ]
}

figure() {
	grep -o "\"$1\": [0-9]*" "$work/hep" | grep -o "[0-9]*"
}

# take_totals: made and sent, of the probe that has ended.
take_totals() {
	read -r made sent < <(sed -n "s/.*HEP \([0-9]*\) made, \([0-9]*\) sent/\1 \2/p" "$work/probe.log")
}

# messages: that the collector has got.
messages() {
	grep -c . "$work/hep.json"
}

live_begin
etc=/etc/netns/$netns
# What the namespace has in place of the machine's files.
mkdir -p "$etc"
echo "127.0.0.1 localhost" >"$etc/hosts"
echo "hosts: files dns" >"$etc/nsswitch.conf"
# A port that nobody listens on.
printf 'nameserver 127.0.0.1\noptions timeout:1 attempts:1\n' >"$etc/resolv.conf"
make_capture calls --calls 2 --seconds 2 --failed 1 --profiles clean
write_config af_packet "hep: {collectors: [{address: \"udp:hep.example:9060\"}]}"

(inside "$heptap" -r "$work/calls.pcap" --hep udp:hep.example:9060 >"$work/file.log" 2>&1)
[ $? -eq 2 ] || fail "a file is read though nobody knows the collector"
grep -q "invalid collector \"udp:hep.example:9060\": could not resolve \"hep.example\": " "$work/file.log" ||
	fail "it does not say why: $(cat "$work/file.log")"
[ "$(wc -l <"$work/file.log")" -eq 1 ] || fail "it says more than that: $(cat "$work/file.log")"
ok "a file's HEP has only now: $(cat "$work/file.log")"

start_collector
start_probe -c "$work/heptap.yaml"
replay calls 2
wait_until "HEP is accounted for" is_accounted_for
[ "$sent" -eq 0 ] || fail "sent without an address: $(cat "$work/hep")"
echo "127.0.0.1 hep.example" >>"$etc/hosts"
wait_until "the collector is found" grep -q "collector \"udp:hep.example:9060\" is at 127.0.0.1" "$work/probe.log"
replay calls 2
wait_until "HEP arrives" test -s "$work/hep.json"
stop_probe TERM
[ "$(grep -c "no way to collector \"udp:hep.example:9060\" yet: could not resolve" "$work/probe.log")" -eq 1 ] ||
	fail "it does not say once that nobody knows the collector: $(cat "$work/probe.log")"
take_totals
stop_collector
[ "$(messages)" -eq "$sent" ] || fail "$sent sent, $(messages) arrived"
[ $((2 * sent)) -ge "$made" ] || fail "HEP to a name that is known from the middle on: $made made, $sent sent"
ok "HEP to a name that is known from the middle on: $made made, $sent sent and arrived"

# A name server that takes questions and gives no answers, for two and a half minutes.
echo "127.0.0.1 localhost" >"$etc/hosts"
printf 'nameserver 127.0.0.1\noptions timeout:30 attempts:5\n' >"$etc/resolv.conf"
(inside python3 -c 'import socket
s = socket.socket(socket.AF_INET, socket.SOCK_DGRAM)
s.bind(("127.0.0.1", 53))
print("listening", flush=True)
while True:
    print("question", s.recv(512), flush=True)' >"$work/mute") &
holder_pid=$!
for ((i = 0; i < 200; i++)); do
	[ -s "$work/mute" ] && break
	sleep 0.05
done
write_config af_packet "hep: {collectors: [{address: \"udp:127.0.0.1:9060\"}, {address: \"udp:hep.example:9061\"}]}"
(inside "$heptap" -c "$work/heptap.yaml" --check-config >"$work/check.log" 2>&1) ||
	fail "a name is no fault of a configuration: $(cat "$work/check.log")"
grep -q question "$work/mute" && fail "--check-config asks a name server"
start_collector
start_probe -c "$work/heptap.yaml"
grep -q "no way to collector \"udp:hep.example:9061\" yet: no name server has answered" "$work/probe.log" ||
	fail "it does not say that no name server answers: $(cat "$work/probe.log")"
replay calls 2
wait_until "HEP arrives" test -s "$work/hep.json"
wait_until "HEP is accounted for" is_accounted_for
grep -q question "$work/mute" || fail "nobody asked the name server"
[ $((2 * sent)) -eq "$made" ] || fail "a name server that hangs holds up another collector: $(cat "$work/hep")"
from=$(cut -d. -f1 /proc/uptime)
stop_probe TERM
[ $(($(cut -d. -f1 /proc/uptime) - from)) -lt 120 ] || fail "a name server that hangs holds up the end"
take_totals
stop_collector
[ "$(messages)" -eq "$sent" ] || fail "$sent sent, $(messages) arrived"
ok "a name server that hangs: $made made, $sent sent and arrived"
