# SPDX-License-Identifier: BSD-3-Clause
"""The command line: what it prints, what it refuses, how it exits."""

from __future__ import annotations

import json
import os
import re
import shutil
import subprocess
import tempfile
from pathlib import Path

import pytest

import captures
import heptap_run
from heptap_run import ROOT, command, read

SMALL = ("--seconds", 2, "--calls", 14)
NOBODY = 65534


@pytest.fixture(name="small")
def small_capture(generated):
    return generated(*SMALL).path


@pytest.fixture(name="config")
def config_file(tmp_path):
    def write(text: str) -> Path:
        path = tmp_path / "test.yaml"
        path.write_text(text, encoding="utf-8")
        return path
    return write


def test_help_goes_to_standard_output():
    run = command("--help")
    assert (run.code, run.err) == (0, "")
    for option in ("-c FILE", "-r FILE", "-i INTERFACE", "--hep", "--json", "--check-config",
                   "--print-config", "--print-schema", "--list-ports", "--rate", "--version"):
        assert option in run.out.decode()
    assert command("-h").out == run.out


def test_version_names_the_libraries():
    run = command("--version")
    assert (run.code, run.err) == (0, "")
    lines = run.out.decode().splitlines()
    assert lines[0].split()[0] == "heptap"
    for library in ("DPDK 2", "Hyperscan 5", "libpcap", "libyaml", "jemalloc"):
        assert any(line.startswith(library) for line in lines)


def test_list_ports_names_the_loopback_interface():
    run = command("--list-ports")
    assert run.code == 0
    assert any(line.split()[0] == "lo" for line in run.out.decode().splitlines())


@pytest.mark.parametrize("args, words", [
    (["--bogus"], 'unrecognized option "--bogus"'),
    (["-x"], 'unrecognized option "-x"'),
    (["-r"], 'option "-r" needs an argument'),
    (["a.pcap"], 'unexpected argument "a.pcap": -r goes before capture files'),
    (["-r", "-", "a.pcap", "-"], "standard input is given twice"),
    (["-i", "eth0", "eth1"], 'unexpected argument "eth1" (try'),
    ([], "nothing to do"),
    (["--check-config"], "--check-config needs -c FILE"),
    (["-r", "a.pcap", "-i", "lo"], "-r and -i cannot be combined"),
    (["-r", "a.pcap"] * 2000 + ["-r", *["a.pcap"] * 2097], 'too many files at "a.pcap": at most 4096'),
    (["-i", "x" * 300], "is too long"),
    (["-r", "-", "-r", "-"], "standard input is given twice"),
    (["-r", "a.pcap", "--json", "-", "--json", "-"], 'option "--json" is given twice'),
    (["-r", "a.pcap", "--filter", "udp", "--filter", "tcp"], 'option "--filter" is given twice'),
    (["-r", "a.pcap", *["--hep", "udp:127.0.0.1:9060"] * 2], 'collector "udp:127.0.0.1:9060" is given twice'),
    (["-i", "eth0", "-i", "eth1"], 'option "-i" is given twice'),
    (["-c", "a.yaml", "-c", "b.yaml"], 'option "-c" is given twice'),
])
def test_wrong_arguments_exit_2(args, words):
    run = command(*args)
    assert (run.code, run.out) == (2, b"")
    assert words in run.err
    assert len(run.err.splitlines()) == 1


@pytest.mark.parametrize("collector", [
    "bogus", "udp:", "udp:127.0.0.1", "udp:127.0.0.1:0", "udp:127.0.0.1:70000", "udp:::1:9060",
    "sctp:127.0.0.1:9060", "udp:127.0.0.300:9060", "udp:homer..example:9060", "udp:[homer.example]:9060"])
def test_a_bad_collector_exits_2(collector, small):
    run = command("-r", small, "--hep", collector)
    assert (run.code, run.out) == (2, b"")
    assert re.match(f'heptap: (IPv6 address of )?collector "{re.escape(collector)}" ', run.err)
    assert run.err.count("collector") == len(run.err.splitlines()) == 1


def test_a_missing_file_exits_1(tmp_path):
    run = command("-r", tmp_path / "none.pcap")
    assert run.code == 1
    assert run.err == f'heptap: could not open "{tmp_path}/none.pcap": No such file or directory\n'


def test_what_is_no_capture_exits_1(tmp_path):
    path = tmp_path / "text"
    path.write_bytes(b"not a capture, by its looks\n" * 9)
    run = command("-r", path)
    assert (run.code, run.out, run.err) == (1, b"", f'heptap: could not read "{path}": unknown file format\n')


