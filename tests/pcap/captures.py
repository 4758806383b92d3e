# SPDX-License-Identifier: BSD-3-Clause
"""Capture files in and out, and as much of Ethernet, IP and UDP as the tests need: independent of
heptap's own readers, and for well-formed captures only."""

from __future__ import annotations

import ipaddress
import struct
from collections.abc import Iterable, Iterator
from pathlib import Path
from typing import NamedTuple

FILE_HEADER = 24
RECORD_HEADER = 16
NS_MAGIC, US_MAGIC = 0xA1B23C4D, 0xA1B2C3D4
PCAPNG = b"\x0a\x0d\x0d\x0a"
VLAN_TYPES = (0x8100, 0x88A8)


class Record(NamedTuple):
    time_ns: int
    frame: bytes


class Datagram(NamedTuple):
    time_ns: int
    src: str
    sport: int
    dst: str
    dport: int
    payload: bytes


def read_pcap(data: bytes) -> Iterator[Record]:
    order = "<" if struct.unpack("<I", data[:4])[0] in (NS_MAGIC, US_MAGIC) else ">"
    unit = 1 if struct.unpack(order + "I", data[:4])[0] == NS_MAGIC else 1000
    at = FILE_HEADER
    while at < len(data):
        seconds, fraction, captured, _ = struct.unpack_from(order + "IIII", data, at)
        at += RECORD_HEADER
        yield Record(seconds * 1_000_000_000 + fraction * unit, data[at:at + captured])
        at += captured


def read_pcapng(data: bytes) -> Iterator[Record]:
    """Enhanced packet blocks; their times are microseconds unless if_tsresol (9) says otherwise."""
    at, order, units = 0, "<", []
    while at < len(data):
        if data[at:at + 4] == PCAPNG:
            order = "<" if data[at + 8:at + 12] == b"\x4d\x3c\x2b\x1a" else ">"
            units = []
        kind, size = struct.unpack_from(order + "II", data, at)
        body = data[at + 8:at + size - 4]
        if kind == 1:
            units.append(resolution(body[8:], order))
        elif kind == 6:
            interface, high, low, captured, _ = struct.unpack_from(order + "IIIII", body)
            yield Record((high << 32 | low) * units[interface], body[20:20 + captured])
        at += size


def resolution(options: bytes, order: str) -> int:
    """Nanoseconds of one unit of time."""
    while len(options) >= 4:
        code, size = struct.unpack_from(order + "HH", options)
        if code == 9:
            return 10 ** (9 - options[4])
        options = options[4 + (size + 3 & ~3):]
    return 1000


def read(path: Path) -> list[Record]:
    data = path.read_bytes()
    return list(read_pcapng(data) if data[:4] == PCAPNG else read_pcap(data))


def write(path: Path, records: Iterable[Record], link: int = 1) -> None:
    with open(path, "wb") as out:
        out.write(struct.pack("<IHHiIII", NS_MAGIC, 2, 4, 0, 0, 262144, link))
        for t, frame in records:
            out.write(struct.pack("<IIII", *divmod(t, 1_000_000_000), len(frame), len(frame)))
            out.write(frame)


def datagram(record: Record) -> Datagram | None:
    """The UDP datagram of an Ethernet frame, behind any VLAN tags."""
    t, frame = record
    at = 12
    while int.from_bytes(frame[at:at + 2], "big") in VLAN_TYPES:
        at += 4
    kind, at = int.from_bytes(frame[at:at + 2], "big"), at + 2
    if kind == 0x0800:
        proto, ends, size = frame[at + 9], frame[at + 12:at + 20], (frame[at] & 15) * 4
    elif kind == 0x86DD:
        proto, ends, size = frame[at + 6], frame[at + 8:at + 40], 40
    else:
        return None
    if proto != 17:
        return None
    half = len(ends) // 2
    src, dst = (str(ipaddress.ip_address(e)) for e in (ends[:half], ends[half:]))
    sport, dport, length, _ = struct.unpack_from("!HHHH", frame, at + size)
    return Datagram(t, src, sport, dst, dport, frame[at + size + 8:at + size + length])


def datagrams(path: Path) -> list[Datagram]:
    return [d for d in map(datagram, read(path)) if d]
