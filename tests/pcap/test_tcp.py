# SPDX-License-Identifier: BSD-3-Clause
"""SIP over TCP in segments of any size and order, repeated and lost: what is said of the calls is the same,
and of lost segments only the messages that had octets in them are missing."""

from __future__ import annotations

import random
import struct
import time

import pytest

import captures
import heptap_run
from captures import Record
from packets import SECOND, START, request, udp
from test_shapes import FEW, check_shapes

CALLS = ("--calls", 6, "--failed", 2, "--seconds", 2, "--profiles", "clean,loss", "--tcp")
MILLISECOND = SECOND // 1000


def tcp_parts(frame):
    """Ethernet and IPv4 header, TCP header, payload; None of anything else."""
    if frame[12:14] != b"\x08\x00" or frame[23] != 6:
        return None
    total, at = int.from_bytes(frame[16:18], "big"), 34
    size = (frame[at + 12] >> 4) * 4
    data = frame[at + size:14 + total]
    return (frame[:at], frame[at:at + size], data) if data else None


def segment(head, tcp, offset, data):
    seq = int.from_bytes(tcp[4:8], "big") + offset & 0xFFFFFFFF
    ip = head[:16] + struct.pack("!H", 20 + len(tcp) + len(data)) + head[18:]
    return ip + tcp[:4] + struct.pack("!I", seq) + tcp[8:] + data


def segments(frame, sizes):
    """Of a frame with TCP payload, sizes without end."""
    head, tcp, data = tcp_parts(frame)
    out, at = [], 0
    while at < len(data):
        n = next(sizes)
        out.append(segment(head, tcp, at, data[at:at + n]))
        at += n
    return out


def any_size(rng):
    while True:
        yield rng.choice((3, 7, 60, 200, 536))


def rewrite(path, out, change):
    captures.write(out, (Record(r.time_ns, f) for r in captures.read(path) for f in change(r.frame)))
    return out


def shuffled(parts, rng):
    rng.shuffle(parts)
    return parts


def repeated(parts, rng):
    return [p for p in parts for _ in range(rng.choice((1, 1, 2)))]


WAYS = {
    "small": lambda parts, rng: parts,
    "any order": shuffled,
    "some twice": repeated,
    "any order, some twice": lambda parts, rng: shuffled(repeated(parts, rng), rng),
}


def said(run):
    return sorted(str(e) for e in run.events if e["event"] != "summary")


@pytest.mark.parametrize("way", WAYS)
def test_segments_in_any_way(way, generated, heptap, tmp_path):
    bare, truth = generated(*CALLS)
    rng = random.Random(way)
    sizes = any_size(rng)
    path = rewrite(bare, tmp_path / "a.pcap", lambda f: WAYS[way](segments(f, sizes), rng)
                   if tcp_parts(f) else [f])
    run = heptap(path)
    assert run.summary["sip_messages"] == truth["totals"]["sip_messages"]
    assert said(run) == said(heptap(bare))
    assert run.summary["frames"] == sum(run.summary["outcomes"].values())
    check_shapes(heptap, path, others=FEW)


def test_many_messages_in_one_segment(tmp_path):
    """With keep-alives between them, and the last one's end in the next segment."""
    text = b"\r\n\r\n".join(request("OPTIONS", f"c{i}") for i in range(20))
    path = write(tmp_path, [(START, text[:-30]), (START + 1, text[-30:] + b"\r\n\r\n")])
    run = heptap_run.read(path)
    assert run.summary["sip_messages"] == 20
    assert run.summary["outcomes"]["sip"] == 2
    assert all(e["messages"] == 1 for e in run.events if e["event"] == "call")


def test_lost_segments_cost_their_messages_only(tmp_path):
    rng = random.Random(5)
    texts = [request("OPTIONS", f"c{i}").replace(b"Content-Length: 0", b"Content-Length: 40") +
             b"x" * 40 for i in range(300)]
    stream, at, lost, records = b"".join(texts), 0, [], []
    while at < len(stream):
        n = rng.choice((20, 100, 300, 1000))
        if at and rng.random() < 0.05:
            lost.append((at, min(at + n, len(stream))))
        else:
            records.append((START + at * MILLISECOND, stream[at:at + n], at))
        at += n
    starts = [sum(map(len, texts[:i])) for i in range(len(texts) + 1)]
    whole = {f"c{i}" for i in range(len(texts))
             if not any(a < starts[i + 1] and b > starts[i] for a, b in lost)}
    assert 100 < len(whole) < 290
    run = heptap_run.read(write(tmp_path, records))
    assert {e["call_id"] for e in run.events if e["event"] == "call"} == whole
    assert run.summary["counters"]["tcp_gaps"] > 10
    assert run.summary["sip_messages"] == len(whole)


