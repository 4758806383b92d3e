# SPDX-License-Identifier: BSD-3-Clause
"""A capture says the same whoever reads it: a worker itself or an rx thread, and whatever the
number of workers."""

from __future__ import annotations

import json
import random

import pytest

import captures
from heptap_run import SHARED, UNSTEADY
from packets import SECOND, START, bye, rtp, sender_report, udp

CPUS = ("0", "0,1", "0,1,0", "0,1,0,1")
SHAPES = [f'cores: {{workers: "{cpus}", share: true}}\ncapture: {{files: {mode}}}\n'
          for mode in ("fused", "pipeline") for cpus in CPUS]
VARIANTS = {
    "plain": ("--seconds", 4),
    "ipv6_vlan": ("--seconds", 4, "--ipv6", "--vlan", 100, "--seed", 2),
    "qinq": ("--seconds", 2, "--vlan", "200,100", "--seed", 3),
    "tcp": ("--seconds", 2, "--tcp", "--seed", 4),
    "many_calls": ("--seconds", 2, "--calls", 100, "--failed", 0, "--seed", 5),
}
FOLDER = SHARED / "captures"
REAL = sorted(p for p in FOLDER.glob("*.pcap*") if p.suffix != ".json")
NEGATIVE = sorted(p for p in (FOLDER / "negative").glob("*.pcap*") if p.suffix != ".json")
FEW = (SHAPES[3], SHAPES[6])
CALLS = 12
MILLISECOND = SECOND // 1000


def said(run):
    """Every event, and of the summary what depends on the capture alone; in no order, since workers
    write when they come to it."""
    lines = []
    for event in run.events:
        if event["event"] == "summary":
            counters = {k: v for k, v in event["counters"].items() if k not in UNSTEADY}
            event = {"frames": event["frames"], "outcomes": event["outcomes"], "counters": counters}
        lines.append(json.dumps(event, sort_keys=True))
    return sorted(lines)


def check_shapes(heptap, path, config="", others=tuple(SHAPES[1:]), warns=False):
    """Returns the run of one worker that receives itself."""
    first = heptap(path, config + SHAPES[0], warns)
    want = said(first)
    for shape in others:
        assert said(heptap(path, config + shape, warns)) == want, shape
    return first


@pytest.mark.parametrize("args", VARIANTS.values(), ids=VARIANTS)
def test_generated_captures(args, generated, heptap):
    path, truth = generated(*args)
    assert check_shapes(heptap, path).summary["rtp_packets"] == truth["totals"]["rtp_packets"]


@pytest.mark.skipif(not REAL, reason=f"no captures in {FOLDER}")
@pytest.mark.parametrize("path", REAL, ids=[p.name for p in REAL])
def test_real_captures(path, heptap):
    check_shapes(heptap, path)


@pytest.mark.skipif(not NEGATIVE, reason=f"no captures in {FOLDER}/negative")
@pytest.mark.parametrize("path", NEGATIVE, ids=[p.name for p in NEGATIVE])
def test_captures_without_voice(path, heptap):
    check_shapes(heptap, path, others=FEW)


def message(first, method, call, body=""):
    kind = "Content-Type: application/sdp\r\n" if body else ""
    tag = "" if first.startswith("INVITE") else ";tag=t"
    return (f"{first}\r\nVia: SIP/2.0/UDP a;branch=z9hG4bK{method}{call}\r\n"
            f"From: <sip:a@example.com>;tag=f\r\nTo: <sip:b@example.com>{tag}\r\n"
            f"Call-ID: call{call}\r\nCSeq: 1 {method}\r\n{kind}"
            f"Content-Length: {len(body)}\r\n\r\n{body}").encode()


def sdp(address, port):
    return (f"v=0\r\no=- 1 1 IN IP4 {address}\r\ns=-\r\nc=IN IP4 {address}\r\nt=0 0\r\n"
            f"m=audio {port} RTP/AVP 0\r\n")


def call_records(t, i, end):
    """Set up at once; end is after so much talk. By BYE, where i is even, otherwise by RTCP BYE."""
    a, b, ssrc = 10000 + 10 * i, 20000 + 10 * i, 0x1000 + i
    yield udp(t, 5060, 5060, message("INVITE sip:b@example.com SIP/2.0", "INVITE", i,
                                     sdp(f"198.51.100.{i + 1}", a)), src=i + 1)
    yield udp(t + 1, 5060, 5060, message("SIP/2.0 200 OK", "INVITE", i, sdp("203.0.113.2", b)))
    yield udp(t + 2, a + 1, b + 1, sender_report(ssrc), src=i + 1)
    if i % 2 == 0:
        text = message("BYE sip:b@example.com SIP/2.0", "BYE", i)
        yield udp(t + end, 5060, 5060, text, src=i + 1)
    else:
        yield udp(t + end, a + 1, b + 1, sender_report(ssrc) + bye(ssrc), src=i + 1)


