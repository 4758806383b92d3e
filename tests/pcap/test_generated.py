# SPDX-License-Identifier: BSD-3-Clause
"""Captures of scripts/make-pcap, whose every figure is known, against what heptap finds in them."""

from __future__ import annotations

import subprocess

import pytest

import emodel
import heptap_run

ALL = ("--seconds", 8)
VARIANTS = {
    "all": ALL,
    "another_seed": (*ALL, "--seed", 77),
    "ipv6": (*ALL, "--ipv6"),
    "vlan": (*ALL, "--vlan", 100),
    "qinq": (*ALL, "--vlan", "200,100"),
    "nanoseconds": (*ALL, "--nanoseconds"),
    "ipv6_qinq_nanoseconds": (*ALL, "--ipv6", "--vlan", "4094,1", "--nanoseconds", "--seed", 3),
    "many_calls": ("--seconds", 2, "--calls", 150, "--failed", 0, "--seed", 5),
    "failed": ("--calls", 0, "--failed", 30),
}
TCP = (*ALL, "--tcp")
CODECS = {0: ("pcmu", 8000), 8: ("pcma", 8000), 18: ("g729", 8000), 111: ("opus", 48000)}
OUTCOMES = {200: "completed", 486: "failed", 404: "failed", 487: "cancelled"}
MICRO = 1.5e-6  # a time of the truth is a float, one of the report is cut to microseconds
DUPLICATE_AFTER = 0.000334  # make-pcap's; a duplicate may be the last packet, but ends no stream
FAILED_AFTER = 2.1  # seconds from INVITE to the refusal, see fail() of make-pcap


@pytest.fixture(params=VARIANTS)
def case(request, generated, heptap):
    """Truth and run of one variant."""
    path, truth = generated(*VARIANTS[request.param])
    return truth, heptap(path)


def find_streams(truth, run):
    """(call, stream of the truth, stream of the run), each exactly once."""
    found = {}
    for stream in run.streams:
        key = stream["REPORT_NAME"], stream["SSRC"]
        assert key not in found
        found[key] = stream
    wanted = [(call, s) for call in truth["calls"] for s in call["streams"]]
    assert set(found) == {(s["src"], s["ssrc"]) for _, s in wanted}
    return [(call, s, found[s["src"], s["ssrc"]]) for call, s in wanted]


def test_totals_are_those_of_the_truth(case):
    truth, run = case
    want, got = truth["totals"], run.summary
    names = ("frames", "sip_messages", "rtp_packets", "rtcp_packets", "calls", "streams")
    assert {n: got[n] for n in names} == {n: want[n] for n in names}
    counters = got["counters"]
    assert counters["lost"] == want["lost"]
    assert counters["duplicates"] == want["dup"]
    assert counters["reordered"] == want["reordered"]


def test_every_call_has_its_state_code_parties_and_times(case):
    truth, run = case
    found = {c["call_id"]: c for c in run.calls}
    assert set(found) == {c["call_id"] for c in truth["calls"]}
    for want in truth["calls"]:
        got, code = found[want["call_id"]], want["outcome"]
        assert (got["method"], got["state"], got["code"]) == ("INVITE", OUTCOMES[code], code)
        assert (got["from"], got["to"]) == (want["from"], want["to"])
        assert got["messages"] == want["sip_messages"]
        assert got["streams"] == len(want["streams"])
        assert got["start"] == pytest.approx(want["t_invite"], abs=MICRO)
        if code == 200:
            assert got["answer"] == pytest.approx(want["t_answer"], abs=MICRO)
            assert got["end"] == pytest.approx(want["t_bye"], abs=MICRO)
        else:
            assert got["answer"] is None
            assert got["end"] == pytest.approx(want["t_invite"] + FAILED_AFTER, abs=MICRO)


def check_counts(want, got):
    assert got["TOTAL_PK"] == want["unique"]
    assert got["EXPECTED_PK"] == want["expected"]
    assert got["PACKET_LOSS"] == want["lost"]
    assert got["DUP_PK"] == want["dup"]
    assert got["DUP_SRC"] == ("network" if want["dup"] else None)
    assert got["OUT_ORDER"] == want["reordered"]
    assert got["TL_BYTE"] == want["unique_bytes"]
    assert got["RESTARTS"] == 0
    assert got["REPORT_START"] == pytest.approx(want["t_first"], abs=MICRO)
    late = DUPLICATE_AFTER if want["dup"] else 0
    assert got["REPORT_END"] == pytest.approx(want["t_last"], abs=MICRO + late)


def test_every_stream_has_its_counts_and_times(case):
    for _, want, got in find_streams(*case):
        check_counts(want, got)


