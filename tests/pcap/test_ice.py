# SPDX-License-Identifier: BSD-3-Clause
"""Media between addresses that nobody announced belongs to the call whose ICE checks went there before it, for any
number of workers; without the checks it is nobody's, and a flood of checks is nobody's either."""

from __future__ import annotations

import random

import pytest

import captures
import stun
from heptap_run import read
from packets import SECOND, START, bye, rtp, sender_report, udp
from test_findings import A, B, Call
from test_shapes import SHAPES, said

MS = SECOND // 1000


def offer(ufrag, host="10.1.1.1", port=50000, session=False):
    """One audio stream, whose candidate is behind NAT."""
    name = f"a=ice-ufrag:{ufrag}\r\na=ice-pwd:0123456789abcdefghijklmn\r\n"
    return ("v=0\r\no=- 1 1 IN IP4 127.0.0.1\r\ns=-\r\nt=0 0\r\n" + (name if session else "") +
            f"m=audio {port} RTP/AVP 96 0\r\nc=IN IP4 {host}\r\na=rtpmap:96 opus/48000/2\r\na=rtcp-mux\r\n"
            f"a=candidate:1 1 UDP 2130706431 {host} {port} typ host\r\n" + ("" if session else name))


class Ends:
    """What two peers send each other, from 198.51.100.x port p to 203.0.113.y port q and back."""

    def __init__(self, x=1, p=40000, y=2, q=60000):
        self.x, self.p, self.y, self.q = x, p, y, q
        self.records = []

    def there(self, t, payload):
        self.records.append(udp(START + int(t * SECOND), self.p, self.q, payload, self.x, self.y))
        return self

    def here(self, t, payload):
        r = udp(START + int(t * SECOND), self.q, self.p, payload, self.y, self.x)
        self.records.append(r._replace(frame=r.frame[:26] + bytes((203, 0, 113, self.y)) +
                                       bytes((198, 51, 100, self.x)) + r.frame[34:]))
        return self

    def check(self, t, receiver, sender, nominated=False, component=1):
        """Of the side at x, whom sender names, and the answer."""
        return self.there(t, stun.check(receiver, sender, nominated, component)).here(
            t + 0.01, stun.response(f"198.51.100.{self.x}", self.p))

    def talk(self, start, stop, ssrc=0xA, wrap=lambda octets, sent: octets):
        """Both ways, the way back with the next SSRC."""
        for i in range(int((stop - start) * 50)):
            self.there(start + i / 50, wrap(rtp(i, ssrc, marker=i == 0), True))
            self.here(start + i / 50 + 0.005, wrap(rtp(i, ssrc + 1, marker=i == 0), False))
        return self


@pytest.fixture(name="look")
def looker(tmp_path):
    """A function: what has records to the run of one worker, the same as with several."""
    def look(*parts, config="", shapes=(SHAPES[0], SHAPES[3], SHAPES[6])):
        path = tmp_path / "ice.pcap"
        captures.write(path, sorted([r for p in parts for r in p.records], key=lambda r: r.time_ns))
        runs = []
        for i, shape in enumerate(shapes):
            file = tmp_path / f"{i}.yaml"
            file.write_text(shape + config, encoding="utf-8")
            runs.append(read(path, args=("-c", file)))
        for i, run in enumerate(runs[1:]):
            assert said(run) == said(runs[0]), shapes[i + 1]
        return runs[0]
    return look


def owners(run):
    """{SSRC: (Call-ID, party)}, of streams that no call has ("", -1) and the like."""
    return {int(s["SSRC"], 16): (s["RTP_SIP_CALL_ID"], s["PARTY"]) for s in run.streams}


def of(name, ssrc=0xA):
    return {ssrc: (name, 0), ssrc + 1: (name, 1)}


