#!/usr/bin/env bash
# SPDX-License-Identifier: BSD-3-Clause
# A probe that is asked all the time, also about what DPDK answers itself, ends in good order, and so it does with a client
# that asks and never reads.
# shellcheck source-path=SCRIPTDIR source=live.sh
. "$(dirname "$0")/live.sh"

rounds=5

# Four clients that ask without a pause, and one that does not read
ask_all_the_time() {
	exec python3 - "$work/run/dpdk/$prefix/dpdk_telemetry.v2" <<-'PYTHON'
		import os, socket, sys, threading
		QUESTIONS = ["/mempool/list", "/mempool/info,port_0", "/ethdev/list", "/ethdev/info,0", "/heptap/stats", "/heptap/ports"]
		def connect():
		    s = socket.socket(socket.AF_UNIX, socket.SOCK_SEQPACKET)
		    s.connect(sys.argv[1])
		    return s
		def ask(s):
		    while True:
		        for question in QUESTIONS:
		            s.send(question.encode())
		            if not s.recv(65536):
		                return
		deaf = connect()
		deaf.setblocking(False)
		try:
		    while True:
		        deaf.send(b"/heptap/stats")
		except BlockingIOError:
		    pass
		def client():
		    s = connect()
		    s.recv(65536)
		    os.write(1, b"asks\n")
		    try:
		        ask(s)
		    except OSError:
		        pass
		for _ in range(4):
		    threading.Thread(target=client).start()
	PYTHON
}

is_asked() {
	[ "$(grep -c asks "$work/clients")" -eq 4 ]
}

live_begin
write_config af_packet "limits: {streams: 1000, calls: 1000, media: 1000, fragments: 16, tcp_flows: 16}"
for ((round = 0; round < rounds; round++)); do
	start_probe -c "$work/heptap.yaml"
	ask_all_the_time >"$work/clients" 2>&1 &
	holder_pid=$!
	wait_until "it is asked" is_asked
	sleep 0.2
	stop_probe TERM
	[ ! -e "$work/run/dpdk/$prefix/dpdk_telemetry.v2" ] || fail "it leaves its socket"
	wait "$holder_pid" || fail "clients: $(cat "$work/clients")"
	holder_pid=
done
ok "$rounds ends while it is asked"
