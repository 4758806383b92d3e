# SPDX-License-Identifier: BSD-3-Clause
"""Impairments made by processes whose parameters are known: loss in bursts (Gilbert and Elliott), clocks that
drift, queues that fill at once, hold, a sequence that begins anew, a codec that changes."""

from __future__ import annotations

import pytest

from test_generated import MICRO, find_streams

SECONDS = {"gilbert": 200, "drift": 120, "spikes": 60, "hold": 30, "restart": 30, "codecswitch": 30}
CALLS = 8
TO_BAD, TO_GOOD = 0.02, 0.4  # GILBERT of scripts/voip_media.py


@pytest.fixture(name="streams", params=["", "--ipv6"])
def streams_of(request, generated, heptap):
    """A function: a profile to its streams in the truth and in the report."""
    def get(profile):
        args = ["--profiles", profile, "--calls", CALLS, "--failed", 0, "--nanoseconds",
                "--seconds", SECONDS[profile], *filter(None, [request.param])]
        path, truth = generated(*args)
        found = find_streams(truth, heptap(path, "quality: {report_interval: 0}\n"))
        assert len(found) == 2 * CALLS
        return [(want, got) for _, want, got in found]
    return get


def check_exact(want, got):
    """What no process may touch."""
    assert got["TOTAL_PK"] == want["unique"]
    assert got["PACKET_LOSS"] == want["lost"]
    assert got["EXPECTED_PK"] == want["expected"]
    assert got["LOSS_PCT"] == pytest.approx(100 * want["lost"] / want["expected"], abs=0.0006)
    assert got["JITTER"] == pytest.approx(want["jitter_ms"], abs=0.01)
    assert got["MAX_JITTER"] == pytest.approx(want["jitter_max_ms"], abs=0.01)
    assert got["REPORT_START"] == pytest.approx(want["t_first"], abs=MICRO)
    assert got["REPORT_END"] == pytest.approx(want["t_last"], abs=MICRO)


def test_loss_in_bursts(streams):
    """BurstR is that of the packets lost, and within 5 % that of the process: 1 / (p + q), G.107 7-30."""
    model, lost, expected, ratio = 1 / (TO_BAD + TO_GOOD), 0, 0, []
    for want, got in streams("gilbert"):
        check_exact(want, got)
        runs = want["lost"] / want["loss_runs"] * (1 - want["lost"] / want["expected"])
        assert got["BURSTR"] == pytest.approx(runs, abs=0.0001)
        assert got["BURSTS"] > 20 and 0 < got["BURST_DENSITY"] < 1
        lost, expected = lost + got["PACKET_LOSS"], expected + got["EXPECTED_PK"]
        ratio.append(got["BURSTR"])
    assert sum(ratio) / len(ratio) == pytest.approx(model, rel=0.05)
    assert lost / expected == pytest.approx(TO_BAD / (TO_BAD + TO_GOOD), rel=0.05)


def test_drift(streams):
    """Within 5 ppm after two minutes with half a millisecond of noise; MAX_SKEW is what it comes to."""
    found = set()
    for want, got in streams("drift"):
        check_exact(want, got)
        assert got["DRIFT_PPM"] == pytest.approx(want["ppm"], abs=5)
        assert got["SKEW"] == pytest.approx(want["ppm"] * SECONDS["drift"] / 1000, abs=0.6)
        assert got["DISC_F50"] == 0
        found.add(want["ppm"])
    assert len(found) >= 4


def test_queues_that_fill_at_once(streams):
    """Delay and no loss: the adaptive buffer throws away less than the small one."""
    small = adaptive = 0
    for want, got in streams("spikes"):
        check_exact(want, got)
        assert got["PACKET_LOSS"] == 0 and got["MAX_JITTER"] > 5
        assert got["DISC_F200"] <= got["DISC_F50"]
        small, adaptive = small + got["DISC_F50"], adaptive + got["DISC_AD"]
    assert 0 < adaptive < small


@pytest.mark.parametrize("profile", ["hold", "restart", "codecswitch"])
def test_what_is_no_impairment(streams, profile):
    """Nothing is lost, nothing jitters, nothing is thrown away, no delta is longer than a packet."""
    for want, got in streams(profile):
        check_exact(want, got)
        assert want["lost"] == 0 and want["jitter_max_ms"] == 0
        assert got["RESTARTS"] == (profile == "restart")
        assert got["CODEC_PT"] == want["pt"]
        assert got["MAX_DELTA"] == pytest.approx(20, abs=0.001)
        assert got["DELTA"] == pytest.approx(20, abs=0.02)
        assert (got["DISC_F50"], got["DISC_F200"], got["DISC_AD"]) == (0, 0, 0)
        assert got["BURSTS"] == 0 and got["BURSTR"] == 1
