# SPDX-License-Identifier: BSD-3-Clause
"""heptap on one end of a veth pair, the kernel's own generator on the other: offered, seen, lost. For
scripts/bench. Everything happens in a network namespace that goes away with it."""

from __future__ import annotations

import json
import os
import re
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
WARM_UP_RATES = (250_000, 500_000, 750_000, 1_000_000, 0)
WARM_UP_SECONDS = 1
NOT_TAKEN = ("other", "not_ip", "malformed", "no_socket", "not_ready")
PRIORITY = -20  # nice
CONFIG = """ports:
  - device: v1
    driver: {driver}
{xdp}
memory:
  hugepages: off
telemetry:
  prefix: {prefix}
{cores}
"""
# What listens, and with which filter; the generator's addresses are in 10.0.0.0/8.
PORTS = {
    "af_xdp": "    descriptors: 32768\n    xdp: {mode: all}",
    "af_xdp voice": "    descriptors: 32768\n    xdp: {mode: voice}",
    "af_xdp listed": "    descriptors: 32768\n    xdp: {mode: listed, networks: [10.0.0.0/8]}",
    "af_packet": "",
}


class Counts(NamedTuple):
    """All of them grow."""
    delivered: int  # received by v1, as the kernel counts
    refused: int  # by v1's receive ring, before that
    passed: int  # by the XDP program, to the kernel
    missed: int  # by the port, as heptap counts
    shed: int
    seen: int
    stalled_ns: int  # the worker would have run, but had no CPU
    stolen_ns: int  # of its CPU, by the host of a virtual machine


class Step(NamedTuple):
    offered: int
    streams: int
    seconds: float
    counts: Counts

    @property
    def lost(self) -> int:
        """Not seen, or seen and shed."""
        return self.offered - self.counts.seen + self.counts.shed

    def lost_at(self) -> dict[str, int]:
        c = self.counts
        places = {"in veth": c.refused, "not wanted by the filter": c.passed,
                  "missed by the port": c.missed, "shed": c.shed}
        return places | {"elsewhere": self.lost - sum(places.values())}


def why_not(build: Path) -> str:
    """Why this part cannot run here; "" when it can."""
    if os.geteuid() != 0:
        return "network namespaces need root"
    for tool in ("ip", "ethtool", "taskset", "nice"):
        if not shutil.which(tool):
            return f"{tool} is not installed"
    if not (build / "tests/bench/bench_gen").exists():
        return "bench_gen is not built, which needs clang"
    return ""


def prefer_session(pid: int) -> None:
    """With sched_autogroup_enabled nice counts only among the threads of a session, and this counts between
    sessions."""
    autogroup = Path(f"/proc/{pid}/autogroup")
    if autogroup.exists():
        autogroup.write_text(str(PRIORITY), encoding="ascii")


