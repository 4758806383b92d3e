# SPDX-License-Identifier: BSD-3-Clause
"""Captures out of pipes: read as files are, and ended by a signal while they bring no frame."""

from __future__ import annotations

import fcntl
import json
import os
import signal
import struct
import subprocess
import sys
import termios
import threading
import time

import pytest

import captures
import heptap_run
from heptap_run import HEPTAP, command, read
from packets import START, request, rtp, udp

SMALL = ("--seconds", 2, "--calls", 3)
SECTION = struct.pack("<IIIHHqI", 0x0A0D0D0A, 28, 0x1A2B3C4D, 1, 0, -1, 28)
INTERRUPTED = "heptap: interrupted: only what was read so far is reported\n"
TRICKLES = {  # what comes first, and what then comes again and again without being a frame
    "frames of another link type": (struct.pack("<IHHiIII", 0xA1B2C3D4, 2, 4, 0, 0, 65535, 147),
                                    struct.pack("<IIII4s", 1, 0, 4, 4, b"none")),
    "unknown blocks": (SECTION, struct.pack("<III", 0xBAD, 12, 12)),
    "a block octet by octet": (struct.pack("<IIIHHq", 0x0A0D0D0A, 16384, 0x1A2B3C4D, 1, 0, -1), b"\0"),
}


@pytest.fixture(name="fifo")
def a_fifo(tmp_path):
    path = tmp_path / "fifo"
    os.mkfifo(path)
    return path


def wait_until_signals_wait(process):
    """They are blocked from the start of a run on; what came before would end any program."""
    for _ in range(300):
        with open(f"/proc/{process.pid}/status", encoding="ascii") as status:
            masks = [line for line in status if line.startswith("SigBlk:")]
        if int(masks[0].split()[1], 16) >> signal.SIGTERM - 1 & 1:
            return
        time.sleep(0.02)
    raise AssertionError("heptap does not start")


def octets_in(pipe):
    return int.from_bytes(fcntl.ioctl(pipe, termios.FIONREAD, bytes(4)), sys.byteorder)


def end_by_signal(number, path, *args, stdin=subprocess.DEVNULL, pipe=None, writer=None):
    """The exit code and what was said. pipe: what is in it is read before. writer: has written by then."""
    with subprocess.Popen([HEPTAP, "-r", path, *args], stdin=stdin, stdout=subprocess.PIPE,
                          stderr=subprocess.PIPE) as process:
        try:
            wait_until_signals_wait(process)
            if writer:
                writer.join(60)
            for _ in range(1000):
                time.sleep(0.3 if pipe is None else 0.02)
                if pipe is None or not octets_in(pipe):
                    break
            assert process.poll() is None
            process.send_signal(number)
            out, err = process.communicate(timeout=20)
        finally:
            process.kill()
    return process.returncode, out, err.decode()


def check_nothing_was_read(ended):
    code, out, err = ended
    assert (code, err) == (1, INTERRUPTED)
    assert b"\n0 calls:\n" in out and b"\n0 frames:\n" in out


@pytest.mark.parametrize("number", [signal.SIGINT, signal.SIGTERM, signal.SIGHUP])
def test_a_fifo_that_nobody_writes_is_ended_by_a_signal(number, fifo):
    check_nothing_was_read(end_by_signal(number, fifo))


@pytest.mark.parametrize("number", [signal.SIGINT, signal.SIGTERM, signal.SIGHUP])
def test_a_fifo_whose_writer_is_silent_is_ended_by_a_signal(number, fifo):
    both = os.open(fifo, os.O_RDWR)  # a writer that is there before heptap
    try:
        check_nothing_was_read(end_by_signal(number, fifo))
    finally:
        os.close(both)


@pytest.mark.parametrize("trickle", TRICKLES)
def test_a_fifo_that_brings_no_frame_is_ended_by_a_signal(trickle, fifo):
    """Though its writer is never silent for as long as one waits for it."""
    both, is_over = os.open(fifo, os.O_RDWR), threading.Event()
    first, again = TRICKLES[trickle]

    def write():
        os.write(both, first)
        while not is_over.wait(0.01):
            os.write(both, again)

    writer = threading.Thread(target=write, daemon=True)
    writer.start()
    try:
        check_nothing_was_read(end_by_signal(signal.SIGTERM, fifo))
    finally:
        is_over.set()
        writer.join()
        os.close(both)


@pytest.mark.parametrize("head", [b"", struct.pack("<IHHiIIIIII", 0xA1B2C3D4, 2, 4, 0, 0, 65535, 1, 1, 0, 60)])
def test_json_is_whole_when_a_signal_comes_before_the_first_frame(head, fifo, tmp_path, generated):
    """Though other files are open by then, of which nothing was taken yet, and some are not."""
    path, _ = generated(*SMALL)
    events, both = tmp_path / "out.json", os.open(fifo, os.O_RDWR)
    try:
        os.write(both, head)
        ended = end_by_signal(signal.SIGTERM, fifo, "-r", path, "--json", events, pipe=both)
        check_nothing_was_read(ended)
        early, (code, out, err) = events.read_bytes(), end_by_signal(signal.SIGTERM, path, "-r", fifo, "--json", "-")
    finally:
        os.close(both)
    assert (code, err) == (1, INTERRUPTED)
    for text in (early, out):
        assert [(e["event"], e["frames"]) for e in heptap_run.parse(text)] == [("summary", 0)]


