# SPDX-License-Identifier: BSD-3-Clause
"""Codecs whose packets say how they are coded: Opus its audio band (RFC 6716 section 3.1), EVS its mode (TS 26.445
Annex A). Only some packets are looked at, and those are the same in any shape of the probe."""

from __future__ import annotations

import struct

import pytest

import captures
import emodel
from packets import SECOND, START, back, udp
from test_shapes import check_shapes

SECONDS = 30
# First octets by RFC 6716 table 2, 20 ms: what the stream is judged as with 80 octets, 32 kbit/s.
BANDS = {
    "silk_nb": (1 << 3, "NB", "nb-9", "assumed"),
    "silk_mb": (5 << 3, "WB", "wb-13", "assumed"),
    "silk_wb": (9 << 3, "WB", "wb-13", "assumed"),
    "hybrid_swb": (13 << 3, "FB", "swb-31", "lit"),
    "hybrid_fb": (15 << 3, "FB", "swb-31", "lit"),
    "celt_nb": (19 << 3, "NB", "nb-9", "assumed"),
    "celt_fb": (31 << 3, "FB", "swb-31", "lit"),
}


def message(first: str, address: str, port: int, codec: str, secure: bool) -> bytes:
    profile, key = ("SAVP", "a=crypto:1 AES_CM_128_HMAC_SHA1_80 inline:x\r\n") if secure else ("AVP", "")
    body = (f"v=0\r\no=- 1 1 IN IP4 {address}\r\ns=-\r\nc=IN IP4 {address}\r\nt=0 0\r\n"
            f"m=audio {port} RTP/{profile} 96{' 97' * (':97 ' in codec)}\r\na=rtpmap:96 {codec}\r\n{key}")
    return (f"{first}\r\nVia: SIP/2.0/UDP a;branch=z9hG4bK1\r\nFrom: <sip:a@example.com>;tag=f\r\n"
            f"To: <sip:b@example.com>;tag=t\r\nCall-ID: modes@example.com\r\nCSeq: 1 INVITE\r\n"
            f"Content-Type: application/sdp\r\nContent-Length: {len(body)}\r\n\r\n{body}").encode()


def call(path, codec, step, payload_of, secure=False, pt_of=lambda i: 96):
    """One direction of payload_of(number) each 20 ms, both directions with a rest between."""
    records = [udp(START, 5060, 5060, message("INVITE sip:b@example.com SIP/2.0", "198.51.100.1",
                                              4000, codec, secure)),
               back(udp(START + 1, 5060, 5060, message("SIP/2.0 200 OK", "203.0.113.2", 5000, codec,
                                                       secure)))]
    for i in range(SECONDS * 50):
        t = START + SECOND + i * SECOND // 50
        header = struct.pack("!BBHII", 0x80, pt_of(i), i, i * step, 7)
        records.append(udp(t, 4000, 5000, header + payload_of(i)))
    captures.write(path, records)


def opus(toc, octets=80):
    return lambda i: bytes((toc(i) if callable(toc) else toc,)) + bytes(octets - 1)


def mode(stream):
    return stream["MOS_SCALE"], stream["CODEC_MODE"], stream["MOS_BASIS"]


@pytest.mark.parametrize("band", BANDS)
def test_opus_is_judged_on_the_band_of_its_packets(tmp_path, heptap, band):
    toc, *want = BANDS[band]
    path = tmp_path / "call.pcap"
    call(path, "opus/48000/2", 960, opus(toc))
    stream, = check_shapes(heptap, path).streams
    assert mode(stream) == tuple(want)
    if want[1] == "swb-31":
        r = emodel.r_factor(*emodel.OPUS[31], 0, "FB")
        assert stream["RFACTOR"] == pytest.approx(r, abs=0.0006)


@pytest.mark.parametrize("silent, want", [((0, 3), "swb-31"), ((10, 25), "swb-31"), ((26, 30), "swb-31"),
                                          ((10, 30), "swb-14")])
def test_pauses_are_not_the_rate_of_opus(tmp_path, heptap, silent, want):
    """Without DTX a pause goes on at a few kbit/s; one that lasts longer than any pause is another rate."""
    path = tmp_path / "call.pcap"
    first, last = (s * 50 for s in silent)

    def payload(i):
        return bytes((31 << 3,)) + bytes(11 if first <= i < last else 79)

    call(path, "opus/48000/2", 960, payload)
    stream, = check_shapes(heptap, path).streams
    assert stream["CODEC_MODE"] == want
    best = pytest.approx(emodel.r_factor(*emodel.OPUS[31], 0, "FB"), abs=0.0006)
    assert (stream["RFACTOR"] == best) == (want == "swb-31")


def test_the_rate_of_another_type_says_nothing(tmp_path, heptap):
    """Neither is less of it a pause."""
    path = tmp_path / "call.pcap"
    call(path, "opus/48000/2\r\na=rtpmap:97 opus/48000/2", 960,
         lambda i: bytes((31 << 3,)) + bytes(59 if i >= 1000 else 159),
         pt_of=lambda i: 97 if i >= 1000 else 96)
    stream, = check_shapes(heptap, path).streams
    assert (stream["CODEC_PT"], stream["CODEC_MODE"]) == (97, "swb-25")


@pytest.mark.parametrize("bytes_", [20, 30, 80])
def test_what_is_encrypted_says_nothing(tmp_path, heptap, bytes_):
    """The octet of a narrow band means nothing there: the rate alone tells, and that is an assumption."""
    path = tmp_path / "call.pcap"
    call(path, "opus/48000/2", 960, opus(1 << 3, bytes_ + 10), secure=True)
    stream, = check_shapes(heptap, path).streams
    want = {20: ("NB", "nb-8"), 30: ("WB", "wb-12"), 80: ("FB", "swb-31")}
    assert mode(stream) == (*want[bytes_], "assumed")


def test_a_band_that_changes_is_followed_in_every_shape(tmp_path, heptap):
    """Wide first, full from the tenth second on; what is seen of single narrow packets is an exception."""
    path = tmp_path / "call.pcap"

    def toc(i):
        if i % 7 == 3:
            return 1 << 3
        return 9 << 3 if i < 500 else 31 << 3

    call(path, "opus/48000/2", 960, opus(toc))
    run = check_shapes(heptap, path, "quality: {report_interval: 2s}\n")
    stream, = run.streams
    assert stream["MOS_SCALE"] == "FB"


@pytest.mark.parametrize("head, want", [(b"\x04", "swb-13.2"), (b"\x80\x32", "io-12.65"),
                                        (b"\x44", None)])
def test_evs_that_sizes_leave_open(tmp_path, heptap, head, want):
    """34 octets are either; with one more frame announced they are neither."""
    path = tmp_path / "call.pcap"
    call(path, "EVS/16000", 320, lambda i: head + bytes(34 - len(head)))
    stream, = check_shapes(heptap, path).streams
    assert stream["CODEC_MODE"] == want
    assert stream["MOS_BASIS"] == "assumed"


def test_evs_that_changes_its_mode_and_not_its_size(tmp_path, heptap):
    """To a mode of AMR-WB, as in a handover: followed within ten seconds."""
    path = tmp_path / "call.pcap"

    def payload(i):
        head = b"\x04" if i < 150 else b"\x80\x32"
        return head + bytes(34 - len(head))

    call(path, "EVS/16000", 320, payload)
    stream, = check_shapes(heptap, path).streams
    assert mode(stream) == ("WB", "io-12.65", "assumed")
