#!/usr/bin/env python3
# SPDX-License-Identifier: BSD-3-Clause
"""Compares what a collector kept with what is in the capture, read here without heptap's help.

interop_check.py rows CAPTURE.pcap FIGURES.json ROWS.json
interop_check.py pcap CAPTURE.pcap KEPT.pcap
"""

from __future__ import annotations

import ipaddress
import json
import struct
import sys
from collections import Counter
from typing import NamedTuple

RTCP_KEYS = {"ssrc", "type", "report_count", "report_blocks", "sdes_information"}
BLOCK_KEYS = {"source_ssrc", "fraction_lost", "packets_lost", "highest_seq_no", "ia_jitter", "lsr",
              "dlsr"}
QOS_KEYS = {"CORRELATION_ID", "RTP_SIP_CALL_ID", "DELTA", "JITTER", "MAX_JITTER", "MOS", "RFACTOR",
            "PACKET_LOSS", "TOTAL_PK", "EXPECTED_PK", "SRC_IP", "SRC_PORT", "DST_IP", "DST_PORT",
            "SSRC", "CODEC_NAME", "TYPE", "REPORT_TS"}


class Datagram(NamedTuple):
    usec: int
    src: str
    sport: int
    dst: str
    dport: int
    payload: bytes

    @property
    def is_sip(self) -> bool:
        return b"SIP/2.0" in self.payload.split(b"\r\n", 1)[0]

    @property
    def is_rtcp(self) -> bool:
        return len(self.payload) >= 8 and self.payload[0] >> 6 == 2 and \
            200 <= self.payload[1] <= 207

    @property
    def call_id(self) -> str:
        lines = self.payload.split(b"\r\n")
        return next(x[8:].strip().decode() for x in lines if x.startswith(b"Call-ID:"))


def require(is_true: bool, what: str, detail: object = "") -> None:
    """One line a check; the first that fails ends the test."""
    if not is_true:
        print(f"FAILED: {what}: {detail}")
        sys.exit(1)
    print(f"ok: {what}")


def read_udp(path: str) -> list[Datagram]:
    """UDP over Ethernet of a classic pcap file, without tags, extension headers or fragments."""
    out, at = [], 24
    with open(path, "rb") as file:
        data = file.read()
    magic, link = struct.unpack_from("<I", data)[0], struct.unpack_from("<I", data, 20)[0]
    if magic != 0xA1B2C3D4 or link != 1:
        sys.exit(f"{path}: not a pcap file of Ethernet in microseconds")
    while at < len(data):
        sec, usec, size, _ = struct.unpack_from("<IIII", data, at)
        frame, at = data[at + 16:at + 16 + size], at + 16 + size
        kind = struct.unpack_from("!H", frame, 12)[0]
        if kind == 0x0800 and frame[23] == 17:
            src, dst, head = frame[26:30], frame[30:34], 14 + (frame[14] & 15) * 4
        elif kind == 0x86DD and frame[20] == 17:
            src, dst, head = frame[22:38], frame[38:54], 54
        else:
            continue
        sport, dport, length = struct.unpack_from("!HHH", frame, head)
        out.append(Datagram(sec * 1_000_000 + usec, str(ipaddress.ip_address(src)), sport,
                            str(ipaddress.ip_address(dst)), dport,
                            frame[head + 8:head + length]))
    return out


def differences(got: list, want: list) -> str:
    left, right = Counter(got), Counter(want)
    return f"too many {list((left - right))[:2]}, missing {list((right - left))[:2]}"


def ends(row: dict) -> tuple:
    head = row["protocol_header"]
    return (head["timeSeconds"] * 1_000_000 + head["timeUseconds"], head["srcIp"], head["srcPort"],
            head["dstIp"], head["dstPort"])


def check_sip(rows: list[dict], capture: list[Datagram]) -> None:
    want = [d for d in capture if d.is_sip]
    got = [Datagram(*ends(r), bytes.fromhex(r["raw"])) for r in rows]
    require(sorted(got) == sorted(want) and len(want) > 20,
            f"{len(want)} SIP messages: time to the microsecond, addresses, ports, octet for octet",
            differences(got, want))
    require(all(r["sid"] == Datagram(*ends(r), bytes.fromhex(r["raw"])).call_id for r in rows),
            "SIP: correlation id is the Call-ID", rows[0]["sid"])
    registration = [r for r in rows if r["table"] != "call"]
    require(not registration, "SIP: all in hep_proto_1_call", registration[:1])


