# SPDX-License-Identifier: BSD-3-Clause
"""Rows of scripts/bench as lines of its table, and as the page tests/bench/RESULTS.md."""

from __future__ import annotations

import os
import platform
import sys
import time
from pathlib import Path

import bench_plot

HEAD = (f"{'bench':8} {'name':36} {'shape':8} {'workers':>7} {'streams':>7} {'Mpps':>8} "
        f"{'cyc/pkt':>9} {'ratio':>6}  floor, or what else there is to say")
TITLES = {
    "pipeline": "The whole pipeline, fed from memory",
    "stage": "Stages by themselves",
    "ring": "From one core to another",
    "live": "Live, over veth with the kernel's generator",
    "tools": "Beside other tools, on one capture",
}


def where(row: dict) -> str:
    """Losses by place, and how long the probe had no CPU, which causes most of them."""
    places = [f"{n} {place}" for place, n in row["lost_at"].items() if n]
    if row["stalled_ms"] >= 1:
        places.append(f"kept off the CPU for {row['stalled_ms']:.0f} ms")
    return ": " + ", ".join(places) if places else ""


def remark(row: dict) -> str:
    """The last column."""
    if row["bench"] == "live":
        return (f"offered {row['offered_mpps']:.3f} Mpps, seen {row['seen']} of {row['offered']}, "
                f"lost {row['lost']} ({row['lost_percent']:.4f} %){where(row)}")
    if row["bench"] == "tools":
        ratios = ""
        if "cpu_ratio_to_heptap" in row and row["name"] != "heptap":
            ratios = (f", {row['cpu_ratio_to_heptap']:.2f} x heptap's CPU, "
                      f"{row['packets_per_second_ratio_to_heptap']:.2f} x its packets/s")
        memory = f", {row['max_rss_mib']:.0f} MiB" if "max_rss_mib" in row else ""
        return f"{row['cpu_seconds_per_million']:.3f} CPU s per million{memory}{ratios}"
    calls = f"{row['calls_per_second']:.0f} calls/s; " if "calls_per_second" in row else ""
    floor = row.get("floor", "")
    cycles = row.get("floor_cycles_per_packet")
    return calls + (f"{floor} ({cycles:.1f})" if cycles else floor)


def cells(row: dict) -> list[str]:
    def number(key: str, form: str) -> str:
        return format(row[key], form) if key in row else ""

    streams = bench_plot.streams_text(row["streams"]) if row.get("streams") else ""
    return [row["name"], row.get("shape", ""), number("workers", ".0f"), streams,
            number("mpps", ".2f"), number("cycles_per_packet", ".1f"),
            number("floor_ratio", ".2f"), remark(row)]


def line(row: dict) -> str:
    name, shape, workers, streams, mpps, cycles, ratio, what = cells(row)
    return (f"{row['bench']:8} {name:36} {shape:8} {workers:>7} {streams:>7} {mpps:>8} "
            f"{cycles:>9} {ratio:>6}  {what}").rstrip()


def machine() -> list[str]:
    with open("/proc/cpuinfo", encoding="utf-8") as info:
        model = next((text.split(":", 1)[1].strip() for text in info
                      if text.startswith("model name")), platform.machine())
    memory = os.sysconf("SC_PAGE_SIZE") * os.sysconf("SC_PHYS_PAGES") / 2**30
    return [f"- machine: {model}, {os.cpu_count()} CPUs, {memory:.0f} GiB",
            f"- system: {platform.freedesktop_os_release().get('PRETTY_NAME', 'unknown')}, "
            f"kernel {platform.release()}"]


def page(rows: list[dict], count: int, stolen: float, has_plot: bool) -> str:
    command = " ".join(["scripts/bench", *sys.argv[1:]])
    out = ["# Results", "", "Written by `scripts/bench --write-results`; `README.md` says how to read "
           "the figures.", "", *machine(),
           f"- date: {time.strftime('%Y-%m-%d')}", f"- command: `{command}`",
           f"- medians of {count} repeats; the host took {stolen:.1f} % of the CPUs meanwhile", ""]
    if has_plot:
        out += ["![Cycles per packet over the number of streams](growth.svg)", ""]
    for bench, title in TITLES.items():
        own = [row for row in rows if row["bench"] == bench]
        if own:
            out += [f"## {title}", "",
                    "| name | shape | workers | streams | Mpps | cycles per packet | floor ratio | "
                    "floor, or more |", "|---|---|--:|--:|--:|--:|--:|---|"]
            out += ["| " + " | ".join(cells(row)) + " |" for row in own] + [""]
    return "\n".join(out)


def write(rows: list[dict], folder: Path, count: int, stolen: float) -> None:
    """RESULTS.md, and growth.svg when there are at least two sizes."""
    lines = bench_plot.growth(rows)
    has_plot = len(lines.get("heptap", [])) > 1
    if has_plot:
        (folder / "growth.svg").write_text(bench_plot.svg(lines), encoding="utf-8")
    (folder / "RESULTS.md").write_text(page(rows, count, stolen, has_plot), encoding="utf-8")
