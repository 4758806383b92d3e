#!/usr/bin/env bash
# SPDX-License-Identifier: BSD-3-Clause
# What an operator is told of while the probe runs, once: a collector that nobody listens on, a disk that is full, an
# interface that is down from the start, and one that goes away and comes back as another. SIGUSR1 and SIGUSR2 change
# nothing. At the start, of tables that may outgrow the machine.
# shellcheck source-path=SCRIPTDIR source=live.sh
. "$(dirname "$0")/live.sh"

disk=

let_go() {
	[ -z "$disk" ] || umount "$disk"
	cleanup
}

# says TEXT: a line of the log, now or soon, and no second one.
says() {
	wait_until "it says \"$1\"" grep -q "$1" "$work/probe.log"
	[ "$(grep -c "$1" "$work/probe.log")" -eq 1 ] || fail "it says more than once \"$1\""
	ok "it says: $(grep -o "$1.*" "$work/probe.log")"
}

live_begin
trap let_go EXIT
make_capture calls --calls 2 --seconds 2 --failed 1 --profiles clean
write_config af_packet

start_probe -c "$work/heptap.yaml" --hep udp:127.0.0.1:9060
grep "but the machine has" "$work/probe.log" && fail "the defaults are too much for this machine"
kill -USR1 "$probe_pid"
kill -USR2 "$probe_pid"
replay calls 2
says "collector \"udp:127.0.0.1:9060\": nobody listens there"
replay calls 2
says "collector \"udp:127.0.0.1:9060\": nobody listens there"
stop_probe TERM

# Some 190 GiB.
if [ "$(awk '/^MemTotal:/ { print $2 }' /proc/meminfo)" -lt $((160 << 20)) ]; then
	write_config af_packet "cores: {workers: [0, 0, 0, 0], share: true}
limits: {streams: 16000000, calls: 10000000, media: 20000000}"
	start_probe -c "$work/heptap.yaml"
	says "but the machine has"
	stop_probe TERM
fi
write_config af_packet

mkdir "$work/disk"
mount -t tmpfs -o size=4k tmpfs "$work/disk" || skip "cannot mount a tmpfs"
disk=$work/disk
head -c 4096 /dev/zero >"$disk/full"
start_probe -c "$work/heptap.yaml" --json "$disk/live.json"
replay calls 2
says "could not write JSON: No space left on device"
mount -o remount,size=16m "$disk"
says "JSON can be written again"
stop_probe TERM
cp "$disk/live.json" "$work/live.json"
python3 "$check" same "$work/live.json" "$work/calls.file.json" "$work/calls.pcap.truth.json" || exit 1

ip -n "$netns" link set v1 down
(inside "$heptap" -c "$work/heptap.yaml" >"$work/probe.out" 2>"$work/probe.log") &
probe_pid=$!
says "port \"v1\" link is down"
ip -n "$netns" link set v1 up
says "port \"v1\" link is up"
ip -n "$netns" link del v0
says "port \"v1\": its interface is gone"
ip -n "$netns" link add v0 type veth peer name v1
sleep 1.5
says "port \"v1\": its interface is gone"
stop_probe TERM
