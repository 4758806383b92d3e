# SPDX-License-Identifier: BSD-3-Clause
"""Media between a client and its TURN server, in ChannelData and in indications: the figures of the bare call, the
call by the checks that go the same way, and nothing where it only looks like it."""

from __future__ import annotations

import random
import subprocess

import pytest

import captures
import stun
from heptap_run import read
from packets import SECOND, START, rtp, sender_report, udp
from test_findings import Call
from test_ice import Ends, looker, of, offer, owners  # noqa: F401
from test_shapes import SHAPES
from test_tshark import TSHARK

TURN = 3478
WRAPS = {
    "channel": lambda octets, sent: stun.channel(octets),
    "padded": lambda octets, sent: stun.channel(octets, 0x4fff, True),
    "rfc5766": lambda octets, sent: stun.channel(octets, 0x7ffe),
    "indication": stun.indication,
}


class Relayed(Ends):
    """Whatever they send each other is wrapped."""

    def __init__(self, wrap, *ends):
        super().__init__(*ends)
        self.wrap = wrap

    def there(self, t, payload):
        return super().there(t, self.wrap(payload, True))

    def here(self, t, payload):
        return super().here(t, self.wrap(payload, False))


def bare(octets, sent):
    return octets


def call_of(name="turn", names=("aaaa", "bbbb")):
    """Candidates that are on nobody's way: the client's own address and what the server has for it."""
    return Call(name).open(offer=offer(names[0]), answered=offer(names[1], "10.2.2.2")).bye(4)


def filled(ends):
    """A check, a talk with losses and jitter both ways, and reports of both."""
    ends.check(1.1, "bbbb", "aaaa", True)
    dice = random.Random(7)
    for i in range(120):
        for send, ssrc in ((ends.there, 0xA), (ends.here, 0xB)):
            if dice.random() > 0.05:
                send(1.3 + i / 50 + dice.random() / 100, rtp(i, ssrc, marker=i == 0))
    ends.there(2.5, sender_report(0xA)).here(2.5, sender_report(0xB))
    return ends


@pytest.mark.parametrize("wrap", WRAPS.values(), ids=WRAPS)
def test_the_figures_of_the_bare_call(look, wrap):  # noqa: F811
    want = look(call_of(), filled(Relayed(bare, 1, 40000, 2, TURN)))
    run = look(call_of(), filled(Relayed(wrap, 1, 40000, 2, TURN)), shapes=SHAPES)
    assert owners(run) == of("turn") and all(s["PACKET_LOSS"] for s in run.streams)
    assert run.streams == want.streams and run.rtcp == want.rtcp
    assert run.outcomes == want.outcomes
    # The server's address is no call's.
    assert (want.summary["counters"]["media_learnt"], run.summary["counters"]["media_learnt"]) == (2, 1)


@pytest.mark.parametrize("server_is_caller", [False, True])
def test_calls_by_one_server(look, server_is_caller):  # noqa: F811
    """Ten clients at once: the far end tells them apart; one whose call nobody saw is in none of them."""
    parts, want = [], {}
    for i in range(10):
        name, names, ssrc = f"call{i}", (f"aaa{i}", f"bbb{i}"), 0x100 + 2 * i
        parts.append(call_of(name, names))
        ends = Relayed(WRAPS["channel"], 10 + i, 40000 + i, 2, 443)
        receiver, sender = reversed(names) if not server_is_caller else names
        parts.append(ends.check(1.1, receiver, sender).talk(1.2, 3, ssrc))
        want |= of(name, ssrc) if not server_is_caller else {ssrc: (name, 1), ssrc + 1: (name, 0)}
    run = look(*parts, Relayed(WRAPS["channel"], 99, 50000, 2, 443).talk(1.2, 3, 0x900))
    found = owners(run)
    unknown = {found.pop(0x900)[0], found.pop(0x901)[0]}
    assert found == want
    assert not any(name.startswith("call") for name in unknown)


def test_a_server_at_a_high_port_is_told_by_indications(look):  # noqa: F811
    ends = Relayed(stun.indication, 1, 40000, 2, 60000).check(1.1, "bbbb", "aaaa")
    assert owners(look(call_of(), ends.talk(1.2, 3))) == of("turn")


def test_sip_by_a_relay(look):  # noqa: F811
    invite = next(iter(Call("inside").request(0, "INVITE", offer("aaaa")).records)).frame[42:]
    run = look(Relayed(WRAPS["channel"]).there(0, invite))
    assert [c["call_id"] for c in run.of("call")] == ["inside"]


def test_what_only_looks_like_it(tmp_path):
    """Random octets behind a fitting header, half of them of RTP's version; and lengths that do not fit."""
    dice = random.Random(3)
    records = []
    for i in range(4000):
        inner = bytes((0x80 | dice.randrange(64) if i & 1 else dice.randrange(256),)) + dice.randbytes(60)
        octets = stun.channel(inner, dice.randrange(0x4000, 0x5000))
        if i % 4 == 0:
            octets += bytes(4)
        records.append(udp(START + i * SECOND // 200, 40000, TURN, octets))
    path = tmp_path / "noise.pcap"
    captures.write(path, records)
    run = read(path)
    assert run.streams == [] and run.of("call") == []
    assert set(run.outcomes) <= {"rtp_unconfirmed", "rtcp_unconfirmed", "unknown_udp"}
    assert run.outcomes["unknown_udp"] >= 1000 and run.outcomes["rtp_unconfirmed"] >= 300


def test_high_channels_elsewhere_are_none(tmp_path):
    """What fits in all else, but from 0x5000 on and not at TURN's port: many protocols begin so."""
    path = tmp_path / "high.pcap"
    captures.write(path, [udp(START + i * SECOND // 50, 40000, 443, stun.channel(rtp(i, 0xA), 0x5000 + 97 * i))
                          for i in range(120)])
    run = read(path)
    assert run.streams == [] and run.outcomes == {"unknown_udp": 120}


@pytest.mark.skipif(not TSHARK, reason="no tshark on this machine")
def test_tshark_reads_it_the_same_way(tmp_path):
    """Each frame is to tshark what it was made to be."""
    path = tmp_path / "turn.pcap"
    channel = filled(Relayed(WRAPS["channel"], 1, 40000, 2, TURN)).records
    high = filled(Relayed(WRAPS["rfc5766"], 5, 42000, 2, TURN)).records
    indication = filled(Relayed(stun.indication, 3, 41000, 2, TURN)).records
    captures.write(path, sorted(channel + high + indication, key=lambda r: r.time_ns))
    out = subprocess.run([TSHARK, "-n", "-r", path, "-d", f"udp.port=={TURN},stun", "-T", "fields", "-e", "_ws.malformed",
                          "-e", "stun.channel", "-e", "stun.type"],
                         capture_output=True, check=True, text=True).stdout
    rows = [line.split("\t") for line in out.splitlines()]
    assert len(rows) == len(channel) + len(high) + len(indication)
    assert not any(row[0] for row in rows)
    assert sum(row[1] == "0x4001" for row in rows) == len(channel)
    assert sum(row[1] == "0x7ffe" for row in rows) == len(high)
    assert sum(row[2].split(",")[0] in ("0x0016", "0x0017") for row in rows) == len(indication)
    assert sum(read(path).outcomes.values()) == len(rows)