@pytest.mark.parametrize("session", [False, True])
def test_peer_reflexive_addresses_of_both_ends(look, session):
    call = Call("ice").open(offer=offer("aaaa", session=session), answered=offer("bbbb", "10.2.2.2", session=session))
    run = look(call.bye(4), Ends().check(1.1, "bbbb", "aaaa").check(1.2, "bbbb", "aaaa", True).talk(1.3, 3),
               shapes=SHAPES)
    assert owners(run) == of("ice")
    counters = run.summary["counters"]
    assert (counters["ice_checks"], counters["media_learnt"]) == (2, 2)
    assert counters["media_published"] == counters["media_withdrawn"]
    assert {s["CODEC_NAME"] for s in run.streams} == {"pcmu"}


def test_the_payload_types_of_a_side_hold_where_it_was_learnt(look):
    def opus(octets, sent):
        return octets[:1] + bytes((octets[1] & 0x80 | 96,)) + octets[2:]
    call = Call("ice").open(offer=offer("aaaa"), answered=offer("bbbb", "10.2.2.2"))
    run = look(call.bye(4), Ends().check(1.1, "bbbb", "aaaa").talk(1.3, 3, wrap=opus))
    assert [s["CODEC_NAME"] for s in run.streams] == ["opus", "opus"]


def test_without_checks_they_are_nobody_s(look):
    call = Call("ice").open(offer=offer("aaaa"), answered=offer("bbbb", "10.2.2.2"))
    run = look(call.bye(4), Ends().talk(1.3, 3))
    assert len(run.streams) == 2 and not {"ice"} & {name for name, _ in owners(run).values()}


def test_a_check_of_either_side_does(look):
    """The callee's: it names the caller first."""
    call = Call("ice").open(offer=offer("aaaa"), answered=offer("bbbb", "10.2.2.2"))
    ends = Ends().here(1.1, stun.check("aaaa", "bbbb")).talk(1.3, 3)
    assert owners(look(call.bye(4), ends)) == of("ice")


def test_media_from_elsewhere_to_an_address_that_was_learnt(look):
    """On other flows, which other workers have, that end where a check went."""
    call = Call("ice").open(offer=offer("aaaa"), answered=offer("bbbb", "10.2.2.2"))
    others = [Ends(1, 40000, 20 + i, 61000 + 2 * i).talk(1.11, 3, 0x100 + 2 * i) for i in range(6)]
    run = look(call.bye(4), Ends().check(1.1, "bbbb", "aaaa"), *others, shapes=SHAPES)
    assert owners(run) == {ssrc: owner for i in range(6) for ssrc, owner in of("ice", 0x100 + 2 * i).items()}


def test_media_that_was_there_before_its_check(look):
    call = Call("ice").open(offer=offer("aaaa"), answered=offer("bbbb", "10.2.2.2"))
    run = look(call.bye(6), Ends().talk(1.3, 5).check(3, "bbbb", "aaaa"))
    assert owners(run) == of("ice") and run.summary["counters"]["media_attached"] == 2


def test_one_description_was_seen(look):
    """The answer went another way: its name is anything."""
    call = Call("ice").request(0, "INVITE", offer("aaaa"))
    assert owners(look(call, Ends().check(1.1, "zzzz", "aaaa").talk(1.3, 3))) == of("ice")


def test_both_names_have_to_fit_where_both_are_known(look):
    call = Call("ice").open(offer=offer("aaaa"), answered=offer("bbbb", "10.2.2.2"))
    run = look(call.bye(4), Ends().check(1.1, "zzzz", "aaaa").check(1.2, "bbbb", "yyyy").talk(1.3, 3))
    assert "ice" not in {name for name, _ in owners(run).values()}
    assert run.summary["counters"]["ice_checks"] == 0


@pytest.mark.parametrize("crossed", [False, True])
def test_calls_with_one_name_on_one_side(look, crossed):
    """aaaa calls bbbb and another aaaa calls cccc at the same time, one after the other or crossed."""
    one, two = Call("one"), Call("two")
    one.request(0, "INVITE", offer("aaaa"))
    if crossed:
        two.request(0.1, "INVITE", offer("aaaa", "10.3.3.3"))
    one.reply(0.5, 200, offer("bbbb", "10.2.2.2"))
    if not crossed:
        two.request(0.6, "INVITE", offer("aaaa", "10.3.3.3"))
    two.reply(0.8, 200, offer("cccc", "10.4.4.4"))
    first = Ends().check(1.1, "bbbb", "aaaa").talk(1.3, 3)
    second = Ends(3, 41000, 4, 61000).check(1.1, "cccc", "aaaa").talk(1.3, 3, ssrc=0x1A)
    assert owners(look(one.bye(4), two.bye(4.1), first, second, shapes=SHAPES)) == of("one") | of("two", 0x1A)


