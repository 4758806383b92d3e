#!/usr/bin/env bash
# SPDX-License-Identifier: BSD-3-Clause
# VLAN tags reach the reports, though AF_PACKET hands them over beside the frame.
# shellcheck source-path=SCRIPTDIR source=live.sh
. "$(dirname "$0")/live.sh"

live_begin
make_capture tagged --calls 2 --seconds 2 --failed 0 --profiles clean,loss --vlan 42
make_capture stacked --calls 2 --seconds 2 --failed 0 --profiles clean,loss --vlan 100,42
for driver in af_packet af_xdp; do
	for name in tagged stacked; do
		outermost=42
		[ "$name" = tagged ] || outermost=100
		write_config "$driver"
		start_probe -c "$work/heptap.yaml" --json "$work/live.json"
		replay "$name" 4
		stop_probe TERM
		ok "$driver, $name:"
		python3 "$check" same "$work/live.json" "$work/$name.file.json" \
			"$work/$name.pcap.truth.json" || exit 1
		python3 "$check" vlan "$work/live.json" "$outermost" || exit 1
	done
done
