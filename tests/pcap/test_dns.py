# SPDX-License-Identifier: BSD-3-Clause
"""DNS of voice: as JSON to the collectors, as tshark reads it; on port 53 also where it looks like RTP."""

from __future__ import annotations

import json
import random
import shutil
import struct
import subprocess
from collections import Counter

import pytest

import captures
import heptap_run
from heptap_run import SHARED, read
from packets import SECOND, START, back, sender_report, udp
from test_diameter import tcp
from test_findings import Call, sdp
from test_hep import Collector, payload_of
from test_shapes import SHAPES, said

ON = "capture: {also: dns}\n"
A, NS, CNAME, SOA, PTR, TXT, AAAA, SRV, NAPTR, OPT = 1, 2, 5, 6, 12, 16, 28, 33, 35, 41
FIELDS = ("dns.id dns.flags.response dns.flags.opcode dns.flags.rcode dns.qry.name dns.qry.type dns.srv.target "
          "dns.srv.port dns.srv.priority dns.srv.weight dns.naptr.order dns.naptr.preference dns.naptr.flags "
          "dns.naptr.service dns.naptr.regex dns.a dns.aaaa dns.cname dns.ns").split()
VOICE = ("dns.qry.type == 35 or dns.qry.name contains \"e164\" or (dns.qry.type == 33 and "
         "dns.qry.name matches \"^_(sip|h323|stun|turn|diameter|aaa|msrp|iax)\")")
needs_tshark = pytest.mark.skipif(not shutil.which("tshark"), reason="no tshark")


def name(text):
    return b"".join(bytes([len(x)]) + x.encode() for x in text.split(".") if x) + b"\0"


def record(owner, kind, data, ttl=60):
    return owner + struct.pack("!HHIH", kind, 1, ttl, len(data)) + data


def message(ident, question, kind, *sections, flags=0x0100):
    counts = [len(s) for s in sections] + [0] * (3 - len(sections))
    return struct.pack("!HHHHHH", ident, flags, 1, *counts) + name(question) + struct.pack("!HH", kind, 1) + \
        b"".join(r for s in sections for r in s)


def naptr_data(order, preference, *texts):
    return struct.pack("!HH", order, preference) + b"".join(bytes([len(t)]) + t for t in texts) + b"\0"


QUESTION = b"\xc0\x0c"
CASES = [
    (message(0x1001, "_sip._udp.example.com", SRV), "dns"),
    (message(0x1002, "_sip._udp.Example.com", SRV, [
        record(QUESTION, SRV, struct.pack("!HHH", 1, 2, 5060) + name("s1.example.com")),
        record(QUESTION, SRV, struct.pack("!HHH", 3, 4, 5062) + b"\2s2\xc0\x16")], [],
        [record(name("s1.example.com"), A, bytes((192, 0, 2, 1))),
         record(name("s2.example.com"), AAAA, bytes(15) + b"\1"), record(b"\0", OPT, b"")], flags=0x8580), "dns"),
    (message(0x1003, "8.4.1.0.6.4.9.7.0.2.4.4.e164.arpa", NAPTR, [
        record(QUESTION, NAPTR, naptr_data(100, 10, b"u", b"E2U+sip", b"!^.*$!sip:info@example.com!"))],
        flags=0x8180), "dns"),
    (message(0x1004, "1.e164.arpa", NAPTR, [], [record(name("e164.arpa"), NS, name("ns.example.com")),
                                              record(name("e164.arpa"), SOA, bytes(22))], flags=0x8183), "dns"),
    (message(0x1005, "9.4.e164.arpa", TXT, [record(QUESTION, CNAME, name("elsewhere.example")),
                                          record(name("elsewhere.example"), TXT, b"\5hello")], flags=0x8180), "dns"),
    (message(0x1008, "_ldap._tcp.dc._msdcs.example.com", SRV), "dns_other"),
    (message(0x1009, "_kerberos._udp.sip.example.com", SRV, [
        record(QUESTION, SRV, struct.pack("!HHH", 0, 100, 88) + name("dc1.example.com"))], flags=0x8180), "dns_other"),
    (message(0x1006, "www.example.com", A), "dns_other"),
    (message(0x1007, "www.example.com", A, [record(QUESTION, A, bytes(4))], flags=0x8180), "dns_other"),
]


def collect(path, tmp_path, config=ON):
    file = tmp_path / "dns.yaml"
    file.write_text(config, encoding="utf-8")
    collector = Collector()
    run = read(path, args=("-c", file, "--hep", f"udp:127.0.0.1:{collector.port}"))
    return run, [m for m in collector.messages() if m["type"] == 53]


def write(tmp_path, payloads):
    path = tmp_path / "dns.pcap"
    captures.write(path, [udp(START + i * SECOND, 53 if p[2] & 0x80 else 4000 + i, 4000 + i if p[2] & 0x80 else 53, p)
                          for i, p in enumerate(payloads)])
    return path