def test_a_name_that_two_calls_have_alone_is_neither_s(look):
    one = Call("one").request(0, "INVITE", offer("aaaa"))
    two = Call("two").request(0.1, "INVITE", offer("aaaa", "10.3.3.3"))
    run = look(one, two, Ends().check(1.1, "bbbb", "aaaa").talk(1.3, 3))
    assert not {"one", "two"} & {name for name, _ in owners(run).values()}


def test_branches_of_a_fork(look):
    """Two answers to one offer: checks to both, media from both."""
    call = Call("fork").request(0, "INVITE", offer("aaaa")).reply(0.2, 183, offer("bbbb", "10.2.2.2"))
    call.reply(0.3, 183, offer("cccc", "10.4.4.4")).reply(2, 200, offer("cccc", "10.4.4.4"))
    run = look(call.bye(4), Ends().check(0.4, "bbbb", "aaaa").talk(0.5, 2),
               Ends(1, 40002, 4, 61000).check(0.4, "cccc", "aaaa").talk(0.5, 3, ssrc=0x1A))
    assert owners(run) == of("fork") | of("fork", 0x1A)


def test_a_restart_of_ice(look):
    """A re-INVITE with new names (RFC 8445 section 9), and new ports behind NAT."""
    call = Call("again").open(offer=offer("aaaa"), answered=offer("bbbb", "10.2.2.2"))
    call.request(3, "INVITE", offer("cccc"), seq=2).reply(3.1, 200, offer("dddd", "10.2.2.2"), seq=2)
    run = look(call.request(6, "BYE", seq=3), Ends().check(1.1, "bbbb", "aaaa").talk(1.2, 3),
               Ends(1, 42000, 2, 62000).check(3.2, "dddd", "cccc").talk(3.3, 5, ssrc=0x1A))
    assert owners(run) == of("again") | of("again", 0x1A)


def test_the_next_call_takes_the_addresses_over(look):
    one = Call("one").open(offer=offer("aaaa"), answered=offer("bbbb", "10.2.2.2")).bye(3)
    two = Call("two").open(5, 6, offer("cccc"), offer("dddd", "10.2.2.2")).bye(9)
    run = look(one, two, Ends().check(1.1, "bbbb", "aaaa").talk(1.3, 3),
               Ends().check(6.1, "dddd", "cccc").talk(6.3, 9, ssrc=0x1A))
    assert owners(run) == of("one") | of("two", 0x1A)


def test_rtcp_on_the_same_port_and_on_its_own(look):
    """rtcp-mux, and a component of its own, whose PRIORITY says so."""
    def reports(ends, media):
        ends.there(2, sender_report(media) + bye(media)).here(2, sender_report(media + 1))
        return ends
    call = Call("ice").open(offer=offer("aaaa"), answered=offer("bbbb", "10.2.2.2"))
    ends = Ends().check(1.1, "bbbb", "aaaa").talk(1.3, 4)
    run = look(call.bye(4), reports(ends, 0xA))
    assert [r["correlation_id"] if "correlation_id" in r else r["call_id"] for r in run.rtcp] == ["ice", "ice"]
    ends = Ends().check(1.1, "bbbb", "aaaa").talk(1.3, 4)
    beside = reports(Ends(1, 40001, 2, 60001).check(1.2, "bbbb", "aaaa", component=2), 0xA)
    run = look(call, ends, beside)
    assert [r["correlation_id"] if "correlation_id" in r else r["call_id"] for r in run.rtcp] == ["ice", "ice"]
    assert run.summary["counters"]["rtcp_byes"] == 1


