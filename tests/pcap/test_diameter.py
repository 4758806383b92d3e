# SPDX-License-Identifier: BSD-3-Clause
"""Diameter of Cx, Sh and Rx over SCTP and TCP, in any segments: as JSON to the collectors, as tshark reads it; and
syslog and Megaco over TCP."""

from __future__ import annotations

import json
import random
import shutil
import struct
import subprocess
from collections import Counter

import pytest

import captures
from captures import Record
from heptap_run import read
from packets import START, back, udp
from test_hep import Collector, payload_of
from test_sctp import FIRST, LAST
from test_shapes import SHAPES, said

CX, SH, RX, GX, BASE = 16777216, 16777217, 16777236, 16777238, 0
VENDOR = 10415
ON = "capture: {also: 'diameter,megaco,syslog'}\n"
FIELDS = ("diameter.cmd.code diameter.applicationId diameter.flags.request diameter.hopbyhopid diameter.endtoendid "
          "diameter.Session-Id diameter.Origin-Host diameter.Destination-Realm diameter.User-Name diameter.Result-Code "
          "diameter.Experimental-Result-Code diameter.Public-Identity diameter.Server-Name "
          "diameter.Server-Assignment-Type diameter.Flow-Description diameter.Subscription-Id-Data "
          "diameter.Media-Component-Number").split()
needs_tshark = pytest.mark.skipif(not shutil.which("tshark"), reason="no tshark")


def avp(code, *parts, vendor=0):
    data = b"".join(struct.pack("!I", p) if isinstance(p, int) else p.encode() if isinstance(p, str) else p
                    for p in parts)
    head = struct.pack("!IBBH", code, 0xC0 if vendor else 0x40, 0, (12 if vendor else 8) + len(data))
    return head + (struct.pack("!I", vendor) if vendor else b"") + data + bytes(-len(data) % 4)


def imp(code, *parts):
    return avp(code, *parts, vendor=VENDOR)


def message(command, application, ident, *avps, request=True):
    body = b"".join(avps)
    return struct.pack("!IIIII", 1 << 24 | 20 + len(body), (0xC0 if request else 0x40) << 24 | command, application,
                       ident, ident + 7) + body


def dialogue(ident, session):
    """What an S-CSCF, an AS and a P-CSCF say, and what is none of theirs."""
    head = avp(263, session), avp(264, f"cscf{ident}.ims.example"), avp(296, "ims.example"), avp(283, "hss.example")
    no = avp(297, avp(266, VENDOR), avp(298, 5001))
    return [
        message(303, CX, ident, *head, avp(1, "a@ims.example"), imp(601, "sip:a@ims.example"), imp(602, "sip:s@x"),
                imp(612, imp(613, 1), imp(608, "Digest-AKAv1-MD5"), imp(626, bytes(range(16))))),
        message(303, CX, ident, *head, no, request=False),
        message(301, CX, ident + 1, *head, imp(614, 1), imp(606, "<IMSSubscription>\u00e9</IMSSubscription>" * 20)),
        message(301, CX, ident + 1, *head, avp(268, 2001), request=False),
        message(306, SH, ident + 2, *head, imp(700, imp(701, b"\x94\x71\xf0")), imp(702, "<Sh-Data/>"),
                avp(9999, b"\1\2\3"), avp(4242, b"x", vendor=99)),
        message(265, RX, ident + 3, *head, avp(8, bytes((192, 0, 2, 1))), avp(443, avp(450, 2), avp(444, "sip:b@x")),
                imp(517, imp(518, 1), imp(519, imp(507, "permit out 17 from any to 192.0.2.1 4000"), imp(509, 1)))),
        message(272, GX, ident + 4, *head),
        message(280, BASE, ident + 5, *head[1:]),
    ]


WANTED = 6  # of a dialogue


def tcp(t, seq, data, sport=40000, dport=3868):
    """From 198.51.100.1 to 203.0.113.2."""
    record = udp(t, 0, 0, b"")
    ip = record.frame[:34]
    ip = ip[:16] + struct.pack("!H", 40 + len(data)) + ip[18:23] + b"\6" + ip[24:]
    return Record(t, ip + struct.pack("!HHIIBBHHH", sport, dport, seq & 0xFFFFFFFF, 0, 0x50, 0x18, 8192, 0, 0) + data)


def sctp(t, tsn, parts, sport=40000, dport=3868, ppid=46):
    """A DATA chunk for each (flags, data)."""
    chunks = b"".join(struct.pack("!BBHIHHI", 0, flags, 16 + len(data), tsn + i, 0, 0, ppid) + data +
                      bytes(-len(data) % 4) for i, (flags, data) in enumerate(parts))
    ip = udp(t, 0, 0, b"").frame[:34]
    ip = ip[:16] + struct.pack("!H", 32 + len(chunks)) + ip[18:23] + b"\x84" + ip[24:]
    return Record(t, ip + struct.pack("!HHII", sport, dport, 1, 0) + chunks)


