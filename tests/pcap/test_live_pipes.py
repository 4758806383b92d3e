# SPDX-License-Identifier: BSD-3-Clause
"""A pipe is live input: what came is handed on while the pipe is open, and all of it is what a file of the same octets says."""

from __future__ import annotations

import errno
import gzip
import json
import os
import random
import signal
import struct
import threading
import time

import pytest

import captures
import heptap_run
from heptap_run import command, read
from live_pipe import FORMATS, REPORT, SIP, SOON_S, LivePipe, pcap_header, pcap_record
from packets import SECOND, START, back, request, rtp, stream, udp

HOLD_S = 2.0  # README: at most two seconds
WORKERS = {1: "", 2: 'cores: {workers: "0,1", share: true}\n'}
SDP = b"v=0\r\no=- 1 1 IN IP4 203.0.113.2\r\ns=-\r\nt=0 0\r\nc=IN IP4 203.0.113.2\r\nm=audio 4000 RTP/AVP 0\r\n"


def sip(i: int, t: int) -> captures.Record:
    return udp(t, 5060, 5060, request("OPTIONS", f"call-{i}"))


def message(record: captures.Record) -> bytes:
    return record.frame[42:]


def with_sdp(text: bytes) -> bytes:
    return text.replace(b"Content-Length: 0", b"Content-Type: application/sdp\r\nContent-Length: %d" % len(SDP)) + SDP


def answer(method: str, call_id: str, has_sdp: bool = False) -> bytes:
    head, rest = request(method, call_id).split(b"\r\n", 1)
    text = b"SIP/2.0 200 OK\r\n" + rest.replace(b"<sip:b@example.com>", b"<sip:b@example.com>;tag=t")
    return head and (with_sdp(text) if has_sdp else text)


