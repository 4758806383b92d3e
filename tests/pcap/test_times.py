# SPDX-License-Identifier: BSD-3-Clause
"""Capture files whose time stamps go back or leap: what is wrong with one packet changes nothing else,
a gap is one, and whoever reads a file that is not sorted hears of it."""

from __future__ import annotations

import random
import subprocess

import pytest

import captures
import heptap_run
from captures import Record
from packets import SECOND, START
from test_shapes import MILLISECOND, SHAPES, call_records, check_shapes, media_records

DAY = 86400 * SECOND
SORT = '"reordercap" (Wireshark) sorts a capture'
TO_TIME_0 = 0
PLACES = [(leap, place) for leap in (3650 * DAY, -730 * DAY, TO_TIME_0) for place in (0, 0.5, 1)] + [
    (leap * SECOND, 0.5) for leap in (300, 30, -120)]


def calls(count=6, length=20, apart=SECOND // 4, begin=START):
    """Every other one ends by BYE."""
    return [sorted([*call_records(begin + i * apart, i, length * SECOND),
                    *media_records(begin + i * apart, i, 0, length * SECOND)]) for i in range(count)]


def shift(records, by):
    return [Record(t + by, frame) for t, frame in records]


def behind(records, by):
    """How many are so much earlier than one before them."""
    count = latest = 0
    for t, _ in records:
        count += t < latest - by
        latest = max(latest, t)
    return count


def heptap_of(tmp_path, records, heptap, warns=True, **kwargs):
    path = tmp_path / "a.pcap"
    captures.write(path, records)
    return check_shapes(heptap, path, warns=warns, **kwargs)


def facts(run):
    """Of each stream and call that which one packet's time does not touch."""
    return (sorted((s["SSRC"], s["TOTAL_PK"], s["PACKET_LOSS"], s["CORRELATION_ID"])
                   for s in run.streams),
            sorted((c["call_id"], c["state"], c["streams"]) for c in run.calls),
            run.outcomes, len(run.of("finding")))


@pytest.fixture(scope="module", name="sorted_run")
def of_sorted(tmp_path_factory, heptap):
    path = tmp_path_factory.mktemp("sorted") / "a.pcap"
    captures.write(path, sorted(r for c in calls() for r in c))
    return heptap(path)


@pytest.mark.parametrize("leap,place", PLACES)
def test_one_broken_time_stamp(leap, place, tmp_path, heptap, sorted_run):
    """The first and the last packet have neighbours on one side only: there a leap is believed that may be a gap."""
    records = sorted(r for c in calls() for r in c)
    i = int(place * (len(records) - 1))
    at = records[i].time_ns + leap if leap else 0
    records[i] = Record(at, records[i].frame)
    run = heptap_of(tmp_path, records, heptap, others=(SHAPES[3], SHAPES[6]))
    assert facts(run) == facts(sorted_run)
    assert run.summary["counters"]["time_outliers"] == 1
    assert run.summary["counters"]["time_back"] == 0
    assert len(run.summary["warnings"]) == 1
    assert "1 packet of " in run.err and "from its neighbours', and takes theirs" in run.err


def test_broken_time_stamps_in_a_row(tmp_path, heptap, sorted_run):
    records = sorted(r for c in calls() for r in c)
    middle = len(records) // 2
    for i in range(middle, middle + 10):
        records[i] = Record(0, records[i].frame)
    run = heptap_of(tmp_path, records, heptap)
    assert facts(run) == facts(sorted_run)
    assert run.summary["counters"]["time_outliers"] == 10


def test_a_broken_time_stamp_does_not_hold_up_its_file(tmp_path, sorted_run):
    """Files are merged by time: what is behind it belongs before the end of the other file."""
    every = calls()
    paths = [tmp_path / "a.pcap", tmp_path / "b.pcap"]
    for path, part in zip(paths, (every[::2], every[1::2])):
        records = sorted(r for c in part for r in c)
        records[100] = Record(records[100].time_ns + 3650 * DAY, records[100].frame)
        captures.write(path, records)
    run = heptap_run.read(*paths, warns=True)
    assert facts(run) == facts(sorted_run)
    assert len(run.summary["warnings"]) == 2
    assert run.summary["counters"]["time_back"] == 0


def test_a_file_without_time(tmp_path):
    """Simple packet blocks have none, nor has what some tools make of text: a jitter of 20 ms is none of the network's."""
    path = tmp_path / "still.pcap"
    captures.write(path, [Record(0, r.frame) for r in sorted(r for c in calls(1) for r in c)])
    run = heptap_run.read(path, warns=True)
    assert run.summary["warnings"] == [
        f'all packets of "{path}" have one time stamp: jitter, deltas and durations mean nothing']


def test_two_clocks_in_one_file(tmp_path, heptap, sorted_run):
    """International atomic time is 37 s ahead of UTC: a NIC's clock may be."""
    records = sorted(r for c in calls() for r in c)
    records = [Record(t + (37 * SECOND if frame[29] % 2 else 0), frame) for t, frame in records]
    assert len(heptap_of(tmp_path, records, heptap).streams) == len(sorted_run.streams)


@pytest.mark.parametrize("gap", (60, 3600, 5 * 3600, 86400, 40 * 86400))
def test_a_gap(gap, tmp_path, heptap):
    """The capture stopped and went on later: calls that were under way are over after four hours."""
    early = sorted(r for c in calls() for r in c)
    cut = len(early) // 2
    late = sorted(r for c in calls(begin=START + (gap + 100) * SECOND) for r in c)
    late = [(t, frame.replace(b"call", b"CALL")) for t, frame in late]
    run = heptap_of(tmp_path, early[:cut] + [Record(*r) for r in late], heptap, warns=False)
    states = sorted(c["state"] for c in run.calls if c["call_id"].startswith("call"))
    assert states == ["answered" if gap < 4 * 3600 else "timeout"] * 6
    assert sum(f["finding"] == "rtp_timeout" for f in run.of("finding")) == 6
    assert len(run.streams) == 12


def test_a_gap_before_the_last_packet(tmp_path, heptap):
    records = sorted(r for c in calls() for r in c)
    cut = len(records) // 2
    records = records[:cut] + [Record(records[cut].time_ns + DAY, records[cut].frame)]
    run = heptap_of(tmp_path, records, heptap, warns=False)
    assert {c["state"] for c in run.calls} == {"timeout"}


def test_calls_one_after_another(tmp_path, heptap):
    """As mergecap -a has files of a call each. The earlier ones are not over by the later ones' time."""
    every = calls(8, 60, 7 * SECOND)
    whole = tmp_path / "whole.pcap"
    captures.write(whole, sorted(r for c in every for r in c))
    paths = [tmp_path / f"{i}.pcap" for i in range(len(every))]
    for path, records in zip(paths, every):
        captures.write(path, records)
    path = tmp_path / "a.pcap"
    subprocess.run(["mergecap", "-a", "-F", "nsecpcap", "-w", path, *paths], check=True)
    run = check_shapes(heptap, path, warns=True)
    assert facts(run) == facts(heptap(whole))
    assert run.summary["counters"]["time_back"] == behind(captures.read(path), 0)
    assert run.summary["warnings"] == [
        f'{behind(captures.read(path), SECOND // 10)} packets of "{path}" go back in time by up to 53.0 s; {SORT}']


def test_the_second_half_first(tmp_path, heptap, sorted_run):
    """What heptap can only say."""
    records = sorted(r for c in calls() for r in c)
    cut = len(records) // 2
    run = heptap_of(tmp_path, records[cut:] + records[:cut], heptap)
    back = (records[-1].time_ns - records[0].time_ns) / SECOND
    assert run.summary["warnings"] == [
        f'{cut} packets of "{tmp_path / "a.pcap"}" go back in time by up to {back:.1f} s; {SORT}']
    assert run.summary["counters"]["time_back"] == cut
    path = tmp_path / "b.pcap"
    subprocess.run(["reordercap", tmp_path / "a.pcap", path], check=True, stdout=subprocess.DEVNULL)
    assert facts(heptap(path)) == facts(sorted_run)


def test_a_day_before_the_day_before(tmp_path, heptap):
    early, late = (sorted(r for c in calls() for r in c) for _ in range(2))
    run = heptap_of(tmp_path, shift(late, DAY) + early, heptap)
    assert f'{len(early)} packets of "{tmp_path / "a.pcap"}" go back in time by up to 1.0 days' in run.err
    assert len(run.calls) == 6
    assert sum(s["TOTAL_PK"] for s in run.streams) == 2 * 6 * 1000


@pytest.mark.parametrize("more", (-5, 5, 20, 40))
def test_steps_back_by_about_a_minute(more, tmp_path, heptap):
    """From a minute on they are believed, of the latest packet before them: whichever packets a worker gets at a time."""
    back, records = 0, []
    for i, record in enumerate(sorted(r for c in calls() for r in c)):
        back += i % 500 == 499 and 60 * SECOND + more * MILLISECOND
        records.append(Record(record.time_ns - back, record.frame))
    heptap_of(tmp_path, records, heptap)


def test_streams_that_ended_in_a_leap_begin_again(tmp_path, heptap):
    """In the very second in which they were seen last, mostly: their addresses are told to the worker anew."""
    records, later = [], 0
    for i, record in enumerate(sorted(r for c in calls() for r in c)):
        later += (i % 500 == 0) * 150 * MILLISECOND
        leap = i > 500 and i % 500 < 5 and 70 * SECOND
        records.append(Record(record.time_ns + later + leap, record.frame))
    run = heptap_of(tmp_path, records, heptap)
    assert len(run.streams) > 6 * 5


def test_a_little_disorder_is_counted_only(tmp_path, heptap):
    rng = random.Random(1)
    records = [Record(t - rng.randrange(90 * MILLISECOND), frame)
               for t, frame in sorted(r for c in calls() for r in c)]
    run = heptap_of(tmp_path, records, heptap, warns=False, others=(SHAPES[3], SHAPES[6]))
    assert run.summary["counters"]["time_back"] > 100
    assert run.summary["counters"]["time_outliers"] == 0


@pytest.mark.parametrize("seed", range(4))
def test_leaps_of_all_kinds(seed, tmp_path, heptap):
    """Steps about the minute from which on they are believed back, and some of any size."""
    rng, later, records = random.Random(seed), 0, []
    for record in sorted(r for c in calls(12, 40, SECOND) for r in c):
        if rng.random() < 0.0008:
            later += rng.choice((-1, 1)) * rng.choice((
                rng.randrange(59 * SECOND, 62 * SECOND), rng.randrange(10 * SECOND),
                rng.randrange(30 * SECOND, 3000 * SECOND)))
        odd = rng.choice((-1, 1)) * 10 ** rng.randrange(7, 18) if rng.random() < 0.0005 else 0
        records.append(Record(max(record.time_ns + later + odd, 0), record.frame))
    heptap_of(tmp_path, records, heptap)
