# SPDX-License-Identifier: BSD-3-Clause
"""The table of streams, beside the JSON of the same run."""

from __future__ import annotations

import re

import pytest

import captures
from captures import Record
from heptap_run import command, read
from packets import SECOND, START, back, request, rtp, stream, udp
from test_findings import A, B, Call, sdp
from test_shapes import MILLISECOND, SHAPES, call_records, media_records, message


@pytest.mark.parametrize("buffer, key", [("small", "DISC_F50"), ("large", "DISC_F200"), ("adaptive", "DISC_AD")])
def test_the_table_shows_what_the_jitter_buffer_discards(buffer, key, generated, tmp_path):
    path, _ = generated("--profiles", "spikes", "--calls", 4, "--seconds", 20)
    config = tmp_path / "c.yaml"
    config.write_text(f"quality: {{buffer: {buffer}, buffer_small: 20ms, buffer_large: 60ms}}\n", encoding="utf-8")
    with_buffer = "-c", config
    run = read(path, args=with_buffer)
    text = command("-r", path, *with_buffer).out.decode()
    rows = [re.split("  +", line) for line in text.partition(" streams (")[2].splitlines()[1:]]
    column = rows[0].index("discard")
    shown = {row[2]: int(row[column]) for row in rows if len(row) == len(rows[0]) and row[2] != "SSRC"}
    assert shown == {s["SSRC"]: s[key] for s in run.streams}
    assert any(shown.values())
    assert f"\nR and MOS: means over reporting intervals; discard: what comes too late or early for the {buffer} " in text


def test_the_table_cuts_between_characters(tmp_path):
    path = tmp_path / "long.pcap"
    frames = []
    for digits in range(17):
        message = request("INVITE", f"id{digits}").replace(b"sip:a@", b"sip:" + b"1" * digits + "\u00f6\u20ac".encode() * 8 + b"@")
        frames.append(udp(START + digits, 5060, 5060, message))
    captures.write(path, frames)
    rows = command("-r", path).out.decode().splitlines()
    shown = [re.split("  +", row)[1] for row in rows if row.startswith("id")]
    whole = ["1" * digits + "\u00f6\u20ac" * 8 for digits in range(17)]
    assert [text[-2:] for text in shown] == [".."] * 17
    assert all(text.startswith(kept[:-2]) for text, kept in zip(whole, shown))
    assert all(16 <= len(kept[:-2].encode()) <= 18 for kept in shown)


def test_columns_stay_in_line_whatever_the_script(tmp_path):
    path = tmp_path / "names.pcap"
    names = "bob", "J\u00fcrgen", "\u043f\u0440\u0438\u0432\u0435\u0442", "\u00f6" * 10, "a\u00f6" * 12
    captures.write(path, [
        udp(START + i, 5060, 5060, request("INVITE", f"id{i}").replace(b"sip:a@", f"sip:{name}@".encode()))
        for i, name in enumerate(names)])
    head, *rows = command("-r", path).out.decode().splitlines()[2:3 + len(names)]
    assert len(rows) == len(names)
    assert {row.index("INVITE") for row in rows} == {head.index("method")}
    assert {row.index(name[:6]) for row, name in zip(rows, names)} == {head.index("from")}


def test_call_ids_are_shown_as_long_as_most_are(tmp_path):
    """Those of gateways differ behind a long head that all of a host's calls share."""
    path = tmp_path / "ids.pcap"
    ids = [f"SD4909701-9ff11bf72eb4a347c92974d8fbbc2668-ao8o3i{i}" for i in range(2)]
    captures.write(path, [udp(START + i, 5060, 5060, request("INVITE", text)) for i, text in enumerate(ids)]
                   + [udp(START + 9, 5060, 5060, request("INVITE", "x" * 65))])
    rows = command("-r", path).out.decode().splitlines()[3:6]
    assert [row.split()[0] for row in rows] == [*ids, "x" * 62 + ".."]


def test_control_characters_are_escaped_in_json_and_shown_as_question_marks(tmp_path):
    """Of Call-ID and From alike: ESC, DEL, U+009B, which terminals take for ESC [, and U+202E, after which
    text runs to the left."""
    bad = "\x1b[2J\x7f\x9b\u202e"
    path = tmp_path / "bad.pcap"
    message = request("INVITE", "id" + bad).replace(b"sip:a@", f"sip:a{bad}@".encode())
    captures.write(path, [udp(START, 5060, 5060, message)])
    run, table = read(path), command("-r", path)
    call, = run.calls
    assert (call["call_id"], call["from"]) == ("id" + bad, "a" + bad)
    assert b"\\u001b[2J\\u007f\\u009b\\u202e" in run.out
    assert b"id?[2J??????" in table.out and b"a?[2J??????" in table.out
    for out in run.out, table.out:
        assert not re.search("[\x00-\x09\x0b-\x1f\x7f-\x9f\u202e]", out.decode())


