# SPDX-License-Identifier: BSD-3-Clause
"""Mirrored in ERSPAN III over a network that holds frames up by 0 to 20 ms: with the switch's time-stamps the
figures are those of the call, and where they cannot be believed those of the arrival."""

from __future__ import annotations

import random
import subprocess
import sys

import pytest

from captures import Record, read, write
from heptap_run import ROOT
from packets import SECOND, udp
from test_shapes import check_shapes
from test_tshark import MILLISECONDS, TSHARK, streams_of_tshark

sys.path.insert(0, str(ROOT / "scripts"))
import tunnels  # noqa: E402  pylint: disable=wrong-import-position

CALLS = ("--calls", 4, "--failed", 1, "--seconds", 4, "--profiles", "clean,loss,burst")
UNITS = {"100us": 100_000, "100ns": 100, "1588": 1}
JAM = SECOND // 50
BEGIN = 1_704_067_200 * SECOND  # of generated captures
ARRIVAL = "capture: {erspan_time: arrival}\n"
COUNTERS = ("erspan_time_used", "erspan_time_unproven", "erspan_time_refused")


def stamp_of(t, unit):
    """Its epoch is nobody's; 100 us and 100 ns wrap on the way."""
    ns = t - BEGIN + (UNITS[unit] << 32) - 2 * SECOND + 977
    return ns % SECOND if unit == "1588" else ns // UNITS[unit] % 2**32


def proof(start):
    """What a switch mirrors before: so the clock is believed when the first call comes."""
    for i in range(100):
        t = start - 2 * SECOND + i * SECOND // 50
        yield Record(t, udp(t, 7, 7, b"hello").frame)


def mirrored(path, bare, wrap, seed=1, jam=JAM):
    """wrap: time and frame to what the switch sends. In the order of arrival; returns the records."""
    rng, records = random.Random(seed), read(bare)
    records = [*proof(records[0].time_ns), *records]
    sent = sorted(Record(t + rng.randrange(jam), wrap(t, frame)) for t, frame in records)
    write(path, sent)
    return sent


def by_stream(run):
    return {e["SSRC"]: e for e in run.streams}


def counters(run):
    return tuple(run.summary["counters"][name] for name in COUNTERS)


@pytest.mark.parametrize("unit", UNITS)
def test_the_jam_on_the_way_is_no_jitter(unit, generated, heptap, tmp_path):
    bare, truth = generated(*CALLS)
    gra = list(UNITS).index(unit)
    sent = mirrored(tmp_path / "m.pcap", bare,
                    lambda t, f: tunnels.erspan3(f, stamp=stamp_of(t, unit), gra=gra))
    run, want, arrival = (heptap(tmp_path / "m.pcap"), by_stream(heptap(bare)),
                          by_stream(heptap(tmp_path / "m.pcap", ARRIVAL)))
    used, unproven, refused = counters(run)
    assert used + unproven == len(sent) and refused == 0 and 40 < unproven < 60
    assert run.summary["rtp_packets"] == truth["totals"]["rtp_packets"]
    # What is left is the unit, and where the fastest frame was not fast yet.
    left = 0.3 if unit == "100us" else 0.15
    for ssrc, got in by_stream(run).items():
        assert got["MAX_JITTER"] == pytest.approx(want[ssrc]["MAX_JITTER"], abs=left)
        assert got["MAX_DELTA"] == pytest.approx(want[ssrc]["MAX_DELTA"], abs=1)
        assert arrival[ssrc]["MEAN_JITTER"] > 4
        assert got["PACKET_LOSS"] == want[ssrc]["PACKET_LOSS"]
    shifts = [a["time"] - b["time"] for a, b in zip(sorted_rtcp(run), sorted_rtcp(heptap(bare)))]
    assert shifts and -UNITS[unit] / SECOND <= min(shifts) and max(shifts) < 0.001


