#!/usr/bin/env bash
# SPDX-License-Identifier: BSD-3-Clause
# What heptap sees on a kernel interface is what it reads from the capture that is replayed there:
# replay_test.sh af_packet|af_xdp|interface|workers|fused
# shellcheck source-path=SCRIPTDIR source=live.sh
. "$(dirname "$0")/live.sh"

shape=${1:?}
live_begin
make_capture calls --calls 12 --seconds 3 --failed 3 \
	--profiles loss,burst,reorder,dup,jitter,wrap,vad,dtmf,ptime40,ssrcchange,late,noise
start_collector
out=(--json "$work/live.json" --hep udp:127.0.0.1:9060)
signal=TERM
speed=1
case $shape in
interface)
	signal=INT
	speed=2
	start_probe -i v1 "${out[@]}"
	;;
workers | fused) # two queues, two workers, with two receive threads or without, on one CPU where there is but one
	speed=2
	cpus="[0, 1]"
	[ "$(nproc)" -gt 1 ] || cpus=0
	receive="rx: $cpus, "
	[ "$shape" = workers ] || receive=""
	queues=2 write_config af_packet "cores: {${receive}workers: $cpus, share: true}"
	start_probe -c "$work/heptap.yaml" "${out[@]}"
	;;
*)
	write_config "$shape"
	start_probe -c "$work/heptap.yaml" "${out[@]}"
	;;
esac
started=$(grep -o "[a-z]*: [0-9]* rx, [0-9]* workers\?, [0-9]* ports\?" "$work/probe.log")
case $shape:$started in
workers:"pipeline: 2 rx, 2 workers, 1 port" | fused:"fused: 0 rx, 2 workers, 1 port") ;;
workers:* | fused:*) fail "not the shape that was asked for: $started" ;;
esac
ok "$started"
start_recorder
replay calls "$speed"
stop_recorder
stop_probe "$signal"
stop_collector
python3 "$check" same "$work/live.json" "$work/calls.file.json" "$work/calls.pcap.truth.json" \
	"$work/hep.json" || exit 1
"$heptap" -r "$work/sent.pcap" --json "$work/sent.json" >/dev/null || fail "heptap -r ended with $?"
python3 "$check" times "$work/live.json" "$work/sent.json" || exit 1
