# SPDX-License-Identifier: BSD-3-Clause
"""heptap -r FILE --hep, received by scripts/hep-dump on loopback: what a collector gets."""

from __future__ import annotations

import base64
import json
import re
import struct
import subprocess
import sys
from collections import Counter
from dataclasses import dataclass

import pytest

import captures
from heptap_run import HEP_DUMP, ROOT, Run, read
from packets import START, request, udp

VARIANTS = {
    "all": (),
    "ipv6": ("--ipv6", "--seed", 2),
    "vlan": ("--vlan", 100, "--seed", 3),
    "nanoseconds": ("--nanoseconds", "--seed", 4),
}
SIP, RTCP, REPORT = 1, 5, 34
CONFIG = ("hep:\n  node_id: 4242\n  node_name: \"tester\"\n  auth_key: \"s3cret\"\n"
          "quality: {report_interval: 2s}\n")
# The keys of RTPAgent's JSON, which dashboards read by name.
RTPAGENT_KEYS = """
CORRELATION_ID RTP_SIP_CALL_ID DELTA JITTER REPORT_TS TL_BYTE SKEW TOTAL_PK EXPECTED_PK PACKET_LOSS
SEQ MAX_JITTER MAX_DELTA MAX_SKEW MEAN_JITTER MIN_MOS MEAN_MOS MOS RFACTOR MIN_RFACTOR MEAN_RFACTOR
SRC_IP SRC_PORT DST_IP DST_PORT SRC_MAC DST_MAC OUT_ORDER SSRC_CHG CODEC_PT CLOCK CODEC_NAME DIR
REPORT_NAME PARTY TYPE
""".split()
EVENT_ONLY = ("event", "time", "correlation_id", "src_ip", "src_port", "dst_ip", "dst_port")


@dataclass
class Received:
    run: Run
    messages: list[dict]
    path: object
    truth: dict

    def of(self, kind: int) -> list[dict]:
        return [m for m in self.messages if m["type"] == kind]


class Collector:
    """hep-dump on a free port."""

    def __init__(self):
        self.process = subprocess.Popen(
            [sys.executable, str(HEP_DUMP), "--bind", "127.0.0.1:0", "--json",
             "--timeout", "60"],
            stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True)
        line = self.process.stderr.readline()
        self.port = int(re.fullmatch(r"listening on 127\.0\.0\.1:(\d+)\n", line)[1])

    def messages(self) -> list[dict]:
        """Those that it was sent, once the sender has ended."""
        self.process.terminate()
        out, err = self.process.communicate(timeout=60)
        assert self.process.returncode == 0, err
        assert err.endswith(" 0 malformed\n")
        return [json.loads(line) for line in out.splitlines()]


def payload_of(message: dict) -> bytes:
    if "payload" in message:
        return message["payload"].encode()
    return base64.b64decode(message["payload_base64"])


def ends_of(message: dict) -> tuple:
    return (message["src_ip"], message["src_port"], message["dst_ip"], message["dst_port"])


@pytest.fixture(scope="module", params=VARIANTS, name="received")
def receive(request, generated, tmp_path_factory):
    path, truth = generated("--seconds", 6, *VARIANTS[request.param])
    config = tmp_path_factory.mktemp("hep") / "hep.yaml"
    config.write_text(CONFIG, encoding="utf-8")
    collector = Collector()
    run = read(path, args=("-c", config, "--hep", f"udp:127.0.0.1:{collector.port}"))
    return Received(run, collector.messages(), path, truth)


def test_every_message_sent_arrives(received):
    hep, counters = received.run.summary["hep"], received.run.summary["counters"]
    assert len(received.messages) == hep["sent"] == hep["made"] == counters["hep_made"]
    kinds = Counter(m["type"] for m in received.messages)
    assert kinds == {
        SIP: received.run.summary["sip_messages"],
        RTCP: received.run.summary["rtcp_packets"],
        REPORT: counters["reports_periodic"] + counters["reports_final"]}
    assert kinds[SIP] == received.truth["totals"]["sip_messages"]
    assert counters["reports_final"] == received.truth["totals"]["streams"]
    assert counters["reports_periodic"] > counters["reports_final"]


def test_every_message_names_its_sender(received):
    vlans = received.truth["args"]["vlan"] or [None]
    for message in received.messages:
        assert message["agent_id"] == 4242
        assert message["agent_name"] == "tester"
        assert message["auth_key"] == "s3cret"
        assert message["protocol"] == 17
        assert message["family"] == (10 if received.truth["args"]["ipv6"] else 2)
        assert message.get("vlan") in vlans


