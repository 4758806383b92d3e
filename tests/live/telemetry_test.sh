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
wait "$replay_pid" || exit 1
stop_collector
python3 "$check" telemetry "$work/answers" "$(frames_of calls)" || exit 1
stop_probe TERM
