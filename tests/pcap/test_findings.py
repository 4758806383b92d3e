# SPDX-License-Identifier: BSD-3-Clause
"""What is wrong with calls is said once a call, and nothing is said of calls that are well: each finding
with the case that makes it and the cases that only look like it."""

from __future__ import annotations

import pytest

import captures
from heptap_run import command, read
from packets import SECOND, START, back, rtp, sender_report, udp
from test_hep import Collector
from test_shapes import SHAPES

MS = SECOND // 1000
A, B = ("198.51.100.1", 10000), ("203.0.113.2", 30000)
SSRC_A, SSRC_B = 0xA, 0xB
ALL = {"one_way_audio", "rtp_without_signalling", "signalling_without_rtp", "late_rtp",
       "codec_not_in_answer", "rtp_timeout"}


def sdp(end, direction="sendrecv", formats="0 101", media="audio", proto="RTP/AVP"):
    return (f"v=0\r\no=- 1 1 IN IP4 {end[0]}\r\ns=-\r\nc=IN IP4 {end[0]}\r\nt=0 0\r\n"
            f"m={media} {end[1]} {proto} {formats}\r\na=rtpmap:101 telephone-event/8000\r\n"
            f"a={direction}\r\n")


class Call:
    """Between A, who calls, and B; frames with the times in seconds since START."""

    def __init__(self, name="call"):
        self.name, self.records = name, []

    def at(self, t, frame_of, from_b, *args):
        record = udp(START + int(t * SECOND), *args[::-1] if from_b else args, frame_of)
        self.records.append(back(record) if from_b else record)

    def sip(self, t, first, method, from_b, body="", seq=1, by_b=False):
        """by_b: a transaction that B began."""
        parties = ["<sip:a@example.com>;tag=f", "<sip:b@example.com>;tag=t"]
        if method == "INVITE" and seq == 1 and not first.startswith("SIP/2.0 "):
            parties[1] = "<sip:b@example.com>"
        if by_b:
            parties.reverse()
        kind = "Content-Type: application/sdp\r\n" if body else ""
        text = (f"{first}\r\nVia: SIP/2.0/UDP a;branch=z9hG4bK{method}{seq}{by_b}\r\n"
                f"From: {parties[0]}\r\nTo: {parties[1]}\r\nCall-ID: {self.name}\r\n"
                f"CSeq: {seq} {method}\r\n{kind}Content-Length: {len(body)}\r\n\r\n{body}")
        self.at(t, text.encode(), from_b, 5060, 5060)
        return self

    def request(self, t, method, body="", from_b=False, seq=1):
        return self.sip(t, f"{method} sip:x@example.com SIP/2.0", method, from_b, body, seq, from_b)

    def reply(self, t, code, body="", to_b=False, seq=1, method="INVITE"):
        return self.sip(t, f"SIP/2.0 {code} x", method, not to_b, body, seq, to_b)

    def open(self, t=0.0, answer=1.0, offer=None, answered=None):
        self.request(t, "INVITE", offer or sdp(A))
        self.reply(answer, 200, answered or sdp(B))
        return self.request(answer + 0.05, "ACK")

    def bye(self, t):
        self.request(t, "BYE", seq=2)
        return self.reply(t + 0.02, 200, seq=2, method="BYE")

    def talk(self, start, stop, from_b=False, pt=0, first=0):
        ssrc = SSRC_B if from_b else SSRC_A
        for i in range(int((stop - start) * 50)):
            self.at(start + i / 50, rtp(first + i, ssrc, pt, marker=i == 0), from_b, A[1], B[1])
        return self

    def report(self, t, from_b):
        self.at(t, sender_report(SSRC_B if from_b else SSRC_A), from_b, A[1] + 1, B[1] + 1)
        return self

    def both(self, start, stop):
        return self.talk(start, stop).talk(start, stop, True)


def other_call_of_b(stop):
    """Media from B's address to somebody else, announced to nobody."""
    return [back(udp(START + i * 20 * MS, 20000, 40000, rtp(i, 0xC), 1, 2))
            for i in range(int(stop * 50))]


@pytest.fixture(name="found")
def finder(tmp_path):
    """A function: calls (or records) and configuration to what was found."""
    def find(call, config="", more=()):
        path = tmp_path / "call.pcap"
        captures.write(path, sorted([*call.records, *more], key=lambda r: r.time_ns))
        run = read(path, args=config_args(tmp_path, config))
        events = run.of("finding")
        counters = run.summary["counters"]
        for kind in ALL:
            assert counters["finding_" + kind] == sum(e["finding"] == kind for e in events)
        return events
    return find


