# SPDX-License-Identifier: BSD-3-Clause
"""Where heptap does not follow tshark -z rtp,streams: tests/TSHARK.md says why, this says what each makes of
the same packets, so that a case that is gone, or a new one, is seen."""

from __future__ import annotations

import random
import struct

import pytest

import captures
from heptap_run import read
from packets import SECOND, START, request, udp
from test_tshark import MILLISECONDS, TSHARK, streams_of_tshark

pytestmark = pytest.mark.skipif(not TSHARK, reason="no tshark on this machine")
MS = SECOND // 1000
PCMU, CN, EVENT = 0, 13, 101


def invite(types="0 101", maps=("101 telephone-event/8000",), kind="audio"):
    """From the receiver's side: what comes to port 5000 is explained by this."""
    body = (f"v=0\r\no=- 1 1 IN IP4 203.0.113.2\r\ns=-\r\nc=IN IP4 203.0.113.2\r\nt=0 0\r\n"
            f"m={kind} 5000 RTP/AVP {types}\r\n" + "".join(f"a=rtpmap:{m}\r\n" for m in maps))
    head = request("INVITE", "case@example.com").replace(b"Content-Length: 0\r\n\r\n", b"")
    head += f"Content-Type: application/sdp\r\nContent-Length: {len(body)}\r\n\r\n".encode()
    return udp(START - SECOND, 5060, 5060, head + body.encode())


class Packets:
    """100 packets of G.711, 20 ms each, unless a test changes some: [time, number, timestamp, type, marker]."""

    def __init__(self, count=100, step=160, pt=PCMU, every=20 * MS):
        self.rows = [[START + i * every, i + 1000, i * step, pt, False] for i in range(count)]

    def records(self, size=160):
        return [udp(t, 4000, 5000, struct.pack("!BBHII", 0x80, m << 7 | pt, seq & 0xffff,
                                               ts & 0xffffffff, 0x1234) + bytes(size))
                for t, seq, ts, pt, m in sorted(self.rows)]


@pytest.fixture(name="both")
def both_of(tmp_path):
    """A function: packets, and an INVITE, to what (heptap, tshark) say of the one stream."""
    def find(packets, sdp=None, streams=1):
        path = tmp_path / "case.pcap"
        captures.write(path, [sdp or invite()] + packets.records())
        config = tmp_path / "copies_too.yaml"
        config.write_text("capture: {copy_window: 0}\n", encoding="utf-8")
        ours = read(path, args=("-c", config)).streams
        theirs = list(streams_of_tshark(path).values())
        assert (len(ours), len(theirs)) == (streams, 1)
        return ours[0], theirs[0]
    return find


def near(value):
    return pytest.approx(value, abs=MILLISECONDS)


def test_nothing_unusual(both):
    ours, theirs = both(Packets())
    assert (ours["TOTAL_PK"], ours["PACKET_LOSS"]) == (theirs["packets"], theirs["lost"]) == (100, 0)
    assert ours["DELTA"] == near(theirs["mean_delta"]) == near(20)


