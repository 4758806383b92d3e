# SPDX-License-Identifier: BSD-3-Clause
"""Captures cut anywhere, and captures with octets changed anywhere: heptap reports what is there,
names the damage of a file, loses count of nothing and never crashes.

HEPTAP_ROBUST=full cuts 1,000 times instead of 60. Start-up is most of a run, and most of that is
waiting, so that two runs at a time take half as long."""

from __future__ import annotations

import bisect
import os
import random
import re
import struct
import subprocess
from collections import Counter
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

import pytest

import captures
from captures import FILE_HEADER, RECORD_HEADER, Record
from heptap_run import command, read
from live_pipe import block, pcapng_header, pcapng_record

IS_FULL = os.environ.get("HEPTAP_ROBUST", "quick") == "full"
TRUNCATIONS = 1000 if IS_FULL else 60
FLIPPED_FILES, FLIPS_PER_FILE, FILES_PER_RUN = 200, 500, 50
AT_ONCE = 2
CAPTURE = ("--seconds", 2, "--calls", 14)
SECOND = 1_000_000_000
TIMEOUT = 300

SIP, RTP, RTCP = {"sip"}, {"rtp", "rtp_unconfirmed"}, {"rtcp", "rtcp_unconfirmed"}


def kind_of(record: Record) -> str:
    """What a frame of make-pcap is, by its ports."""
    d = captures.datagram(record)
    if d is None or d.payload[:1] < b" " or 53 in (d.sport, d.dport):
        return "other"  # keep-alives, STUN, DNS
    if 5060 in (d.sport, d.dport):
        return "sip" if d.payload.strip() else "other"
    return "rtcp" if d.dport % 2 else "rtp"


def check_cut(path: Path, data: bytes, at: int, starts: list[int], kinds: list[str]) -> None:
    """A capture cut at an octet: starts are the offsets of all records, and the end."""
    path.write_bytes(data[:at])
    whole = bisect.bisect_right(starts, at) - 1
    is_clean = starts[whole] == at
    run = read(path, codes=(0,) if is_clean else (3,), timeout=TIMEOUT)
    path.unlink()
    assert run.summary["frames"] == whole
    if not is_clean:
        assert str(path) in run.summary["damage"]
        assert run.err == f"heptap: {run.summary['damage']}\n"
    want, got = Counter(kinds[:whole]), run.summary["outcomes"]
    for kind, names in (("sip", SIP), ("rtp", RTP), ("rtcp", RTCP)):
        assert sum(got[name] for name in names) == want[kind]


def record_starts(data: bytes) -> list[int]:
    starts = [FILE_HEADER]
    while starts[-1] < len(data):
        captured = struct.unpack_from("<I", data, starts[-1] + 8)[0]
        starts.append(starts[-1] + RECORD_HEADER + captured)
    return starts


def test_every_truncation_reports_all_before_it(generated, tmp_path, capsys):
    path, _ = generated(*CAPTURE)
    data, rng = path.read_bytes(), random.Random(4711)
    starts, kinds = record_starts(data), [kind_of(r) for r in captures.read(path)]
    assert starts[-1] == len(data)
    cuts = [FILE_HEADER, FILE_HEADER + 1, FILE_HEADER + RECORD_HEADER, len(data) - 1, starts[1],
            starts[-2], starts[-2] + RECORD_HEADER - 1]
    cuts += [rng.randrange(FILE_HEADER, len(data)) for _ in range(TRUNCATIONS - len(cuts))]
    with ThreadPoolExecutor(AT_ONCE) as pool:
        jobs = [pool.submit(check_cut, tmp_path / f"cut{i}.pcap", data, at, starts, kinds)
                for i, at in enumerate(cuts)]
        for job in jobs:
            job.result()
    with capsys.disabled():
        print(f"\n{len(cuts)} truncations of {len(data)} octets "
              f"(HEPTAP_ROBUST={'full' if IS_FULL else 'quick'})")


@pytest.mark.parametrize("captured", [0xFFFFFFFF, 0x7FFFFFFF, 262145])
def test_an_impossible_record_length_ends_the_file(captured, generated, tmp_path):
    path, _ = generated(*CAPTURE)
    data = bytearray(path.read_bytes())
    starts = record_starts(data)
    struct.pack_into("<I", data, starts[1000] + 8, captured)
    damaged = tmp_path / "length.pcap"
    damaged.write_bytes(data)
    run = read(damaged, codes=(3,))
    assert run.summary["frames"] == 1000
    assert str(damaged) in run.summary["damage"]


