#!/usr/bin/env python3
# SPDX-License-Identifier: BSD-3-Clause
"""Holds queue 0 of an interface by an AF_XDP socket of its own until it is ended: hold_queue.py INTERFACE."""

from __future__ import annotations

import ctypes
import mmap
import os
import signal
import socket
import struct
import sys

AF_XDP, SOL_XDP = 44, 283
RX_RING, UMEM_REG, FILL_RING, COMPLETION_RING = 2, 4, 5, 6  # linux/if_xdp.h
COPY = 2
FRAMES, FRAME = 64, 4096


def main() -> None:
    libc = ctypes.CDLL(None, use_errno=True)
    memory = mmap.mmap(-1, FRAMES * FRAME)
    address = ctypes.addressof(ctypes.c_char.from_buffer(memory))
    with socket.socket(AF_XDP, socket.SOCK_RAW, 0) as held:
        held.setsockopt(SOL_XDP, UMEM_REG, struct.pack("<QQIIII", address, FRAMES * FRAME, FRAME, 0, 0, 0))
        for ring in FILL_RING, COMPLETION_RING, RX_RING:
            held.setsockopt(SOL_XDP, ring, FRAMES)
        end = struct.pack("<HHIII", AF_XDP, COPY, socket.if_nametoindex(sys.argv[1]), 0, 0)
        if libc.bind(held.fileno(), end, len(end)):
            sys.exit(f"could not bind: {os.strerror(ctypes.get_errno())}")
        print("held", flush=True)
        signal.pause()


main()
