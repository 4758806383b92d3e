# SPDX-License-Identifier: BSD-3-Clause
"""Media finds its call: by what was announced before, after and instead of the answer, behind NAT, by several
branches, and where many calls announce one address."""

from __future__ import annotations

import pytest

import captures
from heptap_run import read
from packets import SECOND, START, rtp, sender_report, udp
from test_findings import A, B, Call, sdp
from test_shapes import check_shapes


def rtp_from(src, dst, ssrc, start, stop, first=0):
    """((last octet of 198.51.100 or 203.0.113, port), the same, ...); the first address is of that network."""
    return [udp(START + int((start + i / 50) * SECOND), src[1], dst[1], rtp(first + i, ssrc, marker=i == 0),
                src[0], dst[0])
            for i in range(int((stop - start) * 50))]


def turned(records):
    """From 203.0.113 to 198.51.100, each with the last octet that its end has."""
    return [r._replace(frame=r.frame[:26] + bytes((203, 0, 113)) + r.frame[29:30] +
                       bytes((198, 51, 100)) + r.frame[33:]) for r in records]


@pytest.fixture(name="streams")
def finder(tmp_path):
    """A function: calls and other records to {SSRC: report}."""
    def find(calls, more=()):
        path = tmp_path / "media.pcap"
        captures.write(path, sorted([r for c in calls for r in c.records] + list(more),
                                    key=lambda r: r.time_ns))
        run = read(path)
        assert len({s["SSRC"] for s in run.streams}) == len(run.streams)
        return {int(s["SSRC"], 16): s for s in run.streams}
    return find


def ids(streams):
    return {ssrc: s["RTP_SIP_CALL_ID"] for ssrc, s in streams.items()}


def test_late_offer(streams):
    """The 200 offers, the ACK answers (RFC 3264 section 5, RFC 3261 section 13.2.1)."""
    call = Call("late").request(0, "INVITE").reply(1, 200, sdp(B)).request(1.05, "ACK", sdp(A))
    found = streams([call.both(1.1, 3).bye(3)])
    assert ids(found) == {0xA: "late", 0xB: "late"}
    assert {s["PARTY"] for s in found.values()} == {0, 1}


def test_early_media(streams):
    """Announced by the 183, heard long before the 200."""
    call = Call("early").request(0, "INVITE", sdp(A)).reply(0.2, 183, sdp(B)).talk(0.3, 3, True)
    found = streams([call.reply(3, 200, sdp(B)).request(3.1, "ACK").talk(3, 5).bye(5)])
    assert ids(found) == {0xA: "early", 0xB: "early"}


def test_media_before_its_announcement(streams):
    """The callee sends before any answer is seen: the offer says where to."""
    call = Call("before").request(0, "INVITE", sdp(A)).talk(0.1, 3, True).reply(2, 200, sdp(B))
    assert ids(streams([call.bye(3)])) == {0xB: "before"}


def test_branches_of_a_fork(streams):
    """Two callees ring with media of their own, the second is answered (RFC 3261 section 16.7)."""
    other = ("203.0.113.9", 31000)
    call = Call("fork").request(0, "INVITE", sdp(A)).reply(0.2, 183, sdp(other)).reply(0.3, 183, sdp(B))
    call.reply(2, 200, sdp(B)).request(2.1, "ACK").both(0.4, 4)
    ringing = turned(rtp_from((9, other[1]), (1, A[1]), 0xC, 0.4, 2))
    assert ids(streams([call.bye(4)], ringing)) == {0xA: "fork", 0xB: "fork", 0xC: "fork"}


def test_two_branches_answer(tmp_path):
    """The caller hangs up the later one at once and talks to the other (RFC 3261 section 13.2.2.4)."""
    call = Call("two").open().both(1.1, 6).bye(6)
    later = Call("two").reply(1.1, 200, sdp(("203.0.113.9", 31000))).request(1.15, "ACK")
    later.request(1.2, "BYE", seq=2).reply(1.25, 200, seq=2, method="BYE")
    branch = [r._replace(frame=r.frame.replace(b">;tag=t", b">;tag=u")) for r in later.records]
    captures.write(tmp_path / "two.pcap", sorted(call.records + branch, key=lambda r: r.time_ns))
    run = read(tmp_path / "two.pcap")
    assert [(c["state"], c["answer"] - c["start"], c["end"] - c["start"]) for c in run.calls] == [
        ("completed", 1, 6)]
    assert [s["TOTAL_PK"] for s in run.streams] == [245, 245]


