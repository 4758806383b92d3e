# SPDX-License-Identifier: BSD-3-Clause
"""Encapsulations for scripts/make-pcap: each takes an Ethernet frame and gives an Ethernet frame
around it, checksums of the outer headers right."""

from __future__ import annotations

import struct
from collections.abc import Callable

MACS = bytes.fromhex("00005e005361" "00005e005362")
IP4, IP6, PPP4, PPP6 = 0x0800, 0x86DD, 0x0021, 0x0057


def checksum(data: bytes) -> int:
    """RFC 1071."""
    data += b"\0" * (len(data) % 2)
    total = sum(struct.unpack(f"!{len(data) // 2}H", data))
    while total > 0xFFFF:
        total = (total & 0xFFFF) + (total >> 16)
    return ~total & 0xFFFF


def ethernet(kind: int, data: bytes) -> bytes:
    return (MACS + struct.pack("!H", kind) + data).ljust(60, b"\0")


def ip4(proto: int, data: bytes) -> bytes:
    head = struct.pack("!BBHHHBBH4s4s", 0x45, 0, 20 + len(data), 0, 0x4000, 64, proto, 0,
                       bytes((192, 0, 2, 101)), bytes((192, 0, 2, 102)))
    return ethernet(IP4, head[:10] + struct.pack("!H", checksum(head)) + head[12:] + data)


def ip6(proto: int, data: bytes) -> bytes:
    ends = bytes.fromhex("20010db8" + "0" * 22 + "65" + "20010db8" + "0" * 22 + "66")
    return ethernet(IP6, struct.pack("!IHBB", 6 << 28, len(data), proto, 64) + ends + data)


def udp(port: int, data: bytes) -> bytes:
    return ip4(17, struct.pack("!HHHH", 49152 + port % 1000, port, 8 + len(data), 0) + data)


def kind_of(frame: bytes) -> int:
    return int.from_bytes(frame[12:14], "big")


def packet(frame: bytes) -> bytes:
    """The IP packet in it, without padding."""
    kind, data = kind_of(frame), frame[14:]
    if kind == IP4:
        return data[:int.from_bytes(data[2:4], "big")]
    if kind == IP6:
        return data[:40 + int.from_bytes(data[4:6], "big")]
    raise ValueError("this encapsulation carries IP only")


def body(frame: bytes) -> bytes:
    """What the EtherType announces, without padding where it is IP."""
    return packet(frame) if kind_of(frame) in (IP4, IP6) else frame[14:]


def snap(frame: bytes) -> bytes:
    """IEEE 802.3 with LLC and SNAP: a length in place of the type, which comes later (RFC 1042)."""
    data = b"\xaa\xaa\x03\0\0\0" + frame[12:14] + body(frame)
    return ethernet(len(data), data)


def tag(kind: int, data: bytes) -> Callable[[bytes], bytes]:
    """Behind the MACs, in front of the EtherType."""
    return lambda f: f[:12] + struct.pack("!H", kind) + data + f[12:]


def ppp(frame: bytes) -> bytes:
    data = packet(frame)
    return struct.pack("!H", PPP6 if kind_of(frame) == IP6 else PPP4) + data


def pppoe(frame: bytes) -> bytes:
    data = ppp(frame)
    return ethernet(0x8864, struct.pack("!BBHH", 0x11, 0, 0x1234, len(data)) + data)


def labels(count: int) -> bytes:
    return b"".join(struct.pack("!I", (1000 + i) << 12 | (i == count - 1) << 8 | 62)
                    for i in range(count))


def gre(flags: int, kind: int, data: bytes, options: bytes = b"") -> bytes:
    return ip4(47, struct.pack("!HH", flags, kind) + options + data)


def gre_full(frame: bytes) -> bytes:
    """Checksum, key and sequence number."""
    data = body(frame)
    head = struct.pack("!HHHHII", 0xB000, kind_of(frame), 0, 0, 77, 1)
    return ip4(47, head[:4] + struct.pack("!H", checksum(head + data)) + head[6:] + data)


def pptp(frame: bytes) -> bytes:
    data = b"\xff\x03" + ppp(frame)
    return gre(0x3081, 0x880B, data, struct.pack("!HHII", len(data), 99, 5, 4))


def erspan3(frame: bytes, platform: bytes = b"", stamp: int = 123456, gra: int = 2,
            session: int = 42) -> bytes:
    """gra: the stamp counts 0: 100 us, 1: 100 ns, 2: nanoseconds of a second (IEEE 1588)."""
    head = struct.pack("!HHIHBB", 0x2000 | 10, session, stamp, 0, 0, gra << 1 | bool(platform))
    return gre(0x1000, 0x22EB, head + platform + frame, struct.pack("!I", 1))