def write(tmp_path, records):
    path = tmp_path / "diameter.pcap"
    captures.write(path, records)
    return path


def collect(path, tmp_path, config=ON):
    file = tmp_path / "also.yaml"
    file.write_text(config, encoding="utf-8")
    collector = Collector()
    run = read(path, args=("-c", file, "--hep", f"udp:127.0.0.1:{collector.port}"))
    return run, collector.messages()


def values(avps):
    """(name, value) of all AVPs, in their order."""
    for a in avps:
        if "value" in a:
            yield a.get("name"), str(a["value"])
        yield from values(a.get("avps", ()))


def fields_of(text):
    found = list(values(text["avps"]))
    return [[str(text["command_code"])], [str(text["application_id"])], [str(int(text["request"]))],
            [f"0x{text['hop_by_hop']:08x}"], [f"0x{text['end_to_end']:08x}"],
            *([v for n, v in found if n == f.removeprefix("diameter.")] for f in FIELDS[5:])]


def dissect(path):
    """A line of tshark may have several messages: they are put into frames of their own before."""
    args = [x for f in FIELDS for x in ("-e", f)]
    choose = f"diameter.applicationId in {{{CX}, {SH}, {RX}}}"
    lines = subprocess.run(["tshark", "-r", path, "-Y", choose, "-T", "fields", "-E", "separator=/t",
                            "-E", "aggregator=|", *args], check=True, capture_output=True, text=True).stdout
    return [[column.split("|") if column else [] for column in line.split("\t")] for line in lines.splitlines()]


def texts_of(messages):
    return [json.loads(payload_of(m)) for m in messages if m["type"] == 56]


@needs_tshark
@pytest.mark.parametrize("carrier", ["tcp", "sctp"])
def test_as_tshark_reads_it(carrier, tmp_path):
    records, seq, whole = [], 0, dialogue(100, "cscf;1;2;\u00e9")
    for i, text in enumerate(whole):
        records.append(tcp(START + i * 1000, seq, text) if carrier == "tcp" else
                       sctp(START + i * 1000, i, [(FIRST | LAST, text)]))
        seq += len(text)
    path = write(tmp_path, records)
    run, messages = collect(path, tmp_path)
    assert run.outcomes == {"diameter": WANTED, "diameter_other": len(whole) - WANTED}
    texts = texts_of(messages)
    assert [fields_of(t) for t in texts] == dissect(path)
    assert {m["correlation_id"] for m in messages} == {"cscf;1;2;\u00e9"}
    assert [t["command"] for t in texts] == ["MAR", "MAA", "SAR", "SAA", "UDR", "AAR"]
    assert [t["application"] for t in texts] == ["Cx"] * 4 + ["Sh", "Rx"]
    assert (texts[1]["experimental_result_code"], texts[3]["result_code"]) == (5001, 2001)
    key, = [a for a in texts[0]["avps"][-1]["avps"] if a["code"] == 626]
    assert key == {"code": 626, "vendor": VENDOR, "name": "Integrity-Key", "length": 16}
    assert texts[4]["avps"][-1] == {"code": 4242, "vendor": 99, "length": 1}
    assert texts[4]["avps"][4]["avps"][0]["value"] == "49170"
    assert ("Framed-IP-Address", "192.0.2.1") in values(texts[5]["avps"])


def any_segments(rng, stream):
    """(offset, octets), none below four; some twice, and neighbours in any order behind the first."""
    out, at = [], 0
    while at < len(stream):
        n = rng.choice((4, 7, 60, 200, 536, 1400))
        out += [(at, stream[at:at + n])] * rng.choice((1, 1, 1, 2))
        at += n
    rest = out[1:]
    for i in range(0, len(rest), 6):
        part = rest[i:i + 6]
        rng.shuffle(part)
        rest[i:i + 6] = part
    return out[:1] + rest


@pytest.mark.parametrize("seed", range(2))
def test_diameter_in_any_segments(seed, heptap, tmp_path):
    """Each once and whole, whoever reads it; answers come from the port."""
    rng, records = random.Random(seed), []
    for way, ports in enumerate(((40000, 3868), (3868, 40001))):
        stream = b"".join(m for i in range(40) for m in dialogue(1000 * way + 10 * i, f"s;{way};{i}"))
        records += [tcp(0, at - 5000, data, *ports) for at, data in any_segments(rng, stream)]
    records = [Record(START + i * 1000, r.frame) for i, r in enumerate(records)]
    path = write(tmp_path, records)
    run, messages = collect(path, tmp_path)
    assert Counter(m["correlation_id"] for m in messages) == Counter(
        f"s;{way};{i}" for way in range(2) for i in range(40) for _ in range(WANTED))
    idents = [(t["hop_by_hop"], t["request"]) for t in texts_of(messages)]
    assert len(idents) == 2 * 40 * WANTED and len(set(idents)) == len(idents)
    assert run.summary["counters"]["also_malformed"] == 0
    assert run.summary["counters"]["tcp_skipped_bytes"] == 0
    on = [shape.replace("{files:", "{also: diameter, files:") for shape in SHAPES]
    assert len({str(said(heptap(path, shape))) for shape in (on[0], on[3], on[6])}) == 1