def media_records(t, i, begin, end, step=20 * MILLISECOND):
    for at in range(begin, end, step):
        yield udp(t + at + 3, 10000 + 10 * i, 20000 + 10 * i,
                  rtp(at // step + 1, 0x1000 + i, marker=at == 0), src=i + 1)


def starts():
    """A stream is looked at once a second, at a time of its own: these are spread over it. The
    second in which a flow has sent a whole packet is 2^30 ns."""
    base = (START >> 30) + 1 << 30
    return [(i, base + i * SECOND // CALLS) for i in range(CALLS)]


def test_media_that_goes_on_after_the_end(tmp_path, heptap):
    """For 600 ms, most of it within the second of a whole packet: it belongs to its stream."""
    records = [r for i, t in starts()
               for part in (call_records(t, i, 1300 * MILLISECOND),
                            media_records(t, i, 0, 1900 * MILLISECOND)) for r in part]
    records += media_records(START + SECOND, 50, 0, 8 * SECOND)  # that time goes on
    path = tmp_path / "a.pcap"
    captures.write(path, sorted(records))
    run = check_shapes(heptap, path)
    found = [s for s in run.streams if s["SSRC"] != "0x00001032"]
    assert [s["TOTAL_PK"] for s in found] == [95] * CALLS
    assert run.summary["counters"]["rtcp_byes"] == CALLS // 2
    assert run.summary["calls"] == CALLS


def test_descriptors_of_a_stream_that_is_closed(tmp_path, heptap):
    """Without a linger streams are closed amid their media, every 4 ms a packet: a new stream,
    since nothing says that it is the old one."""
    records = [r for i, t in starts()
               for part in (call_records(t, i, 900 * MILLISECOND),
                            media_records(t, i, 0, 3 * SECOND, 4 * MILLISECOND)) for r in part]
    path = tmp_path / "a.pcap"
    captures.write(path, sorted(records))
    run = check_shapes(heptap, path, "quality: {bye_linger: 0s}\n")
    counts: dict = {}
    for stream in run.streams:
        counts.setdefault(stream["SSRC"], []).append(stream["TOTAL_PK"])
    assert len(counts) == CALLS
    assert all(len(parts) > 1 for parts in counts.values())
    assert sum(map(sum, counts.values())) + run.outcomes.get("rtp_unconfirmed", 0) == CALLS * 750


def test_time_that_steps_back_by_hours(tmp_path, heptap):
    """From then on all workers know the earlier time, those without packets of their own too."""
    records = [r for i, t in starts() for r in media_records(t, i, 0, 3 * SECOND)]
    records = sorted(records) + list(media_records(START - 7200 * SECOND, 50, 0, 40 * SECOND))
    path = tmp_path / "a.pcap"
    captures.write(path, records)
    run = check_shapes(heptap, path, "quality: {report_interval: 5s}\n", warns=True)
    assert len(run.streams) == CALLS + 1


def test_time_that_steps_back_by_a_little(tmp_path, heptap):
    """As where several queues are merged into a file: on which side of a tick a packet is depends on no worker."""
    rng = random.Random(1)
    records = sorted(r for i, t in starts() for r in media_records(t, i, 0, 20 * SECOND))
    records = [(t - (40 * MILLISECOND if rng.random() < 0.2 else 0), *rest) for t, *rest in records]
    path = tmp_path / "a.pcap"
    captures.write(path, records)
    check_shapes(heptap, path, "quality: {report_interval: 2s}\n")


def test_gaps_in_which_calls_and_streams_end(tmp_path, heptap):
    """A minute, and about the four hours after which calls are given up, amid media that goes on: who sees it first
    depends on no thread's speed."""
    rng, later = random.Random(2), 0
    records = sorted(r for i, t in starts()
                     for part in (call_records(t, i, 40 * SECOND), media_records(t, i, 0, 40 * SECOND))
                     for r in part)
    for i, (t, *rest) in enumerate(records):
        if rng.random() < 0.0004:
            later += rng.choice((rng.randrange(60, 100), rng.randrange(14300, 14500))) * SECOND
        records[i] = (t + later, *rest)
    assert later > 8 * 3600 * SECOND
    for name in "abc":
        path = tmp_path / name
        captures.write(path, records)
        check_shapes(heptap, path)