@pytest.mark.parametrize("octets", [60_000, 60_001, 60_010, 60_100])
def test_what_a_fifo_lacks_when_a_signal_ends_it_is_no_damage(octets, fifo, generated):
    """Wherever in a record it is: as of a file whose reading is interrupted, what was read is reported."""
    path, _ = generated(*SMALL)
    both = os.open(fifo, os.O_RDWR)
    try:
        os.write(both, path.read_bytes()[:octets])  # a pipe holds 64 KiB
        code, out, err = end_by_signal(signal.SIGINT, fifo, "--json", "-", pipe=both)
    finally:
        os.close(both)
    assert (code, err) == (1, INTERRUPTED)
    summary = heptap_run.parse(out)[-1]
    assert summary["frames"] > 0 and "damage" not in summary


@pytest.mark.parametrize("collectors", [1, 2])
def test_hep_keeps_no_one_waiting_who_interrupts(collectors, fifo, tmp_path):
    """Reports of 20000 streams take 2 s at their pace. What does not go out in one is counted, for each collector."""
    sdp = b"v=0\r\no=- 1 1 IN IP4 203.0.113.2\r\ns=-\r\nt=0 0\r\nc=IN IP4 203.0.113.2\r\nm=audio 4000 RTP/AVP 0\r\n"
    invite = request("INVITE", "a").replace(
        b"Content-Length: 0", b"Content-Type: application/sdp\r\nContent-Length: %d" % len(sdp)) + sdp
    path, events, both = tmp_path / "streams.pcap", tmp_path / "events.json", os.open(fifo, os.O_RDWR)
    captures.write(path, [udp(START, 5060, 5060, invite),
                          *(udp(START + i, 4000, 4000, rtp(i % 2, ssrc=i // 2)) for i in range(40_000))])
    writer = threading.Thread(target=os.write, args=(both, path.read_bytes()), daemon=True)
    writer.start()
    hep = [x for i in range(collectors) for x in ("--hep", f"udp:127.0.0.1:{9 + i}")]
    try:
        code, _, err = end_by_signal(signal.SIGINT, fifo, "--json", events, *hep, pipe=both, writer=writer)
    finally:
        os.close(both)
    assert (code, err) == (1, INTERRUPTED)
    summary = json.loads(events.read_bytes().splitlines()[-1])
    heptap_run.check_conservation(summary)
    assert summary["streams"] > 15_000
    assert summary["hep"]["made"] == collectors * (summary["streams"] + 1)
    assert summary["hep"]["dropped"]["interrupted"] > 0


def test_silent_standard_input_is_ended_by_a_signal():
    out, silent = os.pipe()
    try:
        check_nothing_was_read(end_by_signal(signal.SIGINT, "-", stdin=out))
    finally:
        os.close(out)
        os.close(silent)


def test_a_hangup_that_is_ignored_ends_nothing(generated):
    """As with nohup. Standard input stays open until the signal was sent."""
    path, _ = generated(*SMALL)
    with subprocess.Popen(["nohup", HEPTAP, "-r", "-"], stdin=subprocess.PIPE, stdout=subprocess.PIPE,
                          stderr=subprocess.PIPE) as process:
        process.stdin.write(path.read_bytes())
        process.stdin.flush()
        wait_until_signals_wait(process)
        process.send_signal(signal.SIGHUP)
        time.sleep(0.3)
        _, err = process.communicate(timeout=20)
    assert (process.returncode, b"interrupted" in err) == (0, False)


def in_no_order(run):
    """Of a pipe calls and streams are written as they end, of a file by their beginning."""
    return sorted(run.steady, key=json.dumps)


@pytest.mark.parametrize("late_s", [0, 0.5])
def test_a_fifo_is_read_like_a_file(late_s, fifo, generated):
    """Also where its writer comes later than heptap, and writes little by little."""
    path, _ = generated(*SMALL)
    content = path.read_bytes()

    def write():
        time.sleep(late_s)
        with open(fifo, "wb") as out:
            out.write(content[:10])
            out.flush()
            time.sleep(late_s)
            out.write(content[10:])

    writer = threading.Thread(target=write, daemon=True)
    writer.start()
    run = read(fifo)
    writer.join()
    assert in_no_order(run) == in_no_order(read(path))


def test_process_substitution_is_read_like_a_file(generated):
    path, _ = generated(*SMALL)
    done = subprocess.run(["bash", "-c", 'exec "$0" -r <(cat "$1") --json -', HEPTAP, path], capture_output=True,
                          timeout=60, check=False)
    assert (done.returncode, done.stderr) == (0, b"")
    run = command("-r", path, "--json", "-")
    run.events = heptap_run.parse(done.stdout)
    assert in_no_order(run) == in_no_order(read(path))