def geneve(frame: bytes) -> bytes:
    option = struct.pack("!HBB4s", 0x0101, 1, 1, b"abcd")
    return udp(6081, struct.pack("!BBHI", len(option) // 4, 0, 0x6558, 7777 << 8) + option + frame)


def gtp(frame: bytes) -> bytes:
    """With the extension header of a 5G PDU session (TS 38.415)."""
    data = struct.pack("!HBB", 1, 0, 0x85) + bytes((1, 0, 9, 0)) + packet(frame)
    return udp(2152, struct.pack("!BBHI", 0x34 | 2, 255, len(data), 0xABCDEF01) + data)


def tzsp(frame: bytes) -> bytes:
    return udp(37008, bytes((1, 0, 0, 1)) + b"\0\0" + bytes((10, 1, 200)) + b"\1" + frame)


def capwap_wifi(frame: bytes) -> bytes:
    """802.11 QoS data from an access point's station."""
    wifi = bytes((0x88, 0x01, 0, 0)) + frame[:6] + frame[6:12] + frame[:6] + bytes(4)
    snap = b"\xaa\xaa\x03\0\0\0" + frame[12:14]
    return udp(5247, bytes((0, 0x10, 0x03, 0, 0, 0, 0, 0)) + wifi + snap + frame[14:])


def l2tp2(frame: bytes) -> bytes:
    data = struct.pack("!HHHH", 0x4802, 0, 11, 22) + struct.pack("!HH", 3, 0) + b"\xff\x03" + \
        ppp(frame)
    return udp(1701, data[:2] + struct.pack("!H", len(data)) + data[4:])


ENCAPSULATIONS: dict[str, Callable[[bytes], bytes]] = {
    "snap": snap,
    "vlan": tag(0x8100, struct.pack("!H", 100)),
    "qinq": lambda f: tag(0x88A8, struct.pack("!H", 200))(ENCAPSULATIONS["vlan"](f)),
    "vlan-9100": tag(0x9100, struct.pack("!H", 300)),
    "vn-tag": tag(0x8926, bytes((0x00, 0x01, 0x20, 0x02))),
    "e-tag": tag(0x893F, bytes((0x00, 0x00, 0x10, 0x01, 0x00, 0x00))),
    "mpls": lambda f: ethernet(0x8847, labels(2) + packet(f)),
    "mpls-pw": lambda f: ethernet(0x8847, labels(2) + bytes(4) + f),
    "mpls-pw-bare": lambda f: ethernet(0x8847, labels(1) + f),
    "mpls-gre": lambda f: gre(0, 0x8847, labels(1) + packet(f)),
    "mpls-udp": lambda f: udp(6635, labels(1) + packet(f)),
    "pppoe": pppoe,
    "gre": lambda f: gre(0, kind_of(f), body(f)),
    "gre-full": gre_full,
    "gre-teb": lambda f: gre(0, 0x6558, f),
    "gre-udp": lambda f: udp(4754, struct.pack("!HH", 0, 0x6558) + f),
    "nvgre": lambda f: gre(0x2000, 0x6558, f, struct.pack("!I", 5555 << 8 | 3)),
    "pptp": pptp,
    "erspan1": lambda f: gre(0, 0x88BE, f),
    "erspan2": lambda f: gre(0x1000, 0x88BE, struct.pack("!HHI", 0x1000 | 10, 42, 7) + f,
                             struct.pack("!I", 1)),
    "erspan3": erspan3,
    "erspan3-platform": lambda f: erspan3(f, bytes((0x0C, 0, 0, 0, 0, 0, 0, 1))),
    "vxlan": lambda f: udp(4789, struct.pack("!II", 0x08000000, 4242 << 8) + f),
    "vxlan-8472": lambda f: udp(8472, struct.pack("!II", 0x08000000, 4243 << 8) + f),
    "geneve": geneve,
    "gtp": gtp,
    "ipip": lambda f: ip4(41 if kind_of(f) == IP6 else 4, packet(f)),
    "ip-in-ip6": lambda f: ip6(41 if kind_of(f) == IP6 else 4, packet(f)),
    "ether-ip": lambda f: ip4(97, b"\x30\x00" + f),
    "l2tp3": lambda f: ip4(115, struct.pack("!IQI", 0x11223344, 0x5566778899AABBCC, 0x40000001) + f),
    "l2tp3-bare": lambda f: ip4(115, struct.pack("!I", 0x11223344) + f),
    "l2tp3-udp": lambda f: udp(1701, struct.pack("!HHII", 3, 0, 0x11223344, 0x55667788) + f),
    "l2tp2": l2tp2,
    "hp-erm": lambda f: udp(7932, struct.pack("!III", 1, 2, 0x64) + f),
    "tzsp": tzsp,
    "capwap": lambda f: udp(5247, bytes((0, 0x10, 0x02, 0, 0, 0, 0, 0)) + f),
    "capwap-wifi": capwap_wifi,
}


def wrap(frame: bytes, names: list[str]) -> bytes:
    """names: outermost first. ValueError: one of them carries IP only, and there is none."""
    for name in reversed(names):
        frame = ENCAPSULATIONS[name](frame)
    return frame