class Live:
    """The namespace, and in it a probe at a time."""

    def __init__(self, build: Path, heptap: str) -> None:
        self.build, self.heptap = build, heptap
        self.netns = f"heptap-bench-{os.getpid()}"
        self.folder = tempfile.TemporaryDirectory(prefix="heptap-bench.")
        self.probe: subprocess.Popen | None = None
        self.round = 0  # of the generator, over all steps: numbers never go back
        # One for the worker, and another for all else, generator and other threads of the probe.
        self.cpus = sorted(os.sched_getaffinity(0))[:2]

    def __enter__(self) -> Live:
        try:
            self.set_up()
        except BaseException:
            self.__exit__()
            raise
        return self

    def set_up(self) -> None:
        subprocess.run(["ip", "netns", "add", self.netns], check=True)
        # No IPv6: the kernel itself sends nothing.
        self.inside("sysctl", "-qw", "net.ipv6.conf.all.disable_ipv6=1",
                    "net.ipv6.conf.default.disable_ipv6=1")
        self.inside("ip", "link", "add", "v0", "type", "veth", "peer", "name", "v1")
        for device in ("v0", "v1"):
            self.inside("ip", "link", "set", device, "up")
        # Without an XDP program only a device with GRO takes frames that were never a socket's.
        self.inside("ethtool", "-K", "v1", "gro", "on")

    def __exit__(self, *_: object) -> None:
        if self.probe:
            self.probe.kill()
            self.probe.wait()
        if Path("/run/netns", self.netns).exists():
            subprocess.run(["ip", "netns", "del", self.netns], check=False)
        self.folder.cleanup()

    def inside(self, *command: str) -> str:
        return subprocess.run(["ip", "netns", "exec", self.netns, *command], check=True,
                              stdout=subprocess.PIPE, text=True).stdout

    def start(self, port: str) -> None:
        folder = self.folder.name
        log = Path(folder, "probe.log")
        cores = f'cores: {{workers: "{self.cpus[0]}", control: "{self.cpus[-1]}", share: true}}'
        Path(folder, "heptap.yaml").write_text(
            CONFIG.format(driver=port.split()[0], xdp=PORTS[port], prefix=PREFIX, cores=cores),
            encoding="utf-8")
        with open(log, "w", encoding="utf-8") as out:
            self.probe = subprocess.Popen(
                ["ip", "netns", "exec", self.netns, self.heptap, "-c", f"{folder}/heptap.yaml"],
                stdout=subprocess.DEVNULL, stderr=out, start_new_session=True,
                env=os.environ | {"RUNTIME_DIRECTORY": folder})
        until = time.monotonic() + WAIT_SECONDS
        while "link is up" not in (text := log.read_text(encoding="utf-8")):
            if self.probe.poll() is not None or time.monotonic() > until:
                raise RuntimeError(f"heptap does not receive from {port}: {text.strip()[-300:]}")
            time.sleep(0.05)
        if len(self.cpus) > 1:
            self.prefer_worker()

    def prefer_worker(self) -> None:
        assert self.probe
        try:
            os.setpriority(os.PRIO_PROCESS, int(self.worker().name), PRIORITY)
            prefer_session(self.probe.pid)
        except OSError as error:
            print(f"live: the worker shares its CPU with others: {error}", file=sys.stderr)

    def worker(self) -> Path:
        """Its thread, under /proc."""
        assert self.probe
        tasks = Path(f"/proc/{self.probe.pid}/task").iterdir()
        return next(task for task in tasks if "rte-worker" in (task / "comm").read_text("ascii"))

    def stop(self) -> None:
        if self.probe:
            self.probe.terminate()
            self.probe.wait(WAIT_SECONDS)
            self.probe = None

    def ask(self, command: str) -> dict:
        """heptap's own counts, over its telemetry socket."""
        path = f"{self.folder.name}/dpdk/{PREFIX}/dpdk_telemetry.v2"
        with socket.socket(socket.AF_UNIX, socket.SOCK_SEQPACKET) as link:
            link.settimeout(WAIT_SECONDS)
            link.connect(path)
            link.recv(4096)
            link.send(command.encode())
            return json.loads(link.recv(1 << 20))[command]

    def veth(self, device: str, counter: str) -> int:
        """One of the driver's counters, over all queues."""
        found = re.findall(rf"_queue_\d+_{counter}: (\d+)", self.inside("ethtool", "-S", device))
        return sum(map(int, found))

    def counts(self) -> Counts:
        stats, port = self.ask("/heptap/stats"), self.ask("/heptap/ports")["0"]
        xdp = self.ask("/heptap/xdp").get("0", {})
        received = self.inside("cat", "/sys/class/net/v1/statistics/rx_packets")
        return Counts(int(received), self.veth("v0", "xdp_xmit_errors"),
                      sum(xdp.get(reason, 0) for reason in NOT_TAKEN),
                      port["missed"], stats["media_shed"] + stats["signalling_shed"],
                      stats["frames"],
                      int((self.worker() / "schedstat").read_text("ascii").split()[1]),
                      self.stolen_ns())

    def stolen_ns(self) -> int:
        lines = Path("/proc/stat").read_text("ascii").splitlines()
        cpu = next(line for line in lines if line.startswith(f"cpu{self.cpus[0]} "))
        return int(cpu.split()[8]) * 1_000_000_000 // os.sysconf("SC_CLK_TCK")

    def warm_up(self) -> None:
        """Opens the streams of all rates: by and by, since more than limits.candidates that are new at
        once keep each other from being believed, and each of their packets takes the long way."""
        for pps in WARM_UP_RATES:
            self.step(pps, WARM_UP_SECONDS)

    def generate(self, *options: str) -> str:
        """What the generator says, on the CPU that is not the worker's."""
        command = ["ip", "netns", "exec", self.netns, "taskset", "-c", str(self.cpus[-1]),
                   "nice", "-n", str(PRIORITY), str(self.build / "tests/bench/bench_gen"), *options]
        with subprocess.Popen(command, stdout=subprocess.PIPE, text=True,
                              start_new_session=True) as generator:
            try:
                prefer_session(generator.pid)
                told, _ = generator.communicate()
            except BaseException:
                generator.kill()
                raise
        if generator.returncode:
            raise RuntimeError(f"bench_gen ended with exit code {generator.returncode}")
        return told

    def step(self, pps: int, seconds: int) -> Step:
        """pps 0: as many as the generator can. Streams go on from where another step left them."""
        before = self.counts()
        told = json.loads(self.generate(
            "--pps", str(pps), "--seconds", str(seconds), "--round", str(self.round), "v0"))
        self.round = told["next_round"]
        time.sleep(SETTLE_SECONDS)
        grown = Counts(*(b - a for a, b in zip(before, self.counts(), strict=True)))
        return Step(told["offered"], told["streams"], told["seconds"], grown)


def row(port: str, pps: int, steps: list[Step]) -> dict[str, object]:
    """All of it of the run with the median loss; the worst run's beside it."""
    by_loss = sorted(steps, key=lambda s: s.lost / s.offered)
    step, worst = by_loss[len(by_loss) // 2], by_loss[-1]
    return {
        "bench": "live", "workers": 1, "streams": step.streams,
        "name": f"{port}, {pps // 1000}k pps" if pps else f"{port}, flat out",
        "mpps": (step.offered - step.lost) / step.seconds / 1e6,
        "offered": step.offered, "delivered": step.counts.delivered, "seen": step.counts.seen,
        "lost": step.lost, "lost_at": step.lost_at(),
        "lost_percent": 100 * step.lost / step.offered,
        "worst_lost_percent": 100 * worst.lost / worst.offered,
        "stalled_ms": (step.counts.stalled_ns + step.counts.stolen_ns) / 1e6,
        "offered_mpps": step.offered / step.seconds / 1e6,
    }


def measure(build: Path, heptap: str, repeats: int, is_quick: bool) -> Iterator[dict[str, object]]:
    rates = (200_000, 1_000_000) if is_quick else (100_000, 250_000, 500_000, 1_000_000, 0)
    seconds = 1 if is_quick else 2
    with Live(build, heptap) as live:
        for port in [p for p in PORTS if not is_quick or " " not in p]:
            steps: dict[int, list[Step]] = {
                pps: [] for pps in rates if " " not in port or pps == 1_000_000}
            try:
                live.start(port)
            except RuntimeError as error:
                print(f"live: {error}, left out", file=sys.stderr)
                continue
            live.warm_up()
            for _ in range(repeats):
                for pps, done in steps.items():
                    done.append(live.step(pps, seconds))
            live.stop()
            for pps, done in steps.items():
                yield row(port, pps, done)
