#!/usr/bin/env python3
# SPDX-License-Identifier: BSD-3-Clause
"""Compares what heptap said of live traffic with what it says of the capture that was replayed.

live_check.py same LIVE.json FILE.json TRUTH.json [HEP.json]
live_check.py times LIVE.json SENT.json
live_check.py vlan LIVE.json VLAN
live_check.py filtered LIVE.json FILE.json
live_check.py drops LIVE.json FILE.json
live_check.py telemetry ANSWERS FRAMES
"""

from __future__ import annotations

import json
import sys
from collections import Counter

COMMANDS = {
    "info": {"version", "mode", "shape", "start", "rx", "workers", "ports", "node_id", "node_name",
             "hugepages"},
    "stats": {"frames", "sip", "rtp", "rtcp", "media_shed", "signalling_shed", "hep_made",
              "streams_opened", "streams_closed", "calls_opened", "media_published"},
    "ports": {"device", "driver", "queues", "link_up", "speed_mbps", "received", "received_bytes",
              "missed", "errors", "no_mbuf", "mbufs_free", "mbufs_total", "time", "nic_time_used",
              "nic_time_refused"},
    "workers": {"worker", "lcore", "streams_open", "streams_max", "rtp_pending", "rtp", "sip",
                "rtcp", "loops", "loops_busy"},
    "rings": {"ring", "used", "size"},
    "calls": {"call_id", "start", "streams_open", "streams", "method", "from", "to", "state",
              "code"},
    "streams": {"src", "src_port", "dst", "dst_port", "ssrc", "call_id", "codec", "packets", "lost",
                "jitter_ms"},
    "hep": {"collectors", "made", "sent", "queued", "too_large", "no_buffer", "queue_full",
            "interrupted", "refused", "would_block", "failed"},
    "memory": {"jemalloc_allocated", "jemalloc_resident", "hugepages_total", "process_resident",
               "stream_table_bound"},
}
LISTS = ("ports", "workers", "rings", "calls", "streams")


def require(is_true: bool, what: str, detail: object = "") -> None:
    """One line a check; the first that fails ends the test."""
    if not is_true:
        print(f"FAILED: {what}: {detail}")
        sys.exit(1)
    print(f"ok: {what}")


def read_lines(path: str) -> list[dict]:
    with open(path, encoding="utf-8") as lines:
        return [json.loads(line) for line in lines]


def events(path: str) -> dict[str, list[dict]]:
    out: dict[str, list[dict]] = {"call": [], "stream": [], "rtcp": [], "finding": [], "summary": []}
    for line in read_lines(path):
        out[line["event"]].append(line)
    return out


def call_facts(call: dict) -> tuple:
    return tuple(call[k] for k in ("call_id", "method", "from", "to", "state", "code", "messages",
                                   "streams"))


def stream_facts(s: dict) -> tuple:
    return tuple(s[k] for k in ("SRC_IP", "SRC_PORT", "DST_IP", "DST_PORT", "SSRC",
                                "CORRELATION_ID", "CODEC_NAME", "TOTAL_PK", "EXPECTED_PK",
                                "PACKET_LOSS", "DUP_PK", "OUT_ORDER"))


def differences(live: list[tuple], file: list[tuple]) -> str:
    left, right = Counter(live), Counter(file)
    return f"only live {list((left - right))[:3]}, only in the file {list((right - left))[:3]}"


def check_frames(live: dict, file: dict, truth: dict) -> None:
    total = sum(live["outcomes"].values())
    port = live["ports"][0]
    require(live["frames"] == truth["totals"]["frames"] == total,
            f"{live['frames']} frames received = frames replayed = sum of outcomes",
            (live["frames"], truth["totals"]["frames"], total, port))
    require(port["received"] == live["frames"] and
            not any(port[k] for k in ("missed", "errors", "no_mbuf")),
            "port: all received, none missed, no errors, buffers always free", port)
    require(live["outcomes"] == file["outcomes"], "every outcome is the file's",
            {k: (v, file["outcomes"][k]) for k, v in live["outcomes"].items()
             if v != file["outcomes"][k]})