def test_a_call_that_goes_on_shows_how_long_it_took_so_far(tmp_path):
    """Until its last packet; the second one was not answered."""
    path = tmp_path / "on.pcap"
    records = sorted([*call_records(START, 0, 13 * SECOND), *media_records(START, 0, 0, 15 * SECOND)])
    open_call = [r for r in records if b"BYE sip:" not in r.frame]
    durations = []
    for part in records, open_call, [udp(START, 5060, 5060, request("INVITE", "call7"))]:
        captures.write(path, part)
        rows = command("-r", path).out.decode().splitlines()
        durations.append([re.split("  +", row)[6] for row in rows if row.startswith("call")])
    assert durations == [["13.00 s"], [">14.98 s"], ["-"]]


def within(method: str, call_id: str, status: str = "") -> bytes:
    """In a dialog, or with a status what answers it."""
    text = request(method, call_id).replace(b"To: <sip:b@example.com>", b"To: <sip:b@example.com>;tag=t")
    return b"SIP/2.0 " + status.encode() + text[text.index(b"\r\n"):] if status else text


def test_a_call_that_is_older_than_the_capture_is_one(tmp_path):
    """By what is seen first: an INVITE, and of calls whose INVITE was not seen a BYE, an ACK, a re-INVITE and an UPDATE.
    How long it was answered is at least."""
    path = tmp_path / "mid.pcap"
    firsts = {"whole": request("INVITE", "whole"), **{
        name: within(method, name) for name, method in
        (("bye", "BYE"), ("ack", "ACK"), ("again", "INVITE"), ("update", "UPDATE"), ("open", "ACK"))}}
    captures.write(path, [
        *(udp(START + i, 5060, 5060, text) for i, text in enumerate(firsts.values())),
        *(udp(START + SECOND + i, 5060, 5060, within("INVITE", name, "200 OK")) for i, name in enumerate(("whole", "again"))),
        *(udp(START + 4 * SECOND + i, 5060, 5060, within("BYE", name)) for i, name in enumerate(firsts) if name not in ("bye", "open"))])
    text = command("-r", path).out.decode()
    heads, *rows = [re.split("  +", line) for line in text.partition("calls:\n")[2].splitlines()[:7]]
    keys = [heads.index(key) for key in ("Call-ID", "method", "state", "code", "duration")]
    assert [tuple(row[k] for k in keys) for row in rows] == [
        ("whole", "INVITE", "completed", "200", "3.00 s"),
        ("bye", "(INVITE)", "completed", "-", "-"),
        ("ack", "(INVITE)", "completed", "-", ">4.00 s"),
        ("again", "(INVITE)", "completed", "200", ">4.00 s"),
        ("update", "(INVITE)", "completed", "-", ">4.00 s"),
        ("open", "(INVITE)", "unknown", "-", "-"),
    ]
    assert "\n(INVITE): not seen, the call may be older than the capture; " in text
    calls = {c["call_id"]: c for c in read(path).calls}
    assert {c["method"] for c in calls.values()} == {"INVITE"}
    seen = {name: (c["invite_seen"], c["answer_seen"], c["answer"] is not None) for name, c in calls.items()}
    assert seen == {"whole": (True, True, True), "bye": (False, False, False), "ack": (False, False, True),
                    "again": (False, False, True), "update": (False, False, True), "open": (False, False, False)}


def test_what_is_no_call_has_no_invite(tmp_path):
    path = tmp_path / "options.pcap"
    captures.write(path, [udp(START, 5060, 5060, request("OPTIONS", "o")),
                          udp(START + 1, 5060, 5060, request("INVITE", "i"))])
    assert {c["method"]: (c["invite_seen"], c["answer_seen"]) for c in read(path).calls} == {
        "OPTIONS": (None, None), "INVITE": (True, False)}
    assert "(INVITE)" not in command("-r", path).out.decode()


def codecs(path) -> dict[str, set[str]]:
    """What the table of streams shows, by the payload that is in it."""
    text = command("-r", path).out.decode().partition(" (jitter: ")[2].partition("\nR and MOS: ")[0]
    rows = [re.split("  +", line) for line in text.splitlines()[1:]]
    return {row[2]: row[3] for row in rows[1:]}