def fields_of(text):
    """What tshark calls FIELDS, of JSON of ours."""
    every = text["answers"] + text["authority"] + text["additional"]
    srv, naptr = ([r[k] for r in every if k in r] for k in ("srv", "naptr"))

    def ips(kind):
        return [r["ip"] for r in every if r["type"] == kind]
    return [[f"0x{text['id']:04x}"], [str(int(text["qr"]))], [str(text["opcode"])],
            [str(text["rescode"])] if text["qr"] else [], [q["name"] for q in text["questions"]],
            [str(q["type"]) for q in text["questions"]], [s["target"] for s in srv],
            *([str(s[k]) for s in srv] for k in ("port", "priority", "weight")),
            *([str(n[k]) for n in naptr] for k in ("order", "preference", "flags", "service", "regexp")),
            ips(A), ips(AAAA), [r["cname"] for r in every if "cname" in r], [r["ns"] for r in every if "ns" in r]]


def dissect(path, choose):
    args = [x for f in FIELDS for x in ("-e", f)]
    lines = subprocess.run(["tshark", "-r", path, "-Y", choose, "-T", "fields", "-E", "separator=/t",
                            "-E", "aggregator=|", *args], check=True, capture_output=True, text=True).stdout
    return [[column.split("|") if column else [] for column in line.split("\t")] for line in lines.splitlines()]


def check_as_tshark_reads(messages, path, choose):
    assert sorted(fields_of(json.loads(payload_of(m))) for m in messages) == sorted(dissect(path, choose))


@needs_tshark
def test_dns_of_voice_as_tshark_reads_it(tmp_path):
    path = write(tmp_path, [p for p, _ in CASES])
    run, messages = collect(path, tmp_path)
    assert run.outcomes == Counter(outcome for _, outcome in CASES)
    assert [m["correlation_id"] for m in messages[:3]] == [
        "_sip._udp.example.com", "_sip._udp.example.com", "8.4.1.0.6.4.9.7.0.2.4.4.e164.arpa"]
    check_as_tshark_reads(messages, path, VOICE)
    enum = json.loads(payload_of(messages[2]))
    assert enum["questions"][0]["number"] == "+442079460148"
    assert enum["answers"][0] == {
        "name": "8.4.1.0.6.4.9.7.0.2.4.4.e164.arpa", "type": 35, "type_name": "NAPTR", "class": 1, "ttl": 60,
        "naptr": {"order": 100, "preference": 10, "flags": "u", "service": "E2U+sip",
                  "regexp": "!^.*$!sip:info@example.com!", "replacement": "."}}
    denied = json.loads(payload_of(messages[3]))
    assert (denied["rcode"], denied["authority"][1]["length"]) == ("NXDOMAIN", 22)


def test_dns_is_off_by_default(tmp_path):
    path = write(tmp_path, [p for p, _ in CASES])
    run, messages = collect(path, tmp_path, config="")
    assert run.outcomes == {"unknown_udp": len(CASES)}
    assert not messages


def test_dns_that_looks_like_rtp(heptap, tmp_path):
    """Every id that begins like RTP, RTCP or STUN, from one port in one second, whoever reads it."""
    rng = random.Random(1)
    idents = [*range(0x8000, 0x8100), *rng.sample(range(0x8100, 0xC000), 300), *rng.sample(range(0x4000), 50)]
    rng.shuffle(idents)
    records = []
    for i, ident in enumerate(idents):
        query = udp(START + i * 1000, 4000, 53, message(ident, "_sip._udp.example.com", SRV))
        reply = message(ident, "_sip._udp.example.com", SRV, [
            record(QUESTION, SRV, struct.pack("!HHH", 1, 2, 5060) + name("s1.example.com"))], flags=0x8180)
        records += [query, back(udp(START + i * 1000 + 500, 53, 4000, reply))]
    path = tmp_path / "rtp.pcap"
    captures.write(path, records)
    for shape in SHAPES:
        run = heptap(path, shape)
        assert run.outcomes == {"unknown_udp": len(records)}, shape
        assert run.summary["counters"]["candidates_opened"] == 0, shape
        assert heptap(path, shape.replace("{files:", "{also: dns, files:")).outcomes == {"dns": len(records)}, shape


def zeros(seq, timestamp):
    """RTP whose payload, after some seconds, also reads as questions for the root."""
    return struct.pack("!BBHII", 0x80, (seq == 1) << 7, seq, timestamp, 0x1234) + bytes(160)


