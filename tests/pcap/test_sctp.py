# SPDX-License-Identifier: BSD-3-Clause
"""SIP over SCTP (RFC 4168): whole, bundled, and in fragments of any order."""

from __future__ import annotations

import random
import struct

import captures
import heptap_run
from captures import Record
from packets import START, request, udp
from test_shapes import FEW, check_shapes

FIRST, LAST = 2, 1


def chunk(tsn, ssn, flags, data):
    head = struct.pack("!BBHIHHI", 0, flags, 16 + len(data), tsn, 0, ssn, 0)
    return head + data + bytes(-len(data) % 4)


def frame(*chunks):
    ip, data = udp(0, 0, 0, b"").frame[:34], b"".join(chunks)
    ip = ip[:16] + struct.pack("!H", 32 + len(data)) + ip[18:23] + b"\x84" + ip[24:]
    return ip + struct.pack("!HHII", 5060, 5060, 1, 0) + data


def fragments(tsn, ssn, data, size):
    parts = [data[i:i + size] for i in range(0, len(data), size)]
    return [chunk(tsn + i, ssn, (i == 0) * FIRST | (i == len(parts) - 1) * LAST, p)
            for i, p in enumerate(parts)]


def write(tmp_path, frames):
    path = tmp_path / "sctp.pcap"
    captures.write(path, [Record(START + i * 1000, f) for i, f in enumerate(frames)])
    return path


def test_fragments_of_many_messages(heptap, tmp_path):
    rng, frames, tsn = random.Random(1), [], 0
    for i in range(200):
        parts = fragments(tsn, i, request("OPTIONS", f"c{i}"), rng.choice((20, 50, 120, 400)))
        tsn += len(parts)
        parts += rng.choices(parts, k=2)
        rng.shuffle(parts)
        frames += [frame(p) for p in parts]
    run = check_shapes(heptap, write(tmp_path, frames), others=FEW)
    assert run.summary["sip_messages"] == 200
    assert run.summary["frames"] == sum(run.summary["outcomes"].values())
    assert {e["messages"] for e in run.events if e["event"] == "call"} == {1}
    assert run.summary["counters"]["sctp_repeated"] > 0


def test_several_messages_in_a_packet(tmp_path):
    texts = [request("INVITE", "a"), request("INVITE", "b"), request("BYE", "a")]
    path = write(tmp_path, [frame(*(chunk(i, i, FIRST | LAST, t) for i, t in enumerate(texts)))])
    run = heptap_run.read(path)
    assert run.summary["sip_messages"] == 3
    assert run.summary["outcomes"]["sip"] == 1


def test_what_else_sctp_carries_is_counted(tmp_path):
    frames = [frame(chunk(1, 1, FIRST | LAST, b"\1\0\1\1\0\0\0\x10 M3UA")), frame(b"\3\0\0\x10" + bytes(12))]
    assert heptap_run.read(write(tmp_path, frames)).summary["outcomes"]["unknown_sctp"] == 2


def test_what_a_snapshot_length_cut_is_as_over_udp(tmp_path):
    """Of each length, from the first line on: the same calls, and the same count of what was cut."""
    text = request("INVITE", "cut") + b"v=0\r\n"
    over_udp, over_sctp = udp(START, 5060, 5060, text).frame, frame(chunk(1, 1, FIRST | LAST, text))
    heads = 42, 14 + 20 + 12 + 16
    seen = set()
    for n in range(25, len(text) + 1, 7):
        runs = []
        for whole, head in zip((over_udp, over_sctp), heads):
            path = tmp_path / "cut.pcap"
            captures.write(path, [Record(START, whole[:head + n])])
            runs.append(heptap_run.read(path))
        want, got = runs
        assert got.summary["outcomes"] == want.summary["outcomes"]
        assert got.summary["counters"]["sip_cut"] == want.summary["counters"]["sip_cut"]
        assert [c["call_id"] for c in got.calls] == [c["call_id"] for c in want.calls]
        assert got.summary["counters"]["sctp_unfit"] == 0
        seen |= set(got.summary["outcomes"])
    assert {"sip", "signalling_cut"} <= seen
