# SPDX-License-Identifier: BSD-3-Clause
"""Tables at their bounds, and time that jumps."""

from __future__ import annotations

import time

import captures
import heptap_run
from packets import SECOND, START, bye, request, rtp, sender_report, stream, udp


def write(tmp_path, records):
    path = tmp_path / "a.pcap"
    captures.write(path, records)
    return path


def config(tmp_path, text):
    path = tmp_path / "a.yaml"
    path.write_text(text, encoding="utf-8")
    return "-c", path


def test_calls_that_come_and_go_never_use_up_the_table(tmp_path):
    """Eight times more Call-IDs than entries, never more than half of them at once."""
    path = write(tmp_path, [udp(START + i * SECOND // 10, 5060, 5060, request("OPTIONS", f"c{i}"))
                            for i in range(8000)])
    run = heptap_run.read(path, args=config(tmp_path, "limits: {calls: 1000}\n"))
    assert run.summary["counters"]["calls_refused"] == 0
    assert run.summary["calls"] == 8000


def ringing(call_id):
    return request("INVITE", call_id).replace(b"INVITE sip:b@example.com SIP/2.0", b"SIP/2.0 180 Ringing")


def test_a_table_full_of_calls_that_go_on_refuses_and_counts(tmp_path):
    path = write(tmp_path, [udp(START + i, 5060, 5060, ringing(f"c{i}")) for i in range(3000)])
    run = heptap_run.read(path, args=config(tmp_path, "limits: {calls: 1000}\n"))
    assert run.summary["counters"]["calls_refused"] == 2000
    assert run.summary["sip_messages"] == 3000
    table = heptap_run.command("-r", path, *config(tmp_path, "limits: {calls: 1000}\n")).out.decode()
    assert "\nlimits reached:\n        2000  calls_refused " in table
    assert "limits reached" not in heptap_run.command("-r", path).out.decode()


def fake_invite(i):
    """With media of its own, from anywhere."""
    sdp = (f"v=0\r\no=- 1 1 IN IP4 10.{i >> 16}.{i >> 8 & 255}.{i & 255}\r\ns=-\r\nt=0 0\r\n"
           f"c=IN IP4 10.{i >> 16}.{i >> 8 & 255}.{i & 255}\r\nm=audio 4000 RTP/AVP 0\r\n").encode()
    head = request("INVITE", f"fake{i}").replace(
        b"Content-Length: 0", b"Content-Type: application/sdp\r\nContent-Length: %d" % len(sdp))
    return head + sdp


def said(run):
    return sorted(str(e) for e in run.events if e["event"] != "summary" and
                  "fake" not in str(e.get("call_id")) and e.get("SRC_PORT") != 2)


def test_known_calls_in_a_flood_of_fake_dialogues(generated, heptap, tmp_path):
    """Twenty times more than the tables hold, a tenth of a millisecond apart: nobody answers them."""
    bare, truth = generated("--calls", 12, "--failed", 2, "--seconds", 3, "--profiles", "clean,loss")
    known = list(captures.read(bare))
    begin, span = known[0].time_ns, known[-1].time_ns - known[0].time_ns
    flood = [udp(begin + span * i // 20000, 5060, 5060, fake_invite(i)) for i in range(20000)]
    path = write(tmp_path, sorted(known + flood, key=lambda r: r.time_ns))
    run = heptap_run.read(path, args=config(tmp_path, "limits: {calls: 1000, media: 2200}\n"))
    assert said(run) == said(heptap(bare))
    counters = run.summary["counters"]
    assert counters["calls_refused"] == counters["media_refused"] == 0
    assert counters["calls_evicted"] > 18000
    assert counters["calls_opened"] == counters["calls_closed"] == run.summary["calls"]


def test_known_calls_in_a_flood_of_fake_rtp(generated, heptap, tmp_path):
    """Streams that nobody announced, each long enough to be believed, more than the table holds."""
    bare, _ = generated("--calls", 12, "--failed", 2, "--seconds", 3, "--profiles", "clean,loss")
    known = list(captures.read(bare))
    flood = [udp(known[0].time_ns + k * SECOND // 50 + i, 2, 2000 + i, rtp(k, 0x10000 + i), src=200, dst=200)
             for i in range(2000) for k in range(26)]
    path = write(tmp_path, sorted(known + flood, key=lambda r: r.time_ns))
    run = heptap_run.read(path, args=config(tmp_path, "limits: {streams: 1000}\n"))
    assert said(run) == said(heptap(bare))
    counters = run.summary["counters"]
    assert counters["streams_refused"] > 1000
    assert sum(s["SRC_PORT"] == 2 for s in run.streams) == 875


def test_a_full_stream_table_refuses_and_counts(tmp_path):
    records = sorted(r for i in range(1200) for r in stream(START, 12, 2000 + 2 * i, 9000, i))
    run = heptap_run.read(write(tmp_path, records),
                          args=config(tmp_path, "limits: {streams: 1000}\n"))
    assert run.summary["streams"] == 875  # the last eighth is for streams of calls
    assert run.summary["outcomes"]["rtp"] == 875 * 12
    assert run.summary["outcomes"]["rtp_table_full"] > 0
    assert run.summary["counters"]["streams_refused"] > 0


def test_thirty_years_without_a_packet_pass_in_no_time(tmp_path):
    later = START + 30 * 365 * 86400 * SECOND
    records = [udp(START + i * SECOND, 5060 + i, 5060, request("INVITE", f"early{i}"), src=i + 1)
               for i in range(8)]
    records += [udp(later + i * SECOND, 5060 + i, 5060, request("OPTIONS", f"late{i}"), src=i + 1)
                for i in range(8)]
    path = write(tmp_path, records)
    for workers in ("0", "0,0,0"):
        began = time.monotonic()
        run = heptap_run.read(path, args=config(
            tmp_path, f'cores: {{workers: "{workers}", share: true}}\n'))
        assert time.monotonic() - began < 30
        states = {c["call_id"]: c["state"] for c in run.events if c["event"] == "call"}
        assert all(states[f"early{i}"] == "timeout" for i in range(8))
        assert all(states[f"late{i}"] == "trying" for i in range(8))


def test_one_packet_from_the_future_does_not_stop_the_clock(tmp_path):
    records = [udp(START + 20 * 365 * 86400 * SECOND, 7, 7, b"?")]
    records += stream(START, 2500, 4000, 5000)
    run = heptap_run.read(write(tmp_path, records), warns=True)
    found, = (e for e in run.events if e["event"] == "stream")
    assert run.summary["counters"]["reports_periodic"] == 4
    assert abs(found["REPORT_TS"] - (START / SECOND + 50)) < 1


def test_one_packet_from_the_past_passes_in_no_time(tmp_path):
    """A call is open meanwhile: fifty years of looking at it would take minutes."""
    records = [udp(START, 5060, 5060, request("INVITE", "x")), *stream(START, 100, 4000, 5000)]
    records.insert(50, udp(START - 50 * 365 * 86400 * SECOND, 7, 7, b"?"))
    began = time.monotonic()
    run = heptap_run.read(write(tmp_path, records), warns=True)
    assert time.monotonic() - began < 30
    assert run.summary["calls"] == 1
    found, = (e for e in run.events if e["event"] == "stream")
    assert (found["TOTAL_PK"], found["PACKET_LOSS"]) == (100, 0)


def test_rtcp_muxed_on_odd_ports_belongs_to_its_stream(tmp_path):
    records = stream(START, 100, 40001, 50001)
    records.append(udp(START + SECOND, 40001, 50001, sender_report(0x1234)))
    records.append(udp(START + 2 * SECOND, 40001, 50001, sender_report(0x1234) + bye(0x1234)))
    run = heptap_run.read(write(tmp_path, sorted(records)))
    found, = (e for e in run.events if e["event"] == "stream")
    ids = {e["correlation_id"] for e in run.events if e["event"] == "rtcp"}
    assert run.summary["counters"]["rtcp_byes"] == 1
    assert ids == {found["CORRELATION_ID"]}


def test_rtcp_on_the_port_above_belongs_to_its_stream(tmp_path):
    records = stream(START, 100, 40000, 50000)
    records.append(udp(START + 2 * SECOND, 40001, 50001, sender_report(0x1234) + bye(0x1234)))
    run = heptap_run.read(write(tmp_path, sorted(records)))
    found, = (e for e in run.events if e["event"] == "stream")
    report, = (e for e in run.events if e["event"] == "rtcp")
    assert run.summary["counters"]["rtcp_byes"] == 1
    assert report["correlation_id"] == found["CORRELATION_ID"]


def test_a_call_without_bye_ends_with_its_media(tmp_path):
    """And not when that was reported, stream_timeout later."""
    sdp = b"v=0\r\nc=IN IP4 203.0.113.2\r\nm=audio 5000 RTP/AVP 0\r\n"
    invite = request("INVITE", "x").replace(
        b"Content-Length: 0\r\n\r\n",
        b"Content-Type: application/sdp\r\nContent-Length: %d\r\n\r\n" % len(sdp) + sdp)
    answer = invite.replace(b"INVITE sip:b@example.com SIP/2.0", b"SIP/2.0 200 OK", 1).replace(
        b"To: <sip:b@example.com>", b"To: <sip:b@example.com>;tag=t")
    records = [udp(START, 5060, 5060, invite), udp(START + SECOND, 5060, 5060, answer)]
    records += stream(START + 2 * SECOND, 500, 4000, 5000)
    records.append(udp(START + 3600 * SECOND, 7, 7, b"?"))
    run = heptap_run.read(write(tmp_path, records),
                          args=config(tmp_path, "quality: {call_timeout: 10m}\n"))
    call, = (e for e in run.events if e["event"] == "call")
    assert call["state"] == "timeout"
    assert abs(call["end"] - (START / SECOND + 12)) < 0.1


def test_what_only_begins_like_text_is_not_signalling(tmp_path):
    """Half a million words in the signalling ring would cost SIP its place; here they cost nothing."""
    records = [udp(START + i, 443, 443, b"@A" + bytes((i & 0xff,)) * 40) for i in range(1000)]
    records += [udp(START + 2000 + i, 4000, 5000, rtp(i)) for i in range(3)]
    run = heptap_run.read(write(tmp_path, records))
    assert run.summary["outcomes"]["unknown_udp"] == 1000
