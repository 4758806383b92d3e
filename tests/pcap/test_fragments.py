# SPDX-License-Identifier: BSD-3-Clause
"""The same calls with their datagrams in fragments, in any order, repeated, overlapping, in VLANs and in
tunnels: what is said of them is the same."""

from __future__ import annotations

import random
import struct
import subprocess

import pytest

import captures
import heptap_run
from captures import Record
from packets import SECOND, START, request, udp
from test_shapes import FEW, check_shapes
from test_tunnels import said, tunnels

CALLS = ("--calls", 4, "--failed", 1, "--seconds", 2, "--profiles", "clean,loss,dup,dtmf")
FRAGMENT = 44


def split(data, size):
    """(offset, octets, more)"""
    return [(at, data[at:at + size], at + size < len(data)) for at in range(0, len(data), size)]


def fragments4(frame, at, size, ident):
    total, head = int.from_bytes(frame[at + 2:at + 4], "big"), frame[at:at + 20]
    for offset, data, more in split(frame[at + 20:at + total], size):
        ip = head[:2] + struct.pack("!HHH", 20 + len(data), ident, more << 13 | offset // 8) + \
            head[8:10] + b"\0\0" + head[12:]
        yield frame[:at] + ip[:10] + struct.pack("!H", tunnels.checksum(ip)) + ip[12:] + data


def fragments6(frame, at, size, ident):
    head, total = frame[at:at + 40], int.from_bytes(frame[at + 4:at + 6], "big")
    for offset, data, more in split(frame[at + 40:at + 40 + total], size):
        yield frame[:at] + head[:4] + struct.pack("!HB", 8 + len(data), FRAGMENT) + head[7:] + \
            struct.pack("!BBHI", head[6], 0, offset | more, ident) + data


def fragments(frame, size, ident):
    """Of an Ethernet frame with IP, no options and no extension headers, behind any VLAN tags."""
    at = 12
    while int.from_bytes(frame[at:at + 2], "big") in captures.VLAN_TYPES:
        at += 4
    kind, at = int.from_bytes(frame[at:at + 2], "big"), at + 2
    return list((fragments4 if kind == 0x0800 else fragments6)(frame, at, size, ident))


def rewrite(tmp_path, path, change):
    """A copy of a capture: each frame becomes the frames that change gives of it and a number."""
    out = tmp_path / "fragments.pcap"
    records = captures.read(path)
    captures.write(out, (Record(r.time_ns, f) for i, r in enumerate(records)
                         for f in change(r.frame, i & 0xFFFF)))
    return out


def shuffled(rng):
    def change(frame, ident):
        parts = fragments(frame, 64, ident)
        rng.shuffle(parts)
        return parts
    return change


def overlapping(rng):
    """Of two sizes, so that the pieces of one lie over those of the other, the end held back: the
    datagram is not whole before it."""
    def change(frame, ident):
        small, large = fragments(frame, 64, ident), fragments(frame, 104, ident)
        parts = small[:-1] + (large[:-1] or [])
        rng.shuffle(parts)
        return [*parts, small[-1]]
    return change


WAYS = {
    "in order": lambda f, i: fragments(f, 64, i),
    "backwards": lambda f, i: fragments(f, 64, i)[::-1],
    "large first": lambda f, i: fragments(f, 160, i),
    "any order": shuffled(random.Random(1)),
    "one twice": lambda f, i: [p for p in fragments(f, 64, i)[:-1] for _ in range(2)] +
    fragments(f, 64, i)[-1:],
    "overlapping": overlapping(random.Random(2)),
}


@pytest.mark.parametrize("ip", [(), ("--ipv6",)], ids=["ip4", "ip6"])
@pytest.mark.parametrize("way", WAYS)
def test_fragments_in_any_way(way, ip, generated, heptap, tmp_path):
    bare, _ = generated(*CALLS, *ip)
    run = heptap(rewrite(tmp_path, bare, WAYS[way]))
    before = heptap(bare)
    assert said_of(run) == said_of(before)
    counters = run.summary["counters"]
    assert counters["fragments_begun"] == counters["fragments_whole"] > 0
    assert run.summary["frames"] == sum(run.summary["outcomes"].values())
    assert run.summary["outcomes"]["ip_fragment"] == \
        run.summary["frames"] - before.summary["frames"]


def said_of(run):
    """All but the summary, where frames are more."""
    return [s for s in said(run) if "'event': 'summary'" not in s] + \
        [run.summary[k] for k in ("sip_messages", "rtp_packets", "rtcp_packets", "calls", "streams")]


@pytest.mark.parametrize("where, names", [
    (where, names) for names in (["vxlan"], ["gtp"], ["vlan"], ["gre", "mpls"], ["ipip"])
    for where in ("inside", "outside", "both") if (where, names) != ("both", ["vlan"])],
    ids=lambda p: p if isinstance(p, str) else " ".join(p))
def test_fragments_and_tunnels(where, names, generated, heptap, tmp_path):
    def change(frame, ident):
        parts = fragments(frame, 64, ident) if where != "outside" else [frame]
        parts = [tunnels.wrap(p, names) for p in parts]
        if where == "inside":
            return parts
        return [q for n, p in enumerate(parts)
                for q in fragments(p, 48, ident * 16 + n & 0xFFFF)[::-1]]

    bare, _ = generated(*CALLS)
    run = heptap(rewrite(tmp_path, bare, change))
    assert said_of(run) == said_of(heptap(bare))


def test_tshark_puts_the_same_together(generated, tmp_path):
    """The splitter's witness."""
    for ip in ((), ("--ipv6",)):
        bare, truth = generated(*CALLS, *ip)
        path = rewrite(tmp_path, bare, WAYS["any order"])
        out = subprocess.run(["tshark", "-n", "-r", path, "-Y", "sip", "-T", "fields", "-e",
                              "sip.Call-ID"], capture_output=True, check=True)
        assert len(out.stdout.split()) == truth["totals"]["sip_messages"]


def test_fragments_over_workers(generated, heptap, tmp_path):
    bare, _ = generated("--calls", 30, "--failed", 0, "--seconds", 1)
    check_shapes(heptap, rewrite(tmp_path, bare, WAYS["any order"]), others=FEW)


def test_a_call_in_a_flood_of_fragments(generated, tmp_path):
    """First fragments without an end, a thousand between any two frames of the calls."""
    bare, _ = generated("--calls", 2, "--failed", 0, "--seconds", 1)
    rng = random.Random(3)

    def flooded(frame, ident):
        first, *rest = fragments(frame, 64, ident)
        junk = [fragments(udp(0, 1, 2, rng.randbytes(32), src=rng.randrange(256)).frame, 8,
                          rng.randrange(65536))[0] for _ in range(50)]
        return [first, *junk, *rest]

    path = tmp_path / "config.yaml"
    path.write_text("limits: {fragments: 64}\n", encoding="utf-8")
    run = heptap_run.read(rewrite(tmp_path, bare, flooded), args=("-c", path))
    assert said_of(run) == said_of(heptap_run.read(bare))
    counters = run.summary["counters"]
    assert counters["fragments_evicted"] > 1000
    waiting = counters["fragments_begun"] - sum(counters[f"fragments_{k}"] for k in (
        "whole", "evicted", "timed_out", "refused"))
    assert 0 < waiting <= 64


def test_an_overlap_that_differs_is_refused(tmp_path):
    good, bad = (udp(START, 5060, 5060, request("OPTIONS", name)).frame for name in "ab")
    ours, theirs = (fragments(f, 64, 7) for f in (good, bad))
    path = tmp_path / "overlap.pcap"
    later = [Record(START + 2 * SECOND, f) for f in ours]
    captures.write(path, [*(Record(START, f) for f in ours[:-1] + theirs + ours[-1:]), *later])
    run = heptap_run.read(path)
    assert run.summary["counters"]["fragments_refused"] == 1
    assert [e["call_id"] for e in run.events if e["event"] == "call"] == ["a"]
    assert run.summary["sip_messages"] == 1


def test_sixty_thousand_octets(tmp_path):
    """The greatest message, and as many of them as frames that are put together have buffers for."""
    body = b"X: " + b"y" * 60000 + b"\r\n"
    text = request("OPTIONS", "a").replace(b"Content-Length", body + b"Content-Length")
    path = tmp_path / "large.pcap"
    captures.write(path, [Record(START + i, f) for i in range(600)
                          for f in fragments(udp(0, 5060, 5060, text).frame, 1480, i)])
    for workers in ("0", "0,0"):
        config = tmp_path / "config.yaml"
        config.write_text(f'cores: {{workers: "{workers}", share: true}}\n', encoding="utf-8")
        run = heptap_run.read(path, args=("-c", config))
        assert run.summary["sip_messages"] == 600
        assert run.summary["counters"]["fragments_no_buffer"] == 0


def test_datagrams_that_wait_in_rings_do_not_use_up_the_buffers(tmp_path):
    """What is no signalling goes through a ring that has more room than there are buffers."""
    path = tmp_path / "unknown.pcap"
    captures.write(path, [Record(START + i, f) for i in range(3000)
                          for f in fragments(udp(0, 999, 998, bytes(100)).frame, 64, i)])
    config = tmp_path / "config.yaml"
    config.write_text('cores: {rx: "0", workers: "0,0", share: true}\ncapture: {files: pipeline}\n',
                      encoding="utf-8")
    run = heptap_run.read(path, args=("-c", config))
    assert run.summary["outcomes"]["unknown_udp"] == 3000
    assert run.summary["counters"]["fragments_no_buffer"] == 0
