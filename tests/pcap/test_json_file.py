# SPDX-License-Identifier: BSD-3-Clause
"""The file of --json, when it takes nothing for a while and when more waits for it than there is room for."""

from __future__ import annotations

import json
import resource
import time

import pytest

import captures
import heptap_run
from heptap_run import command
from live_pipe import SIP, SOON_S, LivePipe, pcap_header, pcap_record
from packets import SECOND, START, request, stream, udp

FREE = (resource.RLIM_INFINITY, resource.RLIM_INFINITY)


FIRST = udp(START - SECOND, 5060, 5060, request("OPTIONS", "first"))


def begin(pipe: LivePipe, octets: int) -> None:
    """The file is then as a disk that is full is: what is written beyond that fails, and a part may be taken."""
    pipe.write(pcap_header() + pcap_record(FIRST))
    assert pipe.hep()[0] == SIP
    resource.prlimit(pipe.process.pid, resource.RLIMIT_FSIZE, (octets, resource.RLIM_INFINITY))


def await_size(path, octets: int) -> None:
    end = time.monotonic() + SOON_S
    while path.stat().st_size < octets and time.monotonic() < end:
        time.sleep(0.01)
    time.sleep(0.2)
    assert path.stat().st_size == octets


def talk(i: int) -> list[captures.Record]:
    """A stream that has ended when the next one has."""
    return stream(START + i * 60 * SECOND, 100, 4000 + 2 * i, 4000, ssrc=i)


@pytest.mark.parametrize("octets", [500, 5000])
def test_a_disk_that_is_full_for_a_while_costs_no_line(octets, tmp_path):
    path = tmp_path / "out.json"
    calls = [talk(i) for i in range(8)]
    captures.write(tmp_path / "all.pcap", [FIRST, *(r for call in calls for r in call)])
    with LivePipe("--json", path) as pipe:
        begin(pipe, octets)
        for call in calls[:5]:
            pipe.write(b"".join(map(pcap_record, call)))
        await_size(path, octets)
        resource.prlimit(pipe.process.pid, resource.RLIMIT_FSIZE, FREE)
        for call in calls[5:]:
            pipe.write(b"".join(map(pcap_record, call)))
        code, _, err = pipe.end()
    assert (code, err) == (0, "")
    events = heptap_run.parse(path.read_text(encoding="utf-8"))
    want = heptap_run.read(tmp_path / "all.pcap")
    assert sorted(map(json.dumps, (e for e in events if e["event"] == "stream"))) == \
        sorted(map(json.dumps, want.streams))
    assert len(want.streams) == 8 and events[-1]["lines_dropped"] == 0


def test_a_disk_that_stays_full_ends_within_the_line_and_is_said(tmp_path):
    path = tmp_path / "out.json"
    with LivePipe("--json", path) as pipe:
        begin(pipe, 700)
        for i in range(3):
            pipe.write(b"".join(map(pcap_record, talk(i))))
        code, _, err = pipe.end()
    assert (code, err) == (1, f'heptap: could not write "{path}": File too large\n')
    assert path.stat().st_size == 700


def test_calls_that_end_with_the_run_may_be_more_than_wait_for_the_file(tmp_path):
    """Of a pipe each has its line at once, and at its end control alone is left."""
    count = 100_000
    packets = (udp(START + i * 1000, 5060, 5060, request("INVITE", f"call-{i}-" + 100 * "x")) for i in range(count))
    octets = pcap_header() + b"".join(map(pcap_record, packets))
    run = command("-r", "-", "--json", tmp_path / "out.json", stdin=octets)
    assert run.code == 0
    with open(tmp_path / "out.json", encoding="utf-8") as lines:
        assert sum(1 for _ in lines) == count + 1