def a_call(t: int, talk_s: int, call_id: str = "one") -> list[captures.Record]:
    """One that is answered, has a stream, and is over after talk_s seconds."""
    end = t + talk_s * SECOND
    return [udp(t, 5060, 5060, with_sdp(request("INVITE", call_id))),
            back(udp(t + SECOND // 100, 5060, 5060, answer("INVITE", call_id, True))),
            *stream(t + SECOND // 50, talk_s * 50 - 2, 4000, 4000),
            udp(end, 5060, 5060, request("BYE", call_id)),
            back(udp(end + SECOND // 100, 5060, 5060, answer("BYE", call_id)))]


def cut(content: bytes, pieces: int, seed: int) -> list[bytes]:
    at = sorted({0, len(content), *random.Random(seed).sample(range(len(content)), pieces)})
    return [content[a:b] for a, b in zip(at, at[1:])]


def in_pieces(content: bytes, pieces: int, seed: int, config: str, folder) -> heptap_run.Run:
    """What a pipe of it says that is silent again and again."""
    args = ["--json", "-"]
    if config:
        (folder / "workers.yaml").write_text(config, encoding="utf-8")
        args += ["-c", folder / "workers.yaml"]
    with LivePipe(*args) as pipe:
        for piece in cut(content, pieces, seed):
            pipe.write(piece)
            time.sleep(0.002)
        code, out, err = pipe.end()
    run = heptap_run.Run(code, out, err)
    run.events = heptap_run.parse(out)
    return run


def without_hep(run: heptap_run.Run) -> list[dict]:
    """In no order, since workers write when they come to it. It was sent in one of the two runs only."""
    events = run.steady
    for event in events:
        for name in ("hep", "damage", "warnings"):  # the two name the file
            event.pop(name, None)
        event.get("counters", {}).pop("hep_made", None)
    return sorted(events, key=json.dumps)


@pytest.mark.parametrize("is_nano", [False, True], ids=["us", "ns"])
@pytest.mark.parametrize("order", "<>", ids=["little", "big"])
@pytest.mark.parametrize("name", FORMATS)
def test_a_packet_is_handed_on_before_the_next_one(name, order, is_nano):
    """Though half of the next one has come: nothing waits for a full buffer, or burst, or record."""
    header, record = FORMATS[name]
    packets = [sip(i, START + i * SECOND // 10) for i in range(21)]
    records = [record(p, order, is_nano) for p in packets]
    with LivePipe() as pipe:
        pipe.write(header(order, is_nano) + records[0][:20])
        for i, packet in enumerate(packets):
            last = i + 1 == len(packets)
            pipe.write(records[i][20:] + (b"" if last else records[i + 1][:20]))
            assert pipe.hep() == (SIP, message(packet)), i
        code, out, err = pipe.end()
    assert (code, err) == (0, "")
    assert b"\n21 frames:\n" in out


@pytest.mark.parametrize("name", FORMATS)
def test_octet_by_octet(name):
    """Only the last octet that heptap needs of a packet makes the difference."""
    header, record = FORMATS[name]
    packets = [sip(i, START + i * SECOND // 10) for i in range(2)]
    with LivePipe() as pipe:
        for octet in header() + record(packets[0]):
            pipe.write(bytes((octet,)))
            time.sleep(0.001)
        assert pipe.hep() == (SIP, message(packets[0]))
        octets = record(packets[1])
        end = octets.index(packets[1].frame) + len(packets[1].frame)
        for i, octet in enumerate(octets[:end]):
            assert i % 50 or pipe.hep(0.05) is None
            pipe.write(bytes((octet,)))
        assert pipe.hep() == (SIP, message(packets[1]))
        pipe.write(octets[end:])
        assert pipe.end()[0] == 0


@pytest.mark.parametrize("workers", WORKERS)
@pytest.mark.parametrize("args", [("--seconds", 2, "--calls", 3), ("--seconds", 2, "--calls", 3, "--tcp"),
                                  ("--seconds", 3, "--calls", 4, "--wrap", "vxlan", "--profiles", "vad,hold,reorder")])
@pytest.mark.parametrize("name", FORMATS)
def test_a_pipe_in_pieces_says_what_a_file_says(name, args, workers, generated, tmp_path):
    header, record = FORMATS[name]
    records = captures.read(generated(*args).path)
    odd = [captures.Record(r.time_ns + 10**18 * (i in (40, 41, 300)), r.frame) for i, r in enumerate(records)]
    content = header() + b"".join(map(record, odd))
    (tmp_path / "same").write_bytes(content)
    want = read(tmp_path / "same", warns=True)
    got = in_pieces(content, 400, 1, WORKERS[workers], tmp_path)
    assert got.code == 0 and got.err == want.err.replace(str(tmp_path / "same"), "standard input")
    assert want.summary["counters"]["time_outliers"] == 3
    assert without_hep(got) == without_hep(want)


@pytest.mark.parametrize("lacking", [1, 30, 100])
def test_a_pipe_that_ends_in_a_record_is_damaged_as_a_file_is(lacking, generated, tmp_path):
    content = generated("--seconds", 2, "--calls", 3).path.read_bytes()[:-lacking]
    (tmp_path / "cut").write_bytes(content)
    want = read(tmp_path / "cut", codes=(3,))
    got = in_pieces(content, 20, 2, "", tmp_path)
    assert got.code == 3 and got.err == want.err.replace(str(tmp_path / "cut"), "standard input")
    assert without_hep(got) == without_hep(want)


def test_reports_and_events_come_when_they_are_due(tmp_path):
    """Those of a call at its end, though the pipe goes on; the table comes last."""
    (tmp_path / "c.yaml").write_text("quality: {report_interval: 2s}\n", encoding="utf-8")
    first = a_call(START, 5)
    more = [sip(i, START + (6 + i) * SECOND) for i in range(60)]
    with LivePipe("-c", tmp_path / "c.yaml", "--json", tmp_path / "events.json") as pipe:
        pipe.write(pcap_header() + b"".join(pcap_record(r) for r in first[:200]))
        periodic = json.loads(pipe.hep_of(REPORT))
        pipe.write(b"".join(pcap_record(r) for r in first[200:] + more))
        reports = [periodic]
        while reports[-1]["TYPE"] == periodic["TYPE"]:
            reports.append(json.loads(pipe.hep_of(REPORT)))
        time.sleep(0.5)
        events = [json.loads(x) for x in (tmp_path / "events.json").read_text(encoding="utf-8").splitlines()]
        early = pipe.printed(b"\n", 0.2)
        code, out, _ = pipe.end()
    assert reports[-1]["RTP_SIP_CALL_ID"] == "one" and {r["TYPE"] for r in reports[:-1]} == {periodic["TYPE"]}
    assert [e["call_id"] for e in events if e["event"] == "call"][:1] == ["one"]
    assert "stream" in [e["event"] for e in events] and "summary" not in [e["event"] for e in events]
    assert early == b"" and code == 0
    assert b"61 calls:" in out


def test_json_on_standard_output_comes_at_once():
    with LivePipe("--json", "-") as pipe:
        pipe.write(pcap_header() + b"".join(pcap_record(r) for r in a_call(START, 3)) +
                   b"".join(pcap_record(sip(i, START + (4 + i) * SECOND)) for i in range(30)))
        assert b'"event":"stream"' in pipe.printed(b'"event":"stream"')


@pytest.mark.parametrize("number", [signal.SIGTERM, signal.SIGINT])
def test_a_signal_ends_it_at_once_with_all_that_came(number):
    """Even the packet whose time stamp nothing has confirmed yet."""
    packets = [sip(i, START + i * SECOND // 10) for i in range(20)] + [sip(20, START + 60 * SECOND)]
    with LivePipe() as pipe:
        pipe.write(pcap_header() + b"".join(map(pcap_record, packets[:20])))
        for packet in packets[:20]:
            assert pipe.hep() == (SIP, message(packet))
        pipe.write(pcap_record(packets[20]) + pcap_record(packets[20])[:30])
        time.sleep(0.5)
        code, out, err = pipe.interrupt(number)
    assert (code, err) == (1, "heptap: interrupted: only what was read so far is reported\n")
    assert b"\n21 frames:\n" in out and b"\n21 calls:\n" in out


def test_a_quiet_line_is_believed_without_successors():
    """Packets half a minute apart, each a leap: one after the other comes within the time of holding."""
    with LivePipe() as pipe:
        pipe.write(pcap_header())
        for i in range(4):
            packet = sip(i, START + i * 30 * SECOND)
            pipe.write(pcap_record(packet))
            assert pipe.hep() == (SIP, message(packet))
        assert pipe.end()[0] == 0


def test_a_time_stamp_waits_for_its_successors():
    """One that is wrong does not become the clock because the next packet comes half a second later."""
    with LivePipe("--json", "-") as pipe:
        pipe.write(pcap_header() + b"".join(pcap_record(sip(i, START + i)) for i in range(5)))
        pipe.write(pcap_record(sip(5, START + 10**17)))
        time.sleep(HOLD_S / 4)
        pipe.write(pcap_record(sip(6, START + 6)))
        code, out, err = pipe.end()
    assert code == 0 and "has a time stamp" in err
    assert heptap_run.parse(out)[-1]["counters"]["time_outliers"] == 1


def write_fifo(path, octets: bytes) -> int:
    fd = os.open(path, os.O_RDWR)
    os.write(fd, octets)
    return fd


@pytest.fixture(name="fifo")
def a_fifo(tmp_path):
    os.mkfifo(tmp_path / "fifo")
    return tmp_path / "fifo"


@pytest.mark.parametrize("silent", [b"", pcap_record(sip(99, START))], ids=["from_the_start", "later"])
def test_recorded_pipes_are_merged_however_long_one_of_them_is_silent(silent, fifo, tmp_path):
    """What the silent one brings at last may be earlier, and is."""
    later = [sip(i, START + (i + 1) * SECOND) for i in range(5)]
    others = [sip(50 + i, START + (i + 1) * SECOND - 1) for i in range(5)]
    both = write_fifo(fifo, pcap_header() + silent)
    with LivePipe(paths=("-", fifo)) as pipe:
        pipe.write(pcap_header() + b"".join(map(pcap_record, later)))
        if silent:
            assert pipe.hep() == (SIP, message(sip(99, START)))
        assert pipe.hep(HOLD_S + 1) is None
        os.write(both, b"".join(map(pcap_record, others)))
        os.close(both)
        for i in range(5):
            assert pipe.hep() == (SIP, message(others[i]))
            assert pipe.hep() == (SIP, message(later[i]))
        assert pipe.end()[0] == 0


def open_fifo(path) -> int:
    """To write: heptap has opened it."""
    end = time.monotonic() + SOON_S
    while True:
        try:
            return os.open(path, os.O_WRONLY | os.O_NONBLOCK)
        except OSError as error:  # nobody reads it
            if error.errno != errno.ENXIO or time.monotonic() > end:
                raise
            time.sleep(0.01)


@pytest.mark.parametrize("order", [(0, 1, 2), (2, 1, 0), (1, 2, 0)])
def test_one_writer_may_open_all_fifos_before_it_writes(order, tmp_path):
    """And begin with any of them, octet by octet: each is read as it comes."""
    fifos = [tmp_path / str(i) for i in range(3)]
    for path in fifos:
        os.mkfifo(path)
    packets = [sip(i, START + i * SECOND) for i in range(6)]
    with LivePipe(paths=fifos) as pipe:
        fds = [open_fifo(path) for path in fifos]
        for i in order:
            for octet in pcap_header():
                os.write(fds[i], bytes((octet,)))
        for i in order:
            os.write(fds[i], pcap_record(packets[i]) + pcap_record(packets[i + 3]))
            os.close(fds[i])
        assert [pipe.hep() for _ in packets] == [(SIP, message(packet)) for packet in packets]
        assert pipe.end()[0] == 0


def test_what_is_no_capture_is_refused_while_another_fifo_is_silent(tmp_path):
    fifos = [tmp_path / str(i) for i in range(2)]
    for path in fifos:
        os.mkfifo(path)
    with LivePipe(paths=fifos) as pipe:
        fds = [open_fifo(path) for path in fifos]
        os.write(fds[1], b"none")
        pipe.process.wait(SOON_S)
        for fd in fds:
            os.close(fd)
        assert pipe.end() == (1, b"", f'heptap: could not read "{fifos[1]}": unknown file format\n')


@pytest.mark.parametrize("has_packet", [False, True])
@pytest.mark.parametrize("is_first", [False, True])
def test_captures_that_are_being_made_do_not_wait_for_a_silent_one(is_first, has_packet, fifo):
    """Neither from their beginning nor later; what it brings then is taken in."""
    both = write_fifo(fifo, pcap_header() + (pcap_record(sip(99, time.time_ns())) if has_packet else b""))
    with LivePipe(paths=(fifo, "-") if is_first else ("-", fifo)) as pipe:
        pipe.write(pcap_header())
        if has_packet:
            pipe.write(pcap_record(sip(98, time.time_ns())))
            assert {pipe.hep()[1].split(b"call-")[1][:2] for _ in range(2)} == {b"98", b"99"}
        for i in range(2):
            packet = sip(i, time.time_ns())
            pipe.write(pcap_record(packet))
            assert pipe.hep() == (SIP, message(packet))
        packet = sip(50, time.time_ns())
        os.write(both, pcap_record(packet))
        assert pipe.hep() == (SIP, message(packet))
        os.close(both)
        assert pipe.end()[0] == 0


def test_files_beside_a_live_pipe_do_not_wait_for_it(tmp_path):
    old = [sip(i, START + i * SECOND) for i in range(3)]
    captures.write(tmp_path / "old.pcap", old)
    with LivePipe(paths=(tmp_path / "old.pcap", "-")) as pipe:
        packet = sip(9, time.time_ns())
        pipe.write(pcap_header() + pcap_record(packet))
        for record in [*old, packet]:
            assert pipe.hep() == (SIP, message(record))
        assert pipe.end()[0] == 0


def test_a_fifo_by_name_and_its_silence_cost_little(fifo):
    """A thread that waits for it sleeps."""
    both = write_fifo(fifo, pcap_header() + pcap_record(sip(0, START)))
    with LivePipe(paths=(fifo,)) as pipe:
        assert pipe.hep() == (SIP, message(sip(0, START)))
        time.sleep(1)
        before = cpu_s(pipe.process.pid)
        time.sleep(2)
        spent = cpu_s(pipe.process.pid) - before
        os.write(both, pcap_record(sip(1, START)))
        assert pipe.hep() == (SIP, message(sip(1, START)))
        os.close(both)
        assert pipe.end()[0] == 0
    assert spent < 1


def cpu_s(pid: int) -> float:
    with open(f"/proc/{pid}/stat", encoding="ascii") as stat:
        values = stat.read().rsplit(")", 1)[1].split()
    return (int(values[11]) + int(values[12])) / os.sysconf("SC_CLK_TCK")


def test_what_is_compressed_is_refused_before_the_pipe_ends():
    with LivePipe() as pipe:
        pipe.write(gzip.compress(pcap_header()))
        pipe.process.wait(SOON_S)
        code, out, err = pipe.end()
    assert (code, out) == (1, b"")
    assert err == 'heptap: could not read "standard input": it is compressed: unpack it first\n'


def test_a_pipe_of_another_link_type_is_refused_at_its_end():
    header = struct.pack("<IHHiIII", captures.NS_MAGIC, 2, 4, 0, 0, 262144, 147)
    alone = command("-r", "-", stdin=header + pcap_record(sip(0, START)))
    with LivePipe() as pipe:
        pipe.write(header + pcap_record(sip(0, START)))
        time.sleep(HOLD_S + 0.5)
        assert pipe.end() == (alone.code, alone.out, alone.err)
    assert alone.code == 1 and "is not supported" in alone.err


def test_much_at_once_is_all_read(tmp_path):
    """Faster than it is read, from a writer that waits for room."""
    records = [udp(START + i * 1000, 4000, 4000 + 2 * (i % 50), rtp(i // 50, ssrc=i % 50)) for i in range(50_000)]
    captures.write(tmp_path / "much.pcap", records)
    content = (tmp_path / "much.pcap").read_bytes()
    with LivePipe("--json", "-") as pipe:
        writer = threading.Thread(target=pipe.write, args=(content,))
        writer.start()
        writer.join(60)
        code, out, _ = pipe.end()
    assert code == 0
    run = heptap_run.Run(code, out, "")
    run.events = heptap_run.parse(out)
    assert without_hep(run) == without_hep(read(tmp_path / "much.pcap"))


def said_while_waiting(paths, seconds=HOLD_S + 1) -> str:
    """Of what is then ended by a signal."""
    with LivePipe(paths=paths) as pipe:
        time.sleep(seconds)
        code, _, err = pipe.interrupt()
    assert code == 1
    return err.replace("heptap: interrupted: only what was read so far is reported\n", "")


def test_inputs_that_nobody_writes_are_named_once(tmp_path):
    """Whether somebody has opened them to write or not; not those that bring nothing but a header."""
    fifos = [tmp_path / str(i) for i in range(3)]
    for path in fifos:
        os.mkfifo(path)
    fds = [os.open(fifos[1], os.O_RDWR), write_fifo(fifos[2], pcap_header())]
    assert said_while_waiting(fifos, 2 * HOLD_S + 1) == (
        f'heptap: waiting for "{fifos[0]}", "{fifos[1]}": nothing was written yet\n')
    for fd in fds:
        os.close(fd)


def test_standard_input_is_said_to_be_waited_for():
    assert said_while_waiting(("-",)) == 'heptap: waiting for "standard input": nothing was written yet\n'


@pytest.mark.parametrize("first", [b"", pcap_record(sip(0, START))], ids=["header", "packet"])
def test_an_input_that_pauses_is_not_said_to_be_waited_for(first, fifo):
    both = write_fifo(fifo, pcap_header() + first)
    assert said_while_waiting((fifo,)) == ""
    os.close(both)