def check_hep(live: dict, path: str) -> None:
    hep, got = live["hep"], read_lines(path)
    types = Counter(m["type"] for m in got)
    dropped = sum(hep["dropped"].values())
    require(hep["made"] == hep["sent"] + dropped == len(got) and not dropped,
            f"{len(got)} HEP messages made = sent = received", (hep, len(got)))
    want = Counter({1: live["outcomes"]["sip"], 5: live["rtcp_packets"],
                    34: live["counters"]["reports_final"] + live["counters"]["reports_periodic"]})
    require(types == want, "HEP: one per SIP message, RTCP compound and report", (types, want))


def times(live_path: str, sent_path: str) -> None:
    """The capture's own times are gone: tcpdump has noted when the kernel sent each frame."""
    keys = ("start", "answer", "end")
    live, sent = ({c["call_id"]: c for c in events(p)["call"]} for p in (live_path, sent_path))
    off = [live[i][k] - c[k] for i, c in sent.items() for k in keys if c[k]]
    require(live.keys() == sent.keys() and len(off) > len(sent), "tcpdump saw the same calls",
            (sorted(live), sorted(sent)))
    require(max(map(abs, off)) < 0.25,
            "calls began, were answered and ended when the frames were sent, within 0.25 s",
            f"{min(off):.6f} to {max(off):.6f}")


def same(live_path: str, file_path: str, truth_path: str, hep_path: str = "") -> None:
    live, file = events(live_path), events(file_path)
    with open(truth_path, encoding="utf-8") as stream:
        truth = json.load(stream)
    totals = truth["totals"]
    check_frames(live["summary"][0], file["summary"][0], truth)
    a, b = sorted(map(call_facts, live["call"])), sorted(map(call_facts, file["call"]))
    require(a == b and len(a) == totals["calls"],
            f"{len(a)} calls as in the file: Call-ID, parties, state, code", differences(a, b))
    a, b = sorted(map(stream_facts, live["stream"])), sorted(map(stream_facts, file["stream"]))
    require(a == b and len(a) == totals["streams"],
            f"{len(a)} streams as in the file: addresses, SSRC, call, codec, packets, lost, "
            "duplicate, reordered", differences(a, b))
    found = [sum(s[i] for s in a) for i in (-3, -2, -1)]
    require(found == [totals["lost"], totals["dup"], totals["reordered"]],
            f"lost, duplicate, reordered are the truth's {found}", totals)
    if hep_path:
        check_hep(live["summary"][0], hep_path)


def vlan(path: str, wanted: str) -> None:
    ids = Counter(s["INFO_VLAN"] for s in events(path)["stream"])
    require(set(ids) == {int(wanted)}, f"every stream has VLAN {wanted}", ids)


def filtered(live_path: str, file_path: str) -> None:
    live, file = events(live_path), events(file_path)
    outcomes, wanted = live["summary"][0]["outcomes"], file["summary"][0]["outcomes"]
    require(outcomes == wanted and wanted["filtered"] > 0 and wanted["rtp"] > 0,
            f"the outcomes of live and file: {wanted}", outcomes)
    require(len(live["call"]) == len(file["call"]) > 0, "as many calls", len(live["call"]))


