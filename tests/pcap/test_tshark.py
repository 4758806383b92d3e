# SPDX-License-Identifier: BSD-3-Clause
"""tshark, where it is installed, over the same generated captures as heptap: jitter and deltas must
agree. Left out are profiles in which tshark is not followed: see test_tshark_cases.py."""

from __future__ import annotations

import re
import shutil
import subprocess

import pytest

TSHARK = shutil.which("tshark")
pytestmark = pytest.mark.skipif(not TSHARK, reason="no tshark on this machine")

PROFILES = "clean,loss,burst,reorder,jitter,wrap,vad,ptime40,ssrcchange,early,late"
VARIANTS = {
    "ipv4": ("--seconds", 8, "--profiles", PROFILES, "--calls", 20, "--failed", 1),
    "ipv6": ("--seconds", 8, "--profiles", PROFILES, "--calls", 10, "--ipv6", "--seed", 9),
    "qinq": ("--seconds", 8, "--profiles", PROFILES, "--calls", 10, "--vlan", "7,8", "--seed", 4),
    "processes": ("--seconds", 20, "--profiles", "gilbert,drift,spikes,hold", "--calls", 16),
    "nanoseconds": ("--seconds", 8, "--profiles", "gilbert,spikes", "--calls", 8, "--nanoseconds"),
    "jitter": ("--seconds", 20, "--profiles", "jitter", "--calls", 12, "--seed", 21),
}
# Start End Source Port Destination Port SSRC Payload(s) Pkts Lost (%) 3 deltas 3 jitters
LINE = re.compile(r"\s+[\d.]+\s+[\d.]+\s+(\S+)\s+(\d+)\s+(\S+)\s+(\d+)\s+0x([0-9A-F]{8})\s+(.+?)"
                  r"\s+(\d+)\s+(-?\d+) \(.*?\)\s+([\d.]+)\s+([\d.]+)\s+([\d.]+)"
                  r"\s+(-?[\d.]+)\s+([\d.]+)\s+([\d.]+)")
MILLISECONDS = 0.01


def streams_of_tshark(path):
    text = subprocess.run([TSHARK, "-n", "-r", str(path), "-q", "-z", "rtp,streams"], check=True,
                          capture_output=True, text=True, timeout=120).stdout
    found = {}
    for line in text.splitlines():
        match = LINE.match(line)
        if match:
            src, sport, dst, dport, ssrc = match.groups()[:5]
            min_delta, mean_delta, max_delta, low, mean, high = map(float, match.groups()[8:])
            found[src, int(sport), dst, int(dport), f"0x{ssrc.lower()}"] = {
                "payloads": match[6].split(", "), "packets": int(match[7]), "lost": int(match[8]), "min_delta": min_delta,
                "mean_delta": mean_delta, "max_delta": max_delta, "min": low, "mean": mean,
                "max": high}
    return found


@pytest.mark.parametrize("variant", VARIANTS)
def test_heptap_and_tshark_agree(variant, generated, heptap):
    path, truth = generated(*VARIANTS[variant])
    theirs, run = streams_of_tshark(path), heptap(path)
    assert len(theirs) == len(run.streams) == truth["totals"]["streams"]
    for got in run.streams:
        key = got["SRC_IP"], got["SRC_PORT"], got["DST_IP"], got["DST_PORT"], got["SSRC"]
        want = theirs[key]
        assert (got["TOTAL_PK"], got["PACKET_LOSS"]) == (want["packets"], want["lost"])
        assert got["MEAN_JITTER"] == pytest.approx(want["mean"], abs=MILLISECONDS)
        assert got["MIN_JITTER"] == pytest.approx(want["min"], abs=MILLISECONDS)
        assert got["MAX_JITTER"] == pytest.approx(want["max"], abs=MILLISECONDS)
        assert got["MIN_DELTA"] == pytest.approx(want["min_delta"], abs=MILLISECONDS)
        assert got["MAX_DELTA"] == pytest.approx(want["max_delta"], abs=MILLISECONDS)
        assert got["DELTA"] == pytest.approx(want["mean_delta"], abs=MILLISECONDS)


NAMES = {"g711U": "pcmu", "g711A": "pcma"}


def test_both_name_all_codecs_of_a_stream(generated, heptap):
    """The first, those after it, and events: in the order in which they come."""
    path, _ = generated("--seconds", 8, "--profiles", "clean,codecswitch,dtmf", "--calls", 6)
    theirs = {key[4]: [NAMES.get(name, name) for name in s["payloads"]] for key, s in streams_of_tshark(path).items()}
    ours = {s["SSRC"]: [s[key] for key in ("CODEC_FIRST", "CODEC_NAME") if key in s] +
            ["telephone-event"] * ("EVENTS" in s) for s in heptap(path).streams}
    assert ours == theirs
    assert {len(names) for names in ours.values()} == {1, 2}
