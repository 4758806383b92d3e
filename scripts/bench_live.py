# SPDX-License-Identifier: BSD-3-Clause
"""heptap on one end of a veth pair, the kernel's own generator on the other: offered, seen, lost. For
scripts/bench. Everything happens in a network namespace that goes away with it."""

from __future__ import annotations

import json
import os
import shutil
import socket
import subprocess
import sys
import tempfile
import time
from collections.abc import Iterator
from pathlib import Path
from typing import NamedTuple

WAIT_SECONDS = 15
SETTLE_SECONDS = 0.5  # the last burst's way through the probe
PREFIX = "bench"
CONFIG = """ports:
  - device: v1
    driver: {driver}
memory:
  hugepages: off
telemetry:
  prefix: {prefix}
"""


class Step(NamedTuple):
    offered: int
    delivered: int  # received by v1, as the kernel counts
    seen: int
    streams: int
    seconds: float


def why_not(build: Path) -> str:
    """Why this part cannot run here; "" when it can."""
    if os.geteuid() != 0:
        return "network namespaces need root"
    for tool in ("ip", "ethtool"):
        if not shutil.which(tool):
            return f"{tool} is not installed"
    if not (build / "tests/bench/bench_gen").exists():
        return "bench_gen is not built, which needs clang"
    return ""


class Live:
    """The namespace, and in it a probe at a time."""

    def __init__(self, build: Path, heptap: str) -> None:
        self.build, self.heptap = build, heptap
        self.netns = f"heptap-bench-{os.getpid()}"
        self.folder = tempfile.TemporaryDirectory(prefix="heptap-bench.")
        self.probe: subprocess.Popen | None = None

    def __enter__(self) -> Live:
        subprocess.run(["ip", "netns", "add", self.netns], check=True)
        # No IPv6: the kernel itself sends nothing.
        self.inside("sysctl", "-qw", "net.ipv6.conf.all.disable_ipv6=1",
                    "net.ipv6.conf.default.disable_ipv6=1")
        self.inside("ip", "link", "add", "v0", "type", "veth", "peer", "name", "v1")
        for device in ("v0", "v1"):
            self.inside("ip", "link", "set", device, "up")
        # Without an XDP program only a device with GRO takes frames that were never a socket's.
        self.inside("ethtool", "-K", "v1", "gro", "on")
        return self

    def __exit__(self, *_: object) -> None:
        if self.probe:
            self.probe.kill()
            self.probe.wait()
        subprocess.run(["ip", "netns", "del", self.netns], check=False)
        self.folder.cleanup()

    def inside(self, *command: str) -> str:
        return subprocess.run(["ip", "netns", "exec", self.netns, *command], check=True,
                              stdout=subprocess.PIPE, text=True).stdout

    def start(self, driver: str) -> None:
        folder = self.folder.name
        log = Path(folder, "probe.log")
        Path(folder, "heptap.yaml").write_text(CONFIG.format(driver=driver, prefix=PREFIX),
                                               encoding="utf-8")
        with open(log, "w", encoding="utf-8") as out:
            self.probe = subprocess.Popen(
                ["ip", "netns", "exec", self.netns, self.heptap, "-c", f"{folder}/heptap.yaml"],
                stdout=subprocess.DEVNULL, stderr=out, env=os.environ | {"RUNTIME_DIRECTORY": folder})
        until = time.monotonic() + WAIT_SECONDS
        while "link is up" not in (text := log.read_text(encoding="utf-8")):
            if self.probe.poll() is not None or time.monotonic() > until:
                raise RuntimeError(f"heptap does not receive from {driver}: {text.strip()[-300:]}")
            time.sleep(0.05)

    def stop(self) -> None:
        if self.probe:
            self.probe.terminate()
            self.probe.wait(WAIT_SECONDS)
            self.probe = None

    def frames(self) -> int:
        """heptap's own count, over its telemetry socket."""
        path = f"{self.folder.name}/dpdk/{PREFIX}/dpdk_telemetry.v2"
        with socket.socket(socket.AF_UNIX, socket.SOCK_SEQPACKET) as link:
            link.settimeout(WAIT_SECONDS)
            link.connect(path)
            link.recv(4096)
            link.send(b"/heptap/stats")
            return json.loads(link.recv(1 << 20))["/heptap/stats"]["frames"]

    def received(self) -> int:
        return int(self.inside("cat", "/sys/class/net/v1/statistics/rx_packets"))

    def step(self, pps: int, seconds: int) -> Step:
        """pps 0: as many as the generator can."""
        before, received = self.frames(), self.received()
        told = json.loads(self.inside(str(self.build / "tests/bench/bench_gen"), "--pps", str(pps),
                                      "--seconds", str(seconds), "v0"))
        time.sleep(SETTLE_SECONDS)
        return Step(told["offered"], self.received() - received, self.frames() - before,
                    told["streams"], told["seconds"])


def row(driver: str, pps: int, steps: list[Step]) -> dict[str, object]:
    """All of it of the run with the median loss."""
    by_loss = sorted(steps, key=lambda s: (s.offered - s.seen) / s.offered)
    step = by_loss[len(by_loss) // 2]
    lost = step.offered - step.seen
    return {
        "bench": "live", "workers": 1, "streams": step.streams,
        "name": f"{driver}, {pps // 1000}k pps" if pps else f"{driver}, flat out",
        "mpps": step.seen / step.seconds / 1e6,
        "offered": step.offered, "delivered": step.delivered, "seen": step.seen, "lost": lost,
        "lost_percent": 100 * lost / step.offered,
        "offered_mpps": step.offered / step.seconds / 1e6,
    }


def measure(build: Path, heptap: str, repeats: int, is_quick: bool) -> Iterator[dict[str, object]]:
    rates = (200_000, 1_000_000) if is_quick else (100_000, 250_000, 500_000, 1_000_000, 0)
    seconds = 1 if is_quick else 2
    with Live(build, heptap) as live:
        for driver in ("af_xdp", "af_packet"):
            try:
                live.start(driver)
            except RuntimeError as error:
                print(f"live: {error}, left out", file=sys.stderr)
                continue
            steps: dict[int, list[Step]] = {pps: [] for pps in rates}
            for _ in range(repeats):
                for pps in rates:
                    steps[pps].append(live.step(pps, seconds))
            live.stop()
            for pps in rates:
                yield row(driver, pps, steps[pps])
