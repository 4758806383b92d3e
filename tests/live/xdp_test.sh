#!/usr/bin/env bash
# SPDX-License-Identifier: BSD-3-Clause
# The XDP program in front of AF_XDP: what each mode lets through, that media announced by SDP opens and
# closes with its call, that lists change while it runs, and when it refuses to start.
# xdp_test.sh modes|listed|guard|stall
# shellcheck source-path=SCRIPTDIR source=live.sh
. "$(dirname "$0")/live.sh"

# xdp_config KEYS-OF-XDP [LINES]
xdp_config() {
	write_config af_xdp "${2:-}"
	sed -i "s|^    driver: .*|&\n    xdp: {$1}|" "$work/heptap.yaml"
}

# The answer to a command, without its name
ask() {
	telemetry "$1" | python3 -c "import json, sys
print(json.dumps(list(json.loads(sys.stdin.readlines()[-1]).values())[0]))"
}

# port_counter NAME: of the only port
port_counter() {
	ask /heptap/xdp | python3 -c "import json, sys; print(json.load(sys.stdin)['0'][sys.argv[1]])" "$1"
}

# expect_counters NAME=VALUE...: those named, and all others of frames 0
expect_counters() {
	ask /heptap/xdp | python3 -c "import json, sys
row = json.load(sys.stdin)['0']
want = {k: int(v) for k, v in (a.split('=') for a in sys.argv[1:])}
info = ('index', 'device', 'mode', 'rest', 'learnt_now', 'learn_refused')
have = {k: v for k, v in row.items() if k not in info and (v or k in want)}
sys.exit(0 if have == want else f'counters are {have}, not {want}')" "$@" >"$work/error" 2>&1 ||
		fail "$(cat "$work/error")"
	ok "counted by reason: $*"
}

# make_noise: noise.pcap, frames of no voice: ARP, ICMP, DNS, HTTP, and one fragment
make_noise() {
	/usr/bin/python3 - "$work/noise.pcap" <<-'PYTHON' || fail "could not make noise"
		import sys
		from scapy.all import ARP, DNS, DNSQR, ICMP, IP, TCP, UDP, Ether, Raw, wrpcap
		mac = {"src": "02:00:00:00:00:01", "dst": "02:00:00:00:00:02"}
		ip = {"src": "203.0.113.1", "dst": "203.0.113.2"}
		wrpcap(sys.argv[1], [
		    *[Ether(**mac) / ARP()] * 3,
		    *[Ether(**mac) / IP(**ip) / ICMP()] * 4,
		    *[Ether(**mac) / IP(**ip) / UDP(sport=3000, dport=53) / DNS(id=1, qd=DNSQR())] * 5,
		    *[Ether(**mac) / IP(**ip) / TCP(sport=3000, dport=80) / Raw("GET / HTTP/1.1\r\n")] * 6,
		    *[Ether(**mac) / IP(flags="MF", **ip) / UDP(sport=1, dport=2) / Raw(b"x" * 40)] * 7,
		])
	PYTHON
}

# send NAME SPEED
send() {
	(inside tcpreplay -q -x "$2" -i v0 "$work/$1.pcap" >"$work/replay.log" 2>&1) ||
		fail "tcpreplay: $(tail -1 "$work/replay.log")"
	sleep 0.3
}

truth() {
	python3 -c "import json, sys; print(json.load(open(sys.argv[1]))['totals'][sys.argv[2]])" \
		"$work/calls.pcap.truth.json" "$1"
}

outcome() {
	python3 -c "import json, sys
print([json.loads(l) for l in open(sys.argv[1])][-1]['outcomes'][sys.argv[2]])" \
		"$work/calls.file.json" "$1"
}