def test_behind_nat(streams):
    """A announces an address of its own network; its media comes from, and goes to, what NAT made of it."""
    call = Call("nat").open(offer=sdp(("192.168.7.7", 10000)))
    out = rtp_from((77, 62000), (2, B[1]), 0xA, 1.1, 3)
    into = turned(rtp_from((2, B[1]), (77, 62000), 0xB, 1.1, 3))
    found = streams([call.bye(3)], out + into)
    assert ids(found) == {0xA: "nat", 0xB: "nat"}
    assert (found[0xA]["PARTY"], found[0xB]["PARTY"]) == (0, 1)


def test_media_that_moves(streams):
    """A re-INVITE takes the caller's media to another port."""
    moved = (A[0], 14000)
    call = Call("move").open().both(1.1, 3).request(3, "INVITE", sdp(moved), seq=2)
    call.reply(3.1, 200, sdp(B), seq=2)
    there = rtp_from((1, moved[1]), (2, B[1]), 0xC, 3.2, 5)
    back_there = turned(rtp_from((2, B[1]), (1, moved[1]), 0xD, 3.2, 5))
    assert set(ids(streams([call.request(5, "BYE", seq=3)], there + back_there)).values()) == {"move"}


def test_several_pairs_of_ports_in_one_line(streams):
    """m=audio 10000/2 (RFC 8866 section 5.14)."""
    offer, answer = (sdp(e).replace(f"m=audio {e[1]}", f"m=audio {e[1]}/2") for e in (A, B))
    second = rtp_from((1, A[1] + 2), (2, B[1] + 2), 0xC, 1.1, 3)
    third = rtp_from((1, A[1] + 4), (2, B[1] + 4), 0xD, 1.1, 3)
    call = Call("pairs").open(0, 1, offer, answer).talk(1.1, 3).bye(3)
    assert ids(streams([call], second + third)) == {0xA: "pairs", 0xC: "pairs", 0xD: ""}


def test_several_multicast_addresses_in_one_line(streams):
    """c=IN IP4 233.252.0.1/127/2 (RFC 8866 section 5.7), the same in the answer (RFC 3264 section 6)."""
    group = sdp(("233.252.0.1", A[1])).replace("c=IN IP4 233.252.0.1", "c=IN IP4 233.252.0.1/127/2")
    media = [r._replace(frame=r.frame[:30] + bytes((233, 252, 0, 1 + i)) + r.frame[34:])
             for i in range(3) for r in rtp_from((1, 7000), (0, A[1]), 0xA + i, 1.1, 3)]
    assert ids(streams([Call("group").open(0, 1, group, group).bye(3)], media)) == \
        {0xA: "group", 0xB: "group", 0xC: ""}


def test_ports_used_again_seconds_later(streams):
    one, two = Call("one").open().both(1.1, 3).bye(3), Call("two").open(5, 6)
    again = rtp_from((1, A[1]), (2, B[1]), 0xC, 6.1, 8)
    assert ids(streams([one, two.bye(8)], again)) == {0xA: "one", 0xB: "one", 0xC: "two"}


def test_a_call_id_used_again_after_the_bye(tmp_path, heptap):
    """Against RFC 3261 section 8.1.1.4, with another From tag: two calls, each with its media."""
    one, two = Call("same").open().both(1.1, 8).bye(8), Call("same").open(20, 21).both(21.1, 28).bye(28)
    again = [r._replace(frame=r.frame.replace(b";tag=f", b";tag=g")) for r in two.records]
    path = tmp_path / "same.pcap"
    captures.write(path, sorted(one.records + again, key=lambda r: r.time_ns))
    run = check_shapes(heptap, path)
    assert [(c["state"], c["code"], c["messages"], c["streams"]) for c in run.calls] == \
        [("completed", 200, 5, 2)] * 2
    assert {s["RTP_SIP_CALL_ID"] for s in run.streams} == {"same"}
    assert not run.of("finding")


def test_what_comes_late_of_the_call_before(tmp_path, heptap):
    """Its BYE and the answer once more (RFC 3261 section 17.1.2.2) when its Call-ID is another call's: neither's."""
    one, two = Call("same").open().both(1.1, 8).bye(8), Call("same").open(10, 11).both(11.1, 28).bye(28)
    again = [r._replace(frame=r.frame.replace(b";tag=f", b";tag=g")) for r in two.records]
    late = [r._replace(time_ns=r.time_ns + 4 * SECOND) for r in one.records[-2:]]
    path = tmp_path / "late.pcap"
    captures.write(path, sorted(one.records + again + late, key=lambda r: r.time_ns))
    run = check_shapes(heptap, path)
    assert [(c["state"], c["messages"], c["streams"], c["end"] - START / SECOND) for c in run.calls] == \
        [("completed", 5, 2, 8), ("completed", 5, 2, 28)]
    assert run.summary["counters"]["messages_late"] == 2
    assert run.summary["sip_messages"] == 12
    assert not run.of("finding")


