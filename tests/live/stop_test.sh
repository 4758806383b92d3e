#!/usr/bin/env bash
# SPDX-License-Identifier: BSD-3-Clause
# A probe that is stopped for a while amid traffic: what waited in the kernel is measured as if nothing had
# been, what found no room there is counted.
# shellcheck source-path=SCRIPTDIR source=live.sh
. "$(dirname "$0")/live.sh"

# cut_capture NAME FRAMES...: NAME.0.pcap and so on of so many frames, and the last one of the rest
cut_capture() {
	/usr/bin/python3 - "$work/$1" "${@:2}" <<-'PYTHON' || fail "could not cut a capture"
		import sys
		sys.path.insert(0, "tests/pcap")
		import captures
		from pathlib import Path
		name, counts = sys.argv[1], [int(n) for n in sys.argv[2:]]
		records = list(captures.read_pcap(Path(f"{name}.pcap").read_bytes()))
		for i, n in enumerate([*counts, len(records)]):
		    captures.write(Path(f"{name}.{i}.pcap"), records[:n])
		    del records[:n]
	PYTHON
}

# send NAME OPTION...
send() {
	(inside tcpreplay -q "${@:2}" -i v0 "$work/$1.pcap" >"$work/replay.log" 2>&1) ||
		fail "tcpreplay: $(tail -1 "$work/replay.log")"
}

# All that the kernel counted is taken or missed.
is_drained() {
	telemetry /heptap/ports /heptap/stats | python3 -c "import json, sys
port, stats = (list(json.loads(line).values())[0] for line in sys.stdin)
sys.exit(stats['frames'] + port['0']['missed'] != int(sys.argv[1]))" "$(counter v1 rx_packets)"
}

# Fewer than the kernel's ring holds come meanwhile.
test_kept() {
	make_capture kept --calls 4 --seconds 6 --failed 1 --profiles loss,reorder,dup,jitter
	cut_capture kept 1000 400
	start_probe -c "$work/heptap.yaml" --json "$work/live.json"
	send kept.0 -x 2
	kill -STOP "$probe_pid"
	send kept.1 -x 1
	kill -CONT "$probe_pid"
	send kept.2 -x 2
	wait_until "all frames are taken" is_drained
	stop_probe TERM
	python3 "$check" same "$work/live.json" "$work/kept.file.json" "$work/kept.pcap.truth.json" || exit 1
}

# More come than it holds; what comes after the stop finds room whatever the probe does. Streams begin amid what was kept,
# when the port has told of its drops behind that.
test_lost() {
	local frames

	make_capture lost --calls 16 --seconds 8 --failed 0 --profiles loss,dup,clean
	frames=$(frames_of lost)
	if [ "$frames" -le 10000 ] || [ "$frames" -gt 13000 ]; then
		fail "$frames frames are no good test"
	fi
	cut_capture lost 1000 6000
	start_probe -c "$work/heptap.yaml" --json "$work/live.json"
	send lost.0 -x 4
	wait_until "the first frames are taken" is_drained
	kill -STOP "$probe_pid"
	send lost.1 -t
	kill -CONT "$probe_pid"
	wait_until "what was kept is taken" is_drained
	send lost.2 -x 4
	wait_until "all frames are taken" is_drained
	stop_probe TERM
	python3 "$check" drops "$work/live.json" "$work/lost.file.json" || exit 1
}

cd "$root" || exit 1
live_begin
write_config af_packet
test_kept
# Counters begin anew.
ip -n "$netns" link del v0
ip -n "$netns" link add v0 type veth peer name v1
ip -n "$netns" link set v0 up
ip -n "$netns" link set v1 up
test_lost
