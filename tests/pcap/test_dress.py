# SPDX-License-Identifier: BSD-3-Clause
"""A SIP message may be written in many ways (RFC 3261 sections 7.3 and 25.1): whichever, the same is said of the calls and
of their media."""

from __future__ import annotations

import json
import random
import struct

import pytest

import captures
from captures import Record

CALLS = ("--calls", 12, "--failed", 4, "--seconds", 3, "--profiles", "clean,loss,early,late,ssrcchange")
COMPACT = {"Via": "v", "From": "f", "To": "t", "Call-ID": "i", "Contact": "m", "Content-Type": "c",
           "Content-Length": "l", "Subject": "s", "Supported": "k"}
COLONS = (":", ": ", " : ", "\t:\t", ":\r\n ", ": \r\n\t")


def name_of(rng, name):
    return rng.choice((name, name.upper(), name.lower(), COMPACT.get(name, name)))


def multipart(rng, headers, body):
    """The description among other parts, of which one only looks like it (RFC 2046 section 5.1)."""
    mark = f"b{rng.randrange(10**6)}"
    kind = next(v for n, v in headers if n == "Content-Type")
    parts = [(kind, body), ("application/isup;version=itu-t92+", b"\x01\x00--\r\n-" + mark.encode()),
             ("text/plain", b"c=IN IP4 192.0.2.9\r\nm=audio 9 RTP/AVP 0\r\n")]
    rng.shuffle(parts)
    body = b"".join(f"--{mark}\r\n{name_of(rng, 'Content-Type')}: {k}\r\n\r\n".encode() + b + b"\r\n"
                    for k, b in parts) + f"--{mark}--\r\n".encode()
    quoted = rng.choice((mark, f'"{mark}"'))
    return [(n, f"multipart/mixed; boundary={quoted}" if n == "Content-Type" else v) for n, v in headers], body


def dressed(rng, message):
    head, _, body = message.partition(b"\r\n\r\n")
    start, *lines = head.decode().split("\r\n")
    headers = [tuple(line.split(": ", 1)) for line in lines]
    headers = [h for h in headers if h[0] != "Content-Length"]
    headers += [("Via", f"SIP/2.0/UDP 192.0.2.{i};branch=z9hG4bKx{i}") for i in range(rng.randrange(4))]
    headers += [("X-Call-ID", "none@example.com"), ("Subject", "Call-ID: none")][:rng.randrange(3)]
    if body and rng.random() < 0.5:
        headers, body = multipart(rng, headers, body)
    elif body and rng.random() < 0.5:
        body = body.replace(b"\r\n", b"\n")
    rng.shuffle(headers)
    headers.append(("Content-Length", str(len(body))))
    rng.shuffle(headers)
    text = [start]
    for name, value in headers:
        if name in ("From", "To", "Contact") and value.startswith("<") and rng.random() < 0.5:
            value = rng.choice(('"A \\" <sip:x@y>;tag=no" ', "A B ")) + value
        if rng.random() < 0.3:
            value = value.replace(">;tag=", rng.choice((">\r\n ;tag=", "> ; tag = ", ">;x=y;TAG=")))
        text.append(name_of(rng, name) + rng.choice(COLONS) + value + rng.choice(("", " ", "\t")))
    return "\r\n".join(text).encode() + b"\r\n\r\n" + body


def redress(rng, record):
    """An Ethernet frame of IPv4 and UDP at SIP's port with its message written anew, any other as it is."""
    d = captures.datagram(record)
    if d is None or 5060 not in (d.sport, d.dport):
        return record
    payload = dressed(rng, d.payload)
    frame = record.frame
    frame = frame[:16] + struct.pack("!H", 28 + len(payload)) + frame[18:38] + \
        struct.pack("!HH", 8 + len(payload), 0) + payload
    return Record(record.time_ns, frame)


def said(run):
    return [json.dumps(e, sort_keys=True) for e in run.events if e["event"] != "summary"]


@pytest.mark.parametrize("seed", range(6))
def test_the_same_calls_in_any_dress(tmp_path, generated, heptap, seed):
    path, truth = generated(*CALLS)
    rng, other = random.Random(seed), tmp_path / "dressed.pcap"
    captures.write(other, [redress(rng, r) for r in captures.read(path)])
    assert other.stat().st_size != path.stat().st_size
    want, got = heptap(path), heptap(other)
    assert len(want.calls) == len(truth["calls"])
    assert said(got) == said(want)
    assert got.outcomes == want.outcomes
