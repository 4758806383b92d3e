# SPDX-License-Identifier: BSD-3-Clause
"""The calculator: heptap --rate. Expected values are those of the Recommendations' users, or worked out
here by emodel.py."""

from __future__ import annotations

import json

import pytest

import emodel
from heptap_run import command

# Codec and mode, scale, Ie, Bpl, basis, loss, burst ratio, delay: what the parameters make of each other.
CASES = [
    ("G729", "NB", 10, 19, "g113", 2, 1, 150),
    ("g729ab", "NB", 11, 19, "g113", 2, 1, 150),
    ("PCMU", "NB", 0, 25.1, "g113", 5, 2, None),
    ("PCMA/no-plc", "NB", 0, 4.3, "g113", 1.5, 1.25, 75),
    ("G723/5.3", "NB", 19, 16.1, "assumed", 0.5, 1, None),
    ("AMR/12.2", "NB", 5, 10, "assumed", 3, 1.5, 400),
    ("iLBC/13.3", "NB", 14, 32, "lit", 10, 1, 99.5),
    ("opus/NB-8", "NB", 16, 20.3, "lit", 4, 1.1, 220),
    ("AMR-WB", "WB", 13, 4.3, "assumed", 1, 1, None),
    ("AMR-WB/23.85", "WB", 8, 4.9, "g113", 1, 3, 250),
    ("G722", "WB", 13, 4.3, "assumed", 0.1, 1, 180),
    ("G722/16000", "WB", 13, 4.3, "assumed", 0, 1, None),
    ("opus/wb-12-cbr", "WB", 29.8, 24.8, "lit", 7, 1, 120),
    ("EVS/swb-32", "FB", 8.7, 9.3, "g113", 2, 1, 320),
    ("opus/48000", "FB", 16.8, 10.4, "assumed", 2, 2, None),
    ("opus/swb-40", "FB", 10.7, 9.8, "lit", 100, 1, 10000),
]


def rate(*args: str) -> dict:
    run = command(*args)
    assert (run.code, run.err) == (0, "")
    lines = run.out.decode().splitlines()
    assert len(lines) == 1
    return json.loads(lines[0])


@pytest.mark.parametrize("codec, scale, ie, bpl, basis, loss, burst_r, delay", CASES)
def test_figures_are_those_of_the_e_model(codec, scale, ie, bpl, basis, loss, burst_r, delay):
    text = f"codec={codec},loss={loss},burstr={burst_r}" + (f",delay={delay}" if delay else "")
    got = rate("--rate", text, "--json")
    assert got["event"] == "rate"
    assert (got["MOS_SCALE"], got["MOS_BASIS"]) == (scale, basis)
    assert (got["LOSS_PCT"], got["BURSTR"], got["TA_MS"]) == (loss, burst_r, delay)
    assert (got["IE"], got["BPL"]) == (ie, bpl)
    lq = emodel.r_factor(ie, bpl, loss, scale, burst_r)
    cq = emodel.r_factor(ie, bpl, loss, scale, burst_r, delay or 0)
    assert got["RFACTOR"] == pytest.approx(cq, abs=1e-5)
    assert got["MOS"] == pytest.approx(emodel.mos(cq, scale), abs=1e-5)
    assert got["MOS_LQ"] == pytest.approx(emodel.mos(lq, scale), abs=1e-5)
    assert got["MOS_CQ"] == (got["MOS"] if delay else None)