def test_frames_that_changed_places_on_the_way(generated, heptap, tmp_path):
    """Held up by up to 100 ms many packets arrive after their successors. By the switch's times they did not: no
    jitter. The order is that of arrival, and counted."""
    bare, _ = generated(*CALLS)
    mirrored(tmp_path / "m.pcap", bare, lambda t, f: tunnels.erspan3(f, stamp=stamp_of(t, "100ns"), gra=1),
             jam=SECOND // 10)
    run, want, arrival = (check_shapes(heptap, tmp_path / "m.pcap"), by_stream(heptap(bare)),
                          by_stream(heptap(tmp_path / "m.pcap", ARRIVAL)))
    assert 500 < run.summary["counters"]["swapped"] <= run.summary["counters"]["reordered"]
    for ssrc, got in by_stream(run).items():
        # What is left is where the fastest frame was not fast yet.
        assert got["MAX_JITTER"] == pytest.approx(want[ssrc]["MAX_JITTER"], abs=2)
        assert got["MEAN_JITTER"] == pytest.approx(want[ssrc]["MEAN_JITTER"], abs=0.5)
        assert got["OUT_ORDER"] == arrival[ssrc]["OUT_ORDER"] > want[ssrc]["OUT_ORDER"]
        assert got["PACKET_LOSS"] == want[ssrc]["PACKET_LOSS"]
        assert arrival[ssrc]["MEAN_JITTER"] > 10


def sorted_rtcp(run):
    return sorted(run.rtcp, key=lambda e: (e["src_ip"], e["src_port"], e["time"]))


@pytest.mark.skipif(not TSHARK, reason="no tshark on this machine")
def test_arrival_is_what_tshark_says_of_it(generated, heptap, tmp_path):
    bare, _ = generated(*CALLS)
    mirrored(tmp_path / "m.pcap", bare,
             lambda t, f: tunnels.erspan3(f, stamp=stamp_of(t, "100ns"), gra=1))
    run, theirs = heptap(tmp_path / "m.pcap", ARRIVAL), streams_of_tshark(tmp_path / "m.pcap")
    assert counters(run) == (0, 0, 0)
    for got in run.streams:
        key = got["SRC_IP"], got["SRC_PORT"], got["DST_IP"], got["DST_PORT"], got["SSRC"]
        assert got["MEAN_JITTER"] == pytest.approx(theirs[key]["mean"], abs=MILLISECONDS)


@pytest.mark.skipif(not TSHARK, reason="no tshark on this machine")
def test_tshark_sees_the_stamps(generated, tmp_path):
    """The generator's witness."""
    bare, _ = generated(*CALLS)
    for gra, unit in enumerate(UNITS):
        sent = mirrored(tmp_path / "m.pcap", bare, lambda t, f, u=unit, g=gra: tunnels.erspan3(
            f, bytes((0x14, 0, 0, 0, 0, 0, 0, 1)), stamp_of(t, u), g, 1023))
        out = subprocess.run(
            [TSHARK, "-n", "-r", tmp_path / "m.pcap", "-T", "fields", *(
                x for f in ("timestamp", "gra", "spanid", "platid") for x in ("-e", f"erspan.{f}"))],
            check=True, capture_output=True, text=True).stdout.split()
        at = 14 + 20 + 8 + 4
        assert out == [str(x) for _, f in sent
                       for x in (int.from_bytes(f[at:at + 4], "big"), gra, 1023, 5)]


@pytest.mark.parametrize("kind", ["random", "second", "zero", "unit3", "mixed"])
def test_what_cannot_be_believed_changes_nothing(kind, generated, heptap, tmp_path):
    bare, _ = generated(*CALLS)
    rng = random.Random(5)
    values = {"random": lambda t: (rng.getrandbits(32), 1),
              "second": lambda t: (rng.randrange(SECOND), 2),
              "zero": lambda t: (0, 0),
              "unit3": lambda t: (stamp_of(t, "100ns"), 3),
              # Two clocks under one name.
              "mixed": lambda t: (stamp_of(t + rng.randrange(2) * 3 * SECOND // 10, "1588"), 2)}

    def wrap(t, frame):
        stamp, gra = values[kind](t)
        return tunnels.erspan3(frame, stamp=stamp, gra=gra)

    sent = mirrored(tmp_path / "m.pcap", bare, wrap)
    run, arrival = heptap(tmp_path / "m.pcap"), heptap(tmp_path / "m.pcap", ARRIVAL)
    used, unproven, refused = counters(run)
    assert used == 0 and unproven + refused == len(sent)
    assert refused > (len(sent) / 4 if kind != "zero" else 10)
    assert run.events[:-1] == arrival.events[:-1]
    assert run.outcomes == arrival.outcomes


def test_the_order_is_that_of_arrival(generated, heptap, tmp_path):
    """Frames of three switches: their times go back and forth against each other, and all shapes say the
    same."""
    bare, _ = generated("--calls", 30, "--failed", 4, "--seconds", 12)

    def wrap(t, frame):
        session = frame[29] % 3 + frame[33] % 3
        return tunnels.erspan3(frame, stamp=stamp_of(t + session * SECOND // 7, "100ns"), gra=1,
                               session=session)

    mirrored(tmp_path / "m.pcap", bare, wrap)
    run = check_shapes(heptap, tmp_path / "m.pcap")
    assert counters(run)[0] > 10000
