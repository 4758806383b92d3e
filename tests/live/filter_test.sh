#!/usr/bin/env bash
# SPDX-License-Identifier: BSD-3-Clause
# A filter chooses the same frames of live traffic, in native code, as of the capture that is replayed.
# shellcheck source-path=SCRIPTDIR source=live.sh
. "$(dirname "$0")/live.sh"

expression="host 198.51.100.1 or host 203.0.113.1 or tcp"
live_begin
make_capture calls --calls 4 --seconds 2 --failed 0 --profiles clean,loss
"$heptap" -r "$work/calls.pcap" --filter "$expression" --json "$work/calls.file.json" >/dev/null ||
	fail "heptap -r ended with $?"
for driver in af_packet af_xdp; do
	write_config "$driver"
	start_probe -c "$work/heptap.yaml" --filter "$expression" --json "$work/live.json"
	grep -q '"v1" is filtered in native code by "host' "$work/probe.log" || fail "no native filter"
	replay calls 4
	stop_probe TERM
	ok "$driver:"
	python3 "$check" filtered "$work/live.json" "$work/calls.file.json" || exit 1
done
