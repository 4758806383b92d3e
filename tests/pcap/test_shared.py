# SPDX-License-Identifier: BSD-3-Clause
"""Real captures against their truth files, which say what tshark found. tshark is a witness, not
the judge: where heptap differs, KNOWN says what it finds, why, and which standard is right."""

from __future__ import annotations

import json
import struct
import subprocess
from dataclasses import dataclass, field

import pytest

import captures
from heptap_run import SHARED

FOLDER = SHARED / "captures"
pytestmark = pytest.mark.skipif(not FOLDER.is_dir(), reason=f"no captures in {FOLDER}")

FILES = sorted(p for p in FOLDER.glob("*.pcap*") if not p.name.endswith(".json"))
NEGATIVE = sorted(p for p in (FOLDER / "negative").glob("*.pcap*") if p.suffix != ".json")
GENERATED = "generated_12_calls.pcap"
REAL = [p for p in FILES if p.name != GENERATED]
MILLISECONDS = 0.01  # tshark prints thousandths, and its jitter is in doubles, ours in nanoseconds

COPIES_TOO = "capture: {copy_window: 0}\n"  # tshark counts them
UNBELIEVED = None  # in Known.streams


@dataclass(frozen=True)
class Known:
    """What heptap finds in a capture where it differs from the truth file."""
    why: str
    sip: int | None = None
    rtcp: int | None = None
    lacks: frozenset[str] = frozenset()  # Call-IDs
    adds: frozenset[str] = frozenset()
    # SSRC -> packets, lost, duplicates
    streams: dict[str, tuple[int, int, int] | None] = field(default_factory=dict)
    # SSRC -> mean jitter, maximal jitter, maximal delta
    timing: dict[str, tuple[float, float, float]] = field(default_factory=dict)


KNOWN = {
    "fax_t38_megaco": Known(
        "0x0eaf0eaf has 3848 RTP packets with sequence numbers 0 to 3847 in a row (counted in "
        "test_fax_has_every_sequence_number): tshark stops at 1838 of them, because it hands the "
        "flow to its T.38 dissector at the re-INVITE. RFC 3550 A.3: nothing is lost. "
        "0x17d90134 sets its timestamp anew at the T.38 switch and after comfort noise: RFC 3550 "
        "A.8 is about variation of the transit time, which a new timestamp is not, and silence "
        "is not a delta (RFC 3551 4.1).",
        streams={"0x0eaf0eaf": (3848, 0, 0)},
        timing={"0x0eaf0eaf": (0.749, 15.523, 173.431), "0x17d90134": (0.396, 15.333, 179.647)}),
    "rtp_unsignalled": Known(
        "Without SDP, STUN, DTLS or RTCP, RTP is believed after 25 packets in a row, or 12 of a "
        "static type with a marker (rtp-qos/qos_probation.h): 6, 7 and 12 packets of a dynamic "
        "type are not. The same pattern stands in negative/i3d and negative/false_positives; those "
        "are RTP on the wire too (Discord voice, A-law in mid-call), but nothing in so few packets "
        "tells them from chance. "
        "0x00001646 is H.263: tshark takes every packet of a frame for a sample of jitter, heptap the "
        "first of each; and tshark's mean leaves packets with a marker out: see "
        "test_mean_jitter_of_h263.",
        streams={"0x001a7e73": UNBELIEVED, "0x001a757d": UNBELIEVED, "0x001a759f": UNBELIEVED},
        timing={"0x00001646": (0.123, 0.236, 77.061)}),
    "skinny_rtp": Known(
        "0x7c1071e2 and 0xf6bf57dc were captured twice. tshark counts every copy and takes 16 and "
        "18 of them off the loss; RFC 3550 A.3 allows that of a receiver, but a duplicate never "
        "makes up for a loss, and the delta is that of different packets. "
        "0x7c1071f3 began before the capture: 15 packets and no marker, 25 are needed.",
        streams={"0x7c1071e2": (17, 0, 16), "0xf6bf57dc": (18, 0, 18), "0x7c1071f3": UNBELIEVED},
        timing={"0x7c1071e2": (0.011, 0.019, 20.068), "0xf6bf57dc": (0.008, 0.013, 20.051)}),
    "webrtc_meet": Known(
        "29 packets on the addresses of SRTP streams have an RTCP type: SRTCP, whose body is "
        "encrypted (RFC 3711 3.4). tshark reads 14 frames as RTCP and the rest as plain data.",
        rtcp=29),
    "webrtc_stun_dtls_srtp": Known(
        "One packet between the odd ports of an SRTP stream is SRTCP: multiplexed there (RFC 5761), "
        "encrypted (RFC 3711 3.4). tshark reads it as plain data.",
        rtcp=1),
    "sip_rfc4475_torture": Known(
        "tshark does not know badvers, lwsruri, lwsstart, trws and bigcode as SIP; heptap reads "
        "the first four, since a probe shows what was on the wire, and refuses six "
        "(parsers/sip_msg.h): bigcode (status beyond 100-699), insuf (no Call-ID), scalar02 "
        "and scalarlg (CSeq number beyond 32 bits, RFC 3261 8.1.1.5), ncl (Content-Length below 0) "
        "and mcl01 (two lengths). multi01 repeats Call-ID: the first counts.",
        sip=43,
        lacks=frozenset({"scalar02.23o0pd9vanlq3wnrlnewofjas9ui32",
                         "scalarlg.noase0of0234hn2qofoaf0232aewf2394r",
                         "ncl.0ha0isndaksdj2193423r542w35", "mcl01.fhn2323orihawfdoa3o4r52o3irsdf",
                         "multi01.98asdh@192.0.2.2"}),
        adds=frozenset({"badvers.31417@c.example.com",
                        "lwsruri.asdfasdoeoi2323-asdfwrn23-asd834rk423",
                        "lwsstart.dfknq234oi243099adsdfnawe3@example.com",
                        "trws.oicu34958239neffasdhr2345r"})),
}

