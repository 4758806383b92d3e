# SPDX-License-Identifier: BSD-3-Clause
"""RTP streams with impairments of known size, and the RTCP that reports them. Used by make-pcap."""

from __future__ import annotations

import random
import struct
from dataclasses import dataclass, field

MS = 1_000_000  # all times are nanoseconds
SECOND = 1000 * MS
NTP_OFFSET = 2_208_988_800  # seconds from 1900 to 1970
EVENT_PT = 101
GILBERT = (0.02, 0.4)  # good to bad, bad to good: 4.8 % lost, BurstR 2.4 (G.107 7-30)


@dataclass(frozen=True)
class Codec:
    pt: int
    rtpmap: str
    clock: int
    bytes_per_ms: int  # of payload; 0: varies


CODECS = (Codec(0, "PCMU/8000", 8000, 8), Codec(8, "PCMA/8000", 8000, 8),
          Codec(18, "G729/8000", 8000, 1), Codec(111, "opus/48000/2", 48000, 0))
SWITCH_FROM, SWITCH_TO = CODECS[0], CODECS[2]


@dataclass(frozen=True)
class Party:
    """One side of a call: addresses, and the one-way delay between it and the probe."""
    user: str
    ip: str
    mac: bytes
    sip_port: int
    rtp_port: int
    delay: int

    @property
    def host(self) -> str:
        return f"[{self.ip}]" if ":" in self.ip else self.ip


@dataclass(frozen=True)
class Rtp:
    index: int  # the sequence number without wrap
    timestamp: int
    pt: int
    marker: bool
    payload: bytes
    segment: int = 0  # the sequence began anew so many times before

    def pack(self, ssrc: int) -> bytes:
        return struct.pack("!BBHII", 0x80, self.marker << 7 | self.pt, self.index & 0xFFFF,
                           self.timestamp & 0xFFFFFFFF, ssrc) + self.payload


@dataclass
class Stream:
    src: Party
    dst: Party
    ssrc: int
    codec: Codec
    ptime: int
    base_ts: int
    start: int
    ppm: int = 0  # so much the sender's clock is fast
    sent: list[tuple[int, Rtp]] = field(default_factory=list)
    arrived: list[tuple[int, Rtp]] = field(default_factory=list)  # at the probe


@dataclass
class Figures:
    captured: int = 0
    unique: int = 0
    expected: int = 0
    reordered: int = 0
    payload_bytes: int = 0
    unique_bytes: int = 0
    jitter: float = 0.0  # in timestamp units
    jitter_max: float = 0.0
    highest: int = 0
    loss_runs: int = 0  # of packets lost without one received between

    def close_segment(self, seen: set[int]) -> None:
        if not seen:
            return
        self.unique += len(seen)
        self.expected += self.highest - min(seen) + 1
        self.loss_runs += sum(i + 1 not in seen for i in seen if i != self.highest)


def measure(stream: Stream, until: int | None = None) -> Figures:
    """RFC 3550 A.3 and A.8 over the packets captured up to a time. Jitter leaves out duplicates and
    telephone events, whose timestamp does not move with the clock."""
    f, seen, transit, pt, segment = Figures(), set(), None, None, 0
    for t, p in stream.arrived:
        if until is not None and t > until:
            break
        f.captured += 1
        f.payload_bytes += len(p.payload)
        if p.segment != segment:
            f.close_segment(seen)
            seen, segment, transit = set(), p.segment, None
        if p.index in seen:
            continue
        f.reordered += bool(seen) and p.index < f.highest
        f.highest = max(f.highest, p.index) if seen else p.index
        seen.add(p.index)
        f.unique_bytes += len(p.payload)
        if p.pt == EVENT_PT:
            continue
        if p.pt != pt:  # RFC 7160 3
            transit, pt = None, p.pt
        now = (t - stream.start) * stream.codec.clock / SECOND - (p.timestamp - stream.base_ts)
        if transit is not None:
            f.jitter += (abs(now - transit) - f.jitter) / 16
            f.jitter_max = max(f.jitter_max, f.jitter)
        transit = now
    f.close_segment(seen)
    return f


