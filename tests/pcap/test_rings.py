# SPDX-License-Identifier: BSD-3-Clause
"""Rings of capture files, as tcpdump -C -W and dumpcap -b write: hundreds of files say what one says."""

from __future__ import annotations

import json

import pytest

import captures
from heptap_run import command, parse, read

CALLS = ("--seconds", 4, "--calls", 12, "--profiles", "clean,loss,reorder,vad")
SPLITS = {  # the file of the i-th of n packets, and how many files
    "one after the other": (lambda i, n: i * 300 // n, 300),
    "all at once": (lambda i, n: i % 100, 100),
    "overlapping": (lambda i, n: max(i * 300 // n - i % 3, 0), 300),
}


def split(records, way, folder):
    place, count = SPLITS[way]
    parts = [[] for _ in range(count)]
    for i, record in enumerate(records):
        parts[place(i, len(records))].append(record)
    paths = [folder / f"ring_{i:05}.pcap" for i in range(count)]
    for path, part in zip(paths, parts):
        captures.write(path, part)
    return paths


def in_no_file(run):
    """How many times were looked at depends on nothing else."""
    return [json.dumps(event, sort_keys=True) for event in run.steady]


@pytest.mark.parametrize("way", SPLITS)
def test_a_ring_says_what_one_file_says(way, generated, tmp_path):
    path, _ = generated(*CALLS)
    paths = split(captures.read(path), way, tmp_path)
    assert in_no_file(read(*reversed(paths))) == in_no_file(read(path))


def test_a_shell_names_the_files_of_a_ring(generated, tmp_path):
    """-r ring_*.pcap, before other options too; in a process with few descriptors."""
    path, _ = generated(*CALLS)
    paths = split(captures.read(path), "one after the other", tmp_path)
    run = command("-r", *paths, "--json", "-", prefix=("prlimit", "--nofile=100:1024"))
    assert (run.code, run.err) == (0, "")
    run.events = parse(run.out)
    assert in_no_file(run) == in_no_file(read(path))


def test_more_files_than_descriptors_may_be_are_refused(generated, tmp_path):
    path, _ = generated(*CALLS)
    paths = split(captures.read(path), "one after the other", tmp_path)
    run = command("-r", *paths, prefix=("prlimit", "--nofile=100:100"))
    assert (run.code, run.out) == (1, b"")
    assert run.err.startswith('heptap: could not open "') and run.err.endswith('": Too many open files\n')
