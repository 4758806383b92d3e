# SPDX-License-Identifier: BSD-3-Clause
"""Streams that mix at random what other tests have one by one, several on one pair of ports and with one SSRC in both
directions: other types, events, pauses, gaps, a sequence that begins anew, all with loss, copies and packets out of order,
also where numbers and timestamps wrap. What they are is told by RFC 3550 in double, not by what was meant to be sent."""

from __future__ import annotations

import random
import sys
from types import SimpleNamespace

import pytest

import captures
from heptap_run import ROOT
from packets import SECOND, START, back, udp
from test_findings import A, B, Call, sdp
from test_shapes import FEW, check_shapes
from test_tshark import MILLISECONDS, TSHARK, streams_of_tshark

sys.path.insert(0, str(ROOT / "scripts"))
from voip_media import EVENT_PT, MS, Rtp, measure  # noqa: E402  pylint: disable=wrong-import-position

CLOCK, TYPES, FRAME = 8000, (0, 8, 18), 160
DESCRIPTION = "0 8 18 101"


def sender(rng, start, count):
    """[(when, Rtp)] of about count packets; a segment ends and begins with voice that nothing befalls."""
    index, ts = 65536 - rng.randrange(5, count), 2**32 - rng.randrange(count) * FRAME
    at, pt, segment, marker, sent = start, rng.choice(TYPES), 0, True, []

    def put(pt, ts, size):
        sent.append((at, Rtp(index, ts, pt, marker, bytes(size), segment)))

    while len(sent) < count:
        for _ in range(rng.choice((20, 40, 80))):
            put(pt, ts, 20 if pt == 18 else FRAME)
            index, ts, at, marker = index + 1, ts + FRAME, at + 20 * MS, False
        what = rng.choice(("event", "pause", "type", "gap", "anew"))
        if what == "event":
            for i in range(9):
                marker = i == 0
                put(EVENT_PT, ts, 4)
                index, at = index + 1, at + 20 * MS
            ts, marker = ts + 9 * FRAME, True
        elif what == "pause":
            n = rng.choice((3, 25, 100))
            ts, at, marker = ts + n * FRAME, at + n * 20 * MS, True
        elif what == "type":
            pt = rng.choice(TYPES)
        elif what == "gap":
            n = rng.choice((5, 126, 127, 128, 129, 200))
            index, ts, at = index + n, ts + n * FRAME, at + n * 20 * MS
        else:
            # At most 2999 on it would be loss, but for the time that as many take.
            index, ts, segment = index + rng.choice((200, 2000, 20000)), rng.getrandbits(32), segment + 1
    return sent


def network(rng, sent):
    """[(arrival, Rtp)]; 25 packets around a segment's border come as they were sent."""
    hurt, out = rng.choice((0, 0.02, 0.1)), []
    borders = [0, len(sent)] + [i for i in range(1, len(sent)) if sent[i][1].segment != sent[i - 1][1].segment]
    for i, (at, packet) in enumerate(sent):
        if min(abs(i - b) for b in borders) < 25 or rng.random() >= hurt:
            out.append((at, packet))
            continue
        what = rng.choice(("lost", "late", "twice", "twice", "delayed"))
        if what in ("late", "twice"):
            out.append((at + rng.choice((1, 25, 47, 110, 350)) * MS, packet))
        if what != "lost" and what != "late":
            out.append((at + (rng.randrange(15 * MS) if what == "delayed" else 0), packet))
    return sorted(out, key=lambda item: item[0])


def timing(arrived):
    """J of RFC 3550 A.8, the largest and the last, and skew, in ms: of voice with that of the same type before, copies left
    out, and the first packet of a segment, which may be a stray one (A.1)."""
    jitter, most, skew, last, seen = 0.0, 0.0, 0.0, None, set()
    for t, p in arrived:
        is_first = p.segment and last[0] != p.segment
        if (p.segment, p.index) not in seen and p.pt != EVENT_PT:
            if last and last[:2] == (p.segment, p.pt):
                d = (t - last[2]) / MS - (p.timestamp - last[3]) * 1000 / CLOCK
                jitter += (abs(d) - jitter) / 16
                most, skew = max(most, jitter), skew - d
            last = (p.segment, None if is_first else p.pt, t, p.timestamp)
        seen.add((p.segment, p.index))
    return jitter, most, skew


def make(seed, path):
    """{(from B, SSRC): [(arrival, Rtp)]} of one call."""
    rng, call, streams = random.Random(seed), Call("mixed").open(0, 1, *(sdp(e, formats=DESCRIPTION) for e in (A, B))), {}
    records, shared = list(call.records), rng.getrandbits(32)
    for from_b in (False, True):
        start = START + 2 * SECOND
        for ssrc in (shared, rng.getrandbits(32), rng.getrandbits(32)):
            arrived = network(rng, sender(rng, start, rng.randrange(200, 400)))
            streams[from_b, ssrc] = arrived
            for t, p in arrived:
                ports = (B[1], A[1]) if from_b else (A[1], B[1])
                record = udp(t, *ports, p.pack(ssrc))
                records.append(back(record) if from_b else record)
            start = rng.choice((start + 3 * MS, arrived[-1][0] + SECOND))  # beside it, or behind it
    end = max(r.time_ns for r in records)
    captures.write(path, sorted(records + Call("mixed").bye((end - START) / SECOND + 1).records,
                                key=lambda r: r.time_ns))
    return streams


@pytest.mark.parametrize("seed", range(8))
def test_streams_of_everything(tmp_path, heptap, seed):
    path = tmp_path / "mixed.pcap"
    streams = make(seed, path)
    run = check_shapes(heptap, path, others=FEW)
    found = {(s["SRC_PORT"] == B[1], int(s["SSRC"], 16)): s for s in run.streams}
    theirs = {(k[1] == B[1], int(k[4], 16)): s for k, s in streams_of_tshark(path).items()} if TSHARK else {}
    assert len(run.streams) == len(streams) and set(found) == set(streams)
    for key, arrived in streams.items():
        stream = SimpleNamespace(arrived=arrived, start=START, base_ts=0, codec=SimpleNamespace(clock=CLOCK))
        got, want = found[key], measure(stream)
        counts = {"TOTAL_PK": want.unique, "EXPECTED_PK": want.expected, "DUP_PK": want.captured - want.unique,
                  "OUT_ORDER": want.reordered, "TL_BYTE": want.unique_bytes, "RESTARTS": arrived[-1][1].segment,
                  "TS_STILL": 0, "CODEC_PT": [p.pt for _, p in arrived if p.pt != EVENT_PT][-1]}
        assert {k: got[k] for k in counts} == counts
        assert got["PARTY"] == key[0] and got["RTP_SIP_CALL_ID"] == "mixed"
        figures = tuple(got[k] for k in ("JITTER", "MAX_JITTER", "SKEW"))
        assert figures == pytest.approx(timing(arrived), abs=MILLISECONDS)
        if theirs:
            assert theirs[key]["packets"] == want.captured
