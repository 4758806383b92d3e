# SPDX-License-Identifier: BSD-3-Clause
"""The same calls in every encapsulation, and in stacks of them: what is said of them is the same."""

from __future__ import annotations

import random
import subprocess
import sys

import pytest

import captures
from heptap_run import ROOT
from test_shapes import FEW, check_shapes

sys.path.insert(0, str(ROOT / "scripts"))
import tunnels  # noqa: E402  pylint: disable=wrong-import-position

CALLS = ("--calls", 4, "--failed", 1, "--seconds", 2, "--profiles", "clean,loss,dup,dtmf")
DEPTH_MAX = 8
# Where tshark needs to be told, and what it has no dissector for on its own.
TSHARK = {"vxlan-8472": ["-d", "udp.port==8472,vxlan"], "hp-erm": ["-d", "udp.port==7932,hp_erm"],
          "gre-udp": ["-d", "udp.port==4754,gre"]}
TSHARK_CANNOT = {"l2tp3", "l2tp3-bare", "l2tp3-udp", "mpls-pw-bare", "capwap-wifi", "e-tag"}


def stacks(count):
    """Three encapsulations each, such that each can carry the next."""
    rng, frame = random.Random(20), tunnels.ethernet(0x0800, tunnels.ip4(17, bytes(8))[14:])
    while count:
        names = rng.choices(list(tunnels.ENCAPSULATIONS), k=3)
        try:
            tunnels.wrap(frame, names)
        except ValueError:
            continue
        yield names
        count -= 1


def said(run):
    """All that does not tell how it came: MACs and VLAN may be those of the tunnel."""
    events = [{k: v for k, v in e.items() if "MAC" not in k and "VLAN" not in k.upper()}
              for e in run.events]
    for event in events:
        if event["event"] == "summary":
            event.pop("counters"), event.pop("hep")
    return sorted(map(str, events))


@pytest.mark.parametrize("ip", [(), ("--ipv6",)], ids=["ip4", "ip6"])
@pytest.mark.parametrize("name", tunnels.ENCAPSULATIONS)
def test_each_encapsulation(name, ip, generated, heptap):
    bare, truth = generated(*CALLS, *ip)
    wrapped, _ = generated(*CALLS, *ip, "--wrap", name)
    run = heptap(wrapped)
    assert run.summary["rtp_packets"] == truth["totals"]["rtp_packets"]
    assert said(run) == said(heptap(bare))


@pytest.mark.parametrize("names", stacks(24), ids=" ".join)
def test_stacks_of_three(names, generated, heptap):
    bare, _ = generated(*CALLS)
    wrapped, _ = generated(*CALLS, "--wrap", ",".join(names))
    assert said(heptap(wrapped)) == said(heptap(bare))


@pytest.mark.parametrize("name", sorted(set(tunnels.ENCAPSULATIONS) - TSHARK_CANNOT))
def test_tshark_sees_the_same_call_in_it(name, generated):
    """The generator's witness: what it wraps is what the standards say."""
    wrapped, truth = generated(*CALLS, "--wrap", name)
    out = subprocess.run(["tshark", "-n", "-r", wrapped, *TSHARK.get(name, []), "-Y", "sip",
                          "-T", "fields", "-e", "sip.Call-ID"], capture_output=True, check=True)
    assert len(out.stdout.split()) == truth["totals"]["sip_messages"]


@pytest.mark.parametrize("name", ["vxlan", "gtp", "gre-teb", "mpls"])
def test_a_trunk_of_tunnels_is_spread_over_workers(name, generated, heptap):
    """By the addresses inside: outside there are two only."""
    wrapped, _ = generated("--calls", 30, "--failed", 0, "--seconds", 1, "--wrap", name)
    check_shapes(heptap, wrapped, others=FEW)


def test_the_depth_is_bounded(generated, heptap, tmp_path):
    bare, truth = generated(*CALLS)
    records = [captures.Record(t, tunnels.wrap(f, ["gre-teb"] * DEPTH_MAX))
               for t, f in captures.read(bare)]
    captures.write(tmp_path / "deep.pcap", records)
    # Each is two: GRE, and the Ethernet type in it.
    assert heptap(tmp_path / "deep.pcap").outcomes == {"tunnel_deep": len(records)}
    records = [captures.Record(t, tunnels.wrap(f, ["gre-teb"] * (DEPTH_MAX // 2)))
               for t, f in captures.read(bare)]
    captures.write(tmp_path / "just.pcap", records)
    assert heptap(tmp_path / "just.pcap").summary["rtp_packets"] == truth["totals"]["rtp_packets"]


def test_headers_that_lie(generated, heptap, tmp_path):
    """Octets of the encapsulation flipped at random: every frame is counted, nothing breaks."""
    rng = random.Random(7)
    bare, _ = generated(*CALLS)
    records = []
    for t, frame in captures.read(bare)[:300]:
        for name in tunnels.ENCAPSULATIONS:
            wrapped = bytearray(tunnels.wrap(frame, [name]))
            for _ in range(2):
                wrapped[rng.randrange(12, len(wrapped) - len(frame) + 14)] ^= 1 << rng.randrange(8)
            records.append(captures.Record(t, bytes(wrapped[:rng.randrange(20, len(wrapped))])))
    captures.write(tmp_path / "lies.pcap", records)
    run = heptap(tmp_path / "lies.pcap")
    assert sum(run.outcomes.values()) == len(records)