@pytest.mark.parametrize("text, key, value", [
    ("codec=PCMU", "MOS", 4.409406),
    ("codec=PCMU,delay=0", "MOS", 4.409406),
    ("codec=PCMU", "RFACTOR", 93.206208),
    ("codec=PCMU,delay=150", "MOS", 4.327546),
    ("codec=PCMU,delay=250", "ID", 14.178153),
    ("codec=PCMU,loss=1", "IE_EFF", 3.639847),
    ("codec=PCMU,loss=5,burstr=2", "IE_EFF", 17.210145),
    ("codec=g729ab,loss=2", "IE_EFF", 19.0),
    ("codec=g729ab,loss=2", "MOS", 3.787558),
    ("codec=PCMU,loss=100", "POW_PCT", 95.848016),
    ("codec=AMR-WB/12.65", "MOS", 4.337096),
    ("codec=AMR-WB/12.65,delay=200", "ID", 3.927294),
])
def test_published_values(text, key, value):
    assert rate("--rate", text, "--json")[key] == pytest.approx(value, abs=2e-6)


def test_lines_for_people():
    """A lecture's example: Ie,eff 19.0, Id 3.8, R 70.5, MOS 3.62."""
    run = command("--rate", "codec=G729AB,loss=2,burstr=1,delay=150")
    assert (run.code, run.err) == (0, "")
    rows = {line.split()[0]: line for line in run.out.decode().splitlines()}
    assert list(rows) == ["codec", "scale", "basis", "Ie", "Bpl", "Ie,eff", "Id", "R", "MOS",
                          "GoB", "PoW"]
    want = ("g729ab", "NB", "g113", "11.0", "19.0", "19.000", "3.816", "70.539", "3.622",
            "74.5", "5.5")
    assert tuple(line.split()[1] for line in rows.values()) == want
    # One column: each value ends where the others do.
    assert {line.index(value) + len(value) for line, value in zip(rows.values(), want)} == {23}
    assert "MOS-CQ; 3.788 without the delay (MOS-LQ)" in rows["MOS"]


def test_where_the_recommendation_does_not_go_along_is_said():
    wideband = command("--rate", "codec=AMR-WB/12.65,loss=1,burstr=2").out.decode()
    assert "which this scale has no term for" in wideband
    bursty = command("--rate", "codec=PCMU,loss=3,burstr=2.5").out.decode()
    assert "G.107 holds to 2" in bursty
    assert "G.107 holds" not in command("--rate", "codec=PCMU,loss=1,burstr=2.5").out.decode()
    assert "8.8 bursty" in command("--rate", "codec=opus").out.decode()


def test_codec_without_value_has_none_on_any_scale():
    got = rate("--json", "--rate", "codec=AMR/4.75,loss=2")
    assert got["MOS_BASIS"] == "none"
    names = ("MOS_SCALE", "IE", "BPL", "IE_EFF", "ID", "RFACTOR", "MOS", "MOS_LQ", "MOS_CQ")
    assert {got[n] for n in names} == {None}
    out = command("--rate", "codec=AMR/4.75").out.decode()
    assert [line.split()[:2] for line in out.splitlines()] == [
        ["codec", "amr/4.75"], ["scale", "-"], ["basis", "none"]]


@pytest.mark.parametrize("args", [
    ("--json", "--rate", "codec=PCMU"), ("--rate", "codec=PCMU", "--json"),
    ("--rate=codec=PCMU", "--json", "-"), ("--json=-", "--rate", "codec=PCMU")])
def test_json_needs_no_path(args):
    assert rate(*args)["CODEC_NAME"] == "pcmu"


