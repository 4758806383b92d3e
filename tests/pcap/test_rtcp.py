# SPDX-License-Identifier: BSD-3-Clause
"""What RTCP says of a stream, in its reports: round trips, the far end's view, delay and MOS-CQ."""

from __future__ import annotations

import struct

import pytest

import captures
import emodel
from heptap_run import read
from packets import SECOND, START, back, bye, rtp, udp
from test_findings import A, B, Call, sdp

MS = SECOND // 1000
VARIANTS = {"all": (), "another_seed": ("--seed", 7), "ipv6": ("--ipv6", "--seed", 2)}
LOOK_AHEAD = {"g729": 5, "opus": 6.5}
SSRC_A, SSRC_B = 0xA, 0xB


def by_ssrc(run):
    return {s["SSRC"]: s for s in run.streams}


@pytest.fixture(scope="module", params=VARIANTS, name="case")
def read_case(request, generated, heptap):
    path, truth = generated("--seconds", 21, "--nanoseconds", *VARIANTS[request.param])
    return truth, heptap(path)


def streams_with_rtcp(truth, run):
    """Per stream of calls whose both sides measured a round trip: truth of call and stream, report."""
    found, said = 0, by_ssrc(run)
    for call in truth["calls"]:
        rtcp = call.get("rtcp")
        if not rtcp or call["profile"] == "ssrcchange":
            continue
        for stream in call["streams"]:
            found += 1
            yield rtcp, stream, said[stream["ssrc"]]
    assert found >= 20


def test_round_trips_to_both_ends_are_those_of_the_truth(case):
    """Within a millisecond; the truth has the side whose SR was answered, A being the caller."""
    for rtcp, stream, got in streams_with_rtcp(*case):
        source = "A" if stream["direction"] == "A" else "B"
        other = "B" if source == "A" else "A"
        # rtt_ms["B"] are round trips of B's SRs: from the probe to A and back.
        assert got["RTT_A"] == pytest.approx(rtcp["rtt_ms"][other][-1], abs=1)
        assert got["RTT_B"] == pytest.approx(rtcp["rtt_ms"][source][-1], abs=1)
        assert got["RTT"] == pytest.approx(25 * 2 + 15 * 2, abs=1)
        assert got["DELAY_SRC"] == "rtcp"


def test_no_answer_of_a_generated_call_is_refused(case):
    truth, run = case
    counters = run.summary["counters"]
    assert counters["rtcp_round_trips_refused"] == 0
    assert counters["rtcp_round_trips"] == sum(
        len(v) for c in truth["calls"] if "rtcp" in c for v in c["rtcp"]["rtt_ms"].values())


def test_the_far_end_is_what_its_last_report_says(case):
    truth, run = case
    said, checked = by_ssrc(run), 0
    for call in truth["calls"]:
        clocks = {s["ssrc"]: s["clock"] for s in call["streams"]}
        for facts in call.get("rtcp", {}).get("last_rr", {}).values():
            got = said[facts["about"]]
            assert got["FAR_LOST"] == facts["cum_lost"]
            assert got["FAR_LOSS_PCT"] == pytest.approx(100 * facts["fraction"] / 256, abs=0.001)
            assert got["FAR_JITTER"] == pytest.approx(
                1000 * facts["jitter"] / clocks[facts["about"]], abs=0.001)
            assert got["FAR_REPORTS"] >= 1
            checked += 1
    assert checked >= 20


