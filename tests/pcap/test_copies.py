# SPDX-License-Identifier: BSD-3-Clause
"""Mirrors that bring frames twice: by another VLAN, MAC, router or port of theirs. Nothing counts twice, and
what its sender sends again is no copy."""

from __future__ import annotations

import struct

import pytest

import captures
import heptap_run
from captures import Record
from packets import SECOND, START, request, udp
from test_shapes import FEW, check_shapes

MS = SECOND // 1000
CALLS = ("--calls", 6, "--failed", 2, "--seconds", 4, "--profiles", "clean,loss")


def with_mac(frame):
    return b"\2" + frame[1:6] + b"\4" + frame[7:]


def with_vlan(frame):
    return frame[:12] + b"\x81\x00\x00\x14" + frame[12:]


def routed(frame):
    """A hop further: TTL one less, MACs of the next link; checksums are not looked at."""
    return with_mac(frame[:22] + bytes([frame[22] - 1]) + frame[23:])


WAYS = {"same": lambda frame: frame, "mac": with_mac, "vlan": with_vlan, "routed": routed}


def numbered(path):
    """Records with an IP identification of their own each, as senders give."""
    for i, r in enumerate(captures.read(path)):
        yield Record(r.time_ns, r.frame[:18] + struct.pack("!H", i & 0xFFFF) + r.frame[20:])


def write_copies(path, out, way, later_ns):
    records = list(numbered(path))
    records += [Record(r.time_ns + later_ns, way(r.frame)) for r in records]
    captures.write(out, sorted(records, key=lambda r: r.time_ns))
    return out


def said(run, events=("call", "rtcp"), without=()):
    return sorted(str({k: v for k, v in e.items() if k not in without})
                  for e in run.events if e["event"] in events)


@pytest.mark.parametrize("way", WAYS)
def test_nothing_counts_twice(way, generated, heptap, tmp_path):
    bare, truth = generated(*CALLS)
    path = write_copies(bare, tmp_path / "a.pcap", WAYS[way], MS)
    one, two = heptap(bare), heptap(path)
    assert two.summary["sip_messages"] == truth["totals"]["sip_messages"]
    assert two.summary["rtcp_packets"] == one.summary["rtcp_packets"] > 0
    assert two.summary["outcomes"]["signalling_copy"] == \
        one.summary["sip_messages"] + one.summary["rtcp_packets"]
    assert said(two) == said(one)
    assert sum(s["PACKET_LOSS"] for s in two.streams) == sum(s["PACKET_LOSS"] for s in one.streams)
    assert all(s["DUP_PK"] == s["TOTAL_PK"] for s in two.streams)
    assert {s["DUP_SRC"] for s in two.streams} == {"mirror"}
    assert two.summary["frames"] == sum(two.summary["outcomes"].values())
    check_shapes(heptap, path, others=FEW)


@pytest.mark.parametrize("way", WAYS)
def test_hops_apart(way, generated, heptap, tmp_path):
    bare, truth = generated(*CALLS)
    path = write_copies(bare, tmp_path / "a.pcap", WAYS[way], MS)
    run = heptap(path, "capture: {hops: separate}\n")
    times = 2 if way in ("vlan", "routed") else 1
    assert run.summary["sip_messages"] == times * truth["totals"]["sip_messages"]
    assert said(run, ("call",), ("messages",)) == said(heptap(bare), ("call",), ("messages",))


def test_what_is_sent_again_is_no_copy(tmp_path):
    """T1 later, with a new identification or, as Linux does with DF, always with 0."""
    text, records = request("OPTIONS", "a"), []
    for at, ip_id in ((0, 0), (500, 0), (1500, 0), (1510, 1), (1520, 2)):
        r = udp(START + at * MS, 5060, 5060, text)
        records.append(Record(r.time_ns, r.frame[:18] + struct.pack("!H", ip_id) + r.frame[20:]))
    path = tmp_path / "a.pcap"
    captures.write(path, records)
    run = heptap_run.read(path)
    assert run.summary["sip_messages"] == 5
    assert run.summary["outcomes"].get("signalling_copy", 0) == 0


def test_the_window(generated, heptap, tmp_path):
    bare, truth = generated(*CALLS)
    path = write_copies(bare, tmp_path / "a.pcap", WAYS["same"], 10 * MS)
    wide, narrow = heptap(path), heptap(path, "capture: {copy_window: 9ms}\n")
    assert wide.summary["sip_messages"] == truth["totals"]["sip_messages"]
    assert narrow.summary["sip_messages"] == 2 * truth["totals"]["sip_messages"]
