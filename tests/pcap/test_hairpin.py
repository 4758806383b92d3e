# SPDX-License-Identifier: BSD-3-Clause
"""Both sides of a call announce one relay: what is found only where it shows who is silent."""

from __future__ import annotations

import pytest

from packets import SECOND, START, rtp, udp
from test_findings import Call, finder, kinds, one_way, other_call_of_b, sdp  # noqa: F401 (a fixture)

RELAY = ("203.0.113.2", 30000)
OTHER = ("203.0.113.2", 30002)
A, B = (1, 10000), (5, 20000)  # last octets of 198.51.100
ONE_END = {"offer": sdp(RELAY), "answered": sdp(RELAY)}
TWO_ENDS = {"offer": sdp(OTHER), "answered": sdp(RELAY)}


def to_relay(side, ssrc, start, stop, relay=RELAY, pt=0):
    return [udp(START + int((start + i / 50) * SECOND), side[1], relay[1], rtp(i, ssrc, pt, i == 0), side[0])
            for i in range(int((stop - start) * 50))]


def from_relay(side, ssrc, start, stop, relay=RELAY):
    return [r._replace(frame=r.frame[:26] + r.frame[30:34] + r.frame[26:30] + r.frame[36:38] + r.frame[34:36] +
                       r.frame[38:])
            for r in to_relay(side, ssrc, start, stop, relay)]


def inside(ssrc, start, stop, src, dst):
    """From the relay to the relay."""
    return [r._replace(frame=r.frame[:26] + bytes((203, 0, 113, 2)) + r.frame[30:])
            for r in to_relay((0, src[1]), ssrc, start, stop, dst)]


def test_media_to_the_relay_of_both(found):
    """What comes out of it is not mirrored, but that of other calls is."""
    media = to_relay(A, 0xA, 1.1, 30) + to_relay(B, 0xB, 1.1, 30)
    assert not found(Call().open(**ONE_END).bye(30), more=media + other_call_of_b(30))


def test_the_announcement_of_the_other_side_comes_last(found):
    """A re-INVITE says the same, and then both begin anew: nothing is late, and nobody fell silent."""
    call = Call().open(**ONE_END).request(10, "INVITE", sdp(RELAY), seq=2)
    media = to_relay(A, 0xA, 1.1, 10) + to_relay(B, 0xB, 1.1, 10)
    media += to_relay(A, 0x1A, 10.1, 60) + to_relay(B, 0x1B, 10.1, 60)
    assert not found(call.bye(60), more=media)


def test_a_type_that_one_of_both_announced(found):
    call = Call().open(offer=sdp(RELAY, formats="0 8"), answered=sdp(RELAY, formats="8"))
    media = to_relay(A, 0xA, 1.1, 10, pt=8) + to_relay(B, 0xB, 1.1, 10, pt=0)
    assert not found(call.bye(10), more=media)


def test_no_media_at_all(found):
    assert kinds(found(Call().open(**ONE_END).bye(12))) == ["signalling_without_rtp"]


def test_all_fall_silent(found):
    """A finding still, of neither side in particular."""
    call = Call().open(**ONE_END).request(60, "OPTIONS", seq=9)
    events = found(call, more=to_relay(A, 0xA, 1.1, 10) + from_relay(A, 0xB, 1.1, 10))
    assert kinds(events) == ["rtp_timeout"]
    assert "nothing of either side for 30 s" in events[0]["text"]
    assert not found(call, more=to_relay(A, 0xA, 1.1, 10) + from_relay(A, 0xB, 1.1, 59))


@pytest.mark.parametrize("media", [
    to_relay(A, 0xA, 1.1, 20) + from_relay(B, 0xA, 1.1, 20, OTHER),
    inside(0xA, 1.1, 20, OTHER, RELAY),
], ids=["relayed", "inside"])
def test_one_way_audio_by_the_ports_of_one_relay(found, media):
    events = found(Call().open(**TWO_ENDS).bye(21), more=media)
    assert kinds(events) == ["one_way_audio"]
    assert "callee (203.0.113.2:30000)" in events[0]["text"]


def test_what_leaves_the_relay_is_mirrored_only(found):
    """The callee would be heard from its own address, which the relay's stream does not show."""
    assert not found(Call().open(**TWO_ENDS).bye(21), more=from_relay(B, 0xA, 1.1, 20, OTHER))


def test_the_same_with_addresses_of_their_own(found):
    assert kinds(found(one_way(), more=other_call_of_b(20))) == ["one_way_audio"]