# The same capture in all three modes gives the same calls and streams, and noise beside it changes
# nothing but who sees it.
test_modes() {
	local mode rest noise sip rtp rtcp frames

	make_capture calls --calls 2 --seconds 3 --failed 1 --profiles loss,dup
	make_noise
	frames=$(frames_of calls)
	sip=$(outcome sip) rtp=$(outcome rtp) rtcp=$(outcome rtcp)
	for mode in all voice listed; do
		for rest in pass drop; do
			xdp_config "mode: $mode, rest: $rest"
			start_probe -c "$work/heptap.yaml" --json "$work/live.json"
			replay calls 2
			case $mode in
			all) expect_counters everything="$frames" ;;
			voice) expect_counters sip="$sip" rtp="$rtp" rtcp="$rtcp" ;;
			listed) expect_counters port="$sip" learnt=$((rtp + rtcp)) ;;
			esac
			stop_probe TERM
			ok "$mode, $rest:"
			python3 "$check" same "$work/live.json" "$work/calls.file.json" \
				"$work/calls.pcap.truth.json" || exit 1
		done
	done
	for mode in all voice listed; do
		xdp_config "mode: $mode"
		start_probe -c "$work/heptap.yaml" --json "$work/live.json"
		send noise 1000
		noise="not_ip=3 other=15 fragment=7"
		[ "$mode" != all ] || noise=everything=25
		# shellcheck disable=SC2086
		expect_counters $noise
		stop_probe TERM
	done
}

# The kernel counts what it is passed: in mode voice, all but ARP and fragments.
test_rest() {
	local rest before after

	ip -n "$netns" link set v1 address 02:00:00:00:00:02 || fail "could not set the MAC address"
	for rest in pass drop; do
		xdp_config "mode: voice, rest: $rest"
		start_probe -c "$work/heptap.yaml"
		before=$(inside_ip_receives)
		send noise 1000
		after=$(inside_ip_receives)
		if [ "$rest" = pass ]; then
			[ $((after - before)) -eq 15 ] || fail "the kernel got $((after - before)) packets, not 15"
		else
			[ "$after" -eq "$before" ] || fail "the kernel got $((after - before)) packets, not 0"
		fi
		ok "rest: $rest gives the kernel $((after - before)) IP packets"
		stop_probe TERM
	done
}

# IPv4 packets that the namespace's kernel received, on any interface
inside_ip_receives() {
	(inside cat /proc/net/snmp) | awk '/^Ip:/ && n++ { print $4 }'
}

has_learnt() {
	[ "$(port_counter learnt_now)" -eq "$1" ]
}

has_learnt_some() {
	[ "$(port_counter learnt_now)" -gt 0 ]
}

test_listed() {
	local learnt

	make_capture calls --calls 2 --seconds 4 --failed 0 --profiles clean
	xdp_config "mode: listed" "quality: {bye_linger: 0}"
	start_probe -c "$work/heptap.yaml" --json "$work/live.json"
	has_learnt 0 || fail "media is open before any call"
	(inside tcpreplay -q -x 1 -i v0 "$work/calls.pcap" >"$work/replay.log" 2>&1) &
	recorder_pid=$!
	wait_until "a call's media opens" has_learnt_some
	learnt=$(port_counter learnt_now)
	wait "$recorder_pid" || fail "tcpreplay: $(tail -1 "$work/replay.log")"
	recorder_pid=
	ok "SDP has opened $learnt addresses and ports"
	[ "$(port_counter learnt)" -gt 0 ] || fail "no media came through"
	ok "media came through: $(port_counter learnt) frames"
	# Calls stay until nothing of their transactions can come any more: 32 s (RFC 3261 section 17).
	local i
	for ((i = 0; i < 90; i++)); do
		has_learnt 0 && break
		sleep 0.5
	done
	has_learnt 0 || fail "$(port_counter learnt_now) endpoints are open after the calls"
	[ "$(port_counter learn_refused)" -eq 0 ] || fail "endpoints were refused"
	ok "all are closed after the calls"
	stop_probe TERM
}

# answers COMMAND TEXT
answers() {
	local answer

	answer=$(ask "$1")
	[[ $answer == *"$2"* ]] || fail "$1 answers $answer, not $2"
	ok "$1: $2"
}