def config_args(folder, config):
    file = folder / "c.yaml"
    file.write_text(config or "quality: {report_interval: 10s}\n", encoding="utf-8")
    return ("-c", file)


def kinds(events):
    return sorted(e["finding"] for e in events)


SWITCH = {
    "one_way_audio": "0", "rtp_without_signalling": "0", "signalling_without_rtp": "0",
    "late_rtp": "0", "codec_not_in_answer": "false", "rtp_timeout": "false"}


def off(kind):
    return f"quality: {{findings: {{{kind}: {SWITCH[kind]}}}}}\n"


def test_nothing_is_found_in_a_call_that_is_well(found):
    assert not found(Call().open().both(1.1, 40).bye(40.1))


# One-way audio

def one_way(stop=20.0, **kwargs):
    return Call().open(**kwargs).talk(1.1, stop).bye(stop + 1)


def test_one_way_audio_of_an_address_that_others_hear(found):
    call = one_way()
    events = found(call, more=other_call_of_b(20))
    assert kinds(events) == ["one_way_audio"]
    event = events[0]
    assert event["correlation_id"] == "call"
    assert "callee (203.0.113.2:30000)" in event["text"]
    # Answered at 1 s, 10 s of patience, and streams are looked at once a second
    assert 11 <= event["time"] - START / SECOND <= 12.1
    assert not found(call, off("one_way_audio"), other_call_of_b(20))
    later = found(call, "quality: {findings: {one_way_audio: 15s}}\n", other_call_of_b(20))
    assert 16 <= later[0]["time"] - START / SECOND <= 17.1


def test_one_way_audio_where_the_silent_side_sends_rtcp(found):
    assert kinds(found(one_way().report(3, True))) == ["one_way_audio"]


def test_the_caller_may_be_the_silent_one(found):
    call = Call().open().talk(1.1, 20, True).report(3, False).bye(21)
    events = found(call)
    assert kinds(events) == ["one_way_audio"]
    assert "caller (198.51.100.1:10000)" in events[0]["text"]


def test_one_direction_mirrored_is_no_one_way_audio(found):
    """Nothing of B's media is ever visible, though its SIP is."""
    assert not found(one_way(40))


@pytest.mark.parametrize("offer,answer", [
    ("sendonly", "recvonly"), ("sendrecv", "inactive"), ("sendonly", "inactive")])
def test_hold_is_no_one_way_audio(found, offer, answer):
    call = one_way(offer=sdp(A, offer), answered=sdp(B, answer)).report(3, True)
    assert not found(call)


def test_early_media_of_one_side_is_no_one_way_audio(found):
    """15 s of announcement, then the answer and both."""
    call = Call().request(0, "INVITE", sdp(A)).reply(0.3, 183, sdp(B)).talk(0.5, 15, True)
    call.report(3, False).reply(15, 200, sdp(B)).request(15.1, "ACK").both(15.2, 30).bye(31)
    assert not [e for e in found(call) if e["finding"] == "one_way_audio"]


def test_fax_is_no_one_way_audio(found):
    call = one_way(answered=sdp(B, formats="t38", media="image", proto="udptl")).report(3, True)
    assert "one_way_audio" not in kinds(found(call))


def test_one_way_audio_is_said_after_hold_only_once_it_lasts(found):
    """Held by A from 5 s to 15 s; B is silent from then on, and was heard before."""
    call = Call().open().talk(1.1, 40).talk(1.1, 5, True)
    call.request(5, "INVITE", sdp(A, "sendonly"), seq=2).reply(5.1, 200, sdp(B, "recvonly"), seq=2)
    call.request(15, "INVITE", sdp(A), seq=3).reply(15.1, 200, sdp(B), seq=3).bye(41)
    events = [e for e in found(call) if e["finding"] == "one_way_audio"]
    assert len(events) == 1
    assert 25.09 <= events[0]["time"] - START / SECOND <= 26.2


# Signalling without RTP

def test_an_answered_call_without_media(found):
    call = Call().open().bye(12)
    events = found(call)
    assert kinds(events) == ["signalling_without_rtp"]
    assert events[0]["time"] == START / SECOND + 12
    assert (events[0]["src_port"], events[0]["dst_port"]) == (A[1], B[1])
    assert not found(call, off("signalling_without_rtp"))