def next_call(path, is_bye_seen, replaces):
    """One call's media becomes the next one's, at the same addresses and with the same SSRC."""
    one, two = Call("one").open().both(1.1, 12), Call("two").open(replaces, replaces + 0.2)
    if is_bye_seen:
        one.bye(replaces + 0.4)
    captures.write(path, sorted(one.records + two.bye(12).records, key=lambda r: r.time_ns))


@pytest.mark.parametrize("is_bye_seen", (True, False), ids=("bye", "no_bye"))
def test_media_that_becomes_the_next_call_s(tmp_path, heptap, is_bye_seen):
    """A transfer (RFC 3891) where a gateway keeps the media, or the next call at once: within a second it is that one's."""
    path = tmp_path / "next.pcap"
    next_call(path, is_bye_seen, 6)
    run = check_shapes(heptap, path)
    found = {(s["RTP_SIP_CALL_ID"], int(s["SSRC"], 16)): s for s in run.streams}
    assert set(found) == {(call, ssrc) for call in ("one", "two") for ssrc in (0xA, 0xB)}
    for ssrc in (0xA, 0xB):
        old, new = found["one", ssrc], found["two", ssrc]
        assert old["TOTAL_PK"] + new["TOTAL_PK"] == 545
        assert 5 * 50 <= old["TOTAL_PK"] <= 6.3 * 50
        assert not old["PACKET_LOSS"] and not new["PACKET_LOSS"]
        assert old["PARTY"] == new["PARTY"]
    assert not run.of("finding")


def test_media_stays_with_its_call_that_another_only_asks_for(streams):
    """A second call at the caller's port, which nobody takes: its far end is the first one's."""
    two = Call("two").request(4, "INVITE", sdp(A)).reply(5, 486)
    assert set(ids(streams([Call("one").open().both(1.1, 9).bye(9), two])).values()) == {"one"}


def test_calls_that_share_an_address(streams):
    """A gateway has one port for all calls, and even one SSRC would do: the far end tells them apart."""
    calls, media = [], []
    for i in range(5):
        end = (f"198.51.100.{10 + i}", 10000 + 2 * i)
        calls.append(Call(f"call{i}").open(i / 10, 1 + i / 10, sdp(end), sdp(B)))
        media += rtp_from((10 + i, end[1]), (2, B[1]), 0x100 + i, 2, 4)
        media += turned(rtp_from((2, B[1]), (10 + i, end[1]), 0x200 + i, 2, 4))
    found = streams(calls, media)
    assert ids(found) == {side + i: f"call{i}" for side in (0x100, 0x200) for i in range(5)}
    assert {s["PARTY"] for ssrc, s in found.items() if ssrc < 0x200} == {0}
    assert {s["PARTY"] for ssrc, s in found.items() if ssrc >= 0x200} == {1}


def webrtc(candidates):
    """Audio and video on one transport (RFC 9143), of which only candidates say where it is."""
    lines = "".join(f"a=candidate:{i} 1 UDP {99 - i} {addr} {port} typ host\r\n"
                    for i, (addr, port) in enumerate(candidates))
    return ("v=0\r\no=- 1 1 IN IP4 127.0.0.1\r\ns=-\r\nt=0 0\r\na=group:BUNDLE a v\r\n"
            "m=audio 9 UDP/TLS/RTP/SAVPF 111 0\r\nc=IN IP4 0.0.0.0\r\na=mid:a\r\na=rtcp-mux\r\n"
            f"a=rtpmap:111 opus/48000/2\r\n{lines}"
            "m=video 9 UDP/TLS/RTP/SAVPF 96\r\nc=IN IP4 0.0.0.0\r\na=mid:v\r\na=rtcp-mux\r\n"
            "a=rtpmap:96 VP8/90000\r\n")


