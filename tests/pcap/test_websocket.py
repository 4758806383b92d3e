# SPDX-License-Identifier: BSD-3-Clause
"""SIP over WebSocket (RFC 7118): calls over plain TCP, put into WebSocket frames in every way the standards
allow and cut into segments of any order, give the same calls and streams."""

from __future__ import annotations

import random
import re
import struct
import subprocess
import zlib

import pytest

import captures
import heptap_run
from captures import Record
from packets import START, request
from test_shapes import FEW, check_shapes
from test_tcp import CALLS, any_size, said, segment, segments, shuffled, tcp_parts, write

OFFER = (b"GET /ws HTTP/1.1\r\nHost: a\r\nUpgrade: websocket\r\nConnection: Upgrade\r\n"
         b"Sec-WebSocket-Key: dGhlIHNhbXBsZSBub25jZQ==\r\nSec-WebSocket-Protocol: sip\r\n"
         b"Sec-WebSocket-Version: 13\r\n\r\n")
ANSWER = (b"HTTP/1.1 101 Switching Protocols\r\nUpgrade: websocket\r\nConnection: Upgrade\r\n"
          b"Sec-WebSocket-Accept: s3pPLMBiTxaQ9kYGzzhZRbK+xOo=\r\nSec-WebSocket-Protocol: sip\r\n\r\n")
TEXT, PING, PONG, LAST, COMPRESSED = 1, 9, 10, 0x80, 0x40


def ws_frame(first, data, mask=None):
    n = len(data)
    size = bytes([n]) if n < 126 else struct.pack("!BH", 126, n)
    if not mask:
        return bytes([first]) + size + data
    masked = bytes(c ^ mask[i % 4] for i, c in enumerate(data))
    return bytes([first, size[0] | 0x80]) + size[1:] + mask + masked


def in_parts(text, rng, mask, first=TEXT):
    """A message in fragments with control frames between them."""
    out, at, size = b"", 0, rng.choice((50, 200, 1000))
    while at < len(text):
        last = LAST if at + size >= len(text) else 0
        out += ws_frame(rng.choice((PING, PONG)) | LAST, b"hello", mask)
        out += ws_frame(first | last, text[at:at + size], mask)
        at, first = at + size, 0
    return out


class Direction:
    """Messages of one direction as frames; a client masks."""

    def __init__(self, is_client, is_compressed, rng, first=b""):
        self.is_client, self.rng = is_client, rng
        self.deflate = zlib.compressobj(wbits=-15) if is_compressed else None
        self.first, self.sent, self.waiting = first, 0, b""

    def messages(self, data):
        """Those that end in data: TCP cuts where it likes, a WebSocket message is one of SIP."""
        self.waiting += data
        while (end := self.waiting.find(b"\r\n\r\n") + 4) > 3:
            end += int(re.search(rb"\nContent-Length: *(\d+)", self.waiting[:end]).group(1))
            if end > len(self.waiting):
                return
            yield self.waiting[:end]
            self.waiting = self.waiting[end:]

    def mask(self):
        return self.rng.randbytes(4) if self.is_client else None

    def whole(self, text):
        return ws_frame(TEXT | LAST, text, self.mask())

    def parts(self, text):
        if not self.deflate:
            return in_parts(text, self.rng, self.mask())
        packed = self.deflate.compress(text) + self.deflate.flush(zlib.Z_SYNC_FLUSH)
        return in_parts(packed[:-4], self.rng, self.mask(), TEXT | COMPRESSED)


def ends(head, tcp):
    return head[26:34] + tcp[:4]


def over_websocket(path, out, way, is_compressed=False, has_handshake=True, change=lambda frame: [frame]):
    """The frames of path, each SIP message of it in WebSocket frames."""
    rng, directions = random.Random(str(out)), {}

    def send(head, tcp, data):
        d = directions[ends(head, tcp)]
        d.sent += len(data)
        return change(segment(head, tcp[:4] + d.first + tcp[8:], d.sent - len(data), data))

    def open_both(head, tcp):
        back = (head[:26] + head[30:34] + head[26:30], tcp[2:4] + tcp[:2] + tcp[8:12] + tcp[4:8] + tcp[12:])
        directions[ends(head, tcp)] = Direction(True, is_compressed, rng, tcp[4:8])
        directions[ends(*back)] = Direction(False, is_compressed, rng, tcp[8:12])
        return send(head, tcp, OFFER) + send(*back, ANSWER) if has_handshake else []

    def change_frame(frame):
        parts = tcp_parts(frame)
        if not parts:
            return [frame]
        head, tcp, text = parts
        out = [] if ends(head, tcp) in directions else open_both(head, tcp)
        d = directions[ends(head, tcp)]
        data = b"".join(way(d, m) for m in d.messages(text))
        return out + send(head, tcp, data) if data else out

    captures.write(out, (Record(r.time_ns, f) for r in captures.read(path) for f in change_frame(r.frame)))
    assert directions
    return out