def flipped(records: list[Record], number: int, flips: int) -> list[Record]:
    """A copy with other values in so many octets of frames, an hour after the copy before."""
    rng = random.Random(number)
    frames = [bytearray(r.frame) for r in records]
    for _ in range(flips):
        frame = frames[rng.randrange(len(frames))]
        # The headers are a small part of the octets, and the larger part of the code.
        at = rng.randrange(min(len(frame), 60) if rng.random() < 0.5 else len(frame))
        frame[at] ^= rng.randrange(1, 256)
    later = number * 3600 * SECOND
    return [Record(r.time_ns + later, bytes(f)) for r, f in zip(records, frames)]


@pytest.fixture(scope="module", name="flips")
def flipped_files(generated, tmp_path_factory):
    records = captures.read(generated(*CAPTURE).path)
    folder, groups = tmp_path_factory.mktemp("flipped"), []
    for number in range(FLIPPED_FILES):
        path = folder / f"{number}.pcap"
        captures.write(path, flipped(records, number, FLIPS_PER_FILE))
        if number % FILES_PER_RUN == 0:
            groups.append([])
        groups[-1].append(path)
    yield len(records), groups
    for path in folder.iterdir():
        path.unlink()


def test_changed_octets_crash_nothing(flips, capsys):
    """Files of one run follow each other in time: each meets what the ones before left behind."""
    frames, groups = flips
    with ThreadPoolExecutor(AT_ONCE) as pool:
        runs = list(pool.map(lambda group: read(*group, timeout=TIMEOUT), groups))
    seen = Counter()
    for group, run in zip(groups, runs):
        assert run.summary["frames"] == frames * len(group)
        seen.update(run.outcomes)
    # The changes reached every layer.
    assert {"sip", "sip_malformed", "rtp", "rtp_unconfirmed", "rtcp", "not_ip", "ip_bad_header",
            "ip_other_protocol", "udp_bad_length", "unknown_udp", "ip_fragment"} <= set(seen)
    with capsys.disabled():
        print(f"\n{FLIPPED_FILES * FLIPS_PER_FILE} changed octets in {FLIPPED_FILES} files: "
              + ", ".join(f"{name} {n}" for name, n in sorted(seen.items())))


def test_changed_octets_give_the_same_figures_again(flips):
    _, groups = flips
    for group in (groups[0][:3], groups[1][:1], groups[-1][-2:]):
        first, second = read(*group, timeout=TIMEOUT), read(*group, timeout=TIMEOUT)
        assert first.steady == second.steady


def test_unchanged_copies_give_the_figures_of_one_each(generated, heptap, tmp_path):
    """The control of the above: without a change nothing of one copy shows in the next."""
    path, _ = generated(*CAPTURE)
    records, one = captures.read(path), heptap(path)
    copies = [tmp_path / f"{i}.pcap" for i in range(4)]
    for i, copy in enumerate(copies):
        captures.write(copy, flipped(records, i, 0))
    run = read(*copies)
    assert run.outcomes == {k: 4 * v for k, v in one.outcomes.items()}
    assert len(run.calls) == 4 * len(one.calls)
    assert len(run.streams) == 4 * len(one.streams)
    assert {s["RESTARTS"] for s in run.streams} == {0}


def snapped(path, snaplen: int, out: Path) -> Path:
    """What a capture with this snapshot length has."""
    captures.write(out, [Record(r.time_ns, r.frame[:snaplen]) for r in captures.read(path)])
    return out


@pytest.mark.parametrize("snaplen, cut, whole", [
    (54, {"sip", "rtcp"}, {"rtp"}), (80, {"sip", "rtcp"}, {"rtp"}), (100, {"sip"}, {"rtp", "rtcp"}),
    (400, set(), {"sip", "rtp", "rtcp"})])
def test_a_snapshot_length_takes_signalling_and_says_so(generated, heptap, tmp_path, snaplen, cut, whole):
    """Media is measured all the same: its size is from IP and UDP. Of RTCP 100 octets have the report."""
    path, _ = generated("--calls", 3, "--seconds", 6)
    all_of_it = heptap(path)
    run = read(snapped(path, snaplen, tmp_path / "cut.pcap"))
    want = {k: v for k, v in all_of_it.outcomes.items() if k in whole}
    assert {k: v for k, v in run.outcomes.items() if k != "signalling_cut"} == want
    assert run.outcomes.get("signalling_cut", 0) == sum(all_of_it.outcomes[k] for k in cut)
    for key in "SSRC", "TOTAL_PK", "PACKET_LOSS", "CODEC_PT", "TL_BYTE":
        assert sorted(s[key] for s in run.streams) == sorted(s[key] for s in all_of_it.streams), key
    if "rtcp" in whole:
        assert [e.get("report_blocks") for e in run.rtcp] == [e.get("report_blocks") for e in all_of_it.rtcp]