def test_ice_and_bundle(streams):
    """Media on the second candidate of one side and the first of the other, audio and video side by side."""
    offer = webrtc([("10.1.1.1", 50000), ("198.51.100.30", 50002)])
    call = Call("ice").open(offer=offer, answered=webrtc([("203.0.113.40", 60000)]))
    media = []
    for ssrc, pt, size, step in ((0xA1, 111, 80, 960), (0xA2, 96, 900, 1800)):
        for i in range(100):
            packet = rtp(i, ssrc, pt)[:4] + (i * step).to_bytes(4, "big") + ssrc.to_bytes(4, "big") + bytes(size)
            media.append(udp(START + SECOND + i * SECOND // 50, 50002, 60000, packet, 30, 40))
    found = streams([call.bye(4)], media + turned(rtp_from((40, 60000), (30, 50002), 0xB1, 1, 3)))
    assert ids(found) == {0xA1: "ice", 0xA2: "ice", 0xB1: "ice"}
    assert [found[ssrc]["CODEC_NAME"] for ssrc in (0xA1, 0xA2, 0xB1)] == ["opus", "vp8", "pcmu"]
    assert (found[0xA1]["PARTY"], found[0xB1]["PARTY"]) == (0, 1)


def test_audio_and_video_on_one_port(streams):
    """The same without ICE: the video section does not take the audio's place."""
    both = sdp(B, formats="0") + f"m=video {B[1]} RTP/AVP 96\r\na=rtpmap:96 VP8/90000\r\n"
    call = Call("one port").open(answered=both).both(1.1, 3)
    video = rtp_from((1, A[1]), (2, B[1]), 0xC, 1.1, 3)
    video = [r._replace(frame=r.frame[:43] + bytes([96]) + r.frame[44:]) for r in video]
    found = streams([call.bye(3)], video)
    assert ids(found) == {0xA: "one port", 0xB: "one port", 0xC: "one port"}
    assert (found[0xA]["CODEC_NAME"], found[0xC]["CODEC_NAME"]) == ("pcmu", "vp8")


def test_rtcp_of_calls_that_share_an_address(tmp_path):
    calls, reports = [], []
    for i in range(3):
        end = (f"198.51.100.{10 + i}", 10000 + 2 * i)
        calls.append(Call(f"call{i}").open(i / 10, 1 + i / 10, sdp(end), sdp(B)))
        reports.append(udp(START + 2 * SECOND + i, end[1] + 1, B[1] + 1, sender_report(0x100 + i), 10 + i, 2))
        reports += turned([udp(START + 3 * SECOND + i, B[1] + 1, end[1] + 1, sender_report(0x200 + i), 2, 10 + i)])
    path = tmp_path / "rtcp.pcap"
    captures.write(path, sorted([r for c in calls for r in c.records] + reports, key=lambda r: r.time_ns))
    assert [e["correlation_id"] for e in read(path).of("rtcp")] == ["call0", "call1", "call2"] * 2


def test_one_call_id_per_leg_of_one_media(streams):
    """A back-to-back agent that leaves media alone: both legs announce the same addresses, one gets the media."""
    legs = [Call("leg1").open(), Call("leg2").open(0.01, 0.99).both(1.1, 3)]
    assert set(ids(streams(legs))) == {0xA, 0xB}
    assert set(ids(streams(legs)).values()) <= {"leg1", "leg2"}


@pytest.mark.parametrize("first", (0, 1))
def test_legs_of_one_media_keep_it(streams, first):
    """Whichever leg is refreshed and whichever ends before the other: no stream is cut in two."""
    legs = [Call("leg1").open(), Call("leg2").open(0.01, 0.99).both(1.1, 12)]
    for i, leg in enumerate((legs[first], legs[first ^ 1])):
        leg.request(4 + i * 2, "INVITE", sdp(A), seq=2).reply(4.1 + i * 2, 200, sdp(B), seq=2)
        leg.request(8 + i * 3, "BYE", seq=3)
    assert {s["TOTAL_PK"] for s in streams(legs).values()} == {545}


def in_hep(record, agent=7):
    """What a proxy says it read from TLS, on its way to a collector: SIP of one frame, in HEP3."""
    frame = record.frame
    chunks = [(1, b"\2"), (2, b"\6"), (3, frame[26:30]), (4, frame[30:34]), (7, frame[34:36]), (8, frame[36:38]),
              (11, b"\1"), (12, agent.to_bytes(4, "big")), (15, frame[42:])]
    body = b"".join(b"\0\0" + kind.to_bytes(2, "big") + (6 + len(data)).to_bytes(2, "big") + data
                    for kind, data in chunks)
    return udp(record.time_ns, 40000, 9060, b"HEP3" + (6 + len(body)).to_bytes(2, "big") + body, 77, 78)


@pytest.mark.parametrize("workers", ["0", "0,1,0"])
@pytest.mark.parametrize("agent, reads, taken", [(7, "true", True), (7, "false", False), (2001, "true", False)])
def test_sip_that_another_agent_read(tmp_path, heptap, workers, agent, reads, taken):
    """Media on the wire, its signalling in HEP alone; of heptap's own, node 2001, nothing is taken."""
    call = Call("hep").open().bye(4)
    media = rtp_from((1, 10000), (2, 30000), 0xA, 1.1, 4) + turned(rtp_from((2, 30000), (1, 10000), 0xB, 1.1, 4))
    path = tmp_path / "hep.pcap"
    captures.write(path, sorted([in_hep(r, agent) for r in call.records] + media, key=lambda r: r.time_ns))
    run = heptap(path, f'capture: {{hep: {reads}}}\ncores: {{workers: "{workers}", share: true}}\n')
    assert [c["call_id"] for c in run.calls] == (["hep"] if taken else [])
    assert {s["RTP_SIP_CALL_ID"] for s in run.streams} == {"hep" if taken else ""}
    assert run.outcomes["hep_sip" if taken else "hep"] == len(call.records)


def mapped(end, codec):
    return sdp(end, formats="96").replace("a=rtpmap:101", f"a=rtpmap:96 {codec}\r\na=rtpmap:101")


def frames_from(src, dst, ssrc, start, stop, first, octets):
    return [udp(START + int((start + i / 50) * SECOND), src[1], dst[1],
                rtp(first + i, ssrc, 96)[:12] + bytes(octets), src[0], dst[0])
            for i in range(int((stop - start) * 50))]


@pytest.mark.parametrize("answer, ssrc, want", (
    (200, 0xA, {0xA: "amr"}),
    (488, 0xA, {0xA: "ilbc"}),
    (200, 0xC, {0xA: "ilbc", 0xC: "amr"}),
), ids=("answered", "refused", "other_ssrc"))
def test_a_number_that_means_another_codec(tmp_path, heptap, answer, ssrc, want):
    """Against RFC 3264 section 8.3.2 a re-INVITE gives a payload type in use another codec."""
    call = Call("remap").open(0, 1, mapped(A, "iLBC/8000"), mapped(B, "iLBC/8000"))
    call.request(5, "INVITE", mapped(A, "AMR/8000"), seq=2)
    call.reply(5.1, answer, mapped(B, "AMR/8000") if answer == 200 else "", seq=2).request(5.15, "ACK", seq=2)
    out = frames_from((1, A[1]), (2, B[1]), 0xA, 1.1, 5.1, 0, 38)
    out += frames_from((1, A[1]), (2, B[1]), ssrc, 5.1, 15, 200, 32 if answer == 200 else 38)
    path = tmp_path / "remap.pcap"
    captures.write(path, sorted(call.bye(15).records + out, key=lambda r: r.time_ns))
    run = check_shapes(heptap, path)
    assert {int(s["SSRC"], 16): s["CODEC_NAME"] for s in run.streams} == want
    changes = {int(s["SSRC"], 16): (s["CODEC_FIRST"], s["CODEC_CHG"]) for s in run.streams if "CODEC_CHG" in s}
    assert changes == ({0xA: ("ilbc", 1)} if want == {0xA: "amr"} else {})


def test_what_repairs_video_is_video(streams):
    """RFC 4588 section 4: sent again with an SSRC of its own, of video and of audio."""
    def description(end):
        return (sdp(end) + f"m=audio {end[1] + 2} RTP/AVPF 9 97\r\na=rtpmap:97 rtx/8000\r\n"
                f"m=video {end[1] + 4} RTP/AVPF 96 97\r\na=rtpmap:96 VP8/90000\r\na=rtpmap:97 rtx/90000\r\n")

    call = Call("rtx").open(0, 1, description(A), description(B))
    media = [r._replace(frame=r.frame[:43] + bytes((pt,)) + r.frame[44:])
             for port, pt, ssrc in ((2, 97, 0xC), (4, 96, 0xD), (4, 97, 0xE))
             for r in rtp_from((1, A[1] + port), (2, B[1] + port), ssrc, 1.1, 3)]
    found = streams([call.bye(3)], media)
    assert {s: (r["CODEC_NAME"], r["VIDEO"]) for s, r in found.items()} == {
        0xC: ("rtx", 0), 0xD: ("vp8", 1), 0xE: ("rtx", 1)}
