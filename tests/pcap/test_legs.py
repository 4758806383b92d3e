# SPDX-License-Identifier: BSD-3-Clause
"""Legs of one conversation over a B2BUA: by what headers say, and by the media that it relays."""

from __future__ import annotations

import pytest

import captures
from heptap_run import read
from packets import SECOND, START, Record, rtp, udp
from test_findings import sdp
from test_hep import SIP, Collector

MS = SECOND // 1000
CPUS = ("0", "0,1", "0,1,0,1")
SHAPES = [f'cores: {{workers: "{cpus}", share: true}}\ncapture: {{files: {mode}}}\n'
          for mode in ("fused", "pipeline") for cpus in CPUS]
UUID = "ab30317f1a784dc48ff824d0d3715d86"


def between(t, src, dst, payload):
    """From one (address, port) to another."""
    record = udp(t, src[1], dst[1], payload)
    ends = [bytes(map(int, end[0].split("."))) for end in (src, dst)]
    return Record(t, record.frame[:26] + ends[0] + ends[1] + record.frame[34:])


def call(name, start, src, dst, headers=("", ""), stop=4.0):
    """INVITE to BYE between two ends' port 5060; headers of the requests, of the responses. Media ports are theirs."""
    sip_src, sip_dst = (src[0], 5060), (dst[0], 5060)

    def message(first, cseq, body=""):
        extra = headers[first.startswith("SIP/2.0")]
        kind = "Content-Type: application/sdp\r\n" if body else ""
        return (f"{first}\r\nVia: SIP/2.0/UDP x;branch=z9hG4bK{name}{cseq}\r\nFrom: <sip:a@x>;tag=f\r\n"
                f"To: <sip:b@x>{'' if cseq == '1 INVITE' and first[0] == 'I' else ';tag=t'}\r\n"
                f"Call-ID: {name}\r\n{extra}CSeq: {cseq}\r\n{kind}Content-Length: {len(body)}\r\n\r\n{body}").encode()

    def at(seconds):
        return START + int((start + seconds) * SECOND)
    return [between(at(0), sip_src, sip_dst, message("INVITE sip:b@x SIP/2.0", "1 INVITE", sdp(src))),
            between(at(.5), sip_dst, sip_src, message("SIP/2.0 200 OK", "1 INVITE", sdp(dst))),
            between(at(.55), sip_src, sip_dst, message("ACK sip:b@x SIP/2.0", "1 ACK")),
            between(at(stop), sip_src, sip_dst, message("BYE sip:b@x SIP/2.0", "2 BYE")),
            between(at(stop + .1), sip_dst, sip_src, message("SIP/2.0 200 OK", "2 BYE"))]


def talk(src, dst, ssrc, start, count=100):
    return [between(START + int((start + i / 50) * SECOND), src, dst, rtp(i, ssrc)) for i in range(count)]


def both_ways(a, b, ssrc, start):
    return talk(a, b, ssrc, start) + talk(b, a, ssrc + 1, start)


def write(path, records):
    captures.write(path, sorted(records, key=lambda r: r.time_ns))
    return path


def ends(i):
    """Caller, both sides of the B2BUA, callee of conversation i."""
    return [(f"198.51.100.{i}", 10000), ("192.0.2.1", 20000 + 4 * i), ("192.0.2.1", 20002 + 4 * i),
            (f"203.0.113.{i}", 30000)]


def relayed(i, start):
    """Two calls, and media that the B2BUA sends on 3 ms later, each way with an SSRC of its own."""
    a, inside, outside, b = ends(i)
    records = call(f"in{i}", start, a, inside) + call(f"out{i}", start + .05, outside, b)
    for first, last, ssrc in (((a, inside), (outside, b), 2 * i), ((b, outside), (inside, a), 2 * i + 1)):
        records += talk(*first, ssrc, start + .6) + talk(*last, ssrc, start + .603)
    return records


@pytest.mark.parametrize("shape", SHAPES)
def test_media_that_is_relayed_joins_calls(tmp_path, heptap, shape):
    """Ten conversations at a time; whoever reads them finds the same."""
    run = heptap(write(tmp_path / "relayed.pcap", [r for i in range(10) for r in relayed(i, i / 10)]), shape)
    assert {c["call_id"]: c["leg_id"] for c in run.calls} == {
        side + str(i): f"in{i}" for side in ("in", "out") for i in range(10)}
    assert len(run.streams) == 40
    for stream in run.streams:
        assert stream["LEG_ID"] == "in" + stream["RTP_SIP_CALL_ID"].lstrip("inout")
        assert stream["CORRELATION_ID"] == stream["RTP_SIP_CALL_ID"]
    assert run.summary["counters"]["legs_joined"] == 10