@pytest.mark.parametrize("octets", [0, 1, 3, 4, 23])
def test_a_file_cut_in_its_header_exits_3(octets, small, tmp_path):
    """As one is whose capture has just begun; other files are read."""
    path = tmp_path / "cut.pcap"
    path.write_bytes(small.read_bytes()[:octets])
    damage = f'heptap: "{path}": {"truncated in the file header" if octets else "it is empty"}\n'
    alone, both = read(path, codes=(3,)), read(path, small, codes=(3,))
    assert (alone.summary["frames"], alone.err) == (0, damage)
    assert (both.summary["frames"], both.err) == (read(small).summary["frames"], damage)


def test_a_link_type_that_is_not_known_exits_1(tmp_path):
    path = tmp_path / "radio.pcap"
    captures.write(path, [], link=105)  # IEEE 802.11
    run = command("-r", path)
    assert run.code == 1
    assert "link type 105 (IEEE802_11) is not supported" in run.err


def test_an_empty_capture_is_read(tmp_path):
    path = tmp_path / "empty.pcap"
    captures.write(path, [])
    run = read(path)
    assert run.events == [run.summary]
    assert run.summary["frames"] == 0


@pytest.mark.parametrize("text, message", [
    ("hep:\n  node_idd: 1\n", '2:3: unrecognized key "node_idd"'),
    ("limits:\n  streams: 999\n", '2:12: "streams" is 999, must be between 1000 and 16000000'),
    ("hep:\n  sip: yes\n", '2:8: "sip" must be true or false, not "yes"'),
    ("hep: {sip: true, sip: true}\n", '1:18: repeated key "sip"'),
    ("quality:\n  report_interval: 4k\n", '2:20: '),
    ("hep: {collectors: [{address: 'udp:10.0.0.300:9060'}]}\n",
     '1:30: collector "udp:10.0.0.300:9060" has no valid host'),
    ("hep: [\n", '1:6: "hep" must be a section of keys, not a list'),
    ("hep: {sip: true\n", "2:1: "),
])
def test_a_bad_configuration_exits_2_and_says_where(text, message, config, small):
    path = config(text)
    for args in (["-c", path, "--check-config"], ["-c", path, "-r", small]):
        run = command(*args)
        assert (run.code, run.out) == (2, b"")
        assert run.err.startswith(f"{path}:{message}")
        assert len(run.err.splitlines()) == 1


@pytest.mark.parametrize("ports", ["queues: 4, descriptors: 32768", "queues: 1"])
def test_packet_memory_that_cannot_hold_the_queues_exits_2(ports, config):
    path = config(f"ports: [{{device: lo, {ports}}}]\nmemory: {{packet: 16M}}\n")
    run = command("-c", path, "--check-config")
    assert (run.code, run.out) == (2, b"")
    words = re.fullmatch(rf"{path}: memory\.packet is 16M, must be at least (\d+)M for ports\[\]\.queues, .*\n", run.err)
    assert words, run.err
    assert command("-c", config(path.read_text(encoding="utf-8").replace("16M", f"{words[1]}M")), "--check-config").code == 0


def test_check_config_asks_no_name_server(config):
    """Of a name that nobody can ever resolve (RFC 6761)."""
    run = command("-c", config("hep: {collectors: [{address: 'udp:homer.invalid:9060'}]}\n"), "--check-config")
    assert (run.code, run.err) == (0, "")


def test_quickstart_takes_a_path_from_where_it_is_called(small, tmp_path):
    """In a tree of its own, where nothing is to be installed and built."""
    for name in "scripts/bootstrap", "bin/ninja":
        (tmp_path / name).parent.mkdir()
        (tmp_path / name).write_text("#!/bin/sh\n", encoding="utf-8")
        (tmp_path / name).chmod(0o755)
    shutil.copy(ROOT / "scripts/quickstart", tmp_path / "scripts")
    (tmp_path / "build/probe").mkdir(parents=True)
    (tmp_path / "build/build.ninja").touch()
    (tmp_path / "build/probe/heptap").symlink_to(heptap_run.HEPTAP)
    done = subprocess.run([tmp_path / "scripts/quickstart", small.name], cwd=small.parent, capture_output=True,
                          env={**os.environ, "PATH": f"{tmp_path}/bin:{os.environ['PATH']}"}, check=False)
    assert (done.returncode, done.stderr) == (0, b"")
    assert done.stdout.partition(b"\n")[2] == command("-r", small).out