def test_sip_is_the_datagram_byte_for_byte(received):
    """With its addresses, and its time to the microsecond."""
    want = Counter((d.time_ns // 1000, (d.src, d.sport, d.dst, d.dport), d.payload)
                   for d in captures.datagrams(received.path)
                   if d.dport == 5060 and d.payload.strip())
    got = Counter((m["time_sec"] * 1_000_000 + m["time_usec"], ends_of(m), payload_of(m))
                  for m in received.of(SIP))
    assert got == want


def test_sip_has_its_call_id_as_correlation_id(received):
    for message in received.of(SIP):
        call_id = re.search(rb"^Call-ID: (.*)\r$", payload_of(message), re.M)[1]
        assert message["correlation_id"] == call_id.decode()


def test_rtcp_is_the_packet_of_the_capture_as_json(received):
    want = Counter((d.time_ns // 1000, (d.src, d.sport, d.dst, d.dport))
                   for d in captures.datagrams(received.path)
                   if d.dport % 2 and d.dport >= 10000 and d.payload[:1] >= b"\x80")
    got = Counter((m["time_sec"] * 1_000_000 + m["time_usec"], ends_of(m))
                  for m in received.of(RTCP))
    assert got == want
    call_ids = {c["call_id"] for c in received.truth["calls"]}
    for message in received.of(RTCP):
        body = json.loads(payload_of(message))
        assert body["type"] in (200, 201)
        assert body["report_count"] == len(body["report_blocks"])
        assert message["correlation_id"] in call_ids


def test_rtcp_is_that_of_the_events(received):
    want = [{k: v for k, v in e.items() if k not in EVENT_ONLY} for e in received.run.rtcp]
    got = [json.loads(payload_of(m)) for m in received.of(RTCP)]
    assert sorted(map(json.dumps, got)) == sorted(map(json.dumps, want))


def test_the_final_report_is_the_stream_event(received):
    """Same keys in the same order, same values."""
    want = [{k: v for k, v in e.items() if k != "event"} for e in received.run.streams]
    got = [json.loads(payload_of(m)) for m in received.of(REPORT)]
    final = [r for r in got if r["TYPE"] == "FINAL"]
    assert sorted(map(json.dumps, final)) == sorted(map(json.dumps, want))


def test_every_report_has_the_keys_of_rtpagent(received):
    for message in received.of(REPORT):
        report = json.loads(payload_of(message))
        assert set(RTPAGENT_KEYS) <= set(report)
        assert report["TYPE"] in ("PERIODIC", "FINAL")
        assert message["correlation_id"] == report["CORRELATION_ID"] == report["RTP_SIP_CALL_ID"]
        assert ends_of(message) == tuple(
            report[k] for k in ("SRC_IP", "SRC_PORT", "DST_IP", "DST_PORT"))


def test_periodic_reports_add_up_to_the_final_one(received):
    """Counts only grow, extremes only widen, and the mean weighs each interval by the packets expected."""
    reports = {}
    for message in received.of(REPORT):
        report = json.loads(payload_of(message))
        reports.setdefault((report["REPORT_NAME"], report["SSRC"]), []).append(report)
    for series in reports.values():
        series.sort(key=lambda r: r["REPORT_TS"])
        assert [r["TYPE"] for r in series] == ["PERIODIC"] * (len(series) - 1) + ["FINAL"]
        for key in ("TOTAL_PK", "EXPECTED_PK", "TL_BYTE", "MAX_JITTER", "MAX_DELTA"):
            values = [r[key] for r in series]
            assert values == sorted(values)
        if series[-1]["MOS"] is None:
            continue
        assert series[-1]["MIN_MOS"] == min(r["MOS"] for r in series)
        if series[-1]["CODEC_NAME"] == "opus":  # begins in an assumed mode
            continue
        totals = [0] + [r["EXPECTED_PK"] for r in series]
        expected = [b - a for a, b in zip(totals, totals[1:])]
        mean = sum(r["MOS"] * n for r, n in zip(series, expected)) / sum(expected)
        assert series[-1]["MEAN_MOS"] == pytest.approx(mean, abs=0.002)


def test_nothing_is_sent_unless_asked(generated, heptap, tmp_path):
    """A file read with the configuration of a live probe stays on this machine."""
    path, _ = generated("--seconds", 6)
    config = tmp_path / "live.yaml"
    config.write_text("hep: {collectors: [{address: 'udp:127.0.0.1:9'}]}\n", encoding="utf-8")
    assert read(path, args=("-c", config)).summary["hep"]["made"] == 0
    assert heptap(path).summary["hep"]["made"] == 0


def test_a_collector_that_is_away_costs_hep_only(generated, heptap):
    """Nobody listens on the port: every message is still accounted for, and no result changes."""
    path, _ = generated("--seconds", 6)
    run = read(path, args=("--hep", "udp:127.0.0.1:9"))
    assert run.summary["hep"]["made"] > 100
    assert [e for e in run.events if e["event"] != "summary"] == [
        e for e in heptap(path).events if e["event"] != "summary"]


def test_hep_on_the_wire_is_not_looked_into(tmp_path):
    """A mirror may bring what heptap sends itself: it must not go round."""
    message = request("OPTIONS", "a")
    hep = b"HEP3" + (28 + len(message)).to_bytes(2, "big") + bytes(12) + b"\0\0\0\x0f" + \
        (6 + len(message)).to_bytes(2, "big") + message
    path = tmp_path / "hep.pcap"
    captures.write(path, [udp(START, 40000, 9060, hep)])
    summary = read(path).summary
    assert (summary["outcomes"]["hep"], summary["sip_messages"]) == (1, 0)


METHODS = ("OTHER INVITE ACK BYE CANCEL OPTIONS REGISTER PRACK SUBSCRIBE NOTIFY PUBLISH INFO REFER MESSAGE "
           "UPDATE").split()


@pytest.mark.parametrize("bit", range(4))
def test_methods_that_are_not_sent(bit, tmp_path):
    """Nor are the responses to them; all of it counts as before. Each method is in sets of its own."""
    records, left_out = [], [m for i, m in enumerate(METHODS) if i >> bit & 1]
    for i, method in enumerate(METHODS):
        text = request(method, f"c{i}")
        reply = text.replace(f"{method} sip:b@example.com SIP/2.0".encode(), b"SIP/2.0 200 OK", 1)
        records += [udp(START + i, 5060, 5060, text), udp(START + i, 5060, 5060, reply)]
    path, config = tmp_path / "methods.pcap", tmp_path / "c.yaml"
    captures.write(path, records)
    config.write_text(f"hep: {{sip_except: [{', '.join(left_out)}]}}\n", encoding="utf-8")
    collector = Collector()
    run = read(path, args=("-c", config, "--hep", f"udp:127.0.0.1:{collector.port}"))
    sent = [re.search(rb"CSeq: 1 (\w+)", payload_of(m))[1].decode() for m in collector.messages()]
    assert sorted(sent) == sorted(2 * [m for m in METHODS if m not in left_out])
    assert run.summary["sip_messages"] == 2 * len(METHODS)
    assert run.summary["counters"]["sip_left_out"] == 2 * len(left_out)


VQ_BODY = ("VQSessionReport: CallTerm\r\nCallID: reported-call\r\nLocalID: <sip:a@x>\r\n"
           "LocalAddr: IP=198.51.100.9 PORT=5000 SSRC=1A3B5C7D\r\nLocalMetrics:\r\n"
           "SessionDesc:PT=18 PD=G729 SR=8000\r\nPacketLoss:NLR=5.0 JDR=2.0\r\n"
           "QualityEst:RLQ=90 MOSLQ=4.2 MOSCQ=4.1\r\nRemoteMetrics:\r\nPacketLoss:NLR=1.5\r\n")


@pytest.mark.parametrize("is_sent", [False, True])
def test_reports_of_telephones(tmp_path, is_sent):
    """RFC 6035: to the call that it is about, as text, and only when asked for: HOMER 7's RTP tab wants JSON."""
    def publish(body):
        return (f"PUBLISH sip:c@x SIP/2.0\r\nVia: SIP/2.0/UDP a;branch=z9hG4bK1\r\nFrom: <sip:a@x>;tag=f\r\n"
                f"To: <sip:c@x>\r\nCall-ID: its-own\r\nCSeq: 1 PUBLISH\r\nEvent: vq-rtcpxr\r\n"
                f"Content-Type: application/vq-rtcpxr\r\nContent-Length: {len(body)}\r\n\r\n{body}").encode()
    config = tmp_path / "vq.yaml"
    config.write_text(f"hep: {{vq_rtcpxr: {str(is_sent).lower()}}}\n", encoding="utf-8")
    path = tmp_path / "vq.pcap"
    captures.write(path, [udp(START, 5060, 5060, publish(VQ_BODY)),
                          udp(START + 10**9, 5060, 5060, publish("VQSessionReport: CallTerm\r\n"))])
    collector = Collector()
    run = read(path, args=("-c", config, "--hep", f"udp:127.0.0.1:{collector.port}"))
    messages = collector.messages()
    assert [(m["type"], m["correlation_id"], m["payload"]) for m in messages if m["type"] != SIP] == (
        [(35, "reported-call", VQ_BODY)] if is_sent else [])
    assert [m["type"] for m in messages].count(SIP) == 2
    counters = run.summary["counters"]
    assert (counters["vq_reports"], counters["vq_malformed"]) == (1, 1)
    vq, = run.of("vq")
    assert (vq["call_id"], vq["kind"], vq["codec"]) == ("reported-call", "session", "G729")
    assert vq["local"] == {"id": "<sip:a@x>", "ip": "198.51.100.9", "port": 5000, "ssrc": "0x1a3b5c7d", "NLR": 5.0,
                           "JDR": 2.0, "RLQ": 90.0, "MOSLQ": 4.2, "MOSCQ": 4.1}
    assert vq["remote"] == {"id": "", "NLR": 1.5}


@pytest.mark.parametrize("keys, sent", [
    ("sip_except_headers: User-Agent=scanner", "abd"), ("sip_only_headers: user-agent=phone", "ad"),
    ("sip_only_headers: \"X=1 , User-Agent = phone\"", "abd"), ("sip_except_headers: X=3", "abcd"),
    ("sip_only_headers: User-Agent=phone, sip_except_headers: X=2", "a")])
def test_sip_by_header_values(tmp_path, keys, sent):
    messages = {"a": "User-Agent: phone 7\r\n", "b": "X: 1\r\n", "c": "User-Agent: a scanner\r\n",
                "d": "User-Agent: phone\r\nX: 12\r\n"}
    config = tmp_path / "headers.yaml"
    config.write_text(f"hep: {{{keys}}}\n", encoding="utf-8")
    path = tmp_path / "headers.pcap"
    captures.write(path, [udp(START + i, 5060, 5060, request("OPTIONS", name).replace(
        b"CSeq", line.encode() + b"CSeq")) for i, (name, line) in enumerate(messages.items())])
    collector = Collector()
    run = read(path, args=("-c", config, "--hep", f"udp:127.0.0.1:{collector.port}"))
    assert "".join(sorted(m["correlation_id"] for m in collector.messages())) == sent
    assert run.summary["counters"]["sip_left_out"] == 4 - len(sent)
    assert len(run.calls) == 4


OTHERS = {  # payload, port: HEP type, correlation id
    "mgcp": ((b"CRCX 1204 aaln/1@x MGCP 1.0\r\nC: A3C4\r\n", 2427, 6, "A3C4"), (b"200 1204 OK\r\n", 2427, 6, "1204")),
    "megaco": ((b"MEGACO/1 [192.0.2.1]\nTransaction = 9998 {Context = -", 2944, 7, "9998"),),
    "syslog": ((b"<34>1 2003-10-11T22:14:15Z host app - - - call-id=1@a gone", 514, 100, "1@a"),)}


@pytest.mark.parametrize("also", ["", *OTHERS, "mgcp,megaco,syslog"])
def test_other_signalling(tmp_path, also):
    """As it is, each once, and only what is asked for."""
    config = tmp_path / "also.yaml"
    config.write_text(f"capture: {{also: \"{also}\"}}\n", encoding="utf-8")
    path = tmp_path / "also.pcap"
    records = [udp(START + n * 1000 + i, port, port, payload) for kind in OTHERS.values()
               for n, (payload, port, _, _) in enumerate(kind) for i in range(2)]
    captures.write(path, records)
    collector = Collector()
    run = read(path, args=("-c", config, "--hep", f"udp:127.0.0.1:{collector.port}"))
    chosen = [name for name in OTHERS if name in also]
    assert sorted((m["type"], m["correlation_id"], payload_of(m)) for m in collector.messages()) == sorted(
        (kind, name, payload) for which in chosen for payload, _, kind, name in OTHERS[which])
    sent = {name: len(OTHERS[name]) for name in chosen}
    want = sent | {"signalling_copy": sum(sent.values()), "unknown_udp": len(records) - 2 * sum(sent.values())}
    assert run.outcomes == {k: v for k, v in want.items() if v}


def test_hep_dump_names_what_heptap_sends(tmp_path):
    """Types by the specification, revision 37, and 100."""
    names = {1: "SIP", 5: "RTCP", 6: "MGCP", 7: "MEGACO", 34: "QOS", 35: "QOS-SHORT", 53: "DNS", 56: "DIAMETER",
             100: "LOG"}
    sent = (ROOT / "parsers/hep_chunk.h").read_text(encoding="utf-8")
    assert {int(x) for x in re.findall(r"HEP_TYPE_\w+ =\s+(\d+)", sent)} == set(names)
    chunks = [(1, b"\2"), (2, b"\x11"), (3, bytes(4)), (4, bytes(4)), (7, bytes(2)), (8, bytes(2)), (9, bytes(4)),
              (10, bytes(4)), (12, bytes(4)), (15, b"x")]
    path = tmp_path / "hep"
    with open(path, "wb") as file:
        for kind in names:
            body = b"".join(struct.pack("!HHH", 0, n, 6 + len(d)) + d for n, d in [*chunks, (11, bytes([kind]))])
            file.write(b"HEP3" + struct.pack("!H", 6 + len(body)) + body)
    lines = subprocess.run([sys.executable, str(HEP_DUMP), path], check=True, capture_output=True, text=True).stdout
    assert [line.split()[1] for line in lines.splitlines()] == list(names.values())