def test_every_stream_has_its_addresses_codec_and_call(case):
    truth, run = case
    vlans = truth["args"]["vlan"]
    for call, want, got in find_streams(truth, run):
        side = 0 if want["direction"] == "A" else 1
        src, dst = want["src"].rpartition(":"), want["dst"].rpartition(":")
        assert (got["SRC_IP"], got["SRC_PORT"]) == (src[0].strip("[]"), int(src[2]))
        assert (got["DST_IP"], got["DST_PORT"]) == (dst[0].strip("[]"), int(dst[2]))
        assert got["RTP_SIP_CALL_ID"] == got["CORRELATION_ID"] == call["call_id"]
        assert (got["DIR"], got["PARTY"]) == (side, side)
        assert got["CODEC_PT"] == want["pt"]
        assert (got["CODEC_NAME"], got["CLOCK"]) == CODECS[want["pt"]]
        assert got["VIDEO"] == 0
        assert (got["IP_QOS"], got["DSCP"], got["TTL"]) == (0xB8, 46, 60)
        assert got["SRC_MAC"] == f"00-00-5E-00-53-{0x10 + side:02X}"
        assert got["DST_MAC"] == f"00-00-5E-00-53-{0x11 - side:02X}"
        assert got["INFO_VLAN"] in (vlans or [0])
        assert (got["SOURCE"], got["TYPE"]) == ("RTP", "FINAL")


def test_a_changed_ssrc_is_counted_where_it_appears(case):
    """The second stream on the same addresses has a predecessor, no other has."""
    seen = set()
    for _, want, got in sorted(find_streams(*case), key=lambda x: x[1]["t_first"]):
        assert got["SSRC_CHG"] == (1 if want["src"] in seen else 0)
        seen.add(want["src"])


def test_jitter_is_that_of_rfc_3550(case):
    for _, want, got in find_streams(*case):
        assert got["JITTER"] == pytest.approx(want["jitter_ms"], abs=0.01)
        assert got["MAX_JITTER"] == pytest.approx(want["jitter_max_ms"], abs=0.01)
        assert 0 <= got["MEAN_JITTER"] <= got["MAX_JITTER"]


def test_buffers_are_as_deep_as_configured(generated, heptap):
    """Jitter of up to 10 ms and more: nothing for 50 ms, too much for 10; the adaptive one begins there."""
    path, truth = generated(*VARIANTS["all"])
    usual = {got["SSRC"]: got for _, _, got in find_streams(truth, heptap(path))}
    shallow = heptap(path, "quality: {buffer: small, buffer_small: 10ms}\n")
    worse = 0
    for _, _, got in find_streams(truth, shallow):
        before = usual[got["SSRC"]]
        assert before["DISC_F50"] <= got["DISC_F50"] and before["DISC_F200"] == got["DISC_F200"]
        assert before["PACKET_LOSS"] == got["PACKET_LOSS"]
        assert got["DISC_AD"] <= got["DISC_F50"]
        if got["MOS_F50"] is not None:
            assert got["MOS_F50"] <= before["MOS_F50"]
        worse += got["DISC_F50"] > before["DISC_F50"] and got["MEAN_MOS"] < before["MEAN_MOS"]
    assert worse >= 2


def figures(want):
    """Scale, Ie, Bpl, basis and mode of a stream of the truth."""
    name = CODECS[want["pt"]][0]
    if name == "opus":
        kbps = 8 * want["unique_bytes"] / want["unique"] / want["ptime_ms"]
        row = min(emodel.OPUS, key=lambda k: abs(k - kbps))
        basis = "lit" if abs(row - kbps) <= 2 else "assumed"
        return "FB", *emodel.OPUS[row], basis, f"swb-{row}"
    return *emodel.CODECS[name], None


def burst_ratio(want):
    """G.107: mean run of lost packets to that of random loss; no buffer discards any here."""
    if not want["lost"]:
        return 1
    share = want["lost"] / want["expected"]
    return max(1, want["lost"] / want["loss_runs"] * (1 - share))


@pytest.mark.parametrize("plc", [True, False])
@pytest.mark.parametrize("variant", ["all", "another_seed", "ipv6"])
def test_mos_and_r_are_those_of_g107(generated, heptap, variant, plc):
    """With one interval for the whole stream, the loss of the truth is the loss of the formula."""
    path, truth = generated(*VARIANTS[variant])
    run = heptap(path, f"quality: {{report_interval: 0, g711_plc: {str(plc).lower()}}}\n")
    lossy = 0
    for _, want, got in find_streams(truth, run):
        scale, ie, bpl, basis, mode = figures(want)
        if ie == 0 and not plc:
            bpl = emodel.G711_BPL_WITHOUT_PLC
        burst_r = burst_ratio(want)
        assert got["BURSTR"] == pytest.approx(burst_r, abs=0.0001)
        loss = 100 * want["lost"] / want["expected"]
        r = emodel.r_factor(ie, bpl, loss, scale, min(burst_r, 2) if loss >= 2 else burst_r)
        assert (got["MOS_SCALE"], got["MOS_BASIS"], got["CODEC_MODE"]) == (scale, basis, mode)
        assert (got["IE"], got["BPL"]) == (ie, bpl)
        assert got["IE_EFF"] == pytest.approx(emodel.best_r(scale) - r, abs=0.0012)
        for name in ("RFACTOR", "MIN_RFACTOR", "MEAN_RFACTOR"):
            assert got[name] == pytest.approx(r, abs=0.0006)
        for name in ("MOS", "MIN_MOS", "MEAN_MOS"):
            assert got[name] == pytest.approx(emodel.mos(r, scale), abs=0.0006)
        lossy += want["lost"] > 0
    assert lossy >= 2