def test_mos_cq_is_that_of_g107_with_the_measured_delay(case):
    """Ta: half the round trip, 40 ms of buffer, a packet, the codec's look-ahead."""
    for _, stream, got in streams_with_rtcp(*case):
        ta = got["RTT"] / 2 + 40 + stream["ptime_ms"] + LOOK_AHEAD.get(got["CODEC_NAME"], 0)
        assert got["TA_MS"] == pytest.approx(ta, abs=0.51)
        assert got["MOS_LQ"] == got["MOS"]
        # Narrowband suffers from any delay, wideband and fullband from 100 ms on
        if got["MOS_SCALE"] == "NB":
            assert got["MOS_CQ"] < got["MOS_LQ"]
            # G.107 with all defaults: Id 0.149 at Ta 0, 1.599 at 50 ms, 3.816 at 150 ms
            assert 1.599 < got["ID"] < 3.816
        r = got["RFACTOR"] - got["ID"] + (0.149 if got["MOS_SCALE"] == "NB" else 0)
        assert got["RFACTOR_CQ"] == pytest.approx(r, abs=0.002)
        assert got["MOS_CQ"] == pytest.approx(emodel.mos(r, got["MOS_SCALE"]), abs=0.001)


def report(ssrc, ntp, blocks=(), kind=200):
    """SR (or RR) with blocks of (SSRC, fraction, lost, jitter, LSR, DLSR), and a CNAME."""
    body = struct.pack("!I", ssrc)
    if kind == 200:
        body += struct.pack("!QIII", ntp, 0, 0, 0)
    for about, fraction, lost, jitter, lsr, dlsr in blocks:
        body += struct.pack("!IIIIII", about, fraction << 24 | lost & 0xffffff, 0, jitter, lsr, dlsr)
    return struct.pack("!BBH", 0x80 | len(blocks), kind, len(body) // 4) + body + \
        struct.pack("!BBHIBB2s", 0x81, 202, 2, ssrc, 1, 2, b"cn")


def voip_metrics(sender, about, rtt, nominal):
    return struct.pack("!BBHIBBHI4BHHHHbbBBBBBBBBHHH", 0x80, 207, 10, sender, 7, 0, 8, about,
                       26, 13, 128, 8, 120, 4000, rtt, 95, -18, -60, 55, 16, 88, 127, 41, 127,
                       0xf0, 0, nominal, 80, 200)


def media(seconds):
    """Both directions of a call nobody announced, with ports and SSRCs of A and B."""
    records = []
    for i in range(50 * seconds):
        t = START + i * 20 * MS
        records.append(udp(t, 10000, 30000, rtp(i, SSRC_A)))
        records.append(back(udp(t + MS, 30000, 10000, rtp(i, SSRC_B))))
    return records


def from_a(t, payload):
    return udp(START + t, 10001, 30001, payload)


def from_b(t, payload):
    return back(udp(START + t, 30001, 10001, payload))


def write(path, records):
    captures.write(path, sorted(records, key=lambda r: r.time_ns))
    return path


def test_xr_gives_the_delay_where_no_sr_is_answered(tmp_path, heptap):
    path = write(tmp_path / "xr.pcap", media(4) + [
        from_b(2 * SECOND, report(SSRC_B, 0, [(SSRC_A, 26, 3, 80, 0, 0)], 201) +
               voip_metrics(SSRC_B, SSRC_A, 130, 60))])
    run = heptap(path)
    got = by_ssrc(run)["0x0000000a"]
    assert (got["DELAY_SRC"], got["RTT"], got["RTT_B"]) == ("xr", None, None)
    assert got["TA_MS"] == 130 / 2 + 60 + 20
    assert (got["XR_RTT"], got["XR_JB_NOMINAL"], got["XR_MOS_LQ"]) == (130, 60, 4.1)
    assert got["XR_LOSS_PCT"] == pytest.approx(100 * 26 / 256, abs=0.001)
    assert (got["XR_MOS_CQ"], got["XR_RFACTOR"], got["XR_PLC"]) == (None, 88, 3)
    assert "XR_RTT" not in by_ssrc(run)["0x0000000b"]
    assert by_ssrc(run)["0x0000000b"]["DELAY_SRC"] == "none"


def test_the_configured_delay_is_the_last_resort(tmp_path, heptap):
    path = write(tmp_path / "conf.pcap", media(4))
    for got in heptap(path, "quality: {delay_ms: 150}\n").streams:
        # G.107 with all defaults at Ta 150 ms: Id 3.816, R 89.539, MOS 4.3275
        assert (got["DELAY_SRC"], got["TA_MS"]) == ("conf", 150)
        assert got["ID"] == pytest.approx(3.816, abs=0.001)
        assert got["RFACTOR_CQ"] == pytest.approx(89.539, abs=0.001)
        assert got["MOS_CQ"] == pytest.approx(4.3275, abs=0.001)
    for got in heptap(path).streams:
        assert (got["DELAY_SRC"], got["TA_MS"], got["MOS_CQ"], got["ID"]) == ("none", *[None] * 3)


def sr_and_answer(copies=1):
    """A's SR at 1 s, B's answer 1.04 s later, held for one second: 40 ms. Copies 2 ms apart."""
    sr = report(SSRC_A, 0xe000_1234_5678_0000)
    answer = report(SSRC_B, 0, [(SSRC_A, 0, 0, 0, 0x12345678, 65536)], 201)
    return [from_a(SECOND + i * 2 * MS, sr) for i in range(copies)] + \
        [from_b(2040 * MS + i * 2 * MS, answer) for i in range(copies)]


def test_a_mirrored_copy_changes_nothing(tmp_path, heptap):
    keys = ("RTT_A", "RTT_B", "RTCP_PK", "FAR_REPORTS")
    plain = by_ssrc(heptap(write(tmp_path / "one.pcap", media(4) + sr_and_answer())))
    path = write(tmp_path / "two.pcap", media(4) + sr_and_answer(2))
    known, unknown = heptap(path), heptap(path, "capture: {copy_window: 0}\n")
    assert plain["0x0000000a"]["RTT_B"] == 40
    for ssrc, want in plain.items():
        for run in known, unknown:
            assert [by_ssrc(run)[ssrc][k] for k in keys] == [want[k] for k in keys]
    assert known.summary["outcomes"]["signalling_copy"] == 2
    assert unknown.summary["counters"]["rtcp_repeated"] == 2


def test_one_side_is_partial_and_no_delay(tmp_path, heptap):
    got = by_ssrc(heptap(write(tmp_path / "part.pcap", media(4) + sr_and_answer())))
    assert (got["0x0000000a"]["RTT_B"], got["0x0000000a"]["RTT_A"]) == (40, None)
    assert (got["0x0000000b"]["RTT_A"], got["0x0000000b"]["RTT_B"]) == (40, None)
    assert {s["DELAY_SRC"] for s in got.values()} == {"none"}
    assert {s["RTT"] for s in got.values()} == {None}


def test_srtcp_is_counted_with_its_sender_and_its_bye_ends_the_stream(tmp_path, heptap):
    """Version, type, length and SSRC are in clear; the rest is not, and is longer than RTCP."""
    secret = struct.pack("!BBHI", 0x80, 200, 6, SSRC_A) + bytes(range(20)) + bytes(14)
    gone = bye(SSRC_A) + bytes(14)
    known = report(SSRC_A, 0)
    run = heptap(write(tmp_path / "srtcp.pcap", media(6) + [
        from_a(SECOND, known), from_a(2 * SECOND, secret), from_a(3 * SECOND, secret),
        from_a(4 * SECOND, gone)]))
    got = by_ssrc(run)["0x0000000a"]
    assert (got["RTCP_PK"], got["SRTCP_PK"], got["FAR_REPORTS"]) == (1, 3, 0)
    assert run.outcomes["srtcp"] == 3
    assert run.summary["counters"]["rtcp_byes"] == 1


@pytest.mark.parametrize("snaplen", [2000, 96, 95, 94, 82])
def test_srtcp_that_the_capture_cut_is_none_in_clear(tmp_path, snaplen):
    """With AES-GCM (RFC 7714) it is a multiple of four; cut, its first packet looks like an SR with a report."""
    secure = {"proto": "RTP/SAVP", "formats": "0"}
    records = Call().open(offer=sdp(A, **secure), answered=sdp(B, **secure)).talk(1.1, 7).records
    for i in range(20):
        secret = struct.pack("!BBHI", 0x81, 200, 12, SSRC_A) + bytes(i * 7 + k & 255 for k in range(88))
        cut = udp(START + 2 * SECOND + i * 200 * MS, A[1] + 1, B[1] + 1, secret)
        records.append(cut._replace(frame=cut.frame[:snaplen]))
    run = read(write(tmp_path / "gcm.pcap", records))
    assert (run.outcomes["srtcp"], run.rtcp) == (20, [])


def test_feedback_is_counted_with_the_stream_it_asks_about(tmp_path, heptap):
    nack = struct.pack("!BBHIIHH", 0x81, 205, 3, SSRC_B, SSRC_A, 1000, 0x8001)
    pli = struct.pack("!BBHII", 0x81, 206, 2, SSRC_B, SSRC_A)
    rr = report(SSRC_B, 0, [(SSRC_A, 0, 0, 0, 0, 0)], 201)
    got = by_ssrc(heptap(write(tmp_path / "fb.pcap", media(4) + [
        from_b(SECOND, rr + nack), from_b(2 * SECOND, rr + pli)])))
    a = got["0x0000000a"]
    assert (a["NACK"], a["NACK_PK"], a["PLI"], a["FIR"], a["REMB"]) == (1, 3, 1, 0, 0)
    assert "NACK" not in got["0x0000000b"]


SHAPES = [f'cores: {{workers: "{cpus}", share: true}}\ncapture: {{files: {mode}}}\n'
          for mode in ("fused", "pipeline") for cpus in ("0", "0,1,0,1")]


@pytest.mark.parametrize("shape", SHAPES)
@pytest.mark.parametrize("ports", [(7001, 9001), (7001, None), (None, 9001), (20002, 40000)])
def test_rtcp_on_a_port_of_its_own_reaches_its_stream(tmp_path, heptap, shape, ports):
    """a=rtcp (RFC 3605): another pair of ports, which would choose another worker; one side may have
    the port beside its media all the same. Ten calls, so that some would go wrong by chance."""
    calls, records = [], []
    for i in range(10):
        a, b = ("198.51.100.1", 10000 + 2 * i), ("203.0.113.2", 30000 + 2 * i)
        rtcp = [(end[1] + 1 if port is None else port + 2 * i) for end, port in zip((a, b), ports)]
        lines = ["" if port is None else f"a=rtcp:{port + 2 * i}\r\n" for port in ports]
        calls.append(Call(f"apart{i}").open(0, 0.1, sdp(a) + lines[0], sdp(b) + lines[1]).bye(5))
        for n in range(200):
            t = START + SECOND + n * 20 * MS
            records.append(udp(t, a[1], b[1], rtp(n, 0xA00 + i)))
            records.append(back(udp(t + MS, b[1], a[1], rtp(n, 0xB00 + i))))
        records.append(udp(START + 2 * SECOND, *rtcp, report(0xA00 + i, 0xe000_1234_5678_0000)))
        records.append(back(udp(START + 3040 * MS, *rtcp[::-1], report(
            0xB00 + i, 0, [(0xA00 + i, 26, 3, 80, 0x12345678, 65536)], 201))))
    run = heptap(write(tmp_path / "apart.pcap", [r for c in calls for r in c.records] + records), shape)
    said = by_ssrc(run)
    for i in range(10):
        got = said[f"0x{0xA00 + i:08x}"]
        assert (got["RTCP_PK"], got["RTT_B"], got["FAR_LOST"]) == (1, 40, 3)
    assert {e["correlation_id"] for e in run.rtcp} == {f"apart{i}" for i in range(10)}