def test_a_load_generator_has_no_legs(tmp_path, heptap):
    """All its calls have one SSRC and the same numbers at the same time, between the same two machines."""
    records = []
    for i in range(20):
        a, b = ("198.51.100.1", 10000 + 2 * i), ("203.0.113.1", 30000 + 2 * i)
        records += call(f"load{i}", i / 100, a, b) + both_ways(a, b, 7, .6 + i / 100)
    run = heptap(write(tmp_path / "load.pcap", records))
    assert len(run.streams) == 40 and len(run.calls) == 20
    assert {c["leg_id"] for c in run.calls} == {s["LEG_ID"] for s in run.streams} == {None}


def test_legs_may_be_left_unsought(tmp_path, heptap):
    run = heptap(write(tmp_path / "off.pcap", relayed(1, 0)), "capture: {legs: false}\n")
    assert {c["leg_id"] for c in run.calls} == {None}


NIL = "0" * 32
HEADERS = (
    # In the first request only: the rest of the call knows it from there
    ("X-CID", "X-CID: in\r\n", "", "in"),
    ("x-cid , Session-ID", "x-Cid:   in \r\n", "", "in"),
    ("Session-ID", f"Session-ID: {UUID};remote={NIL}\r\n", f"Session-ID: {UUID[::-1]};remote={UUID}\r\n", UUID),
    ("X-Other,Session-ID", f"Session-ID: {UUID}\r\n", "", UUID),
    ("Session-ID", f"Session-ID: {NIL};remote={UUID}\r\n", "", None),
    # What comes later would make two ids of one call
    ("X-CID", "", "X-CID: in\r\n", None),
    ("X-Other", "X-CID: in\r\n", "", None),
)


@pytest.mark.parametrize("names, request_lines, response_lines, want", HEADERS)
def test_headers_name_the_leg(tmp_path, names, request_lines, response_lines, want):
    """In chunk 0x11 of every SIP message, while reports keep the Call-ID that collectors find them by."""
    a, inside, outside, b = ends(1)
    config = tmp_path / "names.yaml"
    config.write_text(f"hep: {{correlation_headers: \"{names}\"}}\n", encoding="utf-8")
    path = write(tmp_path / "names.pcap", call("in", 0, a, inside) +
                 call("out", .1, outside, b, (request_lines, response_lines)) + both_ways(outside, b, 8, .7))
    collector = Collector()
    run = read(path, args=("-c", config, "--hep", f"udp:127.0.0.1:{collector.port}"))
    messages = collector.messages()
    ids = [(m["payload"].split("Call-ID: ")[1].split("\r\n")[0], m["correlation_id"])
           for m in messages if m["type"] == SIP]
    assert sorted(ids) == [("in", "in")] * 5 + [("out", want or "out")] * 5
    assert {m["correlation_id"] for m in messages if m["type"] != SIP} == {"out"}
    assert {c["call_id"]: c["leg_id"] for c in run.calls} == {"in": None, "out": want}
    assert {s["LEG_ID"] for s in run.streams} == {want}


def test_a_capture_that_begins_with_a_response(tmp_path, heptap):
    """In it the UUID of who began the session is the other one (RFC 7989 section 5)."""
    _, _, outside, b = ends(1)
    lines = f"Session-ID: {UUID[::-1]} ; remote={UUID}\r\n"
    path = write(tmp_path / "late.pcap", call("late", 0, outside, b, ("", lines))[1:])
    run = heptap(path, 'hep: {correlation_headers: "Session-ID"}\n')
    assert [c["leg_id"] for c in run.calls] == [UUID]


def test_one_recording_in_all_calls(tmp_path, heptap):
    """Through one B2BUA: which of ten goes out of which that came in, media does not tell."""
    records = []
    for i in range(10):
        a, inside, outside, b = ends(i)
        records += call(f"in{i}", i / 1000, a, inside) + call(f"out{i}", .05 + i / 1000, outside, b)
        records += talk(a, inside, 7, .6 + i / 1000) + talk(outside, b, 7, .62 + i / 1000)
    run = heptap(write(tmp_path / "recording.pcap", records))
    assert len(run.streams) == 20 and {c["leg_id"] for c in run.calls} == {None}