def keep(frame):
    return [frame]


def cut(frame):
    """The handshake's start stays in front: mid-stream it would not be known for one."""
    return segments(frame, any_size(random.Random(len(frame))))


def cut_and_shuffled(frame):
    parts = segments(frame, iter([300] + [97] * 1000))
    return parts[:1] + shuffled(parts[1:], random.Random(len(frame)))


@pytest.mark.parametrize("is_compressed", [False, True], ids=["plain", "compressed"])
@pytest.mark.parametrize("change", [keep, cut_and_shuffled])
def test_the_same_calls(is_compressed, change, generated, heptap, tmp_path):
    bare, truth = generated(*CALLS)
    path = over_websocket(bare, tmp_path / "a.pcap", Direction.parts, is_compressed, change=change)
    run = heptap(path)
    assert run.summary["sip_messages"] == truth["totals"]["sip_messages"]
    assert said(run) == said(heptap(bare))
    assert run.summary["counters"]["websocket_opened"] > 0
    assert run.summary["counters"]["websocket_unreadable"] == 0
    check_shapes(heptap, path, others=FEW)


@pytest.mark.parametrize("change", [keep, cut])
def test_without_the_handshake(change, generated, heptap, tmp_path):
    """Found in mid-stream; of a first segment that is too short for that one waits for the next message."""
    bare, truth = generated(*CALLS)
    path = over_websocket(bare, tmp_path / "a.pcap", Direction.whole, False, False, change)
    run = heptap(path)
    lost = truth["totals"]["sip_messages"] - run.summary["sip_messages"]
    if change is keep:
        assert lost == 0
        assert said(run) == said(heptap(bare))
    assert lost <= 3 * run.summary["counters"]["websocket_opened"]


def test_a_lost_segment_costs_compressed_messages_that_point_to_it(tmp_path):
    """And no more: what does not point back is read again."""
    rng, records = random.Random(1), [(START, OFFER)]
    for i in range(20):
        alone = Direction(True, True, rng) if i % 2 or i == 0 else alone
        records.append((START + 1 + i, alone.parts(request("OPTIONS", f"c{i}"))))
    at, kept = 0, []
    for t, data in records:
        if t != START + 1 + 11:
            kept.append((t, data, at))
        at += len(data)
    run = heptap_run.read(write(tmp_path, kept))
    assert {e["call_id"] for e in run.events if e["event"] == "call"} == \
        {f"c{i}" for i in range(20)} - {"c11", "c12"}
    assert run.summary["counters"]["websocket_unreadable"] == 1


def test_other_websockets_are_left_alone(tmp_path):
    run = heptap_run.read(write(tmp_path, [
        (START, OFFER.replace(b": sip", b": verto")),
        (START + 1, ws_frame(TEXT | LAST, b'{"jsonrpc":"2.0","method":"verto.invite"}', b"abcd")),
        (START + 2, ws_frame(PING | LAST, b"", b"abcd"))]))
    assert run.summary["sip_messages"] == 0
    assert run.summary["outcomes"]["unknown_tcp"] == 3


def test_tshark_reads_the_same(generated, heptap, tmp_path):
    bare, _ = generated(*CALLS)
    path = over_websocket(bare, tmp_path / "a.pcap", Direction.parts)
    out = subprocess.run(["tshark", "-n", "-d", "tcp.port==5060,http", "-r", path, "-Y", "sip", "-T", "fields", "-e", "sip.CSeq"],
                         capture_output=True, text=True, check=True).stdout
    assert heptap(path).summary["sip_messages"] == sum(len(line.split(",")) for line in out.splitlines())