@pytest.mark.parametrize("call", [
    Call().open().bye(5.5),
    Call().open(offer=sdp(A, "inactive"), answered=sdp(B, "inactive")).bye(30),
    Call().open(answered=sdp(B, formats="t38", media="image", proto="udptl")).bye(30),
    Call().request(0, "INVITE", sdp(A)).reply(1, 180).reply(30, 486),
    Call().request(0, "INVITE", sdp(A)).reply(1, 180).request(30, "BYE", seq=2),
    Call().open(),
    Call().open(answered=sdp(B) + "a=candidate:1 1 UDP 1 192.0.2.9 9 typ host\r\n").bye(30),
    Call().open(answered=sdp(("media.example", 30000))).bye(30),
], ids=["short", "hold", "fax", "busy", "unanswered", "capture_ends", "ice", "name"])
def test_calls_that_owe_no_media(call, found):
    assert not found(call)


def test_media_of_one_side_is_media(found):
    assert not found(Call().open().talk(1.1, 8).bye(9))


# RTP without signalling

def test_media_that_no_call_announced(found):
    call = Call().both(0, 45)
    events = found(call)
    assert kinds(events) == ["rtp_without_signalling"]
    assert events[0]["correlation_id"].startswith("rtp-")
    assert 30 <= events[0]["time"] - START / SECOND <= 31.1
    assert not found(call, off("rtp_without_signalling"))
    assert not found(Call().both(0, 29))


def test_media_whose_call_is_seen_later_has_signalling(found):
    call = Call().both(0, 45).request(10, "INVITE", sdp(A), seq=2)
    call.reply(10.1, 200, sdp(B), seq=2).bye(45)
    assert not found(call)


# Late RTP

def test_media_long_after_the_answer(found):
    call = Call().open().talk(1.1, 20).talk(5, 20, True).bye(21)
    events = found(call)
    assert kinds(events) == ["late_rtp"]
    assert "callee was first heard 4.0 s after" in events[0]["text"]
    assert not found(call, off("late_rtp"))
    assert not found(call, "quality: {findings: {late_rtp: 4100ms}}\n")


@pytest.mark.parametrize("call", [
    Call().open().both(3.5, 20).bye(21),
    Call().open(answer=15).both(15.1, 20).bye(21),
    Call().open(offer=sdp(A, "sendonly"), answered=sdp(B, "recvonly")).talk(1.1, 20)
    .talk(12, 20, True).bye(21),
    Call().open(offer=sdp(A, "inactive"), answered=sdp(B, "inactive"))
    .request(10, "INVITE", sdp(A), seq=2).reply(10.1, 200, sdp(B), seq=2).both(10.3, 20).bye(21),
], ids=["soon", "late_answer", "not_due", "hold_first"])
def test_media_that_is_not_late(call, found):
    assert not found(call)


# Codec not in the answer

def test_a_payload_type_that_was_not_announced(found):
    call = Call().open().talk(1.1, 10, pt=8).talk(1.1, 10, True).bye(11)
    events = found(call)
    assert kinds(events) == ["codec_not_in_answer"]
    assert "caller sends payload type 8, which 203.0.113.2:30000" in events[0]["text"]
    assert not found(call, off("codec_not_in_answer"))


def test_payload_types_that_change_by_agreement(found):
    """Each direction by the other's description; then a new one, and the old for a moment."""
    call = Call().open(offer=sdp(A, formats="0 8"), answered=sdp(B, formats="8"))
    call.talk(1.1, 10, pt=8).talk(1.1, 10.4, True, pt=0)
    call.request(10, "INVITE", sdp(A, formats="8"), seq=2)
    call.reply(10.1, 200, sdp(B, formats="8"), seq=2)
    call.talk(10, 20, pt=8, first=445).talk(10.4, 20, True, pt=8, first=465).bye(21)
    assert not found(call)


# RTP timeout

def test_a_side_that_falls_silent(found):
    call = Call().open().talk(1.1, 10).talk(1.1, 60, True).bye(61)
    events = found(call)
    assert kinds(events) == ["rtp_timeout"]
    assert "nothing of the caller for 30 s" in events[0]["text"]
    assert not found(call, off("rtp_timeout"))


def test_both_fall_silent_and_it_is_said_once(found):
    call = Call().open().both(1.1, 10)
    call.request(60, "OPTIONS", seq=9)
    event, = found(call)
    assert event["finding"] == "rtp_timeout"
    assert "nothing of either side for 30 s" in event["text"]


def test_a_side_that_falls_silent_long_before_the_other(found):
    event, = found(Call().open().talk(1.1, 10).talk(1.1, 15, True).request(60, "OPTIONS", seq=9))
    assert "nothing of the caller for 30 s" in event["text"]


