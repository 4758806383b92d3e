#!/usr/bin/env bash
# SPDX-License-Identifier: BSD-3-Clause
# A HOMER capture server, Kamailio's sipcapture before PostgreSQL, files what heptap sends: every SIP
# message, RTCP compound and report.
# shellcheck source-path=SCRIPTDIR source=interop.sh
. "$(dirname "$0")/interop.sh"

query() {
	psql -h 127.0.0.1 -p "$sql_port" -U heptap -d postgres -qAtX -v ON_ERROR_STOP=1 "$@"
}

start_database() {
	local as=()

	mkdir "$work/sql"
	if [ "$(id -u)" -eq 0 ]; then # PostgreSQL refuses to run as root
		as=(setpriv --reuid=postgres --regid=postgres --clear-groups)
		chown postgres "$work/sql"
	fi
	sql_port=$(free_port tcp)
	(cd "$work/sql" && "${as[@]}" "$pg/initdb" -D data -U heptap -A trust -E UTF8 --locale=C --no-sync) \
		>"$work/initdb.log" 2>&1 || fail "initdb: $(tail -1 "$work/initdb.log")"
	(cd "$work/sql" && exec "${as[@]}" "$pg/postgres" -D data -p "$sql_port" -c fsync=off \
		-c listen_addresses=127.0.0.1 -c unix_socket_directories= >"$work/sql.log" 2>&1) &
	pids+=($!)
	wait_until "PostgreSQL answers" query -c "SELECT 1"
	query -f "$here/homer7.sql" || fail "could not make the tables"
}

start_kamailio() {
	hep_port=$(free_port udp)
	sed "s|@HEP_PORT@|$hep_port|; s|@SQL_PORT@|$sql_port|; s|@MODULES@|$modules|" \
		"$here/kamailio.cfg.in" >"$work/kamailio.cfg"
	kamailio -f "$work/kamailio.cfg" -M 32 -DD -E -Y "$work" >"$work/kamailio.log" 2>&1 &
	pids+=($!)
	wait_until "Kamailio listens" grep -qi ":$(printf '%04X' "$hep_port") " /proc/net/udp
}

filed() {
	query -c "SELECT count(*) FROM filed"
}

# Until all is there, or nothing has come for a second.
wait_for_rows() {
	local wanted=$1 i now last=0 still=0

	for ((i = 0; i < 150; i++)); do
		now=$(filed)
		[ "$now" -ge "$wanted" ] && return
		still=$((now == last ? still + 1 : 0))
		[ "$still" -lt 10 ] || break
		last=$now
		sleep 0.1
	done
	fail "only $now of $wanted HEP messages were filed: $(grep ERROR "$work/sql.log" | head -1)"
}

sent() {
	python3 -c "import json, sys
line = open(sys.argv[1], encoding='utf-8').readlines()[-1]
print(json.loads(line)['hep']['sent'])" "$work/$1.json"
}

PATH=$PATH:/usr/sbin
pg=$(find /usr/lib/postgresql -maxdepth 2 -name bin 2>/dev/null | sort -V | tail -1)
modules=$(find /usr/lib -maxdepth 4 -path '*/kamailio/modules' 2>/dev/null | head -1)
interop_begin kamailio psql
[ -x "$pg/initdb" ] || skip "the PostgreSQL server is not installed"
[ -e "$modules/sipcapture.so" ] || skip "Kamailio's sipcapture module is not installed"
[ -e "$modules/db_postgres.so" ] || skip "Kamailio's PostgreSQL module is not installed"
start_database
start_kamailio
ok "$(kamailio -v | grep -om1 'kamailio [0-9.]*'), $("$pg/postgres" --version)"
for family in 4 6; do
	options=()
	[ "$family" = 4 ] || options=(--ipv6)
	make_capture "calls$family" --calls 5 --seconds 7 --profiles loss,dup,reorder,ssrcchange,late \
		"${options[@]}"
	query -c "TRUNCATE hep_proto_1_call, hep_proto_1_registration, hep_proto_1_default,
		hep_proto_5_default, hep_proto_35_default, hep_proto_100_default"
	send "calls$family" "$hep_port"
	wait_for_rows "$(sent "calls$family")"
	query -c "SELECT json_build_object('table', \"table\", 'sid', sid, 'protocol_header',
		protocol_header, 'data', data_header, 'raw', encode(raw, 'hex')) FROM filed" >"$work/rows.json"
	ok "IPv$family:"
	python3 "$check" rows "$work/calls$family.pcap" "$work/calls$family.json" "$work/rows.json" ||
		exit 1
done