@pytest.mark.parametrize("order", ["media first", "reports first"])
def test_rtcp_far_from_its_media(look, order):
    """Component 2 on ports that say nothing of those of component 1: reports, round trips and BYE are of the stream
    all the same, whichever worker has it."""
    call = Call("ice").open(offer=offer("aaaa"), answered=offer("bbbb", "10.2.2.2"))
    first, second = (1.1, 1.2) if order == "media first" else (1.2, 1.1)
    ends = Ends().check(first, "bbbb", "aaaa", True).talk(1.3, 4)
    apart = Ends(1, 45678, 2, 51234).check(second, "bbbb", "aaaa", True, component=2)
    apart.there(2, sender_report(0xA) + bye(0xA)).here(2, sender_report(0xB))
    run = look(call, ends, apart, shapes=SHAPES)
    assert [r["correlation_id"] if "correlation_id" in r else r["call_id"] for r in run.rtcp] == ["ice", "ice"]
    assert run.summary["counters"]["rtcp_byes"] == 1
    assert run.summary["counters"]["ice_answers"] == 2


def test_candidates_for_rtcp_far_from_those_for_media(look):
    """Announced this time, without a=rtcp: the one of the same address is its media's."""
    def described(ufrag, host, port, rtcp):
        return offer(ufrag, host, port).replace(
            "a=rtcp-mux\r\n", f"a=candidate:1 2 UDP 2130706430 {host} {rtcp} typ host\r\n")
    call = Call("ice").open(offer=described("aaaa", "198.51.100.1", 40000, 45678),
                            answered=described("bbbb", "203.0.113.2", 60000, 51234))
    ends = Ends().check(1.1, "bbbb", "aaaa", True).talk(1.3, 4)
    apart = Ends(1, 45678, 2, 51234).check(1.1, "bbbb", "aaaa", True, component=2)
    apart.there(2, sender_report(0xA) + bye(0xA)).here(2, sender_report(0xB))
    run = look(call, ends, apart, shapes=SHAPES)
    assert run.summary["counters"]["rtcp_byes"] == 1


def test_a_check_that_nobody_answers(look):
    """Where it goes is not learnt: other media there is not the call's. Where it comes from is."""
    call = Call("ice").open(offer=offer("aaaa"), answered=offer("bbbb", "10.2.2.2"))
    others = Ends(7, 47000, 2, 60000).talk(1.3, 3, ssrc=0x77)
    ends = Ends().there(1.1, stun.check("bbbb", "aaaa", True))
    run = look(call.bye(4), ends, others, Ends(1, 40000, 9, 61000).talk(1.3, 3))
    found = owners(run)
    assert not {"ice"} & {found.pop(0x77)[0], found.pop(0x78)[0]}
    assert found == of("ice") and run.summary["counters"]["media_learnt"] == 1


@pytest.mark.parametrize("side", [0, 1])
def test_one_direction_is_mirrored(look, side):
    """Then no check has an answer, and the stream has its call by where the checks of its sender came from."""
    call = Call("ice").open(offer=offer("aaaa"), answered=offer("bbbb", "10.2.2.2"))
    ends = Ends()
    for i in range(85):
        if side:
            ends.here(1.3 + i / 50, rtp(i, 0xA, marker=i == 0))
        else:
            ends.there(1.3 + i / 50, rtp(i, 0xA, marker=i == 0))
    if side:
        ends.here(1.1, stun.check("aaaa", "bbbb")).here(1.2, stun.response("198.51.100.1", 40000))
    else:
        ends.there(1.1, stun.check("bbbb", "aaaa")).there(1.2, stun.response("203.0.113.2", 60000))
    assert owners(look(call.bye(4), ends)) == {0xA: ("ice", side)}