test_lists() {
	make_noise
	xdp_config "mode: listed, ports: 5080, networks: [198.51.100.0/24]"
	start_probe -c "$work/heptap.yaml"
	answers /heptap/xdp_ports,0,add,53 "done"
	send noise 1000
	expect_counters not_ip=3 other=10 fragment=7 port=5
	answers /heptap/xdp_ports,0,remove,50-60 "done"
	send noise 1000
	expect_counters not_ip=6 other=25 fragment=14 port=5
	answers /heptap/xdp_networks,0,add,203.0.113.0/24 "done"
	send noise 1000
	expect_counters not_ip=9 other=25 fragment=14 port=5 network=22
	answers /heptap/xdp_networks,0,remove,203.0.113.0/24 "done"
	send noise 1000
	expect_counters not_ip=12 other=40 fragment=21 port=5 network=22
	answers /heptap/xdp_networks,0,remove,203.0.113.0/24 "there is no such network in the list"
	answers /heptap/xdp_networks,0,remove,198.51.100.0/24,203.0.113.0/24,192.0.2.0/24 \
		"203.0.113.0/24: there is no such network in the list; those before it are done"
	answers /heptap/xdp_networks,0,remove,198.51.100.0/24 "there is no such network in the list"
	answers /heptap/xdp_ports,0,add,0 "invalid list of ports"
	answers /heptap/xdp_ports,0,add,65536 "invalid list of ports"
	answers /heptap/xdp_ports,0,add,53x "invalid list of ports"
	answers /heptap/xdp_ports,1,add,53 "no port of this number"
	answers /heptap/xdp_ports,0,set,53 "must be add or remove"
	answers /heptap/xdp_ports,0,add "parameters must be"
	answers /heptap/xdp_ports "parameters must be"
	answers /heptap/xdp_networks,0,add,203.0.113.1/24 "invalid list of networks"
	stop_probe TERM
}

attached() {
	ip -n "$netns" -d link show v1 | grep -o "prog/xdp id [0-9]*" | awk '{ print $3 }'
}

# refused WHAT TEXT: one line, exit code 1
refused() {
	local code

	(inside timeout 20 "$heptap" -c "$work/heptap.yaml" >"$work/out" 2>&1)
	code=$?
	[ "$code" -eq 1 ] || fail "$1: exit code $code, $(cat "$work/out")"
	[ "$(wc -l <"$work/out")" -eq 1 ] || fail "$1: not one line: $(cat "$work/out")"
	grep -qF -- "$2" "$work/out" || fail "$1: $(cat "$work/out")"
	ok "$1: $(cat "$work/out")"
}

test_host() {
	xdp_config "mode: voice"
	ip -n "$netns" addr add 192.0.2.1/24 dev v1
	refused "an address of the host" "has the address 192.0.2.1"
	[ -z "$(attached)" ] || fail "a program is attached"
	xdp_config "mode: voice, take_over: true"
	start_probe -c "$work/heptap.yaml"
	stop_probe TERM
	ok "take_over opens it"
	ip -n "$netns" addr flush dev v1
	ip -n "$netns" addr add 169.254.1.1/16 dev v1
	xdp_config "mode: voice"
	start_probe -c "$work/heptap.yaml"
	stop_probe TERM
	ok "a link-local address is none of the host's"
	ip -n "$netns" addr flush dev v1
	(inside sysctl -qw net.ipv6.conf.v1.disable_ipv6=0) || skip "the kernel has no IPv6"
	ip -n "$netns" addr add 2001:db8::1/64 dev v1 nodad
	refused "an IPv6 address of the host" "has the address 2001:db8::1"
	ip -n "$netns" addr flush dev v1 scope global
	ip -n "$netns" route add default dev v1
	refused "the default route" "holds a default route"
	ip -n "$netns" route del default dev v1
	ip -n "$netns" -6 route add default dev v1
	refused "the IPv6 default route" "holds a default route"
	(inside sysctl -qw net.ipv6.conf.v1.disable_ipv6=1)
}