@pytest.mark.parametrize("name", ["none.pcap", "."])
def test_quickstart_looks_for_the_capture_before_it_builds(name, tmp_path):
    (tmp_path / "scripts").mkdir()
    (tmp_path / "scripts/bootstrap").write_text("#!/bin/sh\necho built\n", encoding="utf-8")
    (tmp_path / "scripts/bootstrap").chmod(0o755)
    shutil.copy(ROOT / "scripts/quickstart", tmp_path / "scripts")
    done = subprocess.run([tmp_path / "scripts/quickstart", name], cwd=tmp_path, capture_output=True, check=False)
    assert (done.returncode, done.stdout, done.stderr) == (1, b"", f'quickstart: could not read "{name}"\n'.encode())


def test_a_missing_configuration_exits_2(tmp_path):
    run = command("-c", tmp_path / "none.yaml", "--check-config")
    assert run.code == 2
    assert "No such file or directory" in run.err


def test_check_config_accepts_the_one_that_ships():
    path = ROOT / "config/heptap.yaml"
    run = command("-c", path, "--check-config")
    assert (run.code, run.out.decode(), run.err) == (0, f"{path}: valid\n", "")


@pytest.mark.parametrize("text", [
    "", "ports: [{device: eth7, queues: 3}]\nhep:\n  node_name: \"a \\\"b\\\"\"\n"
        "  collectors: [{address: 'udp:[2001:db8::1]:9060', rate: 7}]\n"
        "quality: {report_interval: 90s, g711_plc: false}\nlimits: {streams: 0x1000}\n"])
def test_print_config_loads_back_equal(text, config):
    first = command("-c", config(text), "--print-config")
    assert (first.code, first.err) == (0, "")
    second = command("-c", config(first.out.decode()), "--print-config")
    assert (second.code, second.out) == (0, first.out)
    if text:
        assert b"report_interval: 90s" in first.out
        assert first.out != command("--print-config").out
    else:
        assert first.out == command("--print-config").out


def test_print_schema_has_every_key_of_print_config():
    schema = command("--print-schema")
    assert (schema.code, schema.err) == (0, "")
    path: list[str] = []
    for line in command("--print-config").out.decode().splitlines():
        depth = (len(line) - len(line.lstrip())) // 2
        path = [*path[:depth], line.strip().partition(":")[0]]
        if not line.endswith(":"):
            assert f"| `{'.'.join(path)}` |" in schema.out.decode()
    assert len(path) == 2


def test_standard_input_is_read_like_a_file(small):
    """But for the order in which a pipe's calls and streams are written."""
    from_file, from_input = read(small), read("-", stdin=small.read_bytes())
    assert sorted(from_input.steady, key=json.dumps) == sorted(from_file.steady, key=json.dumps)


def test_the_same_capture_gives_the_same_output_byte_for_byte(small):
    runs = [read(small).out for _ in range(3)]
    assert runs[0]
    assert runs[0] == runs[1] == runs[2]


def test_several_files_are_merged_by_time(generated, tmp_path):
    """A capture dealt out to three files, read back in any order."""
    path, _ = generated(*SMALL)
    records, whole = captures.read(path), read(path)
    parts = [tmp_path / f"{i}.pcap" for i in range(3)]
    for i, part in enumerate(parts):
        captures.write(part, [r for n, r in enumerate(records) if n * 7 % 10 % 3 == i])
    assert read(*parts).steady == whole.steady
    assert read(*reversed(parts)).steady == whole.steady


def test_json_to_a_file_leaves_standard_output_to_the_tables(small, tmp_path):
    path = tmp_path / "out.json"
    run, to_screen = command("-r", small, "--json", path), read(small)
    table_only = command("-r", small)
    assert (run.code, run.err) == (0, "")
    run.events = heptap_run.parse(path.read_bytes())
    assert run.steady == to_screen.steady
    assert run.out == table_only.out
    text = run.out.decode()
    assert f"{len(to_screen.calls)} calls:" in text
    assert f"{len(to_screen.streams)} streams " in text
    for call in to_screen.calls:
        assert call["call_id"] in text


def test_json_does_not_empty_the_configuration(small, tmp_path):
    path = tmp_path / "c.yaml"
    path.write_text("quality: {report_interval: 2s}\n", encoding="utf-8")
    run = command("-r", small, "-c", path, "--json", path)
    assert (run.code, run.err) == (1, f'heptap: "{path}" cannot be read and written at once\n')
    assert path.read_text(encoding="utf-8") == "quality: {report_interval: 2s}\n"