def test_one_name_for_audio_and_video(look):
    """Of the session, and payload type 96 means two things in it: nothing is guessed of that, and 98 is known."""
    def both(ufrag, host):
        return offer(ufrag, host, session=True) + (
            f"m=video 50002 RTP/AVP 96 98\r\nc=IN IP4 {host}\r\na=rtpmap:96 VP8/90000\r\n"
            "a=rtpmap:98 H264/90000\r\na=rtcp-mux\r\n")

    def typed(pt):
        return lambda octets, sent: octets[:1] + bytes((octets[1] & 0x80 | pt,)) + octets[2:]
    call = Call("ice").open(offer=both("aaaa", "10.1.1.1"), answered=both("bbbb", "10.2.2.2"))
    parts = [Ends(1, 40000 + 10 * i, 2, 60000 + 10 * i).check(1.1, "bbbb", "aaaa", True).talk(
        1.3, 3, 0x10 * (i + 1), wrap=typed(pt)) for i, pt in enumerate((0, 96, 98))]
    run = look(call.bye(4), *parts)
    assert owners(run) == of("ice", 0x10) | of("ice", 0x20) | of("ice", 0x30)
    names = {int(s["SSRC"], 16): s["CODEC_NAME"] for s in run.streams}
    assert names[0x10] == names[0x11] == "pcmu"
    assert names[0x30] == names[0x31] == "h264"
    assert not {names[0x20], names[0x21]} & {"opus", "vp8"}


def test_a_broken_fingerprint_is_no_check(look):
    call = Call("ice").open(offer=offer("aaaa"), answered=offer("bbbb", "10.2.2.2"))
    broken = stun.check("bbbb", "aaaa")
    run = look(call.bye(4), Ends().there(1.1, broken[:-1] + bytes((broken[-1] ^ 1,))).talk(1.3, 3))
    assert "ice" not in {name for name, _ in owners(run).values()}


class Flood:
    """Checks of anybody to anybody."""

    def __init__(self, count, name_of, nominated=False):
        dice = random.Random(1)
        self.records = [udp(START + 2 * SECOND + i * MS // 10, dice.randrange(1024, 65536),
                            dice.randrange(1024, 65536), stun.check(*name_of(dice), nominated),
                            dice.randrange(1, 255), dice.randrange(1, 255)) for i in range(count)]


def test_a_flood_of_checks_of_nobody(look):
    """Nothing is added, nothing is refused, and the call has its media."""
    call = Call("ice").open(offer=offer("aaaa"), answered=offer("bbbb", "10.2.2.2"))
    flood = Flood(3000, lambda dice: (f"{dice.getrandbits(32):x}", f"{dice.getrandbits(32):x}"))
    run = look(call.bye(5), Ends().check(1.1, "bbbb", "aaaa").talk(1.3, 5), flood,
               config="limits: {media: 1000}\n")
    counters = run.summary["counters"]
    assert owners(run) == of("ice")
    assert (counters["ice_checks"], counters["media_learnt"], counters["media_refused"]) == (1, 2, 0)


@pytest.mark.parametrize("nominated", [False, True])
def test_a_flood_of_checks_of_a_call(look, nominated):
    """Who knows its names adds no more than sixteen addresses; a nominated pair is not driven out by others."""
    call = Call("ice").open(offer=offer("aaaa"), answered=offer("bbbb", "10.2.2.2"))
    flood = Flood(2000, lambda dice: ("bbbb", "aaaa"), nominated)
    run = look(call.bye(5), Ends().check(1.1, "bbbb", "aaaa", True).talk(1.3, 5), flood,
               config="limits: {media: 1000}\n")
    counters = run.summary["counters"]
    assert owners(run) == of("ice") and counters["media_refused"] == 0
    assert counters["ice_checks"] == 2001
    if not nominated:
        assert counters["media_learnt"] == 16


@pytest.mark.parametrize("component", [1, 2])
def test_what_another_call_announced_stays_its_own(look, component):
    """A check that nobody answers goes to where the first call is announced, whose far end is behind NAT."""
    first = Call("sip").open(offer=offer("cccc", "198.51.100.1", 40000), answered=offer("dddd", "10.2.2.2"))
    second = Call("web").open(offer=offer("aaaa"), answered=offer("bbbb", "10.4.4.4"))
    robber = Ends(1, 40000, 9, 61000).here(1.1, stun.check("bbbb", "aaaa", True, component))
    run = look(first.bye(4), second.bye(4), robber, Ends().talk(1.3, 3), shapes=SHAPES)
    assert owners(run) == of("sip")