def test_streams_with_digits_say_so(generated):
    """All packets of an event have one timestamp (RFC 4733 section 2.2.1)."""
    path, _ = generated("--profiles", "clean,dtmf", "--calls", 4, "--seconds", 12)
    digits, streams = {}, read(path).streams
    for d in captures.datagrams(path):
        if len(d.payload) == 16 and d.payload[1] & 0x7f == 101:
            digits.setdefault("0x" + d.payload[8:12].hex(), set()).add(d.payload[4:8])
    assert {s["SSRC"]: s["EVENTS"] for s in streams if "EVENTS" in s} == {k: len(v) for k, v in digits.items()}
    assert 0 < len(digits) < len(streams)
    assert codecs(path) == {s["SSRC"]: s["CODEC_NAME"] + "+dtmf" * (s["SSRC"] in digits) for s in streams}


def test_streams_that_are_encrypted_say_so(tmp_path):
    path = tmp_path / "srtp.pcap"
    secure = Call("secure").open(offer=sdp(A, proto="RTP/SAVP"), answered=sdp(B, proto="RTP/SAVP"))
    captures.write(path, sorted(secure.talk(1.1, 4).talk(4, 4.1, pt=101, first=145).talk(4.1, 6, first=150).records))
    assert codecs(path) == {"0x0000000a": "pcmu+dtmf+srtp"}
    captures.write(path, sorted(Call("clear").open().talk(1.1, 6).records))
    assert codecs(path) == {"0x0000000a": "pcmu"}


def test_a_stream_that_changes_its_codec_says_so(tmp_path):
    """Of several changes the first and the last codec; digits between are none."""
    path = tmp_path / "change.pcap"
    offers = {"offer": sdp(A, formats="9 8 0 101"), "answered": sdp(B, formats="9 8 0 101")}
    for parts, shown in (((9, 8), "g722>pcma"), ((9, 101, 9), "g722+dtmf"), ((9, 8, 0), "g722>..>pcmu"),
                         ((8, 9, 101, 8), "pcma>..>pcma+dtmf")):
        call = Call("change").open(**offers)
        for i, pt in enumerate(parts):
            call.talk(1.1 + i, 2.1 + i, pt=pt, first=50 * i)
        captures.write(path, sorted(call.bye(8).records))
        assert codecs(path) == {"0x0000000a": shown}
        stream, = read(path).streams
        first, _, last = shown.partition("+")[0].rpartition(">")
        assert stream["CODEC_NAME"] == last
        assert (stream.get("CODEC_FIRST"), stream.get("CODEC_CHG", 0)) == (
            first.removesuffix(">..") or None, (">" in shown) + (".." in shown))


def test_the_table_names_protocols_that_are_not_looked_into(tmp_path):
    """By their numbers of IANA's."""
    numbers = {"ICMP": 1, "IGMP": 2, "ESP": 50, "OSPF": 89, "VRRP": 112}
    frame = udp(START, 1, 2, bytes(16)).frame
    path = tmp_path / "others.pcap"
    captures.write(path, [Record(START + i, frame[:23] + bytes((n,)) + frame[24:])
                          for i, n in enumerate(numbers.values())])
    line, = [row for row in command("-r", path).out.decode().splitlines() if " ip_other_protocol " in row]
    assert line.split()[0] == str(len(numbers))
    assert line.endswith(f"({', '.join(numbers)})")


def test_a_method_that_is_none_of_the_usual_has_its_name(tmp_path):
    path = tmp_path / "methods.pcap"
    captures.write(path, [udp(START, 5060, 5060, request("SERVICE", "s")),
                          udp(START + 1, 5060, 5060, request("INVITE", "i"))])
    rows = [re.split("  +", row) for row in command("-r", path).out.decode().splitlines()[2:5]]
    assert [row[3] for row in rows] == ["method", "SERVICE", "INVITE"]
    assert [c["method"] for c in read(path).calls] == ["SERVICE", "INVITE"]


FAR = "\nthe same streams as receivers see them (RTCP; most %: between two reports; jitter: last report; "