def test_media_at_port_53(heptap, tmp_path):
    """A relay is at that port: its media, its STUN and its RTCP are what they are, whoever reads them."""
    media = [udp(START + i * SECOND // 50, 53, 4000, zeros(i + 1, 60000 + i * 160)) for i in range(600)]
    extension = struct.pack("!HH", 0xBEDE, 0)
    for i in range(500, 600, 5):  # what is no plain RTP comes to the worker whole
        payload = zeros(i + 1, 60000 + i * 160)
        media[i] = udp(media[i].time_ns, 53, 4000, b"\x90" + payload[1:12] + extension + payload[12:])
    stun = struct.pack("!HHI12s", 1, 0, 0x2112A442, bytes(12))
    other = [udp(START + 1, 53, 4000, stun), udp(START + SECOND, 53, 4000, sender_report(0x1234)),
             udp(START + 2 * SECOND, 4000, 53, zeros(1, 0xFFFF0000)), udp(START + 3 * SECOND, 4000, 53, b"no DNS" * 5)]
    path = tmp_path / "media.pcap"
    captures.write(path, sorted(media + other))
    plain = heptap(path)
    for shape in SHAPES:
        assert said(heptap(path, shape)) == said(plain), shape
        run = heptap(path, shape.replace("{files:", "{also: dns, files:"))
        assert run.streams == plain.streams, shape
        assert run.outcomes == plain.outcomes == {
            "rtp": 600, "rtp_unconfirmed": 1, "rtcp": 1, "stun": 1, "unknown_udp": 1}, shape
        assert run.summary["counters"]["dns_malformed"] == 1, shape


@pytest.mark.parametrize("also", ["", "also: dns, "])
def test_announced_media_that_reads_as_dns(also, heptap, tmp_path):
    """Of silence from an SSRC of 0: a question for the root, no records."""
    call = Call().open(answered=sdp(("203.0.113.2", 53)))
    media = [udp(START + (2 + i) * SECOND // 50 + SECOND, 10000, 53,
                 struct.pack("!BBHII", 0x80, 0, i, 0x10000 + i, 0) + bytes(160)) for i in range(100)]
    path = tmp_path / "announced.pcap"
    captures.write(path, sorted(call.records + media))
    for shape in SHAPES:
        run = heptap(path, shape.replace("{files:", f"{{{also}files:"))
        assert run.outcomes == {"sip": 3, "rtp": 100}, shape


@pytest.mark.parametrize("also", ["", "also: dns, "])
def test_dns_over_tcp(also, heptap, tmp_path):
    """Is none that is read, also where its length comes by itself and the message looks like RTP."""
    records = []
    for i in range(20):
        query = message(0x8101 + i, "_sip._udp.example.com", SRV)
        records += [tcp(START + 2 * i, 1, struct.pack("!H", len(query)), 40000 + i, 53),
                    tcp(START + 2 * i + 1, 3, query, 40000 + i, 53)]
    path = tmp_path / "tcp.pcap"
    captures.write(path, records)
    for shape in SHAPES:
        assert heptap(path, shape.replace("{files:", f"{{{also}files:")).outcomes == {"unknown_tcp": 40}, shape


def test_media_cut_by_the_capture_is_no_dns(heptap, tmp_path):
    """Nobody announced it; what is left of it reads as the beginning of a question."""
    media = [udp(START + i * SECOND // 50, 10000, 53,
                 struct.pack("!BBHII", 0x80, 0, i, 0x10000 + i * 160, 0x1234) + bytes(160)) for i in range(200)]
    path = tmp_path / "cut.pcap"
    captures.write(path, [captures.Record(t, frame[:64]) for t, frame in media])
    for shape in SHAPES:
        assert heptap(path, shape).outcomes == {"rtp": 200}, shape


def test_what_is_no_dns(tmp_path):
    """Cut in the message, not by the capture: nothing is handed on. By the capture: what is there."""
    whole = CASES[1][0]
    path = tmp_path / "cut.pcap"
    captures.write(path, [udp(START + n, 53, 9, whole[:n]) for n in range(12, len(whole))])
    run, messages = collect(path, tmp_path)
    assert not messages
    assert run.summary["counters"]["dns_malformed"] == len(whole) - 12
    assert run.outcomes == {"unknown_udp": len(whole) - 12}
    t, frame = udp(START, 53, 9, whole)
    captures.write(path, [captures.Record(t, frame[:n]) for n in range(43, 80)])
    run = read(path, args=("-c", tmp_path / "dns.yaml"))
    assert run.outcomes == {"signalling_cut": 80 - 43}
    captures.write(path, [captures.Record(t, frame[:-30])])
    _, messages = collect(path, tmp_path)
    text = json.loads(payload_of(messages[0]))
    assert (text["cut"], text["arc"], len(text["answers"])) == (True, 3, 2)


def test_copies_of_dns_count_once(tmp_path):
    path = tmp_path / "copies.pcap"
    captures.write(path, [udp(START + i, 4000, 53, CASES[0][0]) for i in range(2)])
    run, messages = collect(path, tmp_path)
    assert run.outcomes == {"dns": 1, "signalling_copy": 1}
    assert len(messages) == 1


@needs_tshark
@pytest.mark.parametrize("file", ["sip_rtp_basic.pcap", "negative/dns.pcap", "negative/signal.pcap"])
def test_real_captures(file, tmp_path):
    path = SHARED / "captures" / file
    if not path.exists():
        pytest.skip(f"no {path}")
    run, messages = collect(path, tmp_path)
    choose = "udp.port == 53 and dns and not icmp"
    check_as_tshark_reads(messages, path, f"{choose} and ({VOICE})")
    every = len(dissect(path, choose))
    assert run.outcomes.get("dns", 0) + run.outcomes.get("dns_other", 0) + \
        run.outcomes.get("signalling_copy", 0) == every
    assert run.summary["counters"]["dns_malformed"] == 0
    assert heptap_run.read(path).streams == run.streams
