# SPDX-License-Identifier: BSD-3-Clause
"""heptap -r of a pipe that is still being written, and what it says meanwhile."""

from __future__ import annotations

import os
import select
import signal
import socket
import struct
import subprocess
import time

import captures
from heptap_run import HEPTAP

SOON_S = 15.0  # until what is due at once is there; machines that run tests may be busy
SIP, RTCP, REPORT = 1, 5, 34


def hep_chunks(message: bytes) -> dict[int, bytes]:
    """The value of each chunk by its type."""
    at, chunks = 6, {}
    while at < len(message):
        _, kind, size = struct.unpack_from("!HHH", message, at)
        chunks[kind] = message[at + 6:at + size]
        at += size
    return chunks


class LivePipe:
    """heptap that reads standard input, or paths, and sends HEP to here."""

    def __init__(self, *args, paths=("-",), out=subprocess.PIPE):
        self.socket = socket.socket(socket.AF_INET, socket.SOCK_DGRAM)
        self.socket.setsockopt(socket.SOL_SOCKET, socket.SO_RCVBUF, 4 << 20)
        self.socket.bind(("127.0.0.1", 0))
        inputs = [x for path in paths for x in ("-r", str(path))]
        self.process = subprocess.Popen(
            [HEPTAP, *inputs, "--hep", "udp:127.0.0.1:%d" % self.socket.getsockname()[1], *map(str, args)],
            stdin=subprocess.PIPE, stdout=out, stderr=subprocess.PIPE)

    def __enter__(self):
        return self

    def __exit__(self, *_):
        self.process.kill()
        self.process.communicate()
        self.socket.close()

    def write(self, octets: bytes) -> None:
        self.process.stdin.write(octets)
        self.process.stdin.flush()

    def hep(self, seconds: float = SOON_S) -> tuple[int, bytes] | None:
        """Type and payload of the next message; None: it does not come."""
        if not select.select([self.socket], [], [], seconds)[0]:
            return None
        chunks = hep_chunks(self.socket.recv(65536))
        return chunks[11][0], chunks[15]

    def hep_of(self, kind: int, seconds: float = SOON_S) -> bytes | None:
        """The payload of the next message of that kind; others are left out."""
        end = time.monotonic() + seconds
        while (left := end - time.monotonic()) > 0:
            message = self.hep(left)
            if message and message[0] == kind:
                return message[1]
        return None

    def printed(self, what: bytes, seconds: float = SOON_S) -> bytes:
        """Standard output from here up to what, or up to what there is of it in time."""
        got, fd, end = b"", self.process.stdout.fileno(), time.monotonic() + seconds
        while what not in got and (left := end - time.monotonic()) > 0:
            if select.select([fd], [], [], left)[0]:
                octets = os.read(fd, 65536)
                if not octets:
                    break
                got += octets
        return got

    def end(self) -> tuple[int, bytes, str]:
        """The pipe ends: exit code and what was said."""
        out, err = self.process.communicate(timeout=60)
        return self.process.returncode, out or b"", err.decode()

    def interrupt(self, number: int = signal.SIGTERM) -> tuple[int, bytes, str]:
        """Ends it while the pipe is open."""
        self.process.send_signal(number)
        self.process.wait(60)
        return self.end()


def pcap_header(order: str = "<", is_nano: bool = True) -> bytes:
    magic = captures.NS_MAGIC if is_nano else captures.US_MAGIC
    return struct.pack(order + "IHHiIII", magic, 2, 4, 0, 0, 262144, 1)


def pcap_record(record: captures.Record, order: str = "<", is_nano: bool = True) -> bytes:
    seconds, fraction = divmod(record.time_ns, 1_000_000_000)
    size = len(record.frame)
    return struct.pack(order + "IIII", seconds, fraction if is_nano else fraction // 1000, size, size) + record.frame


def block(order: str, kind: int, body: bytes) -> bytes:
    body += bytes(-len(body) % 4)
    size = struct.pack(order + "I", 12 + len(body))
    return struct.pack(order + "I", kind) + size + body + size


def pcapng_header(order: str = "<", is_nano: bool = True) -> bytes:
    resolution = struct.pack(order + "HHB3x", 9, 1, 9 if is_nano else 6)
    name, end = struct.pack(order + "HH4s", 2, 4, b"eth0"), struct.pack(order + "HH", 0, 0)
    return (block(order, 0x0A0D0D0A, struct.pack(order + "IHHq", 0x1A2B3C4D, 1, 0, -1)) +
            block(order, 1, struct.pack(order + "HHI", 1, 0, 0) + name + resolution + end) +
            block(order, 4, bytes(8)))


def pcapng_record(record: captures.Record, order: str = "<", is_nano: bool = True) -> bytes:
    units, size = record.time_ns // (1 if is_nano else 1000), len(record.frame)
    fixed = struct.pack(order + "IIIII", 0, units >> 32, units & 0xFFFFFFFF, size, size)
    return block(order, 6, fixed + record.frame + bytes(-size % 4) +
                 struct.pack(order + "HHIHH", 2, 4, 0, 0, 0))


FORMATS = {"pcap": (pcap_header, pcap_record), "pcapng": (pcapng_header, pcapng_record)}
