# SPDX-License-Identifier: BSD-3-Clause
"""Filters choose the frames that tcpdump chooses, and what is left is measured as if the rest had not been."""

from __future__ import annotations

import subprocess

import pytest

import captures
import heptap_run
from captures import Record
from heptap_run import HEPTAP
from packets import START, request, udp
from test_copies import with_vlan

CALLS = ("--calls", 8, "--seconds", 2, "--profiles", "clean,loss", "--tcp")
EXPRESSIONS = [
    "udp", "tcp", "not udp", "udp port 5060", "port 5060 or portrange 20000-21000", "src net 198.51.100.0/30",
    "dst host 203.0.113.1 and udp", "greater 200", "less 100", "ip[8] > 60 and udp[8] & 0xc0 = 0x80",
    "tcp[tcpflags] & (tcp-syn|tcp-fin) != 0", "ether[12:2] = 0x0800", "ip6", "vlan 20 and udp", "icmp or arp",
    "udp[20:4] = 0x49504e56", "not (host 198.51.100.1 or host 203.0.113.2)", "ip[6:2] & 0x1fff = 0",
]


def tcpdump_count(path, expression):
    out = subprocess.run(["tcpdump", "-n", "-t", "-r", path, expression], capture_output=True, text=True, check=True)
    return sum(not line.startswith(("\t", " ")) for line in out.stdout.splitlines())


def taken(path, expression):
    summary = heptap_run.read(path, args=("--filter", expression)).summary
    assert summary["frames"] == sum(summary["outcomes"].values())
    return summary["frames"] - summary["outcomes"].get("filtered", 0)


@pytest.mark.parametrize("expression", EXPRESSIONS)
def test_chooses_as_tcpdump_does(expression, generated, tmp_path):
    bare, _ = generated(*CALLS)
    path = tmp_path / "a.pcap"
    captures.write(path, (Record(r.time_ns, with_vlan(r.frame) if i % 7 == 0 else r.frame)
                          for i, r in enumerate(captures.read(bare))))
    assert taken(path, expression) == tcpdump_count(path, expression)


@pytest.mark.parametrize("name", ["sip_websocket.pcap", "webrtc_meet.pcapng"])
def test_chooses_as_tcpdump_does_in_real_captures(name):
    path = heptap_run.SHARED / "captures" / name
    if not path.exists():
        pytest.skip("the shared captures are not there")
    for expression in ("udp", "tcp port 8080", "udp portrange 1024-40000 and greater 300"):
        assert taken(path, expression) == tcpdump_count(path, expression)


def test_what_is_left_is_measured_alike(generated, heptap, tmp_path):
    """One call of many, by its addresses."""
    bare, _ = generated(*CALLS)
    one = "host 198.51.100.1 or host 203.0.113.1"
    alone = tmp_path / "one.pcap"
    subprocess.run(["tcpdump", "-r", bare, "-w", alone, one], capture_output=True, check=True)
    run = heptap(bare, f'capture: {{filter: "{one}"}}\n')
    assert run.events[:-1] == heptap(alone).events[:-1] != []
    assert run.summary["outcomes"]["filtered"] > 0


@pytest.mark.parametrize("link, head", [(101, b""), (0, b"\2\0\0\0"), (113, bytes(14) + b"\x08\x00")])
def test_other_link_layers(link, head, tmp_path):
    """Raw IP, BSD loopback, Linux cooked: the same expression, compiled anew for each."""
    path = tmp_path / "a.pcap"
    captures.write(path, [Record(START + i, head + udp(0, port, port, request("OPTIONS", f"c{port}")).frame[14:])
                          for i, port in enumerate((5060, 5070, 5080))], link)
    assert taken(path, "udp port 5070") == 1
    assert taken(path, "ether host 1:2:3:4:5:6 or udp") == 0


def run_heptap(*args):
    return subprocess.run([HEPTAP, *map(str, args)], capture_output=True, text=True, check=False)


def test_a_wrong_expression_is_refused(generated, tmp_path):
    bare, _ = generated(*CALLS)
    for wrong in ("udp prot 5060", "host", "port 99999", "(udp"):
        run = run_heptap("-r", bare, "--filter", wrong)
        assert run.returncode == 2
        assert run.stderr.startswith(f'heptap: invalid filter for "--filter": "{wrong}": ')
        assert run.stderr.count("\n") == 1
    config = tmp_path / "a.yaml"
    for text, key in (('ports: [{device: eth0}, {device: eth1, filter: "udp prot"}]\n', 'ports[1].filter" of port "eth1'),
                      ('capture: {filter: "udp prot"}\n', "capture.filter")):
        config.write_text(text, encoding="utf-8")
        for args in ("--check-config",), ("-r", bare), ("-r", bare, "--filter", "udp"):
            run = run_heptap("-c", config, *args)
            assert (run.returncode, run.stdout, run.stderr.count("\n")) == (2, "", 1)
            assert run.stderr.startswith(f'{config}: invalid filter for "{key}": "udp prot": ')
    assert run_heptap("-r", bare, "--filter", "udp" + " or udp" * 100).returncode == 2


def test_ports_inherit_the_filter_of_capture(tmp_path):
    config = tmp_path / "a.yaml"
    config.write_text('ports:\n  - {device: eth0}\n  - {device: eth1, filter: "tcp"}\ncapture: {filter: "udp"}\n',
                      encoding="utf-8")
    printed = run_heptap("-c", config, "--print-config").stdout
    assert [line.split('"')[1] for line in printed.splitlines() if "filter:" in line] == ["udp", "tcp", "udp"]
    printed = run_heptap("-c", config, "--filter", "ip6", "--print-config").stdout
    assert [line.split('"')[1] for line in printed.splitlines() if "filter:" in line] == ["ip6"] * 3