def test_lost_segments_cost_their_messages_only(tmp_path):
    rng, at, lost, records = random.Random(9), 0, [], []
    whole = [m for i in range(60) for m in dialogue(10 * i, f"s;{i}")[:WANTED]]
    stream = b"".join(whole)
    while at < len(stream):
        n = rng.choice((20, 100, 300, 1000))
        if at and rng.random() < 0.05:
            lost.append((at, min(at + n, len(stream))))
        else:
            records.append(tcp(START + at * 1_000_000, at, stream[at:at + n]))
        at += n
    starts = [sum(map(len, whole[:i])) for i in range(len(whole) + 1)]
    good = [m for i, m in enumerate(whole) if not any(a < starts[i + 1] and b > starts[i] for a, b in lost)]
    assert 100 < len(good) < len(whole) - 10
    run, messages = collect(write(tmp_path, records), tmp_path)
    assert Counter((t["hop_by_hop"], t["request"]) for t in texts_of(messages)) == Counter(
        (int.from_bytes(m[12:16], "big"), bool(m[4] & 0x80)) for m in good)
    assert run.summary["counters"]["tcp_gaps"] > 5


def test_fragments_over_sctp(tmp_path):
    rng, records, tsn = random.Random(3), [], 0
    for i in range(50):
        for text in dialogue(10 * i, f"s;{i}")[:WANTED]:
            n = rng.choice((30, 100, 300, 2000))
            parts = [text[k:k + n] for k in range(0, len(text), n)]
            frames = [sctp(0, tsn + k, [((k == 0) * FIRST | (k == len(parts) - 1) * LAST, p)])
                      for k, p in enumerate(parts)]
            tsn += len(parts)
            rng.shuffle(frames)
            records += frames
    _, messages = collect(write(tmp_path, [Record(START + i, r.frame) for i, r in enumerate(records)]), tmp_path)
    assert Counter(m["correlation_id"] for m in messages) == {f"s;{i}": WANTED for i in range(50)}


@pytest.mark.parametrize("config", ["", "capture: {also: 'dns,mgcp'}\n"])
def test_nothing_of_it_unless_asked(config, tmp_path):
    texts = dialogue(1, "s")
    records = [tcp(START, 0, b"".join(texts)), sctp(START + 1, 1, [(FIRST | LAST, texts[0])]),
               tcp(START + 2, 0, b"<13>a\n", dport=514), tcp(START + 3, 0, b"\3\0\0\x0c!/1 [a]b", dport=2944)]
    run, messages = collect(write(tmp_path, records), tmp_path, config)
    assert run.outcomes == {"unknown_tcp": 3, "unknown_sctp": 1}
    assert not messages


def strange(ident):
    """Reserved flags; and an application of a vendor that nobody registered."""
    first, other = bytearray(dialogue(ident, "s")[0]), message(9000000, 0xEE000001, ident, avp(263, "s"))
    first[4] |= 0x0F
    return [bytes(first), other]


@needs_tshark
@pytest.mark.parametrize("carrier", ["tcp", "sctp"])
def test_what_receivers_ignore_ends_no_connection(carrier, tmp_path):
    """tshark does not ignore reserved flags: it reads the same messages without."""
    whole = [*strange(1), *strange(2), *dialogue(3, "s")]

    def records(texts):
        return [tcp(START + i, sum(map(len, texts[:i])), text) if carrier == "tcp" else
                sctp(START + i, i, [(FIRST | LAST, text)]) for i, text in enumerate(texts)]
    run, messages = collect(write(tmp_path, records(whole)), tmp_path)
    assert run.outcomes == {"diameter": 2 + WANTED, "diameter_other": len(whole) - 2 - WANTED}
    usual = write(tmp_path, records([m[:4] + bytes([m[4] & 0xF0]) + m[5:] for m in whole]))
    assert [fields_of(t) for t in texts_of(messages)] == dissect(usual)
    assert run.summary["counters"]["tcp_skipped_bytes"] == 0


def test_what_is_unlikely_is_nothing_at_other_ports(tmp_path):
    texts = [*strange(1), dialogue(2, "s")[0]]
    records = [sctp(START + i, i, [(FIRST | LAST, text)], dport=3869) for i, text in enumerate(texts)]
    run, messages = collect(write(tmp_path, records), tmp_path)
    assert run.outcomes == {"unknown_sctp": 2, "diameter": 1}
    assert len(messages) == 1