def check_rtcp(rows: list[dict], capture: list[Datagram], calls: set[str]) -> None:
    want = sorted(d[:5] for d in capture if d.is_rtcp)
    got = sorted(ends(r) for r in rows)
    require(got == want and len(want) > 4, f"{len(want)} RTCP compounds: time, addresses, ports",
            differences(got, want))
    for row in rows:
        data = row["data"]
        blocks = data["report_blocks"]
        if not RTCP_KEYS <= set(data) or any(not BLOCK_KEYS <= set(b) for b in blocks):
            require(False, "RTCP: keys of its JSON", data)
    blocks = sum(len(r["data"]["report_blocks"]) for r in rows)
    require(blocks > 0, f"RTCP: JSON is jsonb with its keys, {blocks} report blocks")
    require(all(r["sid"] in calls for r in rows), "RTCP: correlation id is a Call-ID")


def check_reports(rows: list[dict], streams: list[dict], calls: set[str]) -> None:
    def facts(s: dict) -> tuple:
        return tuple(s[k] for k in ("SSRC", "SRC_IP", "SRC_PORT", "DST_IP", "DST_PORT", "TOTAL_PK",
                                    "EXPECTED_PK", "PACKET_LOSS", "CODEC_NAME"))

    final = [r["data"] for r in rows if r["data"]["TYPE"] == "FINAL"]
    got, want = [facts(s) for s in final], [facts(s) for s in streams]
    require(sorted(got) == sorted(want) and len(want) > 3,
            f"{len(want)} FINAL reports of type 34, the streams' figures", differences(got, want))
    require(all(QOS_KEYS <= set(r["data"]) for r in rows), "reports: JSON is jsonb with its keys",
            [QOS_KEYS - set(r["data"]) for r in rows])
    require(all(r["sid"] == r["data"]["CORRELATION_ID"] and r["sid"] in calls for r in rows),
            "reports: correlation id is the Call-ID, in chunk and JSON")
    require(all(ends(r)[1:] == tuple(r["data"][k] for k in ("SRC_IP", "SRC_PORT", "DST_IP",
                                                            "DST_PORT")) for r in rows),
            "reports: HEP addresses are the stream's")


def rows(capture_path: str, figures_path: str, rows_path: str) -> None:
    capture = read_udp(capture_path)
    calls = {d.call_id for d in capture if d.is_sip}
    with open(figures_path, encoding="utf-8") as lines:
        streams = [x for x in map(json.loads, lines) if x["event"] == "stream"]
    with open(rows_path, encoding="utf-8") as lines:
        kept = [json.loads(line) for line in lines]
    of_type = {n: [r for r in kept if r["protocol_header"]["payloadType"] == n] for n in (1, 5, 34)}
    require(sum(map(len, of_type.values())) == len(kept), f"{len(kept)} rows of types 1, 5, 34")
    require({r["protocol_header"]["captureId"] for r in kept} == {2001}, "capture id is 2001")
    check_sip(of_type[1], capture)
    check_rtcp(of_type[5], capture, calls)
    check_reports(of_type[34], streams, calls)


def pcap(capture_path: str, kept_path: str) -> None:
    want = [d for d in read_udp(capture_path) if d.is_sip]
    got = [d for d in read_udp(kept_path) if d.is_sip]
    what = "time to the microsecond, addresses, ports, octet for octet"
    if ":" in want[0].src:
        # sngrep puts an IPv4 header of 0.0.0.0 before what came with IPv6 addresses.
        got, want = ([d._replace(src="", dst="") for d in x] for x in (got, want))
        what = "time to the microsecond, ports, octet for octet"
    require(sorted(got) == sorted(want) and len(want) > 20, f"{len(want)} SIP messages: {what}",
            differences(got, want))


if __name__ == "__main__":
    {"rows": rows, "pcap": pcap}[sys.argv[1]](*sys.argv[2:])