def names(paths):
    return [p.name.partition(".")[0] for p in paths]


def each(paths):
    return pytest.mark.parametrize("path", paths, ids=names(paths))


def truth_of(path):
    return json.loads((path.parent / f"{path.name}.truth.json").read_text(encoding="utf-8"))


def known_of(path):
    return KNOWN.get(path.name.partition(".")[0], Known("nothing differs"))


def key_of(ends):
    return ends["src"], ends["sport"], ends["dst"], ends["dport"], ends["ssrc"]


def streams_of(run):
    found = {(s["SRC_IP"], s["SRC_PORT"], s["DST_IP"], s["DST_PORT"], s["SSRC"]): s
             for s in run.streams}
    assert len(found) == len(run.streams)
    return found


def wanted_streams(truth):
    return {key_of(s): s for s in truth["rtp_streams"] or truth["rtp_streams_heur"]}


def test_every_known_difference_is_about_a_capture():
    assert set(KNOWN) <= set(names(REAL))


@each(REAL)
def test_sip_messages(path, heptap):
    truth, known = truth_of(path), known_of(path)
    want = truth["sip"]["messages"] if known.sip is None else known.sip
    assert heptap(path, COPIES_TOO).summary["sip_messages"] == want, known.why


@each(REAL)
def test_call_ids(path, heptap):
    truth, known = truth_of(path), known_of(path)
    want, messages = truth["sip"]["call_ids"], {}
    for call in heptap(path, COPIES_TOO).calls:  # a Call-ID may serve several transactions one after the other
        messages[call["call_id"]] = messages.get(call["call_id"], 0) + call["messages"]
    assert set(want) - set(messages) == known.lacks, known.why
    assert set(messages) - set(want) == known.adds, known.why
    for call_id in set(messages) & set(want):
        assert messages[call_id] == want[call_id]


@each(REAL)
def test_rtcp_packets(path, heptap):
    truth, known = truth_of(path), known_of(path)
    want = truth["rtcp"]["frames"] if known.rtcp is None else known.rtcp
    assert heptap(path, COPIES_TOO).summary["rtcp_packets"] == want, known.why