def test_over_tcp_what_a_snapshot_length_cut_is_no_segment_of_a_message(generated, tmp_path):
    path, _ = generated("--calls", 3, "--seconds", 6, "--tcp")
    run = read(snapped(path, 400, tmp_path / "cut.pcap"))
    assert run.outcomes["signalling_cut"] == sum(len(r.frame) > 400 for r in captures.read(path)) > 0


def test_the_table_says_that_descriptions_were_cut(generated, tmp_path):
    path, _ = generated("--calls", 3, "--seconds", 6)
    run = command("-r", snapped(path, 400, tmp_path / "cut.pcap"))
    assert re.search(r"\nnot seen whole:\n +[1-9]\d*  sip_cut ", run.out.decode())
    assert b"not seen whole" not in command("-r", path).out


def test_calls_of_which_one_direction_was_seen_are_not_cancelled(generated):
    """The caller's half: INVITE, ACK, media, BYE."""
    path, _ = generated("--calls", 3, "--seconds", 6, "--failed", 0)
    run = read(path, args=("--filter", "src net 198.51.100.0/24"))
    assert [(c["state"], c["answer"], c["streams"]) for c in run.calls] == 3 * [("completed", None, 1)]


def test_what_the_capture_left_too_little_of_is_no_protocol(generated, tmp_path):
    path, _ = generated("--calls", 3, "--seconds", 6)
    run = read(snapped(path, 50, tmp_path / "cut.pcap"))
    assert set(run.outcomes) <= {"unknown_cut", "rtcp_unconfirmed"}


def statistics(*drops: int) -> bytes:
    """What dumpcap writes at the end of a capture."""
    options = b"".join(struct.pack("<HHQ", code, 8, value) for code, value in zip((5, 7), drops))
    return block("<", 5, struct.pack("<III", 0, 0, 0) + options + struct.pack("<HH", 0, 0))


def test_what_was_dropped_while_the_capture_was_made_is_said(generated, heptap, tmp_path):
    """By the interface and behind it; nothing else becomes another."""
    path, _ = generated("--calls", 1, "--seconds", 2)
    whole = pcapng_header() + b"".join(map(pcapng_record, captures.read(path)))
    lossy, clean = tmp_path / "lossy.pcapng", tmp_path / "clean.pcapng"
    lossy.write_bytes(whole + statistics(7, 4))
    clean.write_bytes(whole + statistics(0))
    run = read(lossy, clean, warns=True)
    assert run.summary["counters"]["file_drops"] == 11
    assert run.summary["warnings"] == [
        f'11 packets were dropped while "{lossy}" was captured: what streams of it lost may have been there']
    assert read(clean).streams == heptap(path).streams == read(lossy, warns=True).streams


def test_what_was_dropped_before_a_packet_is_said(generated, heptap, tmp_path):
    """By epb_dropcount, as tshark reads it. Statistics tell of the same drops."""
    path, _ = generated("--calls", 1, "--seconds", 2)
    blocks = list(map(pcapng_record, captures.read(path)))
    for i, drops in ((3, 5), (40, 1), (len(blocks) - 1, 20)):
        body = blocks[i][8:-8] + struct.pack("<HHQI", 4, 8, drops, 0)  # behind its flags
        blocks[i] = block("<", 6, body)
    lossy, both = tmp_path / "lossy.pcapng", tmp_path / "both.pcapng"
    lossy.write_bytes(pcapng_header() + b"".join(blocks))
    both.write_bytes(pcapng_header() + b"".join(blocks) + statistics(20, 6))
    counts = subprocess.run(["tshark", "-r", both, "-T", "fields", "-e", "frame.drop_count"],
                            capture_output=True, text=True, check=True).stdout.split()
    assert sum(map(int, counts)) == 26
    for file in (lossy, both):
        run = read(file, warns=True)
        assert run.summary["counters"]["file_drops"] == 26
        assert run.streams == heptap(path).streams
