# SPDX-License-Identifier: BSD-3-Clause
"""Runs heptap on capture files and checks that nothing was lost silently, every time."""

from __future__ import annotations

import json
import os
import subprocess
import sys
from dataclasses import dataclass, field
from pathlib import Path

ROOT = Path(__file__).resolve().parents[2]
HEPTAP = Path(os.environ.get("HEPTAP", ROOT / "build/probe/heptap")).resolve()
SHARED = Path(os.environ.get("HEPTAP_SHARED", ROOT.parent / "shared")).resolve()
MAKE_PCAP = ROOT / "scripts/make-pcap"
HEP_DUMP = ROOT / "scripts/hep-dump"

# How often the worker's loop turned depends on the machine's mood, everything else on the capture.
UNSTEADY = ("loops", "loops_busy")


@dataclass
class Run:
    """One finished run and what it said."""
    code: int
    out: bytes
    err: str
    events: list[dict] = field(default_factory=list)

    def of(self, kind: str) -> list[dict]:
        return [e for e in self.events if e["event"] == kind]

    @property
    def calls(self) -> list[dict]:
        return self.of("call")

    @property
    def streams(self) -> list[dict]:
        return self.of("stream")

    @property
    def rtcp(self) -> list[dict]:
        return self.of("rtcp")

    @property
    def summary(self) -> dict:
        return self.of("summary")[0]

    @property
    def outcomes(self) -> dict:
        """Those that happened."""
        return {k: v for k, v in self.summary["outcomes"].items() if v}

    @property
    def steady(self) -> list[dict]:
        """All events without the counters that no two runs share."""
        events = json.loads(json.dumps(self.events))
        for event in events:
            for name in UNSTEADY:
                event.get("counters", {}).pop(name, None)
        return events


def check_conservation(summary: dict) -> None:
    counters, hep = summary["counters"], summary["hep"]
    assert sum(summary["outcomes"].values()) == summary["frames"]
    assert hep["made"] == hep["sent"] + sum(hep["dropped"].values())
    assert counters["streams_opened"] == counters["streams_closed"]
    assert counters["calls_opened"] == counters["calls_closed"]
    assert counters["candidates_opened"] == (
        counters["candidates_confirmed"] + counters["candidates_dropped"])
    assert counters["media_published"] >= counters["media_withdrawn"]
    assert summary["lines_dropped"] == 0
    assert summary["calls"] == counters["calls_opened"]
    assert summary["streams"] == counters["streams_opened"]


def parse(out: bytes) -> list[dict]:
    events = [json.loads(line) for line in out.splitlines()]
    assert [e["event"] for e in events].count("summary") == 1
    assert events[-1]["event"] == "summary"
    check_conservation(events[-1])
    return events


def command(*args: object, stdin: bytes | None = None, timeout: float = 120,
            prefix: tuple[str, ...] = ()) -> Run:
    """Any command line of heptap; the output is left alone."""
    done = subprocess.run([*prefix, str(HEPTAP), *map(str, args)], input=stdin or b"",
                          capture_output=True, timeout=timeout, check=False)
    return Run(done.returncode, done.stdout, done.stderr.decode(errors="replace"))


def read(*files: object, args: tuple = (), codes: tuple[int, ...] = (0,),
         stdin: bytes | None = None, prefix: tuple[str, ...] = (), timeout: float = 120,
         warns: bool = False) -> Run:
    """heptap -r FILE.. --json -, which must end with one of codes. warns: of the files' time stamps."""
    inputs = [x for file in files for x in ("-r", file)]
    run = command(*inputs, "--json", "-", *args, stdin=stdin, prefix=prefix, timeout=timeout)
    assert run.code in codes, f"exit code {run.code}: {run.err[-2000:]}"
    if run.code in (0, 3):
        run.events = parse(run.out)
        assert ("damage" in run.summary) == (run.code == 3)
        assert warns == bool(run.summary["warnings"])
    if run.code == 0:
        assert run.err == "".join(f"heptap: warning: {w}\n" for w in run.summary["warnings"])
    return run


def make_pcap(out: Path, *args: object) -> dict:
    """A generated capture; returns its truth."""
    subprocess.run([sys.executable, str(MAKE_PCAP), str(out), *map(str, args)], check=True)
    return json.loads(Path(f"{out}.truth.json").read_text(encoding="utf-8"))