@each(REAL)
def test_copies_of_signalling(path, heptap):
    """Of a capture that brings some datagrams twice, which have one IP identification: tshark finds 23."""
    run = heptap(path)
    copies = run.summary["outcomes"].get("signalling_copy", 0)
    assert copies == (23 if path.name.startswith("fax_t38_megaco") else 0)
    if copies:
        assert copies == tshark_copies(path)
        assert run.summary["sip_messages"] + copies == heptap(path, COPIES_TOO).summary["sip_messages"]
        assert run.summary["outcomes"].get("signalling_copy") == heptap(
            path, "capture: {hops: separate}\n").summary["outcomes"].get("signalling_copy")


def tshark_copies(path):
    out = subprocess.run(["tshark", "-n", "-r", path, "-Y", "sip", "-T", "fields"] +
                         [w for f in ("ip.src", "ip.dst", "ip.id", "udp.payload") for w in ("-e", f)],
                         capture_output=True, text=True, check=True).stdout.splitlines()
    return len(out) - len(set(out))


@each(REAL)
def test_streams_and_their_losses(path, heptap):
    known, found = known_of(path), streams_of(heptap(path))
    want = {}
    for key, s in wanted_streams(truth_of(path)).items():
        counts = known.streams.get(key[4], (s["pkts"], s["lost"], 0))
        if counts is not UNBELIEVED:
            want[key] = counts
    got = {k: (s["TOTAL_PK"], s["PACKET_LOSS"], s["DUP_PK"]) for k, s in found.items()}
    assert got == want, known.why


@each(REAL)
def test_jitter_and_deltas(path, heptap):
    known, found = known_of(path), streams_of(heptap(path))
    for key, s in wanted_streams(truth_of(path)).items():
        if key not in found:
            continue  # unbelieved: test_streams_and_their_losses
        want = known.timing.get(key[4], (s["mean_jitter"], s["max_jitter"], s["max_delta"]))
        got = tuple(found[key][n] for n in ("MEAN_JITTER", "MAX_JITTER", "MAX_DELTA"))
        assert got == pytest.approx(want, abs=MILLISECONDS), known.why


@each(REAL)
def test_least_jitter_and_delta(path, heptap):
    """Where the others are those of tshark; it has -1 of a clock that it does not know."""
    known, found = known_of(path), streams_of(heptap(path))
    for key, s in wanted_streams(truth_of(path)).items():
        if key not in found or key[4] in known.timing:
            continue
        assert found[key]["MIN_DELTA"] == pytest.approx(s["min_delta"], abs=MILLISECONDS), key
        if s["min_jitter"] >= 0:
            assert found[key]["MIN_JITTER"] == pytest.approx(s["min_jitter"], abs=MILLISECONDS), key


@each(NEGATIVE)
def test_nothing_is_found_where_there_is_no_voice(path, heptap):
    summary = heptap(path).summary
    for name in ("sip_messages", "rtp_packets", "rtcp_packets", "calls", "streams"):
        assert summary[name] == 0
    assert summary["frames"] == truth_of(path)["frames"]


@each(REAL)
def test_every_frame_is_read(path, heptap):
    assert heptap(path).summary["frames"] == truth_of(path)["frames"]


def rtp_of(path, src, sport):
    """(arrival in ns, marker, sequence number, timestamp) of the RTP packets from an address."""
    for d in captures.datagrams(path):
        if (d.src, d.sport) == (src, sport) and len(d.payload) >= 12 and d.payload[0] >> 6 == 2:
            second, seq, ts = struct.unpack_from("!xBHI", d.payload)
            yield d.time_ns, bool(second & 0x80), seq, ts


def test_fax_has_every_sequence_number():
    """What KNOWN says about fax_t38_megaco, from the file itself."""
    packets = list(rtp_of(FOLDER / "fax_t38_megaco.pcap", "10.35.60.100", 15580))
    assert [seq for _, _, seq, _ in packets] == list(range(3848))