def talk_slots(rng: random.Random, count: int, profile: str) -> list[bool]:
    """Which packet slots carry speech: all, or talk spurts and pauses in turn, or all but a hold."""
    slots: list[bool] = []
    if profile == "hold":
        slots = [True] * (count // 3) + [False] * (count // 3)
    while profile == "vad" and len(slots) < count - 5:
        slots += [True] * rng.randint(20, 80) + [False] * rng.randint(15, 60)
    return slots[:count - 5] + [True] * (count - len(slots[:count - 5]))


def make_media(rng: random.Random, stream: Stream, stop: int, profile: str, index: int) -> None:
    """Fills stream.sent: what the sender puts on the wire between its start and stop."""
    codec, step = stream.codec, stream.codec.clock * stream.ptime // 1000
    count = max(1, (stop - stream.start) // (stream.ptime * MS))
    talk = talk_slots(rng, count, profile)
    resumed, event_slot, segment = True, -100, 0
    for slot in range(count):
        if not talk[slot]:
            resumed = True
            continue
        if profile == "dtmf" and slot % 75 == 25 and slot + 12 < count:
            event_slot = slot
        if profile == "restart" and slot == count // 2:
            index, segment = index + rng.randint(5000, 60000), 1
            stream.base_ts += rng.getrandbits(31)
        if profile == "codecswitch" and slot == count // 2:
            codec = SWITCH_TO
        ts = stream.base_ts + slot * step
        part = slot - event_slot
        if part < 10:
            # RFC 4733 2.5: one timestamp, growing duration, the end sent three times
            payload = struct.pack("!BBH", event_slot // 75 % 12, (part >= 7) << 7 | 10,
                                  (min(part, 7) + 1) * step)
            packet = Rtp(index, stream.base_ts + event_slot * step, EVENT_PT, part == 0, payload)
        else:
            payload = rng.randbytes(codec.bytes_per_ms * stream.ptime)
            if not payload:  # Opus, RFC 6716 3.1 and 3.2: hybrid fullband, one frame of 20 ms or two
                payload = rng.randbytes(rng.randint(60, 120))
                if stream.ptime == 40:
                    payload = b"\x79" + payload[:len(payload) // 2 * 2]
                else:
                    payload = b"\x78" + payload
            packet = Rtp(index, ts, codec.pt, resumed, payload, segment)
        # A fast clock's milliseconds are shorter
        t = slot * stream.ptime * (MS - stream.ppm * MS // 1_000_000)
        stream.sent.append((stream.start + t, packet))
        resumed, index = False, index + 1


def impair(rng: random.Random, stream: Stream, profile: str, tick: int) -> None:
    """Fills stream.arrived: what the network leaves of it at the probe. First and last packet always
    arrive, for nobody can see the loss of those. tick: resolution of the capture file."""
    out: list[tuple[int, Rtp]] = []
    last, lost, late, previous, queue = len(stream.sent) - 1, 0, -9, 0, 0
    for i, (t, p) in enumerate(stream.sent):
        inner = 0 < i < last
        if profile == "burst" and inner and not lost and rng.random() < 0.01:
            lost = rng.randint(2, 8)
        elif profile == "loss" and inner and rng.random() < 0.03:
            lost = 1
        elif profile == "gilbert":
            lost = rng.random() >= GILBERT[1] if lost else rng.random() < GILBERT[0]
        if lost and inner:
            lost -= profile != "gilbert"
            continue
        if profile == "jitter":
            t = max(t + int(min(abs(rng.gauss(0, 8)), 45) * MS), previous + MS // 20)
        elif profile == "spikes":  # a queue that fills at once and empties slowly
            queue = max(0, queue - 5 * MS)
            queue += int(rng.expovariate(1 / 40) * MS) if rng.random() < 0.02 else 0
            t = max(t + queue + int(rng.expovariate(2) * MS), previous + MS // 20)
        elif profile == "drift":
            t = max(t + rng.randrange(MS // 2), previous + MS // 20)
        elif profile == "reorder" and 0 < i < last - 1 and i - late > 3 and rng.random() < 0.03:
            t, late = t + stream.ptime * MS * 3 // 2, i
        previous = t
        out.append((t - t % tick, p))
        if profile == "dup" and rng.random() < 0.03:
            t += MS // 3
            out.append((t - t % tick, p))
    stream.arrived = sorted(out, key=lambda item: item[0])


def rtcp_packet(pt: int, count: int, body: bytes) -> bytes:
    return struct.pack("!BBH", 0x80 | count, pt, len(body) // 4) + body


class Reporter:
    """The RTCP of one side of a call: its own streams, and those it hears."""

    def __init__(self, party: Party, mine: list[Stream], heard: list[Stream]):
        self.party, self.mine, self.heard = party, mine, heard
        self.previous = {s.ssrc: (0, 0) for s in heard}  # expected, received
        self.sent_sr: list[tuple[int, int]] = []  # capture time, NTP timestamp

    def block(self, t: int, peer: Reporter) -> tuple[bytes, dict, float | None]:
        """RFC 3550 6.4.1. A packet the probe saw is heard one delay later, the report sent one
        delay earlier than the probe sees it."""
        until = t - 2 * self.party.delay
        stream = next((s for s in reversed(self.heard) if s.arrived[0][0] <= until), None)
        if stream is None:
            return b"", {}, None
        f, last = measure(stream, until), self.previous[stream.ssrc]
        self.previous[stream.ssrc] = (f.expected, f.captured)
        expected, missing = f.expected - last[0], f.expected - last[0] - f.captured + last[1]
        fraction = max(0, missing * 256 // expected) if expected else 0
        lost, jitter = f.expected - f.captured, int(f.jitter)
        heard_sr = [sr for sr in peer.sent_sr if sr[0] <= until]
        lsr = dlsr = 0
        rtt = None
        if heard_sr:
            lsr, dlsr = heard_sr[-1][1] >> 16 & 0xFFFFFFFF, (until - heard_sr[-1][0]) * 65536 // SECOND
            rtt = 2 * self.party.delay / MS
        raw = struct.pack("!IIIIII", stream.ssrc, fraction << 24 | lost & 0xFFFFFF,
                          f.highest & 0xFFFFFFFF, jitter, lsr, dlsr)
        facts = {"about": f"0x{stream.ssrc:08x}", "fraction": fraction, "cum_lost": lost,
                 "jitter": jitter}
        return raw, facts, rtt

    def compound(self, t: int, peer: Reporter, bye: bool, truth: dict, side: str) -> bytes:
        block, facts, rtt = self.block(t, peer)
        if facts:
            truth["last_rr"][side] = facts
        if rtt is not None:  # a round trip of the other side's SR
            truth["rtt_ms"]["B" if side == "A" else "A"].append(rtt)
        me = next((s for s in reversed(self.mine) if s.start <= t), self.mine[0])
        done = [p for sent_at, p in me.sent if sent_at <= t]
        blocks = len(block) // 24
        if done:
            seconds, ns = divmod(t - self.party.delay, SECOND)
            ntp = (seconds + NTP_OFFSET) << 32 | (ns << 32) // SECOND
            self.sent_sr.append((t, ntp))
            ts = me.base_ts + (t - me.start) * me.codec.clock // SECOND
            info = struct.pack("!IQIII", me.ssrc, ntp, ts & 0xFFFFFFFF, len(done),
                               sum(len(p.payload) for p in done))
            out, kind = rtcp_packet(200, blocks, info + block), "sr"
        else:
            out, kind = rtcp_packet(201, blocks, struct.pack("!I", me.ssrc) + block), "rr"
        cname = f"{self.party.user}@{self.party.ip}".encode()
        chunk = struct.pack("!IBB", me.ssrc, 1, len(cname)) + cname
        out += rtcp_packet(202, 1, chunk + b"\0" * (4 - len(chunk) % 4))
        if bye:
            out += rtcp_packet(203, 1, struct.pack("!I", me.ssrc))
        for name in ["pkts", kind, "sdes"] + ["bye"] * bye:
            truth[name] += 1
        return out