def test_a_session_id_that_is_no_text(tmp_path):
    """As Call-IDs of tables: each octet that is none becomes a question mark, and it is cut between characters."""
    sessions = [b"a\0\1\xff;\xc3\xa9\n", b"", b"x" * 254 + b"\xc3\xa9"]
    records = [sctp(START + i, i, [(FIRST | LAST, message(303, CX, i, avp(263, s)))]) for i, s in enumerate(sessions)]
    run, messages = collect(write(tmp_path, records), tmp_path)
    assert [m["correlation_id"] for m in messages] == ["a???;\u00e9?", "diameter", "x" * 254]
    assert run.outcomes == {"diameter": 3}


def test_fragments_are_called_what_they_are(tmp_path):
    """Whose a fragment is shows when the message is whole; of repeated ones nothing is new."""
    text = dialogue(1, "s")[0]
    first, last = (FIRST, text[:40]), (LAST, text[40:])
    records = [sctp(START, 1, [first]), sctp(START + 1, 1, [first]), sctp(START + 2, 2, [last]),
               sctp(START + 3, 9, [(FIRST, b"\1\0\1\1 M3UA")]),
               tcp(START + 4, 0, text[:40]), tcp(START + 5, 40, text[40:])]
    run, _ = collect(write(tmp_path, records), tmp_path)
    assert run.outcomes == {"sctp_fragment": 2, "unknown_sctp": 1, "diameter": 2, "also_segment": 1}
    assert run.summary["counters"]["sctp_repeated"] == 1


def test_other_ports_are_left_alone(tmp_path):
    run, messages = collect(write(tmp_path, [tcp(START, 0, dialogue(1, "s")[0], dport=3869)]), tmp_path)
    assert (run.outcomes, messages) == ({"unknown_tcp": 1}, [])


LINES = [f"<{13 + i % 100}>1 2003-10-11T22:14:15Z host app - - - Call-ID: c{i} {'x' * (i * 7 % 300)}".encode()
         for i in range(100)]
MEGACO = [f"MEGACO/1 [192.0.2.1]:2944\nTransaction = {i} {{Context = - {{{'x' * (i * 9 % 200)}}}}}".encode()
          for i in range(1, 100)]
STREAMS = {  # octets, port, what comes out, HEP type
    "counted": (b"".join(b"%d %s" % (len(x), x) for x in LINES), 601, LINES, 100),
    "lines": (b"".join(x + b"\n" for x in LINES), 514, LINES, 100),
    "NUL": (b"".join(x + b"\0" for x in LINES), 601, LINES, 100),
    "CRLF": (b"".join(x + b"\r\n" for x in LINES), 514, LINES, 100),
    "TPKT": (b"".join(struct.pack("!BBH", 3, 0, 4 + len(x)) + x for x in MEGACO), 2944, MEGACO, 7)}


@pytest.mark.parametrize("seed", range(2))
def test_text_over_tcp_in_any_segments(seed, tmp_path):
    """Five connections at a time."""
    rng = random.Random(seed)
    segments = {name: [(sport, *x) for x in any_segments(rng, STREAMS[name][0])]
                for sport, name in enumerate(STREAMS, 40000)}
    order = [name for name in STREAMS for _ in segments[name]]
    rng.shuffle(order)
    records = []
    for i, name in enumerate(order):
        sport, at, data = segments[name].pop(0)
        records.append(tcp(START + i * 1000, at, data, sport, STREAMS[name][1]))
    run, messages = collect(write(tmp_path, [back(r) for r in records] if seed else records), tmp_path)
    assert Counter((m["src_port"], m["type"], payload_of(m)) for m in messages) == Counter(
        (sport, kind, x) for sport, (_, _, texts, kind) in enumerate(STREAMS.values(), 40000) for x in texts)
    assert set(run.outcomes) <= {"syslog", "megaco", "also_segment", "also_repeated"}
    assert [m["correlation_id"] for m in messages if m["src_port"] == 40004] == [str(i) for i in range(1, 100)]
    assert [m["correlation_id"] for m in messages if m["src_port"] == 40000] == [f"c{i}" for i in range(100)]


def test_what_is_whole_and_none_is_counted(tmp_path):
    broken = bytearray(dialogue(1, "s")[0])
    broken[27] = 1  # an AVP shorter than its header
    records = [tcp(START, 0, bytes(broken)), tcp(START + 1, 0, b"\3\0\0\x08!/xx", dport=2944)]
    run, messages = collect(write(tmp_path, records), tmp_path)
    assert (run.outcomes, messages) == ({"also_segment": 2}, [])
    assert run.summary["counters"]["also_malformed"] == 2