def test_scores_of_intervals_enclose_those_of_the_stream(generated, heptap):
    """With many intervals the mean lies between the worst and the best there is."""
    path, truth = generated(*VARIANTS["all"])
    run = heptap(path, "quality: {report_interval: 1s}\n")
    assert run.summary["counters"]["reports_periodic"] > 7 * len(run.streams) / 2
    for _, want, got in find_streams(truth, run):
        check_counts(want, got)
        if got["CODEC_NAME"] == "opus":  # each interval has the mode of its own rate
            continue
        scale, ie, bpl, _, _ = figures(want)
        best = emodel.mos(emodel.r_factor(ie, bpl, 0, scale), scale)
        whole = emodel.r_factor(ie, bpl, 100 * want["lost"] / want["expected"], scale)
        whole = emodel.mos(whole, scale)
        assert got["MIN_MOS"] - 0.0006 <= got["MEAN_MOS"] <= best + 0.0006
        assert got["MIN_MOS"] <= whole + 0.0006
        assert got["MIN_MOS"] <= got["MOS"]
        if not want["lost"]:
            assert got["MIN_MOS"] == got["MEAN_MOS"] == pytest.approx(best, abs=0.0006)


def test_worst_mos_of_a_call_is_that_of_the_stream_with_the_least_r(case):
    truth, run = case
    scores = {}
    for call, _, got in find_streams(truth, run):
        score = got["MEAN_RFACTOR"], got["MEAN_MOS"], got["MOS_SCALE"]
        scores.setdefault(call["call_id"], []).append(score)
    for call in run.calls:
        _, worst, scale = min(scores.get(call["call_id"], [(0, None, None)]))
        assert call["worst_mos"] == (worst and pytest.approx(worst, abs=0.0011))
        assert call["worst_mos_scale"] == scale


def test_rtcp_is_counted_and_reported_with_its_call(case):
    truth, run = case
    want = [c["rtcp"]["pkts"] for c in truth["calls"] if "rtcp" in c]
    assert run.summary["outcomes"]["rtcp"] == sum(want) == len(run.rtcp)
    for call in truth["calls"]:
        mine = [e for e in run.rtcp if e["correlation_id"] == call["call_id"]]
        assert len(mine) == (call["rtcp"]["pkts"] if "rtcp" in call else 0)


def test_the_last_report_blocks_say_what_the_truth_says(case):
    truth, run = case
    last = {}
    for event in run.rtcp:
        for block in event["report_blocks"]:
            last[f"0x{block['source_ssrc']:08x}"] = block
    for call in truth["calls"]:
        for facts in call.get("rtcp", {}).get("last_rr", {}).values():
            block = last[facts["about"]]
            assert block["fraction_lost"] == facts["fraction"]
            assert block["packets_lost"] == facts["cum_lost"]
            assert block["ia_jitter"] == facts["jitter"]


def test_sip_over_tcp(generated, heptap):
    """Messages over two segments are put together: calls and streams are as over UDP."""
    path, truth = generated(*TCP)
    run = heptap(path)
    assert run.summary["sip_messages"] == truth["totals"]["sip_messages"]
    assert run.summary["counters"]["sdp_descriptions"] > 0
    assert {c["call_id"] for c in run.calls} == {c["call_id"] for c in truth["calls"]}
    for call, want, got in find_streams(truth, run):
        if call["profile"] not in ("dtmf", "vad"):
            check_counts(want, got)
        assert got["RTP_SIP_CALL_ID"] == call["call_id"]


@pytest.mark.parametrize("out, reason", [("none/a.pcap", "No such file or directory"), ("", "Is a directory")])
def test_make_pcap_says_where_it_cannot_write(out, reason, tmp_path):
    path = tmp_path / out
    done = subprocess.run([heptap_run.MAKE_PCAP, path, "--calls", "1"], capture_output=True, check=False)
    assert (done.returncode, done.stdout) == (1, b"")
    assert done.stderr.decode() == f'make-pcap: could not write "{path}": {reason}\n'
