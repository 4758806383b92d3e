# SPDX-License-Identifier: BSD-3-Clause
"""Time-stamps of a port, live: net_pcap reads a pipe that a sender fills in real time, stamps frames by it, and
hands over 32 at once when it has them, so that the time of the poll is that of the last."""

from __future__ import annotations

import json
import os
import signal
import socket
import struct
import subprocess
import time

from heptap_run import HEPTAP
from packets import SECOND, rtp, udp

PACKETS = 150
CONFIG = """
ports:
  - {{device: "net_pcap0,rx_pcap={fifo}", driver: vdev, timestamps: {timestamps}}}
memory: {{hugepages: off}}
telemetry: {{prefix: nictime}}
limits: {{streams: 1000, candidates: 64, calls: 1000, media: 1000, result_rows: 100}}
"""


def ask(folder, question, tries=100):
    """DPDK's telemetry; the first message tells how large others are."""
    for _ in range(tries):
        try:
            with socket.socket(socket.AF_UNIX, socket.SOCK_SEQPACKET) as s:
                s.connect(str(folder / "dpdk/nictime/dpdk_telemetry.v2"))
                s.recv(1024)
                s.send(question.encode())
                answer = json.loads(s.recv(65536))[question]
            if answer:
                return answer
        except (OSError, KeyError):
            pass
        time.sleep(0.1)
    raise AssertionError(f"no answer to {question}")


def play(out, off_ns):
    """Two streams; each frame when its time has come, stamped with that and off_ns more."""
    begin = time.time_ns()
    for i in range(PACKETS):
        t = begin + i * SECOND // 50
        time.sleep(max(0, t - time.time_ns()) / SECOND)
        for port in (1, 2):
            frame = udp(0, 10000 + 2 * port, 20000, rtp(i, port, marker=i == 0)).frame
            seconds, ns = divmod(t + off_ns, SECOND)
            out.write(struct.pack("<IIII", seconds, ns // 1000, len(frame), len(frame)) + frame)
        out.flush()


def run_live(folder, timestamps, off_ns=0):
    """What the port says of itself, and the streams."""
    fifo, said = folder / "pipe", folder / "out.json"
    os.mkfifo(fifo)
    (folder / "live.yaml").write_text(CONFIG.format(fifo=fifo, timestamps=timestamps))
    with subprocess.Popen([HEPTAP, "-c", folder / "live.yaml", "--json", said],
                          env={**os.environ, "RUNTIME_DIRECTORY": str(folder)},
                          stdout=subprocess.DEVNULL, stderr=subprocess.PIPE) as probe:
        try:
            with open(fifo, "wb") as out:
                out.write(struct.pack("<IHHiIII", 0xA1B2C3D4, 2, 4, 0, 0, 65535, 1))
                out.flush()
                ask(folder, "/heptap/ports")
                # In its first second the probe's own clock may be off by more than a stamp may be.
                time.sleep(2)
                play(out, off_ns)
            time.sleep(0.5)
            port = ask(folder, "/heptap/ports")["0"]
            probe.send_signal(signal.SIGINT)
            assert probe.wait(30) == 0, probe.stderr.read().decode()
        finally:
            probe.kill()
    events = [json.loads(line) for line in said.read_text().splitlines()]
    return port, [e for e in events if e["event"] == "stream"]


def test_the_nic_s_time_is_used(tmp_path):
    port, streams = run_live(tmp_path, "nic")
    assert port["time"] == "nic"
    # A machine that stands still for a second has stamps refused.
    assert port["nic_time_used"] >= 0.9 * 2 * PACKETS
    assert len(streams) == 2
    for stream in streams:
        assert stream["TOTAL_PK"] == PACKETS
        assert stream["MEAN_JITTER"] < 1


def test_a_nic_whose_time_is_wrong_is_not_believed(tmp_path):
    port, streams = run_live(tmp_path, "nic", -3600 * SECOND)
    assert (port["time"], port["nic_time_used"]) == ("probe", 0)
    assert port["nic_time_refused"] >= 64
    assert len(streams) == 2 and all(s["MEAN_JITTER"] > 10 for s in streams)


def test_a_nic_somewhat_ahead_is_left_for_good(tmp_path):
    """Of 32 frames handed over at once the last ones seem to come after that, those before do not: no stream has both
    clocks in turn."""
    port, streams = run_live(tmp_path, "nic", SECOND // 100)
    assert port["time"] == "probe" and port["nic_time_refused"] >= 2
    assert port["nic_time_used"] <= 2 * PACKETS // 3
    assert len(streams) == 2 and all(s["MEAN_JITTER"] > 10 for s in streams)


def test_the_probe_s_time_when_asked(tmp_path):
    port, streams = run_live(tmp_path, "probe")
    assert (port["time"], port["nic_time_used"], port["nic_time_refused"]) == ("probe", 0, 0)
    assert len(streams) == 2 and all(s["MEAN_JITTER"] > 10 for s in streams)