def test_a_message_in_a_flood_of_connections(tmp_path):
    """More half messages, of connections of their own, than there is room for, before and behind those of
    a known one."""
    flood = [(START + i, request("INVITE", f"half{i}")[:100], 0, 2000 + i) for i in range(3000)]
    text = request("OPTIONS", "whole")
    records = [*flood[:1500], (START + 2000, text[:99], 0), (START + 2001, text[99:], 99),
               *((t + 3000, *rest) for t, *rest in flood[1500:])]
    path = tmp_path / "a.yaml"
    path.write_text("limits: {tcp_flows: 64}\n", encoding="utf-8")
    run = heptap_run.read(write(tmp_path, records), args=("-c", path))
    assert [e["call_id"] for e in run.events if e["event"] == "call"] == ["whole"]
    assert run.summary["counters"]["tcp_flows_evicted"] == 3001 - 64


@pytest.mark.parametrize("sizes", [(1, 8, 400), (2, 9, 400), (1, 1, 1, 9, 400), (1,) * 400])
def test_the_first_message_of_a_connection_is_cut_anywhere(sizes, tmp_path):
    """RFC 3261 section 18.3: TCP knows no messages."""
    text, at, records = request("OPTIONS", "first"), 0, []
    for size in sizes:
        records += [(START + at, text[at:at + size], at)] if at < len(text) else []
        at += size
    run = heptap_run.read(write(tmp_path, records))
    assert [e["call_id"] for e in run.events if e["event"] == "call"] == ["first"]
    assert run.summary["sip_messages"] == 1


def test_short_segments_push_out_no_connection(tmp_path):
    """A flood of them opens none, so that one with half a message keeps its place."""
    text = request("OPTIONS", "whole")
    flood = [(START + 1 + i, b"I", i, 2000 + i) for i in range(3000)]
    path = tmp_path / "a.yaml"
    path.write_text("limits: {tcp_flows: 64}\n", encoding="utf-8")
    run = heptap_run.read(write(tmp_path, [(START, text[:99], 0), *flood, (START + 4000, text[99:], 99)]),
                          args=("-c", path))
    assert [e["call_id"] for e in run.events if e["event"] == "call"] == ["whole"]
    assert run.summary["counters"]["tcp_flows_evicted"] == 0
    assert run.summary["outcomes"]["unknown_tcp"] == 3000


def test_a_new_connection_between_the_same_ports(tmp_path):
    one, two = request("OPTIONS", "one"), request("OPTIONS", "two")
    run = heptap_run.read(write(tmp_path, [
        (START, one), (START + SECOND, two, 1 << 30), (START + 2 * SECOND, b"\r\n\r\n", 5)]))
    assert {e["call_id"] for e in run.events if e["event"] == "call"} == {"one", "two"}
    assert run.summary["outcomes"]["unknown_tcp"] == 1


def test_sip_in_tls_is_named(tmp_path):
    hello, data = b"\x16\x03\x01\x02\x00" + bytes(512), b"\x17\x03\x03\x01\x00" + bytes(256)
    run = heptap_run.read(write(tmp_path, [
        (START, hello, 0, 5061), (START + 1, data, len(hello), 5061), (START + 2, bytes(99), 9999, 5061),
        (START + 3, data, 0, 443)]))
    assert run.summary["outcomes"]["sip_tls"] == 2
    assert run.summary["outcomes"]["unknown_tcp"] == 2


def test_a_head_that_does_not_end_in_segments_of_one_octet(tmp_path):
    """Nothing of it is searched again with every segment, which took a millisecond each."""
    head = b"INVITE sip:a SIP/2.0\r\n" + b"a\n" * 32000
    records = [(START, head[:40], 0)] + [(START + i, head[i:i + 1], i) for i in range(40, len(head))]
    path, began = write(tmp_path, records), time.monotonic()
    run = heptap_run.read(path)
    assert time.monotonic() - began < 20
    assert run.summary["outcomes"]["sip_segment"] == len(records)


def write(tmp_path, records):
    """(time, payload[, sequence number[, port]]) from port 5060."""
    def frame(payload, seq=0, port=5060):
        ip = udp(0, 0, 0, b"").frame[:34]
        ip = ip[:16] + struct.pack("!H", 40 + len(payload)) + ip[18:23] + b"\x06" + ip[24:]
        return ip + struct.pack("!HHIIBBHHH", port, 5060, seq & 0xFFFFFFFF, 1, 0x50, 0x18, 999, 0, 0) \
            + payload

    path, place, out = tmp_path / "tcp.pcap", 0, []
    for t, payload, *rest in records:
        out.append(Record(t, frame(payload, *(rest or (place,)))))
        place += len(payload)
    captures.write(path, out)
    return path
