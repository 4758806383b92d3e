# SPDX-License-Identifier: BSD-3-Clause
"""How often streams are reported: by the clock, or by how they go."""

from __future__ import annotations

import json

import pytest

import captures
from heptap_run import read
from packets import SECOND, START, rtp, udp
from test_hep import Collector

GOOD, LOSSY, CURED = 0xA, 0xB, 0xC
SECONDS = 120
FIRST = (10, 11)  # streams are looked at once a second
ADAPTIVE = ("quality: {report_interval: 10s, stream_timeout: 5s, findings: "
            "{rtp_without_signalling: 0}, adaptive: {shortest: 2s, longest: 40s}}\n")


def is_sent(ssrc, i):
    """LOSSY loses every 20th packet, CURED for its first 20 seconds."""
    return i % 20 != 10 or ssrc == GOOD or (ssrc == CURED and i >= 20 * 50)


@pytest.fixture(scope="module", name="path")
def make_capture(tmp_path_factory):
    records = []
    for i in range(50 * SECONDS):
        for ssrc in (GOOD, LOSSY, CURED):
            if is_sent(ssrc, i):
                t = START + i * SECOND // 50 + ssrc * 1000
                records.append(udp(t, 10000 + 2 * ssrc, 20000, rtp(i, ssrc)))
    path = tmp_path_factory.mktemp("adaptive") / "three.pcap"
    captures.write(path, records)
    return path


def report_times(path, tmp_path, config):
    """The run, and by SSRC when its PERIODIC reports were made, to the second."""
    file = tmp_path / "c.yaml"
    file.write_text(config, encoding="utf-8")
    collector = Collector()
    run = read(path, args=("-c", file, "--hep", f"udp:127.0.0.1:{collector.port}"))
    times = {GOOD: [], LOSSY: [], CURED: []}
    for message in collector.messages():
        if message["type"] != 34:
            continue
        report = json.loads(message["payload"])
        if report["TYPE"] == "PERIODIC":
            since = report["REPORT_TS"] - START / SECOND
            times[int(report["SSRC"], 16)].append(round(since))
    assert run.summary["counters"]["reports_periodic"] == sum(map(len, times.values()))
    return run, times


def gaps(times):
    return [b - a for a, b in zip([0, *times], times)]


def test_reports_come_every_ten_seconds_unless_configured(path, tmp_path):
    run, times = report_times(path, tmp_path, "quality: {stream_timeout: 5s}\n")
    for ssrc in (GOOD, LOSSY, CURED):
        assert gaps(times[ssrc])[1:11] == [10] * 10
        assert times[ssrc][0] in FIRST
    assert run.summary["counters"]["reports_limited"] == 0


def test_suspect_streams_report_often_and_good_ones_back_off(path, tmp_path):
    _, times = report_times(path, tmp_path, ADAPTIVE)
    # 10, then twice as long each time up to 40
    assert gaps(times[GOOD])[1:] == [20, 40, 40]
    assert times[GOOD][0] in FIRST
    assert set(gaps(times[LOSSY])[1:58]) == {2}
    assert times[LOSSY][0] in (2, 3)
    # Every 2 s while it loses; the interval of the last loss ends at 20 or 22 s
    cured = times[CURED]
    bad = [t for t in cured if t <= 20]
    assert set(gaps(bad)[1:]) == {2}
    rest = gaps(cured)[len(bad):]
    assert [g for g in rest if g > 2] == [4, 8, 16, 32]
    assert rest.count(2) <= 2


def test_reports_in_a_second_are_bounded(path, tmp_path):
    free, _ = report_times(path, tmp_path, "quality: {stream_timeout: 5s}\n")
    run, _ = report_times(path, tmp_path,
                          "quality: {stream_timeout: 5s}\nlimits: {reports: 1}\n")
    counters = run.summary["counters"]
    wanted = free.summary["counters"]["reports_periodic"]
    # All three are due in the same second
    assert counters["reports_periodic"] == wanted / 3
    assert counters["reports_limited"] == wanted - counters["reports_periodic"]
    assert counters["reports_final"] == 3