@pytest.mark.parametrize("shape", SHAPES)
def test_who_fell_silent_is_the_same_for_any_number_of_workers(shape, tmp_path):
    """Both within 10 ms, of 60 calls, and many of them end within one look."""
    records, events = [], []
    for i in range(60):
        call, begin = Call(f"call{i}"), i * 0.011
        a, b = (A[0], 10000 + 4 * i), (B[0], 30000 + 4 * i)
        call.open(begin, begin + 0.1, sdp(a), sdp(b))
        for n in range(450):
            for from_b in (False, True):
                late = (i * 7 % 11 - 5) / 1000 * (1 if from_b else -1)
                call.at(begin + 0.2 + n / 50 + max(late, 0), rtp(n, 2 * i + from_b), from_b, a[1], b[1])
        records += call.records
    last = Call("last")
    last.request(60, "OPTIONS", seq=9)
    path = tmp_path / "calls.pcap"
    captures.write(path, sorted(records + last.records, key=lambda r: r.time_ns))
    for config in (SHAPES[0], shape):
        events.append(sorted(map(str, read(path, args=config_args(tmp_path, config)).of("finding"))))
    assert events[0] == events[1]
    assert len(events[0]) == 60 and all("either side" in event for event in events[0])


@pytest.mark.parametrize("call", [
    Call().open().both(1.1, 10).request(10, "INVITE", sdp(A, "inactive"), seq=2)
    .reply(10.1, 200, sdp(B, "inactive"), seq=2).bye(60),
    Call().open().both(1.1, 10).bye(10.1).request(60, "OPTIONS", seq=9),
    Call().open().both(1.1, 10),
    Call().open().both(1.1, 10).request(20, "OPTIONS", seq=9),
], ids=["hold", "bye", "capture_ends", "capture_ends_in_silence"])
def test_silence_that_is_meant(call, found):
    assert not found(call)


def test_findings_are_the_same_for_any_number_of_workers(tmp_path):
    call = one_way().report(3, True).talk(1.1, 20, pt=8, first=5000)
    path = tmp_path / "call.pcap"
    captures.write(path, sorted(call.records, key=lambda r: r.time_ns))
    said = []
    for cpus in ("0", "0,1,0"):
        config = f'cores: {{workers: "{cpus}", share: true}}\n'
        said.append(read(path, args=config_args(tmp_path, config)).of("finding"))
    assert said[0] and said[0] == said[1]


def test_the_tables_tell_of_findings(tmp_path):
    path = tmp_path / "call.pcap"
    captures.write(path, sorted([*one_way().records, *other_call_of_b(20)],
                                key=lambda r: r.time_ns))
    events = read(path).of("finding")
    tables = command("-r", path).out.decode()
    assert len(events) == 1 and "\n1 finding:\n" in tables
    for event in events:
        assert f"{event['correlation_id'] or '-'}  " in tables
        assert f"  {event['text']}\n" in tables
    captures.write(path, Call().open().both(1.1, 40).bye(40.1).records)
    assert "findings" not in command("-r", path).out.decode()


def test_generated_calls_have_no_findings(generated, heptap):
    for args in ((), ("--seconds", 40, "--calls", 4, "--profiles", "vad,early,late,ssrcchange")):
        path, _ = generated(*args)
        assert not heptap(path).of("finding")


def test_a_finding_is_a_log_of_type_100(tmp_path):
    path = tmp_path / "call.pcap"
    captures.write(path, sorted(Call().open().bye(12).records, key=lambda r: r.time_ns))
    collector = Collector()
    run = read(path, args=("--hep", f"udp:127.0.0.1:{collector.port}"))
    messages = collector.messages()
    logs = [m for m in messages if m["type"] == 100]
    assert len(messages) == run.summary["hep"]["sent"] == run.summary["hep"]["made"]
    assert len(logs) == 1
    log, event = logs[0], run.of("finding")[0]
    assert log["payload"] == event["text"]
    assert log["correlation_id"] == event["correlation_id"] == "call"
    assert (log["src_ip"], log["src_port"]) == A
    assert (log["dst_ip"], log["dst_port"]) == B


def test_logs_can_be_left_out(tmp_path):
    path = tmp_path / "call.pcap"
    captures.write(path, sorted(Call().open().bye(12).records, key=lambda r: r.time_ns))
    collector = Collector()
    args = config_args(tmp_path, "hep: {findings: false}\n")
    run = read(path, args=(*args, "--hep", f"udp:127.0.0.1:{collector.port}"))
    assert not [m for m in collector.messages() if m["type"] == 100]
    assert run.summary["counters"]["finding_signalling_without_rtp"] == 1
