# SPDX-License-Identifier: BSD-3-Clause
"""Networks with the same addresses, told apart by VLAN or by what VXLAN, Geneve and NVGRE name."""

from __future__ import annotations

import re
import struct
import sys

import pytest

import captures
from heptap_run import ROOT
from test_fragments import fragments

sys.path.insert(0, str(ROOT / "scripts"))
import tunnels  # noqa: E402  pylint: disable=wrong-import-position

CALLS = ("--calls", 6, "--failed", 1, "--seconds", 3, "--profiles", "clean,loss,dtmf,reorder")
TENANTS = (5, 6, 1000)
SHAPES = [f'cores: {{workers: "{cpus}", share: true}}\ncapture: {{files: {mode}, tenants: %s}}\n'
          for mode in ("fused", "pipeline") for cpus in ("0", "0,1,0")]
# A frame and a tenant's number to the frame as his.
WAYS = {
    "vlan": lambda f, n: tunnels.tag(0x8100, struct.pack("!H", n))(f),
    "qinq": lambda f, n: tunnels.tag(0x88A8, struct.pack("!H", n))(tunnels.ENCAPSULATIONS["vlan"](f)),
    "vxlan": lambda f, n: tunnels.udp(4789, struct.pack("!II", 0x08000000, n << 8) + f),
    "geneve": lambda f, n: tunnels.udp(6081, struct.pack("!BBHI", 0, 0, 0x6558, n << 8) + f),
    "nvgre": lambda f, n: tunnels.gre(0x2000, 0x6558, f, struct.pack("!I", n << 8 | 3)),
}
BY = {"vlan": ("vlan", "both"), "qinq": ("vlan",), "vxlan": ("network", "both"), "geneve": ("network",),
      "nvgre": ("both",)}


def renamed(frame, number):
    """Calls of his own: the Call-ID begins with another letter."""
    return re.sub(rb"(?<=Call-ID: ).", bytes([ord("a") + number % 26]), frame)


def all_tenants(tmp_path, path, way, parts=lambda frame, ident: [frame], whole=lambda frame, ident: [frame]):
    """The same at the same time in each network; parts before, whole after the encapsulation."""
    records, ident = [], 0
    for record in captures.read(path):
        for n in TENANTS:
            ident = ident + 1 & 0xFFFF
            for part in parts(renamed(record.frame, n), ident):
                records += [record._replace(frame=f) for f in whole(way(part, n), ident)]
    out = tmp_path / "tenants.pcap"
    captures.write(out, records)
    return out


def said_of(run):
    """Streams with all their figures but where they came from, calls, and what RTCP belongs to."""
    def rest(event):
        return {k: v for k, v in event.items() if "MAC" not in k and k not in ("INFO_VLAN", "TTL")}
    return sorted(str(rest(e)) for kind in ("stream", "call", "rtcp") for e in run.of(kind))


def of_tenants(run):
    """What a run over one network would say of each, by the letter of his Call-IDs."""
    ids = "|".join(re.escape(c["call_id"][1:]) for c in run.calls)
    return sorted(re.sub(rf"[^'\"](?={ids})", letter, line) for line in said_of(run)
                  for letter in (chr(ord("a") + n % 26) for n in TENANTS))


@pytest.mark.parametrize("shape", SHAPES)
@pytest.mark.parametrize("way, by", [(w, by) for w in WAYS for by in BY[w]])
def test_tenants_have_their_own_streams(tmp_path, generated, heptap, way, by, shape):
    bare, _ = generated(*CALLS)
    assert said_of(heptap(all_tenants(tmp_path, bare, WAYS[way]), shape % by)) == of_tenants(heptap(bare))


@pytest.mark.parametrize("where", ["inside", "outside"])
@pytest.mark.parametrize("way, by", [("vlan", "vlan"), ("vxlan", "network"), ("vxlan", "both")])
def test_fragments_keep_their_tenant(tmp_path, generated, heptap, way, by, where):
    """Descriptions too, which are what is longest."""
    def split(frame, ident):
        return fragments(frame, 256, ident)
    bare, _ = generated(*CALLS)
    path = all_tenants(tmp_path, bare, WAYS[way], **{"parts" if where == "inside" else "whole": split})
    assert said_of(heptap(path, SHAPES[3] % by)) == of_tenants(heptap(bare))


def test_without_tenants_they_are_one(tmp_path, generated, heptap):
    """As it must be where a mirror shows a packet in two VLANs on its way."""
    bare, truth = generated(*CALLS)
    run = heptap(all_tenants(tmp_path, bare, WAYS["vlan"]))
    assert len(run.streams) == truth["totals"]["streams"]
    assert sum(s["DUP_PK"] for s in run.streams) >= 2 * sum(s["TOTAL_PK"] for s in run.streams)