def drops(live_path: str, file_path: str) -> None:
    """In the middle frames were dropped before the probe, where no stream begins or ends; none is reordered."""
    live, file = events(live_path), events(file_path)
    summary, wanted = live["summary"][0], file["summary"][0]["outcomes"]
    port = summary["ports"][0]
    fewer = {k: n - summary["outcomes"][k] for k, n in wanted.items()}
    require(port["missed"] > 1000 and sum(fewer.values()) == port["missed"] and min(fewer.values()) >= 0,
            f"what lacks of the file's outcomes are the {port['missed']} frames that the port missed", (fewer, port))
    ours, theirs = ({(s["SRC_IP"], s["SRC_PORT"], s["SSRC"]): s for s in e["stream"]} for e in (live, file))
    require(ours.keys() == theirs.keys(), f"the same {len(ours)} streams", ours.keys() ^ theirs.keys())
    wrong = [(k, s["EXPECTED_PK"], s["CAP_DROP"], theirs[k]["EXPECTED_PK"]) for k, s in ours.items()
             if s["EXPECTED_PK"] + s["CAP_DROP"] != theirs[k]["EXPECTED_PK"]]
    dropped = sum(s["CAP_DROP"] for s in ours.values())
    require(not wrong, f"of each, expected and dropped ({dropped} in all) are what the file's expects", wrong)
    blamed = [(k, s["PACKET_LOSS"], s["CAP_DROP"], theirs[k]["PACKET_LOSS"]) for k, s in ours.items()
              if s["PACKET_LOSS"] > theirs[k]["PACKET_LOSS"]]
    require(not blamed, "none has lost more than the file's: what the port dropped is not the network's", blamed)
    lacking = sum(s[k] for s in theirs.values() for k in ("TOTAL_PK", "DUP_PK")) - \
        sum(s[k] for s in ours.values() for k in ("TOTAL_PK", "DUP_PK"))
    require(lacking == fewer["rtp"], f"{lacking} packets lack of streams, as of RTP", fewer)


def check_sums(answers: dict, frames: int) -> None:
    stats, port = answers["stats"], answers["ports"]["0"]
    names = list(stats)
    # Outcomes stand between "frames" and the first counter that is none.
    outcomes = names[names.index("frames") + 1:names.index("sip_requests")]
    total = sum(stats[k] for k in outcomes)
    require(0 < stats["frames"] <= frames and abs(stats["frames"] - total) <= 64,
            "stats: outcomes add up to frames, but for what is on its way", (stats["frames"], total))
    require(port["received"] >= stats["frames"] and port["missed"] == 0,
            "ports: received as many as were taken, none missed", port)
    workers = answers["workers"].values()
    streams_open = sum(w["streams_open"] for w in workers)
    opened = stats["streams_opened"] - stats["streams_closed"]
    require(abs(streams_open - opened) <= 1, "workers: streams opened = closed + open",
            (streams_open, opened))
    require(stats["calls_opened"] > 0 and len(answers["calls"]) > 0, "calls are listed",
            answers["calls"])
    require(any(s["call_id"] for s in answers["streams"].values()),
            "streams are listed with their calls", answers["streams"])
    scored = [s for s in answers["streams"].values() if "r" in s]
    order = [float(s["r"]) for s in scored]
    require(scored and order == sorted(order) and
            {s["mos_scale"] for s in scored} <= {"NB", "WB", "FB"},
            "streams come by R, the worst first, each with its scale", answers["streams"])


def telemetry(path: str, frames: str) -> None:
    """One JSON object a line, as dpdk-telemetry.py prints them."""
    answers: dict = {}
    for line in read_lines(path):
        for command, answer in line.items():
            if command == "/help":
                text = answer.get("/heptap/info", "")
                require("Takes no parameters" in text, "/help,/heptap/info has help text", answer)
            else:
                answers[command.removeprefix("/heptap/")] = answer
    for name, keys in COMMANDS.items():
        answer = answers.get(name)
        rows = list(answer.values()) if name in LISTS and answer else [answer or {}]
        missing = [keys - set(row) for row in rows if not keys <= set(row)]
        require(not missing, f"/heptap/{name} answers with its keys", missing)
    check_sums(answers, int(frames))


if __name__ == "__main__":
    {"same": same, "times": times, "vlan": vlan, "filtered": filtered,
     "drops": drops, "telemetry": telemetry}[sys.argv[1]](*sys.argv[2:])