test_programs() {
	local first

	write_config af_xdp
	start_probe -c "$work/heptap.yaml"
	first=$(attached)
	prefix=second
	write_config af_xdp
	refused "a heptap that runs" "in use by heptap, process $probe_pid"
	prefix=live
	write_config af_xdp
	[ "$(attached)" = "$first" ] || fail "the program of the one that runs is gone"
	kill -9 "$probe_pid"
	wait "$probe_pid" 2>/dev/null
	[ "$(attached)" = "$first" ] || fail "kill -9 leaves no program: nothing to test"
	start_probe -c "$work/heptap.yaml"
	[ "$(grep -c "detached the XDP program of a heptap that has gone" "$work/probe.log")" -eq 1 ] ||
		fail "not one line about the old program"
	[ "$(attached)" != "$first" ] || fail "the old program is still there"
	ok "the program of a killed heptap is replaced, with one line"
	stop_probe TERM
	[ -z "$(attached)" ] || fail "an orderly end leaves a program"
	ok "an orderly end leaves none"
	clang -target bpf -O2 -x c -c - -o "$work/foreign.o" <<-'C' || skip "clang cannot make BPF"
		__attribute__((section("xdp"), used)) int heptap_xdp(void *ctx) { return 2; }
		char foreign_license[] __attribute__((section("license"), used)) = "GPL";
	C
	(inside ip link set dev v1 xdp obj "$work/foreign.o" sec xdp) || fail "could not attach a program"
	first=$(attached)
	refused "a program of somebody else, even of our name" "another XDP program already"
	[ "$(attached)" = "$first" ] || fail "somebody else's program was touched"
	ok "it is left alone"
}

# What comes while the probe has no CPU waits in the kernel, and is no overload when it goes on.
test_stall() {
	local frames

	make_capture calls --calls 16 --seconds 4 --failed 0 --profiles clean
	frames=$(frames_of calls)
	if [ "$frames" -le 6000 ] || [ "$frames" -gt 8192 ]; then
		fail "$frames frames are no good test"
	fi
	xdp_config "mode: all"
	start_probe -c "$work/heptap.yaml"
	kill -STOP "$probe_pid"
	(inside tcpreplay -q -t -i v0 "$work/calls.pcap" >"$work/replay.log" 2>&1) ||
		fail "tcpreplay: $(tail -1 "$work/replay.log")"
	kill -CONT "$probe_pid"
	sleep 0.5
	answers /heptap/stats "\"frames\": $frames,"
	answers /heptap/stats "\"media_shed\": 0,"
	answers /heptap/ports "\"missed\": 0,"
	stop_probe TERM
	ok "$frames frames that came while it stood still"
}

# test_mbufs: with few packet buffers it receives on, or does not start
test_mbufs() {
	local frames

	frames=$(frames_of calls)
	xdp_config "mode: all"
	sed -i "s|^  hugepages: off|&\n  mbufs: 2300|" "$work/heptap.yaml"
	(inside timeout 20 "$heptap" -c "$work/heptap.yaml" >"$work/out" 2>&1)
	[ $? -eq 1 ] || fail "2300 packet buffers: $(cat "$work/out")"
	grep -qF "needs at least" "$work/out" || fail "2300 packet buffers: $(cat "$work/out")"
	sed -i "s|^  mbufs: .*|  mbufs: 2600|" "$work/heptap.yaml"
	start_probe -c "$work/heptap.yaml"
	send calls 2
	answers /heptap/stats "\"frames\": $frames,"
	stop_probe TERM
	ok "$frames frames with 2600 packet buffers"
}

live_begin
case ${1:?} in
modes)
	test_modes
	test_rest
	;;
listed)
	test_lists
	test_listed
	;;
stall)
	test_stall
	test_mbufs
	;;
guard)
	test_host
	test_programs
	;;
esac
