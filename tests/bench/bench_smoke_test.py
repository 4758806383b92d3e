#!/usr/bin/env python3
# SPDX-License-Identifier: BSD-3-Clause
"""scripts/bench --quick --only stage --json: one array of rows that agree with themselves. And ended by
SIGTERM amid live traffic it leaves nothing behind.

bench_smoke_test.py BUILD
"""

from __future__ import annotations

import json
import signal
import subprocess
import sys
import tempfile
import time
import xml.etree.ElementTree as ElementTree
from pathlib import Path

ROOT = Path(__file__).resolve().parent.parent.parent
sys.path.insert(0, str(ROOT / "scripts"))
import bench_live  # noqa: E402  pylint: disable=wrong-import-position
import bench_plot  # noqa: E402  pylint: disable=wrong-import-position

STAGES = ("decode IPv4", "decode IPv6", "RTP header", "steer", "classify RTP", "classify SIP",
          "classify noise", "find and update, 10k, IPv4", "find and update, 100k, IPv6",
          "find and update, 1000k, IPv4", "parse SIP", "parse SDP", "RTCP to JSON",
          "build a report", "encode a report", "encode SIP", "calibration: TSC",
          "calibration: load in 512 KiB", "calibration: load in 256 MiB")

WAIT_SECONDS = 30


def require(is_true: bool, what: str, detail: object = "") -> None:
    if not is_true:
        print(f"FAILED: {what}: {detail}")
        sys.exit(1)
    print(f"ok: {what}")


def near(a: float, b: float) -> bool:
    return abs(a - b) <= 0.001 * max(abs(a), abs(b))


def check_rows(rows: list[dict]) -> None:
    require(all(row["bench"] == "stage" and row["cycles_per_packet"] > 0 and row["mpps"] > 0
                for row in rows), f"{len(rows)} rows of the stages, each with figures", rows)
    missing = [s for s in STAGES if not any(row["name"].startswith(s) for row in rows)]
    require(not missing, "every stage and the calibration are there", missing)
    mhz = next(row["mpps"] for row in rows if row["name"] == "calibration: TSC")
    wrong = [row for row in rows if not near(row["mpps"] * row["cycles_per_packet"], mhz)]
    require(100 < mhz < 10000 and not wrong, "rate times cycles is the TSC's rate", wrong)
    floors = [row for row in rows if "floor" in row]
    wrong = [row for row in floors if not near(
        row["floor_ratio"], row["floor_cycles_per_packet"] / row["cycles_per_packet"])]
    require(bool(floors) and not wrong, "a floor's ratio is the floor's cycles over ours", wrong)
    streams = {row["streams"] for row in rows if row["name"].startswith("find")}
    require(streams == {10000, 100000, 1000000}, "look-ups name their number of streams", streams)


def check_plot() -> None:
    """Of made-up rows: the pipeline takes too long here."""
    rows = [{"bench": "pipeline", "name": f"p {n}", "streams": n, "workers": 1, "floor": "a < b",
             "cycles_per_packet": 50.0 * i, "floor_ratio": 0.5}
            for i, n in enumerate((1000, 100000, 4000000), 1)]
    rows += [{"bench": "pipeline", "name": "mixed trunk", "streams": 7, "cycles_per_packet": 9e9},
             {"bench": "stage", "name": "find", "streams": 7, "cycles_per_packet": 9e9}]
    lines = bench_plot.growth(rows)
    require(lines == {"heptap": [(1000, 50.0), (100000, 100.0), (4000000, 150.0)],
                      "a < b": [(1000, 25.0), (100000, 50.0), (4000000, 75.0)]},
            "growth: heptap's line and its floor's, no other rows", lines)
    picture = ElementTree.fromstring(bench_plot.svg(lines))
    drawn = picture.findall("{http://www.w3.org/2000/svg}polyline")
    require(len(drawn) == 2, "the plot is XML with a line for each", drawn)


def running(netns: str) -> dict[str, str]:
    """Names of the processes in a namespace, by PID; none before it is there."""
    done = subprocess.run(["ip", "netns", "pids", netns], stdout=subprocess.PIPE,
                          stderr=subprocess.DEVNULL, text=True, check=False)
    found = {}
    for pid in done.stdout.split():
        try:
            found[pid] = Path(f"/proc/{pid}/comm").read_text(encoding="ascii").strip()
        except OSError:
            continue  # has just ended
    return found


def check_term(build: Path) -> None:
    if reason := bench_live.why_not(build):
        print(f"left out: SIGTERM: {reason}")
        return
    with subprocess.Popen([ROOT / "scripts/bench", "--quick", "--only", "live", "--build", build,
                           "--no-build"], stdout=subprocess.DEVNULL) as bench:
        netns = f"heptap-bench-{bench.pid}"
        until = time.monotonic() + WAIT_SECONDS
        while "bench_gen" not in (names := running(netns)).values():
            if bench.poll() is not None or time.monotonic() > until:
                bench.terminate()
                require(False, "live traffic is generated", names)
            time.sleep(0.05)
        # As timeout does.
        bench.send_signal(signal.SIGTERM)
        bench.send_signal(signal.SIGTERM)
        code = bench.wait(WAIT_SECONDS)
    require(code == 128 + signal.SIGTERM, "SIGTERM is the exit code", code)
    require(not Path("/run/netns", netns).exists(), "its network namespace is gone", netns)
    left = [name for pid, name in names.items() if Path("/proc", pid).exists()]
    require("heptap" in names.values() and not left, "so are heptap and the generator",
            left or names)


def main() -> int:
    with tempfile.TemporaryDirectory() as folder:
        path = Path(folder, "rows.json")
        done = subprocess.run([ROOT / "scripts/bench", "--quick", "--only", "stage", "--json", path,
                               "--build", sys.argv[1], "--no-build"], stdout=subprocess.PIPE,
                              text=True, check=False)
        require(done.returncode == 0, "scripts/bench ends with exit code 0", done.returncode)
        rows = json.loads(path.read_text(encoding="utf-8"))
    check_rows(rows)
    require(all(row["name"] in done.stdout for row in rows), "the table has every row")
    check_plot()
    check_term(Path(sys.argv[1]))
    return 0


if __name__ == "__main__":
    sys.exit(main())