@pytest.mark.parametrize("text, words", [
    ("", 'unknown key ""'),
    ("codec", 'key "codec" needs a value'),
    ("codec=", 'key "codec" needs a value'),
    ("loss=2", 'key "codec" is missing'),
    ("codec=FOO", 'unknown codec "FOO"'),
    ("codec=G.711", 'unknown codec "G.711", must be named as in SDP: PCMU, G729, AMR-WB, ... ('),
    ("codec=/12.65", 'unknown codec ""'),
    ("codec=h264", '"h264" is not a speech codec'),
    ("codec=telephone-event", '"telephone-event" is not a speech codec'),
    ("codec=AMR-WB/13", 'codec "AMR-WB" has no mode or clock "13", only 6.6, 8.85, 12.65, 14.25, '
                        '15.85, 18.25, 19.85, 23.05, 23.85 ('),
    ("codec=G729/x", 'codec "G729" has no mode or clock "x" ('),
    ("codec=G729/", 'codec "G729" has no mode or clock ""'),
    ("codec=opus/16000", 'codec "opus" has no mode or clock "16000", only nb, wb, nb-6,'),
    ("codec=opus/99999999999999", 'codec "opus" has no mode or clock "99999999999999"'),
    ("codec=G729,loss=100.1", '"loss" is 100.1, must be between 0 and 100'),
    ("codec=G729,loss=-1", '"loss" is -1, must be between 0 and 100'),
    ("codec=G729,burstr=0.99", '"burstr" is 0.99, must be between 1 and 1000'),
    ("codec=G729,burstr=1001", '"burstr" is 1001, must be between 1 and 1000'),
    ("codec=G729,delay=-0.5", '"delay" is -0.5, must be between 0 and 10000'),
    ("codec=G729,delay=10001", '"delay" is 10001, must be between 0 and 10000'),
    ("codec=G729,loss=2%", '"loss" is "2%", must be a number'),
    ("codec=G729,loss=nan", '"loss" is "nan", must be a number'),
    ("codec=G729,delay=inf", '"delay" is "inf", must be a number'),
    ("codec=G729,delay=-inf", '"delay" is "-inf", must be a number'),
    ("codec=G729,loss=1e1", '"loss" is "1e1", must be a number'),
    ("codec=G729,loss=0x10", '"loss" is "0x10", must be a number'),
    ("codec=G729,loss= 2", '"loss" is " 2", must be a number'),
    ("codec=G729,loss=1.2.3", '"loss" is "1.2.3", must be a number'),
    ("codec=G729,loss=-", '"loss" is "-", must be a number'),
    ("codec=G729,loss=.", '"loss" is ".", must be a number'),
    ("codec=G729,loss=" + "1" * 40, "must be a number"),
    ("codec=G729,loss=", 'key "loss" needs a value'),
    ("codec=G729,loss=1,loss=1", 'key "loss" is given twice'),
    ("codec=G729,codec=G729", 'key "codec" is given twice'),
    ("codec=G729,jitter=1", 'unknown key "jitter", must be codec, loss, burstr or delay'),
    ("codec=G729,Loss=1", 'unknown key "Loss"'),
    ("codec=G729,", 'unknown key ""'),
    ("codec=G729,,loss=1", 'unknown key ""'),
    ("codec=" + "A" * 5000, "unknown codec"),
])
def test_wrong_parameters_exit_2_with_one_line(text, words):
    run = command("--rate", text, "--json")
    assert (run.code, run.out) == (2, b"")
    assert run.err.startswith("heptap: --rate: ")
    assert words in run.err
    assert len(run.err.splitlines()) == 1


@pytest.mark.parametrize("args, words", [
    (("--rate",), 'option "--rate" needs an argument'),
    (("--rate", "codec=G729", "junk"), 'unexpected argument "junk"'),
    (("--rate", "codec=G729", "--rate", "codec=G729"), 'option "--rate" is given twice'),
    (("--rate", "codec=G729", "-r", "a.pcap"), "--rate and -c, -r, -i or --hep cannot be combined"),
    (("--rate", "codec=G729", "-i", "lo"), "cannot be combined"),
    (("--rate", "codec=G729", "-c", "x.yaml"), "cannot be combined"),
    (("--rate", "codec=G729", "--hep", "udp:127.0.0.1:9"), "cannot be combined"),
    (("--rate", "codec=G729", "--json", "out.json"),
     '--rate prints to standard output, not to "out.json"'),
    (("--json",), 'option "--json" needs an argument'),
    (("--json", "-r", "a.pcap"), 'option "--json" needs an argument'),
])
def test_wrong_command_lines_exit_2_with_one_line(args, words):
    run = command(*args)
    assert (run.code, run.out) == (2, b"")
    assert words in run.err
    assert len(run.err.splitlines()) == 1