@pytest.mark.parametrize("profiles", ["clean,loss,dup", "jitter,ssrcchange"])
def test_what_receivers_report_has_a_table(profiles, generated):
    path, _ = generated("--profiles", profiles, "--calls", 6, "--seconds", 12)
    text = command("-r", path).out.decode()
    heads, *rows = [re.split("  +", line) for line in text.partition(FAR)[2].partition("\n\n")[0].splitlines()[1:]]
    assert heads == ["source", "destination", "SSRC", "reports", "lost", "most %", "jitter ms", "max", "RTT ms",
                     "MOS-CQ", "Call-ID"]
    streams = {s["SSRC"]: s for s in read(path).streams if s["FAR_REPORTS"]}
    assert [row[2] for row in rows] == list(streams)
    for source, destination, ssrc, *numbers, call_id in rows:
        s = streams[ssrc]
        assert [source, destination, call_id] == [
            f"{s['SRC_IP']}:{s['SRC_PORT']}", f"{s['DST_IP']}:{s['DST_PORT']}", s["RTP_SIP_CALL_ID"]]
        keys = "FAR_REPORTS", "FAR_LOST", "FAR_MAX_LOSS_PCT", "FAR_JITTER", "FAR_MAX_JITTER", "RTT", "MEAN_MOS_CQ"
        for key, text, decimals in zip(keys, numbers, (0, 0, 1, 3, 3, 1, 2)):
            # JSON has three decimals, of which the last is rounded.
            assert text == "-" if s[key] is None else float(text) == pytest.approx(
                s[key], abs=0.5 * 10 ** -decimals + 0.0006), key
    columns = [{row[i] for row in rows} for i in range(4, 9)]
    assert sum(len(column) > 1 for column in columns) >= 2


def test_without_rtcp_there_is_no_table_of_it(generated):
    path, _ = generated("--profiles", "clean", "--calls", 1, "--seconds", 12)
    no_rtcp = "not (udp[9] >= 200 and udp[9] <= 207)"
    assert FAR in command("-r", path).out.decode()
    assert FAR not in command("-r", path, "--filter", no_rtcp).out.decode()


@pytest.mark.parametrize("count", [1, 2])
def test_one_is_no_plural(count, tmp_path):
    captures.write(tmp_path / "some.pcap", [r for i in range(count) for r in stream(START + i, 40, 4000, 4000, ssrc=i)])
    captures.write(tmp_path / "call.pcap", [udp(START + i, 5060, 5060, request("OPTIONS", f"c-{i}")) for i in range(count)])
    s = "" if count == 1 else "s"
    assert f"\n{count} stream{s} (" in command("-r", tmp_path / "some.pcap").out.decode()
    text = command("-r", tmp_path / "call.pcap").out.decode()
    assert f"\n{count} call{s}:\n" in text and f"\n{count} frame{s}:\n" in text


@pytest.mark.parametrize("shape", SHAPES)
def test_a_call_has_the_codec_of_the_stream_heard_first(shape, tmp_path):
    """Which one ends first or is reported first is all one; the two go to different workers."""
    records, want = [], {}
    for i in range(40):
        t, src, a, b, first = START + i * SECOND // 7, i + 1, 10000 + 10 * i, 20000 + 10 * i, i % 2
        offer, answer = (f"v=0\r\no=- 1 1 IN IP4 {at}\r\ns=-\r\nc=IN IP4 {at}\r\nt=0 0\r\nm=audio {port} RTP/AVP 0 8\r\n"
                         for at, port in ((f"198.51.100.{src}", a), ("203.0.113.2", b)))
        records += [
            udp(t, 5060, 5060, message("INVITE sip:b@example.com SIP/2.0", "INVITE", i, offer), src=src),
            back(udp(t + 1, 5060, 5060, message("SIP/2.0 200 OK", "INVITE", i, answer), src=src)),
            udp(t + 5 * SECOND, 5060, 5060, message("BYE sip:b@example.com SIP/2.0", "BYE", i), src=src)]
        for n in range(200):
            at = t + 2 + n * 20 * MILLISECOND
            records += [udp(at + first, a, b, rtp(n, 2 * i + 1, pt=0), src=src),
                        back(udp(at + 1 - first, b, a, rtp(n, 2 * i + 2, pt=8), src=src))]
        want[f"call{i}"] = ("pcmu", "pcma")[first]
    path, config = tmp_path / "two.pcap", tmp_path / "c.yaml"
    captures.write(path, sorted(records))
    config.write_text(shape, encoding="utf-8")
    rows = [re.split("  +", row) for row in command("-r", path, "-c", config).out.decode().splitlines()]
    column = rows[next(n for n, row in enumerate(rows) if row[0] == "Call-ID")].index("codec")
    assert {row[0]: row[column] for row in rows if row[0] in want} == want