def test_mean_jitter_of_h263(heptap):
    """Both, from the file itself: ours of the first packets of frames; tshark's of all packets, its mean
    without those with a marker, in whose place the mean so far counts once more."""
    path = FOLDER / "rtp_unsignalled.pcapng"
    j, previous, count, theirs = 0.0, None, 0, 0.0
    frame, frame_j, first, samples = None, 0.0, None, []
    for t, marker, _, ts in rtp_of(path, "10.204.220.71", 6000):
        transit = t / 1e6 - ts / 90
        if previous is not None:
            j += (abs(transit - previous) - j) / 16
            count += 1
            theirs += 0 if marker else (j - theirs) / count
        previous = transit
        if ts != frame:
            if first is not None:
                frame_j += (abs(transit - first) - frame_j) / 16
                samples.append(frame_j)
            frame, first = ts, transit
    stream = next(s for s in heptap(path).streams if s["SSRC"] == "0x00001646")
    tshark = next(s for k, s in wanted_streams(truth_of(path)).items() if k[4] == "0x00001646")
    assert stream["MEAN_JITTER"] == pytest.approx(sum(samples) / len(samples), abs=MILLISECONDS)
    assert tshark["mean_jitter"] == pytest.approx(theirs, abs=MILLISECONDS)


@pytest.fixture(name="twelve")
def twelve_calls(heptap):
    """Truth and run of the capture with exact truth."""
    truth = json.loads((FOLDER / "generated_12_calls.truth.json").read_text(encoding="utf-8"))
    return truth, heptap(FOLDER / GENERATED)


def test_twelve_calls(twelve):
    truth, run = twelve
    totals = truth["totals"]
    for name in ("frames", "sip_messages", "rtp_packets", "rtcp_packets", "calls", "streams"):
        assert run.summary[name] == totals[name]
    found = {c["call_id"]: c for c in run.calls}
    for want in truth["calls"]:
        got = found.pop(want["call_id"])
        assert (got["from"], got["to"], got["code"]) == (want["from"], want["to"], want["outcome"])
        assert got["start"] == pytest.approx(want["t_invite"], abs=1.5e-6)
        assert got["messages"] == want["sip_messages"]
        assert got["streams"] == len(want["streams"])
        if want["outcome"] == 200:
            assert got["answer"] == pytest.approx(want["t_answer"], abs=1.5e-6)
            assert got["end"] == pytest.approx(want["t_bye"], abs=1.5e-6)
    assert not found


def test_streams_of_twelve_calls(twelve):
    """The truth's jitter of telephone events is not compared: their timestamp stands still while
    they last (RFC 4733 2.2.1), and so they are no samples of J. Its mean and maximum take
    duplicates for samples, jitter_nodup_ms does not."""
    truth, run = twelve
    found = {(f"{s['SRC_IP']}:{s['SRC_PORT']}", s["SSRC"]): s for s in run.streams}
    for call in truth["calls"]:
        for want in call["streams"]:
            got = found.pop((want["src"], want["ssrc"]))
            assert got["RTP_SIP_CALL_ID"] == call["call_id"]
            for key, name in (("TOTAL_PK", "unique"), ("EXPECTED_PK", "expected"),
                              ("PACKET_LOSS", "lost"), ("DUP_PK", "dup"),
                              ("OUT_ORDER", "reordered")):
                assert got[key] == want[name]
            if not want["dup"]:
                assert got["TL_BYTE"] == want["payload_bytes"]
            if want["profile"] == "dtmf":
                continue
            assert got["JITTER"] == pytest.approx(want["jitter_nodup_ms"], abs=MILLISECONDS)
            if not want["dup"]:
                assert got["MEAN_JITTER"] == pytest.approx(want["jitter_mean_ms"], abs=MILLISECONDS)
                assert got["MAX_JITTER"] == pytest.approx(want["jitter_max_ms"], abs=MILLISECONDS)
            if want["profile"] not in ("vad", "mix"):  # silence is no delta
                assert got["MAX_DELTA"] == pytest.approx(want["delta_max_ms"], abs=MILLISECONDS)
    assert not found