def test_json_does_not_empty_what_comes_on_standard_input(small, tmp_path):
    path = tmp_path / "in.pcap"
    path.write_bytes(small.read_bytes())
    with path.open("rb") as capture:
        done = subprocess.run([str(heptap_run.HEPTAP), "-r", "-", "--json", str(path)],
                              stdin=capture, capture_output=True, check=False, timeout=60)
    said = f'heptap: "{path}" cannot be read and written at once\n'
    assert (done.returncode, done.stderr.decode()) == (1, said)
    assert path.read_bytes() == small.read_bytes()


def test_json_that_cannot_be_written_exits_1(small, tmp_path):
    run = command("-r", small, "--json", tmp_path / "none/out.json")
    assert run.code == 1
    assert f'could not open "{tmp_path}/none/out.json"' in run.err
    run = command("-r", small, "--json", "/dev/full")
    assert run.code == 1
    assert run.err == 'heptap: could not write "/dev/full": No space left on device\n'


@pytest.mark.parametrize("option", ["--help", "--version", "--print-config", "--print-schema"])
def test_what_cannot_be_printed_exits_1(option):
    for target in ("/dev/full", "&-"):
        run = command(option, prefix=("sh", "-c", f'exec "$@" >{target}', "sh"))
        assert (run.code, run.err) == (1, "heptap: could not write standard output\n")


def test_json_that_cannot_be_printed_exits_1(small):
    run = command("-r", small, "--json", "-", prefix=("sh", "-c", 'exec "$@" >/dev/full', "sh"))
    assert (run.code, run.err) == (1, "heptap: could not write standard output: No space left on device\n")


def test_a_standard_input_that_is_closed_exits_1():
    run = command("-r", "-", prefix=("sh", "-c", 'exec "$@" <&-', "sh"), timeout=20)
    assert run.code == 1
    assert 'could not read "standard input"' in run.err


def test_a_damaged_file_exits_3_and_names_the_damage(small, tmp_path):
    path = tmp_path / "cut.pcap"
    path.write_bytes(small.read_bytes()[:-7])
    run, whole = read(path, codes=(3,)), read(small)
    assert run.summary["frames"] == whole.summary["frames"] - 1
    assert str(path) in run.summary["damage"]
    assert run.err == f"heptap: {run.summary['damage']}\n"
    table = command("-r", path)
    assert table.code == 3
    assert b"calls:" in table.out


def test_one_damaged_file_of_several_does_not_stop_the_others(small, generated, tmp_path):
    """What follows the damage in another file is still read."""
    other, _ = generated("--seconds", 2, "--calls", 3, "--seed", 8)
    cut = tmp_path / "cut.pcap"
    cut.write_bytes(small.read_bytes()[:100_000])
    alone = read(cut, codes=(3,)).summary["frames"]
    run = read(cut, other, codes=(3,))
    assert run.summary["frames"] == alone + read(other).summary["frames"]


@pytest.mark.skipif(os.geteuid() != 0, reason="already runs unprivileged")
def test_a_capture_is_read_without_privileges():
    """As nobody, who can neither write here nor read pytest's folders."""
    with tempfile.TemporaryDirectory() as folder:
        os.chmod(folder, 0o755)
        path, program = Path(folder) / "calls.pcap", Path(folder) / "heptap"
        truth = heptap_run.make_pcap(path, *SMALL)
        shutil.copy(heptap_run.HEPTAP, program)
        path.chmod(0o644)
        program.chmod(0o755)
        done = subprocess.run(
            ["setpriv", f"--reuid={NOBODY}", f"--regid={NOBODY}", "--clear-groups",
             "--inh-caps=-all", "--bounding-set=-all", str(program), "-r", str(path),
             "--json", "-"], capture_output=True, cwd="/", timeout=120, check=False)
        assert (done.returncode, done.stderr) == (0, b"")
        summary = heptap_run.parse(done.stdout)[-1]
        assert summary["frames"] == truth["totals"]["frames"]
        assert summary["streams"] == truth["totals"]["streams"]


def test_the_number_of_workers_changes_no_result(generated, config):
    """One to four workers, on the CPUs there are."""
    path, _ = generated("--seconds", 4, "--calls", 40)
    cpus = sorted(os.sched_getaffinity(0))
    results = []
    for count in range(1, 5):
        workers = ",".join(str(cpus[i % len(cpus)]) for i in range(count))
        file = config(f'cores: {{workers: "{workers}", share: true}}\n')
        run = read(path, args=("-c", file))
        events = [e for e in run.events if e["event"] != "summary"]
        events.sort(key=json.dumps)
        results.append((events, run.summary["outcomes"]))
    assert len(results[0][0]) > 100
    assert all(r == results[0] for r in results)