def test_duplicates_are_no_packets(both):
    packets = Packets()
    packets.rows += [[t + MS // 10, *rest] for t, *rest in packets.rows[10:60:10]]
    ours, theirs = both(packets)
    assert (ours["TOTAL_PK"], ours["PACKET_LOSS"], ours["DUP_PK"]) == (100, 0, 5)
    assert ours["DUP_SRC"] == "network"
    assert (theirs["packets"], theirs["lost"]) == (105, -5)
    assert ours["MAX_JITTER"] == near(0) and theirs["max"] > 0.02
    assert ours["DELTA"] == near(20) and theirs["mean_delta"] < 19.1


def test_a_sequence_that_begins_anew_lost_nothing(both):
    packets = Packets()
    for row in packets.rows[50:]:
        row[1] += 30000
    ours, theirs = both(packets)
    assert (ours["PACKET_LOSS"], ours["RESTARTS"], ours["TOTAL_PK"]) == (0, 1, 100)
    assert theirs["lost"] == 30000


def test_a_timestamp_that_jumps_is_no_jitter(both):
    packets = Packets()
    for row in packets.rows[50:]:
        row[2] += 500000
    ours, theirs = both(packets)
    assert ours["MAX_JITTER"] == near(0)
    assert theirs["max"] == near(500000 / 8 / 16)


@pytest.mark.parametrize("kind", ["still", "random"])
def test_timestamps_that_say_nothing(both, kind):
    """Loss is scored, and nothing else."""
    packets, rng = Packets(500), random.Random(1)
    for row in packets.rows:
        row[2] = 1234 if kind == "still" else rng.getrandbits(32)
    ours, theirs = both(packets)
    # A step of less than a second may come up among the random ones.
    assert ours["TS_STILL" if kind == "still" else "TS_JUMP"] >= 498
    assert ours["MAX_JITTER"] < 65 and theirs["max"] > 15
    assert (ours["PACKET_LOSS"], ours["DISC_F50"], ours["MOS"]) == (0, 0, 4.409)
    assert ours["DELTA"] == near(20) and ours["MAX_DELTA"] == near(20)


def test_a_last_packet_that_is_late_hides_no_loss(both):
    """tshark ends its count at the last packet, not at the highest number."""
    packets = Packets()
    packets.rows[96][0] = packets.rows[99][0] + MS
    ours, theirs = both(packets)
    assert (ours["EXPECTED_PK"], ours["PACKET_LOSS"], ours["OUT_ORDER"]) == (100, 0, 1)
    assert theirs["lost"] == -3


def test_what_comes_from_before_a_wrap_is_no_other_cycle(both):
    """65535 after 0, and once more after 1."""
    packets = Packets()
    for row in packets.rows:
        row[1] += 65536 - 50 - 1000
    wrap = packets.rows[49]
    wrap[0] += 25 * MS
    packets.rows.append([wrap[0] + 20 * MS, *wrap[1:]])
    ours, theirs = both(packets)
    assert (ours["TOTAL_PK"], ours["PACKET_LOSS"], ours["OUT_ORDER"], ours["DUP_PK"]) == (100, 0, 1, 1)
    assert theirs["lost"] > 65000


def test_an_event_has_no_jitter(both):
    """RFC 4733: all packets of an event have the timestamp of its beginning. tshark compares the first voice
    after it with the event's."""
    packets = Packets()
    for row in packets.rows[40:50]:
        row[2:4] = 40 * 160, EVENT
    ours, theirs = both(packets)
    assert ours["MAX_JITTER"] == near(0) and theirs["max"] > 10
    assert (ours["TOTAL_PK"], ours["PACKET_LOSS"]) == (theirs["packets"], theirs["lost"])


def test_silence_without_a_marker_is_no_delta(both):
    """A second of silence, the timestamp goes on; no marker tells."""
    packets = Packets()
    for row in packets.rows[50:]:
        row[0] += SECOND
        row[2] += 8000
    ours, theirs = both(packets)
    assert ours["MAX_DELTA"] == near(20) and theirs["max_delta"] == near(1020)
    assert ours["DELTA"] == near(20) and theirs["mean_delta"] == near(20 + 1000 / 99)


def test_jitter_of_video_is_that_of_frames(both):
    """Five packets a frame, 2 ms apart, 30 frames a second on the dot."""
    packets = Packets(500, pt=99)
    for i, row in enumerate(packets.rows):
        row[0] = START + i // 5 * SECOND // 30 + i % 5 * 2 * MS
        row[2], row[4] = i // 5 * 3000, i % 5 == 4
    ours, theirs = both(packets, invite("99", ("99 H264/90000",), "video"))
    assert ours["MAX_JITTER"] == near(0) and ours["FPS"] == pytest.approx(30, abs=0.01)
    assert theirs["max"] > 2


def test_clocks_of_no_whole_kilohertz(both):
    """44100 / 1000 is 44 in tshark: its jitter and skew drift."""
    packets = Packets(500, step=882, pt=97)
    ours, theirs = both(packets, invite("97", ("97 L16/44100",)))
    assert ours["MAX_JITTER"] == near(0) and theirs["max"] > 0.02


def test_a_clock_that_is_wrong_is_found(both):
    """SDP says 8000, the timestamps run at 16000."""
    packets = Packets(500, step=320)
    ours, theirs = both(packets)
    assert (ours["CLOCK_EST"], ours["CLOCK"]) == (16000, 8000)
    assert ours["MAX_JITTER"] == near(0) and theirs["max"] == pytest.approx(20, abs=0.1)


def test_an_ssrc_that_comes_back_is_another_stream(both):
    """After more than quality.stream_timeout; two minutes of nothing belong to neither."""
    packets = Packets()
    for row in packets.rows[50:]:
        row[0] += 120 * SECOND
        row[2] += 120 * 8000
    ours, theirs = both(packets, streams=2)
    assert (ours["TOTAL_PK"], theirs["packets"]) == (50, 100)
    assert theirs["max_delta"] == near(120020)
