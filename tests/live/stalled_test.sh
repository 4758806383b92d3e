#!/usr/bin/env bash
# SPDX-License-Identifier: BSD-3-Clause
# Nobody reads what --json writes: the probe ends all the same, and says that not all was written.
# shellcheck source-path=SCRIPTDIR source=live.sh
. "$(dirname "$0")/live.sh"

live_begin
make_capture calls --calls 20 --seconds 8 --profiles clean
write_config af_packet
mkfifo "$work/pipe"
exec 9<>"$work/pipe"
start_probe -c "$work/heptap.yaml" --json "$work/pipe"
replay calls 200
kill -TERM "$probe_pid"
for ((i = 0; i < 200; i++)); do
	kill -0 "$probe_pid" 2>/dev/null || break
	sleep 0.05
done
kill -0 "$probe_pid" 2>/dev/null && fail "SIGTERM does not end it"
wait "$probe_pid"
code=$?
probe_pid=
[ "$code" -eq 1 ] || fail "exit code $code"
grep -q "could not write .*: nobody reads it" "$work/probe.log" || fail "does not say that it could not write"
ok "SIGTERM ends it with exit code 1: $(tail -1 "$work/probe.log")"
