# SPDX-License-Identifier: BSD-3-Clause
"""STUN (RFC 8489), ICE's checks (RFC 8445) and what TURN carries (RFC 8656), by hand."""

from __future__ import annotations

import struct
import zlib

COOKIE = 0x2112A442
BINDING, SUCCESS, SEND, DATA = 0x0001, 0x0101, 0x0016, 0x0017
USERNAME, PEER, DATA_ATTRIBUTE, MAPPED, PRIORITY, NOMINATED, CONTROLLING = 6, 0x12, 0x13, 0x20, 0x24, 0x25, 0x802A
FINGERPRINT = 0x8028


def attribute(kind: int, value: bytes = b"") -> bytes:
    return struct.pack("!HH", kind, len(value)) + value + bytes(-len(value) % 4)


def address(ip: str, port: int) -> bytes:
    """XOR-MAPPED-ADDRESS, XOR-PEER-ADDRESS of IPv4."""
    octets = struct.unpack("!I", bytes(map(int, ip.split("."))))[0]
    return struct.pack("!BBHI", 0, 1, port ^ COOKIE >> 16, octets ^ COOKIE)


def message(kind: int, attributes: bytes, transaction: bytes = bytes(12)) -> bytes:
    return struct.pack("!HHI", kind, len(attributes), COOKIE) + transaction + attributes


def sealed(kind: int, attributes: bytes) -> bytes:
    """With FINGERPRINT."""
    head = message(kind, attributes + bytes(8))[:-8]
    return head + attribute(FINGERPRINT, struct.pack("!I", zlib.crc32(head) ^ 0x5354554E))


def check(receiver: str, sender: str, nominated: bool = False, component: int = 1) -> bytes:
    return sealed(BINDING, attribute(USERNAME, f"{receiver}:{sender}".encode()) +
                  attribute(CONTROLLING, bytes(8)) + (attribute(NOMINATED) if nominated else b"") +
                  attribute(PRIORITY, struct.pack("!I", 110 << 24 | 0xffff00 | 256 - component)))


def response(ip: str, port: int) -> bytes:
    return sealed(SUCCESS, attribute(MAPPED, address(ip, port)))


def channel(payload: bytes, number: int = 0x4001, padded: bool = False) -> bytes:
    return struct.pack("!HH", number, len(payload)) + payload + bytes(-len(payload) % 4 if padded else 0)


def indication(payload: bytes, sent: bool, peer: tuple[str, int] = ("192.0.2.9", 50000)) -> bytes:
    return message(SEND if sent else DATA,
                   attribute(PEER, address(*peer)) + attribute(DATA_ATTRIBUTE, payload))
