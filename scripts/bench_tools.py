# SPDX-License-Identifier: BSD-3-Clause
"""Programs that read the same capture, run in turn, and what each costs. For scripts/bench and
scripts/compare."""

from __future__ import annotations

import os
import re
import resource
import shlex
import shutil
import statistics
import subprocess
import sys
import tempfile
import time
from collections.abc import Iterable
from pathlib import Path
from typing import NamedTuple

ROOT = Path(__file__).resolve().parent.parent
PROFILES = "clean,loss,burst,dup,jitter,reorder,mix,wrap,vad,ssrcchange"
FLOOR = "tcpdump -w /dev/null"


class Cost(NamedTuple):
    cpu: float  # seconds of user and system time of the whole process
    wall: float
    rss_mib: float  # at most; 0: not known


def make_capture(path: str, calls: int, seconds: int) -> None:
    """PATH and PATH.truth.json, with the profiles of PROFILES that make-pcap knows."""
    known = subprocess.run([ROOT / "scripts/make-pcap", "--help"], stdout=subprocess.PIPE,
                           text=True, check=True).stdout
    profiles = ",".join(p for p in PROFILES.split(",") if re.search(rf"\b{p}\b", known))
    subprocess.run([ROOT / "scripts/make-pcap", path, "--calls", str(calls), "--seconds",
                    str(seconds), "--seed", "11", "--profiles", profiles],
                   check=True, stdout=subprocess.DEVNULL)


def installed(heptap: str, capture: str, folder: str) -> dict[str, list[str]]:
    """Commands by name, tcpdump as the floor first; what is not installed is left out."""
    tools = {
        FLOOR: ["tcpdump", "-r", capture, "-w", "/dev/null"],
        "heptap": [heptap, "-r", capture, "--json", "-"],
        "tshark -z rtp,streams": ["tshark", "-q", "-z", "rtp,streams", "-r", capture],
        "sngrep -N (no RTP figures)": ["sngrep", "-N", "-q", "-I", capture, "-O",
                                       f"{folder}/out.pcap"],
    }
    missing = [name for name, command in tools.items() if not shutil.which(command[0])]
    for name in missing:
        print(f"tools: {tools[name][0]} is not installed, left out", file=sys.stderr)
    return {name: command for name, command in tools.items() if name not in missing}


def named(text: str, capture: str) -> tuple[str, list[str]]:
    """NAME=COMMAND of the command line; FILE in it stands for the capture."""
    name, equals, command = text.partition("=")
    if not name or not equals or "FILE" not in command:
        raise ValueError(f'--tool must be NAME=COMMAND with FILE in it, not "{text}"')
    return name, [word.replace("FILE", capture) for word in shlex.split(command)]


def run(command: list[str], output_path: str | None = None) -> tuple[Cost, int]:
    """One run to its end, standard output into a file or nowhere; cost and exit code."""
    with open(output_path or os.devnull, "wb") as output:
        start = time.monotonic()
        with subprocess.Popen(command, stdin=subprocess.DEVNULL, stdout=output,
                              stderr=subprocess.DEVNULL) as process:
            try:
                _, status, usage = os.wait4(process.pid, 0)
            except BaseException:
                process.kill()
                raise
            process.returncode = os.waitstatus_to_exitcode(status)
    wall = time.monotonic() - start
    # A child starts with its parent's peak: no more than that says nothing of the child.
    own = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss
    rss = usage.ru_maxrss / 1024 if usage.ru_maxrss > own else 0.0
    return Cost(usage.ru_utime + usage.ru_stime, wall, rss), process.returncode


def take_turns(tools: dict[str, list[str]], runs: int,
               wanted: Iterable[str] = ()) -> tuple[dict[str, Cost], dict[str, str]]:
    """Medians of each tool's cost, and the last standard output of those wanted. They run in turn,
    so that what else the machine does hits all alike. A tool that fails is left out, and said."""
    costs: dict[str, list[Cost]] = {name: [] for name in tools}
    outputs: dict[str, str] = {}
    with tempfile.TemporaryDirectory() as folder:
        for _ in range(runs):
            for name in list(costs):
                path = f"{folder}/output" if name in wanted else None
                cost, code = run(tools[name], path)
                if code:
                    print(f"tools: {name} ended with exit code {code}, left out", file=sys.stderr)
                    del costs[name]
                    continue
                costs[name].append(cost)
                if name in wanted:
                    outputs[name] = Path(folder, "output").read_text(encoding="utf-8")
    medians = {name: Cost(*map(statistics.median, zip(*all_of))) for name, all_of in costs.items()}
    return medians, outputs


def row(name: str, frames: int, costs: dict[str, Cost]) -> dict[str, object]:
    """The object of scripts/bench --json. Ratios to heptap: how many times what heptap needs."""
    cost = costs[name]
    out: dict[str, object] = {
        "bench": "tools", "name": name, "packets": frames,
        "mpps": frames / cost.wall / 1e6,
        "cpu_seconds_per_million": cost.cpu / frames * 1e6,
        "packets_per_second": round(frames / cost.wall),
    }
    if cost.rss_mib:
        out["max_rss_mib"] = round(cost.rss_mib, 1)
    if FLOOR in costs:
        out |= {"floor": FLOOR, "floor_ratio": costs[FLOOR].cpu / max(cost.cpu, 1e-9)}
    if "heptap" in costs:
        own = costs["heptap"]
        out |= {"cpu_ratio_to_heptap": cost.cpu / max(own.cpu, 1e-9),
                "packets_per_second_ratio_to_heptap": own.wall / cost.wall}
    return out
