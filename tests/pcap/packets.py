# SPDX-License-Identifier: BSD-3-Clause
"""Frames by hand, for tests that need one certain packet at one certain time."""

from __future__ import annotations

import struct

from captures import Record

SECOND = 1_000_000_000
START = 1_700_000_000 * SECOND


def udp(t: int, sport: int, dport: int, payload: bytes, src: int = 1, dst: int = 2) -> Record:
    """From 198.51.100.src to 203.0.113.dst, checksums left zero."""
    ip = struct.pack("!BBHHHBBH4s4s", 0x45, 0, 28 + len(payload), 0, 0, 64, 17, 0,
                     bytes((198, 51, 100, src)), bytes((203, 0, 113, dst)))
    return Record(t, bytes(12) + b"\x08\x00" + ip +
                  struct.pack("!HHHH", sport, dport, 8 + len(payload), 0) + payload)


def back(record: Record) -> Record:
    """The other way: addresses exchanged, ports as they are."""
    t, frame = record
    return Record(t, frame[:26] + frame[30:34] + frame[26:30] + frame[34:])


def request(method: str, call_id: str) -> bytes:
    return (f"{method} sip:b@example.com SIP/2.0\r\nVia: SIP/2.0/UDP a;branch=z9hG4bK{call_id}\r\n"
            f"From: <sip:a@example.com>;tag=f\r\nTo: <sip:b@example.com>\r\nCall-ID: {call_id}\r\n"
            f"CSeq: 1 {method}\r\nContent-Length: 0\r\n\r\n").encode()


def rtp(seq: int, ssrc: int = 0x1234, pt: int = 0, marker: bool = False) -> bytes:
    """G.711 of 20 ms."""
    return struct.pack("!BBHII", 0x80, marker << 7 | pt, seq & 0xffff, seq * 160, ssrc) + bytes(160)


def sender_report(ssrc: int) -> bytes:
    """SR and SDES with a CNAME."""
    return struct.pack("!BBHIQIII", 0x80, 200, 6, ssrc, 0, 0, 0, 0) + \
        struct.pack("!BBHIBB2s", 0x81, 202, 2, ssrc, 1, 2, b"cn")


def bye(ssrc: int) -> bytes:
    return struct.pack("!BBHI", 0x81, 203, 1, ssrc)


def stream(t: int, count: int, sport: int, dport: int, ssrc: int = 0x1234) -> list[Record]:
    return [udp(t + i * SECOND // 50, sport, dport, rtp(i + 1, ssrc, marker=i == 0))
            for i in range(count)]
